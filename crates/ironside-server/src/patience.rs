//! How long a connection is waited for: the clock beside it. It looks at the connection's [`Pulse`] and says when it has to
//! end, and in which manner. One timer does for everything, and is set again only when it has to ring earlier.

use crate::options::Limits;
use crate::pulse::Pulse;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// How long a connection that was told to end and has nothing to do may take for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// An HTTP/1 connection on which nothing was asked for in so long waits on without buffers.
const REST: Duration = Duration::from_secs(1);

/// Why a connection ends, or is left to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nothing was asked for in a while: what is needed for answering can be put away. Only where
    /// [`Patience::may_rest`] was said.
    Rests,
    /// Nothing was asked for in time.
    Idle,
    /// A head didn't come whole in time.
    Head,
    /// Its client doesn't take what it asked for.
    Stuck,
    /// It has carried as many requests as it may.
    Worn,
    /// Its client takes back what it asks for, again and again.
    Attack,
    /// Somebody else needs its place.
    Unwanted,
    /// It was told to end, and has had time for it.
    Lingers,
}

impl Over {
    /// The word for log and metric.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Rests => "rests",
            Self::Idle => "idle",
            Self::Head => "head_timeout",
            Self::Stuck => "write_timeout",
            Self::Worn => "requests_used_up",
            Self::Attack => "rapid_reset",
            Self::Unwanted => "crowded",
            Self::Lingers => "lingers",
        }
    }

    /// Whether requests that are under way may end first.
    pub(crate) fn is_polite(self) -> bool {
        matches!(self, Self::Idle | Self::Worn)
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Patience {
    pulse: Arc<Pulse>,
    header_timeout: Duration,
    keep_alive: Duration,
    write_timeout: Duration,
    timer: Pin<Box<Sleep>>,
    may_rest: bool,
    leaving: Option<Instant>,
}

impl Patience {
    /// For a connection that begins now.
    pub(crate) fn new(pulse: Arc<Pulse>, limits: &Limits) -> Self {
        Self {
            pulse,
            header_timeout: limits.header_timeout,
            keep_alive: limits.keep_alive,
            write_timeout: limits.write_timeout,
            timer: Box::pin(tokio::time::sleep(limits.header_timeout)),
            may_rest: false,
            leaving: None,
        }
    }

    /// Whether [`Over::Rests`] is of interest.
    pub(crate) fn may_rest(&mut self, may: bool) {
        self.may_rest = may;
    }

    /// The connection was told to end.
    pub(crate) fn leaves(&mut self) {
        self.leaving = Some(Instant::now());
    }

    /// Resolves when the connection has to end.
    pub(crate) fn over(&mut self) -> impl Future<Output = Over> + '_ {
        std::future::poll_fn(|context| self.poll_over(context))
    }

    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<Over> {
        self.pulse.register(context.waker());
        if self.pulse.is_unwanted() {
            return Poll::Ready(Over::Unwanted);
        }
        if self.pulse.is_attack() {
            return Poll::Ready(Over::Attack);
        }
        if self.leaving.is_none() && self.pulse.is_worn() {
            return Poll::Ready(Over::Worn);
        }
        loop {
            let (at, over) = self.next();
            let rings = tokio::time::Instant::from_std(at);
            // A timer that will ring earlier knows that the moment has not come yet, without a look at the clock.
            if self.timer.deadline() > rings || self.timer.is_elapsed() {
                if at <= Instant::now() {
                    return Poll::Ready(over);
                }
                self.timer.as_mut().reset(rings);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// The next moment at which something has to be decided.
    fn next(&self) -> (Instant, Over) {
        let quiet = self.pulse.quiet().map(|since| match (self.leaving, self.pulse.head()) {
            (Some(left), _) => (since.max(left) + FAREWELL, Over::Lingers),
            (None, _) if !self.pulse.is_used() => (since + self.header_timeout, Over::Head),
            (None, Some(head)) => (head.max(since) + self.header_timeout, Over::Head),
            (None, None) if self.may_rest && REST < self.keep_alive && self.pulse.is_between() => (since + REST, Over::Rests),
            (None, None) => (since + self.keep_alive, Over::Idle),
        });
        let stuck = self.pulse.stuck().map(|since| (since + self.write_timeout, Over::Stuck));
        quiet
            .into_iter()
            .chain(stuck)
            .min_by_key(|(at, _)| *at)
            // While it is busy: whatever begins is noticed in half of its time at the latest.
            .unwrap_or_else(|| {
                (
                    Instant::now() + self.write_timeout.max(Duration::from_millis(20)) / 2,
                    Over::Stuck,
                )
            })
    }
}
