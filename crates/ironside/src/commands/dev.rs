//! `ironside dev`: builds, serves, and does both again after each change. A build that fails is shown in the terminal and in
//! the browser until the next one succeeds.

use crate::{
    commands::{Context, build, start},
    dev_workers::DevWorkers,
    exit::{Exit, Failure},
    serving::{self, Ready},
    settings::{Listen, Workers},
    source_watch::SourceWatch,
};
use ironside_compiler::{options::Mode, report::BuildReport};
use ironside_diagnostics::render;
use ironside_model::manifest::MANIFEST_FORMAT;
use ironside_server::{Current, Deployment, DeploymentOptions, Server};
use ironside_worker::Pool;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long requests of the version before may go on.
const OLD_GRACE: Duration = Duration::from_secs(5);

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn run(context: &Context, listen: Listen) -> Result<(), Failure> {
    start::check_port(&listen)?;
    let mut watch = SourceWatch::new(&context.dir)
        .map_err(|error| Failure::new(Exit::Environment, "changes can't be watched").because(error))?;
    let stop = serving::asked_to_stop();
    tokio::pin!(stop);
    let mut serving: Option<Serving> = None;
    loop {
        let mut building = Box::pin(rebuild(context, &listen, &mut serving));
        let built = tokio::select! {
            () = &mut stop => None,
            watched = &mut building => Some(watched?),
        };
        let Some(watched) = built else {
            // The bundler's tasks go on for a moment, and panic if nobody is there to take what they made. The process ends anyway.
            Box::leak(Box::new(building));
            break;
        };
        drop(building);
        watch.follow(&watched);
        tokio::select! {
            () = &mut stop => break,
            () = watch.changed() => {}
        }
    }
    if let Some(serving) = serving {
        serving.end().await;
    }
    Ok(())
}

/// A server that runs, and the version it shows.
struct Serving {
    current: Current,
    shown: DevWorkers,
    /// None before the first build that succeeded.
    pool: Option<Arc<Pool>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    fn open(
        context: &Context,
        listen: &Listen,
        deployment: Arc<Deployment>,
        shown: DevWorkers,
        pool: Option<Arc<Pool>>,
    ) -> Result<Self, Failure> {
        let mut options = start::server_options(listen);
        options.rewrites = context.sources.rewrites()?;
        start::apply(&context.sources.bodies(), &mut options.limits);
        let server = Server::bind(options, deployment, shown.clone());
        let server = server.map_err(|error| serving::bind_failure(&error))?;
        start::announce(context, listen, server.local_addr(), false);
        let (current, stop) = (server.current(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            server.serve(async move { stopped.cancelled().await }).await;
        });
        Ok(Self {
            current,
            shown,
            pool,
            stop,
            task,
        })
    }

    /// A server that has only errors to show.
    fn without_build(context: &Context, listen: &Listen) -> Result<Self, Failure> {
        Self::open(context, listen, any_page()?, DevWorkers::new(None), None)
    }

    async fn end(self) {
        self.stop.cancel();
        let _ = self.task.await;
        if let Some(pool) = self.pool {
            pool.drain(OLD_GRACE).await;
        }
    }
}

/// One build, and what follows from it. Returns what is to be watched.
async fn rebuild(context: &Context, listen: &Listen, serving: &mut Option<Serving>) -> Result<BTreeSet<PathBuf>, Failure> {
    let began = Instant::now();
    match build::compile(context, Mode::Development).await? {
        Ok(report) => {
            build::show_diagnostics(context, &report.warnings);
            show(context, listen, serving, &report).await?;
            context.printer.done(&format!("Built in {} ms", began.elapsed().as_millis()));
            Ok(report.watched)
        }
        Err(failure) => {
            build::show_failure(context, &failure);
            if serving.is_none() {
                *serving = Some(Serving::without_build(context, listen)?);
            }
            if let Some(serving) = serving {
                serving.shown.fail(render::overlay_page(failure.diagnostics.as_slice()));
            }
            Ok(failure.watched)
        }
    }
}

/// Puts a build in front of the browser.
async fn show(context: &Context, listen: &Listen, serving: &mut Option<Serving>, report: &BuildReport) -> Result<(), Failure> {
    let ready = match serving::prepare(context, &report.folder, Workers::new(1), true).await {
        Ok(ready) => ready,
        // An application that throws while it is loaded: say so and wait for the next change.
        Err(failure) if failure.exit == Exit::Application => {
            context.printer.failure(&failure);
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let Ready { deployment, pool } = ready;
    let shown = DevWorkers::new(Some(pool.clone()));
    let Some(serving) = serving else {
        *serving = Some(Serving::open(context, listen, deployment, shown, Some(pool))?);
        return Ok(());
    };
    serving.current.replace(deployment, shown.clone());
    serving.shown = shown;
    if let Some(old) = serving.pool.replace(pool) {
        tokio::spawn(async move { old.drain(OLD_GRACE).await });
    }
    Ok(())
}

/// A manifest for showing errors before there is a build: every URL is a page.
fn any_page() -> Result<Arc<Deployment>, Failure> {
    let manifest = serde_json::from_value(serde_json::json!({
        "format": MANIFEST_FORMAT,
        "build": "none",
        "react": "",
        "config": {},
        "routes": [{
            "kind": "page",
            "path": "/[[...all]]",
            "pattern": [{ "kind": "optional-catch-all", "name": "all" }],
            "config": { "dynamic": "force-dynamic" },
            "staticParams": false
        }],
        "segments": {}, "clients": {}, "actions": {}, "assets": {}, "externals": [],
        "bootstrap": { "worker": "", "ssr": "", "browser": "", "preload": [] }
    }))
    .map_err(|error| Failure::new(Exit::Internal, "the manifest of a build that failed can't be made").because(error))?;
    let mut options = DeploymentOptions::new(manifest, PathBuf::new(), PathBuf::new());
    options.development = true;
    Deployment::load(options).map_err(|error| Failure::new(Exit::Internal, "nothing can be served").because(error))
}
