//! One file of `public/`: it can change while the server runs, so it is looked at for each request. What was learnt about a
//! state of it (a strong ETag from its content, its bytes in an encoding) is kept until it has another one.

use crate::build_files::Opened;
use crate::response::accept::Accepted;
use crate::response::compress;
use bytes::Bytes;
use http::HeaderValue;
use ironside_cache::Encoding;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Files up to this size are read at once.
const SMALL: u64 = 64 * 1024;
/// Files up to this size have an ETag of their content.
const HASHED: u64 = 8 * 1024 * 1024;
/// Files from and up to these sizes are encoded once and kept so.
const PACKED: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024;
/// Memory for kept encodings of all files together.
pub(crate) const KEPT_BYTES: u64 = 64 * 1024 * 1024;
/// A clock's step, in which a file may change twice without a trace.
const STEP: Duration = Duration::from_secs(2);

/// See the module's documentation.
#[derive(Debug)]
pub struct PublicFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its media type, by its name.
    pub content_type: HeaderValue,
    /// Files beside it with its bytes in an encoding: `style.css.br` beside `style.css`.
    pub variants: Vec<(Encoding, PathBuf)>,
    /// Memory that is left for encodings of all files.
    budget: Arc<AtomicU64>,
    known: Mutex<Option<Known>>,
}

impl PartialEq for PublicFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    etag: String,
    packed: Vec<(Encoding, Bytes)>,
    budget: Arc<AtomicU64>,
}

impl Drop for Known {
    fn drop(&mut self) {
        let kept: u64 = self.packed.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        self.budget.fetch_add(kept, Ordering::Relaxed);
    }
}

/// A state of a file, ready to be sent.
#[derive(Debug)]
pub struct Ready {
    /// Its bytes, in the encoding.
    pub opened: Opened,
    /// How they are encoded.
    pub encoding: Option<Encoding>,
    /// With quotes; of the encoded bytes, if they are.
    pub etag: String,
    /// When it was changed.
    pub modified: Option<SystemTime>,
}

impl PublicFile {
    /// A file that was found.
    #[must_use]
    pub fn new(path: PathBuf, content_type: HeaderValue, budget: Arc<AtomicU64>) -> Self {
        Self {
            path,
            content_type,
            variants: Vec::new(),
            budget,
            known: Mutex::new(None),
        }
    }

    /// Reads its state, in one of the encodings that are accepted if there are any. Not for threads that serve requests.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn open(&self, accepted: Option<Accepted>) -> io::Result<Ready> {
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        let mut opened = None;
        let etag = self.etag(&metadata, &mut file, &mut opened)?;
        if let Some(accepted) = accepted
            && let Some((encoding, opened)) = self.encoded(accepted, &metadata, &mut file, &mut opened)?
        {
            return Ok(Ready {
                opened,
                encoding: Some(encoding),
                etag: with_suffix(&etag, compress::etag_suffix(encoding)),
                modified: metadata.modified().ok(),
            });
        }
        let length = metadata.len();
        let opened = match opened {
            Some(bytes) => Opened::Bytes(bytes),
            None if length <= SMALL => Opened::Bytes(read(&mut file, length)?),
            None => {
                file.rewind()?;
                Opened::File(file, length)
            }
        };
        Ok(Ready {
            opened,
            encoding: None,
            etag,
            modified: metadata.modified().ok(),
        })
    }

    /// The ETag of this state: strong, by its content or, if it is large and was not changed just now, by its times.
    fn etag(&self, metadata: &Metadata, file: &mut File, opened: &mut Option<Bytes>) -> io::Result<String> {
        let stamp = Stamp::of(metadata);
        if let Some(known) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && known.stamp == stamp
        {
            return Ok(known.etag.clone());
        }
        let etag = if stamp.length <= HASHED {
            let bytes = read(file, stamp.length)?;
            let etag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&bytes));
            if stamp.length <= SMALL {
                *opened = Some(bytes);
            }
            etag
        } else {
            let Stamp { modified, changed, .. } = stamp;
            let times = format!(
                "{:x}-{:x}{:08x}-{:x}{:08x}",
                stamp.length, modified.0, modified.1, changed.0, changed.1
            );
            if is_settled(metadata) {
                format!("\"{times}\"")
            } else {
                // Not kept: soon it will be strong.
                return Ok(format!("W/\"{times}\""));
            }
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known {
            stamp,
            etag: etag.clone(),
            packed: Vec::new(),
            budget: self.budget.clone(),
        });
        Ok(etag)
    }

    fn encoded(
        &self,
        accepted: Accepted,
        metadata: &Metadata,
        file: &mut File,
        opened: &mut Option<Bytes>,
    ) -> io::Result<Option<(Encoding, Opened)>> {
        let stored = |encoding| self.variants.iter().find(|(known, _)| *known == encoding);
        // One that is older than the file was made from another state of it.
        let is_there = |encoding| {
            stored(encoding).is_some_and(|(_, path)| {
                let variant = fs::metadata(path).and_then(|variant| variant.modified()).ok();
                variant >= metadata.modified().ok() && variant.is_some()
            })
        };
        if let Some(encoding) = accepted.smallest_of(is_there)
            && let Some((_, path)) = stored(encoding)
        {
            let mut file = File::open(path)?;
            let length = file.metadata()?.len();
            let opened = if length <= SMALL {
                Opened::Bytes(read(&mut file, length)?)
            } else {
                Opened::File(file, length)
            };
            return Ok(Some((encoding, opened)));
        }
        if !PACKED.contains(&metadata.len()) {
            return Ok(None);
        }
        let Some(encoding) = accepted.smallest() else {
            return Ok(None);
        };
        let stamp = Stamp::of(metadata);
        if let Some(known) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && known.stamp == stamp
            && let Some((_, bytes)) = known.packed.iter().find(|(known, _)| *known == encoding)
        {
            return Ok(Some((encoding, Opened::Bytes(bytes.clone()))));
        }
        let plain = match opened {
            Some(bytes) => bytes.clone(),
            None => read(file, metadata.len())?,
        };
        let packed = compress::encode(encoding, &plain);
        self.keep(stamp, encoding, &packed);
        Ok(Some((encoding, Opened::Bytes(packed))))
    }

    fn keep(&self, stamp: Stamp, encoding: Encoding, packed: &Bytes) {
        let size = packed.len() as u64;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.as_mut().filter(|known| known.stamp == stamp) else {
            return;
        };
        let is_new = known.packed.iter().all(|(other, _)| *other != encoding);
        let room = |left: u64| left.checked_sub(size);
        if is_new && self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok() {
            known.packed.push((encoding, packed.clone()));
        }
    }
}

