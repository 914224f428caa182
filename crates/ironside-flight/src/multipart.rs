//! A reader of multipart/form-data (RFC 7578) that is fed in pieces of any size and hands on what is inside of the parts. It
//! accepts what browsers and Node write, which all parsers read in the same way, and nothing beyond: no preamble, no
//! epilogue, no folded or unknown headers, no transfer encodings, no `filename*`.

use crate::boundary::Boundary;
use crate::refusal::Refusal;
use std::borrow::Cow;

/// Takes what is read.
pub trait Parts {
    /// A part begins; `offset` is the place of its first byte in the body.
    ///
    /// # Errors
    /// Stops the reading.
    fn begin(&mut self, head: &Head<'_>, offset: usize) -> Result<(), Refusal>;
    /// Some of its bytes.
    ///
    /// # Errors
    /// Stops the reading.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal>;
    /// It ends.
    ///
    /// # Errors
    /// Stops the reading.
    fn end(&mut self) -> Result<(), Refusal>;
}

/// What stands before a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Whether it is a file: it has a name for one, be it empty.
    pub is_file: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Reader {
    /// Line end, two dashes, boundary.
    delimiter: Vec<u8>,
    place: Place,
    head: Vec<u8>,
    longest_head: usize,
    /// Bytes read so far.
    offset: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a part, or before the first; so many bytes of the delimiter were seen.
    Data {
        matched: usize,
        since: Since,
    },
    /// Behind a delimiter; its first byte, if it was seen.
    Behind(Option<u8>),
    Head,
    /// Behind the last delimiter; so many bytes of a line end were seen.
    Closed(usize),
}

/// What stands before the bytes that are compared with the delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Nothing: the body begins.
    Start,
    /// The empty line behind a part's head. To some parsers its line end is the delimiter's, if that follows at once.
    Head,
    /// Bytes of a part.
    Data,
}

impl Reader {
    /// Before the first byte. `longest_head` is the most bytes of a part's head.
    #[must_use]
    pub fn new(boundary: &Boundary, longest_head: usize) -> Self {
        Self {
            delimiter: [b"\r\n--", boundary.as_str().as_bytes()].concat(),
            // The first delimiter has no line end before it.
            place: Place::Data {
                matched: 2,
                since: Since::Start,
            },
            head: Vec::new(),
            longest_head,
            offset: 0,
        }
    }

    /// Reads on.
    ///
    /// # Errors
    /// Where the framing is broken or ambiguous, or `parts` doesn't want more.
    pub fn feed(&mut self, mut bytes: &[u8], parts: &mut impl Parts) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let rest = match self.place {
                Place::Data { matched, since } => self.data(bytes, matched, since, parts)?,
                Place::Behind(first) => self.behind(bytes, first)?,
                Place::Head => self.head(bytes, parts)?,
                Place::Closed(seen) => match (seen, bytes) {
                    (0, [b'\r', rest @ ..]) | (1, [b'\n', rest @ ..]) => {
                        self.place = Place::Closed(seen + 1);
                        rest
                    }
                    _ => return Err(Refusal::Multipart),
                },
            };
            self.offset += bytes.len() - rest.len();
            bytes = rest;
        }
        Ok(())
    }

    /// Nothing follows.
    ///
    /// # Errors
    /// [`Refusal::Truncated`].
    pub fn finish(&self) -> Result<(), Refusal> {
        match self.place {
            Place::Closed(0 | 2) => Ok(()),
            _ => Err(Refusal::Truncated),
        }
    }

    fn data<'a>(&mut self, bytes: &'a [u8], matched: usize, since: Since, parts: &mut impl Parts) -> Result<&'a [u8], Refusal> {
        let wanted = self.delimiter.get(matched..).unwrap_or_default();
        let same = wanted.iter().zip(bytes).take_while(|(want, have)| want == have).count();
        if same == wanted.len() {
            match since {
                Since::Start => {}
                Since::Head => return Err(Refusal::Multipart),
                Since::Data => parts.end()?,
            }
            self.place = Place::Behind(None);
            return Ok(bytes.get(same..).unwrap_or_default());
        }
        if same == bytes.len() {
            self.place = Place::Data {
                matched: matched + same,
                since,
            };
            return Ok(&[]);
        }
        if since == Since::Start {
            return Err(Refusal::Multipart);
        }
        // What looked like the delimiter was data. The delimiter has one carriage return, so none of it can begin anew.
        let (seen, rest) = bytes.split_at(same);
        // The line end before it is data only if it isn't the head's.
        let begin = if since == Since::Head { 2 } else { 0 };
        let past = self.delimiter.get(begin..matched).unwrap_or_default();
        if !past.is_empty() {
            parts.data(past)?;
        }
        let skip = usize::from(matched + same == 0);
        let next = memchr::memchr(b'\r', rest.get(skip..).unwrap_or_default()).map_or(rest.len(), |at| at + skip);
        let plain = if rest.first() == Some(&b'\r') && skip == 0 { 0 } else { next };
        parts.data(bytes.get(..seen.len() + plain).unwrap_or_default())?;
        self.place = Place::Data {
            matched: 0,
            since: Since::Data,
        };
        Ok(rest.get(plain..).unwrap_or_default())
    }

    fn behind<'a>(&mut self, bytes: &'a [u8], first: Option<u8>) -> Result<&'a [u8], Refusal> {
        let Some((&byte, rest)) = bytes.split_first() else {
            return Ok(bytes);
        };
        self.place = match (first, byte) {
            (None, b'\r' | b'-') => Place::Behind(Some(byte)),
            (Some(b'\r'), b'\n') => {
                self.head.clear();
                Place::Head
            }
            (Some(b'-'), b'-') => Place::Closed(0),
            _ => return Err(Refusal::Multipart),
        };
        Ok(rest)
    }

    fn head<'a>(&mut self, bytes: &'a [u8], parts: &mut impl Parts) -> Result<&'a [u8], Refusal> {
        let line = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        let (line, rest) = bytes.split_at(line);
        if self.head.len() + line.len() > self.longest_head {
            return Err(Refusal::Multipart);
        }
        self.head.extend_from_slice(line);
        if let Some(lines) = self.head.strip_suffix(b"\r\n\r\n") {
            let head = Head::read(lines)?;
            parts.begin(&head, self.offset + line.len())?;
            // An empty part ends with a line end of its own, so the delimiter can't be complete before that was seen.
            self.place = Place::Data {
                matched: 2,
                since: Since::Head,
            };
        } else if self.head == b"\r\n" {
            return Err(Refusal::Multipart);
        }
        Ok(rest)
    }
}

