//! HTTP/1 on one connection, request after request. hyper reads and writes; this module gives it the wire, and takes it back
//! in two cases: when nothing was asked for in a while, since hyper's buffers are most of what a connection costs
//! ([`crate::opening`] waits for the next head with none), and when the connection goes on as something else than HTTP
//! ([`crate::upstream::Tunnel`]).

use crate::connection::{self, Ended, Responding, Way};
use crate::opening::Opening;
use crate::patience::{Over, Patience};
use crate::site::House;
use crate::turn::{Turn, TurnBody};
use crate::wire::Wire;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, Parts};
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

/// How long the end of a connection may take to be told.
const FAREWELL: Duration = Duration::from_secs(5);

/// Answers the requests of one connection.
struct Respond(Arc<Way>);

impl Service<Request<Incoming>> for Respond {
    type Response = Response<TurnBody>;
    type Error = Infallible;
    type Future = Responding;

    fn call(&self, request: Request<Incoming>) -> Responding {
        connection::respond(request, &self.0)
    }
}

/// hyper's connection, which at its end leaves the wire open.
struct Requests(http1::Connection<TokioIo<Wire>, Respond>);

impl Requests {
    fn leave(self: Pin<&mut Self>) {
        Pin::new(&mut self.get_mut().0).graceful_shutdown();
    }
}

impl Future for Requests {
    type Output = hyper::Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.get_mut().0.poll_without_shutdown(context)
    }
}

/// Serves requests until the connection ends in whatever way.
pub(crate) async fn serve(
    mut wire: Wire,
    way: &Arc<Way>,
    http1: &http1::Builder,
    patience: &mut Patience,
    stop: &CancellationToken,
    house: &House,
) -> Ended {
    loop {
        patience.may_rest(true);
        let requests = Requests(http1.serve_connection(TokioIo::new(wire), Respond(way.clone())));
        // In a box, so that a connection that rests doesn't need the room.
        let mut requests = Box::pin(requests);
        let ended = connection::attend(requests.as_mut(), Requests::leave, patience, stop).await;
        let rests = match ended {
            Ended::Over(Over::Rests) => true,
            Ended::Itself(Ok(())) => false,
            other => return other,
        };
        let Parts { io, read_buf, .. } = Pin::into_inner(requests).0.into_parts();
        let last = io.into_inner();
        if !rests {
            return end(last, read_buf, way, stop, house).await;
        }
        patience.may_rest(false);
        match Box::pin(rest(last, read_buf, way, patience, stop, house)).await {
            Ok(next) => wire = next,
            Err(ended) => return ended,
        }
    }
}

/// Waits for the next head.
async fn rest(
    wire: Wire,
    read: Bytes,
    way: &Way,
    patience: &mut Patience,
    stop: &CancellationToken,
    house: &House,
) -> Result<Wire, Ended> {
    let mut opening = Opening::again(wire, &read);
    // It is a part of hyper's buffer, however short.
    drop(read);
    tokio::select! {
        biased;
        opened = opening.next_head(house.limits.header_bytes, &way.pulse) => match opened {
            Ok(Some(opened)) => Ok(opened.wire),
            Ok(None) | Err(_) => Err(Ended::Itself(Ok(()))),
        },
        over = patience.over() => Err(Ended::Over(over)),
        () = stop.cancelled() => Err(Ended::Itself(Ok(()))),
    }
}

/// What follows the last request: another protocol, or nothing.
async fn end(mut wire: Wire, read: Bytes, way: &Way, stop: &CancellationToken, house: &House) -> Ended {
    let Some(tunnel) = way.pulse.successor() else {
        // A client that doesn't take it is gone anyway.
        let _ = tokio::time::timeout(FAREWELL, wire.shutdown()).await;
        return Ended::Itself(Ok(()));
    };
    // While it runs, the connection is one that is being served.
    let _turn = Turn::begin(&way.pulse, false);
    wire.follow_no_more();
    let ended = Box::pin(tunnel.run(wire, read, stop)).await;
    if let Some(word) = ended.word() {
        house.metrics.closed.count(word);
    }
    tracing::debug!(peer = %way.peer, to_site = ended.to_site, to_client = ended.to_client, why = ?ended.why, "a tunnel to another site ended");
    Ended::Itself(Ok(()))
}
