//! The size of a picture, read from its first bytes. The format is told by the content, not by the name.

/// Width and height in pixels; `None` if the content is no picture of a known format or says nothing about its size.
/// `extension` is only needed for SVG, which is text.
#[must_use]
pub fn image_size(content: &[u8], extension: &str) -> Option<(u32, u32)> {
    let size = match content {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => png(content),
        [b'G', b'I', b'F', b'8', ..] => Some((u16_le(content, 6)?, u16_le(content, 8)?)),
        [0xff, 0xd8, ..] => jpeg(content),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(content),
        [0, 0, 1, 0, ..] => ico(content),
        [b'B', b'M', ..] => Some((u32_le(content, 18)?, u32_le(content, 22)?.cast_signed().unsigned_abs())),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => avif(content),
        _ if extension == "svg" => svg(content),
        _ => None,
    };
    size.filter(|(width, height)| *width > 0 && *height > 0)
}

fn bytes<const N: usize>(content: &[u8], at: usize) -> Option<[u8; N]> {
    content.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_le(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(bytes(content, at)?)))
}

fn u16_be(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(bytes(content, at)?)))
}

fn u32_le(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes(content, at)?))
}

fn u32_be(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes(content, at)?))
}

fn png(content: &[u8]) -> Option<(u32, u32)> {
    (content.get(12..16)? == b"IHDR").then_some(())?;
    Some((u32_be(content, 16)?, u32_be(content, 20)?))
}

/// Walks the segments to the frame header, which has the size, and may be told by EXIF to be turned by a quarter.
fn jpeg(content: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    let mut turned = false;
    loop {
        let [mark, kind] = bytes(content, at)?;
        if mark != 0xff {
            return None;
        }
        // Fill bytes, and segments that have no length.
        if kind == 0xff {
            at += 1;
            continue;
        }
        if kind == 0x01 || (0xd0..=0xd8).contains(&kind) {
            at += 2;
            continue;
        }
        let length = usize::try_from(u16_be(content, at + 2)?).ok()?;
        match kind {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let (height, width) = (u16_be(content, at + 5)?, u16_be(content, at + 7)?);
                return Some(if turned { (height, width) } else { (width, height) });
            }
            0xe1 => turned |= exif_orientation(content.get(at + 4..at + 2 + length)?).is_some_and(|o| (5..=8).contains(&o)),
            0xd9 | 0xda => return None,
            _ => {}
        }
        at += 2 + length.max(2);
    }
}

fn exif_orientation(segment: &[u8]) -> Option<u32> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| if little { u16_le(tiff, at) } else { u16_be(tiff, at) };
    let long = |at: usize| if little { u32_le(tiff, at) } else { u32_be(tiff, at) };
    let directory = usize::try_from(long(4)?).ok()?;
    let count = usize::try_from(short(directory)?).ok()?;
    (0..count)
        .map(|index| directory + 2 + index * 12)
        .find(|&at| short(at) == Some(0x0112))
        .and_then(|at| short(at + 8))
}

fn webp(content: &[u8]) -> Option<(u32, u32)> {
    match content.get(12..16)? {
        b"VP8 " => Some((u16_le(content, 26)? & 0x3fff, u16_le(content, 28)? & 0x3fff)),
        b"VP8L" => {
            let packed = u32_le(content, 21)?;
            Some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let three = |at: usize| bytes::<3>(content, at).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]) + 1);
            Some((three(24)?, three(27)?))
        }
        _ => None,
    }
}

/// The largest picture of the file. 0 stands for 256.
fn ico(content: &[u8]) -> Option<(u32, u32)> {
    let count = usize::try_from(u16_le(content, 4)?).ok()?;
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    (0..count)
        .map_while(|index| bytes::<2>(content, 6 + index * 16))
        .map(|[width, height]| (side(width), side(height)))
        .max_by_key(|(width, height)| width * height)
}

