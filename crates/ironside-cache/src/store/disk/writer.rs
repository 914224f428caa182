//! Writing: the log that records are appended to, and the thread that does it for entries.

use super::Shared;
use super::index::Location;
use super::segment::Segment;
use crate::clock::Stamp;
use crate::entry::Entry;
use crate::key::Key;
use crate::store::StoreError;
use crate::store::record::{encode, key_hash, removal};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// Orders that wait at most.
const QUEUE: usize = 1024;
/// Bytes of entries that wait at most.
const QUEUE_BYTES: u64 = 64 * 1024 * 1024;

/// The end of the log.
#[derive(Debug)]
struct End {
    active: Option<Arc<Segment>>,
    next: u32,
    paused_until: Option<Instant>,
}

/// The log. Its lock is held over each append together with what the append means for the index, so that the order of
/// records in the files is the order in which things happened.
#[derive(Debug)]
pub(super) struct Log {
    shared: Arc<Shared>,
    end: Mutex<End>,
}

impl Log {
    pub(super) fn new(shared: Arc<Shared>, next: u32) -> Self {
        Self {
            shared,
            end: Mutex::new(End {
                active: None,
                next,
                paused_until: None,
            }),
        }
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.end().is_paused()
    }

    /// Writes an entry, unless its order was withdrawn meanwhile.
    fn write(&self, order: &Order) {
        let record = encode(&order.key, &order.entry);
        let mut end = self.end();
        let (hash, number) = (order.hash, order.number);
        if !self.shared.index().is_ordered(hash, number) {
            return;
        }
        let appended = match record {
            Some(record) if !end.is_paused() => self.append(&mut end, &record, order.entry.started),
            _ => None,
        };
        let Some(location) = appended else {
            Shared::count(&self.shared.counters.lost);
            // What an older record says is no longer so.
            return self.remove_with(&mut end, hash);
        };
        {
            let mut index = self.shared.index();
            index.settle(hash, number);
            index.insert(hash, location);
        }
        Shared::count(&self.shared.counters.written);
        self.keep_bounds(&mut end);
    }

    /// Removes a key: from the index at once, and from the files by a record that says so.
    pub(super) fn remove(&self, hash: u128) {
        {
            let index = self.shared.index();
            if index.get(hash).is_none() && !index.is_pending(hash) {
                return;
            }
        }
        let mut end = self.end();
        self.remove_with(&mut end, hash);
    }

    fn remove_with(&self, end: &mut End, hash: u128) {
        let (location, _) = self.shared.index().remove(hash);
        let Some(location) = location else { return };
        if !end.is_paused() && self.append(end, &removal(hash), Stamp::default()).is_some() {
            return;
        }
        // It can't be said, so what it is said of goes: with everything that is older.
        self.drop_up_to(end, location.segment);
    }

    /// Where the record is now; `None` if it couldn't be written. `started`: when the fill of what it holds began.
    fn append(&self, end: &mut End, record: &[u8], started: Stamp) -> Option<Location> {
        match self.try_append(end, record, started) {
            Ok(location) => {
                end.note_success();
                Some(location)
            }
            Err(error) => {
                Shared::count(&self.shared.counters.errors);
                end.note_failure(self.shared.options.pause_ms, &error);
                None
            }
        }
    }

    fn try_append(&self, end: &mut End, record: &[u8], started: Stamp) -> io::Result<Location> {
        let segment = self.active(end)?;
        let (offset, len) = (segment.len(), record.len() as u64);
        if let Err(error) = segment.file.write_all_at(record, offset) {
            // What was written of it is cut off; where even that fails, nothing may follow it.
            if segment.file.truncate(offset).is_err() {
                end.active = None;
            }
            return Err(error);
        }
        segment.len.store(offset + len, Ordering::Relaxed);
        Ok(Location {
            segment: segment.number,
            offset,
            len,
            was_used: false,
            started,
        })
    }

    /// The segment to write to.
    fn active(&self, end: &mut End) -> io::Result<Arc<Segment>> {
        let full = self.shared.options.segment_bytes();
        if let Some(active) = end.active.as_ref().filter(|active| active.len() < full) {
            return Ok(active.clone());
        }
        let number = end.next;
        let file = self.shared.volume.create(&Segment::name(number))?;
        let segment = Arc::new(Segment::new(number, file, 0));
        let mut segments = self.shared.segments.write().unwrap_or_else(PoisonError::into_inner);
        segments.insert(number, segment.clone());
        end.next = number.saturating_add(1);
        end.active = Some(segment.clone());
        Ok(segment)
    }

    /// Removes the oldest segments while there is too much, or nothing in them counts.
    fn keep_bounds(&self, end: &mut End) {
        while self.shared.bytes() > self.shared.options.max_bytes {
            let Some(oldest) = self.oldest_sealed(end) else { return };
            let used = self.shared.index().remove_segment(oldest.number);
            self.write_again(end, &oldest, used);
            self.delete(oldest.number);
        }
    }

    /// Entries that were read since they were written stay: at most so many that the removal still gains half a segment.
    fn write_again(&self, end: &mut End, from: &Segment, used: Vec<(u128, Location)>) {
        let mut room = self.shared.options.segment_bytes() / 2;
        for (hash, location) in used {
            let Some(rest) = room.checked_sub(location.len) else {
                continue;
            };
            let len = usize::try_from(location.len).unwrap_or(usize::MAX);
            let Ok(Some(record)) = super::read_exact(from.file.as_ref(), location.offset, len) else {
                continue;
            };
            let Some(location) = self.append(end, &record, location.started) else {
                return;
            };
            self.shared.index().insert(hash, location);
            room = rest;
        }
    }

