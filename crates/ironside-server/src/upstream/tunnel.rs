//! A connection that has become another protocol's: bytes are copied both ways between client and other site, as fast as the
//! slower side takes them, until one of them ends, neither says anything for too long, or the server stops.

use crate::wire::Wire;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Bytes on their way, for each direction.
const ROOM: usize = 8 * 1024;
/// How long the end may take to be told.
const FAREWELL: Duration = Duration::from_secs(1);

/// A tunnel that is agreed on, and not begun.
#[derive(Debug, Clone)]
pub(crate) struct Tunnel {
    site: OnUpgrade,
    idle: Duration,
}

/// Why a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// One side ended it.
    Left,
    /// A side broke.
    Broken,
    /// Nothing went either way for too long.
    Silent,
    /// The server stops.
    Stopped,
}

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TunnelEnd {
    pub(crate) why: Why,
    /// Bytes from the client to the other site.
    pub(crate) to_site: u64,
    /// Bytes from the other site to the client.
    pub(crate) to_client: u64,
}

impl TunnelEnd {
    /// The word for the metric of closed connections, if it was the server that closed it.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self.why {
            Why::Left | Why::Broken => None,
            Why::Silent => Some("tunnel_idle"),
            Why::Stopped => Some("tunnel_stopped"),
        }
    }
}

impl Tunnel {
    /// To where the other site's connection leads once it is free of HTTP.
    pub(super) fn new(site: OnUpgrade, idle: Duration) -> Self {
        Self { site, idle }
    }

    /// Copies until the end. `early` is what the client has sent already.
    pub(crate) async fn run(self, client: Wire, early: Bytes, stop: &CancellationToken) -> TunnelEnd {
        let (moved, idle) = (Moved::new(), self.idle);
        let mut client = Watched { client, moved: &moved };
        let why = tokio::select! {
            copied = copy(&mut client, self.site, early) => match copied {
                Ok(()) => Why::Left,
                Err(_) => Why::Broken,
            },
            () = moved.silence(idle) => Why::Silent,
            () = stop.cancelled() => Why::Stopped,
        };
        let _ = tokio::time::timeout(FAREWELL, client.client.shutdown()).await;
        TunnelEnd {
            why,
            to_site: moved.to_site.load(Ordering::Relaxed),
            to_client: moved.to_client.load(Ordering::Relaxed),
        }
    }
}

async fn copy(client: &mut Watched<'_>, site: OnUpgrade, early: Bytes) -> io::Result<()> {
    let mut site = TokioIo::new(site.await.map_err(io::Error::other)?);
    client.moved.to_site.fetch_add(early.len() as u64, Ordering::Relaxed);
    site.write_all(&early).await?;
    site.flush().await?;
    tokio::io::copy_bidirectional_with_sizes(client, &mut site, ROOM, ROOM).await?;
    Ok(())
}

/// What went over the client's side, and when something last did. Everything that is copied goes over it.
#[derive(Debug)]
struct Moved {
    since: Instant,
    /// Milliseconds after `since`.
    last: AtomicU64,
    to_site: AtomicU64,
    to_client: AtomicU64,
}

impl Moved {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            last: AtomicU64::new(0),
            to_site: AtomicU64::new(0),
            to_client: AtomicU64::new(0),
        }
    }

    fn note(&self, count: &AtomicU64, bytes: usize) {
        count.fetch_add(bytes as u64, Ordering::Relaxed);
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Resolves once nothing has moved for so long.
    async fn silence(&self, patience: Duration) {
        loop {
            let until = self.since + Duration::from_millis(self.last.load(Ordering::Relaxed)) + patience;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

#[derive(Debug)]
struct Watched<'a> {
    client: Wire,
    moved: &'a Moved,
}

impl AsyncRead for Watched<'_> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.client).poll_read(context, buffer);
        if read.is_ready() {
            self.moved.note(&self.moved.to_site, buffer.filled().len() - before);
        }
        read
    }
}

impl AsyncWrite for Watched<'_> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.client).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.moved.note(&self.moved.to_client, count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_shutdown(context)
    }
}
