//! Icons, social images, sitemaps, robots and web manifests: which files they are, which URL serves them, and what the
//! `<head>` of the pages says about them (Next behaviour 4.36 to 4.39).

use super::folder::Folder;
use crate::asset::image_size;
use ironside_diagnostics::Diagnostic;
use ironside_model::{
    manifest::{FileKey, MetadataFile, PatternPart, Segment, SegmentKind},
    segment::FolderName,
};
use xxhash_rust::xxh3::xxh3_64;

/// The parameter of metadata that makes several files from one module (`generateSitemaps`, `generateImageMetadata`).
pub const METADATA_ID_PARAM: &str = "__metadata_id__";

/// The kinds of metadata files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetadataKind {
    Favicon,
    Icon,
    AppleIcon,
    OpengraphImage,
    TwitterImage,
    Sitemap,
    Robots,
    Manifest,
}

impl MetadataKind {
    const ALL: [Self; 8] = [
        Self::Favicon,
        Self::Icon,
        Self::AppleIcon,
        Self::OpengraphImage,
        Self::TwitterImage,
        Self::Sitemap,
        Self::Robots,
        Self::Manifest,
    ];

    /// As in file names and in the manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Favicon => "favicon",
            Self::Icon => "icon",
            Self::AppleIcon => "apple-icon",
            Self::OpengraphImage => "opengraph-image",
            Self::TwitterImage => "twitter-image",
            Self::Sitemap => "sitemap",
            Self::Robots => "robots",
            Self::Manifest => "manifest",
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Favicon => &["ico"],
            Self::Icon => &["ico", "jpg", "jpeg", "png", "svg"],
            Self::AppleIcon => &["jpg", "jpeg", "png"],
            Self::OpengraphImage | Self::TwitterImage => &["jpg", "jpeg", "png", "gif"],
            Self::Sitemap => &["xml"],
            Self::Robots => &["txt"],
            Self::Manifest => &["webmanifest", "json"],
        }
    }

    fn only_in_root(self) -> bool {
        matches!(self, Self::Favicon | Self::Robots | Self::Manifest)
    }

    fn may_be_numbered(self) -> bool {
        self.is_image() && self != Self::Favicon
    }

    pub(crate) fn is_image(self) -> bool {
        !matches!(self, Self::Sitemap | Self::Robots | Self::Manifest)
    }

    /// Whether pages link to it.
    fn is_linked(self) -> bool {
        !matches!(self, Self::Sitemap | Self::Robots)
    }

    fn max_bytes(self) -> Option<usize> {
        match self {
            Self::OpengraphImage => Some(8 * 1024 * 1024),
            Self::TwitterImage => Some(5 * 1024 * 1024),
            _ => None,
        }
    }

    /// The export by which one module makes several files.
    pub(crate) fn generator(self) -> Option<&'static str> {
        match self {
            Self::Sitemap => Some("generateSitemaps"),
            kind if kind.may_be_numbered() => Some("generateImageMetadata"),
            _ => None,
        }
    }
}

/// A metadata file as found in a folder.
#[derive(Debug, Clone)]
pub(crate) struct MetadataSource {
    pub(crate) kind: MetadataKind,
    pub(crate) file: FileKey,
    /// `icon2`.
    pub(crate) stem: String,
    pub(crate) extension: String,
    /// Made by a module, not a file that is served as it is.
    pub(crate) code: bool,
    /// `opengraph-image.alt.txt`.
    pub(crate) alt: Option<FileKey>,
}

/// What a file is, if it is metadata.
pub(crate) fn recognise(folder: &Folder, name: &str, file: &str, page_extensions: &[String]) -> Option<MetadataSource> {
    let (stem, extension) = name.split_once('.')?;
    let kind = MetadataKind::ALL
        .into_iter()
        .find(|kind| match stem.strip_prefix(kind.name()) {
            Some("") => true,
            Some(digit) => kind.may_be_numbered() && digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()),
            None => false,
        })?;
    let code = page_extensions.iter().any(|known| known == extension) && kind != MetadataKind::Favicon;
    if !(code || kind.extensions().contains(&extension)) || (kind.only_in_root() && !folder.name.is_empty()) {
        return None;
    }
    Some(MetadataSource {
        kind,
        file: file.to_owned(),
        stem: stem.to_owned(),
        extension: extension.to_owned(),
        code,
        alt: None,
    })
}

