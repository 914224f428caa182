//! Cuts the bytes of a worker's socket into frames, and checks what can be known of a frame from its header.

use crate::fault::{FaultKind, ProtocolFault};
use crate::wire::{FRAMES, FrameHeader, HEADER_LEN};
use bytes::{Bytes, BytesMut};
use std::io;
use tokio::io::AsyncReadExt;
use tokio::net::unix::OwnedReadHalf;

/// How much is read at once.
const READ_SIZE: usize = 256 * 1024;

/// The payload limit of each frame that a worker may send, by type byte without bit 7; 0 where there is none.
const LIMITS: [usize; 128] = {
    let mut limits = [0; 128];
    let mut index = 0;
    while index < FRAMES.len() {
        if FRAMES[index].code >= 0x80 {
            limits[(FRAMES[index].code - 0x80) as usize] = FRAMES[index].max;
        }
        index += 1;
    }
    limits
};

/// Why there is no next frame.
#[derive(Debug)]
pub(crate) enum ReadEnd {
    /// The other side closed the socket between two frames, or died.
    Closed,
    Fault(ProtocolFault),
}

/// Reads frames. One buffer is used again and again; payloads share it.
#[derive(Debug)]
pub(crate) struct FrameReader {
    io: OwnedReadHalf,
    buffer: BytesMut,
}

impl FrameReader {
    pub(crate) fn new(io: OwnedReadHalf) -> Self {
        Self {
            io,
            buffer: BytesMut::with_capacity(READ_SIZE),
        }
    }

    /// The next frame. Cancelling loses nothing.
    pub(crate) async fn next(&mut self) -> Result<(FrameHeader, Bytes), ReadEnd> {
        loop {
            if let Some(frame) = split(&mut self.buffer).map_err(ReadEnd::Fault)? {
                return Ok(frame);
            }
            if self.buffer.capacity() - self.buffer.len() < READ_SIZE / 4 {
                self.buffer.reserve(READ_SIZE);
            }
            match self.io.read_buf(&mut self.buffer).await {
                Ok(0) if self.buffer.is_empty() => return Err(ReadEnd::Closed),
                Ok(0) => {
                    // A process that is killed while it writes leaves half a frame; that is its death and not a lie.
                    tracing::debug!(
                        "{}",
                        ProtocolFault {
                            kind: FaultKind::Cut,
                            code: 0,
                            job: 0
                        }
                    );
                    return Err(ReadEnd::Closed);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(ReadEnd::Closed),
            }
        }
    }
}

/// Takes a whole frame off the front of `buffer`, if there is one.
fn split(buffer: &mut BytesMut) -> Result<Option<(FrameHeader, Bytes)>, ProtocolFault> {
    let Some(header) = FrameHeader::read(buffer) else {
        return Ok(None);
    };
    let fault = |kind| ProtocolFault {
        kind,
        code: header.code,
        job: header.job,
    };
    let limit = header.code.checked_sub(0x80).map_or(0, |code| LIMITS[usize::from(code)]);
    if limit == 0 {
        return Err(fault(FaultKind::UnknownType));
    }
    let found = header.len as usize;
    if found > limit {
        return Err(fault(FaultKind::TooLong { found, limit }));
    }
    if header.flags != 0 {
        return Err(fault(FaultKind::Flags(header.flags)));
    }
    if buffer.len() < HEADER_LEN + found {
        buffer.reserve(HEADER_LEN + found - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(HEADER_LEN + found).freeze();
    Ok(Some((header, frame.split_off(HEADER_LEN))))
}
