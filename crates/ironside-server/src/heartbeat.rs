//! Signs of life in event streams. A proxy or a phone's network gives a connection up on which nothing moves; an event
//! stream that has nothing to tell says so with a comment, which clients pass over (HTML standard, 9.2.6). It comes only where
//! a line begins, so that it can't stand inside of what the application sends.

use crate::body::{Body, BodyFailure};
use bytes::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// A line that says nothing. No empty line follows: that would end an event that isn't whole yet.
const COMMENT: Bytes = Bytes::from_static(b":\n");

/// See the module's documentation.
#[derive(Debug)]
pub struct Heartbeat {
    inner: Body,
    every: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    /// The last byte was the end of a line, or there was none.
    line_begins: bool,
}

impl Heartbeat {
    /// A comment after each silence of this length.
    #[must_use]
    pub fn new(inner: Body, every: Duration) -> Self {
        Self {
            inner,
            every,
            silence: None,
            line_begins: true,
        }
    }

    /// As many as the stream itself has, if nothing can come between.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.inner.length()
    }

    /// The next bytes, or a comment.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        if let Poll::Ready(next) = self.inner.poll_bytes(context) {
            if let Some(Ok(bytes)) = &next {
                // A carriage return may be the half of a line's end.
                self.line_begins = bytes.last() == Some(&b'\n');
                self.listen();
            }
            return Poll::Ready(next);
        }
        let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.every)));
        if silence.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.listen();
        if self.line_begins {
            return Poll::Ready(Some(Ok(COMMENT)));
        }
        // In the middle of a line nothing can be said; the clock is asked again so that it wakes us.
        match &mut self.silence {
            Some(silence) => silence.as_mut().poll(context).map(|()| Some(Ok(COMMENT))),
            None => Poll::Pending,
        }
    }

    /// The silence begins anew.
    fn listen(&mut self) {
        if let Some(silence) = &mut self.silence {
            silence.as_mut().reset(Instant::now() + self.every);
        }
    }
}
