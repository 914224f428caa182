//! The wall in front of rolldown: bundles JavaScript graphs and speaks only plain types of its own.
//!
//! It is the only crate that names `rolldown_*`. Two reasons: rolldown's interfaces change in any patch release, so one
//! crate absorbs it; and the bodies of its `async fn`s are compiled by whoever polls them, so boxed futures made here
//! keep the crates above quick to compile.
//!
//! The edge: nothing here knows about React, routes or directives. What a graph means is said by the [`Hooks`] of the
//! caller.
#![forbid(unsafe_code)]

mod graph;
mod hooks;
mod options;
mod output;
mod plugin;
mod problem;

use std::{future::Future, pin::Pin};

pub use graph::Graph;
pub use hooks::{Emit, Hooks, Language, Loaded, ModuleSource, ResolveKind, ResolveRequest, Resolved, Resolver};
pub use options::{ChunkGroup, Entry, FileNames, GraphOptions, Inject, JsxOptions, ModuleGroupName, Platform, SourceMaps};
pub use output::{Chunk, ChunkModule, EmittedFile, ModuleFacts, ModuleFormat, Output};
pub use problem::{Problem, ProblemKind};

/// A future whose code was compiled in this crate.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
