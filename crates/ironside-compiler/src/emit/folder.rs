//! The build folder on disk. A build is written beside the old one and then takes its place, so that a failed one harms
//! nobody.

use super::{compress, content_hash};
use ironside_diagnostics::Diagnostic;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A file to be written.
#[derive(Debug, Clone)]
pub(crate) struct BuildFile {
    /// Relative to the build folder, with `/`.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    /// Whether browsers ask for it, so that compressed forms are worth having.
    pub(crate) public: bool,
}

/// What is to be known about a written file.
#[derive(Debug, Clone)]
pub(crate) struct WrittenFile {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) hash: String,
    pub(crate) public: bool,
    pub(crate) content_type: String,
    /// Encodings of the compressed forms beside it.
    pub(crate) encodings: Vec<String>,
    /// Its size with gzip.
    pub(crate) gzip_bytes: u64,
}

/// A build folder that is being written.
#[derive(Debug)]
pub(crate) struct BuildFolder {
    fresh: PathBuf,
    place: PathBuf,
    compress: bool,
}

impl BuildFolder {
    /// Prepares an empty folder beside the place where the build will be.
    pub(crate) fn prepare(dot_ironside: &Path, compress: bool) -> Result<Self, Diagnostic> {
        let folder = Self {
            fresh: dot_ironside.join("build.new"),
            place: dot_ironside.join("build"),
            compress,
        };
        remove(&folder.fresh)?;
        fs::create_dir_all(&folder.fresh).map_err(|error| cannot_write(&folder.fresh, &error))?;
        Ok(folder)
    }

    /// Where the build stands until it is published.
    pub(crate) fn path(&self) -> &Path {
        &self.fresh
    }

    /// Writes files, several at once. The result is sorted by path.
    pub(crate) fn write(&self, files: &[BuildFile], threads: usize) -> Result<Vec<WrittenFile>, Diagnostic> {
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| Path::new(&file.path).parent()).collect();
        for folder in folders {
            let folder = self.fresh.join(folder);
            fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, &error))?;
        }
        let (next, written) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(files.len())));
        thread::scope(|scope| {
            for _ in 0..threads.clamp(1, 16) {
                scope.spawn(|| {
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let result = self.write_one(file);
                        written.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                    }
                });
            }
        });
        let results = written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut written = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        written.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(written)
    }

    fn write_one(&self, file: &BuildFile) -> Result<WrittenFile, Diagnostic> {
        let content_type = content_type(&file.path);
        let save = |ending: &str, content: &[u8]| {
            let path = self.fresh.join(format!("{}{ending}", file.path));
            fs::write(&path, content).map_err(|error| cannot_write(&path, &error))
        };
        save("", &file.content)?;
        let bytes = file.content.len() as u64;
        let variants = if file.public && self.compress {
            compress::variants(&content_type, &file.content)
        } else {
            Vec::new()
        };
        for variant in &variants {
            save(variant.ending, &variant.content)?;
        }
        let gzip = variants.iter().find(|variant| variant.encoding == "gzip");
        Ok(WrittenFile {
            path: file.path.clone(),
            bytes,
            hash: content_hash(&file.content),
            public: file.public,
            content_type,
            encodings: variants.iter().map(|variant| variant.encoding.to_owned()).collect(),
            gzip_bytes: gzip.map_or(bytes, |variant| variant.content.len() as u64),
        })
    }

    /// Puts the folder in the place of the build before it.
    pub(crate) fn publish(self) -> Result<PathBuf, Diagnostic> {
        let old = self.place.with_extension("old");
        remove(&old)?;
        let moved = |result: io::Result<()>| result.map_err(|error| cannot_write(&self.place, &error));
        if self.place.exists() {
            moved(fs::rename(&self.place, &old))?;
        }
        moved(fs::rename(&self.fresh, &self.place))?;
        remove(&old)?;
        Ok(self.place)
    }
}

fn remove(folder: &Path) -> Result<(), Diagnostic> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(folder, &error)),
        _ => Ok(()),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error("cannot-write", format!("cannot write {}: {error}", path.display()))
        .hint("check that there is space left and that the folder may be written")
}

/// The value of `content-type` by a file's name.
pub(crate) fn content_type(path: &str) -> String {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "application/javascript; charset=UTF-8".into(),
        Some("css") => "text/css; charset=UTF-8".into(),
        Some("map" | "json") => "application/json; charset=UTF-8".into(),
        _ => mime_guess::from_path(path).first_or_octet_stream().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> BuildFile {
        BuildFile {
            path: path.into(),
            content: content.into(),
            public: path.starts_with("static"),
        }
    }

    #[test]
    fn a_build_takes_the_place_of_the_one_before_only_when_it_is_published() {
        let root = tempfile::tempdir().expect("temporary folder");
        let dot = root.path().join(".ironside");
        let first = BuildFolder::prepare(&dot, true).expect("prepared");
        first.write(&[file("server/rsc/a.mjs", "1")], 2).expect("written");
        first.publish().expect("published");
        let second = BuildFolder::prepare(&dot, true).expect("prepared");
        let long = "a{color:red}".repeat(200);
        let written = second
            .write(&[file("static/css/b.css", &long), file("server/x.mjs", "2")], 2)
            .expect("written");
        assert!(dot.join("build/server/rsc/a.mjs").exists());
        second.publish().expect("published");
        assert!(!dot.join("build/server/rsc/a.mjs").exists());
        assert!(!dot.join("build.new").exists() && !dot.join("build.old").exists());
        assert!(dot.join("build/static/css/b.css.br").exists() && dot.join("build/static/css/b.css.gz").exists());
        assert_eq!(written[1].encodings, ["br", "zstd", "gzip"]);
        assert_eq!(written[1].content_type, "text/css; charset=UTF-8");
        assert!(written[1].gzip_bytes < written[1].bytes && written[0].encodings.is_empty());
    }
}
