//! Several stretches of a file in one answer: `multipart/byteranges` (RFC 9110, 14.6), read one after the other as the client
//! takes them.

use super::range::Stretch;
use crate::body::{BodyFailure, FileBody};
use crate::build_files::Opened;
use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::task::{Context, Poll};

/// See the module's documentation.
#[derive(Debug)]
pub struct ByteRanges {
    source: Source,
    /// Headers of a part, and what it is.
    left: VecDeque<(Bytes, Stretch)>,
    closing: Bytes,
    reading: Option<FileBody>,
    remaining: u64,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    File(File),
}

impl ByteRanges {
    /// Stretches of a file of this length and type. Also the value of `content-type`.
    ///
    /// # Errors
    /// When there is no randomness for the boundary.
    pub fn new(opened: Opened, stretches: &[Stretch], content_type: &HeaderValue) -> io::Result<(Self, HeaderValue)> {
        let length = opened.length();
        // No file holds it but by a chance of 1 in 2^128.
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let boundary = format!("{:032x}", u128::from_ne_bytes(random));
        let mut left = VecDeque::with_capacity(stretches.len());
        for (index, stretch) in stretches.iter().enumerate() {
            let Stretch { first, last } = stretch;
            let mut head = BytesMut::new();
            head.put_slice(if index == 0 { b"--" } else { b"\r\n--" });
            head.put_slice(boundary.as_bytes());
            head.put_slice(b"\r\nContent-Type: ");
            head.put_slice(content_type.as_bytes());
            head.put_slice(format!("\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n").as_bytes());
            left.push_back((head.freeze(), *stretch));
        }
        let closing = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let parts: u64 = left.iter().map(|(head, stretch)| head.len() as u64 + stretch.length()).sum();
        let value = HeaderValue::from_str(&format!("multipart/byteranges; boundary={boundary}")).map_err(io::Error::other)?;
        let made = Self {
            source: match opened {
                Opened::Bytes(bytes) => Source::Bytes(bytes),
                Opened::File(file, _) => Source::File(file),
            },
            left,
            remaining: parts + closing.len() as u64,
            closing,
            reading: None,
        };
        Ok((made, value))
    }

    /// Bytes that are still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The next bytes.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        if let Some(reading) = &mut self.reading {
            match std::task::ready!(reading.poll_bytes(context)) {
                Some(Ok(bytes)) => return self.give(bytes),
                Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
                None => self.reading = None,
            }
        }
        let Some((head, stretch)) = self.left.pop_front() else {
            let closing = std::mem::take(&mut self.closing);
            return if closing.is_empty() {
                Poll::Ready(None)
            } else {
                self.give(closing)
            };
        };
        match &mut self.source {
            Source::Bytes(bytes) => {
                let part = usize::try_from(stretch.first)
                    .ok()
                    .zip(usize::try_from(stretch.last).ok())
                    .and_then(|(first, last)| bytes.get(first..=last));
                let whole = [&head[..], part.unwrap_or_default()].concat();
                self.give(whole.into())
            }
            Source::File(file) => {
                // The copy shares the place in the file; parts are read one after the other.
                let placed = file.seek(SeekFrom::Start(stretch.first)).and_then(|_| file.try_clone());
                match placed {
                    Ok(file) => self.reading = Some(FileBody::new(file, stretch.length())),
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                }
                self.give(head)
            }
        }
    }

    fn give(&mut self, bytes: Bytes) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(bytes)))
    }
}
