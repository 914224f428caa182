//! Encoders: bytes all at once, and piece by piece with a flush after each, so that a streamed answer isn't held back.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use ironside_cache::Encoding;
use std::io::{self, Write};

/// Quality of brotli for bytes that are kept.
const BROTLI_KEPT: u32 = 6;
/// Quality of brotli for bytes that are streamed, and the size of its window (a stream takes about twice that).
const BROTLI_STREAMED: u32 = 3;
const BROTLI_WINDOW: u32 = 18;
/// Levels of zstd for bytes that are kept and streamed, and the window of a stream: 2 to this many bytes.
const ZSTD_KEPT: i32 = 9;
const ZSTD_STREAMED: i32 = 2;
const ZSTD_WINDOW: u32 = 18;

/// The name in `content-encoding`.
#[must_use]
pub fn token(encoding: Encoding) -> HeaderValue {
    HeaderValue::from_static(match encoding {
        Encoding::Gzip => "gzip",
        Encoding::Brotli => "br",
        Encoding::Zstd => "zstd",
    })
}

/// An encoding by its name in `content-encoding`.
#[must_use]
pub fn by_name(name: &str) -> Option<Encoding> {
    match name {
        "gzip" => Some(Encoding::Gzip),
        "br" => Some(Encoding::Brotli),
        "zstd" => Some(Encoding::Zstd),
        _ => None,
    }
}

/// What a file's name has more if its bytes are encoded.
#[must_use]
pub fn ending(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gzip => ".gz",
        Encoding::Brotli => ".br",
        Encoding::Zstd => ".zst",
    }
}

/// What an ETag of the encoded bytes has more than that of the plain ones.
#[must_use]
pub fn etag_suffix(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gzip => "-gzip",
        Encoding::Brotli => "-br",
        Encoding::Zstd => "-zstd",
    }
}

/// Encodes bytes that are kept, at once and as small as is reasonable.
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
        Encoding::Zstd => zstd::bulk::compress(bytes, ZSTD_KEPT),
    };
    // Writing into memory cannot fail; if it did, no bytes would be the safe answer to nobody's question.
    written.unwrap_or_default().into()
}

/// Media types below `application/` whose bytes get smaller, beside those that end in `+json`, `+xml` and the like.
const APPLICATIONS: [&str; 24] = [
    "json",
    "javascript",
    "xml",
    "wasm",
    "x-javascript",
    "ecmascript",
    "x-ndjson",
    "ndjson",
    "jsonl",
    "json-seq",
    "json5",
    "yaml",
    "x-yaml",
    "toml",
    "graphql",
    "sql",
    "rtf",
    "postscript",
    "x-www-form-urlencoded",
    "x-sh",
    "x-font-ttf",
    "x-font-otf",
    "x-font-opentype",
    "vnd.ms-fontobject",
];

/// Whether bytes of this type get smaller.
#[must_use]
pub fn is_compressible(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let Some((kind, sub)) = essence.split_once('/') else {
        return false;
    };
    let ends = |suffix: &str| {
        sub.len() > suffix.len()
            && sub
                .get(sub.len() - suffix.len()..)
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    let is_one_of = |list: &[&str]| list.iter().any(|known| sub.eq_ignore_ascii_case(known));
    if ["+json", "+xml", "+yaml", "+text"].into_iter().any(ends) {
        return true;
    }
    match () {
        () if kind.eq_ignore_ascii_case("text") => true,
        () if kind.eq_ignore_ascii_case("application") => is_one_of(&APPLICATIONS),
        () if kind.eq_ignore_ascii_case("image") => is_one_of(&["bmp", "x-ms-bmp", "x-icon", "vnd.microsoft.icon"]),
        () if kind.eq_ignore_ascii_case("font") => is_one_of(&["ttf", "otf", "collection"]),
        () if kind.eq_ignore_ascii_case("message") => is_one_of(&["rfc822", "http"]),
        () => false,
    }
}

/// Whether an answer may be encoded on its way: it isn't yet, it gets smaller, and nobody forbids it (RFC 9110, 7.7).
#[must_use]
pub fn may_encode(headers: &HeaderMap) -> bool {
    let forbids = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| {
            value
                .split(',')
                .any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
        })
    };
    !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::CONTENT_RANGE)
        && headers.get(header::CONTENT_TYPE).is_some_and(is_compressible)
        && !headers.get_all(header::CACHE_CONTROL).iter().any(forbids)
}

enum Inner {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
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
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new(encoding: Encoding) -> io::Result<Self> {
        Ok(Self(match encoding {
            Encoding::Gzip => Inner::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast()))),
            Encoding::Brotli => Inner::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                4096,
                BROTLI_STREAMED,
                BROTLI_WINDOW,
            ))),
            Encoding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_STREAMED)?;
                encoder.window_log(ZSTD_WINDOW)?;
                Inner::Zstd(Box::new(encoder))
            }
        }))
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
            Inner::Zstd(encoder) => {
                encoder.write_all(bytes).and_then(|()| encoder.flush())?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(written.into())
    }

    /// Encodes all there is.
    ///
    /// # Errors
    /// Never, since it writes into memory.
    pub fn whole(mut self, bytes: &[u8]) -> io::Result<Bytes> {
        match &mut self.0 {
            Inner::Gzip(encoder) => encoder.write_all(bytes)?,
            Inner::Brotli(encoder) => encoder.write_all(bytes)?,
            Inner::Zstd(encoder) => encoder.write_all(bytes)?,
        }
        self.finish()
    }

    /// The end of the encoded bytes.
    ///
    /// # Errors
    /// Never, since it writes into memory.
    pub fn finish(self) -> io::Result<Bytes> {
        Ok(match self.0 {
            Inner::Gzip(encoder) => encoder.finish()?,
            Inner::Brotli(encoder) => encoder.into_inner(),
            Inner::Zstd(encoder) => encoder.finish()?,
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
            Encoding::Zstd => Box::new(zstd::stream::read::Decoder::new(bytes).unwrap()),
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
        for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
            let mut encoder = Encoder::new(encoding).unwrap();
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
            assert_eq!(
                decode(encoding, &Encoder::new(encoding).unwrap().whole(&plain).unwrap()),
                plain
            );
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
            ("text/event-stream", true),
            ("Application/LD+JSON", true),
            ("application/x-ndjson", true),
            ("model/gltf+json", true),
            ("image/x-icon", true),
            ("video/mp4", false),
            ("application/gzip", false),
            ("application/zstd", false),
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
