//! What a client learns of the other site's answer: all of it but what concerns the connection. Its redirects, cookies and
//! errors are passed through as they are.

use super::hop_by_hop;
use super::request::{NAME, append};
use crate::body::Body;
use crate::exchange::Exchange;
use crate::response::Answer;
use bytes::Bytes;
use http::{Method, Response, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::time::Sleep;

/// Why an answer broke off.
#[derive(Debug, Error)]
pub enum UpstreamBodyError {
    /// The other site ended the connection or sent what is no HTTP.
    #[error("the other site broke its answer off")]
    BrokenOff(#[source] hyper::Error),
    /// It was silent for too long.
    #[error("the other site was silent for {} ms", after.as_millis())]
    Silent {
        /// How long was waited.
        after: Duration,
    },
}

/// The answer.
pub(super) fn answer(response: Response<Incoming>, exchange: &Exchange, idle: Duration) -> Answer {
    let (mut head, body) = response.into_parts();
    hop_by_hop::strip(&mut head.headers);
    // It tells where else the other site can be had, which is not where we can.
    head.headers.remove(header::ALT_SVC);
    if exchange.method != Method::HEAD {
        // The body knows it; for HEAD this is all there is.
        head.headers.remove(header::CONTENT_LENGTH);
    }
    if append(&mut head.headers, header::VIA, &format!("1.1 {NAME}")).is_err() {
        head.headers.remove(header::VIA);
    }
    let mut answer = Answer::empty(head.status, "rewritten");
    *answer.response.headers_mut() = head.headers;
    if let Some(phrase) = head.extensions.remove::<ReasonPhrase>() {
        answer.response.extensions_mut().insert(phrase);
    }
    *answer.response.body_mut() = Body::Upstream(Box::new(UpstreamBody {
        incoming: body,
        idle,
        silence: None,
    }));
    answer
}

/// The body of the answer, piece by piece.
#[derive(Debug)]
pub(crate) struct UpstreamBody {
    incoming: Incoming,
    idle: Duration,
    silence: Option<Pin<Box<Sleep>>>,
}

impl UpstreamBody {
    /// The number of bytes that are to come, if it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next bytes. Trailers are not passed on.
    pub(crate) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamBodyError>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) else {
                let idle = self.idle;
                let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(silence.as_mut().poll(context));
                return Poll::Ready(Some(Err(UpstreamBodyError::Silent { after: idle })));
            };
            self.silence = None;
            match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
                    _ => {}
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(UpstreamBodyError::BrokenOff(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}
