//! Follows on an HTTP/1 connection where messages begin and end, beside hyper, for what hyper leaves open: does a head name
//! both `Content-Length` and `Transfer-Encoding`, and does somebody who says that HTTP/2 is spoken go on to speak it?
//!
//! Of two lengths hyper obeys the second and takes the first away, so nobody after it can tell. That is allowed (RFC 9112, 6.3), but such
//! a request only ever comes from somebody who hopes that two servers disagree about its end, so it is refused. The
//! follower decides nothing else. Where it cannot follow (HTTP/2, or what hyper is about to refuse) it stops looking.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest line that is remembered; hyper has limits of its own.
const LONGEST_LINE: usize = 64 * 1024;
/// `\r\nSM\r\n\r\n` and the nine bytes that begin every frame.
const AFTER_FIRST_LINE: u64 = 8 + 9;

/// What was seen of a connection so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    /// The number of the request with two lengths, or 0. After it the connection ends, so there is one at most.
    two_lengths: AtomicU64,
    /// HTTP/2's first line was sent, and no frame yet.
    bare_preface: AtomicBool,
}

impl Seen {
    /// Whether the request of this number, counted from 1, names two lengths.
    #[must_use]
    pub(crate) fn has_two_lengths(&self, number: u64) -> bool {
        self.0.two_lengths.load(Ordering::Acquire) == number
    }

    /// Whether HTTP/2 was announced and nothing followed, though its SETTINGS have to (RFC 9113, 3.4).
    #[must_use]
    pub(crate) fn is_bare_preface(&self) -> bool {
        self.0.bare_preface.load(Ordering::Acquire)
    }
}

/// A connection that is followed while it is read.
#[derive(Debug)]
pub(crate) struct Followed<T> {
    inner: T,
    follower: Follower,
}

impl<T> Followed<T> {
    /// Follows a connection from its first byte on.
    #[must_use]
    pub(crate) fn new(inner: T) -> (Self, Seen) {
        let found = Seen::default();
        (
            Self {
                inner,
                follower: Follower::new(found.clone()),
            },
            found,
        )
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Followed<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.follower.read(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Followed<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The line that says what is asked for, or empty lines before it.
    RequestLine,
    /// The headers.
    Headers,
    /// So many bytes of a body, of which the headers told the length.
    Body(u64),
    /// The line before a chunk.
    ChunkSize,
    /// So many bytes of a chunk and of the line end behind it.
    Chunk(u64),
    /// What follows the last chunk.
    Trailers,
    /// So many bytes of what follows HTTP/2's first line: the rest of the preface, and the head of a frame.
    Preface(u64),
    /// Nothing is looked at any more.
    Lost,
}

#[derive(Debug)]
struct Follower {
    place: Place,
    /// The beginning of a line that is not here whole yet.
    line: Vec<u8>,
    /// What the headers so far say.
    length: Option<u64>,
    is_chunked: bool,
    heads: u64,
    found: Seen,
}

impl Follower {
    fn new(found: Seen) -> Self {
        Self {
            place: Place::RequestLine,
            line: Vec::new(),
            length: None,
            is_chunked: false,
            heads: 0,
            found,
        }
    }

    fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.place {
                Place::Lost => return,
                Place::Preface(left) => {
                    let rest = self.skip(bytes, left, Place::Preface, Place::Lost);
                    self.found.0.bare_preface.store(self.place != Place::Lost, Ordering::Release);
                    rest
                }
                Place::Body(left) => self.skip(bytes, left, Place::Body, Place::RequestLine),
                Place::Chunk(left) => self.skip(bytes, left, Place::Chunk, Place::ChunkSize),
                Place::RequestLine | Place::Headers | Place::ChunkSize | Place::Trailers => self.read_line(bytes),
            };
        }
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, more: fn(u64) -> Place, then: Place) -> &'a [u8] {
        let here = bytes.len() as u64;
        if here < left {
            self.place = more(left - here);
            return &[];
        }
        self.place = then;
        usize::try_from(left)
            .ok()
            .and_then(|left| bytes.get(left..))
            .unwrap_or_default()
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            if self.line.len() > LONGEST_LINE {
                self.place = Place::Lost;
            }
            return &[];
        };
        let (line, rest) = bytes.split_at(end);
        self.place = if self.line.is_empty() {
            self.after(line)
        } else {
            let mut whole = std::mem::take(&mut self.line);
            whole.extend_from_slice(line);
            self.after(&whole)
        };
        rest.get(1..).unwrap_or_default()
    }

    /// Where the reading stands after a line.
    fn after(&mut self, line: &[u8]) -> Place {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (self.place, line.is_empty()) {
            (Place::RequestLine, true) | (Place::Trailers, true) => Place::RequestLine,
            (Place::RequestLine, false) if line == b"PRI * HTTP/2.0" => {
                self.found.0.bare_preface.store(true, Ordering::Release);
                Place::Preface(AFTER_FIRST_LINE)
            }
            (Place::RequestLine, false) => {
                (self.length, self.is_chunked) = (None, false);
                Place::Headers
            }
            (Place::Headers, false) => self.after_header(line),
            (Place::Headers, true) => self.after_head(),
            (Place::ChunkSize, _) => match chunk_size(line) {
                Some(0) => Place::Trailers,
                Some(size) => size.checked_add(2).map_or(Place::Lost, Place::Chunk),
                None => Place::Lost,
            },
            (place, _) => place,
        }
    }

    fn after_header(&mut self, line: &[u8]) -> Place {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Place::Lost;
        };
        let (name, value) = line.split_at(colon);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value.get(1..).and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
            match digits.and_then(|digits| digits.parse().ok()) {
                Some(length) => self.length = Some(length),
                None => return Place::Lost,
            }
        }
        Place::Headers
    }

    fn after_head(&mut self) -> Place {
        self.heads += 1;
        match (self.length, self.is_chunked) {
            (Some(_), true) => {
                self.found.0.two_lengths.store(self.heads, Ordering::Release);
                Place::Lost
            }
            (None, true) => Place::ChunkSize,
            (None | Some(0), false) => Place::RequestLine,
            (Some(length), false) => Place::Body(length),
        }
    }
}

