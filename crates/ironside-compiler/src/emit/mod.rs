//! Writes the build folder: chunks, assets and their compressed forms, and the manifest that names them all.

pub(crate) mod chunks;
mod compress;
pub(crate) mod folder;
pub(crate) mod manifest;
pub(crate) mod size;

pub(crate) use folder::{BuildFile, WrittenFile};

/// The public path of everything below `static/`.
pub(crate) const PUBLIC_PREFIX: &str = "/_next/";

/// The public path of a file of the build folder.
pub(crate) fn asset_path(file: &str) -> String {
    format!("{PUBLIC_PREFIX}{file}")
}

/// 16 hex digits of a content's hash.
pub(crate) fn content_hash(content: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(content))
}
