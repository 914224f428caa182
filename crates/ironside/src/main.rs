//! `ironside`: the command line. It resolves settings, wires the compiler, the workers and the server together, and turns
//! what comes back into words and exit codes. It holds no logic about applications.

mod action_listing;
mod admin;
mod admin_client;
mod cache_folder;
mod cli;
mod commands;
mod dev_workers;
mod env_vars;
mod exit;
mod logging;
mod open_files;
mod prerendering;
mod printer;
mod quantities;
mod route_listing;
mod runtime_folder;
mod runtime_sources;
mod seal_key;
mod serving;
mod settings;
mod source_watch;
mod stack_shown;
mod threads;
mod tools;

use clap::Parser as _;
use cli::{Cli, Command};
use commands::Context;
use exit::{Exit, Failure};
use printer::{Level, Printer};
use settings::Sources;
use std::{path::Path, process::ExitCode};

/// See the reason in the workspace's `Cargo.toml`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(if cli.global.quiet { Level::Quiet } else { Level::Normal });
    match threads::runtime(&cli.command).and_then(|runtime| runtime.block_on(run(cli, &printer))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit.code()
        }
    }
}

async fn run(cli: Cli, printer: &Printer) -> Result<(), Failure> {
    let Cli { command, global } = cli;
    let context = |dir: &Path| -> Result<Context, Failure> {
        let dir = settings::application_dir(dir)?;
        let sources = Sources::read(&dir, env_vars::snapshot())?;
        let node = sources.node(&global);
        Ok(Context {
            printer: printer.clone(),
            dir,
            sources,
            node,
            runtime_source: global.runtime_source.clone(),
        })
    };
    match &command {
        Command::Build(args) => commands::build::run(&context(&args.dir)?, args.json, !args.no_prerender).await,
        Command::Start(args) => {
            let context = context(&args.dir)?;
            let settings = context.sources.start(args)?;
            let filter = context
                .sources
                .env
                .get(env_vars::RUST_LOG)
                .map_or(logging::default_filter(args.access_log), String::as_str);
            logging::install(args.log, filter)
                .map_err(|reason| Failure::new(Exit::Usage, format!("{} is {filter:?}: {reason}", env_vars::RUST_LOG)))?;
            commands::start::run(&context, &settings).await
        }
        Command::Dev(args) => {
            let context = context(&args.dir)?;
            let listen = context.sources.listen(&args.listen)?;
            commands::dev::run(&context, listen).await
        }
        Command::Actions(args) => commands::actions::run(&context(&args.dir)?, args.json, args.all).await,
        Command::Cache(args) => {
            let context = context(commands::cache::dir(&args.command))?;
            commands::cache::run(&context, &args.command).await
        }
        Command::Digest(args) => commands::digest::run(&context(&args.dir)?, &args.digest, args.json, args.all),
        Command::Routes(args) => commands::routes::run(&context(&args.dir)?, args.json, args.phases).await,
    }
}