    fn oldest_sealed(&self, end: &End) -> Option<Arc<Segment>> {
        let active = end.active.as_ref().map(|active| active.number);
        let segments = self.shared.segments.read().unwrap_or_else(PoisonError::into_inner);
        let (_, oldest) = segments.first_key_value()?;
        (Some(oldest.number) != active).then(|| oldest.clone())
    }

    /// Removes segments from the oldest on in which nothing counts.
    pub(super) fn drop_empty_front(&self) {
        let end = self.end();
        while let Some(oldest) = self.oldest_sealed(&end) {
            if self.shared.index().live_in(oldest.number) > 0 {
                return;
            }
            self.delete(oldest.number);
        }
    }

    fn drop_up_to(&self, end: &mut End, last: u32) {
        if end.active.as_ref().is_some_and(|active| active.number <= last) {
            end.active = None;
        }
        while let Some(oldest) = self.oldest_sealed(end).filter(|oldest| oldest.number <= last) {
            self.shared.index().remove_segment(oldest.number);
            self.delete(oldest.number);
        }
    }

    fn delete(&self, number: u32) {
        let mut segments = self.shared.segments.write().unwrap_or_else(PoisonError::into_inner);
        segments.remove(&number);
        drop(segments);
        if let Err(error) = self.shared.volume.remove(&Segment::name(number)) {
            Shared::count(&self.shared.counters.errors);
            tracing::warn!(%error, segment = number, "an old part of the cache on disk could not be removed");
        }
    }

    /// Removes everything.
    pub(super) fn clear(&self) -> io::Result<()> {
        let mut end = self.end();
        end.active = None;
        self.shared.index().clear();
        let segments = std::mem::take(&mut *self.shared.segments.write().unwrap_or_else(PoisonError::into_inner));
        segments
            .keys()
            .map(|number| self.shared.volume.remove(&Segment::name(*number)))
            .fold(Ok(()), Result::and)
    }
}

impl End {
    fn is_paused(&self) -> bool {
        self.paused_until.is_some_and(|until| Instant::now() < until)
    }

    fn note_failure(&mut self, pause_ms: u64, error: &io::Error) {
        if self.paused_until.is_none() {
            tracing::warn!(
                %error,
                "the cache on disk can't be written to: what is cached is kept in memory only. Free some space or mend the \
                 folder's permissions; it is tried again every {} s",
                pause_ms / 1000
            );
        }
        self.paused_until = Some(Instant::now() + std::time::Duration::from_millis(pause_ms));
    }

    fn note_success(&mut self) {
        if self.paused_until.take().is_some() {
            tracing::info!("the cache on disk is written to again");
        }
    }
}

/// An entry to be written.
#[derive(Debug)]
struct Order {
    hash: u128,
    number: u64,
    key: Key,
    entry: Arc<Entry>,
    bytes: u64,
}

#[derive(Debug)]
enum Message {
    Write(Box<Order>),
    Flush(oneshot::Sender<()>),
    Stop,
}

/// The thread that writes entries. It ends when this is dropped, after what waits has been written.
#[derive(Debug)]
pub(super) struct Writer {
    orders: SyncSender<Message>,
    waiting: Arc<AtomicU64>,
    last: AtomicU64,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(log: Arc<Log>) -> io::Result<Self> {
        let (orders, received) = sync_channel(QUEUE);
        let waiting = Arc::new(AtomicU64::new(0));
        let told = waiting.clone();
        let thread = std::thread::Builder::new()
            .name("cache-writer".to_owned())
            .spawn(move || run(&log, &received, &told))?;
        Ok(Self {
            orders,
            waiting,
            last: AtomicU64::new(0),
            thread: Some(thread),
        })
    }

    pub(super) fn put(&self, log: &Log, key: &Key, entry: &Arc<Entry>) {
        let (hash, bytes) = (key_hash(key), entry.weight() as u64);
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let order = Order {
            hash,
            number,
            key: key.clone(),
            entry: entry.clone(),
            bytes,
        };
        log.shared.index().order(hash, number);
        let has_room = self.waiting.fetch_add(bytes, Ordering::Relaxed) < QUEUE_BYTES;
        let taken = has_room && self.orders.try_send(Message::Write(Box::new(order))).is_ok();
        if !taken {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            Shared::count(&log.shared.counters.lost);
            log.remove(hash);
        }
    }

    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        let (sender, mut done) = oneshot::channel();
        let mut message = Message::Flush(sender);
        loop {
            message = match self.orders.try_send(message) {
                Ok(()) => return (&mut done).await.map_err(|_| StoreError::Gone),
                Err(TrySendError::Disconnected(_)) => return Err(StoreError::Gone),
                Err(TrySendError::Full(message)) => message,
            };
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // If the thread is gone there is nobody to tell.
        let _ = self.orders.send(Message::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the cache panicked");
        }
    }
}

fn run(log: &Log, orders: &Receiver<Message>, waiting: &AtomicU64) {
    while let Ok(message) = orders.recv() {
        match message {
            Message::Write(order) => {
                log.write(&order);
                waiting.fetch_sub(order.bytes, Ordering::Relaxed);
            }
            Message::Flush(done) => {
                let _ = done.send(());
            }
            Message::Stop => return,
        }
    }
}
