//! One connection: TLS or not, HTTP/1.1 or HTTP/2, with limits on what a client may send and how long it may take. Each
//! request becomes an [`Exchange`] and passes the [`crate::pipeline`]. How HTTP/1 goes from request to request is in
//! [`crate::http1`].

use crate::exchange::Exchange;
use crate::forwarded::Arrivals;
use crate::http1 as one_by_one;
use crate::opening::{Opened, Opening};
use crate::options::Limits;
use crate::patience::{Over, Patience};
use crate::pipeline;
use crate::pulse::Pulse;
use crate::request_body::RequestBody;
use crate::response::Answer;
use crate::response::finish::finish;
use crate::server::Current;
use crate::site::{House, Site};
use crate::telemetry::access_log::{self, Active};
use crate::tls::Tls;
use crate::turn::{Turn, TurnBody};
use crate::upstream::Tunnel;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Bytes that one HTTP/2 stream may send before somebody reads them, and those of all streams of a connection together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of an answer that are kept for one HTTP/2 stream whose client takes them slowly.
const STREAM_BUFFER: usize = 256 * 1024;
/// hyper's own number, which costs nothing; another one costs memory for each request.
const HEADERS: usize = 100;

/// What all connections of a server have in common.
#[derive(Debug, Clone)]
pub(crate) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    tls: Option<Tls>,
}

impl Protocols {
    /// The protocols' settings.
    pub(crate) fn new(limits: &Limits, tls: Option<Tls>) -> Self {
        let mut http1 = http1::Builder::new();
        // Time is kept by `Patience`.
        http1
            .header_read_timeout(None)
            .max_header_size(limits.header_bytes)
            // Heads and bodies pass one buffer, whose smallest size is 8 KiB.
            .max_buf_size(limits.header_bytes.max(256 * 1024))
            .half_close(false);
        if limits.headers != HEADERS {
            http1.max_headers(limits.headers);
        }
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(STREAM_BUFFER)
            .max_pending_accept_reset_streams(Some(20))
            .max_local_error_reset_streams(Some(100))
            .keep_alive_interval(limits.keep_alive)
            .keep_alive_timeout(limits.header_timeout);
        Self { http1, http2, tls }
    }
}

/// A connection that was accepted.
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) pulse: Arc<Pulse>,
}

/// Serves a connection until it ends, or until `stop` and then the requests that are under way.
pub(crate) async fn serve(
    accepted: Accepted,
    current: Current,
    protocols: Arc<Protocols>,
    house: Arc<House>,
    stop: CancellationToken,
) {
    let Accepted { stream, peer, pulse } = accepted;
    // Small pieces of a stream are to leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
    }
    let mut patience = Patience::new(pulse.clone(), &house.limits);
    let opened = tokio::select! {
        opened = open(stream, &protocols, &house.limits, &pulse, &mut patience) => opened,
        () = stop.cancelled() => return,
    };
    let Some(opened) = opened else {
        house.metrics.closed.count("unopened");
        return tracing::debug!(%peer, "a connection without a request was closed");
    };
    let way = Arc::new(Way {
        peer,
        current,
        pulse,
        arrivals: Arc::default(),
        is_http2: opened.is_http2,
        is_secure: protocols.tls.is_some(),
    });
    // In a box, so that a connection that is not so far yet doesn't need the room.
    let ended = if opened.is_http2 {
        let service = service_fn(move |request| respond(request, &way));
        let mut connection = Box::pin(protocols.http2.serve_connection(TokioIo::new(opened.wire), service));
        attend(
            connection.as_mut(),
            http2::Connection::graceful_shutdown,
            &mut patience,
            &stop,
        )
        .await
    } else {
        let serving = one_by_one::serve(opened.wire, &way, &protocols.http1, &mut patience, &stop, &house);
        Box::pin(serving).await
    };
    match ended {
        Ended::Over(over) => {
            house.metrics.closed.count(over.word());
            tracing::debug!(%peer, reason = over.word(), "a connection was closed");
        }
        // A client that leaves or sends junk: its business.
        Ended::Itself(Err(error)) => tracing::debug!(%peer, %error, "a connection ended early"),
        Ended::Itself(Ok(())) => {}
    }
}

async fn open(
    stream: TcpStream,
    protocols: &Protocols,
    limits: &Limits,
    pulse: &Arc<Pulse>,
    patience: &mut Patience,
) -> Option<Opened> {
    let mut opening = tokio::select! {
        begun = Opening::begin(stream, protocols.tls.as_ref(), pulse) => begun.ok()?,
        _ = patience.over() => return None,
    };
    tokio::select! {
        opened = opening.next_head(limits.header_bytes, pulse) => return opened.ok().flatten(),
        over = patience.over() => {
            if over == Over::Head {
                opening.too_late();
            }
        }
    }
    None
}

