//! The answer to a job, piece by piece.

use crate::failure::JobFailure;
use crate::head::Head;
use crate::outcome::Outcome;
use crate::ticket::Ticket;
use bytes::Bytes;
use std::task::{Context, Poll};

/// What [`Pool::run`](crate::Pool::run) gives.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is made once a job and taken apart at once")]
pub enum Answer {
    /// There is a head, and a body follows.
    Response(Response),
    /// The job ended without a head: a proxy's decision, for instance. Never with [`JobResult::Thrown`](crate::wire::JobResult).
    Finished(Outcome),
}

/// A head with the body that follows it.
#[derive(Debug)]
pub struct Response {
    /// Status and headers.
    pub head: Head,
    /// The rest.
    pub body: ResponseBody,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes for the client, to be flushed.
    Body(Bytes),
    /// A part of the Flight payload beside an HTML body: to be stored, not sent.
    Payload(Bytes),
}

impl Piece {
    /// How many bytes it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Body(bytes) | Self::Payload(bytes) => bytes.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The body of an answer. Taking a piece lets the worker send more; dropping the body before its end cancels the job.
#[derive(Debug)]
pub struct ResponseBody {
    ticket: Ticket,
}

impl ResponseBody {
    pub(crate) fn new(ticket: Ticket) -> Self {
        Self { ticket }
    }

    /// The next piece; `None` at the end, when [`ResponseBody::outcome`] is known. After an error only `None` follows.
    pub async fn next(&mut self) -> Option<Result<Piece, JobFailure>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// [`ResponseBody::next`] for `http_body` implementations.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        self.ticket.poll_piece(context)
    }

    /// All of the body, if the job has ended, all pieces are here and there is no payload among them: the whole answer is known
    /// and can be sent with its length. The pieces are taken.
    pub fn take_complete(&mut self) -> Option<Bytes> {
        self.ticket.take_complete()
    }

    /// How the job ended, once [`ResponseBody::next`] gave `None` (or [`ResponseBody::take_complete`] the body).
    pub fn outcome(&self) -> Option<Outcome> {
        self.ticket.outcome()
    }
}
