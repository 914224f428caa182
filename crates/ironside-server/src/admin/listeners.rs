//! The sockets of the admin listener.

use super::{AdminError, AdminOptions};
use std::fs::{self, Permissions};
use std::io;
use std::net::{self, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Both of them, as far as they are wanted.
#[derive(Debug)]
pub(super) struct Listeners {
    unix: Option<Socket>,
    tcp: Option<TcpListener>,
}

/// A Unix socket, whose file goes when it does.
#[derive(Debug)]
struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Listeners {
    pub(super) fn open(options: &AdminOptions) -> Result<Self, AdminError> {
        let unix = options.socket.as_deref().map(open_socket).transpose()?;
        let tcp = options.address.map(open_address).transpose()?;
        Ok(Self { unix, tcp })
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.tcp.as_ref()?.local_addr().ok()
    }

    /// The next connection of any of them.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let unix = async {
            match &self.unix {
                Some(socket) => socket.listener.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
                None => std::future::pending().await,
            }
        };
        let tcp = async {
            match &self.tcp {
                Some(listener) => listener.accept().await.map(|(stream, _)| Accepted::Tcp(stream)),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = unix => accepted,
            accepted = tcp => accepted,
        }
    }
}

/// The socket is made beside its place and moved there when nobody but its owner can open it, so that there is no moment at which
/// others can.
fn open_socket(path: &Path) -> Result<Socket, AdminError> {
    let failed = |source| AdminError::Socket {
        path: path.to_path_buf(),
        source,
    };
    if BlockingUnixStream::connect(path).is_ok() {
        return Err(AdminError::SocketInUse {
            path: path.to_path_buf(),
        });
    }
    let made = path.with_extension(format!("{}", std::process::id()));
    let _ = fs::remove_file(&made);
    let listener = UnixListener::bind(&made).map_err(failed)?;
    let placed = fs::set_permissions(&made, Permissions::from_mode(0o600)).and_then(|()| fs::rename(&made, path));
    if let Err(error) = placed {
        let _ = fs::remove_file(&made);
        return Err(failed(error));
    }
    Ok(Socket {
        listener,
        path: path.to_path_buf(),
    })
}

fn open_address(address: SocketAddr) -> Result<TcpListener, AdminError> {
    let open = || {
        let listener = net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    open().map_err(|source| AdminError::Address { address, source })
}

/// A connection of either kind.
#[derive(Debug)]
pub(super) enum Accepted {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl AsyncRead for Accepted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
