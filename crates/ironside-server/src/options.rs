//! What the server is told. Every value is finished: nothing here is read from the environment or a file.

use crate::telemetry::error_store::ErrorStore;
use crate::tls::TlsFiles;
use crate::upstream::RewriteOptions;
use ironside_cache::CacheOptions;
use ironside_flight::Budget;
use ironside_model::manifest::Manifest;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a deployment (one build that is served) is made of.
#[derive(Debug)]
pub struct DeploymentOptions {
    /// What the build says about the application.
    pub manifest: Manifest,
    /// The folder that the manifest's paths are relative to.
    pub build_dir: PathBuf,
    /// The application's `public` folder; it may be missing.
    pub public_dir: PathBuf,
    /// What tells the build from every other one, for keys of what is kept on disk; see [`crate::build_identity()`]. Without it
    /// its name does.
    pub identity: Option<String>,
    /// Bounds of the cache.
    pub cache: CacheOptions,
    /// Why the cache is not kept on disk though it was to be, in a sentence.
    pub disk_trouble: Option<String>,
    /// The value of the cookie that switches draft mode on; see [`crate::draft::id`]. Without it every request that
    /// carries the cookie is rendered for itself.
    pub draft_id: Option<String>,
    /// `ironside dev`: nothing is cached, and errors tell their stack.
    pub development: bool,
    /// Whether answers tell in a header what the cache made of them. In development they always do.
    pub tells_cache: bool,
    /// Where errors of the application are kept, so that somebody who has a digest can find them.
    pub errors: Option<Arc<ErrorStore>>,
}

impl DeploymentOptions {
    /// A deployment with default bounds.
    #[must_use]
    pub fn new(manifest: Manifest, build_dir: impl Into<PathBuf>, public_dir: impl Into<PathBuf>) -> Self {
        Self {
            manifest,
            build_dir: build_dir.into(),
            public_dir: public_dir.into(),
            identity: None,
            cache: CacheOptions::default(),
            disk_trouble: None,
            draft_id: None,
            development: false,
            tells_cache: false,
            errors: None,
        }
    }
}

/// Where and how the server listens.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where to listen.
    pub address: ListenAddress,
    /// Bounds of what a client may do.
    pub limits: Limits,
    /// Whose `Forwarded` and `X-Forwarded-*` headers are believed: addresses, networks as `10.0.0.0/8`, and the words of
    /// [`crate::trusted_proxies::TrustedProxies::new`]. Loopback addresses always belong to them, unless the list is `none`.
    pub trusted_proxies: Vec<String>,
    /// Rewrites to other sites.
    pub rewrites: RewriteOptions,
    /// Certificate and key, for HTTPS. Without them the port speaks HTTP.
    pub tls: Option<TlsFiles>,
}

impl ServerOptions {
    /// All addresses of the machine, IPv6 and IPv4.
    #[must_use]
    pub fn on_port(port: u16) -> Self {
        Self {
            address: ListenAddress::Everywhere { port },
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            rewrites: RewriteOptions::default(),
            tls: None,
        }
    }

    /// A host's name or address.
    #[must_use]
    pub fn on_host(host: impl Into<String>, port: u16) -> Self {
        Self {
            address: ListenAddress::Host { host: host.into(), port },
            ..Self::on_port(port)
        }
    }
}

/// Where to listen. Port 0 lets the system choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// IPv6 and IPv4 on all addresses, with one socket where the system can.
    Everywhere {
        /// The port.
        port: u16,
    },
    /// A name (its first address is taken) or an address.
    Host {
        /// Name or address.
        host: String,
        /// The port.
        port: u16,
    },
    /// Exactly this address.
    Exact(SocketAddr),
}

impl ListenAddress {
    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Everywhere { port } | Self::Host { port, .. } => *port,
            Self::Exact(address) => address.port(),
        }
    }
}

/// Bounds of what a client may do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a client may take for TLS's handshake and its first request's head, and then for each further head.
    pub header_timeout: Duration,
    /// How long a client may be silent while its request's body is waited for.
    pub body_timeout: Duration,
    /// Bytes a second that a client has to send on average while its request's body is waited for, after
    /// [`Limits::body_grace`]. 0: any rate will do.
    pub body_rate: u64,
    /// How long [`Limits::body_rate`] is not looked at.
    pub body_grace: Duration,
    /// How long a client may take nothing of an answer that is ready for it.
    pub write_timeout: Duration,
    /// How long an idle connection is kept; also the longest time between two requests on it.
    pub keep_alive: Duration,
    /// Most headers of a request.
    pub headers: usize,
    /// Most bytes of a request's head.
    pub header_bytes: usize,
    /// Most bytes of path and query.
    pub url_bytes: usize,
    /// Most streams of one HTTP/2 connection at a time.
    pub streams: u32,
    /// Most requests of one connection; then the client has to open another one.
    pub requests: u64,
    /// Most connections. When there are as many, idle ones are closed for new ones.
    pub connections: usize,
    /// Most bytes of a request's body that are kept, mostly on the disk, so that the application can read them again after its
    /// proxy has.
    pub proxy_body: u64,
    /// Most bytes of a request's body that a route handler is sent; `None`: as many as the client sends.
    pub handler_body: Option<u64>,
    /// After how long a silence a comment is sent in event streams of handlers; `None`: never.
    pub heartbeat: Option<Duration>,
    /// Stored answers that are renewed in the background at once.
    pub renewals: usize,
    /// Most connections of one client address (of IPv6: of one /64 network). Trusted proxies may have more.
    pub connections_of_one: usize,
    /// How much of everything the body of an action may hold.
    pub flight: Budget,
    /// How long the body of an action may take to come.
    pub action_upload: Duration,
    /// How long an action may take, unless its route says otherwise (`maxDuration`).
    pub action_time: Duration,
    /// Most bytes that the bodies of all actions may take while they are received and handed on.
    pub action_memory: usize,
    /// How long requests may go on when the server stops.
    pub drain: Duration,
}

impl Limits {
    /// How a request's body is waited for.
    #[must_use]
    pub fn body_patience(&self) -> BodyPatience {
        BodyPatience {
            silence: self.body_timeout,
            rate: self.body_rate,
            grace: self.body_grace,
        }
    }
}

/// How a request's body is waited for.
#[derive(Debug, Clone, Copy)]
pub struct BodyPatience {
    /// See [`Limits::body_timeout`].
    pub silence: Duration,
    /// See [`Limits::body_rate`].
    pub rate: u64,
    /// See [`Limits::body_grace`].
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            body_rate: 240,
            body_grace: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(60),
            headers: 100,
            header_bytes: 64 * 1024,
            url_bytes: 16 * 1024,
            streams: 250,
            requests: 100_000,
            connections: 25_000,
            proxy_body: 1 << 30,
            handler_body: None,
            heartbeat: None,
            renewals: 16,
            connections_of_one: 2_000,
            flight: Budget::default(),
            action_upload: Duration::from_secs(300),
            action_time: Duration::from_secs(300),
            action_memory: 256 * 1024 * 1024,
            drain: Duration::from_secs(30),
        }
    }
}
