//! What the server needs of the workers: it gives a job and gets an answer piece by piece. Behind it stands a
//! [`Pool`] of Node processes; tests put code of their own there, and so can a program that embeds the server.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ironside_worker::{Head, Job, JobBody, JobFailure, Outcome, Piece, Pool, PoolStats, ResponseBody};
use std::sync::Arc;
use std::task::{Context, Poll};

/// See the module's documentation.
pub trait Workers: Send + Sync + 'static {
    /// Runs a job. Dropping the future, or the pieces before their end, cancels it.
    fn run(&self, job: Job, body: JobBody) -> BoxFuture<'static, Result<Done, JobFailure>>;

    /// The workers in numbers, if there are numbers of them.
    fn stats(&self) -> Option<PoolStats> {
        None
    }

    /// Whether a job would be taken now.
    fn is_ready(&self) -> bool {
        true
    }
}

/// What became of a job.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it is made once for each job and taken apart at once")]
pub enum Done {
    /// There is a head, and a body follows.
    Response {
        /// Status and headers.
        head: Head,
        /// The rest.
        body: Pieces,
    },
    /// It ended without a head.
    Finished(Outcome),
}

/// The rest of an answer.
pub trait PieceSource: Send + Sync {
    /// The next piece; `None` at the end.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>>;

    /// All of the body, if it is here already and the job has ended.
    fn take_complete(&mut self) -> Option<Bytes>;

    /// How the job ended, once the end was reached.
    fn outcome(&self) -> Option<Outcome>;
}

/// A [`PieceSource`] of any kind.
pub struct Pieces(Box<dyn PieceSource>);

impl Pieces {
    /// Wraps a source.
    #[must_use]
    pub fn new(source: impl PieceSource + 'static) -> Self {
        Self(Box::new(source))
    }

    /// See [`PieceSource::poll_next`].
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        self.0.poll_next(context)
    }

    /// The next piece.
    pub async fn next(&mut self) -> Option<Result<Piece, JobFailure>> {
        std::future::poll_fn(|context| self.0.poll_next(context)).await
    }

    /// See [`PieceSource::take_complete`].
    pub fn take_complete(&mut self) -> Option<Bytes> {
        self.0.take_complete()
    }

    /// See [`PieceSource::outcome`].
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.0.outcome()
    }
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pieces")
    }
}

impl PieceSource for ResponseBody {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        Self::poll_next(self, context)
    }

    fn take_complete(&mut self) -> Option<Bytes> {
        Self::take_complete(self)
    }

    fn outcome(&self) -> Option<Outcome> {
        Self::outcome(self)
    }
}

impl Workers for Arc<Pool> {
    fn run(&self, job: Job, body: JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> {
        // Shared before it goes into the future: a job is large, and each layer of futures would carry a place for it.
        let (pool, job) = (self.clone(), Arc::new(job));
        Box::pin(async move {
            Ok(match pool.run_shared(job, body).await? {
                ironside_worker::Answer::Response(response) => Done::Response {
                    head: response.head,
                    body: Pieces::new(response.body),
                },
                ironside_worker::Answer::Finished(outcome) => Done::Finished(outcome),
            })
        })
    }

    fn stats(&self) -> Option<PoolStats> {
        Some(Pool::stats(self))
    }

    fn is_ready(&self) -> bool {
        Pool::ready(self)
    }
}
