//! The body of a request on its way to the application: as it comes, never faster than somebody reads it; with a limit
//! where there is one; and a second time, if a proxy has read some of it before. A client that stops sending is not waited
//! for without end.

use crate::kept_body::KeptBody;
use crate::options::BodyPatience;
use bytes::Bytes;
use futures_util::Stream;
use http_body::Body as _;
use hyper::body::Incoming;
use ironside_worker::{BodyError, JobBody};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tokio_util::task::TaskTracker;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct RequestBody {
    /// What a proxy has read, to be read again.
    again: KeptBody,
    /// What a phase has read and looked at; it comes before everything else.
    checked: VecDeque<Bytes>,
    /// The memory that this takes.
    room: Option<OwnedSemaphorePermit>,
    rest: Option<Incoming>,
    /// How the client is waited for while somebody wants more.
    patience: Option<BodyPatience>,
    silence: Option<Pin<Box<Sleep>>>,
    pace: Pace,
    /// The client sends, or has been told to.
    is_sending: bool,
    /// Where reading on goes, so that a server that stops waits for it.
    tasks: Option<TaskTracker>,
    /// More was read than could be kept.
    lost: bool,
}

/// What is read of a body that nobody wants, so that the client, which sends before it reads, gets to its answer.
const DISCARDED: usize = 32 * 1024 * 1024;
const DISCARDING: Duration = Duration::from_secs(5);

/// Tells that a body was larger than its limit.
#[derive(Debug, Clone, Default)]
pub struct OverLimit(Arc<Mutex<Option<RequestBody>>>);

impl OverLimit {
    /// What is left of the body, if it was.
    #[must_use]
    pub fn rest(&self) -> Option<RequestBody> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl RequestBody {
    /// A body as it comes.
    #[must_use]
    pub fn new(incoming: Incoming, patience: BodyPatience, is_sending: bool, tasks: TaskTracker) -> Self {
        if incoming.is_end_stream() {
            return Self::default();
        }
        Self {
            rest: Some(incoming),
            patience: Some(patience),
            is_sending,
            tasks: Some(tasks),
            ..Self::default()
        }
    }

    /// Nobody wants the rest. It is read all the same if the client sends it.
    pub fn leave(mut self) {
        if self.is_sending
            && self.rest.is_some()
            && let Some(tasks) = self.tasks.take()
        {
            tasks.spawn(self.discard());
        }
    }

    /// Reads it for nobody, within bounds.
    async fn discard(mut self) {
        let reading = async {
            let mut read = 0;
            while let Some(Ok(bytes)) = std::future::poll_fn(|context| self.poll_next(context)).await {
                read += bytes.len();
                if read > DISCARDED {
                    break;
                }
            }
        };
        // Whoever sends more, or more slowly, loses the connection.
        let _ = tokio::time::timeout(DISCARDING, reading).await;
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty() && self.again.is_empty() && self.rest.is_none()
    }

    /// The number of bytes that are to come, if it is known.
    #[must_use]
    pub(crate) fn exact_length(&self) -> Option<u64> {
        let checked: u64 = self.checked.iter().map(|bytes| bytes.len() as u64).sum();
        let again = self.again.length() + checked;
        match &self.rest {
            None => Some(again),
            Some(rest) => rest.size_hint().exact().and_then(|length| length.checked_add(again)),
        }
    }

    /// Whether a proxy has read more than could be kept, so that the application can't have it.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// For a worker, without a limit.
    #[must_use]
    pub fn into_job(self) -> JobBody {
        if self.is_empty() {
            JobBody::Empty
        } else {
            JobBody::Stream(Box::pin(Whole(Left(self))))
        }
    }

    /// For a worker, up to `limit` bytes.
    #[must_use]
    pub fn into_limited_job(self, limit: u64) -> (JobBody, OverLimit) {
        let over = OverLimit::default();
        if self.is_empty() {
            return (JobBody::Empty, over);
        }
        let body = Limited {
            body: Some(Left(self)),
            left: limit,
            over: over.clone(),
        };
        (JobBody::Stream(Box::pin(body)), over)
    }

    /// For a proxy: what it reads is kept, up to `keep` bytes, and [`Shared::take_back`] gives the whole body again.
    #[must_use]
    pub fn share(self, keep: u64) -> (JobBody, Shared) {
        let empty = self.is_empty();
        let shared = Shared(Arc::new(Mutex::new(Some(Recording {
            body: Left(self),
            read: KeptBody::default(),
            room: keep,
        }))));
        let job = if empty {
            JobBody::Empty
        } else {
            JobBody::Stream(Box::pin(Reader(shared.clone())))
        };
        (job, shared)
    }

    /// The next bytes.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Bytes that were read, to be read again, and what is to be held until they were.
    pub fn give_back(&mut self, pieces: Vec<Bytes>, room: Option<OwnedSemaphorePermit>) {
        self.checked = pieces.into();
        self.room = room;
    }

    /// The next bytes.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Some(bytes) = self.checked.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        match self.again.pop() {
            Ok(None) => {}
            Ok(Some(bytes)) => return Poll::Ready(Some(Ok(bytes))),
            Err(error) => {
                tracing::error!(%error, "a body that the proxy has read can't be read again");
                self.again = KeptBody::default();
                self.rest = None;
                return Poll::Ready(Some(Err(BodyError::Truncated)));
            }
        }
        loop {
            let Some(rest) = &mut self.rest else {
                return Poll::Ready(None);
            };
            self.is_sending = true;
            let Poll::Ready(frame) = Pin::new(rest).poll_frame(context) else {
                if self.is_silent(context) {
                    self.rest = None;
                    return Poll::Ready(Some(Err(BodyError::Truncated)));
                }
                self.pace.waits();
                return Poll::Pending;
            };
            self.silence = None;
            match frame {
                // Trailers are not passed on.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => {
                        if self.pace.is_too_slow(bytes.len(), self.patience) {
                            self.rest = None;
                            return Poll::Ready(Some(Err(BodyError::Truncated)));
                        }
                        return Poll::Ready(Some(Ok(bytes)));
                    }
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

impl RequestBody {
    /// Whether the client has been silent for too long.
    fn is_silent(&mut self, context: &mut Context<'_>) -> bool {
        let Some(patience) = self.patience else { return false };
        self.silence
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience.silence)))
            .as_mut()
            .poll(context)
            .is_ready()
    }
}

