//! Makes an application's source into a build: discovers the `app` folder, bundles the three graphs, compiles styles and
//! writes the build folder with its manifest.
//!
//! [`build::build`] is the whole of it, as a list of phases. The edge of this crate: it serves nothing, starts no process
//! (work for Node goes through [`tool::NodeTools`]), reads no environment and prints nothing. rolldown is hidden behind
//! `ironside-bundler`; the AST is oxc's.
#![forbid(unsafe_code)]

pub mod directive;
pub mod app_dir;
pub mod asset;
pub mod environment;
pub mod error;
pub mod external;
pub mod file_key;
pub mod options;
pub mod package;
pub mod report;
pub mod tool;
