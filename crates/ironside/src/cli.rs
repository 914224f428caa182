//! The command line as `clap` sees it: names, help texts and nothing else. What values mean is settled in `settings`.

pub(crate) mod cache;

use crate::logging::LogFormat;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Builds and serves Next.js App Router applications.
#[derive(Debug, Parser)]
#[command(
    name = "ironside",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 done · 1 the application has errors · 2 wrong arguments or settings · 69 something is missing or taken (Node, a port, a folder) · 70 a bug in Ironside"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The Node executable [env: IRONSIDE_NODE] [default: `node` on the PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) node: Option<PathBuf>,
    /// Take the runtime from a checkout of Ironside instead of this binary: for work on Ironside itself
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    pub(crate) runtime_source: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build an application for production
    ///
    /// Reads the application in DIR (its `app` or `src/app` folder, next.config, .env files, tsconfig) and writes the build to
    /// DIR/.ironside/build. A build that fails leaves the one before it in place.
    Build(BuildArgs),
    /// Serve a built application
    ///
    /// Runs until SIGINT or SIGTERM, then finishes the requests that are under way.
    Start(StartArgs),
    /// Serve an application while you work on it
    ///
    /// Builds at once, and again after each change. Errors of a build are shown in the terminal and in the browser; the last
    /// version that could be built stays up.
    Dev(DevArgs),
    /// List the URLs that an application answers
    ///
    /// Works on the sources, without a build.
    Routes(RoutesArgs),
    /// List the Server Actions that can be called from outside
    ///
    /// For each one: where it stands, who refers to it, what it takes, and the evidence that it validates its input, checks a session
    /// and revalidates something. Works on the sources, without a build.
    Actions(ActionsArgs),
    /// Ask or change the cache: list, explain, purge, stats, warm
    ///
    /// Asks the server that runs for the application in DIR, on its admin socket. While none runs, list, explain, stats and purge
    /// work on the build and on what is on disk.
    Cache(cache::CacheArgs),
    /// Show the stored errors behind a digest
    ///
    /// A visitor sees a digest in place of an error's message. The server keeps the errors of its last days in
    /// DIR/.ironside/errors.jsonl.
    Digest(DigestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print the result (routes, sizes, warnings) or the errors as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Don't render anything beforehand: for builds without the database; pages are made when they are first asked for
    #[arg(long)]
    pub(crate) no_prerender: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Serve HTTPS with this certificate (PEM; read again when it changes) [env: IRONSIDE_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM) [env: IRONSIDE_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Worker processes that run the application's JavaScript [env: WEB_CONCURRENCY] [default: one per core]
    #[arg(short, long, value_name = "N")]
    pub(crate) workers: Option<String>,
    /// Percent of the workers' free places that one address may have; 100 where many people share one [env: IRONSIDE_CLIENT_SHARE] [default: 50]
    #[arg(long, value_name = "PERCENT")]
    pub(crate) client_share: Option<String>,
    /// Milliseconds that an idle connection is kept open [env: KEEP_ALIVE_TIMEOUT]
    #[arg(long, alias = "keepAliveTimeout", value_name = "MS")]
    pub(crate) keep_alive_timeout: Option<String>,
    /// The form of log lines [default: pretty on a terminal, json otherwise]
    #[arg(long, value_enum)]
    pub(crate) log: Option<LogFormat>,
    /// Log each request, not only those that the server failed at
    #[arg(long)]
    pub(crate) access_log: bool,
    /// Don't start without the admin socket, DIR/.ironside/admin.sock [env: IRONSIDE_ADMIN; 0 closes it]
    #[arg(long)]
    pub(crate) admin: bool,
    /// Answer /metrics, /livez and /readyz on a TCP address too, such as 127.0.0.1:9464 [env: IRONSIDE_ADMIN_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin_listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
}

/// Where to listen.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The port; 0 takes a free one [env: PORT] [default: 3000]
    #[arg(short, long)]
    pub(crate) port: Option<String>,
    /// The address [env: HOST] [default: all addresses]
    #[arg(short = 'H', long, alias = "host", value_name = "HOST")]
    pub(crate) hostname: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ActionsArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// List those that nobody outside can call too, apart
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DigestArgs {
    /// The digest, as the visitor saw it
    #[arg(value_name = "ID")]
    pub(crate) digest: String,
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show all of them, not only the newest
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RoutesArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// List the phases that every request passes, in their order, instead
    #[arg(long)]
    pub(crate) phases: bool,
}
