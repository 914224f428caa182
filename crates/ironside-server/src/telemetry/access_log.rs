//! One line for each request, written when its last byte has gone or its client has left. Its target is `ironside::access`; its
//! level is `WARN` where the server failed and `INFO` otherwise, so that the failures can be had without the rest.

use crate::body::{Body, BodyFailure};
use crate::exchange::{Exchange, Notes};
use crate::site::House;
use crate::telemetry::request_id::RequestId;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Instant;

/// A request that is being answered: one of the metric's `active`. One whose client leaves before there is an answer has no line;
/// it is counted.
#[derive(Debug)]
pub struct Active {
    house: Arc<House>,
    is_answered: bool,
}

impl Active {
    /// One more.
    #[must_use]
    pub fn begin(house: Arc<House>) -> Self {
        house.metrics.active.fetch_add(1, Ordering::Relaxed);
        Self {
            house,
            is_answered: false,
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.house.metrics.active.fetch_sub(1, Ordering::Relaxed);
        if !self.is_answered {
            self.house.metrics.answers.count("client_gone");
        }
    }
}

/// What the line says.
#[derive(Debug)]
struct Line {
    /// A failure that is told with the next poll.
    failure: Option<BodyFailure>,
    active: Active,
    method: Method,
    path: String,
    status: StatusCode,
    reason: &'static str,
    request_id: RequestId,
    notes: Notes,
    began: Instant,
    bytes: u64,
    end: &'static str,
}

/// A body that writes the line when it ends, in whatever way.
#[derive(Debug)]
pub struct LoggedBody {
    body: Body,
    /// In a box, since a body is moved from hand to hand.
    line: Box<Line>,
}

/// Puts the line behind a response. Takes what it says out of the exchange.
#[must_use]
pub fn logged(
    response: Response<Body>,
    exchange: &mut Exchange,
    reason: &'static str,
    began: Instant,
    mut active: Active,
) -> Response<LoggedBody> {
    let (head, body) = response.into_parts();
    active.is_answered = true;
    let line = Box::new(Line {
        failure: None,
        active,
        request_id: std::mem::take(&mut exchange.request_id),
        path: if exchange.full_path.is_empty() {
            exchange.uri.path().to_owned()
        } else {
            std::mem::take(&mut exchange.full_path)
        },
        method: exchange.method.clone(),
        status: head.status,
        reason,
        notes: std::mem::take(&mut exchange.notes),
        began,
        bytes: 0,
        end: if body.length() == Some(0) { "complete" } else { "client_gone" },
    });
    Response::from_parts(head, LoggedBody { body, line })
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        if let Some(failure) = self.line.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        let next = std::task::ready!(self.body.poll_bytes(context));
        let line = &mut self.line;
        match next {
            Some(Ok(ref bytes)) => line.bytes += bytes.len() as u64,
            None => line.end = "complete",
            Some(Err(failure)) => {
                line.end = failure.word();
                line.failure = Some(failure);
                // What came before the failure is flushed first: an error makes the connection drop what it has not sent.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        if self.body.length() == Some(0) && self.line.end == "client_gone" {
            self.line.end = "complete";
        }
        Poll::Ready(next.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let metrics = &self.active.house.metrics;
        metrics.answers.count(self.reason);
        let class = usize::from(self.status.as_u16() / 100).saturating_sub(1);
        if let Some(requests) = metrics.requests.get(class) {
            requests.observe(self.began.elapsed());
        }
        // A level has to be known when the program is compiled, so the line is written twice.
        macro_rules! write_line {
            ($level:expr) => {
                tracing::event!(
                    target: "ironside::access",
                    $level,
                    method = self.method.as_str(),
                    path = self.path,
                    route = self.notes.route.as_deref(),
                    status = self.status.as_u16(),
                    dur_ms = self.began.elapsed().as_secs_f64() * 1000.0,
                    bytes = self.bytes,
                    cache = self.notes.cache.as_ref().map(|told| told.reason.outcome().word()),
                    cache_reason = self.notes.cache.as_ref().map(tracing::field::display),
                    action = self.notes.action.as_deref(),
                    reason = self.reason,
                    end = self.end,
                    request_id = &*self.request_id,
                    "{} {} {}",
                    self.method,
                    self.path,
                    self.status.as_u16()
                )
            };
        }
        if self.status.is_server_error() {
            write_line!(tracing::Level::WARN);
        } else {
            write_line!(tracing::Level::INFO);
        }
    }
}
