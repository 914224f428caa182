//! `ironside cache warm`: has a server make what visitors would have to wait for.

use super::desk::Desk;
use crate::cli::cache::WarmArgs;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use futures_util::StreamExt as _;
use ironside_server::admin::cache::{DynamicRoute, Fill, Filled, FilledHow, Targets, Trouble};
use serde::Serialize;
use std::io::Read as _;
use std::path::Path;

/// What came of all of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    filled: usize,
    present: usize,
    dynamic: usize,
    failed: usize,
    other: usize,
    results: Vec<Filled>,
    /// Routes that are dynamic as they are declared.
    dynamic_routes: Vec<DynamicRoute>,
    /// Routes with parameters that nobody lists.
    on_demand: Vec<String>,
    /// Routes that could not be asked for their parameters.
    failures: Vec<Trouble>,
}

pub(super) async fn run(context: &Context, args: &WarmArgs) -> Result<(), Failure> {
    let given = given(args)?;
    let desk = Desk::of_server(context, "only a server that runs can make answers").await?;
    let mut report = Report::default();
    let wanted: Vec<Fill> = if given.is_empty() && args.from.is_none() {
        let targets: Targets = desk.ask("targets", &serde_json::json!({})).await?;
        report.dynamic_routes = targets.dynamic;
        report.on_demand = targets.on_demand;
        report.failures = targets.failures;
        targets
            .targets
            .into_iter()
            .map(|target| Fill {
                path: Some(target.path),
                url: None,
            })
            .collect()
    } else {
        given
            .into_iter()
            .map(|url| Fill {
                url: Some(url),
                path: None,
            })
            .collect()
    };
    fill(context, args, &desk, wanted, &mut report).await?;
    let has_failed = report.failed + report.failures.len() > 0;
    let text = if args.json {
        super::json(&desk, &report)?
    } else {
        shown(&report)
    };
    context.printer.result(&text);
    match has_failed {
        true => Err(Failure::reported(Exit::Application)),
        false => Ok(()),
    }
}

/// The URLs that were given, in their order.
fn given(args: &WarmArgs) -> Result<Vec<String>, Failure> {
    let mut urls = args.urls.clone();
    if let Some(file) = &args.from {
        let text =
            read(file).map_err(|error| Failure::new(Exit::Usage, format!("{} can't be read", file.display())).because(error))?;
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        urls.extend(lines.map(str::to_owned));
    }
    let is_url = |url: &&String| url.starts_with('/') || url.starts_with("http://") || url.starts_with("https://");
    match urls.iter().find(|url| !is_url(url)) {
        Some(other) => Err(Failure::new(Exit::Usage, format!("{other:?} is not a URL"))
            .hint("a URL begins with / or with http; a file has one in each line, and # begins a comment")),
        None => Ok(urls),
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

async fn fill(context: &Context, args: &WarmArgs, desk: &Desk, wanted: Vec<Fill>, report: &mut Report) -> Result<(), Failure> {
    let total = wanted.len();
    let progress = context.printer.progress();
    let filling = wanted
        .into_iter()
        .map(|fill| async move { desk.ask::<Filled>("fill", &fill).await });
    let mut filling = futures_util::stream::iter(filling).buffered(usize::from(args.concurrency));
    while let Some(filled) = filling.next().await {
        let filled = filled.inspect_err(|_| progress.finish())?;
        let count = match filled.how {
            FilledHow::Filled => &mut report.filled,
            FilledHow::Present => &mut report.present,
            FilledHow::Dynamic => &mut report.dynamic,
            FilledHow::Failed => &mut report.failed,
            FilledHow::Other => &mut report.other,
        };
        *count += 1;
        report.results.push(filled);
        let done = report.results.len();
        // On a terminal each one, in a log each tenth part.
        if done == total || done.is_multiple_of((total / 10).max(1)) {
            progress.step(&format!("Warming {done} of {total}"));
        }
    }
    progress.finish();
    Ok(())
}

fn shown(report: &Report) -> String {
    let mut lines = Vec::new();
    for filled in report
        .results
        .iter()
        .filter(|filled| filled.how != FilledHow::Present && filled.how != FilledHow::Filled)
    {
        let word = match filled.how {
            FilledHow::Dynamic => "dynamic",
            FilledHow::Failed => "failed",
            _ => "skipped",
        };
        let message = filled.message.as_deref().unwrap_or_default();
        lines.push(format!("{word:<8} {}  {message}", filled.url));
    }
    for trouble in &report.failures {
        lines.push(format!("failed   {}  {}", trouble.path, trouble.message));
    }
    for route in &report.on_demand {
        lines.push(format!(
            "partly   {route}  what generateStaticParams does not list is made when somebody asks for it"
        ));
    }
    let mut counts = vec![format!("{} made", report.filled), format!("{} there already", report.present)];
    let failed = report.failed + report.failures.len();
    for (count, word) in [(report.dynamic, "dynamic"), (failed, "failed"), (report.other, "skipped")] {
        if count > 0 {
            counts.push(format!("{count} {word}"));
        }
    }
    lines.push(counts.join(", "));
    lines.join("\n")
}
