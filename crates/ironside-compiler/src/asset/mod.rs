//! Pictures, fonts and other files that modules and stylesheets refer to: hashed copies under `/_next/static/media/`, and
//! what an import of one evaluates to.

mod image_size;

pub use image_size::image_size;

use ironside_model::manifest::AssetPath;
use serde_json::json;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

const PICTURES: &[&str] = &["png", "jpg", "jpeg", "webp", "avif", "gif", "ico", "bmp", "svg"];
/// Of these the image endpoint can make the small picture that stands in while the real one loads.
const BLURRED: &[&str] = &["png", "jpg", "jpeg", "webp", "avif"];
const OTHERS: &[&str] = &[
    "woff", "woff2", "ttf", "otf", "eot", "mp4", "webm", "ogg", "mp3", "wav", "flac", "aac", "m4a", "m4v", "mov", "pdf", "wasm",
    "vtt", "glb", "gltf", "hdr", "zip",
];

/// A file that is copied into the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// Where it is served, without `assetPrefix` and `basePath`: `/_next/static/media/photo.3f2a….png`.
    pub url: AssetPath,
    /// Where it goes in the build folder: `static/media/photo.3f2a….png`.
    pub path: String,
    /// The content.
    pub content: Vec<u8>,
}

/// Whether an import of this file is an asset.
#[must_use]
pub fn is_asset(path: &Path) -> bool {
    extension(path).is_some_and(|extension| PICTURES.contains(&&*extension) || OTHERS.contains(&&*extension))
}

impl MediaFile {
    /// Names a file by its content, so that equal files are one and a changed file is another.
    #[must_use]
    pub fn new(path: &Path, content: Vec<u8>) -> Self {
        let stem = path.file_stem().map_or_else(|| "file".into(), |stem| stem.to_string_lossy());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let stem: String = stem.chars().map(|c| if plain(c) { c } else { '_' }).take(64).collect();
        let suffix = extension(path).map(|extension| format!(".{extension}")).unwrap_or_default();
        let name = format!("{stem}.{:016x}{suffix}", xxh3_64(&content));
        Self {
            url: format!("/_next/static/media/{name}"),
            path: format!("static/media/{name}"),
            content,
        }
    }

    /// The module that an import of the file becomes: of a picture `{src, width, height, blurDataURL…}`, of others the
    /// URL. `prefix` is `assetPrefix`, or else `basePath`; `base_path` is that of the application.
    #[must_use]
    pub fn module(&self, prefix: &str, base_path: &str) -> String {
        let src = format!("{prefix}{}", self.url);
        let extension = self.url.rsplit('.').next().unwrap_or_default();
        if !PICTURES.contains(&extension) {
            return format!("export default {};\n", json!(src));
        }
        let (width, height) = image_size(&self.content, extension).unwrap_or((0, 0));
        let mut object = json!({ "src": src, "width": width, "height": height });
        if BLURRED.contains(&extension) && width > 0 && height > 0 {
            let (blur_width, blur_height) = blur_size(width, height);
            let encoded = percent_encoding::utf8_percent_encode(&src, percent_encoding::NON_ALPHANUMERIC);
            object["blurDataURL"] = format!("{base_path}/_next/image?url={encoded}&w={blur_width}&q=70").into();
            object["blurWidth"] = blur_width.into();
            object["blurHeight"] = blur_height.into();
        }
        format!("export default {object};\n")
    }
}

/// The longer side has eight pixels.
fn blur_size(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height));
    let scaled = |side: u32| u32::try_from((u64::from(side) * 8 / longest).max(1)).unwrap_or(1);
    (scaled(width), scaled(height))
}

fn extension(path: &Path) -> Option<String> {
    path.extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u8, height: u8) -> Vec<u8> {
        let mut content = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0".to_vec();
        content.extend([width, 0, 0, 0, height]);
        content
    }

    #[test]
    fn a_picture_is_imported_with_its_size_and_a_small_stand_in() {
        let file = MediaFile::new(Path::new("/app/my photo.PNG"), png(160, 80));
        assert!(file.url.starts_with("/_next/static/media/my_photo."), "{}", file.url);
        assert!(file.url.ends_with(".png"));
        let module = file.module("https://cdn.test", "/docs");
        let object: serde_json::Value =
            serde_json::from_str(module.trim_start_matches("export default ").trim_end_matches(";\n")).expect("JSON");
        assert_eq!(object["src"], format!("https://cdn.test{}", file.url));
        assert_eq!((object["width"].as_u64(), object["height"].as_u64()), (Some(160), Some(80)));
        assert_eq!(
            (object["blurWidth"].as_u64(), object["blurHeight"].as_u64()),
            (Some(8), Some(4))
        );
        assert!(
            object["blurDataURL"]
                .as_str()
                .is_some_and(|url| url.starts_with("/docs/_next/image?url=https%3A%2F%2Fcdn"))
        );
    }

    #[test]
    fn other_files_are_imported_as_their_url() {
        let file = MediaFile::new(Path::new("font.woff2"), vec![1, 2, 3]);
        assert_eq!(file.module("", ""), format!("export default \"{}\";\n", file.url));
        assert_ne!(file.url, MediaFile::new(Path::new("font.woff2"), vec![1, 2, 4]).url);
        assert!(is_asset(Path::new("a/b.WOFF2")) && !is_asset(Path::new("a/b.tsx")) && !is_asset(Path::new("a/b.json")));
    }
}
