//! Opening the port, and the errors that tell what to do when it can't be opened.

use crate::options::ListenAddress;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use thiserror::Error;
use tokio::net::TcpListener;

/// Connections that the system keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// Why the server can't listen.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Somebody else has the port.
    #[error("port {port} is in use. Stop the other program, or choose another port with --port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The system doesn't let us.
    #[error("port {port} can't be opened without more rights. Choose one above 1023 with --port")]
    NotAllowed {
        /// The port.
        port: u16,
    },
    /// The host's name stands for no address.
    #[error("the host {host:?} stands for no address. Give a name or address of this machine with --hostname")]
    NoSuchHost {
        /// The host.
        host: String,
        /// Why.
        source: Option<io::Error>,
    },
    /// The address isn't one of this machine.
    #[error("{address} is not an address of this machine. Give another one with --hostname")]
    NotOurs {
        /// The address.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("{address} can't be listened on")]
    Other {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Opens the port.
///
/// # Errors
/// With what to do about it.
pub(crate) fn open(address: &ListenAddress) -> Result<TcpListener, ListenError> {
    match address {
        ListenAddress::Exact(address) => bind(*address),
        ListenAddress::Host { host, port } => bind(resolve(host, *port)?),
        ListenAddress::Everywhere { port } => {
            let six = SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port));
            match bind(six) {
                // A machine without IPv6.
                Err(ListenError::Other { .. } | ListenError::NotOurs { .. }) => {
                    bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port)))
                }
                other => other,
            }
        }
    }
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, ListenError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    let no_such = |source| ListenError::NoSuchHost {
        host: host.to_owned(),
        source,
    };
    (bare, port)
        .to_socket_addrs()
        .map_err(|error| no_such(Some(error)))?
        .next()
        .ok_or_else(|| no_such(None))
}

fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    listen(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::PortInUse { port: address.port() },
        io::ErrorKind::PermissionDenied => ListenError::NotAllowed { port: address.port() },
        io::ErrorKind::AddrNotAvailable => ListenError::NotOurs { address },
        _ => ListenError::Other { address, source },
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if let SocketAddr::V6(v6) = address {
        // `::` takes IPv4 as well, as Node's servers do.
        socket.set_only_v6(!v6.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let first = open(&ListenAddress::Everywhere { port: 0 }).unwrap();
        let port = first.local_addr().unwrap().port();
        let error = open(&ListenAddress::Everywhere { port }).unwrap_err();
        assert!(matches!(error, ListenError::PortInUse { port: named } if named == port));
        assert!(error.to_string().contains(&port.to_string()) && error.to_string().contains("--port"));
    }

    #[tokio::test]
    async fn hosts_that_are_none_are_named() {
        let open = |host: &str| {
            open(&ListenAddress::Host {
                host: host.into(),
                port: 0,
            })
        };
        assert!(open("127.0.0.1").is_ok() && open("localhost").is_ok());
        assert!(matches!(open("203.0.113.1").unwrap_err(), ListenError::NotOurs { .. }));
        assert!(open("no such host").unwrap_err().to_string().contains("no such host"));
    }
}
