//! The consumer's hold of a job: its head, its pieces, its end.

use crate::end::End;
use crate::exchange::{Exchange, Phase, State};
use crate::failure::JobFailure;
use crate::head::Head;
use crate::lock::locked;
use crate::outcome::Outcome;
use crate::response::Piece;
use crate::wire::{CancelReason, Credit};
use bytes::Bytes;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What comes first of an answer.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every job ends with an outcome; a box for each would cost more than the room"
)]
pub(crate) enum First {
    Head(Head),
    Outcome(Outcome),
}

/// The consumer's hold of a job. Dropping it before the end cancels the job.
#[derive(Debug)]
pub(crate) struct Ticket {
    exchange: Arc<Exchange>,
}

impl Ticket {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange }
    }

    /// Waits for the head, or for the end of a job without one; at most until the deadline.
    pub(crate) async fn first(&self) -> Result<First, JobFailure> {
        let waiting = std::future::poll_fn(|context| self.poll_first(context));
        let Some(deadline) = self.exchange.deadline else {
            return waiting.await;
        };
        match tokio::time::timeout_at(deadline, waiting).await {
            Ok(first) => first,
            Err(_) => {
                self.exchange.fail(JobFailure::Deadline, CancelReason::Deadline);
                // The head may have come in this very moment; then it counts.
                std::future::poll_fn(|context| self.poll_first(context)).await
            }
        }
    }

    fn poll_first(&self, context: &Context<'_>) -> Poll<Result<First, JobFailure>> {
        let mut state = locked(&self.exchange.state);
        if let Some(head) = state.head.take() {
            return Poll::Ready(Ok(First::Head(head)));
        }
        match &state.end {
            Some(End::Outcome(outcome)) => Poll::Ready(Ok(First::Outcome(outcome.clone()))),
            Some(End::Failure(failure)) => {
                let failure = failure.clone();
                state.end = Some(End::Reported);
                Poll::Ready(Err(failure))
            }
            Some(End::Reported) => Poll::Ready(Err(JobFailure::Aborted)),
            None => {
                state.listen(context);
                Poll::Pending
            }
        }
    }

    /// The next piece. Taking one gives credit back.
    pub(crate) fn poll_piece(&self, context: &Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        let mut state = locked(&self.exchange.state);
        if let Some(piece) = state.pieces.pop_front() {
            self.took(&mut state, piece.len());
            return Poll::Ready(Some(Ok(piece)));
        }
        match &state.end {
            Some(End::Outcome(_) | End::Reported) => Poll::Ready(None),
            Some(End::Failure(failure)) => {
                let failure = failure.clone();
                state.end = Some(End::Reported);
                Poll::Ready(Some(Err(failure)))
            }
            None => {
                state.listen(context);
                Poll::Pending
            }
        }
    }

    fn took(&self, state: &mut State, bytes: usize) {
        if state.cancelled || state.phase != Phase::Chunks {
            return;
        }
        state.taken = state.taken.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if state.taken >= self.exchange.window / 2 {
            state.granted += i64::from(state.taken);
            let credit = Credit {
                bytes: std::mem::take(&mut state.taken),
            };
            // Four bytes always fit.
            let _ = self.exchange.outbox.send(&credit, self.exchange.info.id, 0);
        }
    }

    pub(crate) fn take_complete(&self) -> Option<Bytes> {
        let mut state = locked(&self.exchange.state);
        let whole =
            matches!(state.end, Some(End::Outcome(_))) && state.pieces.iter().all(|piece| matches!(piece, Piece::Body(_)));
        if !whole {
            return None;
        }
        let mut pieces = std::mem::take(&mut state.pieces).into_iter().map(|piece| match piece {
            Piece::Body(bytes) | Piece::Payload(bytes) => bytes,
        });
        let first = pieces.next().unwrap_or_default();
        if pieces.len() == 0 {
            return Some(first);
        }
        Some(
            pieces
                .fold(first.to_vec(), |mut all, bytes| {
                    all.extend_from_slice(&bytes);
                    all
                })
                .into(),
        )
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match &locked(&self.exchange.state).end {
            Some(End::Outcome(outcome)) => Some(outcome.clone()),
            _ => None,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.exchange.abandon();
    }
}
