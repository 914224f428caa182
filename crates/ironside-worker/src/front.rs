//! What the pool needs of the server that it works for.

use crate::call::{Call, Reply};
use crate::job::{JobInfo, WorkerId};
use crate::outcome::AfterDone;
use crate::wire::{LogLevel, MetricKind};
use futures_util::future::BoxFuture;

/// A log line that the runtime or the application wrote.
#[derive(Debug, Clone)]
pub struct LogRecord {
    /// The job it belongs to, if any.
    pub job: Option<JobInfo>,
    /// How important it is.
    pub level: LogLevel,
    /// Which part wrote it.
    pub target: String,
    /// The line.
    pub message: String,
    /// Named values.
    pub fields: Vec<(String, String)>,
}

/// A span of time in a worker.
#[derive(Debug, Clone)]
pub struct SpanRecord {
    /// The job it belongs to, if any.
    pub job: Option<JobInfo>,
    /// What it was.
    pub name: String,
    /// This span, 16 hex digits.
    pub id: String,
    /// The span around it, or `""`.
    pub parent: String,
    /// Microseconds since the Unix epoch.
    pub start_us: u64,
    /// Microseconds since the Unix epoch.
    pub end_us: u64,
    /// Named values.
    pub attributes: Vec<(String, String)>,
}

/// One value of a metric.
#[derive(Debug, Clone)]
pub struct MetricRecord {
    /// Its name.
    pub name: String,
    /// How values are put together.
    pub kind: MetricKind,
    /// The value.
    pub value: f64,
    /// Labels.
    pub labels: Vec<(String, String)>,
}

/// The server, as a worker sees it.
///
/// All methods but [`Front::call`]'s future run on the connection's reading task: they must return at once.
pub trait Front: Send + Sync + 'static {
    /// Answers a question of a worker. The future runs on a task of its own; how many run at once is limited per job and per
    /// worker. A permit in the answer belongs to the job until [`Front::ended`].
    fn call(&self, job: JobInfo, call: Call) -> BoxFuture<'static, Reply>;

    /// Takes a log line.
    fn log(&self, worker: WorkerId, record: LogRecord);

    /// Takes a span. Does nothing by default.
    fn span(&self, worker: WorkerId, span: SpanRecord) {
        let _ = (worker, span);
    }

    /// Takes a value of a metric. Does nothing by default.
    fn metric(&self, worker: WorkerId, metric: MetricRecord) {
        let _ = (worker, metric);
    }

    /// The `after()` callbacks of a job have ended. Does nothing by default.
    fn after_done(&self, job: JobInfo, done: AfterDone) {
        let _ = (job, done);
    }

    /// The worker has nothing more to do with this job, however it ended: drop what belongs to it (permits). Called exactly
    /// once for each job that was sent to a worker. Does nothing by default.
    fn ended(&self, job: JobInfo) {
        let _ = job;
    }
}
