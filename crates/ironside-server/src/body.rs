//! The body of an answer on its way to the client. Every piece goes out as it comes; if its maker fails midway, so does
//! the body, and the connection ends visibly (HTTP/1: without the last chunk, HTTP/2: with a reset).

use crate::heartbeat::Heartbeat;
use crate::response::byte_ranges::ByteRanges;
use crate::response::compress::Encoder;
use crate::upstream::{UpstreamBody, UpstreamBodyError};
use crate::work::Pieces;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use ironside_worker::{JobFailure, Piece};
use std::fs::File;
use std::io::Read as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinHandle;

/// Why a body broke off.
#[derive(Debug, Error)]
pub enum BodyFailure {
    /// The worker's job failed.
    #[error(transparent)]
    Job(#[from] JobFailure),
    /// Another site's answer broke off.
    #[error(transparent)]
    Upstream(#[from] UpstreamBodyError),
    /// A file could not be read on.
    #[error("a file could not be read to its end")]
    File(#[from] std::io::Error),
}

impl BodyFailure {
    /// The word for log and metric.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Job(failure) => failure.reason(),
            Self::Upstream(_) => "upstream",
            Self::File(_) => "file",
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub enum Body {
    /// No bytes.
    #[default]
    Empty,
    /// All bytes at once.
    Full(Bytes),
    /// What a worker sends.
    Pieces(Pieces),
    /// What another site sends.
    #[allow(private_interfaces, reason = "it is made and read in this crate only")]
    Upstream(Box<UpstreamBody>),
    /// A part of a file.
    File(FileBody),
    /// Several parts of a file.
    Ranges(Box<ByteRanges>),
    /// Another body in an encoding.
    Encoded(Box<EncodedBody>),
    /// Another body, an event stream that is never silent for long.
    Heartbeat(Box<Heartbeat>),
}

/// A body that is encoded on its way, and flushed after each piece. A large piece is encoded in slices, between which others have
/// their turn: a thread serves many requests.
#[derive(Debug)]
pub struct EncodedBody {
    inner: Body,
    /// What is left of a large piece.
    rest: Bytes,
    /// Others have had their turn.
    has_rested: bool,
    /// `None` once the end has been written.
    encoder: Option<Encoder>,
}

/// So much is encoded at a time.
const SLICE: usize = 64 * 1024;

impl Body {
    /// Puts an encoding around a body.
    #[must_use]
    pub fn encoded(self, encoder: Encoder) -> Self {
        Self::Encoded(Box::new(EncodedBody {
            inner: self,
            rest: Bytes::new(),
            has_rested: false,
            encoder: Some(encoder),
        }))
    }

    /// Keeps an event stream from being silent.
    #[must_use]
    pub fn with_heartbeat(self, every: Duration) -> Self {
        Self::Heartbeat(Box::new(Heartbeat::new(self, every)))
    }

    /// The number of bytes, if it is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Full(bytes) => Some(bytes.len() as u64),
            Self::File(file) => Some(file.remaining),
            Self::Upstream(upstream) => upstream.length(),
            Self::Ranges(ranges) => Some(ranges.remaining()),
            Self::Pieces(_) | Self::Encoded(_) => None,
            Self::Heartbeat(body) => body.length(),
        }
    }

    /// The next bytes.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Self::Pieces(pieces) => poll_pieces(pieces, context),
            Self::Upstream(upstream) => upstream.poll_bytes(context).map_err(Into::into),
            Self::File(file) => file.poll_bytes(context),
            Self::Ranges(ranges) => ranges.poll_bytes(context),
            Self::Encoded(body) => body.poll_bytes(context),
            Self::Heartbeat(body) => body.poll_bytes(context),
        }
    }
}

/// A payload beside HTML is for the cache; here it is passed over.
fn poll_pieces(pieces: &mut Pieces, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
    loop {
        match ready!(pieces.poll_next(context)) {
            Some(Ok(Piece::Body(bytes))) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
            Some(Ok(_)) => {}
            Some(Err(failure)) => return Poll::Ready(Some(Err(failure.into()))),
            None => return Poll::Ready(None),
        }
    }
}

impl EncodedBody {
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        loop {
            if self.encoder.is_none() {
                return Poll::Ready(None);
            }
            let slice = ready!(self.poll_slice(context));
            let Some(encoder) = &mut self.encoder else {
                return Poll::Ready(None);
            };
            let encoded = match slice {
                Some(Ok(bytes)) => encoder.write(&bytes)?,
                Some(Err(failure)) => {
                    self.encoder = None;
                    return Poll::Ready(Some(Err(failure)));
                }
                None => match self.encoder.take() {
                    Some(encoder) => encoder.finish()?,
                    None => return Poll::Ready(None),
                },
            };
            if !encoded.is_empty() {
                return Poll::Ready(Some(Ok(encoded)));
            }
        }
    }

    fn poll_slice(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        if self.rest.is_empty() {
            match ready!(self.inner.poll_bytes(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
        } else if !std::mem::replace(&mut self.has_rested, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.has_rested = false;
        let slice = self.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(self.rest.split_to(slice))))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        self.poll_bytes(context)
            .map(|next| next.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.length() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// A stretch of a file, read in lumps away from the threads that serve requests.
#[derive(Debug)]
pub struct FileBody {
    remaining: u64,
    state: FileState,
}

#[derive(Debug)]
enum FileState {
    Idle(File),
    Reading(JoinHandle<std::io::Result<(File, Bytes)>>),
    Ended,
}

const LUMP: u64 = 128 * 1024;

impl FileBody {
    /// So many bytes from where the file stands.
    #[must_use]
    pub fn new(file: File, length: u64) -> Self {
        Self {
            remaining: length,
            state: FileState::Idle(file),
        }
    }

    /// The next bytes.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        loop {
            match std::mem::replace(&mut self.state, FileState::Ended) {
                FileState::Ended => return Poll::Ready(None),
                FileState::Idle(_) if self.remaining == 0 => return Poll::Ready(None),
                FileState::Idle(mut file) => {
                    let lump = self.remaining.min(LUMP);
                    self.state = FileState::Reading(tokio::task::spawn_blocking(move || {
                        let mut buffer = Vec::with_capacity(usize::try_from(lump).unwrap_or_default());
                        (&mut file).take(lump).read_to_end(&mut buffer)?;
                        Ok((file, buffer.into()))
                    }));
                }
                FileState::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
                        self.state = FileState::Reading(reading);
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(self.took(read)));
                }
            }
        }
    }

    fn took(&mut self, read: Result<std::io::Result<(File, Bytes)>, tokio::task::JoinError>) -> Result<Bytes, BodyFailure> {
        let (file, bytes) = read.map_err(std::io::Error::other)??;
        if bytes.is_empty() {
            // The file has become shorter than its head said.
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        self.state = FileState::Idle(file);
        Ok(bytes)
    }
}
