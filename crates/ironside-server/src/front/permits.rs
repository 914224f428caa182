//! Permits that jobs hold, under numbers that workers know them by. A number is worth something only to the job that it
//! was given to, and nothing any more when that job ends.

use ironside_cache::Permit;
use ironside_worker::{JobInfo, WorkerId};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

type JobKey = (WorkerId, u32);

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Permits {
    last: AtomicU64,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// For values: the permit itself is kept here.
    values: FxHashMap<u64, (JobKey, Permit)>,
    by_job: FxHashMap<JobKey, Vec<u64>>,
    /// For pages: the fill has the permit and is told when it is given back.
    pages: FxHashMap<u64, oneshot::Sender<()>>,
}

impl Permits {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A number for the permit of a page, and how its return is told.
    pub(crate) fn open_page(&self) -> (u64, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let number = self.number();
        self.lock().pages.insert(number, sender);
        (number, receiver)
    }

    /// The fill has ended.
    pub(crate) fn close_page(&self, number: u64) {
        self.lock().pages.remove(&number);
    }

    /// Keeps the permit of a value for a job.
    pub(crate) fn keep(&self, job: &JobInfo, permit: Permit) -> u64 {
        let (number, key) = (self.number(), (job.worker, job.id));
        let mut table = self.lock();
        table.values.insert(number, (key, permit));
        table.by_job.entry(key).or_default().push(number);
        number
    }

    /// The permit of a value, if the job holds it.
    pub(crate) fn take(&self, job: &JobInfo, number: u64) -> Option<Permit> {
        let key = (job.worker, job.id);
        let mut table = self.lock();
        if table.values.get(&number).is_none_or(|(owner, _)| *owner != key) {
            return None;
        }
        if let Some(numbers) = table.by_job.get_mut(&key) {
            numbers.retain(|known| *known != number);
        }
        table.values.remove(&number).map(|(_, permit)| permit)
    }

    /// A job gives a permit back unused.
    pub(crate) fn give_back(&self, job: &JobInfo, number: u64) {
        if job.job.permit == Some(number) {
            let told = self.lock().pages.remove(&number);
            // If nobody listens, the fill has ended by itself.
            let _ = told.map(|sender| sender.send(()));
            return;
        }
        drop(self.take(job, number));
    }

    /// Takes from a job what it still holds.
    pub(crate) fn end_job(&self, job: &JobInfo) {
        let key = (job.worker, job.id);
        let held: Vec<Permit> = {
            let mut table = self.lock();
            let Some(numbers) = table.by_job.remove(&key) else { return };
            numbers
                .iter()
                .filter_map(|number| table.values.remove(number))
                .map(|(_, permit)| permit)
                .collect()
        };
        // Dropped without the lock: each wakes somebody.
        drop(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_cache::{Cache, CacheOptions, Key, Lookup, ValueKind};
    use ironside_worker::Job;
    use ironside_worker::wire::JobKind;
    use std::sync::Arc;

    fn job(id: u32, permit: Option<u64>) -> JobInfo {
        JobInfo {
            worker: WorkerId(1),
            id,
            job: Arc::new(Job {
                permit,
                ..Job::new(JobKind::Page)
            }),
        }
    }

    fn permit(cache: &Cache, name: &'static str) -> Permit {
        match cache.lookup(&Key::value(ValueKind::Fetch, name.into(), None), &[]) {
            Lookup::Miss { permit, .. } => permit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_number_is_good_for_its_own_job_and_ends_with_it() {
        let cache = Cache::new(CacheOptions::default());
        let permits = Permits::default();
        let (mine, other) = (job(1, None), job(2, None));
        let first = permits.keep(&mine, permit(&cache, "a"));
        let second = permits.keep(&mine, permit(&cache, "b"));
        assert!(permits.take(&other, first).is_none());
        assert!(permits.take(&mine, first).is_some());
        assert!(permits.take(&mine, first).is_none());
        assert_eq!(cache.fills(), 1);
        permits.end_job(&mine);
        assert_eq!(cache.fills(), 0);
        assert!(permits.take(&mine, second).is_none());
    }

    #[test]
    fn the_permit_of_a_page_is_given_back_by_its_own_job_only() {
        let permits = Permits::default();
        let (number, mut dropped) = permits.open_page();
        permits.give_back(&job(1, None), number);
        assert!(dropped.try_recv().is_err());
        permits.give_back(&job(2, Some(number)), number);
        assert!(dropped.try_recv().is_ok());
    }
}
