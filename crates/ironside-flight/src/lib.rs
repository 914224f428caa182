//! The firewall in front of React's decoder: reads the body of a Server Action's request as it comes, without building
//! anything from it, and refuses what no React client writes. Pure: no I/O, no clock, no allocation that grows faster than
//! the rows and references it finds.
//!
//! ```text
//! body bytes → multipart (parts) → json (tokens) → row (rows, references) → path (places inside of rows) → graph (cycles, size)
//! ```
//!
//! The language that is accepted, the reasons and the alternatives are in `docs/design/flight-firewall.md`. The reference is the
//! code of `react-server-dom-webpack` 19.3: `encodeReply` of the client, `decodeReply` and `decodeAction` of the server.

pub mod boundary;
pub mod budget;
pub mod field;
pub mod firewall;
mod graph;
pub mod json;
pub mod multipart;
mod path;
pub mod refusal;
mod resolve;
mod row;
pub mod token;

pub use boundary::Boundary;
pub use budget::Budget;
pub use firewall::{Admitted, Firewall, Marker};
pub use refusal::Refusal;
