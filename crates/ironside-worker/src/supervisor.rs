//! One slot of the pool: always one worker, as long as the pool lives.
//!
//! ```text
//! starting ──READY──> ready ──retire──> draining ──> dead
//!    └── boot failure ──> dead    └── exit, fault, stuck ──> dead ──back-off──> starting
//! ```

use crate::boot::{Worker, boot};
use crate::connection::CloseReason;
use crate::front::Front;
use crate::job::WorkerId;
use crate::options::{PoolOptions, StartError};
use crate::process::Process;
use crate::roster::Roster;
use crate::shares::Shares;
use crate::spawner::Spawner;
use crate::watch::{LAST_WORDS, watch};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Delays before a slot starts its next worker, by the number of quick deaths in a row.
const BACK_OFF: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
];
/// The longest of them for workers that did become ready: the build is good, so a replacement has to come soon.
const MOST_AFTER_READY: usize = 2;
/// A worker that lived this long did not die quickly.
const SETTLED: Duration = Duration::from_secs(5);
/// So many boot failures in a row make the pool unhealthy.
const UNHEALTHY_AFTER: u32 = 5;

/// What all slots share.
pub(crate) struct Supervisor {
    pub(crate) options: Arc<PoolOptions>,
    pub(crate) front: Arc<dyn Front>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) shares: Arc<Shares>,
    pub(crate) spawner: Spawner,
    /// Done when all processes are to be killed.
    pub(crate) stop: CancellationToken,
    /// Done when no new workers are to be started.
    pub(crate) closing: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) restarts: AtomicU64,
    /// See [`crate::pool::PoolStats::jobs`].
    pub(crate) jobs: AtomicU64,
    next_worker: AtomicU32,
    boot_failures: AtomicU32,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Supervisor")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Supervisor {
    pub(crate) fn new(mut options: PoolOptions, front: Arc<dyn Front>, spawner: Spawner) -> Self {
        // Rarer than this, a worker with nothing to do would count as busy between two answers.
        options.heartbeat = options.heartbeat.clamp(Duration::from_millis(10), Duration::from_secs(1));
        Self {
            roster: Arc::new(Roster::new((&options).into())),
            shares: Arc::new(Shares::new(
                options.jobs_per_worker.max(1).saturating_mul(options.workers.max(1)),
                options.client_share,
            )),
            options: Arc::new(options),
            front,
            spawner,
            stop: CancellationToken::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            restarts: AtomicU64::new(0),
            jobs: AtomicU64::new(0),
            next_worker: AtomicU32::new(1),
            boot_failures: AtomicU32::new(0),
        }
    }

    /// Keeps one worker running. `first` is told how the first start went.
    pub(crate) async fn keep_slot(self: Arc<Self>, first: mpsc::Sender<Result<(), StartError>>) {
        let mut first = Some(first);
        let mut quick_deaths = 0;
        while !self.closing.is_cancelled() {
            let id = WorkerId(self.next_worker.fetch_add(1, Ordering::Relaxed));
            let booted = tokio::select! {
                booted = boot(&self.spawner, &self.options, &self.front, id) => booted,
                () = self.stop.cancelled() => return,
            };
            match booted {
                Ok(worker) => {
                    self.boot_failures.store(0, Ordering::Release);
                    report(&mut first, Ok(()));
                    let born = Instant::now();
                    let retired = self.serve(worker).await;
                    let quick = !retired && born.elapsed() < SETTLED;
                    quick_deaths = if quick {
                        (quick_deaths + 1).min(MOST_AFTER_READY + 1)
                    } else {
                        1
                    };
                }
                Err(error) => {
                    quick_deaths += 1;
                    self.boot_failed(id, error, &mut first);
                }
            }
            self.restarts.fetch_add(1, Ordering::Relaxed);
            let delay = BACK_OFF[(quick_deaths - 1).min(BACK_OFF.len() - 1)];
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.closing.cancelled() => return,
            }
        }
    }

    fn boot_failed(&self, id: WorkerId, error: StartError, first: &mut Option<mpsc::Sender<Result<(), StartError>>>) {
        if self.boot_failures.fetch_add(1, Ordering::AcqRel) + 1 >= UNHEALTHY_AFTER {
            self.roster.set_unhealthy();
        }
        if first.is_some() {
            report(first, Err(error));
        } else {
            tracing::error!(worker = %id, %error, "a worker did not start");
        }
    }

    /// Looks after a worker until it has died, or has to be replaced. Says whether it was the latter.
    async fn serve(self: &Arc<Self>, worker: Worker) -> bool {
        let Worker { mut process, connection } = worker;
        self.roster.add(Arc::clone(&connection));
        self.tasks.spawn(watch(
            Arc::clone(&connection),
            Arc::clone(&self.roster),
            Arc::clone(&self.options),
        ));
        tokio::select! {
            () = connection.gone.raised() => {}
            status = process.wait() => {
                // What it wrote before it died counts; the end of the socket follows.
                let _ = timeout(LAST_WORDS, connection.gone.raised()).await;
                self.bury(&Worker { process, connection }, &describe(status));
                return false;
            }
            () = connection.retired.raised() => {
                let this = Arc::clone(self);
                let grace = self.options.drain_grace;
                self.tasks.spawn(async move { this.retire(Worker { process, connection }, grace).await });
                return true;
            }
            () = self.stop.cancelled() => {}
        }
        // How it ends is known to the connection; the status of a process that we killed says nothing.
        let status = match connection.closed() {
            Some(CloseReason::Gone) => describe(end(&mut process).await),
            _ => describe(process.kill().await),
        };
        self.bury(&Worker { process, connection }, &status);
        false
    }

    /// Lets a worker finish its jobs, then ends it.
    pub(crate) async fn retire(&self, mut worker: Worker, grace: Duration) {
        let connection = Arc::clone(&worker.connection);
        connection.retired.raise();
        connection.drain(grace);
        let finished = async {
            while connection.open_jobs() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = timeout(grace, finished) => {}
            () = connection.gone.raised() => {}
            () = self.stop.cancelled() => {}
        }
        if connection.open_jobs() > 0 && connection.closed().is_none() {
            connection.cancel_all();
            let _ = timeout(LAST_WORDS, connection.gone.raised()).await;
        }
        let status = describe(end(&mut worker.process).await);
        self.bury(&worker, &status);
    }

    fn bury(&self, worker: &Worker, status: &str) {
        let connection = &worker.connection;
        let lost = connection.close(CloseReason::Gone);
        self.roster.remove(connection.id);
        let why = connection.closed().map_or("", CloseReason::word);
        if connection.retired.is_raised() || self.closing.is_cancelled() {
            tracing::debug!(worker = %connection.id, pid = connection.pid, status, "a worker has ended");
        } else {
            tracing::error!(worker = %connection.id, pid = connection.pid, status, why, lost, "a worker has died");
        }
    }
}

/// Waits a moment for a process that is about to end, then kills it.
async fn end(process: &mut Process) -> std::io::Result<std::process::ExitStatus> {
    match timeout(LAST_WORDS, process.wait()).await {
        Ok(status) => status,
        Err(_) => process.kill().await,
    }
}

fn describe(status: std::io::Result<std::process::ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn report(first: &mut Option<mpsc::Sender<Result<(), StartError>>>, result: Result<(), StartError>) {
    if let Some(first) = first.take() {
        // The pool may have been told by another slot already.
        let _ = first.try_send(result);
    }
}