impl<'a> Head<'a> {
    /// Reads the lines before a part, without the empty line that ends them.
    fn read(lines: &'a [u8]) -> Result<Self, Refusal> {
        let mut found = None;
        let mut left = Some(lines);
        while let Some(text) = left {
            let line;
            (line, left) = match memchr::memmem::find(text, b"\r\n") {
                Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 2..)),
                None => (text, None),
            };
            let colon = memchr::memchr(b':', line).ok_or(Refusal::Multipart)?;
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii_start();
            if memchr::memchr2(b'\r', b'\n', line).is_some() {
                return Err(Refusal::Multipart);
            }
            if name.eq_ignore_ascii_case(b"content-disposition") && found.is_none() {
                found = Some(Self::disposition(value)?);
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                // It would say nothing, and parsers that obey it would read other bytes.
                if !matches!(value, b"7bit" | b"8bit" | b"binary") {
                    return Err(Refusal::Multipart);
                }
            } else if !name.eq_ignore_ascii_case(b"content-type") && !name.eq_ignore_ascii_case(b"content-length") {
                return Err(Refusal::Multipart);
            }
        }
        found.ok_or(Refusal::Multipart)
    }

    fn disposition(value: &'a [u8]) -> Result<Self, Refusal> {
        let rest = value.strip_prefix(b"form-data; name=\"").ok_or(Refusal::Multipart)?;
        let (name, rest) = split_quoted(rest)?;
        let is_file = if rest.is_empty() {
            false
        } else {
            let file = rest.strip_prefix(b"; filename=\"").ok_or(Refusal::Multipart)?;
            if !split_quoted(file)?.1.is_empty() {
                return Err(Refusal::Multipart);
            }
            true
        };
        // Decoders take a mark of byte order away, which would make another name of it.
        if name.starts_with(b"\xef\xbb\xbf") {
            return Err(Refusal::Multipart);
        }
        Ok(Self {
            name: unescape(String::from_utf8_lossy(name)),
            is_file,
        })
    }
}

fn split_quoted(text: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let end = memchr::memchr(b'"', text).ok_or(Refusal::Multipart)?;
    let (quoted, rest) = text.split_at(end);
    Ok((quoted, rest.get(1..).unwrap_or_default()))
}

