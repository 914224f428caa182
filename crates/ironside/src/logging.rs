//! Where log records go: stdout, `pretty` on a terminal and JSON lines otherwise, unless `--log` says so.

use std::io::{IsTerminal as _, stdout};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// What is logged if nobody says otherwise. A line for each request costs as much as a small answer, so it is asked for.
pub(crate) fn default_filter(access_log: bool) -> &'static str {
    if access_log { "info" } else { "info,ironside::access=warn" }
}

/// Installs the log. `filter` is in the syntax of `RUST_LOG`; a filter that can't be parsed is reported by the caller.
///
/// # Errors
/// The filter's own words.
pub(crate) fn install(format: Option<LogFormat>, filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    let format = format.unwrap_or(if stdout().is_terminal() {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    });
    let registry = tracing_subscriber::registry().with(filter);
    // A second installation can only come from an embedding program that has its own log, which then wins.
    let _ = match format {
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
        LogFormat::Pretty => registry
            .with(fmt::layer().compact().with_target(false).with_ansi(stdout().is_terminal()))
            .try_init(),
    };
    Ok(())
}
