//! What `start` and `dev` have in common: from a build folder to a deployment with workers, and from there to an open port.

use crate::{
    cache_folder,
    commands::Context,
    exit::{Exit, Failure},
    seal_key,
    settings::Workers,
};
use ironside_compiler::environment::load_env_files;
use ironside_model::manifest::{MANIFEST_FORMAT, Manifest};
use ironside_server::durable::Durable;
use ironside_server::telemetry::error_store::{self, ErrorStore};
use ironside_server::{BindError, Deployment, DeploymentOptions, MonotonicClock, Site, Tls, build_identity, draft};
use ironside_worker::{FirstWorker, NodeOptions, Pool, PoolOptions, Secret, StartError, WorkerConfig};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::signal::unix::{SignalKind, signal};

/// The share of the machine's memory that all workers' heaps may have together.
const HEAP_SHARE: f64 = 0.75;
/// Limits of one worker's heap, in MiB.
const HEAP: std::ops::RangeInclusive<u64> = 256..=4_096;

/// How long things may take while pages are built.
const BUILD_WAIT: Duration = Duration::from_secs(600);

/// A build with its workers, ready to answer.
pub(crate) struct Ready {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) pool: Arc<Pool>,
}

/// Loads the build in `build_dir` and starts its workers.
pub(crate) async fn prepare(context: &Context, build_dir: &Path, workers: Workers, development: bool) -> Result<Ready, Failure> {
    let (ready, first) = begin(context, build_dir, workers, development)?;
    first.ready().await.map_err(start_failure)?;
    Ok(ready)
}

/// The same without waiting for a worker: what needs none can be answered at once.
pub(crate) fn begin(
    context: &Context,
    build_dir: &Path,
    workers: Workers,
    development: bool,
) -> Result<(Ready, FirstWorker), Failure> {
    let manifest = read_manifest(build_dir)?;
    let keys = seal_key::keys(&context.sources.env, &context.dot_ironside())?;
    let pool_options = pool_options(context, &manifest, build_dir, workers, &keys, development)?;
    let identity = identity_of(build_dir, &manifest)?;
    // In development nothing is cached.
    let opened = if development {
        cache_folder::Opened::default()
    } else {
        cache_folder::open(context, &identity, now())
    };
    let mut options = deployment_options(context, (manifest, identity), build_dir, &keys, opened.durable);
    options.disk_trouble = opened.trouble;
    options.development = development;
    options.errors = error_store(context);
    let deployment =
        Deployment::load(options).map_err(|error| Failure::new(Exit::Application, "the build can't be served").because(error))?;
    let (pool, first) = Pool::begin(pool_options, deployment.front()).map_err(start_failure)?;
    let ready = Ready {
        deployment,
        pool: Arc::new(pool),
    };
    Ok((ready, first))
}

/// What tells this build from others of the same name.
fn identity_of(build_dir: &Path, manifest: &Manifest) -> Result<String, Failure> {
    build_identity(build_dir, &manifest.build)
        .map_err(|error| Failure::new(Exit::Usage, "there is no build to serve").because(error))
}

fn deployment_options(
    context: &Context,
    (manifest, identity): (Manifest, String),
    build_dir: &Path,
    keys: &[Secret],
    durable: Option<Durable>,
) -> DeploymentOptions {
    let settings = &context.sources.file.cache;
    let mut options = DeploymentOptions::new(manifest, build_dir, context.dir.join("public"));
    options.identity = Some(identity);
    options.cache.durable = durable;
    if let Some(memory) = settings.memory {
        options.cache.max_bytes = memory.0;
    }
    options.cache.clock = Arc::new(MonotonicClock::showing(now()));
    options.draft_id = keys.first().map(|key| draft::id(key.expose()));
    options.tells_cache = settings.header == Some(true);
    options
}