/// How a connection ended.
pub(crate) enum Ended {
    Itself(hyper::Result<()>),
    Over(Over),
}

/// Lets a connection run for as long as there is patience with it.
pub(crate) async fn attend<C: Future<Output = hyper::Result<()>>>(
    mut connection: Pin<&mut C>,
    shut: fn(Pin<&mut C>),
    patience: &mut Patience,
    stop: &CancellationToken,
) -> Ended {
    let (mut why, mut is_leaving) = (None, false);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                return why.map_or(Ended::Itself(ended), Ended::Over);
            }
            over = patience.over() => {
                if is_leaving || !over.is_polite() {
                    return Ended::Over(over);
                }
                why = Some(over);
            }
            () = stop.cancelled(), if !is_leaving => {}
        }
        shut(connection.as_mut());
        patience.leaves();
        is_leaving = true;
    }
}

/// How requests of a connection come.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) peer: SocketAddr,
    current: Current,
    pub(crate) pulse: Arc<Pulse>,
    arrivals: Arc<Arrivals>,
    is_http2: bool,
    is_secure: bool,
}

/// A request while it is answered.
struct Visit {
    exchange: Exchange,
    site: Site,
    began: Instant,
    active: Active,
    turn: Turn,
    way: Arc<Way>,
}

/// An answer that is here, or will be. Small, since hyper keeps the room for one as long as the connection lives.
pub(crate) enum Responding {
    Now(Option<Box<Response<TurnBody>>>),
    Later(Pin<Box<dyn Future<Output = Response<TurnBody>> + Send>>),
}

impl Future for Responding {
    type Output = Result<Response<TurnBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(response) => response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(*response))),
            Self::Later(answering) => answering.as_mut().poll(context).map(Ok),
        }
    }
}

/// Answers one request.
pub(crate) fn respond(request: Request<Incoming>, way: &Arc<Way>) -> Responding {
    let turn = Turn::begin(&way.pulse, way.is_http2);
    let mut visit = Visit::begin(request, turn, way.clone());
    match pipeline::at_once(&mut visit.exchange, &visit.site) {
        Ok(answer) => Responding::Now(Some(Box::new(visit.close(answer)))),
        Err(rest) => Responding::Later(Box::pin(async move {
            let answer = pipeline::answer(&mut visit.exchange, &visit.site, rest).await;
            visit.close(answer)
        })),
    }
}

impl Visit {
    fn begin(request: Request<Incoming>, turn: Turn, way: Arc<Way>) -> Box<Self> {
        let began = Instant::now();
        let site = way.current.site();
        let limits = &site.house.limits;
        let active = Active::begin(site.house.clone());
        let (head, body) = request.into_parts();
        let request_id = site.house.request_ids.name(&head.headers, way.pulse.is_trusted());
        // Who waits to be told to send has not begun to.
        let is_sending = body.is_end_stream() || !head.headers.contains_key(header::EXPECT);
        let body = RequestBody::new(body, limits.body_patience(), is_sending, site.house.tasks.clone());
        let mut exchange = Exchange::new(head, body, way.peer, request_id);
        exchange.is_secure = way.is_secure;
        exchange.arrivals = Some(way.arrivals.clone());
        exchange.ambiguity = way.pulse.ambiguity(turn.number);
        Box::new(Self {
            exchange,
            site,
            began,
            active,
            turn,
            way,
        })
    }

    fn close(mut self: Box<Self>, answer: Answer) -> Response<TurnBody> {
        // What is large stays where it is.
        let Self {
            exchange,
            site,
            turn,
            way,
            ..
        } = &mut *self;
        std::mem::take(&mut exchange.body).leave();
        let reason = answer.reason;
        let mut response = finish(exchange, site, answer);
        let is_worn = turn.number >= site.house.limits.requests;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            if let Some(tunnel) = response.extensions_mut().remove::<Tunnel>() {
                way.pulse.goes_on_as(tunnel);
            }
        } else if !way.is_http2 && (exchange.is_last || is_worn) {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        } else if is_worn {
            way.pulse.worn();
        }
        let Self {
            ref mut exchange,
            began,
            active,
            turn,
            ..
        } = *self;
        access_log::logged(response, exchange, reason, began, active).map(|body| turn.over(body))
    }
}