fn is_settled(metadata: &Metadata) -> bool {
    metadata
        .modified()
        .ok()
        .and_then(|modified| modified.elapsed().ok())
        .is_some_and(|age| age > STEP)
}

fn with_suffix(etag: &str, suffix: &str) -> String {
    match etag.strip_suffix('"') {
        Some(open) => format!("{open}{suffix}\""),
        None => etag.to_owned(),
    }
}

/// All of it, from its beginning.
fn read(file: &mut File, length: u64) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, header};

    fn accepts(value: &'static str) -> Option<Accepted> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        Some(Accepted::of(&headers))
    }

    fn file(folder: &tempfile::TempDir, content: &[u8], budget: u64) -> PublicFile {
        let path = folder.path().join("a.css");
        fs::write(&path, content).unwrap();
        PublicFile::new(path, HeaderValue::from_static("text/css"), Arc::new(AtomicU64::new(budget)))
    }

    #[test]
    fn the_etag_is_of_the_content_and_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, b"one", 0);
        let one = file.open(None).unwrap().etag;
        assert!(one.starts_with('"') && file.open(None).unwrap().etag == one);
        fs::write(&file.path, b"two").unwrap();
        assert_ne!(file.open(None).unwrap().etag, one);
        fs::write(&file.path, b"one").unwrap();
        assert_eq!(file.open(None).unwrap().etag, one);
    }

    #[test]
    fn encodings_are_made_once_as_long_as_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let content = "a { color: red }\n".repeat(1000);
        for (budget, is_kept) in [(1 << 20, true), (10, false)] {
            let file = file(&folder, content.as_bytes(), budget);
            let bytes = || match file.open(accepts("br")).unwrap() {
                Ready {
                    opened: Opened::Bytes(bytes),
                    encoding: Some(Encoding::Brotli),
                    ..
                } => bytes,
                other => panic!("{other:?}"),
            };
            let (first, second) = (bytes(), bytes());
            assert_eq!(first, second);
            assert_eq!(first.as_ptr() == second.as_ptr(), is_kept);
            let left = file.budget.load(Ordering::Relaxed);
            fs::write(&file.path, content.to_uppercase()).unwrap();
            assert_ne!(bytes(), first);
            assert_eq!(left < budget, is_kept);
        }
    }

    #[test]
    fn what_stands_beside_the_file_is_taken_unless_it_is_older() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(&folder, "x".repeat(5000).as_bytes(), 0);
        let beside = folder.path().join("a.css.br");
        fs::write(&beside, "made before").unwrap();
        file.variants.push((Encoding::Brotli, beside.clone()));
        let bytes = |file: &PublicFile| match file.open(accepts("br, gzip")).unwrap().opened {
            Opened::Bytes(bytes) => bytes,
            Opened::File(..) => panic!("it is small"),
        };
        assert_eq!(bytes(&file), "made before");
        let old = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(&beside).unwrap().set_modified(old).unwrap();
        assert_ne!(bytes(&file), "made before");
    }
}
