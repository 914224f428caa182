//! Asking a server that runs, on its admin socket. One question is one connection: a head, a JSON text, and the same back.

use serde::Serialize;
use serde_json::Value;
use std::io::{self, ErrorKind};
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum AskError {
    /// Nobody listens there.
    NoServer,
    /// The socket is somebody else's.
    NotOurs(io::Error),
    /// The connection failed.
    Broken(io::Error),
    /// What came is no answer of an admin listener.
    NotUnderstood(String),
    /// The server says no: its message, and its hint.
    Refused(String, Option<String>),
}

impl From<io::Error> for AskError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Self::NoServer,
            ErrorKind::PermissionDenied => Self::NotOurs(error),
            _ => Self::Broken(error),
        }
    }
}

/// Whether somebody listens on a socket.
pub(crate) async fn listens(socket: &Path) -> Result<(), AskError> {
    UnixStream::connect(socket).await?;
    Ok(())
}

/// Asks the cache of a server.
pub(crate) async fn ask_cache(socket: &Path, question: &str, asked: &impl Serialize) -> Result<Value, AskError> {
    let body = serde_json::to_vec(asked).map_err(|error| AskError::Broken(io::Error::other(error)))?;
    let head = format!(
        "POST /cache/{question} HTTP/1.1\r\nhost: admin\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    read(&bytes)
}

/// What an answer says.
fn read(bytes: &[u8]) -> Result<Value, AskError> {
    let text = String::from_utf8_lossy(bytes);
    let not_understood = || AskError::NotUnderstood(text.lines().next().unwrap_or_default().to_owned());
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(not_understood)?;
    let status: u16 = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(not_understood)?;
    let value: Value = serde_json::from_str(body).map_err(|_| not_understood())?;
    if status == 200 {
        return Ok(value);
    }
    let said = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match said("error") {
        Some(error) => Err(AskError::Refused(error, said("hint"))),
        None => Err(not_understood()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_refusals_and_other_servers_are_told_apart() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\na: b\r\n\r\n{\"x\":1}").unwrap()["x"], 1);
        let refused = read(b"HTTP/1.1 400 Bad Request\r\n\r\n{\"error\":\"no\",\"hint\":\"yes\"}");
        assert!(matches!(refused, Err(AskError::Refused(error, Some(hint))) if error == "no" && hint == "yes"));
        for other in [&b"HTTP/1.1 404 Not Found\r\n\r\nthere are /metrics"[..], b"SSH-2.0", b""] {
            assert!(matches!(read(other), Err(AskError::NotUnderstood(_))));
        }
    }
}
