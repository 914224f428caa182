//! One request while it is answered: what the client sent, and what the phases have found out so far.

use crate::forwarded::{Arrivals, Client, Plain};
use crate::framing::Ambiguity;
use crate::request_body::RequestBody;
use crate::response::accept::Accepted;
use crate::rules::Asked;
use crate::shared::reason::Told;
use crate::target::Target;
use crate::telemetry::request_id::RequestId;
use crate::upstream::External;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Version, request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// See the module's documentation.
#[derive(Debug)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The protocol's version.
    pub version: Version,
    /// The target as it came.
    pub uri: http::Uri,
    /// The headers; phases take away what is not for the application.
    pub headers: HeaderMap,
    /// Those that the client sent, if the proxy has put others in their place.
    pub client_headers: Option<Box<HeaderMap>>,
    /// Why the head can be read in more than one way, if it can.
    pub ambiguity: Option<Ambiguity>,
    /// Whether nothing more is read of the connection.
    pub is_last: bool,
    /// Whether the connection itself is TLS.
    pub is_secure: bool,
    /// The body, until somebody takes it.
    pub body: RequestBody,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// What the connection's requests before this one came to.
    pub arrivals: Option<Arc<Arrivals>>,
    /// The same, if this one is like them.
    pub recalled: Option<Arc<Plain>>,
    /// Names the request in logs.
    pub request_id: RequestId,
    /// Who the client is and how it came.
    pub client: Client,
    /// The canonical path as the client sees it, with `basePath`.
    pub full_path: String,
    /// The same without it.
    pub path: String,
    /// Whether the client's URL ends with a slash, which `path` doesn't show.
    pub ends_with_slash: bool,
    /// Whether it lies under `basePath`.
    pub inside: bool,
    /// Without `?` and without `_rsc`.
    pub query: String,
    /// Where the path leads, if a rewrite changed that. The application still sees [`Exchange::path`].
    pub rewritten: Option<Rewritten>,
    /// The other site that the proxy sends the request to.
    pub outside: Option<External>,
    /// What is asked for of a page.
    pub navigation: Navigation,
    /// Headers that the answer gets, whoever makes it.
    pub edits: Vec<Edit>,
    /// What answers.
    pub target: Target,
    /// How it may run an action.
    pub action: Option<ActionCall>,
    /// Since when that is known.
    pub called_at: Option<Instant>,
    /// Encodings that the client takes.
    pub accepted: Accepted,
    /// For the access log.
    pub notes: Notes,
}

/// Where a rewrite leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The canonical path without `basePath`.
    pub path: String,
    /// The query that pages see.
    pub query: String,
}

/// What is asked for of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Navigation {
    /// HTML, the payload, or a prefetch of it.
    pub variant: Variant,
    /// The path that a client navigation comes from.
    pub from: Option<String>,
    /// The headers that said so, which end here; another site that answers may be one that understands them.
    pub sent: HeaderMap,
    /// The value of `_rsc` that came with them.
    pub key: Option<String>,
}

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// A document.
    #[default]
    Html,
    /// The payload, for a navigation.
    Payload,
    /// The payload as far as it costs nothing.
    Prefetch,
}

/// How a request calls an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionCall {
    /// From JavaScript, by id.
    Fetch {
        /// It is in the manifest.
        id: String,
    },
    /// A form without JavaScript; the worker finds the id in the body.
    Form,
}

impl ActionCall {
    /// The id, if it is known before the body is read.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Fetch { id } => Some(id),
            Self::Form => None,
        }
    }
}

/// A header that the answer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
    /// Beside others of that name, not in their place.
    pub append: bool,
}

/// For the access log.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// The route's pattern.
    pub route: Option<Arc<str>>,
    /// What the cache said.
    pub cache: Option<Told>,
    /// The action's name in the source.
    pub action: Option<String>,
    /// Its id, where a form named it.
    pub action_id: Option<String>,
}

impl Exchange {
    /// A request that nothing is known of yet.
    #[must_use]
    pub fn new(head: request::Parts, body: RequestBody, peer: SocketAddr, request_id: RequestId) -> Self {
        Self {
            method: head.method,
            version: head.version,
            uri: head.uri,
            ambiguity: None,
            is_last: false,
            is_secure: false,
            body,
            peer,
            arrivals: None,
            recalled: None,
            client_headers: None,
            request_id,
            client: Client::unknown(),
            full_path: String::new(),
            path: String::new(),
            ends_with_slash: false,
            inside: true,
            query: String::new(),
            rewritten: None,
            outside: None,
            navigation: Navigation::default(),
            edits: Vec::new(),
            target: Target::NotFound,
            action: None,
            called_at: None,
            accepted: Accepted::of(&head.headers),
            notes: Notes::default(),
            headers: head.headers,
        }
    }

    /// The path as far as it is known, for logs.
    #[must_use]
    pub fn path(&self) -> &str {
        if self.full_path.is_empty() {
            self.uri.path()
        } else {
            &self.full_path
        }
    }

    /// The path that decides what answers.
    #[must_use]
    pub fn routed_path(&self) -> &str {
        self.rewritten.as_ref().map_or(&self.path, |rewritten| &rewritten.path)
    }

    /// The query that pages see: a rewrite may have added to it.
    #[must_use]
    pub fn routed_query(&self) -> &str {
        self.rewritten.as_ref().map_or(&self.query, |rewritten| &rewritten.query)
    }

    /// What rules look at.
    #[must_use]
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            path: self.routed_path(),
            full_path: &self.full_path,
            inside: self.inside,
            query: self.routed_query(),
            headers: &self.headers,
            host: self.client.host(),
        }
    }

    /// Whether the method only reads.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// Whether a browser shows the answer by itself. Everything that doesn't say otherwise counts as a document.
    #[must_use]
    pub fn wants_document(&self) -> bool {
        let destination = self
            .headers
            .get("sec-fetch-dest")
            .map_or(&b"document"[..], HeaderValue::as_bytes);
        self.navigation.variant == Variant::Html
            && matches!(
                destination,
                b"document" | b"iframe" | b"frame" | b"embed" | b"object" | b"empty" | b""
            )
    }
}
