//! Errors of the application that were told to a client as a digest, so that somebody who is given the digest finds message and
//! stack: `ironside digest`. They are lines of JSON in a file that has a bound; when it is full it becomes the file before it, and the
//! one that was that is gone. A thread of its own writes; what comes faster than it can write is counted and left out.
//!
//! Neither arguments nor headers nor the query are stored. Messages and stacks are the application's, so the file is for its owner only.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The file's name in the folder of everything that Ironside writes.
pub const FILE_NAME: &str = "errors.jsonl";
/// Most bytes of it.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Errors that may wait for being written.
const WAITING: usize = 256;

/// An error. Texts that aren't known are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoredError {
    /// When, in UTC (RFC 3339).
    pub time: String,
    /// What the client was told.
    pub digest: String,
    /// What was being done: `render`, `ssr`, `action`, `handler`, `proxy`, `metadata`, `after`.
    pub kind: String,
    /// The message.
    pub message: String,
    /// The stack, with places in the sources where they are known.
    pub stack: String,
    /// The route's pattern.
    pub route: String,
    /// The request's method.
    pub method: String,
    /// The request's name in the log.
    pub request_id: String,
}

impl StoredError {
    /// An error of this moment of which nothing is known yet.
    #[must_use]
    pub fn now() -> Self {
        Self {
            time: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct ErrorStore {
    lines: Option<SyncSender<StoredError>>,
    writer: Option<JoinHandle<()>>,
    left_out: AtomicU64,
}

impl ErrorStore {
    /// A store in this file. The file is made when there is something to write.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn open(path: PathBuf, max_bytes: u64) -> io::Result<Self> {
        let (lines, received) = sync_channel(WAITING);
        let writer = thread::Builder::new()
            .name("error-store".to_owned())
            .spawn(move || write_all(&path, max_bytes, &received))?;
        Ok(Self {
            lines: Some(lines),
            writer: Some(writer),
            left_out: AtomicU64::new(0),
        })
    }

    /// Keeps an error. Never waits.
    pub fn keep(&self, error: StoredError) {
        if let Some(lines) = &self.lines
            && lines.try_send(error).is_err()
            && self.left_out.fetch_add(1, Ordering::Relaxed) == 0
        {
            tracing::warn!("errors come faster than they can be stored; some of them stand in the log only");
        }
    }
}

impl Drop for ErrorStore {
    fn drop(&mut self) {
        drop(self.lines.take());
        // What was taken is written before the process ends.
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_all(path: &Path, max_bytes: u64, received: &Receiver<StoredError>) {
    let mut last: Option<(String, String)> = None;
    let mut failed = false;
    while let Ok(error) = received.recv() {
        // An error that several places see pass is one error.
        let same = (error.digest.clone(), error.request_id.clone());
        if !same.1.is_empty() && last.as_ref() == Some(&same) {
            continue;
        }
        last = Some(same);
        if let Err(problem) = append(path, max_bytes, &error)
            && !std::mem::replace(&mut failed, true)
        {
            tracing::warn!(error = %problem, path = %path.display(), "errors can't be stored; they stand in the log only");
        }
    }
}

fn append(path: &Path, max_bytes: u64, error: &StoredError) -> io::Result<()> {
    let mut line = serde_json::to_vec(error)?;
    line.push(b'\n');
    let mut file = open(path)?;
    if file.metadata()?.len() + line.len() as u64 > max_bytes {
        fs::rename(path, before(path))?;
        file = open(path)?;
    }
    file.write_all(&line)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn before(path: &Path) -> PathBuf {
    path.with_extension("1.jsonl")
}

/// All stored errors with this digest, newest first. Lines that can't be read are passed over: a process may have died over one.
///
/// # Errors
/// When a file is there and can't be read.
pub fn find(path: &Path, digest: &str) -> io::Result<Vec<StoredError>> {
    let mut found = Vec::new();
    for file in [before(path), path.to_path_buf()] {
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let errors = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<StoredError>(line).ok());
        found.extend(errors.filter(|error| error.digest == digest));
    }
    found.reverse();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(digest: &str, message: &str) -> StoredError {
        StoredError {
            digest: digest.into(),
            message: message.into(),
            ..StoredError::now()
        }
    }

    #[test]
    fn what_was_kept_is_found_by_its_digest_newest_first_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let store = ErrorStore::open(path.clone(), MAX_BYTES).unwrap();
        for (digest, message) in [("1", "a"), ("2", "b"), ("1", "c\nd")] {
            store.keep(error(digest, message));
        }
        drop(store);
        let messages: Vec<_> = find(&path, "1").unwrap().into_iter().map(|error| error.message).collect();
        assert_eq!(messages, ["c\nd", "a"]);
        assert!(find(&path, "3").unwrap().is_empty());
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_file_has_a_bound_and_the_one_before_it_is_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let store = ErrorStore::open(path.clone(), 2_000).unwrap();
        for number in 0..50 {
            store.keep(error("1", &format!("number {number}")));
        }
        drop(store);
        let sizes = [&path, &before(&path)].map(|file| fs::metadata(file).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= 2_000), "{sizes:?}");
        let found = find(&path, "1").unwrap();
        assert_eq!(found[0].message, "number 49");
        assert!(found.len() < 50 && found.len() > 10, "{}", found.len());
    }

    #[test]
    fn an_error_that_is_told_twice_for_one_request_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let store = ErrorStore::open(path.clone(), MAX_BYTES).unwrap();
        for request in ["r1", "r1", "r2"] {
            store.keep(StoredError {
                request_id: request.into(),
                ..error("1", "x")
            });
        }
        drop(store);
        assert_eq!(find(&path, "1").unwrap().len(), 2);
    }

    #[test]
    fn a_line_that_was_cut_off_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "{\"digest\":\"1\",\"mess\n{\"digest\":\"1\",\"message\":\"whole\"}\n").unwrap();
        assert_eq!(find(&path, "1").unwrap().len(), 1);
    }
}
