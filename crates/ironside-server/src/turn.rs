//! One request's turn on its connection: from its head to the end of its answer, in whatever way that comes. It tells the
//! connection's [`Pulse`] when it begins and ends, and on HTTP/2, where a client can refuse to take one stream and nothing
//! else, also who has to move.

use crate::body::BodyFailure;
use crate::pulse::Pulse;
use crate::telemetry::access_log::LoggedBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Turn {
    pulse: Arc<Pulse>,
    /// Counted from 1.
    pub(crate) number: u64,
    is_http2: bool,
    is_done: bool,
}

impl Turn {
    /// Begins.
    pub(crate) fn begin(pulse: &Arc<Pulse>, is_http2: bool) -> Self {
        Self {
            number: pulse.begin(),
            pulse: pulse.clone(),
            is_http2,
            is_done: false,
        }
    }

    /// Goes on until the body ends.
    pub(crate) fn over(self, body: LoggedBody) -> TurnBody {
        if self.is_http2 {
            self.pulse.given(self.number);
        }
        TurnBody { body, turn: self }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.pulse.end(self.number, !self.is_done, self.is_http2);
    }
}

/// An answer's body. Its turn ends with it.
#[derive(Debug)]
pub(crate) struct TurnBody {
    body: LoggedBody,
    turn: Turn,
}

impl Body for TurnBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        let Self { body, turn } = &mut *self;
        if turn.is_http2 {
            turn.pulse.taken(turn.number);
        }
        let next = std::task::ready!(Pin::new(&mut *body).poll_frame(context));
        match &next {
            Some(Ok(_)) if turn.is_http2 => turn.pulse.given(turn.number),
            Some(Ok(_)) => {}
            None | Some(Err(_)) => turn.is_done = true,
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TurnBody {
    fn drop(&mut self) {
        // Nobody asks for the end of a body that has none to tell.
        self.turn.is_done |= self.body.is_end_stream();
    }
}
