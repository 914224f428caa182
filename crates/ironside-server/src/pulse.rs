//! What a connection is doing, as far as time matters: waiting for a request, sending a head, being answered, refusing to
//! take its answer. Written by whoever knows, read by the one who watches the clock ([`crate::patience`]) and by the one who
//! needs room ([`crate::crowd`]).
//!
//! Everything is an atomic, since on HTTP/2 requests run in tasks of their own. Only what happens rarely takes a lock.

use crate::framing::Ambiguity;
use crate::upstream::Tunnel;
use futures_util::task::AtomicWaker;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time in which requests that the client takes back are counted together.
const WINDOW: Duration = Duration::from_secs(10);
/// So many of them, and more than half of all, are an attack.
const TAKEN_BACK: u32 = 100;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Pulse {
    born: Instant,
    /// Behind a proxy of ours stand many clients.
    is_trusted: bool,
    requests: AtomicU64,
    active: AtomicU32,
    /// Moments are milliseconds since birth and one more; 0 is never.
    quiet_since: AtomicU64,
    head_since: AtomicU64,
    blocked_since: AtomicU64,
    /// Whether what was read ends with the end of a request (HTTP/1).
    is_between: AtomicBool,
    /// Which request, and what. After it the connection ends, so there is one at most.
    ambiguous_request: AtomicU64,
    ambiguity: AtomicU32,
    /// Whether there is anything in `held` to be looked for: on HTTP/1 there never is.
    has_streams: AtomicBool,
    /// HTTP/2: streams whose client doesn't take what it was sent.
    held: Mutex<FxHashMap<u64, u64>>,
    taken_back: Mutex<TakenBack>,
    is_worn: AtomicBool,
    is_attack: AtomicBool,
    is_unwanted: AtomicBool,
    /// What the connection goes on as when it is no longer HTTP's.
    successor: Mutex<Option<Box<Tunnel>>>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct TakenBack {
    since: u64,
    count: u32,
    /// Requests when the window began.
    before: u64,
}

impl Pulse {
    /// A connection that begins now.
    pub(crate) fn new(is_trusted: bool) -> Self {
        Self {
            born: Instant::now(),
            is_trusted,
            requests: AtomicU64::new(0),
            active: AtomicU32::new(0),
            quiet_since: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            is_between: AtomicBool::new(false),
            ambiguous_request: AtomicU64::new(0),
            ambiguity: AtomicU32::new(0),
            has_streams: AtomicBool::new(false),
            held: Mutex::default(),
            taken_back: Mutex::default(),
            is_worn: AtomicBool::new(false),
            is_attack: AtomicBool::new(false),
            is_unwanted: AtomicBool::new(false),
            successor: Mutex::default(),
            waker: AtomicWaker::new(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    fn moment(&self, stamp: u64) -> Option<Instant> {
        let since = Duration::from_millis(stamp.checked_sub(1)?);
        self.born.checked_add(since)
    }

    /// Whether its client is a proxy of ours.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// The first byte of a head, or one more.
    pub(crate) fn head_began(&self) {
        if self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The head is here whole.
    pub(crate) fn head_ended(&self) {
        self.head_since.store(0, Ordering::Relaxed);
    }

    /// Whether what was read ends with the end of a request, and not within one.
    pub(crate) fn stands_between(&self, is_between: bool) {
        self.is_between.store(is_between, Ordering::Relaxed);
    }

    /// Whether the connection stands between two requests in every respect: none is under way, none has begun to come, and the
    /// socket has taken all of the last answer.
    pub(crate) fn is_between(&self) -> bool {
        self.is_between.load(Ordering::Relaxed)
            && self.quiet().is_some()
            && self.head_since.load(Ordering::Relaxed) == 0
            && self.blocked_since.load(Ordering::Relaxed) == 0
    }

    /// After this answer the connection is no longer HTTP's.
    pub(crate) fn goes_on_as(&self, tunnel: Tunnel) {
        *self.successor.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tunnel));
    }

    /// See [`Self::goes_on_as`]; to be taken once.
    pub(crate) fn successor(&self) -> Option<Tunnel> {
        let mut successor = self.successor.lock().unwrap_or_else(PoisonError::into_inner);
        successor.take().map(|tunnel| *tunnel)
    }

    /// A head that can be read in two ways.
    pub(crate) fn found(&self, request: u64, ambiguity: Ambiguity) {
        self.ambiguity.store(ambiguity as u32, Ordering::Relaxed);
        self.ambiguous_request.store(request, Ordering::Release);
    }

    /// Whether the request of this number, counted from 1, can be read in two ways.
    pub(crate) fn ambiguity(&self, request: u64) -> Option<Ambiguity> {
        if self.ambiguous_request.load(Ordering::Acquire) != request {
            return None;
        }
        let code = self.ambiguity.load(Ordering::Relaxed);
        Ambiguity::ALL.into_iter().find(|ambiguity| *ambiguity as u32 == code)
    }

    /// A request begins. Returns its number, counted from 1.
    pub(crate) fn begin(&self) -> u64 {
        self.active.fetch_add(1, Ordering::AcqRel);
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A request's answer has gone, or nobody wants it any more.
    pub(crate) fn end(&self, number: u64, is_taken_back: bool, is_http2: bool) {
        if is_http2 {
            self.taken(number);
            if is_taken_back && !self.is_trusted {
                self.count_taken_back();
            }
        }
        self.quiet_since.store(self.now(), Ordering::Relaxed);
        if self.active.fetch_sub(1, Ordering::AcqRel) == 1 && is_http2 {
            // Its task may be asleep, and what it waits for has changed.
            self.waker.wake();
        }
    }

    fn count_taken_back(&self) {
        let now = self.now();
        let requests = self.requests.load(Ordering::Relaxed);
        let mut taken_back = self.taken_back.lock().unwrap_or_else(PoisonError::into_inner);
        let window = u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        if now.saturating_sub(taken_back.since) > window {
            *taken_back = TakenBack {
                since: now,
                count: 0,
                before: requests.saturating_sub(1),
            };
        }
        taken_back.count += 1;
        let all = requests.saturating_sub(taken_back.before);
        if taken_back.count >= TAKEN_BACK && u64::from(taken_back.count) * 2 > all {
            self.is_attack.store(true, Ordering::Release);
            self.waker.wake();
        }
    }

    /// The socket takes nothing.
    pub(crate) fn blocked(&self) {
        if self.blocked_since.load(Ordering::Relaxed) == 0 {
            self.blocked_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The socket took something.
    pub(crate) fn flows(&self) {
        if self.blocked_since.load(Ordering::Relaxed) != 0 {
            self.blocked_since.store(0, Ordering::Relaxed);
        }
    }

    fn streams(&self) -> MutexGuard<'_, FxHashMap<u64, u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream was given something to send.
    pub(crate) fn given(&self, number: u64) {
        self.has_streams.store(true, Ordering::Relaxed);
        self.streams().insert(number, self.now());
    }

    /// A stream asks for more, or ends.
    pub(crate) fn taken(&self, number: u64) {
        self.streams().remove(&number);
    }

    /// It has carried as many requests as it may.
    pub(crate) fn worn(&self) {
        self.is_worn.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Its place is needed.
    pub(crate) fn unwanted(&self) {
        self.is_unwanted.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Since when nothing is asked for, if that is so.
    pub(crate) fn quiet(&self) -> Option<Instant> {
        (self.active.load(Ordering::Acquire) == 0)
            .then(|| self.moment(self.quiet_since.load(Ordering::Relaxed)))
            .flatten()
    }

    /// Whether it has ever carried a request.
    pub(crate) fn is_used(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    /// Since when a head is on its way.
    pub(crate) fn head(&self) -> Option<Instant> {
        self.moment(self.head_since.load(Ordering::Relaxed))
    }

    /// Since when its client takes nothing.
    pub(crate) fn stuck(&self) -> Option<Instant> {
        let socket = self.moment(self.blocked_since.load(Ordering::Relaxed));
        let has_streams = self.has_streams.load(Ordering::Relaxed);
        let stream = has_streams
            .then(|| self.streams().values().min().and_then(|stamp| self.moment(*stamp)))
            .flatten();
        socket.into_iter().chain(stream).min()
    }

    /// See [`Self::worn`].
    pub(crate) fn is_worn(&self) -> bool {
        self.is_worn.load(Ordering::Acquire)
    }

    /// Whether its client takes requests back faster than anybody could mean it.
    pub(crate) fn is_attack(&self) -> bool {
        self.is_attack.load(Ordering::Acquire)
    }

    /// See [`Self::unwanted`].
    pub(crate) fn is_unwanted(&self) -> bool {
        self.is_unwanted.load(Ordering::Acquire)
    }

    /// Who is to be woken when something has changed.
    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_quiet_when_its_last_request_has_ended() {
        let pulse = Pulse::new(false);
        assert!(pulse.quiet().is_some() && !pulse.is_used());
        let (first, second) = (pulse.begin(), pulse.begin());
        pulse.end(first, false, false);
        assert!(pulse.quiet().is_none());
        pulse.end(second, false, false);
        assert!(pulse.quiet().is_some() && pulse.is_used());
    }

    #[test]
    fn requests_that_are_taken_back_are_an_attack_if_they_are_many_and_most() {
        let take_back = |pulse: &Pulse, times: u32| {
            for _ in 0..times {
                let number = pulse.begin();
                pulse.end(number, true, true);
            }
        };
        let few = Pulse::new(false);
        take_back(&few, TAKEN_BACK - 1);
        assert!(!few.is_attack());
        take_back(&few, 1);
        assert!(few.is_attack());
        let busy = Pulse::new(false);
        for _ in 0..200 {
            let (kept, back) = (busy.begin(), busy.begin());
            busy.end(kept, false, true);
            busy.end(back, true, true);
        }
        assert!(!busy.is_attack());
        let proxy = Pulse::new(true);
        take_back(&proxy, 500);
        assert!(!proxy.is_attack());
    }

    #[test]
    fn a_stream_holds_until_it_asks_for_more() {
        let pulse = Pulse::new(false);
        assert!(pulse.stuck().is_none());
        pulse.given(1);
        pulse.given(2);
        pulse.taken(1);
        assert!(pulse.stuck().is_some());
        pulse.taken(2);
        assert!(pulse.stuck().is_none());
        pulse.blocked();
        assert!(pulse.stuck().is_some());
        pulse.flows();
        assert!(pulse.stuck().is_none());
    }
}
