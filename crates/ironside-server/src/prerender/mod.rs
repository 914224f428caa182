//! What a build makes beforehand: static pages, static handlers and metadata files, each rendered once for nobody in
//! particular, as [`crate::shared`] does it when somebody asks. The same code judges what may be kept.
//!
//! A build runs [`prerender()`], which writes two files into the build folder: the pack, with all bytes one after the other,
//! and the index, which says what they are. A server opens them with [`PrerenderedAnswers`]: they lie below the cache's store
//! and are judged by the same tag clock. Names of files come from the build; nothing of a URL is ever part of one.
//! See `docs/design/prerendering.md`.

mod answers;
mod index;
mod known;
mod listed;
mod pack;
mod path;
mod run;
mod targets;

pub use answers::{PrerenderedAnswers, PrerenderedError};
pub use known::{Known, known};
pub use listed::ListedParams;
pub use run::{Failure, Made, PrerenderError, PrerenderOptions, Prerendered, RouteReport, prerender};
