//! `ironside cache …` as `clap` sees it.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// List what is stored: pages, handlers, fetches and values
    List(ListArgs),
    /// Say why a URL is answered from the cache, or why it is not
    ///
    /// The URL passes the same rules, routing and decisions as a visitor's request. The application's code is not run.
    Explain(ExplainArgs),
    /// Invalidate what has a tag, what answers a path, or everything
    ///
    /// Means the same as revalidateTag(tag, { expire: 0 }) and revalidatePath(path, type) in the application. When it has ended, no
    /// request is answered by what was made before.
    Purge(PurgeArgs),
    /// Show the cache in numbers
    Stats(StatsArgs),
    /// Make answers before visitors ask for them
    ///
    /// Without URLs: all static routes, and those that generateStaticParams lists. What is there and fresh stays as it is.
    Warm(WarmArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Only entries with this tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Only what answers this path or one below it, or belongs to this route (/blog, /blog/[slug])
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// Only entries of this kind: page, handler, metadata, fetch, function, use-cache
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Most entries; 0 lists all [default: 50; with --json all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The URL as a browser asks for it: /blog/first?page=2, or with a host
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The method
    #[arg(short = 'X', long, default_value = "GET")]
    pub(crate) method: String,
    /// A header of the request, such as "Cookie: a=1"; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// As a client navigation asks for it: the payload
    #[arg(long)]
    pub(crate) rsc: bool,
    /// As somebody in draft mode sees it
    #[arg(long)]
    pub(crate) draft: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false)]
pub(crate) struct What {
    /// Everything with this tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// What answers this path; with --type, what belongs to this page or stands below this layout
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// Everything
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) what: What,
    /// What the path is: page or layout
    #[arg(long = "type", value_name = "TYPE", requires = "path")]
    pub(crate) scope: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WarmArgs {
    /// The application's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// A URL that is to be made; may be given several times
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// A file with a URL in each line; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// How many are made at once, from 1 to 32
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=32))]
    pub(crate) concurrency: u16,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
