//! One job on its way: the state that the connection's reader, the consumer of the answer and the upload of the body share.
//!
//! ```text
//! worker:    Head ──HEAD──> Chunks ──OUTCOME──> After ──AFTER_DONE──> Done
//!              └───────────────OUTCOME──────────┴─(no after-work)──────^
//! consumer:  waits for `head`, takes `pieces`, learns `end`
//! ```
//!
//! The two are independent: a job that was cancelled or has failed for its consumer stays live for the worker until OUTCOME, so
//! late frames have something to land on and an unknown job id is always a fault.

use crate::end::{End, judge};
use crate::failure::JobFailure;
use crate::fault::FaultKind;
use crate::head::{BadResponse, Head};
use crate::job::JobInfo;
use crate::lock::locked;
use crate::options::Windows;
use crate::outbox::Outbox;
use crate::response::Piece;
use crate::roster::Lease;
use crate::wire::{self, Cancel, CancelReason, Channel};
use bytes::Bytes;
use http::Method;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a worker may take to end a job after its deadline.
const DEADLINE_GRACE: Duration = Duration::from_secs(5);

/// Where the worker is with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing has come.
    Head,
    /// HEAD has come.
    Chunks,
    /// OUTCOME has come; `after()` callbacks run.
    After,
    /// The worker has nothing more to do.
    Done,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) info: JobInfo,
    /// Calls that have no answer yet.
    pub(crate) calls: AtomicU32,
    pub(crate) deadline: Option<Instant>,
    /// Bytes of the answer that may be on their way.
    pub(crate) window: u32,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) state: Mutex<State>,
    /// Wakes the upload: more credit, or the job is over.
    pub(crate) upload: Notify,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) head: Option<Head>,
    pub(crate) pieces: VecDeque<Piece>,
    pub(crate) end: Option<End>,
    pub(crate) waker: Option<Waker>,
    /// Response bytes that the worker may still send.
    pub(crate) granted: i64,
    /// Bytes that the consumer took and that were not granted again.
    pub(crate) taken: u32,
    /// Bytes of the body that came, and how many there should be.
    pub(crate) received: u64,
    pub(crate) declared: Option<u64>,
    /// Bytes of the request's body that may still be sent.
    pub(crate) request_credit: i64,
    /// Whether some of a streamed body was sent: the job cannot be repeated then.
    pub(crate) body_consumed: bool,
    pub(crate) cancelled: bool,
    pub(crate) lease: Option<Lease>,
}

/// What a job needs to start.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) info: JobInfo,
    pub(crate) deadline: Option<Instant>,
    pub(crate) windows: Windows,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) lease: Lease,
    /// Whether the body is a stream, which cannot be sent again.
    pub(crate) streamed: bool,
}

