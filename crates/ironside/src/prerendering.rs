//! The second half of `ironside build`: the new build runs in workers and renders what is the same for everybody.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
    serving, stack_shown,
};
use ironside_compiler::report::BuildReport;
use ironside_model::manifest::RouteKind;
use ironside_server::prerender::{self, PrerenderOptions, Prerendered};
use std::{fmt::Write as _, sync::Arc, thread::available_parallelism, time::Duration};

/// How long one page may take, as with Next.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Pages that one worker makes at once: while one waits for data, another renders.
const PER_WORKER: usize = 8;
/// Failures that are shown.
const SHOWN: usize = 10;
/// So few answers don't repay the start of a second worker.
const FEW: usize = 16;

/// Renders everything that can be made beforehand. What fails in the application is in the result.
pub(crate) async fn prerender(context: &Context, report: &BuildReport) -> Result<Prerendered, Failure> {
    let progress = context.printer.progress();
    progress.step("Prerendering");
    let listed = report.manifest.routes.iter().any(|route| route.static_params);
    let routes = report
        .manifest
        .routes
        .iter()
        .filter(|route| route.kind != RouteKind::MetadataFile);
    let workers = if listed || routes.count() > FEW {
        available_parallelism().map_or(1, std::num::NonZeroUsize::get)
    } else {
        1
    };
    let ready = serving::prepare_build(context, &report.folder, workers).await?;
    let shown = progress.clone();
    let options = PrerenderOptions {
        build_dir: report.folder.clone(),
        concurrency: workers * PER_WORKER,
        timeout: TIMEOUT,
        progress: Arc::new(move |done, total| {
            // On a terminal each one, in a log each tenth part.
            if done == total || done % (total / 10).max(1) == 0 {
                shown.step(&format!("Prerendering {done} of {total}"));
            }
        }),
    };
    let made = prerender::prerender(ready.deployment, ready.pool.clone(), options).await;
    ready.pool.drain(Duration::from_secs(5)).await;
    progress.finish();
    made.map_err(|error| {
        Failure::new(Exit::Environment, error.to_string())
            .because(error)
            .hint("check that there is space left and that the folder may be written")
    })
}

/// Shows what could not be rendered, and is the end of the build. The build before it stays in place.
pub(crate) fn failed(context: &Context, made: &Prerendered, json: bool) -> Failure {
    if json {
        let errors = made.failures.iter().map(|failure| {
            serde_json::json!({
                "code": "prerender", "severity": "error", "path": failure.path, "message": failure.message,
                "digest": failure.digest, "stack": failure.stack,
            })
        });
        let text = serde_json::json!({ "errors": errors.collect::<Vec<_>>() });
        context.printer.result(&format!("{text:#}"));
        return Failure::reported(Exit::Application);
    }
    for failure in made.failures.iter().take(SHOWN) {
        let mut text = format!(
            "error[prerender]: {} could not be prerendered\n  {}",
            failure.path, failure.message
        );
        for line in stack_shown::lines(&failure.stack) {
            let _ = write!(text, "\n  {}", line.trim_end());
        }
        if !failure.digest.is_empty() {
            let _ = write!(text, "\n  digest: {}", failure.digest);
        }
        context.printer.raw(&format!("{text}\n"));
    }
    let count = made.failures.len();
    let what = if count == 1 {
        "1 page".to_owned()
    } else {
        format!("{count} pages")
    };
    Failure::new(Exit::Application, format!("{what} could not be prerendered")).hint(
        "mend what it says; or have the page made for each request with `export const dynamic = 'force-dynamic'` (with `cacheComponents`: `await connection()`); or build with --no-prerender where its data is out of reach",
    )
}
