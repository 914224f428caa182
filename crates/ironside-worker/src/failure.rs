//! Why a job has no (complete) answer. The word of each reason is the same in logs, metrics and headers.

use crate::head::BadResponse;
use crate::outcome::ErrorInfo;
use crate::wire::codec::EncodeError;
use std::time::Duration;
use thiserror::Error;

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Who sent the request.
    Client,
    /// The application's code.
    Application,
    /// The worker process.
    Worker,
    /// This server: too busy, or not ready.
    Server,
}

impl Blame {
    /// The word for logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Application => "application",
            Self::Worker => "worker",
            Self::Server => "server",
        }
    }
}

/// Why a job has no (complete) answer.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum JobFailure {
    /// No worker is ready, and none will be soon.
    #[error("no worker is ready")]
    NotReady,
    /// Too many jobs wait.
    #[error("too many jobs wait for a worker")]
    QueueFull {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
    /// The job waited too long for a free worker.
    #[error("no worker became free in time")]
    QueueTimeout {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
    /// The job took longer than its deadline.
    #[error("the job's deadline has passed")]
    Deadline,
    /// The worker process has died.
    #[error("the worker has died")]
    WorkerGone {
        /// Whether another worker may be asked: the method is safe, and nothing of the body was consumed.
        retry: bool,
    },
    /// The worker did not react any more and was killed.
    #[error("the worker was stuck and has been killed")]
    WorkerStuck,
    /// The worker broke the protocol and was killed.
    #[error("the worker broke the protocol and has been killed")]
    WorkerFault,
    /// The code answered with something that HTTP does not allow.
    #[error("the answer is not valid HTTP: {0}")]
    BadResponse(#[from] BadResponse),
    /// The code threw.
    #[error("the application threw: {}", .0.message)]
    Thrown(Box<ErrorInfo>),
    /// The job was cancelled: the client has gone, or the server drains.
    #[error("the job was cancelled")]
    Aborted,
    /// The request does not fit into a frame.
    #[error("the request is too large for a worker: {0}")]
    TooLarge(#[from] EncodeError),
}

impl JobFailure {
    /// The reason's word.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueTimeout { .. } => "queue_timeout",
            Self::Deadline => "deadline",
            Self::WorkerGone { .. } => "worker_gone",
            Self::WorkerStuck => "worker_stuck",
            Self::WorkerFault => "worker_fault",
            Self::BadResponse(_) => "bad_response",
            Self::Thrown(_) => "thrown",
            Self::Aborted => "aborted",
            Self::TooLarge(_) => "too_large",
        }
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        match self {
            Self::NotReady | Self::QueueFull { .. } | Self::QueueTimeout { .. } => Blame::Server,
            Self::Deadline | Self::BadResponse(_) | Self::Thrown(_) => Blame::Application,
            Self::WorkerGone { .. } | Self::WorkerStuck | Self::WorkerFault => Blame::Worker,
            Self::Aborted | Self::TooLarge(_) => Blame::Client,
        }
    }

    /// Whether the same job may be tried on another worker. The pool has done so once already where it could.
    pub const fn may_retry(&self) -> bool {
        matches!(self, Self::WorkerGone { retry: true })
    }

    /// For `Retry-After`.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after } | Self::QueueTimeout { retry_after } => Some(*retry_after),
            Self::NotReady => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