impl Exchange {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            info: start.info,
            calls: AtomicU32::new(0),
            deadline: start.deadline,
            window: start.windows.response,
            outbox: start.outbox,
            state: Mutex::new(State {
                phase: Phase::Head,
                head: None,
                pieces: VecDeque::new(),
                end: None,
                waker: None,
                granted: i64::from(start.windows.response),
                taken: 0,
                received: 0,
                declared: None,
                request_credit: i64::from(start.windows.request),
                body_consumed: start.streamed,
                cancelled: false,
                lease: Some(start.lease),
            }),
            upload: Notify::new(),
        }
    }

    /// HEAD has come. Its body, if it has one, is `body`.
    pub(crate) fn on_head(&self, frame: &wire::Head<'_>, body: Bytes) -> Result<(), FaultKind> {
        let mut state = locked(&self.state);
        if state.phase != Phase::Head {
            return Err(FaultKind::State("HEAD came after HEAD or OUTCOME"));
        }
        state.phase = Phase::Chunks;
        state.spend(body.len())?;
        if state.end.is_some() {
            return Ok(());
        }
        match Head::check(frame.status, frame.reason, &frame.headers).and_then(|head| Ok((head.content_length()?, head))) {
            Ok((declared, head)) => {
                let bodiless = self.info.job.method == Method::HEAD || matches!(head.status.as_u16(), 204 | 304);
                state.declared = if bodiless { None } else { declared };
                state.head = Some(head);
                self.receive(&mut state, Piece::Body(body));
                state.wake();
            }
            Err(bad) => self.refuse(&mut state, bad),
        }
        Ok(())
    }

    /// CHUNK has come.
    pub(crate) fn on_chunk(&self, channel: Channel, bytes: Bytes) -> Result<(), FaultKind> {
        let mut state = locked(&self.state);
        if state.phase != Phase::Chunks {
            return Err(FaultKind::State("CHUNK came before HEAD or after OUTCOME"));
        }
        state.spend(bytes.len())?;
        if state.end.is_none() {
            let piece = match channel {
                Channel::Body => Piece::Body(bytes),
                Channel::Payload => Piece::Payload(bytes),
            };
            self.receive(&mut state, piece);
            state.wake();
        }
        Ok(())
    }

    fn receive(&self, state: &mut State, piece: Piece) {
        if piece.is_empty() {
            return;
        }
        if let Piece::Body(bytes) = &piece {
            state.received += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if let Some(declared) = state.declared.filter(|declared| state.received > *declared) {
                return self.refuse(
                    state,
                    BadResponse::Length {
                        declared,
                        sent: state.received,
                    },
                );
            }
        }
        state.pieces.push_back(piece);
    }

    /// The answer cannot be sent to a client.
    fn refuse(&self, state: &mut State, bad: BadResponse) {
        state.end = Some(End::Failure(JobFailure::BadResponse(bad)));
        state.wake();
        self.cancel_locked(state, CancelReason::BadResponse);
    }

    /// OUTCOME has come. Says whether `after()` callbacks run on.
    pub(crate) fn on_outcome(&self, outcome: wire::Outcome<'_>) -> Result<bool, FaultKind> {
        let mut state = locked(&self.state);
        let head_sent = match state.phase {
            Phase::Head => false,
            Phase::Chunks => true,
            Phase::After | Phase::Done => return Err(FaultKind::State("OUTCOME came twice")),
        };
        let after = outcome.after;
        state.phase = if after { Phase::After } else { Phase::Done };
        if state.end.is_none() {
            state.end = Some(judge(
                outcome,
                state.declared.filter(|declared| head_sent && *declared > state.received),
                state.received,
            ));
            state.wake();
        }
        let lease = state.lease.take();
        drop(state);
        self.upload.notify_one();
        // Giving the place back takes the roster's lock, so not while holding ours.
        drop(lease);
        Ok(after)
    }

    /// AFTER_DONE has come.
    pub(crate) fn on_after_done(&self) -> Result<(), FaultKind> {
        let mut state = locked(&self.state);
        if state.phase != Phase::After {
            return Err(FaultKind::State("AFTER_DONE came without after-work"));
        }
        state.phase = Phase::Done;
        Ok(())
    }

    /// The code took bytes of the request's body.
    pub(crate) fn on_request_credit(&self, bytes: u32) -> Result<(), FaultKind> {
        let mut state = locked(&self.state);
        state.request_credit += i64::from(bytes);
        if state.request_credit > i64::from(i32::MAX) {
            return Err(FaultKind::State("more than 2^31 bytes of credit were given"));
        }
        drop(state);
        self.upload.notify_one();
        Ok(())
    }

    /// The worker is no more. `failure` says why, given whether the job may be repeated.
    pub(crate) fn on_death(&self, failure: impl FnOnce(bool) -> JobFailure) {
        let mut state = locked(&self.state);
        let retry = state.phase == Phase::Head && !state.body_consumed && self.info.job.is_safe();
        state.phase = Phase::Done;
        if state.end.is_none() {
            state.end = Some(End::Failure(failure(retry)));
            state.wake();
        }
        let lease = state.lease.take();
        drop(state);
        self.upload.notify_one();
        drop(lease);
    }

    /// Ends the job for its consumer and asks the worker to stop.
    pub(crate) fn fail(&self, failure: JobFailure, reason: CancelReason) {
        let mut state = locked(&self.state);
        if state.end.is_none() {
            state.end = Some(End::Failure(failure));
            state.wake();
        }
        self.cancel_locked(&mut state, reason);
    }

    /// The consumer has gone.
    pub(crate) fn abandon(&self) {
        let mut state = locked(&self.state);
        state.pieces.clear();
        state.waker = None;
        state.end.get_or_insert(End::Reported);
        self.cancel_locked(&mut state, CancelReason::ClientGone);
    }

    fn cancel_locked(&self, state: &mut State, reason: CancelReason) {
        if state.cancelled || matches!(state.phase, Phase::After | Phase::Done) {
            return;
        }
        state.cancelled = true;
        self.outbox.forget_bodies(self.info.id);
        // One byte always fits.
        let _ = self.outbox.send(&Cancel { reason }, self.info.id, 0);
        self.upload.notify_one();
    }

    /// Fails the job if its deadline has passed. Says whether the worker has had its grace to end it, too.
    pub(crate) fn check_deadline(&self, now: Instant) -> bool {
        let Some(deadline) = self.deadline.filter(|deadline| *deadline <= now) else {
            return false;
        };
        self.fail(JobFailure::Deadline, CancelReason::Deadline);
        deadline + DEADLINE_GRACE <= now && matches!(locked(&self.state).phase, Phase::Head | Phase::Chunks)
    }

    /// Whether the worker is still at the job itself (and not only at its after-work).
    pub(crate) fn is_running(&self) -> bool {
        matches!(locked(&self.state).phase, Phase::Head | Phase::Chunks)
    }

    /// How many bytes of the request's body may be sent now, or `None` when nobody wants it any more.
    pub(crate) fn request_credit(&self) -> Option<usize> {
        let state = locked(&self.state);
        let over = state.cancelled || matches!(state.phase, Phase::After | Phase::Done);
        if over {
            None
        } else {
            Some(usize::try_from(state.request_credit).unwrap_or(0))
        }
    }

    /// Queues a part of the request's body that the credit covers.
    pub(crate) fn send_body(&self, bytes: Bytes) {
        let mut state = locked(&self.state);
        if !state.cancelled {
            state.request_credit -= i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            self.outbox.send_body(self.info.id, bytes);
        }
    }

    /// One call more, if the job may have it.
    pub(crate) fn begin_call(&self, limit: u32) -> bool {
        let before = self.calls.fetch_add(1, Ordering::AcqRel);
        if before >= limit {
            self.calls.fetch_sub(1, Ordering::AcqRel);
        }
        before < limit
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Response bytes have come.
    fn spend(&mut self, bytes: usize) -> Result<(), FaultKind> {
        let left = self.granted - i64::try_from(bytes).unwrap_or(i64::MAX);
        if left < 0 {
            return Err(FaultKind::Credit {
                sent: bytes,
                granted: self.granted,
            });
        }
        self.granted = left;
        Ok(())
    }

    pub(crate) fn listen(&mut self, context: &Context<'_>) {
        match &self.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => self.waker = Some(context.waker().clone()),
        }
    }
}