/// The build and what is on disk, for looking at them while no server runs. Nothing of the application runs.
pub(crate) fn unattended(context: &Context) -> Result<Site, Failure> {
    let build_dir = build_dir(context);
    let manifest = read_manifest(&build_dir)?;
    let keys = seal_key::keys(&context.sources.env, &context.dot_ironside())?;
    let identity = identity_of(&build_dir, &manifest)?;
    let durable = cache_folder::open_alone(context, &identity, now())?;
    let options = deployment_options(context, (manifest, identity), &build_dir, &keys, durable);
    let deployment =
        Deployment::load(options).map_err(|error| Failure::new(Exit::Application, "the build can't be used").because(error))?;
    Site::unattended(deployment).map_err(|error| Failure::new(Exit::Environment, "the build can't be looked at").because(error))
}

/// Loads a build that is not finished, with workers that make its pages. Nothing is served, so everything has more time.
pub(crate) async fn prepare_build(context: &Context, build_dir: &Path, workers: usize) -> Result<Ready, Failure> {
    let manifest = read_manifest(build_dir)?;
    let keys = seal_key::keys(&context.sources.env, &context.dot_ironside())?;
    let mut pool_options = pool_options(context, &manifest, build_dir, Workers::new(workers), &keys, false)?;
    pool_options
        .process
        .env
        .push(("NEXT_PHASE".into(), "phase-production-build".into()));
    pool_options.longest_wait = BUILD_WAIT;
    pool_options.waiting_per_worker = usize::MAX / 1024;
    pool_options.stuck_after = BUILD_WAIT;
    let mut options = DeploymentOptions::new(manifest, build_dir, context.dir.join("public"));
    options.cache.clock = Arc::new(MonotonicClock::showing(now()));
    options.cache.permit_age = BUILD_WAIT;
    options.cache.max_bytes = 1 << 30;
    let deployment =
        Deployment::load(options).map_err(|error| Failure::new(Exit::Application, "the build can't be used").because(error))?;
    let pool = Pool::start(pool_options, deployment.front()).await.map_err(start_failure)?;
    Ok(Ready {
        deployment,
        pool: Arc::new(pool),
    })
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// Where errors with a digest are kept. Without it they stand in the log only, and that is no reason not to serve.
fn error_store(context: &Context) -> Option<Arc<ErrorStore>> {
    match ErrorStore::open(context.dot_ironside().join(error_store::FILE_NAME), error_store::MAX_BYTES) {
        Ok(store) => Some(Arc::new(store)),
        Err(error) => {
            context
                .printer
                .warn(&format!("errors are not stored for `ironside digest`: {error}"));
            None
        }
    }
}

fn read_manifest(build_dir: &Path) -> Result<Manifest, Failure> {
    let path = build_dir.join("manifest.json");
    let bytes = fs::read(&path).map_err(|error| {
        let failure = Failure::new(Exit::Usage, "there is no build to serve");
        let failure = if error.kind() == ErrorKind::NotFound {
            failure
        } else {
            failure.because(error)
        };
        failure.hint("build the application first: ironside build")
    })?;
    let form: Form = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error))?;
    if form.format != MANIFEST_FORMAT {
        return Err(Failure::new(Exit::Usage, "the build was made by another version of Ironside")
            .hint("build the application again: ironside build"));
    }
    serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error))
}

/// Read first, since the rest can only be understood if this fits.
#[derive(serde::Deserialize)]
struct Form {
    format: u32,
}

fn damaged(path: &Path, error: serde_json::Error) -> Failure {
    Failure::new(Exit::Environment, format!("{} is damaged", path.display()))
        .because(error)
        .hint("build the application again: ironside build")
}

