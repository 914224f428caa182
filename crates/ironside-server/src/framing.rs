//! Follows on an HTTP/1 connection where messages begin and end, beside hyper, and finds what hyper would read in one of
//! several ways: two lengths, several lengths, codings that nobody takes off, lines that end in a bare LF, folded headers.
//!
//! Such a request is allowed in places (RFC 9112, 2.2, 5.2, 6.3), but it only ever comes from somebody who hopes that two
//! servers disagree about its end, so it is refused and its connection closed. The follower decides nothing else. Where it
//! cannot follow (HTTP/2, or what hyper is about to refuse) it stops looking.

use crate::pulse::Pulse;
use std::sync::Arc;
use thiserror::Error;

/// The longest line that is remembered; hyper has limits of its own.
const LONGEST_LINE: usize = 64 * 1024;
/// `\r\nSM\r\n\r\n` and the nine bytes that begin every frame.
const AFTER_FIRST_LINE: u64 = 8 + 9;

/// Why a head can be read in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[repr(u8)]
pub enum Ambiguity {
    /// `Content-Length` beside `Transfer-Encoding`.
    #[error("Content-Length and Transfer-Encoding exclude each other")]
    TwoLengths = 1,
    /// More than one `Content-Length`, even if they agree.
    #[error("there is more than one Content-Length")]
    ManyLengths = 2,
    /// A `Content-Length` that is not only digits.
    #[error("Content-Length is not a number")]
    Length = 3,
    /// `Transfer-Encoding` that is not just `chunked`, once.
    #[error("Transfer-Encoding is not chunked")]
    Coding = 4,
    /// A line of the head that ends in LF without CR.
    #[error("a line ends without CR")]
    LineEnd = 5,
    /// A header that goes on in the next line.
    #[error("a header is folded")]
    Folded = 6,
    /// A header's name that has white space or nothing in it, or no colon behind it.
    #[error("a header has no proper name")]
    Name = 7,
    /// A target with a fragment, which no client sends.
    #[error("the request target has a fragment")]
    Fragment = 8,
}

impl Ambiguity {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::TwoLengths,
        Self::ManyLengths,
        Self::Length,
        Self::Coding,
        Self::LineEnd,
        Self::Folded,
        Self::Name,
        Self::Fragment,
    ];
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

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Follower {
    place: Place,
    /// The beginning of a line that is not here whole yet.
    line: Vec<u8>,
    /// What the headers so far say.
    length: Option<u64>,
    is_chunked: bool,
    ambiguity: Option<Ambiguity>,
    heads: u64,
    is_http2: bool,
    pulse: Arc<Pulse>,
}

impl Follower {
    /// At the first byte of a connection. What it finds is told to `pulse`.
    pub(crate) fn new(pulse: Arc<Pulse>) -> Self {
        Self {
            place: Place::RequestLine,
            line: Vec::new(),
            length: None,
            is_chunked: false,
            ambiguity: None,
            heads: 0,
            is_http2: false,
            pulse,
        }
    }

    /// How many heads were here whole.
    pub(crate) fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether it is clear that nothing can be made of what came: then somebody else has to look at it.
    pub(crate) fn is_lost(&self) -> bool {
        self.place == Place::Lost
    }

    /// Whether HTTP/2 was announced, and its first frame begun (RFC 9113, 3.4).
    pub(crate) fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// Stops looking: it is known from elsewhere that this is HTTP/2.
    pub(crate) fn give_up(&mut self) {
        self.place = Place::Lost;
    }

