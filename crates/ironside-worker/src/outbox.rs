//! What waits to be written to a worker. Two queues: control frames, which go first, and bodies. A CANCEL or PING never waits
//! behind megabytes of an upload.

use crate::lock::locked;
use crate::wire::codec::EncodeError;
use crate::wire::{self, Frame, FrameHeader, HEADER_LEN};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::Notify;

/// Body frames, and bytes of them, that are written before the control queue is looked at again.
const BODIES_PER_WRITE: usize = 32;
const BODY_BYTES_PER_WRITE: usize = 256 * 1024;
/// The control buffer's capacity; a larger one is given back after use.
const CONTROL_CAPACITY: usize = 64 * 1024;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Outbox {
    queues: Mutex<Queues>,
    /// Bytes in both queues, and those that are being written.
    queued: AtomicUsize,
    closed: AtomicBool,
    wake: Notify,
}

#[derive(Debug)]
struct Queues {
    control: Vec<u8>,
    bodies: VecDeque<BodyFrame>,
}

/// A frame that keeps the buffer that its bytes came in.
#[derive(Debug)]
struct BodyFrame {
    job: u32,
    header: Vec<u8>,
    payload: Bytes,
}

impl BodyFrame {
    fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            queues: Mutex::new(Queues {
                control: Vec::with_capacity(CONTROL_CAPACITY),
                bodies: VecDeque::new(),
            }),
            queued: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Queues a control frame: written before all bodies.
    pub(crate) fn send<'a, F: Frame<'a>>(&self, frame: &F, job: u32, seq: u16) -> Result<(), EncodeError> {
        let mut queues = locked(&self.queues);
        let before = queues.control.len();
        wire::encode(frame, job, seq, &mut queues.control)?;
        self.added(queues.control.len() - before);
        Ok(())
    }

    /// Queues a BODY; `payload` has at most `MAX_CHUNK` bytes.
    pub(crate) fn send_body(&self, job: u32, payload: Bytes) {
        let mut header = Vec::with_capacity(HEADER_LEN);
        let code = wire::Body::SCHEMA.code;
        FrameHeader {
            len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            code,
            flags: 0,
            seq: 0,
            job,
        }
        .write(&mut header);
        self.push(BodyFrame { job, header, payload });
    }

    /// Queues a BODY_END behind the bodies.
    pub(crate) fn send_body_end(&self, job: u32, status: wire::BodyStatus) -> Result<(), EncodeError> {
        let mut header = Vec::with_capacity(HEADER_LEN + 1);
        wire::encode(&wire::BodyEnd { status }, job, 0, &mut header)?;
        self.push(BodyFrame {
            job,
            header,
            payload: Bytes::new(),
        });
        Ok(())
    }

    fn push(&self, frame: BodyFrame) {
        let added = frame.len();
        let mut queues = locked(&self.queues);
        queues.bodies.push_back(frame);
        self.added(added);
    }

    /// Counts what was queued. Called while the queues are locked, or the writer could take it off before it was counted.
    fn added(&self, bytes: usize) {
        if self.queued.fetch_add(bytes, Ordering::AcqRel) == 0 {
            self.wake.notify_one();
        }
    }

    /// Drops the bodies of a job that was cancelled.
    pub(crate) fn forget_bodies(&self, job: u32) {
        let mut dropped = 0;
        let mut queues = locked(&self.queues);
        queues.bodies.retain(|frame| {
            let keep = frame.job != job;
            dropped += if keep { 0 } else { frame.len() };
            keep
        });
        self.queued.fetch_sub(dropped, Ordering::AcqRel);
    }

    /// Bytes that have not been written.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }

    /// Ends the writing.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Writes what is queued until the outbox is closed or the socket fails.
    pub(crate) async fn write_to(&self, mut io: OwnedWriteHalf) -> io::Result<()> {
        let mut control = Vec::with_capacity(CONTROL_CAPACITY);
        let mut bodies: Vec<BodyFrame> = Vec::with_capacity(BODIES_PER_WRITE);
        while !self.closed.load(Ordering::Acquire) {
            {
                let mut queues = locked(&self.queues);
                std::mem::swap(&mut queues.control, &mut control);
                let mut bytes = 0;
                while bytes < BODY_BYTES_PER_WRITE
                    && bodies.len() < BODIES_PER_WRITE
                    && let Some(frame) = queues.bodies.pop_front()
                {
                    bytes += frame.len();
                    bodies.push(frame);
                }
            }
            let total = control.len() + bodies.iter().map(BodyFrame::len).sum::<usize>();
            if total == 0 {
                self.wake.notified().await;
                // A task that another one woke runs next, so each job would be written alone. Giving way once lets every
                // connection that is ready add its frames first: 5 to 50 jobs a write instead of one.
                tokio::task::yield_now().await;
                continue;
            }
            write_all(&mut io, &control, &bodies, total).await?;
            self.queued.fetch_sub(total, Ordering::AcqRel);
            bodies.clear();
            if control.capacity() > CONTROL_CAPACITY * 4 {
                control = Vec::with_capacity(CONTROL_CAPACITY);
            } else {
                control.clear();
            }
        }
        Ok(())
    }
}

async fn write_all(io: &mut OwnedWriteHalf, control: &[u8], bodies: &[BodyFrame], total: usize) -> io::Result<()> {
    if bodies.is_empty() {
        return io.write_all(control).await;
    }
    let mut written = 0;
    while written < total {
        let parts = std::iter::once(control).chain(bodies.iter().flat_map(|frame| [&frame.header[..], &frame.payload[..]]));
        let mut skip = written;
        let slices: Vec<IoSlice<'_>> = parts
            .filter_map(|part| {
                let skipped = skip.min(part.len());
                skip -= skipped;
                (skipped < part.len()).then(|| IoSlice::new(&part[skipped..]))
            })
            .collect();
        match io.write_vectored(&slices).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => written += count,
        }
    }
    Ok(())
}