fn pool_options(
    context: &Context,
    manifest: &Manifest,
    build_dir: &Path,
    workers: Workers,
    keys: &[Secret],
    development: bool,
) -> Result<PoolOptions, Failure> {
    let mut process = NodeOptions::new(&context.node, build_dir.join(&manifest.bootstrap.worker), &context.dir);
    process.env = environment(context, development)?
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let heap = heap_megabytes(workers.count);
    process.node_arguments.extend([
        OsString::from(format!("--max-old-space-size={heap}")),
        // V8 begins with so little that bodies on their way, which it counts, make it collect everything several times a second.
        OsString::from(format!("--initial-old-space-size={}", (heap / 4).min(INITIAL_HEAP))),
    ]);
    if development {
        process.node_arguments.push("--enable-source-maps".into());
    }
    let config = WorkerConfig {
        deployment: manifest.build.clone(),
        manifest: build_dir.join("manifest.json"),
        keys: keys.to_vec(),
        environment: Vec::new(),
        development,
        forms: context.sources.bodies().forms,
    };
    let mut options = PoolOptions::new(process, config);
    options.workers = workers.count;
    options.client_share = workers.client_share;
    Ok(options)
}

/// What the application sees as `process.env`: our own environment, and the `.env` files in Next's order.
fn environment(context: &Context, development: bool) -> Result<BTreeMap<String, String>, Failure> {
    let mut env = context.sources.env.clone();
    let mode = if development { "development" } else { "production" };
    env.entry("NODE_ENV".into()).or_insert_with(|| mode.into());
    env.remove(crate::env_vars::ACTIONS_ENCRYPTION_KEY);
    let files = load_env_files(&context.dir, mode, &env)
        .map_err(|(path, error)| Failure::new(Exit::Environment, format!("{} can't be read", path.display())).because(error))?;
    env.extend(files.values);
    Ok(env)
}

/// Megabytes of old objects before V8 looks through all of them for the first time.
const INITIAL_HEAP: u64 = 64;

/// So that a leak ends one worker and not the machine: Node's own default would let one process have most of it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "megabytes of memory are far below 2^52"
)]
fn heap_megabytes(workers: usize) -> u64 {
    let limit = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let container = limit("/sys/fs/cgroup/memory.max").or_else(|| limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace()
            .nth(1)?
            .parse::<u64>()
            .ok()
            .map(|kilobytes| kilobytes * 1024)
    });
    let Some(bytes) = container.into_iter().chain(machine).min() else {
        return *HEAP.end();
    };
    let share = bytes as f64 / (1024.0 * 1024.0) * HEAP_SHARE / workers.max(1) as f64;
    (share as u64).clamp(*HEAP.start(), *HEAP.end())
}

/// In the words of the command line.
pub(crate) fn start_failure(error: StartError) -> Failure {
    let exit = match error {
        StartError::Crashed { .. } | StartError::TimedOut { .. } => Exit::Application,
        _ => Exit::Environment,
    };
    let hint = match error {
        StartError::NodeMissing { .. } | StartError::NodeTooOld { .. } => Some("name another Node with --node or IRONSIDE_NODE"),
        _ => None,
    };
    let failure = Failure::new(exit, error.to_string());
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// In the words of the command line.
pub(crate) fn bind_failure(error: &BindError) -> Failure {
    let exit = if matches!(error, BindError::TrustedProxy(_) | BindError::Rewrites(_) | BindError::Tls(_)) {
        Exit::Usage
    } else {
        Exit::Environment
    };
    Failure::new(exit, error.to_string())
}

/// Resolves at SIGINT or SIGTERM.
pub(crate) async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        // Without handlers the signals have their usual effect, so there is nothing to wait for.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Reads the certificate again at SIGHUP, for ever. Without TLS the signal keeps its usual effect.
pub(crate) async fn reread_certificate(tls: Option<Tls>) {
    let Some(tls) = tls else { return std::future::pending().await };
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return std::future::pending().await;
    };
    while hangup.recv().await.is_some() {
        match tls.reload() {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => tracing::error!(%error, "the new certificate can't be used; the old one stays"),
        }
    }
}

/// The build folder of production.
pub(crate) fn build_dir(context: &Context) -> PathBuf {
    context.dot_ironside().join("build")
}