/// Every picture in the file has an `ispe` box, the largest is the picture itself.
fn avif(content: &[u8]) -> Option<(u32, u32)> {
    let brand = content.get(8..12)?;
    if ![b"avif".as_slice(), b"avis", b"mif1", b"heic"].contains(&brand) {
        return None;
    }
    let head = content.get(..content.len().min(64 * 1024))?;
    memchr::memmem::find_iter(head, b"ispe")
        .filter_map(|at| Some((u32_be(head, at + 8)?, u32_be(head, at + 12)?)))
        .max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

/// `width` and `height` of the root element, else those of its `viewBox`.
fn svg(content: &[u8]) -> Option<(u32, u32)> {
    let text = String::from_utf8_lossy(content.get(..content.len().min(64 * 1024))?);
    let start = text.find("<svg")?;
    let tag = &text[start..start + text[start..].find('>')?];
    let attribute = |name: &str| -> Option<&str> {
        let mut rest = tag;
        loop {
            let at = rest.find(name)?;
            let before = rest[..at].chars().next_back();
            let after = rest[at + name.len()..].trim_start();
            rest = &rest[at + name.len()..];
            if !before.is_some_and(char::is_whitespace) {
                continue;
            }
            let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
                continue;
            };
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            return value[1..].split(quote).next();
        }
    };
    let length = |text: &str| pixels(text);
    let (width, height) = (attribute("width").and_then(length), attribute("height").and_then(length));
    let view_box: Vec<f64> = attribute("viewBox")
        .map(|text| text.split([' ', ',']).filter_map(|number| number.parse().ok()).collect())
        .unwrap_or_default();
    let (box_width, box_height) = (view_box.get(2).copied(), view_box.get(3).copied());
    let ratio = box_width.zip(box_height).map(|(width, height)| width / height);
    let (width, height) = match (width, height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, width / ratio?),
        (None, Some(height)) => (height * ratio?, height),
        (None, None) => (box_width?, box_height?),
    };
    Some((whole(width)?, whole(height)?))
}

fn pixels(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "px" => 1.0,
        "pt" => 96.0 / 72.0,
        "mm" => 96.0 / 25.4,
        "cm" => 96.0 / 2.54,
        "in" => 96.0,
        "em" | "rem" => 16.0,
        _ => return None,
    };
    Some(digits.trim().parse::<f64>().ok()? * factor)
}

fn whole(length: f64) -> Option<u32> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (length.is_finite() && (0.0..=1e9).contains(&length)).then_some(length.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raster_formats_tell_their_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 2, 128, 0, 0, 1, 104]);
        assert_eq!(image_size(&png, "png"), Some((640, 360)));
        assert_eq!(image_size(b"GIF89a\x0a\0\x14\0", "gif"), Some((10, 20)));
        assert_eq!(
            image_size(
                &[0, 0, 1, 0, 2, 0, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                "ico"
            ),
            Some((256, 256))
        );
        let jpeg = [
            0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 11, 8, 0, 60, 0, 80, 1, 0, 0, 0,
        ];
        assert_eq!(image_size(&jpeg, "jpg"), Some((80, 60)));
        let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        webp.extend([99, 0, 0, 49, 0, 0]);
        assert_eq!(image_size(&webp, "webp"), Some((100, 50)));
    }

    #[test]
    fn a_photo_that_is_stored_on_its_side_is_turned() {
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1, 0, 34];
        jpeg.extend(b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
        jpeg.extend([0xff, 0xc0, 0, 11, 8, 0, 60, 0, 80, 1, 0, 0, 0]);
        assert_eq!(image_size(&jpeg, "jpg"), Some((60, 80)));
    }

    #[test]
    fn svg_has_lengths_or_a_view_box() {
        let size = |text: &str| image_size(text.as_bytes(), "svg");
        assert_eq!(size("<svg width='10' height=\"2.54cm\"/>"), Some((10, 96)));
        assert_eq!(size("<?xml?><svg stroke-width=\"3\" viewBox=\"0 0 30 20\">"), Some((30, 20)));
        assert_eq!(size("<svg viewBox='0 0 30 20' width='60'>"), Some((60, 40)));
        assert_eq!(size("<svg>"), None);
    }

    #[test]
    fn cut_files_have_no_size() {
        for content in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"GIF89a",
            b"\xff\xd8\xff",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"\0\0\x01\0",
            b"BM",
            b"",
            b"text",
        ] {
            assert_eq!(image_size(content, "png"), None);
        }
    }
}
