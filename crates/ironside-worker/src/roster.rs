//! Which workers there are, how much each has to do, and who waits. One short lock for all of it.

use crate::connection::Connection;
use crate::failure::JobFailure;
use crate::job::WorkerId;
use crate::lock::locked;
use crate::options::PoolOptions;
use crate::shares::Seat;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// What a client is told when there is no place.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The limits that concern places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    jobs_per_worker: usize,
    after_per_worker: usize,
    waiting: usize,
    longest_wait: Duration,
    /// Jobs that all workers together have at once.
    all: usize,
    /// How long a worker may take to start.
    longest_start: Duration,
}

impl From<&PoolOptions> for Places {
    fn from(options: &PoolOptions) -> Self {
        Self {
            jobs_per_worker: options.jobs_per_worker.max(1),
            after_per_worker: options.after_per_worker,
            waiting: options.waiting_per_worker.saturating_mul(options.workers.max(1)),
            longest_wait: options.longest_wait,
            all: options.jobs_per_worker.max(1).saturating_mul(options.workers.max(1)),
            longest_start: options.process.hello_timeout + options.process.ready_timeout,
        }
    }
}

#[derive(Debug)]
struct Member {
    connection: Arc<Connection>,
    /// Jobs that have not ended.
    running: usize,
    /// When it last got a job, as a count of jobs.
    used: u64,
}

#[derive(Debug, Default)]
struct Lists {
    members: Vec<Member>,
    waiting: VecDeque<oneshot::Sender<Lease>>,
    dispatched: u64,
    /// The pool takes no more jobs.
    closed: bool,
    /// Workers die before they are ready.
    unhealthy: bool,
    /// The first worker has come, or will not come soon.
    began: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Roster {
    places: Places,
    lists: Mutex<Lists>,
}

/// A place for one job at one worker. It is given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    roster: Option<Arc<Roster>>,
    pub(crate) connection: Arc<Connection>,
    /// What the job has of its client's share.
    pub(crate) seat: Option<Seat>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(roster) = self.roster.take() {
            roster.release(self.connection.id);
        }
    }
}

impl Roster {
    pub(crate) fn new(places: Places) -> Self {
        Self {
            places,
            lists: Mutex::new(Lists::default()),
        }
    }

    /// Waits for a place.
    pub(crate) async fn acquire(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Lease, JobFailure> {
        let (place, start) = {
            let mut lists = locked(&self.lists);
            if lists.closed {
                return Err(JobFailure::NotReady);
            }
            if lists.waiting.is_empty()
                && let Some(lease) = self.pick(&mut lists)
            {
                return Ok(lease);
            }
            if lists.members.is_empty() && lists.unhealthy {
                return Err(JobFailure::NotReady);
            }
            // Before the first worker is there, those wait as well that it will take at once, and for as long as it may take.
            let most = if lists.began {
                self.places.waiting
            } else {
                self.places.waiting.saturating_add(self.places.all)
            };
            if lists.waiting.len() >= most {
                lists.waiting.retain(|waiter| !waiter.is_closed());
            }
            if lists.waiting.len() >= most {
                return Err(JobFailure::QueueFull {
                    retry_after: RETRY_AFTER,
                });
            }
            let (sender, receiver) = oneshot::channel();
            lists.waiting.push_back(sender);
            let start = if lists.began {
                Duration::ZERO
            } else {
                self.places.longest_start
            };
            (receiver, start)
        };
        // Somebody may have become free between the last release and now, while others were waiting in vain.
        self.pump();
        let latest = Instant::now() + self.places.longest_wait.max(start);
        match timeout_at(deadline.map_or(latest, |deadline| deadline.min(latest)), place).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(_)) => Err(JobFailure::NotReady),
            Err(_) if deadline.is_some_and(|deadline| deadline <= latest) => Err(JobFailure::Deadline),
            Err(_) => Err(JobFailure::QueueTimeout {
                retry_after: RETRY_AFTER,
            }),
        }
    }

    /// The open worker with the least to do; of equals the one that has waited longest.
    fn pick(self: &Arc<Self>, lists: &mut Lists) -> Option<Lease> {
        let places = self.places;
        let load = |member: &Member| {
            let after = member.connection.after_pending.load(Ordering::Acquire);
            member.running + after.saturating_sub(places.after_per_worker)
        };
        let member = lists
            .members
            .iter_mut()
            .filter(|member| load(member) < places.jobs_per_worker && member.connection.is_open())
            .min_by_key(|member| (load(member), member.used))?;
        lists.dispatched += 1;
        member.used = lists.dispatched;
        member.running += 1;
        Some(Lease {
            roster: Some(Arc::clone(self)),
            connection: Arc::clone(&member.connection),
            seat: None,
        })
    }

    /// Gives free places to those that wait.
    pub(crate) fn pump(self: &Arc<Self>) {
        let mut lists = locked(&self.lists);
        self.pump_locked(&mut lists);
    }

    fn pump_locked(self: &Arc<Self>, lists: &mut Lists) {
        while let Some(waiter) = lists.waiting.pop_front() {
            if waiter.is_closed() {
                continue;
            }
            let Some(lease) = self.pick(lists) else {
                lists.waiting.push_front(waiter);
                return;
            };
            if let Err(mut unwanted) = waiter.send(lease) {
                // Its drop would lock the roster, which we hold.
                unwanted.roster = None;
                Self::count_off(lists, unwanted.connection.id);
            }
        }
    }

    fn count_off(lists: &mut Lists, id: WorkerId) {
        if let Some(member) = lists.members.iter_mut().find(|member| member.connection.id == id) {
            member.running = member.running.saturating_sub(1);
        }
    }

    fn release(self: &Arc<Self>, id: WorkerId) {
        let mut lists = locked(&self.lists);
        Self::count_off(&mut lists, id);
        if !lists.waiting.is_empty() {
            self.pump_locked(&mut lists);
        }
    }

    /// A worker is ready.
    pub(crate) fn add(self: &Arc<Self>, connection: Arc<Connection>) {
        let mut lists = locked(&self.lists);
        lists.unhealthy = false;
        lists.began = true;
        lists.members.push(Member {
            connection,
            running: 0,
            used: 0,
        });
        self.pump_locked(&mut lists);
    }

    /// A worker is no more.
    pub(crate) fn remove(&self, id: WorkerId) {
        locked(&self.lists).members.retain(|member| member.connection.id != id);
    }

    /// Workers die before they are ready: nobody should wait for one.
    pub(crate) fn set_unhealthy(&self) {
        let mut lists = locked(&self.lists);
        lists.unhealthy = true;
        lists.began = true;
        if lists.members.is_empty() {
            // Dropping the senders tells those that wait.
            lists.waiting.clear();
        }
    }

    /// Takes no more jobs.
    pub(crate) fn close(&self) {
        let mut lists = locked(&self.lists);
        lists.closed = true;
        lists.waiting.clear();
    }

    /// Whether some worker takes jobs.
    pub(crate) fn is_ready(&self) -> bool {
        let lists = locked(&self.lists);
        let takes_jobs = |connection: &Connection| !connection.retired.is_raised() && !connection.gone.is_raised();
        !lists.closed && lists.members.iter().any(|member| takes_jobs(&member.connection))
    }

    /// The workers, with the number of their jobs.
    pub(crate) fn members(&self) -> Vec<(Arc<Connection>, usize)> {
        locked(&self.lists)
            .members
            .iter()
            .map(|member| (Arc::clone(&member.connection), member.running))
            .collect()
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> usize {
        locked(&self.lists)
            .waiting
            .iter()
            .filter(|waiter| !waiter.is_closed())
            .count()
    }
}
