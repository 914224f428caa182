//! Makes connections: name, address, TCP, TLS. The addresses are judged after they are known and right before one of them is
//! connected to, so that a name which changes its mind in between gains nothing.

use super::networks::Networks;
use super::reach::Reach;
use super::resolve::Resolve;
use super::stream::UpstreamStream;
use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// Why there is no connection.
#[derive(Debug, Clone, Error)]
pub enum ConnectError {
    /// The name isn't known.
    #[error("the name of the host has no address")]
    NoAddress(#[source] Option<Arc<io::Error>>),
    /// All its addresses are ones that it must not have.
    #[error(
        "the host's address {address} is not a public one; `private` under [rewrites] in ironside.toml lists networks that names may lead to"
    )]
    NotPublic {
        /// One of them.
        address: IpAddr,
    },
    /// Nobody answers there.
    #[error("{address} does not take the connection")]
    Refused {
        /// The last one that was tried.
        address: SocketAddr,
        /// Why.
        source: Arc<io::Error>,
    },
    /// The other side isn't who it should be, or speaks no TLS.
    #[error("there is no TLS with it")]
    Tls(#[source] Arc<io::Error>),
    /// It took too long.
    #[error("no connection within {} ms", after.as_millis())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    reach: Reach,
    private: Networks,
    resolver: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
    patience: Duration,
}

impl Connector {
    /// A connector for destinations of one reach.
    pub(super) fn new(
        reach: Reach,
        private: Networks,
        resolver: Arc<dyn Resolve>,
        tls: Arc<ClientConfig>,
        patience: Duration,
    ) -> Self {
        Self {
            reach,
            private,
            resolver,
            tls,
            patience,
        }
    }

    async fn connect(self, uri: Uri) -> Result<UpstreamStream, ConnectError> {
        let after = self.patience;
        tokio::time::timeout(after, self.connect_without_end(uri))
            .await
            .unwrap_or(Err(ConnectError::TimedOut { after }))
    }

    async fn connect_without_end(self, uri: Uri) -> Result<UpstreamStream, ConnectError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let addresses = self.addresses(&host).await?;
        let stream = self.open(&addresses, port).await?;
        if !https {
            return Ok(UpstreamStream::Plain(stream));
        }
        let name = ServerName::try_from(host).map_err(|error| ConnectError::Tls(Arc::new(io::Error::other(error))))?;
        let tls = TlsConnector::from(self.tls)
            .connect(name, stream)
            .await
            .map_err(|error| ConnectError::Tls(Arc::new(error)))?;
        Ok(UpstreamStream::Tls(Box::new(tls)))
    }

    /// The addresses that may be connected to; at least one.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            // Written out: a name server has no part in it.
            return if self.reach == Reach::Named || self.reach.allows(address, &self.private) {
                Ok(vec![address])
            } else {
                Err(ConnectError::NotPublic { address })
            };
        }
        let found = self
            .resolver
            .resolve(host.to_owned())
            .await
            .map_err(|error| ConnectError::NoAddress(Some(Arc::new(error))))?;
        let (allowed, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|address| self.reach.allows(*address, &self.private));
        match (allowed.is_empty(), others.first()) {
            (false, _) => Ok(allowed),
            (true, Some(address)) => Err(ConnectError::NotPublic { address: *address }),
            (true, None) => Err(ConnectError::NoAddress(None)),
        }
    }

    /// The first that takes the connection. One that is silent leaves time for the others.
    async fn open(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, ConnectError> {
        let share = self.patience / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = ConnectError::NoAddress(None);
        for address in addresses {
            let address = SocketAddr::new(*address, port);
            last = match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%address, %error, "TCP_NODELAY could not be set");
                    }
                    return Ok(stream);
                }
                Ok(Err(error)) => ConnectError::Refused {
                    address,
                    source: Arc::new(error),
                },
                Err(_) => ConnectError::TimedOut { after: share },
            };
        }
        Err(last)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<UpstreamStream>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(uri).await.map(TokioIo::new) })
    }
}
