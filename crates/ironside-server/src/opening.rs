//! The beginning of a connection, until its first request's head is here whole, and the time between two requests if it is
//! long. Until then a connection costs a small task
//! and the bytes that came, so that thousands of clients that say nothing, or say it slowly, cost next to nothing; buffers
//! and all that hyper needs are made afterwards.

use crate::framing::Follower;
use crate::pulse::Pulse;
use crate::tls::Tls;
use crate::wire::{Socket, Wire};
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

/// HTTP/2's first line.
const ANNOUNCED: &[u8] = b"PRI * HTTP/2.0\r\n";
/// How long a client may wait between saying that it speaks HTTP/2 and speaking it; clients send both at once.
const PREFACE: std::time::Duration = std::time::Duration::from_secs(1);
/// What is read at once.
const PIECE: usize = 4 * 1024;
/// The first byte of a client that speaks TLS.
const TLS_HANDSHAKE: u8 = 0x16;

const TIMED_OUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
    content-length: 49\r\n\r\nBad Request: this port speaks HTTPS, not HTTP.\r\n\r\n";

/// A connection that HTTP begins on.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The connection, with what was read.
    pub(crate) wire: Wire,
    /// HTTP/2 rather than HTTP/1.
    pub(crate) is_http2: bool,
}

/// A connection that has said nothing of use yet.
#[derive(Debug)]
pub(crate) struct Opening {
    socket: Option<Socket>,
    bytes: Vec<u8>,
    follower: Option<Follower>,
    /// Heads that were there before.
    heads: u64,
}

impl Opening {
    /// Waits for the end of TLS's handshake, if there is TLS.
    ///
    /// # Errors
    /// When the client leaves, or speaks something else.
    pub(crate) async fn begin(stream: TcpStream, tls: Option<&Tls>, pulse: &Arc<Pulse>) -> io::Result<Self> {
        let mut follower = Follower::new(pulse.clone());
        let socket = match tls {
            None => Socket::Plain(stream),
            Some(tls) => Socket::Tls(Box::new(handshake(stream, tls).await?)),
        };
        if let Socket::Tls(socket) = &socket
            && socket.get_ref().1.alpn_protocol() == Some(b"h2")
        {
            follower.give_up();
        }
        Ok(Self {
            socket: Some(socket),
            bytes: Vec::new(),
            follower: Some(follower),
            heads: 0,
        })
    }

    /// A connection on which requests were answered, and that waits for the next one as if it were new. `read` was read and is
    /// no part of an earlier request.
    pub(crate) fn again(wire: Wire, read: &[u8]) -> Self {
        let (socket, again, follower) = wire.into_parts();
        Self {
            socket: Some(socket),
            bytes: [read, &again].concat(),
            heads: follower.heads(),
            follower: Some(follower),
        }
    }

    /// Reads until the next head is whole, is no head, or is longer than `longest`: then it is for HTTP to answer. `None` if
    /// the client has left.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn next_head(&mut self, longest: usize, pulse: &Arc<Pulse>) -> io::Result<Option<Opened>> {
        while !self.is_decided() && self.bytes.len() <= longest {
            let read = if self.bytes.starts_with(ANNOUNCED) {
                match tokio::time::timeout(PREFACE, self.read()).await {
                    Ok(read) => read?,
                    Err(_) => return Ok(None),
                }
            } else {
                self.read().await?
            };
            if read == 0 {
                return Ok(None);
            }
        }
        let (Some(socket), Some(follower)) = (self.socket.take(), self.follower.take()) else {
            return Ok(None);
        };
        let is_http2 =
            follower.is_http2() || matches!(&socket, Socket::Tls(socket) if socket.get_ref().1.alpn_protocol() == Some(b"h2"));
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        Ok(Some(Opened {
            wire: Wire::new(socket, bytes, follower, pulse.clone()),
            is_http2,
        }))
    }

    fn is_decided(&self) -> bool {
        self.follower
            .as_ref()
            .is_none_or(|follower| follower.heads() > self.heads || follower.is_lost())
    }

    async fn read(&mut self) -> io::Result<usize> {
        let Self {
            socket, bytes, follower, ..
        } = self;
        let Some(socket) = socket else { return Ok(0) };
        // On the stack of one call, so that waiting needs no buffer.
        std::future::poll_fn(|context| {
            let mut piece = [0; PIECE];
            let mut buffer = ReadBuf::new(&mut piece);
            Pin::new(&mut *socket).poll_read(context, &mut buffer).map_ok(|()| {
                bytes.extend_from_slice(buffer.filled());
                if let Some(follower) = follower {
                    follower.read(buffer.filled());
                }
                buffer.filled().len()
            })
        })
        .await
    }

    /// Tells a client that it took too long, if it has begun to say something. It is not waited for.
    pub(crate) fn too_late(self) {
        if let Some(mut socket) = self.socket.filter(|_| !self.bytes.is_empty()) {
            let telling = async {
                if socket.write_all(TIMED_OUT).await.is_ok() {
                    let _ = socket.shutdown().await;
                }
            };
            futures_util::FutureExt::now_or_never(telling);
        }
    }
}

async fn handshake(mut stream: TcpStream, tls: &Tls) -> io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first != [TLS_HANDSHAKE] {
        // Most likely `http://` with the port of `https://`.
        stream.write_all(NOT_TLS).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not TLS"));
    }
    tls.acceptor().accept(stream).await
}
