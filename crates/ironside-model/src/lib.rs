//! What an application is: ids, the grammar of routes and how a URL is matched, actions, tags, and the manifest that is
//! the only bridge between building and serving.
//!
//! The edge of this crate: it does no I/O, knows no async runtime, no HTTP library and no compiler. Everything above it
//! speaks its words.
#![forbid(unsafe_code)]

pub mod gcra;
pub mod manifest;
pub mod pattern;
pub mod react_version;
pub mod reference;
pub mod route_table;
pub mod route_tree;
pub mod segment;
pub mod tag;