/// The number before a chunk and its extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let size = line.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok())?;
    u64::from_str_radix(size, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of the request with two lengths, and how many heads were seen, with the bytes in pieces of `size`.
    fn follow(text: &str, size: usize) -> (u64, u64) {
        let found = Seen::default();
        let mut follower = Follower::new(found.clone());
        for piece in text.as_bytes().chunks(size) {
            follower.read(piece);
        }
        (found.0.two_lengths.load(Ordering::Acquire), follower.heads)
    }

    fn both(text: &str) -> (u64, u64) {
        let whole = follow(text, usize::MAX);
        for size in 1..40 {
            assert_eq!(follow(text, size), whole, "in pieces of {size}");
        }
        whole
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const LENGTH: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nhi";
    const CHUNKS: &str =
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA \r\n0\r\n\r\n45678\r\n0\r\nX: y\r\n\r\n";
    const BOTH: &str = "POST /a HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";

    #[test]
    fn messages_are_followed_to_their_ends() {
        assert_eq!(
            both(&[GET, LENGTH, CHUNKS, GET, "\r\n", CHUNKS, LENGTH, GET].concat()),
            (0, 7)
        );
    }

    #[test]
    fn two_lengths_are_found_in_either_order_and_wherever_the_request_stands() {
        assert_eq!(both(BOTH), (1, 1));
        assert_eq!(
            both("POST / HTTP/1.1\nTransfer-Encoding:chunked\nContent-Length:0\n\n0\n\n"),
            (1, 1)
        );
        assert_eq!(both(&[LENGTH, CHUNKS, GET, BOTH, GET].concat()), (4, 4));
    }

    #[test]
    fn a_body_that_looks_like_such_a_request_is_none() {
        let carried = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{BOTH}{GET}", BOTH.len());
        assert_eq!(both(&carried), (0, 2));
    }

    #[test]
    fn what_is_no_http_1_is_left_to_hyper() {
        for junk in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GARBAGE\r\nwithout colon\r\n\r\n",
            "P / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        ] {
            assert_eq!(both(&format!("{junk}{BOTH}")), (0, 0), "{junk:?}");
        }
    }

    #[test]
    fn http_2_is_announced_until_a_frame_follows() {
        let found = Seen::default();
        let mut follower = Follower::new(found.clone());
        let mut heard = Vec::new();
        for piece in ["PRI * HT", "TP/2.0\r\n", "\r\nSM\r\n\r\n", "12345678", "9"] {
            follower.read(piece.as_bytes());
            heard.push(found.is_bare_preface());
        }
        assert_eq!(heard, [false, true, true, true, false]);
    }
}