/// The HTML standard's escapes of names: quotes and line ends.
fn unescape(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains('%') {
        return name;
    }
    let name = name.replace("%0A", "\n").replace("%0a", "\n");
    Cow::Owned(name.replace("%0D", "\r").replace("%0d", "\r").replace("%22", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Collected(Vec<(String, bool, Vec<u8>, usize)>, bool);

    impl Parts for Collected {
        fn begin(&mut self, head: &Head<'_>, offset: usize) -> Result<(), Refusal> {
            self.0.push((head.name.to_string(), head.is_file, Vec::new(), offset));
            Ok(())
        }
        fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
            self.0.last_mut().unwrap().2.extend_from_slice(bytes);
            Ok(())
        }
        fn end(&mut self) -> Result<(), Refusal> {
            self.1 = true;
            Ok(())
        }
    }

    type Part = (String, bool, Vec<u8>, usize);

    fn read(body: &[u8], size: usize) -> Result<Vec<Part>, Refusal> {
        let boundary = Boundary::of("multipart/form-data; boundary=XX").unwrap().unwrap();
        let mut reader = Reader::new(&boundary, 200);
        let mut parts = Collected::default();
        for piece in body.chunks(size) {
            reader.feed(piece, &mut parts)?;
        }
        reader.finish()?;
        Ok(parts.0)
    }

    fn both(body: &[u8]) -> Result<Vec<Part>, Refusal> {
        let whole = read(body, usize::MAX);
        for size in 1..30 {
            assert_eq!(read(body, size), whole, "in pieces of {size}: {}", body.escape_ascii());
        }
        if let Ok(parts) = &whole {
            for (name, _, data, offset) in parts {
                assert_eq!(&body[*offset..offset + data.len()], data.as_slice(), "{name}");
            }
        }
        whole
    }

    #[test]
    fn parts_are_read_in_pieces_of_any_size() {
        let data = b"a\r\n--X\r\n\r\r\n--XY\r-\r\n--";
        for begins in ["", "-", "--", "--X", "--XY", "--Xx", "\r", "\r\n", "\r\n--X", "\r\r\n-", "\n"] {
            let body = format!("--XX\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n{begins}\r\n--XX--\r\n");
            assert_eq!(both(body.as_bytes()).unwrap()[0].2, begins.as_bytes(), "{begins:?}");
        }
        let mut body = b"--XX\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n[]\r\n--XX\r\ncontent-disposition: form-data; name=\"f%22%0d%0A\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n--XX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX--\r\n");
        let parts = both(&body).unwrap();
        let seen: Vec<_> = parts
            .iter()
            .map(|(name, file, data, _)| (name.as_str(), *file, data.as_slice()))
            .collect();
        assert_eq!(
            seen,
            [
                ("0", false, b"[]".as_slice()),
                ("f\"\r\n", true, data.as_slice()),
                ("empty", false, b"")
            ]
        );
        assert_eq!(both(b"--XX--"), Ok(Vec::new()));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let part = |head: &str| format!("--XX\r\n{head}\r\n\r\nx\r\n--XX--\r\n");
        let good = "Content-Disposition: form-data; name=\"0\"";
        assert!(both(part(good).as_bytes()).is_ok());
        for head in [
            "",
            "Content-Type: text/plain",
            "Content-Disposition: form-data; name=0",
            "Content-Disposition: form-data; name=\"0",
            "Content-Disposition: form-data; name=\"0\"; filename=x",
            "Content-Disposition: form-data; name=\"0\"; filename*=utf-8''x",
            "Content-Disposition: form-data; filename=\"x\"; name=\"0\"",
            "Content-Disposition: form-data; name=\"0\"; x=y",
            "Content-Disposition: attachment; name=\"0\"",
            "Content-Disposition: form-data; name=\"\u{feff}0\"",
            &format!("{good}\r\n{good}"),
            &format!("{good}\r\n folded"),
            &format!("{good}\r\nContent-Transfer-Encoding: base64"),
            &format!("{good}\r\nX-Other: 1"),
            &format!("{good}\nContent-Type: a\r"),
            "Content-Disposition : form-data; name=\"0\"",
            "Content-Disposition: form-data; name=\"0\\\"1\"",
        ] {
            assert_eq!(both(part(head).as_bytes()), Err(Refusal::Multipart), "{head}");
        }
        for (body, refusal) in [
            (format!("preamble\r\n{}", part(good)), Refusal::Multipart),
            (part(good).replace("\r\n\r\nx", "\r\n\r\n--XX"), Refusal::Multipart),
            (part(good).replace("\r\n\r\nx\r\n", "\r\n\r\n"), Refusal::Multipart),
            (format!("\r\n{}", part(good)), Refusal::Multipart),
            (format!("{}epilogue", part(good)), Refusal::Multipart),
            (format!("{}\r\n", part(good)), Refusal::Multipart),
            (part(good).replace("XX--\r\n", "XX"), Refusal::Truncated),
            (part(good).replace("XX--\r\n", "XX-"), Refusal::Truncated),
            (part(good).replace("XX--\r\n", "XX--\r"), Refusal::Truncated),
            (part(good).replace("XX--", "XXY--"), Refusal::Multipart),
            (part(good).replace("x\r\n", "x\n"), Refusal::Truncated),
            (String::new(), Refusal::Truncated),
            ("--X".into(), Refusal::Truncated),
            (
                part(&format!("{good}\r\nContent-Type: {}", "a".repeat(300))),
                Refusal::Multipart,
            ),
        ] {
            assert_eq!(both(body.as_bytes()), Err(refusal), "{body:?}");
        }
    }
}
