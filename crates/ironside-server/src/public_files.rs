//! The files of `public/`, listed once. A URL is looked up in the list and never becomes a path of the file system, so
//! there is nothing to traverse; and what a symbolic link leads to is listed only if it lies inside the folder.

use crate::public_file::{KEPT_BYTES, PublicFile};
use crate::response::compress;
use http::HeaderValue;
use ironside_cache::Encoding;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};

/// See the module's documentation.
#[derive(Debug)]
pub struct PublicFiles {
    root: PathBuf,
    /// By path with `/`, decoded, without one in front.
    files: RwLock<FxHashMap<String, Arc<PublicFile>>>,
    /// In development files come and go.
    rescan: bool,
    /// Memory that is left for encodings of files.
    budget: Arc<AtomicU64>,
}

impl PublicFiles {
    /// Lists the folder, if there is one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn list(root: &Path, rescan: bool) -> io::Result<Self> {
        let budget = Arc::new(AtomicU64::new(KEPT_BYTES));
        let files = scan(root, &budget)?;
        Ok(Self {
            budget,
            root: root.to_owned(),
            files: RwLock::new(files),
            rescan,
        })
    }

    /// The file that a canonical path names.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Arc<PublicFile>> {
        let name = file_name(path)?;
        let found = self.lookup(&name);
        if found.is_some() || !self.rescan {
            return found;
        }
        let files = scan(&self.root, &self.budget).ok()?;
        let found = files.get(&*name).cloned();
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = files;
        found
    }

    fn lookup(&self, name: &str) -> Option<Arc<PublicFile>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

/// The decoded name. None has an encoded slash or backslash in it: such a path names no file.
fn file_name(path: &str) -> Option<Cow<'_, str>> {
    let plain = path.strip_prefix('/')?;
    if !plain.contains('%') {
        let names_a_file = !plain.is_empty() && !plain.ends_with('/') && !plain.contains("//");
        return names_a_file.then_some(Cow::Borrowed(plain));
    }
    let mut segments = Vec::new();
    for segment in plain.split('/') {
        let decoded = crate::url::decoded(segment);
        if decoded.is_empty() || decoded.contains(['/', '\\', '\0']) {
            return None;
        }
        segments.push(decoded);
    }
    Some(segments.join("/").into())
}

fn scan(root: &Path, budget: &Arc<AtomicU64>) -> io::Result<FxHashMap<String, Arc<PublicFile>>> {
    let mut found = found(root, budget)?;
    let names: Vec<String> = found.keys().cloned().collect();
    for name in names {
        for encoding in [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip] {
            let variant = found
                .get(&format!("{name}{}", compress::ending(encoding)))
                .map(|file| file.path.clone());
            if let Some((path, file)) = variant.zip(found.get_mut(&name)) {
                file.variants.push((encoding, path));
            }
        }
    }
    Ok(found.into_iter().map(|(name, file)| (name, Arc::new(file))).collect())
}

fn found(root: &Path, budget: &Arc<AtomicU64>) -> io::Result<FxHashMap<String, PublicFile>> {
    let mut files = FxHashMap::default();
    let root = match root.canonicalize() {
        Ok(root) => root,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error),
    };
    let mut folders = vec![(root.clone(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for item in fs::read_dir(&folder)? {
            let item = item?;
            let Ok(name) = item.file_name().into_string() else { continue };
            let Some(path) = inside(&root, &item.path()) else {
                tracing::warn!(file = %item.path().display(), "not served: it leads out of the public folder, or nowhere");
                continue;
            };
            if path.is_dir() {
                // A link to a folder could lead in circles.
                if !item.file_type()?.is_symlink() {
                    folders.push((path, format!("{prefix}{name}/")));
                }
            } else if path.is_file() {
                let file = PublicFile::new(path, content_type(&name), budget.clone());
                files.insert(format!("{prefix}{name}"), file);
            }
        }
    }
    Ok(files)
}

fn inside(root: &Path, path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|real| real.starts_with(root))
}

/// The media type of a file by its name, with the charset where it is text.
#[must_use]
pub fn content_type(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let essence = guess.essence_str();
    let text = essence.starts_with("text/")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/json" | "application/javascript" | "image/svg+xml" | "application/xml"
        );
    let value = if text {
        format!("{essence}; charset=utf-8")
    } else {
        essence.to_owned()
    };
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("public/sub dir")).unwrap();
        fs::write(dir.path().join("public/a.txt"), "a").unwrap();
        fs::write(dir.path().join("public/sub dir/grün.html"), "g").unwrap();
        fs::write(dir.path().join("secret.txt"), "s").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret.txt"), dir.path().join("public/link.txt")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("public/a.txt"), dir.path().join("public/alias.txt")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("public/up")).unwrap();
        dir
    }

    #[test]
    fn names_are_found_as_they_are_and_nothing_else_is() {
        let dir = folder();
        let files = PublicFiles::list(&dir.path().join("public"), false).unwrap();
        for path in ["/a.txt", "/sub%20dir/gr%C3%BCn.html", "/alias.txt"] {
            assert!(files.find(path).is_some(), "{path}");
        }
        for path in [
            "/A.txt",
            "/sub%20dir",
            "/sub%20dir%2Fgr%C3%BCn.html",
            "/link.txt",
            "/up/secret.txt",
            "/a.txt/",
            "/",
            "/a.txt%00",
            "/..%2fsecret.txt",
        ] {
            assert!(files.find(path).is_none(), "{path}");
        }
        assert_eq!(
            files.find("/sub%20dir/gr%C3%BCn.html").unwrap().content_type,
            "text/html; charset=utf-8"
        );
    }

    #[test]
    fn new_files_are_seen_in_development_only() {
        let dir = folder();
        let root = dir.path().join("public");
        let (fixed, live) = (
            PublicFiles::list(&root, false).unwrap(),
            PublicFiles::list(&root, true).unwrap(),
        );
        fs::write(root.join("new.css"), "").unwrap();
        assert!(fixed.find("/new.css").is_none());
        assert!(live.find("/new.css").is_some());
    }

    #[test]
    fn a_missing_folder_is_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            PublicFiles::list(&dir.path().join("public"), false)
                .unwrap()
                .find("/a")
                .is_none()
        );
    }
}
