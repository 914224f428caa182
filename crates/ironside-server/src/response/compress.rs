//! Encoders: bytes all at once, and piece by piece with a flush after each, so that a streamed answer isn't held back.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use ironside_cache::Encoding;
use std::io::{self, Write};

/// Quality of brotli for bytes that are kept.
const BROTLI_KEPT: u32 = 6;
/// Quality of brotli for bytes that are streamed, and the size of its window (a stream takes about twice that).
const BROTLI_STREAMED: u32 = 3;
const BROTLI_WINDOW: u32 = 18;

/// The name in `content-encoding`.
#[must_use]
pub fn token(encoding: Encoding) -> HeaderValue {
    HeaderValue::from_static(match encoding {
        Encoding::Gzip => "gzip",
        Encoding::Brotli => "br",
    })
}

/// What an ETag of the encoded bytes has more than that of the plain ones.
#[must_use]
pub fn etag_suffix(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gzip => "-gzip",
        Encoding::Brotli => "-br",
    }
}

/// Encodes bytes at once.
#[must_use]
pub fn encode(encoding: Encoding, bytes: &[u8]) -> Bytes {
    let written = match encoding {
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        Encoding::Brotli => {
            let mut encoder = brotli::CompressorWriter::new(Vec::with_capacity(bytes.len() / 3), 4096, BROTLI_KEPT, 22);
            encoder.write_all(bytes).map(|()| encoder.into_inner())
        }
    };
    // Writing into memory cannot fail; if it did, no bytes would be the safe answer to nobody's question.
    written.unwrap_or_default().into()
}

/// Whether bytes of this type get smaller.
#[must_use]
pub fn is_compressible(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("text", _)) => true,
        Some(("application", sub)) => {
            matches!(
                sub,
                "json"
                    | "javascript"
                    | "xml"
                    | "wasm"
                    | "x-javascript"
                    | "manifest+json"
                    | "x-ndjson"
                    | "graphql"
                    | "rtf"
                    | "vnd.ms-fontobject"
            ) || sub.ends_with("+json")
                || sub.ends_with("+xml")
        }
        Some(("image", sub)) => matches!(sub, "svg+xml" | "bmp" | "x-icon" | "vnd.microsoft.icon"),
        Some(("font", sub)) => matches!(sub, "ttf" | "otf" | "collection"),
        _ => false,
    }
}

enum Inner {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
}

/// Encodes piece by piece.
pub struct Encoder(Inner);

impl std::fmt::Debug for Encoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Encoder")
    }
}

impl Encoder {
    /// An encoder.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self(match encoding {
            Encoding::Gzip => Inner::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast()))),
            Encoding::Brotli => Inner::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                4096,
                BROTLI_STREAMED,
                BROTLI_WINDOW,
            ))),
        })
    }

    /// Encodes a piece so that a client can decode all of it now.
    ///
    /// # Errors
    /// Never, since it writes into memory.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        let written = match &mut self.0 {
            Inner::Gzip(encoder) => {
                encoder.write_all(bytes).and_then(|()| encoder.flush())?;
                std::mem::take(encoder.get_mut())
            }
            Inner::Brotli(encoder) => {
                encoder.write_all(bytes).and_then(|()| encoder.flush())?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(written.into())
    }

    /// The end of the encoded bytes.
    ///
    /// # Errors
    /// Never, since it writes into memory.
    pub fn finish(self) -> io::Result<Bytes> {
        Ok(match self.0 {
            Inner::Gzip(encoder) => encoder.finish()?,
            Inner::Brotli(encoder) => encoder.into_inner(),
        }
        .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn decode(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut buffer = [0; 4096];
        // What has been flushed can be read even if the end is missing.
        let mut reader: Box<dyn Read> = match encoding {
            Encoding::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
            Encoding::Brotli => Box::new(brotli::Decompressor::new(bytes, 4096)),
        };
        while let Ok(read) = reader.read(&mut buffer) {
            if read == 0 {
                break;
            }
            out.extend_from_slice(&buffer[..read]);
        }
        out
    }

    #[test]
    fn every_piece_can_be_decoded_as_soon_as_it_is_written() {
        for encoding in [Encoding::Gzip, Encoding::Brotli] {
            let mut encoder = Encoder::new(encoding);
            let (mut sent, mut plain) = (Vec::new(), Vec::new());
            for i in 0..20 {
                let piece = format!("data: {i} and some more text\n\n");
                sent.extend_from_slice(&encoder.write(piece.as_bytes()).unwrap());
                plain.extend_from_slice(piece.as_bytes());
                assert_eq!(decode(encoding, &sent), plain, "{encoding:?} after piece {i}");
            }
            sent.extend_from_slice(&encoder.finish().unwrap());
            assert_eq!(decode(encoding, &sent), plain);
            assert_eq!(decode(encoding, &encode(encoding, &plain)), plain);
        }
    }

    #[test]
    fn pictures_and_archives_are_left_alone() {
        for (content_type, compressible) in [
            ("text/html; charset=utf-8", true),
            ("application/json", true),
            ("application/problem+json", true),
            ("image/svg+xml", true),
            ("text/x-component", true),
            ("image/png", false),
            ("application/zip", false),
            ("application/octet-stream", false),
            ("font/woff2", false),
            ("", false),
        ] {
            assert_eq!(
                is_compressible(&HeaderValue::from_static(content_type)),
                compressible,
                "{content_type}"
            );
        }
    }
}
