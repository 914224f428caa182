//! Makes an application's source into a build: discovers the `app` folder, bundles the three graphs, compiles styles and
//! writes the build folder with its manifest.
//!
//! [`build::build`] is the whole of it, as a list of phases. The edge of this crate: it serves nothing, starts no process
//! (work for Node goes through [`tool::NodeTools`]), reads no environment and prints nothing. rolldown is hidden behind
//! `ironside-bundler`; the AST is oxc's.
#![forbid(unsafe_code)]
#![allow(
    clippy::result_large_err,
    reason = "a diagnostic is the end of a build; its size is paid once"
)]

pub mod action_survey;
pub mod app_dir;
mod application;
pub mod asset;
pub mod build;
mod bundle;
pub mod directive;
mod dynamic_import;
mod emit;
pub mod environment;
pub mod error;
pub mod external;
pub mod file_key;
mod font;
pub mod graph;
mod mdx;
pub mod options;
pub mod package;
mod plugin;
mod remedy;
pub mod report;
pub mod style;
mod stylesheets;
pub mod tool;
mod usage;
mod walk;
