//! One Node process for the build tools: it reads `next.config`, runs PostCSS and the like. It speaks the same protocol as a
//! worker; each operation is a `control` job whose body and answer are JSON.

use crate::call::{Call, Reply};
use crate::failure::JobFailure;
use crate::front::{Front, LogRecord};
use crate::job::{Job, JobBody, JobInfo, WorkerId};
use crate::options::{NodeOptions, PoolOptions, StartError, WorkerConfig};
use crate::outcome::ErrorInfo;
use crate::pool::Pool;
use crate::response::{Answer, Piece};
use crate::wire::{JobKind, LogLevel};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The largest answer.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// How long an operation waits while the process starts again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why an operation of a helper failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HelperError {
    /// The operation threw. That is an error of the application's configuration or plugins.
    #[error("{}", .0.message)]
    Thrown(Box<ErrorInfo>),
    /// The process failed.
    #[error("the operation `{operation}` failed: {failure}")]
    Failed {
        /// Which one.
        operation: String,
        /// How.
        #[source]
        failure: JobFailure,
    },
    /// The answer is no JSON, too large, or missing.
    #[error("the operation `{operation}` gave no usable answer: {problem}")]
    Answer {
        /// Which one.
        operation: String,
        /// What is wrong.
        problem: String,
    },
}

/// See the module's documentation. Cheap to clone; the process is killed when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Helper {
    pool: Pool,
}

impl Helper {
    /// Starts the process and waits until it is ready.
    pub async fn start(process: NodeOptions) -> Result<Self, StartError> {
        let mut options = PoolOptions::new(process, WorkerConfig::default());
        options.longest_wait = LONGEST_WAIT;
        options.waiting_per_worker = usize::MAX;
        // Plugins may compute for long without giving way.
        options.stuck_after = Duration::from_secs(120);
        Ok(Self {
            pool: Pool::start(options, Arc::new(NoFront)).await?,
        })
    }

    /// Runs an operation.
    pub async fn call(&self, operation: &str, input: &Value) -> Result<Value, HelperError> {
        let mut job = Job::new(JobKind::Control);
        job.method = Method::POST;
        job.target = operation.to_owned();
        let answered = |problem: String| HelperError::Answer {
            operation: operation.to_owned(),
            problem,
        };
        let failed = |failure| match failure {
            JobFailure::Thrown(error) => HelperError::Thrown(error),
            failure => HelperError::Failed {
                operation: operation.to_owned(),
                failure,
            },
        };
        let input = serde_json::to_vec(input).map_err(|error| answered(error.to_string()))?;
        let body = JobBody::Full(Bytes::from(input));
        let mut body = match self.pool.run(job, body).await.map_err(failed)? {
            Answer::Response(response) => response.body,
            Answer::Finished(_) => return Err(answered("it is empty".to_owned())),
        };
        let mut text = Vec::new();
        while let Some(piece) = body.next().await {
            if let Piece::Body(bytes) = piece.map_err(failed)? {
                text.extend_from_slice(&bytes);
            }
            if text.len() > MAX_ANSWER {
                return Err(answered(format!("it has more than {MAX_ANSWER} bytes")));
            }
        }
        serde_json::from_slice(&text).map_err(|error| answered(error.to_string()))
    }
}

/// A helper has nothing to ask.
struct NoFront;

impl Front for NoFront {
    fn call(&self, _: JobInfo, call: Call) -> BoxFuture<'static, Reply> {
        std::future::ready(Reply::Refused {
            reason: format!("a helper may not call {}", call.word()),
        })
        .boxed()
    }

    fn log(&self, worker: WorkerId, record: LogRecord) {
        let LogRecord { message, target, .. } = record;
        match record.level {
            LogLevel::Trace | LogLevel::Debug => tracing::debug!(%worker, part = target, "{message}"),
            LogLevel::Info => tracing::info!(%worker, part = target, "{message}"),
            LogLevel::Warn => tracing::warn!(%worker, part = target, "{message}"),
            LogLevel::Error => tracing::error!(%worker, part = target, "{message}"),
        }
    }
}
