//! The connections that are open: how many there may be, how many of one client, and who has to go when all places are
//! taken. Whoever waits gives way to whoever comes: first those that had time to ask for something and didn't, then those that have
//! been idle for longest. A connection with a request under way is never closed for it.

use crate::pulse::Pulse;
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When all places are taken, one in so many is freed at once, so that it need not be done for each newcomer.
const SHARE: usize = 64;
/// How long it takes until those that must go have gone, or others have become idle.
const AGAIN: Duration = Duration::from_millis(100);
/// The time that a newcomer has for saying something.
const NEW: Duration = Duration::from_secs(1);
/// Hosts of IPv6 have a network of this size for themselves.
const NETWORK: u128 = !0 << 64;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Crowd {
    places: Arc<Semaphore>,
    size: usize,
    /// Most connections of one client.
    of_one: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    members: FxHashMap<u64, Weak<Pulse>>,
    clients: FxHashMap<IpAddr, usize>,
}

/// A place that nobody sits on yet.
#[derive(Debug)]
pub(crate) struct Free(OwnedSemaphorePermit);

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    client: Option<IpAddr>,
    _place: OwnedSemaphorePermit,
}

impl Crowd {
    /// Nobody, with so many places, and so many for one client.
    pub(crate) fn new(size: usize, of_one: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS))),
            size,
            of_one,
            table: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, and makes one if it can.
    pub(crate) async fn free(&self) -> Option<Free> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(Free(place));
        }
        loop {
            self.make_room();
            match tokio::time::timeout(AGAIN, self.places.clone().acquire_owned()).await {
                Ok(place) => return place.ok().map(Free),
                Err(_) => continue,
            }
        }
    }

    /// Lets a connection in. `client` is `None` where many stand behind one address.
    ///
    /// # Errors
    /// When the client has as many as it may; the place is free again.
    pub(crate) fn enter(self: &Arc<Self>, free: Free, client: Option<IpAddr>, pulse: &Arc<Pulse>) -> Result<Place, IpAddr> {
        let client = client.map(network);
        let mut table = self.table();
        if let Some(client) = client {
            let count = table.clients.entry(client).or_default();
            if *count >= self.of_one {
                return Err(client);
            }
            *count += 1;
        }
        table.next += 1;
        let number = table.next;
        table.members.insert(number, Arc::downgrade(pulse));
        Ok(Place {
            crowd: self.clone(),
            number,
            client,
            _place: free.0,
        })
    }

    fn make_room(&self) {
        let mut idle: Vec<Arc<Pulse>> = self.table().members.values().filter_map(Weak::upgrade).collect();
        idle.retain(|pulse| pulse.quiet().is_some());
        idle.sort_by_cached_key(|pulse| (rank(pulse), pulse.quiet()));
        let leaving = (self.size / SHARE).max(1).min(idle.len());
        if leaving > 0 {
            tracing::debug!(leaving, "all places are taken; idle connections are closed");
        }
        for pulse in idle.iter().take(leaving) {
            pulse.unwanted();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.crowd.table();
        table.members.remove(&self.number);
        if let Some(client) = self.client
            && let Some(count) = table.clients.get_mut(&client)
        {
            *count -= 1;
            if *count == 0 {
                table.clients.remove(&client);
            }
        }
    }
}

/// Who goes first: those who had time to ask for something and didn't; then those who have asked before; and only then those
/// who have just come.
fn rank(pulse: &Pulse) -> u8 {
    let had_time = pulse.quiet().is_some_and(|since| since.elapsed() > NEW);
    match (pulse.is_used(), had_time) {
        (false, true) => 0,
        (true, _) => 1,
        (false, false) => 2,
    }
}

/// What stands for one client.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & NETWORK).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn one_client_has_only_so_many_and_its_place_comes_back() {
        let crowd = Arc::new(Crowd::new(10, 2));
        let enter = async |client| {
            let free = crowd.free().await.unwrap();
            crowd.enter(free, client, &Arc::new(Pulse::new(false)))
        };
        let first = enter(Some(ip("2001:db8::1"))).await.unwrap();
        let _second = enter(Some(ip("2001:db8::2"))).await.unwrap();
        assert!(enter(Some(ip("2001:db8::3"))).await.is_err(), "one network is one client");
        let _other = enter(Some(ip("203.0.113.1"))).await.unwrap();
        let _proxy = enter(None).await.unwrap();
        drop(first);
        assert!(enter(Some(ip("2001:db8::3"))).await.is_ok());
        assert_eq!(crowd.places.available_permits(), 7);
    }

    #[tokio::test]
    async fn who_is_answered_never_gives_way_and_who_has_just_come_does_so_last() {
        let crowd = Arc::new(Crowd::new(3, 9));
        let [busy, idle, new] = [(); 3].map(|()| Arc::new(Pulse::new(false)));
        let mut places = Vec::new();
        for pulse in [&busy, &idle, &new] {
            let free = crowd.free().await.unwrap();
            places.push(crowd.enter(free, None, pulse).unwrap());
        }
        busy.begin();
        let number = idle.begin();
        idle.end(number, false, false);
        let unwanted = || [&busy, &idle, &new].map(|pulse| pulse.is_unwanted());
        crowd.make_room();
        assert_eq!(unwanted(), [false, true, false]);
        drop(places.remove(1));
        crowd.make_room();
        assert_eq!(unwanted(), [false, true, true]);
        drop(places.remove(1));
        crowd.make_room();
        assert_eq!(unwanted(), [false, true, true]);
        assert_eq!(crowd.places.available_permits(), 2);
    }
}
