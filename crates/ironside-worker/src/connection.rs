//! The connection to one worker: which jobs it has, and what it is known to be doing.
//!
//! Entering a job and declaring the worker dead happen under one lock, so that no job can slip in after the sweep that fails
//! them all and wait for ever.

use crate::exchange::{Exchange, Start};
use crate::failure::JobFailure;
use crate::flag::Flag;
use crate::front::Front;
use crate::job::{Job, JobBody, JobInfo, WorkerId};
use crate::limiter::Limiter;
use crate::lock::locked;
use crate::options::Windows;
use crate::outbox::Outbox;
use crate::roster::Lease;
use crate::ticket::Ticket;
use crate::upload::upload;
use crate::wire::{BodyStatus, CancelReason, Drain, MAX_CHUNK, Ping, codec::EncodeError};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// Above this many queued bytes a worker gets no new jobs.
const CROWDED: usize = 4 * 1024 * 1024;
/// Above this many it does not read any more.
const OVERFLOWING: usize = 16 * 1024 * 1024;
/// A worker that was silent this long gets no new jobs.
const BUSY_AFTER: Duration = Duration::from_secs(2);
/// Job ids are never used again; a worker that has had this many is replaced.
const LAST_JOB: u32 = 1 << 31;

/// Why a connection ended. The first reason counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The process has died, or was told to.
    Gone,
    /// It did not react.
    Stuck,
    /// It broke the protocol.
    Fault,
}

impl CloseReason {
    fn failure(self, retry: bool) -> JobFailure {
        match self {
            Self::Gone => JobFailure::WorkerGone { retry },
            Self::Stuck => JobFailure::WorkerStuck,
            Self::Fault => JobFailure::WorkerFault,
        }
    }

    /// The word for logs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Gone => "worker_gone",
            Self::Stuck => "worker_stuck",
            Self::Fault => "worker_fault",
        }
    }
}

/// Why a job could not be sent. The worker never heard of it.
#[derive(Debug)]
pub(crate) enum Undelivered {
    /// The worker has died in the meantime; ask another one.
    Closed(JobBody),
    /// It does not fit into a frame.
    TooLarge(EncodeError),
}

#[derive(Debug, Default)]
struct Table {
    last_id: u32,
    jobs: FxHashMap<u32, Arc<Exchange>>,
    closed: Option<CloseReason>,
}

/// What PONG said last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Vitals {
    pub(crate) lag: Duration,
    pub(crate) heap_used: u64,
    pub(crate) heap_limit: u64,
    pub(crate) rss: u64,
}

