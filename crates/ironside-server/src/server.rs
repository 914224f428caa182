//! The server: a port, connections, and the site that they are answered with.

use crate::connection::{self, Accepted, Protocols};
use crate::crowd::Crowd;
use crate::deployment::Deployment;
use crate::listener::{self, ListenError};
use crate::options::ServerOptions;
use crate::pulse::Pulse;
use crate::site::{House, Site};
use crate::tls::{Tls, TlsError};
use crate::trusted_proxies::{NetworkError, TrustedProxies};
use crate::upstream::{RewriteOptionsError, Upstreams};
use crate::work::Workers;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why a server can't be made.
#[derive(Debug, Error)]
pub enum BindError {
    /// The port can't be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A trusted proxy isn't an address.
    #[error("trusted proxies: {0}")]
    TrustedProxy(#[from] NetworkError),
    /// The settings of rewrites have a mistake.
    #[error("rewrites: {0}")]
    Rewrites(#[from] RewriteOptionsError),
    /// Certificate or key can't be used.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// The system doesn't tell the address.
    #[error("the address of the opened port can't be found out")]
    Address(#[source] io::Error),
}

/// The site of this moment, for connections. A handle: clones share it.
#[derive(Debug, Clone)]
pub struct Current(Arc<RwLock<Site>>);

impl Current {
    /// The site that a request is answered with, from its beginning to its end.
    #[must_use]
    pub(crate) fn site(&self) -> Site {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another deployment in place. Requests that are under way end with the one they began with.
    pub fn replace(&self, deployment: Arc<Deployment>, workers: impl Workers) {
        let mut site = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *site = Site {
            deployment,
            workers: Arc::new(workers),
            house: site.house.clone(),
        };
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because their requests took too long.
    pub cut: usize,
}

/// A server that listens and has not begun to answer.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    current: Current,
    house: Arc<House>,
    tls: Option<Tls>,
}

impl Server {
    /// Opens the port. Has to be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the port can't be opened; the message says what to do.
    pub fn bind(options: ServerOptions, deployment: Arc<Deployment>, workers: impl Workers) -> Result<Self, BindError> {
        let trusted = TrustedProxies::new(&options.trusted_proxies)?;
        let tls = options.tls.map(Tls::load).transpose()?;
        let listener = listener::open(&options.address)?;
        let address = listener.local_addr().map_err(BindError::Address)?;
        let house = Arc::new(House::new(options.limits, trusted, Upstreams::new(options.rewrites)?));
        let site = Site {
            deployment,
            workers: Arc::new(workers),
            house: house.clone(),
        };
        Ok(Self {
            listener,
            address,
            current: Current(Arc::new(RwLock::new(site))),
            house,
            tls,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The handle by which another deployment is put in place.
    #[must_use]
    pub fn current(&self) -> Current {
        self.current.clone()
    }

    /// The handle by which the certificate is read again, if there is one.
    #[must_use]
    pub fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// What belongs to the server as a whole: counters, limits.
    #[must_use]
    pub fn house(&self) -> Arc<House> {
        self.house.clone()
    }

    /// Answers requests until `shutdown` resolves; then takes no more connections, and lets those that are open finish
    /// their requests for as long as [`crate::Limits::drain`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Drained {
        let stop = CancellationToken::new();
        let connections = TaskTracker::new();
        tokio::pin!(shutdown);
        tokio::select! {
            () = &mut shutdown => {}
            () = self.accept(&connections, &stop) => {}
            () = self.follow_certificate() => {}
        }
        self.house.stopping.store(true, Ordering::Relaxed);
        drop(self.listener);
        stop.cancel();
        connections.close();
        self.house.tasks.close();
        let drained = async {
            connections.wait().await;
            self.house.tasks.wait().await;
        };
        let in_time = tokio::time::timeout(self.house.limits.drain, drained).await.is_ok();
        Drained {
            cut: if in_time { 0 } else { connections.len() },
        }
    }

    async fn follow_certificate(&self) {
        match &self.tls {
            Some(tls) => tls.follow().await,
            None => std::future::pending().await,
        }
    }

    async fn accept(&self, connections: &TaskTracker, stop: &CancellationToken) {
        let limits = &self.house.limits;
        let protocols = Arc::new(Protocols::new(limits, self.tls.clone()));
        let crowd = Arc::new(Crowd::new(limits.connections, limits.connections_of_one));
        loop {
            // Room is made for somebody who is there. One that has no place waits here, those behind it in the system's queue.
            let (stream, peer) = self.next().await;
            let Some(free) = crowd.free().await else { return };
            let is_trusted = self.house.trusted.trust(peer.ip());
            let pulse = Arc::new(Pulse::new(is_trusted));
            let place = match crowd.enter(free, (!is_trusted).then(|| peer.ip()), &pulse) {
                Ok(place) => place,
                Err(client) => {
                    self.house.metrics.closed.count("too_many_of_one");
                    tracing::debug!(%client, "a client has as many connections as it may; one more was closed");
                    continue;
                }
            };
            let (current, protocols, stop, house) = (self.current.clone(), protocols.clone(), stop.clone(), self.house.clone());
            house.metrics.connections.fetch_add(1, Ordering::Relaxed);
            connections.spawn(async move {
                let accepted = Accepted { stream, peer, pulse };
                connection::serve(accepted, current, protocols, house.clone(), stop).await;
                house.metrics.connections.fetch_sub(1, Ordering::Relaxed);
                drop(place);
            });
        }
    }

    /// The next connection. Errors of accepting concern one client, or pass when descriptors are free again.
    async fn next(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
