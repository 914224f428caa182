//! The body of a request on its way to another site: as it comes from the client, when the other site has room for it.

use crate::request_body::{Left, RequestBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use ironside_worker::BodyError;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct OutgoingBody {
    body: Left,
    progress: Arc<Progress>,
}

/// How far the sending is, for whoever waits for an answer.
#[derive(Debug)]
pub(super) struct Progress(Mutex<Sending>);

#[derive(Debug, Clone, Copy)]
struct Sending {
    /// When something last happened.
    last: Instant,
    /// It is the client's turn, so the other site can't answer yet.
    waits_for_client: bool,
}

impl OutgoingBody {
    /// A body to be sent.
    pub(super) fn new(body: RequestBody) -> Self {
        let sending = Sending {
            last: Instant::now(),
            waits_for_client: false,
        };
        Self {
            body: Left::new(body),
            progress: Arc::new(Progress(Mutex::new(sending))),
        }
    }

    /// Whether there are no bytes.
    pub(super) fn is_empty(&self) -> bool {
        self.body.body().is_empty()
    }

    /// How far it is.
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }
}

impl Progress {
    fn note(&self, waits_for_client: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Sending {
            last: Instant::now(),
            waits_for_client,
        };
    }

    /// Resolves once the other site has had everything that there is to send for so long.
    pub(super) async fn silence(&self, patience: Duration) {
        loop {
            let sending = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let since = if sending.waits_for_client {
                Instant::now()
            } else {
                sending.last
            };
            let until = since + patience;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = self.body.body_mut().poll_next(context);
        self.progress.note(next.is_pending());
        next.map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.body().exact_length().map(SizeHint::with_exact).unwrap_or_default()
    }
}