/// See the module's documentation.
pub(crate) struct Connection {
    pub(crate) id: WorkerId,
    pub(crate) pid: u32,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) front: Arc<dyn Front>,
    pub(crate) born: Instant,
    /// Done when the connection has ended.
    pub(crate) gone: Flag,
    /// Done when the worker is to be replaced.
    pub(crate) retired: Flag,
    /// Jobs whose `after()` callbacks run.
    pub(crate) after_pending: AtomicUsize,
    /// Calls without an answer, and their bytes.
    pub(crate) calls: AtomicUsize,
    pub(crate) call_bytes: AtomicUsize,
    pub(crate) records: Mutex<Limiter>,
    pub(crate) vitals: Mutex<Vitals>,
    /// The nonce of the last PING, and whether it was answered.
    pub(crate) nonce: AtomicU32,
    pub(crate) answered: AtomicBool,
    /// Milliseconds from `born` to the last frame.
    heard_ms: AtomicU64,
    windows: Windows,
    table: Mutex<Table>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Connection")
            .field("id", &self.id)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(id: WorkerId, pid: u32, outbox: Arc<Outbox>, front: Arc<dyn Front>, windows: Windows) -> Self {
        Self {
            id,
            pid,
            outbox,
            front,
            born: Instant::now(),
            gone: Flag::default(),
            retired: Flag::default(),
            after_pending: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            call_bytes: AtomicUsize::new(0),
            records: Mutex::new(Limiter::new()),
            vitals: Mutex::new(Vitals::default()),
            nonce: AtomicU32::new(0),
            answered: AtomicBool::new(true),
            heard_ms: AtomicU64::new(0),
            windows,
            table: Mutex::new(Table::default()),
        }
    }

    /// Sends a job.
    pub(crate) fn dispatch(
        &self,
        job: &Arc<Job>,
        body: JobBody,
        deadline: Option<Instant>,
        lease: Lease,
    ) -> Result<Ticket, Undelivered> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let exchange = {
            let mut table = locked(&self.table);
            if table.closed.is_some() {
                return Err(Undelivered::Closed(body));
            }
            table.last_id += 1;
            let info = JobInfo {
                worker: self.id,
                id: table.last_id,
                job: Arc::clone(job),
            };
            let frame = job.frame(!matches!(body, JobBody::Empty), self.windows.response, left);
            // Encoded under the lock, so that ids rise on the wire too.
            self.outbox.send(&frame, info.id, 0).map_err(Undelivered::TooLarge)?;
            let streamed = matches!(body, JobBody::Stream(_));
            let outbox = Arc::clone(&self.outbox);
            let exchange = Arc::new(Exchange::new(Start {
                info,
                deadline,
                windows: self.windows,
                outbox,
                lease,
                streamed,
            }));
            table.jobs.insert(exchange.info.id, Arc::clone(&exchange));
            exchange
        };
        self.send_body(&exchange, body);
        Ok(Ticket::new(exchange))
    }

    fn send_body(&self, exchange: &Arc<Exchange>, body: JobBody) {
        match body {
            JobBody::Empty => {}
            JobBody::Full(bytes) if bytes.len() <= MAX_CHUNK.min(self.windows.request as usize) => {
                if !bytes.is_empty() {
                    exchange.send_body(bytes);
                }
                // One byte always fits.
                let _ = self.outbox.send_body_end(exchange.info.id, BodyStatus::Complete);
            }
            JobBody::Full(bytes) => {
                let stream = futures_util::stream::iter([Ok(bytes)]);
                tokio::spawn(upload(Arc::clone(exchange), Arc::clone(&self.outbox), Box::pin(stream)));
            }
            JobBody::Stream(stream) => {
                tokio::spawn(upload(Arc::clone(exchange), Arc::clone(&self.outbox), stream));
            }
        }
    }

    /// A live job. A worker that names another one is lying: ids are not used again and a job stays until its last frame.
    pub(crate) fn job(&self, id: u32) -> Option<Arc<Exchange>> {
        locked(&self.table).jobs.get(&id).cloned()
    }

    /// The worker has sent the last frame of a job.
    pub(crate) fn forget(&self, id: u32) {
        let gone = locked(&self.table).jobs.remove(&id);
        if let Some(exchange) = gone {
            self.front.ended(exchange.info.clone());
        }
    }

    /// Ends the connection and fails its jobs. Returns how many there were, or `None` if it had ended before.
    pub(crate) fn close(&self, reason: CloseReason) -> Option<usize> {
        let jobs = {
            let mut table = locked(&self.table);
            if table.closed.is_some() {
                return None;
            }
            table.closed = Some(reason);
            std::mem::take(&mut table.jobs)
        };
        self.outbox.close();
        let mut running = 0;
        for exchange in jobs.values() {
            running += usize::from(exchange.is_running());
            exchange.on_death(|retry| reason.failure(retry));
            self.front.ended(exchange.info.clone());
        }
        self.gone.raise();
        Some(running)
    }

    /// Why the connection has ended, if it has.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        locked(&self.table).closed
    }

    /// A frame has come.
    pub(crate) fn heard(&self) {
        self.heard_ms.store(millis(self.born.elapsed()), Ordering::Relaxed);
    }

    /// How long no frame has come.
    pub(crate) fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.heard_ms.load(Ordering::Relaxed));
        self.born.elapsed().saturating_sub(heard)
    }

    /// Whether it makes sense to give this worker a job.
    pub(crate) fn is_open(&self) -> bool {
        !self.gone.is_raised() && !self.retired.is_raised() && !self.is_busy() && self.outbox.queued() < CROWDED
    }

    /// Whether its event loop is held up.
    pub(crate) fn is_busy(&self) -> bool {
        self.silence() > BUSY_AFTER
    }

    /// Whether it does not read what is sent.
    pub(crate) fn is_overflowing(&self) -> bool {
        self.outbox.queued() > OVERFLOWING
    }

    /// Whether it has had so many jobs that ids run out.
    pub(crate) fn is_worn_out(&self) -> bool {
        locked(&self.table).last_id >= LAST_JOB
    }

    /// How many jobs have not sent their last frame.
    pub(crate) fn open_jobs(&self) -> usize {
        locked(&self.table).jobs.len()
    }

    /// Fails the jobs whose deadline has passed. Says whether one of them should have ended long ago.
    pub(crate) fn check_deadlines(&self, now: Instant) -> bool {
        let jobs: Vec<_> = locked(&self.table).jobs.values().cloned().collect();
        // Every one is looked at, for looking fails those that are due.
        jobs.iter().filter(|exchange| exchange.check_deadline(now)).count() > 0
    }

    /// The longest time that one of the running jobs may take.
    pub(crate) fn longest_job(&self) -> Duration {
        locked(&self.table)
            .jobs
            .values()
            .filter_map(|exchange| exchange.info.job.deadline)
            .max()
            .unwrap_or_default()
    }

    /// Asks each job to stop.
    pub(crate) fn cancel_all(&self) {
        let jobs: Vec<_> = locked(&self.table).jobs.values().cloned().collect();
        for exchange in jobs {
            exchange.fail(JobFailure::WorkerGone { retry: false }, CancelReason::Drain);
        }
    }

    /// Asks the worker to finish what it has and to exit.
    pub(crate) fn drain(&self, grace: Duration) {
        // Four bytes always fit.
        let _ = self.outbox.send(
            &Drain {
                grace_ms: u32::try_from(grace.as_millis()).unwrap_or(u32::MAX),
            },
            0,
            0,
        );
    }

    /// Asks for a sign of life, unless one is awaited.
    pub(crate) fn ping(&self) {
        if self.answered.swap(false, Ordering::AcqRel) {
            let nonce = self.nonce.fetch_add(1, Ordering::AcqRel).wrapping_add(1);
            // Four bytes always fit.
            let _ = self.outbox.send(&Ping { nonce }, 0, 0);
        }
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
