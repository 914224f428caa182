//! The pool: what the server gives jobs to.

use crate::connection::Undelivered;
use crate::failure::JobFailure;
use crate::front::Front;
use crate::job::{Job, JobBody, WorkerId};
use crate::lock::locked;
use crate::options::{PoolOptions, StartError};
use crate::response::{Answer, Response, ResponseBody};
use crate::spawner::Spawner;
use crate::supervisor::Supervisor;
use crate::ticket::First;
use crate::watch::LAST_WORDS;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Worker processes and the jobs that wait for them. Cheap to clone; when the last clone is dropped, the processes are killed.
#[derive(Debug, Clone)]
pub struct Pool {
    supervisor: Arc<Supervisor>,
    _last: Arc<KillOnDrop>,
}

#[derive(Debug)]
struct KillOnDrop {
    closing: CancellationToken,
    stop: CancellationToken,
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.closing.cancel();
        self.stop.cancel();
    }
}

/// The start of a pool's first worker. Dropping it changes nothing about the start.
#[derive(Debug)]
pub struct FirstWorker {
    started: mpsc::Receiver<Result<(), StartError>>,
}

impl FirstWorker {
    /// Resolves when a worker is ready, or with the reason why the first one that was to be is not.
    pub async fn ready(mut self) -> Result<(), StartError> {
        match self.started.recv().await {
            Some(result) => result,
            None => Err(StartError::Spawn(std::io::Error::other("the pool was stopped"))),
        }
    }
}

/// What a worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerState {
    /// It takes jobs.
    Ready,
    /// Its event loop is held up; it gets no new jobs.
    Busy,
    /// It finishes its jobs and is then replaced.
    Draining,
}

impl WorkerState {
    /// The word for logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Busy => "busy",
            Self::Draining => "draining",
        }
    }
}

/// One worker in numbers.
#[derive(Debug, Clone)]
pub struct WorkerStats {
    /// Which one.
    pub id: WorkerId,
    /// Its process.
    pub pid: u32,
    /// What it is doing.
    pub state: WorkerState,
    /// Jobs that have not ended.
    pub jobs: usize,
    /// Jobs whose `after()` callbacks run.
    pub after: usize,
    /// Since it became ready.
    pub age: Duration,
    /// The event loop's delay, when it was last asked.
    pub lag: Duration,
    /// Bytes of heap in use, when it was last asked.
    pub heap_used: u64,
    /// Bytes of heap that V8 allows.
    pub heap_limit: u64,
    /// Resident bytes, when it was last asked.
    pub rss: u64,
}

/// The pool in numbers.
#[derive(Debug, Clone)]
pub struct PoolStats {
    /// Workers that are ready, busy or draining.
    pub workers: Vec<WorkerStats>,
    /// Jobs that wait for a place.
    pub waiting: usize,
    /// Workers that were started in place of another one.
    pub restarts: u64,
    /// Jobs that were given to workers so far.
    pub jobs: u64,
}

impl Pool {
    /// Starts the workers and returns when the first one is ready, or with the reason why none is.
    pub async fn start(options: PoolOptions, front: Arc<dyn Front>) -> Result<Self, StartError> {
        let (pool, first) = Self::begin(options, front)?;
        first.ready().await?;
        Ok(pool)
    }

    /// Begins to start the workers. Jobs may be given to the pool at once: they wait for the first worker, for as long as
    /// its start may take.
    pub fn begin(options: PoolOptions, front: Arc<dyn Front>) -> Result<(Self, FirstWorker), StartError> {
        let slots = options.workers.max(1);
        let spawner = Spawner::start().map_err(StartError::Spawn)?;
        let supervisor = Arc::new(Supervisor::new(options, front, spawner));
        let last = Arc::new(KillOnDrop {
            closing: supervisor.closing.clone(),
            stop: supervisor.stop.clone(),
        });
        let (first, started) = mpsc::channel(slots);
        for _ in 0..slots {
            supervisor.tasks.spawn(Arc::clone(&supervisor).keep_slot(first.clone()));
        }
        Ok((Self { supervisor, _last: last }, FirstWorker { started }))
    }

    /// Runs a job on the worker with the least to do. Resolves at its head, or at its end if it has none. A job that is safe to
    /// repeat is tried once more if its worker dies before the head. Dropping the future cancels the job.
    pub async fn run(&self, job: Job, body: JobBody) -> Result<Answer, JobFailure> {
        self.run_shared(Arc::new(job), body).await
    }