/// How fast a client sends while it is waited for. The time in which nobody wants more doesn't count.
#[derive(Debug, Default)]
struct Pace {
    waiting: Option<Instant>,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn waits(&mut self) {
        self.waiting.get_or_insert_with(Instant::now);
    }

    /// Counts what came, and judges.
    fn is_too_slow(&mut self, bytes: usize, patience: Option<BodyPatience>) -> bool {
        self.bytes += bytes as u64;
        let Some(since) = self.waiting.take() else { return false };
        self.waited += since.elapsed();
        patience.is_some_and(|patience| {
            let wanted = u128::from(patience.rate) * self.waited.as_millis() / 1000;
            self.waited > patience.grace && u128::from(self.bytes) < wanted
        })
    }
}

/// A body that somebody may have read, and that is left when it is dropped.
#[derive(Debug)]
pub(crate) struct Left(RequestBody);

impl Left {
    /// A body that will be left.
    pub(crate) fn new(body: RequestBody) -> Self {
        Self(body)
    }

    /// The body.
    pub(crate) fn body(&self) -> &RequestBody {
        &self.0
    }

    /// The body, to be read.
    pub(crate) fn body_mut(&mut self) -> &mut RequestBody {
        &mut self.0
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).leave();
    }
}

struct Whole(Left);

impl Stream for Whole {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.0.poll_next(context)
    }
}

struct Limited {
    /// `None` once it was too large.
    body: Option<Left>,
    left: u64,
    over: OverLimit,
}

impl Stream for Limited {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let next = std::task::ready!(body.0.poll_next(context));
        if let Some(Ok(bytes)) = &next {
            match self.left.checked_sub(bytes.len() as u64) {
                Some(left) => self.left = left,
                None => {
                    *self.over.0.lock().unwrap_or_else(PoisonError::into_inner) =
                        self.body.take().map(|mut body| std::mem::take(&mut body.0));
                    return Poll::Ready(Some(Err(BodyError::OverLimit)));
                }
            }
        }
        Poll::Ready(next)
    }
}

#[derive(Debug)]
struct Recording {
    body: Left,
    read: KeptBody,
    room: u64,
}

/// A body that a proxy may read and the application after it.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<Option<Recording>>>);

impl Shared {
    /// Ends the proxy's reading, and gives the whole body.
    #[must_use]
    pub fn take_back(&self) -> RequestBody {
        let recording = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Recording { mut body, mut read, .. }) = recording else {
            return RequestBody::default();
        };
        let mut body = std::mem::take(&mut body.0);
        // What had been read before the proxy, and not by it.
        while let Ok(Some(bytes)) = body.again.pop() {
            body.lost |= read.push(bytes).is_err();
        }
        RequestBody { again: read, ..body }
    }
}

struct Reader(Shared);

impl Stream for Reader {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut guard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(recording) = &mut *guard else {
            return Poll::Ready(None);
        };
        if recording.body.0.lost {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(recording.body.0.poll_next(context));
        if let Some(Ok(bytes)) = &next {
            let Some(room) = recording.room.checked_sub(bytes.len() as u64) else {
                recording.body.0.lost = true;
                return Poll::Ready(Some(Err(BodyError::OverLimit)));
            };
            recording.room = room;
            if let Err(error) = recording.read.push(bytes.clone()) {
                tracing::error!(%error, "a body that the proxy reads can't be kept");
                recording.body.0.lost = true;
                return Poll::Ready(Some(Err(BodyError::OverLimit)));
            }
        }
        Poll::Ready(next)
    }
}
