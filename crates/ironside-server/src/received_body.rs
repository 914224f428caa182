//! The body of an action while it is read: counted against its limit and against what all bodies together may take, and kept
//! in pieces of a size that is worth an allocation.

use crate::rejection::Rejection;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pieces up to this size are copied together: a client may send a byte at a time.
const SMALL: usize = 8 * 1024;
const LUMP: usize = 64 * 1024;
/// Bytes that one permit of the room stands for.
const GRAIN: usize = 1024;

/// The memory that the bodies of all actions may take together.
#[derive(Debug, Clone)]
pub struct ActionRoom(Arc<Semaphore>);

impl ActionRoom {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / GRAIN).clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// How many bytes are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.0.available_permits().saturating_mul(GRAIN)
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct ReceivedBody {
    pieces: Vec<Bytes>,
    last: BytesMut,
    length: u64,
    limit: u64,
    room: ActionRoom,
    permit: Option<OwnedSemaphorePermit>,
    /// Bytes that the permit covers.
    covered: u64,
}

impl ReceivedBody {
    /// Nothing yet, and up to `limit` bytes.
    #[must_use]
    pub fn new(limit: u64, room: ActionRoom) -> Self {
        Self {
            pieces: Vec::new(),
            last: BytesMut::new(),
            length: 0,
            limit,
            room,
            permit: None,
            covered: 0,
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Some more.
    ///
    /// # Errors
    /// When it is too much, for this body or for all of them.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), Rejection> {
        self.length += bytes.len() as u64;
        if self.length > self.limit {
            return Err(Rejection::BodyTooLarge { limit: self.limit });
        }
        if self.length > self.covered {
            self.cover()?;
        }
        if bytes.len() <= SMALL {
            self.last.extend_from_slice(&bytes);
            if self.last.len() >= LUMP {
                self.pieces.push(self.last.split().freeze());
            }
            return Ok(());
        }
        if !self.last.is_empty() {
            self.pieces.push(self.last.split().freeze());
        }
        self.pieces.push(bytes);
        Ok(())
    }

    fn cover(&mut self) -> Result<(), Rejection> {
        let grains = (self.length - self.covered).div_ceil(GRAIN as u64);
        let more = u32::try_from(grains)
            .ok()
            .and_then(|grains| self.room.0.clone().try_acquire_many_owned(grains).ok())
            .ok_or(Rejection::NoRoom)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        self.covered += grains * GRAIN as u64;
        Ok(())
    }

    /// All of it, and what has to be held as long as it is.
    #[must_use]
    pub fn into_pieces(mut self) -> (Vec<Bytes>, Option<OwnedSemaphorePermit>) {
        if !self.last.is_empty() {
            self.pieces.push(self.last.freeze());
        }
        (self.pieces, self.permit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_bytes_are_kept_together() {
        let mut kept = ReceivedBody::new(1_000_000, ActionRoom::new(1_000_000));
        for byte in 0..200_000_u32 {
            kept.push(Bytes::from(vec![byte.to_le_bytes()[0]])).unwrap();
        }
        let (pieces, permit) = kept.into_pieces();
        assert!(pieces.len() <= 4, "{}", pieces.len());
        assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), 200_000);
        assert_eq!(permit.map(|permit| permit.num_permits()), Some(196));
    }

    #[test]
    fn too_much_for_one_and_too_much_for_all_are_told_apart() {
        let room = ActionRoom::new(4096);
        let mut one = ReceivedBody::new(2048, room.clone());
        one.push(Bytes::from(vec![0; 2048])).unwrap();
        assert_eq!(
            one.push(Bytes::from_static(b"x")),
            Err(Rejection::BodyTooLarge { limit: 2048 })
        );
        let mut two = ReceivedBody::new(4096, room.clone());
        assert_eq!(two.push(Bytes::from(vec![0; 3000])), Err(Rejection::NoRoom));
        drop(one);
        two.push(Bytes::from(vec![0; 500])).unwrap();
        drop(two);
        assert_eq!(room.free(), 4096);
    }
}
