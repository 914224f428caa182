//! What a proxy has read of a request's body, to be read again by the application: in memory at first, and beyond a bound in a
//! file without a name, so that nothing is cut off and nothing is left behind.
//!
//! The file is written and read where the body is polled. That may wait for a disk; what is here moments later is in the
//! system's cache, and a thread of its own for each piece would cost more than it saves.

use bytes::Bytes;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

/// Bytes that are kept in memory.
const MEMORY: usize = 1 << 20;
/// Bytes that are read from the file at once.
const LUMP: u64 = 64 * 1024;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct KeptBody {
    memory: VecDeque<Bytes>,
    in_memory: usize,
    file: Option<Spool>,
}

#[derive(Debug)]
struct Spool {
    file: File,
    written: u64,
    read: u64,
}

impl KeptBody {
    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.memory.is_empty() && self.file.is_none()
    }

    /// How many bytes there are to read.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.in_memory as u64 + self.file.as_ref().map_or(0, |spool| spool.written - spool.read)
    }

    /// Keeps a piece, behind those that are there.
    ///
    /// # Errors
    /// When the file can't be made or written. The piece is lost then.
    pub fn push(&mut self, bytes: Bytes) -> io::Result<()> {
        if self.file.is_none() && self.in_memory + bytes.len() <= MEMORY {
            self.in_memory += bytes.len();
            self.memory.push_back(bytes);
            return Ok(());
        }
        let spool = match &mut self.file {
            Some(spool) => spool,
            None => self.file.insert(Spool {
                file: tempfile::tempfile()?,
                written: 0,
                read: 0,
            }),
        };
        spool.file.seek(SeekFrom::Start(spool.written))?;
        spool.file.write_all(&bytes)?;
        spool.written += bytes.len() as u64;
        Ok(())
    }

    /// The next piece; `None` when all were given.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn pop(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(bytes) = self.memory.pop_front() {
            self.in_memory -= bytes.len();
            return Ok(Some(bytes));
        }
        let Some(spool) = &mut self.file else { return Ok(None) };
        let lump = LUMP.min(spool.written - spool.read);
        if lump == 0 {
            self.file = None;
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(lump).unwrap_or_default()];
        spool.file.seek(SeekFrom::Start(spool.read))?;
        spool.file.read_exact(&mut bytes)?;
        spool.read += lump;
        Ok(Some(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_given_back_in_order_from_memory_and_file() {
        let mut kept = KeptBody::default();
        let pieces: Vec<Vec<u8>> = (0..100_u8).map(|i| vec![i; 33_333]).collect();
        for piece in &pieces[..60] {
            kept.push(piece.clone().into()).unwrap();
        }
        assert!(kept.file.is_some() && kept.in_memory <= MEMORY);
        assert_eq!(kept.length(), 60 * 33_333);
        let mut got = kept.pop().unwrap().unwrap().to_vec();
        // Reading and keeping may take turns.
        for piece in &pieces[60..] {
            kept.push(piece.clone().into()).unwrap();
        }
        while let Some(bytes) = kept.pop().unwrap() {
            got.extend_from_slice(&bytes);
        }
        assert!(got == pieces.concat(), "{} bytes", got.len());
        assert!(kept.is_empty());
    }
}
