//! Rewrites to other sites: the request goes on to another server, and its answer comes back, both as streams.
//!
//! [`External`] says where a rewrite leads and who chose it. [`reach`] decides whether the server may go there, [`connect`]
//! holds that decision against the addresses that the name really has, [`request`] and [`response`] say what the two sides
//! learn of each other. Bodies are never collected: each piece is taken when the other side has room for it. [`websocket`] says
//! when a connection goes on as another protocol's, [`tunnel`] is what it goes on as.
//!
//! The edge: this module knows nothing of rules and routes. It is given a destination and an exchange.

mod allow_list;
mod connect;
mod external;
mod failure;
mod hop_by_hop;
mod networks;
mod options;
mod public_address;
mod reach;
mod request;
mod request_body;
mod resolve;
mod response;
mod stream;
mod tls;
mod tunnel;
mod websocket;

pub use external::{ChosenBy, External, ExternalError};
pub use failure::UpstreamFailure;
pub use options::{RewriteOptions, RewriteOptionsError};
pub use resolve::Resolve;
pub(crate) use response::UpstreamBody;
pub use response::UpstreamBodyError;
pub(crate) use tunnel::Tunnel;

use crate::exchange::Exchange;
use crate::rejection::Rejection;
use crate::response::Answer;
use crate::site::Site;
use connect::Connector;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reach::{Policy, Reach};
use request_body::OutgoingBody;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection is kept: less than Node's servers keep theirs (5 s), so that a request does not meet a
/// connection which is just being closed.
const KEPT: Duration = Duration::from_secs(4);

/// Connections to other sites, and the rules for making them.
#[derive(Debug)]
pub struct Upstreams {
    policy: Policy,
    /// Two pools, because a connection that the configuration named must not serve a request that a visitor steered.
    named: Client<Connector, OutgoingBody>,
    public: Client<Connector, OutgoingBody>,
    first_byte: Duration,
    idle: Duration,
}

impl Upstreams {
    /// Prepares connections; makes none.
    ///
    /// # Errors
    /// When an option has a mistake.
    pub fn new(options: RewriteOptions) -> Result<Self, RewriteOptionsError> {
        let policy = Policy::new(&options)?;
        let tls = tls::config(options.authorities.as_deref())?;
        let connector = |reach| {
            Connector::new(
                reach,
                policy.private.clone(),
                options.resolver.clone(),
                tls.clone(),
                options.connect_timeout,
            )
        };
        let pool = |reach| {
            Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(KEPT)
                .build(connector(reach))
        };
        Ok(Self {
            named: pool(Reach::Named),
            public: pool(Reach::Public),
            policy,
            first_byte: options.first_byte_timeout,
            idle: options.idle_timeout,
        })
    }

    fn client(&self, reach: Reach) -> &Client<Connector, OutgoingBody> {
        match reach {
            Reach::Named => &self.named,
            Reach::Public => &self.public,
        }
    }
}

/// Sends the request on and answers with what comes back. Dropping the future drops the request to the other site.
pub async fn answer(exchange: &mut Exchange, site: &Site, external: &External) -> Answer {
    if exchange.body.is_lost() {
        return Rejection::ProxyBodyTooLarge.answer();
    }
    match forward(exchange, &site.house.upstreams, external).await {
        Ok(answer) => answer,
        Err(failure) => failure.answer(exchange, external),
    }
}

async fn forward(exchange: &mut Exchange, upstreams: &Upstreams, external: &External) -> Result<Answer, UpstreamFailure> {
    let reach = upstreams.policy.reach(external)?;
    let is_websocket = websocket::is_wanted(exchange);
    let mut outgoing = request::make(exchange, external)?;
    if is_websocket {
        websocket::mark(outgoing.headers_mut());
    }
    let response = send(upstreams, reach, outgoing).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return websocket::answer(response, is_websocket, upstreams.idle);
    }
    Ok(response::answer(response, exchange, upstreams.idle))
}

/// Sends it, once more if the other site hung up on a request that only reads.
async fn send(
    upstreams: &Upstreams,
    reach: Reach,
    request: Request<OutgoingBody>,
) -> Result<Response<Incoming>, UpstreamFailure> {
    let again = request
        .body()
        .is_empty()
        .then(|| request::copy_without_body(&request))
        .flatten();
    match attempt(upstreams, reach, request).await {
        Err(UpstreamFailure::HungUp(source)) => match again {
            Some(again) => attempt(upstreams, reach, again).await,
            None => Err(UpstreamFailure::HungUp(source)),
        },
        done => done,
    }
}

async fn attempt(
    upstreams: &Upstreams,
    reach: Reach,
    request: Request<OutgoingBody>,
) -> Result<Response<Incoming>, UpstreamFailure> {
    let sending = Arc::clone(request.body().progress());
    tokio::select! {
        done = upstreams.client(reach).request(request) => done.map_err(UpstreamFailure::of_client),
        () = sending.silence(upstreams.first_byte) => Err(UpstreamFailure::NoAnswer { after: upstreams.first_byte }),
    }
}
