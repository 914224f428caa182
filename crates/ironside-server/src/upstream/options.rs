//! What rewrites to other sites are told. Every value is finished.

use super::resolve::{Resolve, SystemResolver};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct RewriteOptions {
    /// Hosts that a request may choose, as `api.example.com`, `*.example.com` (any host below) or `host:8080`. Without a
    /// port, the scheme's own. Hosts that stand in `next.config` as they are need not be listed.
    pub allow: Vec<String>,
    /// Networks, as `10.0.0.0/8`, that a public name may lead to although they are not public.
    pub private: Vec<String>,
    /// Longest time until a connection is made: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// Longest time between the last byte of the request and the answer's head.
    pub first_byte_timeout: Duration,
    /// Longest silence within an answer's body.
    pub idle_timeout: Duration,
    /// Certificates, as PEM, of further authorities that sites may have theirs from.
    pub authorities: Option<Vec<u8>>,
    /// Who knows the addresses of names.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for RewriteOptions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            private: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
            authorities: None,
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// Why an option can't be used.
#[derive(Debug, Error)]
pub enum RewriteOptionsError {
    /// An entry of the list of hosts is none.
    #[error("{0:?} is no host such as api.example.com, *.example.com or localhost:4000")]
    Host(String),
    /// A network is none.
    #[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
    Network(String),
    /// The certificates can't be read.
    #[error("the certificates of further authorities can't be read")]
    Authorities(#[source] rustls::pki_types::pem::Error),
    /// There is none in the file.
    #[error("the file of further authorities holds no certificate")]
    NoAuthority,
    /// TLS refuses them.
    #[error("TLS can't be set up")]
    Tls(#[from] rustls::Error),
}