impl MetadataSource {
    /// The pattern of the URL that serves it. A file that is the same for all values of a parameter has `-` in its place.
    pub(crate) fn pattern(&self, folders: &[&Folder], place: &[PatternPart], generates: bool) -> Vec<PatternPart> {
        let suffix = self.suffix(folders);
        let (name, id) = match (self.kind, self.code) {
            (_, false) => (format!("{}{suffix}.{}", self.stem, self.extension), false),
            (MetadataKind::Sitemap, true) if generates => ("sitemap".to_owned(), true),
            (MetadataKind::Sitemap, true) => ("sitemap.xml".to_owned(), false),
            (MetadataKind::Robots, true) => ("robots.txt".to_owned(), false),
            (MetadataKind::Manifest, true) => ("manifest.webmanifest".to_owned(), false),
            (_, true) => (format!("{}{suffix}", self.stem), generates),
        };
        let mut pattern = place.to_vec();
        if !self.code {
            for part in &mut pattern {
                if part.param().is_some() {
                    *part = PatternPart::Static("-".to_owned());
                }
            }
        }
        pattern.push(PatternPart::Static(name));
        if id {
            pattern.push(PatternPart::Dynamic(METADATA_ID_PARAM.to_owned()));
        }
        pattern
    }

    /// Below a group or slot a hash of the folder keeps the URLs of two groups' images apart.
    fn suffix(&self, folders: &[&Folder]) -> String {
        let hidden =
            |folder: &&Folder| matches!(folder.meaning, FolderName::Group(_) | FolderName::Slot(_)) && !folder.name.is_empty();
        if !self.kind.is_image() || !folders.iter().any(hidden) {
            return String::new();
        }
        let path: String = folders
            .iter()
            .filter(|folder| !folder.name.is_empty())
            .map(|folder| format!("/{}", folder.name))
            .collect();
        format!("-{}", short_hash(&path))
    }

    /// What the head of the pages says about it.
    pub(crate) fn link(&self, path: String, content: &[u8], alt: Option<String>) -> Option<MetadataFile> {
        self.kind.is_linked().then(|| MetadataFile {
            kind: self.kind.name().to_owned(),
            path,
            hash: format!("{:016x}", xxh3_64(content)),
            content_type: if self.code { None } else { Some(self.content_type()) },
            size: if self.code {
                None
            } else {
                image_size(content, &self.extension)
            },
            alt,
            module: self.code.then(|| self.file.clone()),
        })
    }

    fn content_type(&self) -> String {
        match self.extension.as_str() {
            "webmanifest" => "application/manifest+json".to_owned(),
            "json" => "application/json".to_owned(),
            "xml" => "application/xml".to_owned(),
            "txt" => "text/plain".to_owned(),
            "ico" => "image/x-icon".to_owned(),
            other => mime_guess::from_ext(other).first_or_octet_stream().essence_str().to_owned(),
        }
    }

    /// The entry for a file that is no module.
    pub(crate) fn segment(&self, content: &[u8]) -> Segment {
        Segment {
            kind: SegmentKind::Metadata,
            chunk: String::new(),
            exports: Vec::new(),
            styles: Vec::new(),
            fonts: Vec::new(),
            clients: Vec::new(),
            metadata_files: Vec::new(),
            copy: Some(format!(
                "server/files/{:016x}-{}.{}",
                xxh3_64(self.file.as_bytes()) ^ xxh3_64(content),
                self.stem,
                self.extension
            )),
            content_type: Some(self.content_type()),
        }
    }

    /// What is wrong with a file that is served as it is.
    pub(crate) fn check(&self, content: &[u8]) -> Option<Diagnostic> {
        if let Some(limit) = self.kind.max_bytes()
            && content.len() > limit
        {
            let message = format!("the {} has {} bytes, {limit} are allowed", self.kind.name(), content.len());
            return Some(
                Diagnostic::error("metadata-image-too-big", message)
                    .at_file(&self.file)
                    .hint("make the image smaller"),
            );
        }
        let is_picture = !self.kind.is_image() || image_size(content, &self.extension).is_some() || self.extension == "svg";
        (!is_picture).then(|| {
            Diagnostic::error(
                "metadata-image-invalid",
                format!("this is no valid .{} image", self.extension),
            )
            .at_file(&self.file)
            .hint("replace the file, or give it the extension of its format")
        })
    }
}

/// Six letters and digits.
fn short_hash(text: &str) -> String {
    let mut hash = xxh3_64(text.as_bytes());
    (0..6)
        .map(|_| {
            let digit = u32::try_from(hash % 36).unwrap_or_default();
            hash /= 36;
            char::from_digit(digit, 36).unwrap_or('0')
        })
        .collect()
}
