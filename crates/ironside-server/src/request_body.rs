//! The body of a request on its way to the application: as it comes, never faster than somebody reads it; with a limit
//! where there is one; and a second time, if a proxy has read some of it before.

use bytes::Bytes;
use futures_util::Stream;
use http_body::Body as _;
use hyper::body::Incoming;
use ironside_worker::{BodyError, JobBody};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct RequestBody {
    /// What a proxy has read, to be read again.
    again: VecDeque<Bytes>,
    rest: Option<Incoming>,
    /// More was read than could be kept.
    lost: bool,
}

/// Tells that a body was larger than its limit.
#[derive(Debug, Clone, Default)]
pub struct OverLimit(Arc<AtomicBool>);

impl OverLimit {
    /// Whether it was.
    #[must_use]
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl RequestBody {
    /// A body as it comes.
    #[must_use]
    pub fn new(incoming: Incoming) -> Self {
        Self { again: VecDeque::new(), rest: (!incoming.is_end_stream()).then_some(incoming), lost: false }
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.again.is_empty() && self.rest.is_none()
    }

    /// Whether a proxy has read more than could be kept, so that the application can't have it.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// For a worker, without a limit.
    #[must_use]
    pub fn into_job(self) -> JobBody {
        if self.is_empty() { JobBody::Empty } else { JobBody::Stream(Box::pin(Whole(self))) }
    }

    /// For a worker, up to `limit` bytes.
    #[must_use]
    pub fn into_limited_job(self, limit: u64) -> (JobBody, OverLimit) {
        let over = OverLimit::default();
        if self.is_empty() {
            return (JobBody::Empty, over);
        }
        let body = Limited { body: self, left: limit, over: over.clone() };
        (JobBody::Stream(Box::pin(body)), over)
    }

    /// For a proxy: what it reads is kept, up to `keep` bytes, and [`Shared::take_back`] gives the whole body again.
    #[must_use]
    pub fn share(self, keep: usize) -> (JobBody, Shared) {
        let empty = self.is_empty();
        let shared = Shared(Arc::new(Mutex::new(Some(Recording { body: self, read: VecDeque::new(), room: keep }))));
        let job = if empty { JobBody::Empty } else { JobBody::Stream(Box::pin(Reader(shared.clone()))) };
        (job, shared)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Some(bytes) = self.again.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        loop {
            let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
            match std::task::ready!(Pin::new(rest).poll_frame(context)) {
                // Trailers are not passed on.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
                    _ => {}
                },
                Some(Err(_)) => {
                    self.rest = None;
                    return Poll::Ready(Some(Err(BodyError::Truncated)));
                }
                None => self.rest = None,
            }
        }
    }
}

struct Whole(RequestBody);

impl Stream for Whole {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(context)
    }
}

struct Limited {
    body: RequestBody,
    left: u64,
    over: OverLimit,
}

impl Stream for Limited {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over.happened() {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(self.body.poll_next(context));
        if let Some(Ok(bytes)) = &next {
            match self.left.checked_sub(bytes.len() as u64) {
                Some(left) => self.left = left,
                None => {
                    self.over.0.store(true, Ordering::Release);
                    return Poll::Ready(Some(Err(BodyError::OverLimit)));
                }
            }
        }
        Poll::Ready(next)
    }
}

#[derive(Debug)]
struct Recording {
    body: RequestBody,
    read: VecDeque<Bytes>,
    room: usize,
}

/// A body that a proxy may read and the application after it.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<Option<Recording>>>);

impl Shared {
    /// Ends the proxy's reading, and gives the whole body.
    #[must_use]
    pub fn take_back(&self) -> RequestBody {
        let recording = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Recording { body, mut read, .. }) = recording else { return RequestBody::default() };
        read.extend(body.again);
        RequestBody { again: read, rest: body.rest, lost: body.lost }
    }
}

struct Reader(Shared);

impl Stream for Reader {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut guard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(recording) = &mut *guard else { return Poll::Ready(None) };
        if recording.body.lost {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(recording.body.poll_next(context));
        if let Some(Ok(bytes)) = &next {
            let Some(room) = recording.room.checked_sub(bytes.len()) else {
                recording.body.lost = true;
                return Poll::Ready(Some(Err(BodyError::OverLimit)));
            };
            recording.room = room;
            recording.read.push_back(bytes.clone());
        }
        Poll::Ready(next)
    }
}
