//! The admin listener: what operators and their tools ask the server about itself, apart from what visitors ask. It is off unless
//! somebody wants it, listens on a Unix socket that only the server's owner can open, and on a TCP address if one is given.
//!
//! - `/metrics`: counters in Prometheus' text format 0.0.4;
//! - `/livez`: 200 as long as the process answers;
//! - `/readyz`: 200 if a request would be taken now, 503 otherwise, with the reason;
//! - `/cache/…`: questions about the cache, and changes to it ([`cache`]). On the Unix socket only: the address has no password.

pub mod cache;
mod listeners;
mod metrics_page;

use self::cache::Refusal;
use crate::server::Current;
use crate::site::House;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use listeners::{Accepted, Listeners};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;

/// How long a client may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most connections.
const CONNECTIONS: usize = 64;
/// Most bytes of a question.
const QUESTION: usize = 256 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PATHS: &str = "there are /metrics, /livez, /readyz, and /cache/… on the socket\n";
const METRICS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Where the admin listener listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminOptions {
    /// The Unix socket. One that a process left behind is replaced.
    pub socket: Option<PathBuf>,
    /// The TCP address.
    pub address: Option<SocketAddr>,
}

/// Why the admin listener can't be opened.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The socket can't be made.
    #[error("the admin socket {} can't be opened", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process answers on it.
    #[error("another server listens on the admin socket {}", path.display())]
    SocketInUse {
        /// The socket.
        path: PathBuf,
    },
    /// The address can't be opened.
    #[error("the admin address {address} can't be opened")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// An admin listener that is open and has not begun to answer.
#[derive(Debug)]
pub struct Admin {
    listeners: Listeners,
    about: About,
}

/// What it tells about.
#[derive(Debug, Clone)]
struct About {
    current: Current,
    house: Arc<House>,
}

impl Admin {
    /// Opens the listener. Has to be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the socket or the address can't be opened.
    pub fn bind(options: &AdminOptions, current: Current, house: Arc<House>) -> Result<Self, AdminError> {
        Ok(Self {
            listeners: Listeners::open(options)?,
            about: About { current, house },
        })
    }

    /// The TCP address, if there is one.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listeners.local_addr()
    }

    /// Answers until `shutdown` resolves. The socket's file is removed then.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        tokio::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => return,
                accepted = self.listeners.accept() => accepted,
            };
            let Ok(stream) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Who finds no place comes again: monitoring does so anyway.
            let Ok(place) = places.clone().try_acquire_owned() else {
                continue;
            };
            let about = self.about.clone();
            tokio::spawn(async move {
                serve_connection(stream, about).await;
                drop(place);
            });
        }
    }
}

async fn serve_connection(stream: Accepted, about: About) {
    let is_owner = matches!(stream, Accepted::Unix(_));
    let service = service_fn(move |request: Request<Incoming>| {
        let about = about.clone();
        async move {
            Ok::<_, Infallible>(match request.uri().path().strip_prefix("/cache/") {
                Some(question) => {
                    let question = question.to_owned();
                    about.ask_cache(is_owner, &question, request).await
                }
                None => about.answer(request.method(), request.uri().path()),
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "an admin connection ended early");
    }
}

impl About {
    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/metrics" => {
                let mut response = text(StatusCode::OK, metrics_page::write(&self.current.site()));
                response.headers_mut().insert(header::CONTENT_TYPE, METRICS);
                response
            }
            "/livez" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.ready(),
            _ => text(StatusCode::NOT_FOUND, PATHS),
        }
    }

    /// Questions about the cache are JSON, and so is everything that is said to them.
    async fn ask_cache(&self, is_owner: bool, question: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let answered = match take_question(is_owner, request).await {
            Ok(asked) => cache::answer(&self.current.site(), question, &asked).await,
            Err(refusal) => Err(refusal),
        };
        let (status, value) = match answered {
            Ok(value) => (StatusCode::OK, Some(value)),
            Err(refusal) => (refusal.status, serde_json::to_value(&refusal).ok()),
        };
        let mut response = text(status, value.unwrap_or_default().to_string());
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            let allow = HeaderValue::from_static("POST");
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        if self.house.stopping.load(Ordering::Relaxed) {
            text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else if self.current.site().workers.is_ready() {
            text(StatusCode::OK, "ready\n")
        } else {
            text(StatusCode::SERVICE_UNAVAILABLE, "no worker is ready\n")
        }
    }
}

/// The body of a question, if somebody may ask it.
async fn take_question(is_owner: bool, request: Request<Incoming>) -> Result<Bytes, Refusal> {
    if !is_owner {
        return Err(Refusal::new("the cache can be asked on the admin socket only")
            .hint("the TCP address has no password; use `ironside cache` as the user who runs the server")
            .status(StatusCode::FORBIDDEN));
    }
    if *request.method() != Method::POST {
        return Err(Refusal::new("questions about the cache are posted").status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let reading = tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), QUESTION).collect());
    match reading.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal::new(format!("a question has {QUESTION} bytes at most")).status(StatusCode::PAYLOAD_TOO_LARGE))
        }
        _ => Err(Refusal::new("the question did not come whole").status(StatusCode::REQUEST_TIMEOUT)),
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, TEXT);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
