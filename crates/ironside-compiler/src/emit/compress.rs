//! Compressed forms of static files, made once at build so that serving them costs nothing.

use std::io::Write;

/// Below this size compression saves no packet.
const MIN_BYTES: usize = 1_024;
/// Nearly as small as the slowest level, at a tenth of its time.
const BROTLI_QUALITY: u32 = 9;
const BROTLI_WINDOW: u32 = 22;
/// The strongest level whose window any client has (RFC 9659: 8 MB).
const ZSTD_LEVEL: i32 = 19;

/// A compressed form of a file.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// The value of `content-encoding`.
    pub(crate) encoding: &'static str,
    /// What is added to the file's name.
    pub(crate) ending: &'static str,
    pub(crate) content: Vec<u8>,
}

/// The forms that are smaller than the file itself.
pub(crate) fn variants(content_type: &str, content: &[u8]) -> Vec<Variant> {
    if content.len() < MIN_BYTES || !is_compressible(content_type) {
        return Vec::new();
    }
    let made = [
        Variant {
            encoding: "br",
            ending: ".br",
            content: brotli(content),
        },
        Variant {
            encoding: "zstd",
            ending: ".zst",
            content: zstd(content),
        },
        Variant {
            encoding: "gzip",
            ending: ".gz",
            content: gzip(content),
        },
    ];
    made.into_iter()
        .filter(|variant| !variant.content.is_empty() && variant.content.len() < content.len())
        .collect()
}

/// Whether the content is text or as redundant as text.
fn is_compressible(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || kind.ends_with("+xml")
        || kind.ends_with("+json")
        || [
            "application/javascript",
            "application/json",
            "application/xml",
            "application/wasm",
            "font/ttf",
            "font/otf",
        ]
        .contains(&kind)
}

/// Gzip, also to know what a page weighs. Writing to memory cannot fail; an empty result means it did.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    if encoder.write_all(content).is_err() {
        return Vec::new();
    }
    encoder.finish().unwrap_or_default()
}

fn brotli(content: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    if encoder.write_all(content).is_err() {
        return Vec::new();
    }
    encoder.into_inner()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(content, ZSTD_LEVEL).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redundant_contents_of_some_size_are_compressed() {
        let text = "const a = 1;\n".repeat(200);
        let encodings = |kind: &str, content: &[u8]| {
            variants(kind, content)
                .iter()
                .map(|variant| variant.encoding)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            encodings("application/javascript; charset=UTF-8", text.as_bytes()),
            ["br", "zstd", "gzip"]
        );
        assert_eq!(encodings("image/png", text.as_bytes()), Vec::<&str>::new());
        assert_eq!(encodings("text/css", b"a{}"), Vec::<&str>::new());
        assert_eq!(gzip(b"x"), gzip(b"x"), "no time stamp in it");
    }
}
