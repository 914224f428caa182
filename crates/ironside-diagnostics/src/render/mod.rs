//! The forms in which a diagnostic is shown. Each function returns a string; none prints.

mod frame;
mod json;
mod overlay;
mod terminal;

pub use frame::{FrameLine, Mark};
pub use json::{json, json_lines};
pub use overlay::{Overlay, OverlayEntry, overlay, overlay_page};
pub use terminal::{colored, plain, summary};