    /// Goes on through what was read.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.place {
                Place::Lost => break,
                Place::Preface(left) => {
                    let rest = skip(&mut self.place, bytes, left, Place::Preface, Place::Lost);
                    self.is_http2 = self.place == Place::Lost;
                    rest
                }
                Place::Body(left) => skip(&mut self.place, bytes, left, Place::Body, Place::RequestLine),
                Place::Chunk(left) => skip(&mut self.place, bytes, left, Place::Chunk, Place::ChunkSize),
                Place::RequestLine | Place::Headers | Place::ChunkSize | Place::Trailers => self.read_line(bytes),
            };
        }
        let is_between = self.place == Place::RequestLine && self.line.is_empty();
        self.pulse.stands_between(is_between);
        // Most heads come whole, and nobody has to know when they began.
        if !is_between && matches!(self.place, Place::RequestLine | Place::Headers) {
            self.pulse.head_began();
        }
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = memchr::memchr(b'\n', bytes);
        if self.place == Place::RequestLine && is_no_text(bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default()) {
            return self.lose();
        }
        let Some(end) = end else {
            self.line.extend_from_slice(bytes);
            return if self.line.len() > LONGEST_LINE { self.lose() } else { &[] };
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

    /// Nothing can be made of a head, which from now on never ends.
    fn lose(&mut self) -> &'static [u8] {
        self.pulse.head_began();
        self.place = Place::Lost;
        &[]
    }

    /// Where the reading stands after a line.
    fn after(&mut self, line: &[u8]) -> Place {
        let is_head = matches!(self.place, Place::RequestLine | Place::Headers);
        let line = line.strip_suffix(b"\r").unwrap_or_else(|| {
            if is_head {
                self.note(Ambiguity::LineEnd);
            }
            line
        });
        match (self.place, line.is_empty()) {
            (Place::RequestLine, true) => Place::RequestLine,
            (Place::Trailers, true) => Place::RequestLine,
            (Place::RequestLine, false) => self.after_request_line(line),
            (Place::Headers, false) => {
                self.after_header(line);
                Place::Headers
            }
            (Place::Headers, true) => self.after_head(),
            (Place::ChunkSize, _) => match chunk_size(line) {
                Some(0) => Place::Trailers,
                Some(size) => size.checked_add(2).map_or(Place::Lost, Place::Chunk),
                None => Place::Lost,
            },
            (place, _) => place,
        }
    }

    fn note(&mut self, ambiguity: Ambiguity) {
        self.ambiguity.get_or_insert(ambiguity);
    }

    fn after_request_line(&mut self, line: &[u8]) -> Place {
        if line == b"PRI * HTTP/2.0" && self.heads == 0 {
            self.pulse.head_ended();
            return Place::Preface(AFTER_FIRST_LINE);
        }
        if memchr::memchr(b'#', line).is_some() {
            self.note(Ambiguity::Fragment);
        }
        (self.length, self.is_chunked) = (None, false);
        Place::Headers
    }

    fn after_header(&mut self, line: &[u8]) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return self.note(Ambiguity::Folded);
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return self.note(Ambiguity::Name);
        };
        let (name, value) = line.split_at(colon);
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            return self.note(Ambiguity::Name);
        }
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                self.note(Ambiguity::Coding);
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                self.note(Ambiguity::ManyLengths);
            }
            match number(value) {
                Some(length) => self.length = Some(length),
                None => self.note(Ambiguity::Length),
            }
        }
    }

    fn after_head(&mut self) -> Place {
        self.heads += 1;
        self.pulse.head_ended();
        if self.length.is_some() && self.is_chunked {
            self.note(Ambiguity::TwoLengths);
        }
        if let Some(ambiguity) = self.ambiguity {
            self.pulse.found(self.heads, ambiguity);
            return Place::Lost;
        }
        match (self.length, self.is_chunked) {
            (_, true) => Place::ChunkSize,
            (None | Some(0), false) => Place::RequestLine,
            (Some(length), false) => Place::Body(length),
        }
    }
}

/// Whether there is something that no line of text has, such as TLS's handshake: then its end is not waited for. Looks at every byte, which
/// the processor does for many of them at once.
fn is_no_text(line: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() & (*byte != b'\r');
    line.iter().fold(false, |found, byte| found | is_control(byte))
}

fn skip<'a>(place: &mut Place, bytes: &'a [u8], left: u64, more: fn(u64) -> Place, then: Place) -> &'a [u8] {
    let here = bytes.len() as u64;
    if here < left {
        *place = more(left - here);
        return &[];
    }
    *place = then;
    usize::try_from(left)
        .ok()
        .and_then(|left| bytes.get(left..))
        .unwrap_or_default()
}

