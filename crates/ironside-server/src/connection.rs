//! One connection: HTTP/1.1 or HTTP/2 by what the client sends first, with limits on what it may send and how long it may
//! take. Each request becomes an [`Exchange`] and passes the [`crate::pipeline`].

use crate::exchange::Exchange;
use crate::framing::Followed;
use crate::options::Limits;
use crate::pipeline;
use crate::request_body::RequestBody;
use crate::response::finish::finish;
use crate::server::Current;
use crate::telemetry::access_log::{self, LoggedBody};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How long a client may wait between saying that it speaks HTTP/2 and speaking it; clients send both at once.
const PREFACE: Duration = Duration::from_secs(1);

/// The protocol's settings.
pub(crate) fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let headers = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    // hyper reads heads and bodies through one buffer, whose smallest size is 8 KiB.
    let buffer = limits.header_bytes.max(8 * 1024);
    builder
        .http1()
        .timer(TokioTimer::new())
        // Also the time that a connection may be idle between two requests.
        .header_read_timeout(limits.header_timeout.min(limits.keep_alive))
        .max_headers(limits.headers)
        .max_buf_size(buffer)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(headers)
        .max_pending_accept_reset_streams(Some(20))
        .keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

/// Serves a connection until it ends, or until `stop` and then the requests that are under way.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    current: Current,
    protocol: Builder<TokioExecutor>,
    stop: CancellationToken,
) {
    // Small pieces of a stream are to leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
    }
    let limit = current.site().house.limits.header_timeout;
    let (stream, seen) = Followed::new(stream);
    let begun = seen.clone();
    let requests = Arc::new(AtomicU64::new(0));
    let counter = requests.clone();
    let service = service_fn(move |request| {
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let (current, has_two_lengths) = (current.clone(), seen.has_two_lengths(number));
        async move { Ok::<_, Infallible>(respond(request, has_two_lengths, peer, &current).await) }
    });
    // hyper watches the time from the first byte of HTTP/1 on, but not before it knows which protocol is spoken.
    let silence = async {
        tokio::time::sleep(limit.min(PREFACE)).await;
        if begun.is_bare_preface() {
            tokio::time::sleep(PREFACE).await;
            if begun.is_bare_preface() {
                return;
            }
        }
        tokio::time::sleep(limit.saturating_sub(PREFACE)).await;
        if requests.load(Ordering::Relaxed) > 0 {
            std::future::pending::<()>().await;
        }
    };
    let connection = protocol.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = silence => return tracing::debug!(%peer, "a connection without a request was closed"),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that leaves, sends junk or is too slow: its business.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

async fn respond(request: Request<Incoming>, has_two_lengths: bool, peer: SocketAddr, current: &Current) -> Response<LoggedBody> {
    let began = Instant::now();
    let site = current.site();
    site.house.metrics.active.fetch_add(1, Ordering::Relaxed);
    let (head, body) = request.into_parts();
    let request_id = site
        .house
        .request_ids
        .name(&head.headers, site.house.trusted.trust(peer.ip()));
    // Who waits to be told to send has not begun to.
    let is_sending = !head.headers.contains_key(http::header::EXPECT);
    let body = RequestBody::new(body, site.house.limits.body_timeout, is_sending, site.house.tasks.clone());
    let mut exchange = Exchange::new(head, body, peer, request_id);
    exchange.has_two_lengths = has_two_lengths;
    let answer = pipeline::answer(&mut exchange, &site).await;
    std::mem::take(&mut exchange.body).leave();
    let reason = answer.reason;
    let response = finish(&exchange, &site, answer);
    access_log::logged(response, exchange, reason, began, site.house.clone())
}