    /// [`Pool::run`] for a job that is shared already.
    pub async fn run_shared(&self, job: Arc<Job>, body: JobBody) -> Result<Answer, JobFailure> {
        let deadline = job.deadline.map(|limit| Instant::now() + limit);
        let again = match &body {
            JobBody::Empty => Some(JobBody::Empty),
            JobBody::Full(bytes) => Some(JobBody::Full(bytes.clone())),
            JobBody::Stream(_) => None,
        };
        match (self.attempt(&job, body, deadline).await, again) {
            (Err(failure), Some(body)) if failure.may_retry() => {
                tracing::info!(
                    request = job.request_id,
                    path = job.path,
                    "a worker died; the job is tried once more"
                );
                self.attempt(&job, body, deadline).await
            }
            (result, _) => result,
        }
    }

    async fn attempt(&self, job: &Arc<Job>, mut body: JobBody, deadline: Option<Instant>) -> Result<Answer, JobFailure> {
        let ticket = loop {
            let seat = self.supervisor.shares.enter(job.counts_for, deadline).await?;
            let mut lease = self.supervisor.roster.acquire(deadline).await?;
            lease.seat = Some(seat);
            let connection = Arc::clone(&lease.connection);
            match connection.dispatch(job, body, deadline, lease) {
                Ok(ticket) => {
                    self.supervisor.jobs.fetch_add(1, Ordering::Relaxed);
                    break ticket;
                }
                Err(Undelivered::TooLarge(error)) => return Err(JobFailure::TooLarge(error)),
                Err(Undelivered::Closed(undelivered)) => body = undelivered,
            }
        };
        match ticket.first().await? {
            First::Head(head) => Ok(Answer::Response(Response {
                head,
                body: ResponseBody::new(ticket),
            })),
            First::Outcome(outcome) => Ok(Answer::Finished(outcome)),
        }
    }

    /// Whether some worker takes jobs.
    pub fn ready(&self) -> bool {
        self.supervisor.roster.is_ready()
    }

    /// The pool in numbers.
    pub fn stats(&self) -> PoolStats {
        let workers = self.supervisor.roster.members().into_iter().map(|(connection, jobs)| {
            let vitals = *locked(&connection.vitals);
            let state = match (connection.retired.is_raised(), connection.is_busy()) {
                (true, _) => WorkerState::Draining,
                (false, true) => WorkerState::Busy,
                (false, false) => WorkerState::Ready,
            };
            WorkerStats {
                id: connection.id,
                pid: connection.pid,
                state,
                jobs,
                after: connection.after_pending.load(Ordering::Acquire),
                age: connection.born.elapsed(),
                lag: vitals.lag,
                heap_used: vitals.heap_used,
                heap_limit: vitals.heap_limit,
                rss: vitals.rss,
            }
        });
        PoolStats {
            workers: workers.collect(),
            waiting: self.supervisor.roster.waiting() + self.supervisor.shares.waiting(),
            restarts: self.supervisor.restarts.load(Ordering::Relaxed),
            jobs: self.supervisor.jobs.load(Ordering::Relaxed),
        }
    }

    /// Drops copies inside of the workers that carry one of these tags.
    pub fn invalidate(&self, tags: &[String]) {
        for part in tags.chunks(1024) {
            let frame = crate::wire::Invalidate {
                tags: part.iter().map(String::as_str).collect(),
            };
            for (connection, _) in self.supervisor.roster.members() {
                if let Err(error) = connection.outbox.send(&frame, 0, 0) {
                    tracing::error!(worker = %connection.id, %error, "tags do not fit into a frame");
                }
            }
        }
    }

    /// Takes no more jobs, lets the running ones finish within `grace`, then ends all processes. Returns how many jobs were cut
    /// off.
    pub async fn drain(&self, grace: Duration) -> usize {
        let supervisor = &self.supervisor;
        supervisor.closing.cancel();
        supervisor.roster.close();
        let members = supervisor.roster.members();
        for (connection, _) in &members {
            connection.drain(grace);
        }
        let finished = async {
            while members.iter().any(|(connection, _)| connection.open_jobs() > 0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = timeout(grace, finished).await;
        let cut = members.iter().map(|(connection, _)| connection.open_jobs()).sum();
        if cut > 0 {
            for (connection, _) in &members {
                connection.cancel_all();
            }
            // Code that listens to its signal may put something in order.
            tokio::time::sleep(LAST_WORDS).await;
        }
        supervisor.stop.cancel();
        supervisor.tasks.close();
        supervisor.tasks.wait().await;
        cut
    }
}
