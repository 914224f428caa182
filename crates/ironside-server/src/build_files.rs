//! The files of a build that are served as they are: hashed assets with their precompressed variants, and metadata files.
//! They never change while the build is served, so small ones are kept in memory.

use crate::response::compress;
use bytes::Bytes;
use ironside_cache::Encoding;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

/// Files up to this size are kept.
const KEPT: u64 = 512 * 1024;
/// Memory for kept files.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Clone)]
struct Size;

impl Weighter<PathBuf, Bytes> for Size {
    fn weight(&self, path: &PathBuf, bytes: &Bytes) -> u64 {
        (path.as_os_str().len() + bytes.len() + 64) as u64
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct BuildFiles {
    root: PathBuf,
    kept: Cache<PathBuf, Bytes, Size>,
}

/// A file that was opened.
#[derive(Debug)]
pub enum Opened {
    /// All of it.
    Bytes(Bytes),
    /// Too large to be kept.
    File(File, u64),
}

impl Opened {
    /// Its length.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }
}

impl BuildFiles {
    /// The files of a build folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            kept: Cache::with_weighter(1024, KEPT_BYTES, Size),
        }
    }

    /// Opens a file that the manifest names, or its variant in an encoding.
    ///
    /// # Errors
    /// When it can't be read, or the manifest leads out of the build.
    pub async fn open(&self, file: &str, encoding: Option<Encoding>) -> io::Result<Opened> {
        let path = self.named(file, encoding)?;
        if let Some(bytes) = self.kept.get(&path) {
            return Ok(Opened::Bytes(bytes));
        }
        let (path, opened) = tokio::task::spawn_blocking(move || read(&path).map(|opened| (path, opened)))
            .await
            .map_err(io::Error::other)??;
        if let Opened::Bytes(bytes) = &opened {
            self.kept.insert(path, bytes.clone());
        }
        Ok(opened)
    }

    /// The same, if it is in memory.
    #[must_use]
    pub fn at_hand(&self, file: &str, encoding: Option<Encoding>) -> Option<Opened> {
        let path = self.named(file, encoding).ok()?;
        self.kept.get(&path).map(Opened::Bytes)
    }

    fn named(&self, file: &str, encoding: Option<Encoding>) -> io::Result<PathBuf> {
        let mut path = self.path_of(file)?;
        if let Some(encoding) = encoding {
            path.as_mut_os_string().push(compress::ending(encoding));
        }
        Ok(path)
    }

    fn path_of(&self, file: &str) -> io::Result<PathBuf> {
        let relative = Path::new(file);
        if relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(self.root.join(relative));
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the manifest names the file {file:?}, which is not inside the build"),
        ))
    }
}

fn read(path: &Path) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > KEPT {
        return Ok(Opened::File(file, length));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    Ok(Opened::Bytes(bytes.into()))
}
