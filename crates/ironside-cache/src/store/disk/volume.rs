//! The few things that the disk store and the invalidation log do with files, behind a trait, so that tests can put a
//! medium under them that is full, read-only, or forgets what it was told.

use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A flat folder of files.
pub trait Volume: Send + Sync + Debug {
    /// Names of its files.
    ///
    /// # Errors
    /// The medium's.
    fn list(&self) -> io::Result<Vec<String>>;
    /// A new empty file, also if there was one of that name.
    ///
    /// # Errors
    /// The medium's.
    fn create(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>>;
    /// A file that exists, for reading and writing.
    ///
    /// # Errors
    /// The medium's; `NotFound` if there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>>;
    /// Removes a file.
    ///
    /// # Errors
    /// The medium's.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Puts a file in the place of another in one step.
    ///
    /// # Errors
    /// The medium's.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
}

/// A file of a [`Volume`].
pub trait VolumeFile: Send + Sync + Debug {
    /// Its length in bytes.
    ///
    /// # Errors
    /// The medium's.
    fn length(&self) -> io::Result<u64>;
    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// The medium's. A part of the bytes may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Reads as many bytes as there are, at most as many as fit.
    ///
    /// # Errors
    /// The medium's.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Cuts it off.
    ///
    /// # Errors
    /// The medium's.
    fn truncate(&self, length: u64) -> io::Result<()>;
    /// Waits until it would survive a power cut.
    ///
    /// # Errors
    /// The medium's.
    fn sync(&self) -> io::Result<()>;
}

/// Reads exactly so many bytes; `None` if the file ends before.
pub(crate) fn read_exact(file: &dyn VolumeFile, offset: u64, len: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; len];
    let read = read_up_to(file, offset, &mut bytes)?;
    Ok((read == len).then_some(bytes))
}

/// Fills the buffer, or what there is of it.
pub(crate) fn read_up_to(file: &dyn VolumeFile, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// A folder of the file system that one process at a time may use.
#[derive(Debug)]
pub struct FolderVolume {
    folder: PathBuf,
    /// Held for as long as the volume lives.
    _lock: File,
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// It can't be made or written to.
    #[error("{} can't be written to", folder.display())]
    NotWritable {
        /// Which.
        folder: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl FolderVolume {
    /// Opens a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// If another process has it, or it can't be written to.
    pub fn open(folder: &Path) -> Result<Self, FolderError> {
        let not_writable = |source| FolderError::NotWritable {
            folder: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(not_writable)?;
        let path = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(not_writable(source)),
        }
    }
}

impl Volume for FolderVolume {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for item in std::fs::read_dir(&self.folder)? {
            if let Ok(name) = item?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(self.folder.join(name))?;
        Ok(Arc::new(FolderFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.folder.join(name))?;
        Ok(Arc::new(FolderFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.folder.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.folder.join(from), self.folder.join(to))
    }
}

#[derive(Debug)]
struct FolderFile(File);

impl VolumeFile for FolderFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&self.0, bytes, offset)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
