//! `ironside cache`: what is stored, why a URL is answered as it is, what is to go and what is to be made. One file a command. The
//! answers come from the server that runs, or, where none does, from the build and what is on disk: see [`desk`].

mod desk;
mod entry;
mod explain;
mod list;
mod purge;
mod stats;
mod warm;

use crate::cli::cache::CacheCommand;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use desk::Desk;
use serde::Serialize;
use std::path::Path;

/// The application's folder of a command.
pub(crate) fn dir(command: &CacheCommand) -> &Path {
    match command {
        CacheCommand::List(args) => &args.dir,
        CacheCommand::Explain(args) => &args.dir,
        CacheCommand::Purge(args) => &args.dir,
        CacheCommand::Stats(args) => &args.dir,
        CacheCommand::Warm(args) => &args.dir,
    }
}

/// Runs one of them.
pub(crate) async fn run(context: &Context, command: &CacheCommand) -> Result<(), Failure> {
    match command {
        CacheCommand::List(args) => list::run(context, args).await,
        CacheCommand::Explain(args) => explain::run(context, args).await,
        CacheCommand::Purge(args) => purge::run(context, args).await,
        CacheCommand::Stats(args) => stats::run(context, args).await,
        CacheCommand::Warm(args) => warm::run(context, args).await,
    }
}

/// The answer for programs: what was said, and whether a server said it.
fn json(desk: &Desk, answer: &impl Serialize) -> Result<String, Failure> {
    let mut value = serde_json::to_value(answer)
        .map_err(|error| Failure::new(Exit::Internal, "the answer can't be written as JSON").because(error))?;
    if let Some(object) = value.as_object_mut() {
        object.insert("server".to_owned(), desk.is_server().into());
    }
    Ok(format!("{value:#}"))
}
