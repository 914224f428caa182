//! Why another site's answer could not be had, and what the client is told of it: whose fault it is, and nothing about the
//! network in here. The log has the rest.

use super::connect::ConnectError;
use super::external::{External, ExternalError};
use crate::exchange::Exchange;
use crate::response::{Answer, PRIVATE};
use http::{StatusCode, header};
use ironside_worker::BodyError;
use std::error::Error;
use std::time::Duration;
use thiserror::Error;

/// See the module's documentation.
#[derive(Debug, Error)]
pub enum UpstreamFailure {
    /// A request chose a host that isn't listed.
    #[error("a request chose this host, and it is not in the list `allow` under [rewrites] in ironside.toml")]
    NotAllowed,
    /// The code of the proxy named something that is no place.
    #[error("the destination can't be used: {0}")]
    Destination(#[from] ExternalError),
    /// The rewrite leads to itself.
    #[error("the request has come by this server too often: the rewrite leads back to it")]
    Loop,
    /// It went over to a protocol that it wasn't asked for.
    #[error("it switched to a protocol that nobody asked it for")]
    Switched,
    /// Something about the request can't stand in a header.
    #[error("the request can't be written as one to another site")]
    Unsendable,
    /// There is no connection.
    #[error("there is no connection")]
    Connect(#[source] Box<ConnectError>),
    /// The client broke its own request off.
    #[error("the client broke its request off")]
    Client(#[source] BodyError),
    /// No head came.
    #[error("no answer within {} ms", after.as_millis())]
    NoAnswer {
        /// How long was waited.
        after: Duration,
    },
    /// The connection ended before a head came, or what came was no HTTP.
    #[error("it hung up, or what it sent is no HTTP")]
    HungUp(#[source] hyper_util::client::legacy::Error),
}

impl UpstreamFailure {
    /// What an error of the client means. hyper wraps ours in its own.
    pub(super) fn of_client(error: hyper_util::client::legacy::Error) -> Self {
        let mut source = error.source();
        while let Some(inner) = source {
            if let Some(refused) = inner.downcast_ref::<ConnectError>() {
                return Self::Connect(Box::new(refused.clone()));
            }
            if let Some(broken) = inner.downcast_ref::<BodyError>() {
                return Self::Client(broken.clone());
            }
            source = inner.source();
        }
        Self::HungUp(error)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::Unsendable | Self::Client(_) => StatusCode::BAD_REQUEST,
            Self::NoAnswer { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Connect(error) if matches!(**error, ConnectError::TimedOut { .. }) => StatusCode::GATEWAY_TIMEOUT,
            Self::Connect(_) | Self::HungUp(_) | Self::Destination(_) | Self::Switched => StatusCode::BAD_GATEWAY,
        }
    }

    /// The word for log and metric.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotAllowed => "upstream_not_allowed",
            Self::Destination(_) => "upstream_destination",
            Self::Loop => "upstream_loop",
            Self::Switched => "upstream_switched",
            Self::Unsendable => "upstream_unsendable",
            Self::Client(_) => "upstream_client_gone",
            Self::NoAnswer { .. } => "upstream_no_answer",
            Self::HungUp(_) => "upstream_hung_up",
            Self::Connect(error) => match **error {
                ConnectError::NoAddress(_) => "upstream_no_address",
                ConnectError::NotPublic { .. } => "upstream_not_public",
                ConnectError::Refused { .. } => "upstream_refused",
                ConnectError::Tls(_) => "upstream_tls",
                ConnectError::TimedOut { .. } => "upstream_connect_timeout",
            },
        }
    }

    /// What the client is told.
    fn text(&self) -> &'static str {
        match self.status() {
            StatusCode::FORBIDDEN => "Forbidden: this URL would be answered by a site that is not allowed.",
            StatusCode::LOOP_DETECTED => "Loop Detected: this URL leads back to this server.",
            StatusCode::BAD_REQUEST => "Bad Request",
            StatusCode::GATEWAY_TIMEOUT => "Gateway Timeout: the site that answers this URL takes too long.",
            _ => "Bad Gateway: the site that answers this URL can't be reached.",
        }
    }

    /// The answer, and a line in the log.
    #[must_use]
    pub(super) fn answer(&self, exchange: &Exchange, external: &External) -> Answer {
        self.log(exchange, external.authority());
        self.quiet_answer()
    }

    /// The answer where there is no destination to name.
    #[must_use]
    pub(crate) fn answer_for(&self, exchange: &Exchange, url: &str) -> Answer {
        self.log(exchange, url);
        self.quiet_answer()
    }

    fn quiet_answer(&self) -> Answer {
        Answer::text(self.status(), self.text(), self.word()).with(header::CACHE_CONTROL, PRIVATE)
    }

    fn log(&self, exchange: &Exchange, place: &str) {
        let request_id = &*exchange.request_id;
        let mut error = self.to_string();
        let mut source = self.source();
        while let Some(inner) = source {
            error = format!("{error}: {inner}");
            source = inner.source();
        }
        match self {
            Self::Client(_) => tracing::debug!(request_id, place, error, "a rewrite to another site ended"),
            _ => tracing::warn!(request_id, place, error, "a rewrite to another site failed: {place}: {error}"),
        }
    }
}