/// Digits and nothing else: `+5` and `5, 5` are lengths to some.
fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
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

    /// What was found in which request, and how many heads were seen, with the bytes in pieces of `size`.
    fn follow(text: &str, size: usize) -> (Option<(u64, Ambiguity)>, u64) {
        let pulse = Arc::new(Pulse::new(false));
        let mut follower = Follower::new(pulse.clone());
        for piece in text.as_bytes().chunks(size) {
            follower.read(piece);
        }
        let found = (1..10).find_map(|number| Some((number, pulse.ambiguity(number)?)));
        (found, follower.heads)
    }

    fn both(text: &str) -> (Option<(u64, Ambiguity)>, u64) {
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
            (None, 7)
        );
    }

    #[test]
    fn two_lengths_are_found_wherever_the_request_stands() {
        assert_eq!(both(BOTH), (Some((1, Ambiguity::TwoLengths)), 1));
        assert_eq!(
            both(&[LENGTH, CHUNKS, GET, BOTH, GET].concat()),
            (Some((4, Ambiguity::TwoLengths)), 4)
        );
    }

    #[test]
    fn everything_that_can_be_read_in_two_ways_is_found() {
        for (headers, ambiguity) in [
            ("Transfer-Encoding: chunked\r\nContent-Length: 0", Ambiguity::TwoLengths),
            ("Content-Length: 5\r\nContent-Length: 5", Ambiguity::ManyLengths),
            ("Content-Length: 5\r\ncontent-length: 6", Ambiguity::ManyLengths),
            ("Content-Length: +5", Ambiguity::Length),
            ("Content-Length: 5, 5", Ambiguity::Length),
            ("Content-Length: 0x5", Ambiguity::Length),
            ("Content-Length:", Ambiguity::Length),
            ("Content-Length: -1", Ambiguity::Length),
            ("Content-Length: 99999999999999999999999", Ambiguity::Length),
            ("Transfer-Encoding: gzip, chunked", Ambiguity::Coding),
            ("Transfer-Encoding: chunked, chunked", Ambiguity::Coding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Ambiguity::Coding),
            ("Transfer-Encoding: identity", Ambiguity::Coding),
            ("Transfer-Encoding: xchunked", Ambiguity::Coding),
            ("X: a\n", Ambiguity::LineEnd),
            ("X: a\nTransfer-Encoding: chunked", Ambiguity::LineEnd),
            ("X: a\r\n b", Ambiguity::Folded),
            (" X: a", Ambiguity::Folded),
            ("Content-Length : 5", Ambiguity::Name),
            ("Transfer\tEncoding: chunked", Ambiguity::Name),
            (": a", Ambiguity::Name),
            ("nothing", Ambiguity::Name),
        ] {
            let text = format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n");
            assert_eq!(both(&text).0, Some((1, ambiguity)), "{headers:?}");
        }
        let fragment = "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n";
        assert_eq!(both(fragment).0, Some((1, Ambiguity::Fragment)));
    }

    #[test]
    fn a_body_that_looks_like_such_a_request_is_none() {
        let carried = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{BOTH}{GET}", BOTH.len());
        assert_eq!(both(&carried), (None, 2));
    }

    #[test]
    fn what_is_no_text_is_not_waited_for() {
        let mut follower = Follower::new(Arc::new(Pulse::new(false)));
        follower.read(&[0x16, 3, 1, 2]);
        assert!(follower.is_lost() && !follower.is_http2());
        let mut follower = Follower::new(Arc::new(Pulse::new(false)));
        follower.read(b"\r\nGET / HT");
        assert!(!follower.is_lost() && follower.heads() == 0);
    }

    #[test]
    fn http_2_is_known_when_its_first_frame_begins() {
        let mut follower = Follower::new(Arc::new(Pulse::new(false)));
        let mut heard = Vec::new();
        for piece in ["PRI * HT", "TP/2.0\r\n", "\r\nSM\r\n\r\n", "12345678", "9"] {
            follower.read(piece.as_bytes());
            heard.push((follower.is_lost(), follower.is_http2()));
        }
        let open = (false, false);
        assert_eq!(heard, [open, open, open, open, (true, true)]);
    }
}
