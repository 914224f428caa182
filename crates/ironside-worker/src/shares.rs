//! How many places one client may have, so that a few clients cannot have them all.
//!
//! What a client may have is a part of what others leave. With the usual half of it, a client gets another place while it holds
//! fewer than are free: alone it comes to half of all, the next greedy one to half of
//! what is left, and so on: a few of them leave places for somebody new. What a client asks for beyond its
//! share waits in a line of its own until one of its jobs ends or others leave room, and harms nobody but itself. Whoever is let in
//! here may still have to wait for a worker ([`crate::roster`]); a few are let in whatever is free, so that everybody has a part
//! when all is taken.

use crate::failure::JobFailure;
use crate::lock::locked;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// What a client may always have.
const FEW: usize = 4;
/// Jobs of one client that wait for its share: as many as one HTTP/2 connection asks for at once.
const LINE: usize = 256;
/// How long a client waits for itself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What a client is told that asks for more than may wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Lines that are looked at when a place becomes free; the others have their turn at the next one.
const LOOKED_AT: usize = 32;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Shares {
    places: usize,
    /// Percent of what the others leave that one client may have.
    percent: usize,
    /// Jobs that were let in.
    inside: AtomicUsize,
    /// Jobs that wait in lines.
    waiting: AtomicUsize,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    /// Who has something inside or in line.
    by_address: FxHashMap<IpAddr, Client>,
    /// Who has something in line, in the order in which they have their turn.
    lines: VecDeque<IpAddr>,
}

#[derive(Debug, Default)]
struct Client {
    inside: usize,
    line: VecDeque<oneshot::Sender<Seat>>,
}

/// What a job has of its client's share. It is given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    shares: Option<Arc<Shares>>,
    client: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(shares) = self.shares.take() {
            shares.leave(self.client);
        }
    }
}

impl Shares {
    /// Of so many places; of those that others leave, a client may have this many percent. 100: all that are free.
    pub(crate) fn new(places: usize, percent: u8) -> Self {
        Self {
            places,
            percent: usize::from(percent.clamp(1, 100)),
            inside: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            clients: Mutex::default(),
        }
    }

    /// How many jobs wait in lines.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Waits for a part of the client's share. Jobs of nobody in particular have no bound here.
    pub(crate) async fn enter(self: &Arc<Self>, client: Option<IpAddr>, deadline: Option<Instant>) -> Result<Seat, JobFailure> {
        let Some(address) = client else {
            self.inside.fetch_add(1, Ordering::AcqRel);
            return Ok(self.seat(None));
        };
        let seat = {
            let mut clients = locked(&self.clients);
            let client = clients.by_address.entry(address).or_default();
            if client.line.is_empty() && self.has_room(client) {
                client.inside += 1;
                self.inside.fetch_add(1, Ordering::AcqRel);
                return Ok(self.seat(Some(address)));
            }
            client.line.retain(|waiter| !waiter.is_closed());
            if client.line.len() >= LINE {
                return Err(JobFailure::QueueFull {
                    retry_after: RETRY_AFTER,
                });
            }
            let (sender, receiver) = oneshot::channel();
            let is_first = client.line.is_empty();
            client.line.push_back(sender);
            if is_first && !clients.lines.contains(&address) {
                clients.lines.push_back(address);
            }
            receiver
        };
        let _waits = Waits::begin(&self.waiting);
        let latest = Instant::now() + LONGEST_WAIT;
        match timeout_at(deadline.map_or(latest, |deadline| deadline.min(latest)), seat).await {
            Ok(Ok(seat)) => Ok(seat),
            Ok(Err(_)) => Err(JobFailure::NotReady),
            Err(_) if deadline.is_some_and(|deadline| deadline <= latest) => Err(JobFailure::Deadline),
            Err(_) => Err(JobFailure::QueueTimeout {
                retry_after: RETRY_AFTER,
            }),
        }
    }

    fn seat(self: &Arc<Self>, client: Option<IpAddr>) -> Seat {
        Seat {
            shares: Some(Arc::clone(self)),
            client,
        }
    }

    fn has_room(&self, client: &Client) -> bool {
        let free = self.places.saturating_sub(self.inside.load(Ordering::Acquire));
        client.inside < FEW || client.inside.saturating_mul(100 - self.percent) < free.saturating_mul(self.percent)
    }

    fn leave(self: &Arc<Self>, client: Option<IpAddr>) {
        self.inside.fetch_sub(1, Ordering::AcqRel);
        if client.is_none() && self.waiting() == 0 {
            return;
        }
        let mut clients = locked(&self.clients);
        if let Some(address) = client
            && let Some(client) = clients.by_address.get_mut(&address)
        {
            client.inside = client.inside.saturating_sub(1);
            // Whoever waits behind its own jobs is let in by them, so that nobody waits in vain.
            self.admit(&mut clients, address);
        }
        for _ in 0..clients.lines.len().min(LOOKED_AT) {
            let Some(address) = clients.lines.pop_front() else { break };
            clients.lines.push_back(address);
            self.admit(&mut clients, address);
        }
    }

