//! One file of `public/`: it can change while the server runs, so it is looked at for each request. What was learnt about a
//! state of it (a strong ETag from its content, its bytes, plain and in encodings) is kept until it has another one.

use crate::build_files::Opened;
use crate::response::accept::Accepted;
use crate::response::compress;
use crate::response::conditional::Modified;
use bytes::Bytes;
use http::HeaderValue;
use ironside_cache::Encoding;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Files up to this size are read at once.
const SMALL: u64 = 64 * 1024;
/// Files up to this size are kept in memory once they have been read.
const KEPT: u64 = 512 * 1024;
/// Files up to this size have an ETag of their content.
const HASHED: u64 = 8 * 1024 * 1024;
/// Files from and up to these sizes are encoded once and kept so.
const PACKED: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024;
/// Memory for kept bytes of all files together.
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
    /// Memory that is left for bytes of all files.
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
    etag: HeaderValue,
    modified: Option<Modified>,
    /// Its bytes in the encodings that were asked for; `None` are the plain ones.
    bytes: Vec<(Option<Encoding>, Bytes)>,
    budget: Arc<AtomicU64>,
}

impl Known {
    fn find(&self, encoding: Option<Encoding>) -> Option<&Bytes> {
        self.bytes
            .iter()
            .find(|(known, _)| *known == encoding)
            .map(|(_, bytes)| bytes)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let kept: u64 = self.bytes.iter().map(|(_, bytes)| bytes.len() as u64).sum();
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
    pub etag: HeaderValue,
    /// When it was changed.
    pub modified: Option<Modified>,
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

    /// Its state from memory, if that is known and it still has it. This looks at the file's metadata and reads nothing, so it
    /// is for threads that serve requests: what the system has just told about a file it tells from its own memory.
    #[must_use]
    pub fn at_hand(&self, accepted: Option<Accepted>) -> Option<Ready> {
        let encoding = self.wanted(accepted)?;
        let is_kept = |known: &Known| known.find(encoding).is_some();
        if !self.known().as_ref().is_some_and(is_kept) {
            return None;
        }
        let stamp = Stamp::of(&fs::metadata(&self.path).ok()?);
        let known = self.known();
        let known = known.as_ref().filter(|known| known.stamp == stamp)?;
        Some(Ready {
            opened: Opened::Bytes(known.find(encoding)?.clone()),
            encoding,
            etag: with_suffix(&known.etag, encoding),
            modified: known.modified.clone(),
        })
    }

    /// The encoding that its bytes are kept in for such a client, `None` inside for the plain ones. Files beside it are not kept.
    #[allow(clippy::option_option, reason = "nothing is kept, or plain bytes are: two answers")]
    fn wanted(&self, accepted: Option<Accepted>) -> Option<Option<Encoding>> {
        let Some(accepted) = accepted else { return Some(None) };
        let best = accepted.smallest();
        if best.is_some() && !self.variants.is_empty() {
            return None;
        }
        let length = self.known().as_ref().map(|known| known.stamp.length)?;
        Some(best.filter(|_| PACKED.contains(&length)))
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
        let modified = Modified::of(&metadata);
        if let Some(accepted) = accepted
            && let Some((encoding, opened)) = self.encoded(accepted, &metadata, &mut file, &mut opened)?
        {
            return Ok(Ready {
                opened,
                encoding: Some(encoding),
                etag: with_suffix(&etag, Some(encoding)),
                modified,
            });
        }
        let length = metadata.len();
        if opened.is_none() && length <= KEPT {
            opened = Some(read(&mut file, length)?);
        }
        let opened = match opened {
            Some(bytes) => {
                self.keep(&metadata, None, &bytes);
                Opened::Bytes(bytes)
            }
            None => {
                file.rewind()?;
                Opened::File(file, length)
            }
        };
        Ok(Ready {
            opened,
            encoding: None,
            etag,
            modified,
        })
    }

    /// The ETag of this state: strong, by its content or, if it is large and was not changed just now, by its times.
    fn etag(&self, metadata: &Metadata, file: &mut File, opened: &mut Option<Bytes>) -> io::Result<HeaderValue> {
        let stamp = Stamp::of(metadata);
        if let Some(known) = self.known().as_ref().filter(|known| known.stamp == stamp) {
            return Ok(known.etag.clone());
        }
        let etag = if stamp.length <= HASHED {
            let bytes = read(file, stamp.length)?;
            let etag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&bytes));
            if stamp.length <= KEPT {
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
                return HeaderValue::from_str(&format!("W/\"{times}\"")).map_err(io::Error::other);
            }
        };
        let etag = HeaderValue::from_str(&etag).map_err(io::Error::other)?;
        *self.known() = Some(Known {
            stamp,
            etag: etag.clone(),
            modified: Modified::of(metadata),
            bytes: Vec::new(),
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
        if let Some(known) = self.known().as_ref().filter(|known| known.stamp == stamp)
            && let Some(bytes) = known.find(Some(encoding))
        {
            return Ok(Some((encoding, Opened::Bytes(bytes.clone()))));
        }
        let plain = match opened {
            Some(bytes) => bytes.clone(),
            None => read(file, metadata.len())?,
        };
        let packed = compress::encode(encoding, &plain);
        self.keep(metadata, Some(encoding), &packed);
        Ok(Some((encoding, Opened::Bytes(packed))))
    }

    /// Keeps bytes of a state, if there is room. One that is younger than a clock's step may change without a trace.
    fn keep(&self, metadata: &Metadata, encoding: Option<Encoding>, bytes: &Bytes) {
        let stamp = Stamp::of(metadata);
        let size = bytes.len() as u64;
        let mut known = self.known();
        let Some(known) = known.as_mut().filter(|known| known.stamp == stamp && is_settled(metadata)) else {
            return;
        };
        let room = |left: u64| left.checked_sub(size);
        if known.find(encoding).is_none() && self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok() {
            known.bytes.push((encoding, bytes.clone()));
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

fn with_suffix(etag: &HeaderValue, encoding: Option<Encoding>) -> HeaderValue {
    let named = encoding.and_then(|encoding| {
        let open = etag.to_str().ok()?.strip_suffix('"')?;
        HeaderValue::from_str(&format!("{open}{}\"", compress::etag_suffix(encoding))).ok()
    });
    named.unwrap_or_else(|| etag.clone())
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
    use std::time::SystemTime;

    fn accepts(value: &'static str) -> Option<Accepted> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        Some(Accepted::of(&headers))
    }

    fn file(folder: &tempfile::TempDir, content: &[u8], budget: u64) -> PublicFile {
        let path = folder.path().join("a.css");
        fs::write(&path, content).unwrap();
        // What was changed just now is not kept.
        let old = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        PublicFile::new(path, HeaderValue::from_static("text/css"), Arc::new(AtomicU64::new(budget)))
    }

    #[test]
    fn the_etag_is_of_the_content_and_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, b"one", 0);
        let one = file.open(None).unwrap().etag;
        assert!(one.as_bytes().starts_with(b"\"") && file.open(None).unwrap().etag == one);
        fs::write(&file.path, b"two").unwrap();
        assert_ne!(file.open(None).unwrap().etag, one);
        fs::write(&file.path, b"one").unwrap();
        assert_eq!(file.open(None).unwrap().etag, one);
    }

    #[test]
    fn what_was_read_is_at_hand_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, &b"a { color: red }\n".repeat(1000), 1 << 20);
        assert!(file.at_hand(None).is_none() && file.at_hand(accepts("br")).is_none());
        let (plain, packed) = (file.open(None).unwrap(), file.open(accepts("br")).unwrap());
        for (read, accepted) in [(plain, None), (packed, accepts("br"))] {
            let kept = file.at_hand(accepted).unwrap();
            assert_eq!((kept.etag, kept.encoding), (read.etag, read.encoding));
            let (Opened::Bytes(kept), Opened::Bytes(read)) = (kept.opened, read.opened) else {
                panic!("it is small")
            };
            assert_eq!(kept, read);
        }
        fs::write(&file.path, "b").unwrap();
        assert!(file.at_hand(None).is_none());
        // Changed just now: it may change again without a trace.
        file.open(None).unwrap();
        assert!(file.at_hand(None).is_none());
        fs::remove_file(&file.path).unwrap();
        assert!(file.at_hand(None).is_none());
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
        let old = SystemTime::now() - Duration::from_secs(7200);
        File::options().write(true).open(&beside).unwrap().set_modified(old).unwrap();
        assert_ne!(bytes(&file), "made before");
    }
}