    /// Lets one of a client's line in if there is room, and forgets a client that has nothing any more.
    fn admit(self: &Arc<Self>, clients: &mut Clients, address: IpAddr) {
        let Some(client) = clients.by_address.get_mut(&address) else {
            return;
        };
        while self.has_room(client) {
            let Some(waiter) = client.line.pop_front() else { break };
            // Counted first: whoever gets the seat may give it back at once.
            client.inside += 1;
            self.inside.fetch_add(1, Ordering::AcqRel);
            let Err(mut seat) = waiter.send(self.seat(Some(address))) else {
                break;
            };
            // It has gone. The seat's own drop would lock what is held here.
            seat.shares = None;
            client.inside -= 1;
            self.inside.fetch_sub(1, Ordering::AcqRel);
        }
        if client.line.is_empty() {
            let is_gone = client.inside == 0;
            if is_gone {
                clients.by_address.remove(&address);
            }
            clients.lines.retain(|other| *other != address);
        }
    }
}

/// Counts somebody who waits, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn client(number: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, number]))
    }

    /// Takes all that a client gets without waiting.
    fn take_all(shares: &Arc<Shares>, number: u8) -> Vec<Seat> {
        std::iter::from_fn(|| shares.enter(client(number), None).now_or_never().and_then(Result::ok)).collect()
    }

    #[tokio::test]
    async fn greedy_clients_leave_places_for_others() {
        let shares = Arc::new(Shares::new(64, 50));
        let first = take_all(&shares, 1);
        assert_eq!(first.len(), 32);
        let second = take_all(&shares, 2);
        assert_eq!(second.len(), 16);
        let third = take_all(&shares, 3);
        assert_eq!(third.len(), 8);
        drop((first, second, third));
        assert!(locked(&shares.clients).by_address.is_empty());
        assert_eq!(shares.inside.load(Ordering::Acquire), 0);
        assert_eq!(take_all(&shares, 4).len(), 32);
    }

    #[tokio::test]
    async fn how_large_a_share_is_can_be_said() {
        for (percent, most) in [(1, FEW), (25, 16), (75, 48), (90, 58), (100, 64)] {
            let shares = Arc::new(Shares::new(64, percent));
            assert_eq!(take_all(&shares, 1).len(), most, "{percent} %");
            // Whoever comes then has the same part of what is left, and a few in any case.
            assert!(take_all(&shares, 2).len() >= FEW, "{percent} %");
        }
    }

    #[tokio::test]
    async fn when_all_is_taken_everybody_still_gets_in_for_a_few() {
        let shares = Arc::new(Shares::new(8, 50));
        let _nobody: Vec<_> = (0..20)
            .map(|_| shares.enter(None, None).now_or_never().unwrap().unwrap())
            .collect();
        for number in 1..5 {
            std::mem::forget(take_all(&shares, number));
        }
        assert_eq!(shares.inside.load(Ordering::Acquire), 20 + 4 * FEW);
    }

    #[tokio::test]
    async fn who_waits_is_let_in_when_its_own_job_ends_or_others_leave() {
        let shares = Arc::new(Shares::new(64, 50));
        let mut first = take_all(&shares, 1);
        let mut waits = Box::pin(shares.enter(client(1), None));
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(shares.waiting(), 1);
        first.pop();
        first.push(waits.await.unwrap());
        let second = take_all(&shares, 2);
        let mut waits = Box::pin(shares.enter(client(1), None));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(second);
        // The second client's places are free again, and the first comes to half of all at most.
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waits.await.is_ok());
        assert_eq!(shares.waiting(), 0);
    }

    #[tokio::test]
    async fn who_left_the_line_takes_nobodys_place() {
        let shares = Arc::new(Shares::new(4, 50));
        let mut held = take_all(&shares, 1);
        let gone = Box::pin(shares.enter(client(1), None));
        let mut stays = Box::pin(shares.enter(client(1), None));
        let mut gone = gone;
        assert!(gone.as_mut().now_or_never().is_none() && stays.as_mut().now_or_never().is_none());
        drop(gone);
        held.pop();
        let seat = stays.await.unwrap();
        assert_eq!(
            locked(&shares.clients).by_address.values().next().unwrap().inside,
            held.len() + 1
        );
        drop((held, seat));
        assert!(locked(&shares.clients).lines.is_empty());
    }

    #[tokio::test]
    async fn a_line_is_no_longer_than_it_may_be() {
        let shares = Arc::new(Shares::new(4, 50));
        let _held = take_all(&shares, 1);
        let mut line = Vec::new();
        for _ in 0..LINE {
            let mut waits = Box::pin(shares.enter(client(1), None));
            assert!(waits.as_mut().now_or_never().is_none());
            line.push(waits);
        }
        let refused = shares.enter(client(1), None).await;
        assert!(matches!(refused, Err(JobFailure::QueueFull { .. })));
        assert_eq!(take_all(&shares, 2).len(), FEW);
    }
}
