//! What was submitted under an idempotency key: the first job that comes with a key runs, those that come with it while it runs
//! wait for its end, and those that come later get what it answered. A job that ends without an answer to keep (it failed, its
//! worker died) frees the key: the next one runs.

use super::Subject;
use bytes::Bytes;
use ironside_worker::{JobInfo, WorkerId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most answers that are kept, and their bytes together.
const MOST_KEPT: usize = 65_536;
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// What a kept answer costs beside its bytes.
const OVERHEAD: usize = 256;

type JobKey = (WorkerId, u32);
/// A digest of what was submitted.
pub(crate) type Fingerprint = [u8; 32];

/// What a job that comes with a key has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Run, and say how it ended.
    Run {
        /// What to name then.
        ticket: u64,
    },
    /// Answer what was answered before; `None` if that was too large to be kept.
    Replay(Option<Bytes>),
    /// Something else was submitted under this key.
    Mismatch,
    /// The one that runs takes longer than anybody waits for it.
    Busy,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Submissions {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last: u64,
    bytes: usize,
    known: FxHashMap<Subject, Submission>,
    running: FxHashMap<u64, (JobKey, Subject)>,
    /// Those that are kept, in the order in which they are forgotten.
    ends: BTreeMap<(Instant, u64), Subject>,
}

#[derive(Debug)]
struct Submission {
    fingerprint: Fingerprint,
    keep: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Those who wait learn of its end when the sender is dropped.
    Running(watch::Sender<()>),
    Ended {
        value: Option<Bytes>,
    },
}

impl Submissions {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `patience` for a job that runs under the same key. The answer is kept for `keep`.
    pub(crate) async fn begin(
        &self,
        job: &JobInfo,
        subject: Subject,
        fingerprint: Fingerprint,
        keep: Duration,
        patience: Duration,
    ) -> Begun {
        let deadline = Instant::now() + patience;
        loop {
            let mut ended = match self.lock().look(job, subject, fingerprint, keep) {
                Ok(begun) => return begun,
                Err(ended) => ended,
            };
            let waited = tokio::time::timeout_at(deadline, async { while ended.changed().await.is_ok() {} }).await;
            if waited.is_err() {
                return Begun::Busy;
            }
        }
    }

    /// The end of a job that ran. `None`: it has no answer to keep, and the key is free again. `false` for a ticket that is
    /// not the job's.
    pub(crate) fn end(&self, job: &JobInfo, ticket: u64, answer: Option<Option<Bytes>>) -> bool {
        let mut table = self.lock();
        let owned = table
            .running
            .get(&ticket)
            .is_some_and(|(owner, _)| *owner == (job.worker, job.id));
        if owned {
            table.end(ticket, answer);
        }
        owned
    }

    /// Frees what a job still holds.
    pub(crate) fn end_job(&self, job: &JobInfo) {
        let mut table = self.lock();
        if table.running.is_empty() {
            return;
        }
        let tickets: Vec<u64> = table
            .running
            .iter()
            .filter(|(_, (owner, _))| *owner == (job.worker, job.id))
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in tickets {
            table.end(ticket, None);
        }
    }
}

impl Table {
    /// What to do, or whose end to wait for.
    fn look(
        &mut self,
        job: &JobInfo,
        subject: Subject,
        fingerprint: Fingerprint,
        keep: Duration,
    ) -> Result<Begun, watch::Receiver<()>> {
        self.forget(Instant::now());
        if let Some(known) = self.known.get(&subject) {
            if known.fingerprint != fingerprint {
                return Ok(Begun::Mismatch);
            }
            return match &known.state {
                State::Running(sender) => Err(sender.subscribe()),
                State::Ended { value } => Ok(Begun::Replay(value.clone())),
            };
        }
        self.last += 1;
        let ticket = self.last;
        let submission = Submission {
            fingerprint,
            keep,
            state: State::Running(watch::Sender::new(())),
        };
        self.known.insert(subject, submission);
        self.running.insert(ticket, ((job.worker, job.id), subject));
        Ok(Begun::Run { ticket })
    }

    fn end(&mut self, ticket: u64, answer: Option<Option<Bytes>>) {
        let Some((_, subject)) = self.running.remove(&ticket) else {
            return;
        };
        let Some(value) = answer else {
            self.known.remove(&subject);
            return;
        };
        let Some(known) = self.known.get_mut(&subject) else { return };
        let until = Instant::now() + known.keep;
        self.bytes += OVERHEAD + value.as_ref().map_or(0, Bytes::len);
        self.ends.insert((until, ticket), subject);
        known.state = State::Ended { value };
        self.make_room();
    }

    /// Drops what has run out.
    fn forget(&mut self, now: Instant) {
        while let Some(entry) = self.ends.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let subject = entry.remove();
            self.drop_ended(&subject);
        }
    }

    fn make_room(&mut self) {
        while self.bytes > MOST_BYTES || self.ends.len() > MOST_KEPT {
            let Some((_, subject)) = self.ends.pop_first() else { return };
            self.drop_ended(&subject);
        }
    }

    fn drop_ended(&mut self, subject: &Subject) {
        if let Some(Submission {
            state: State::Ended { value },
            ..
        }) = self.known.remove(subject)
        {
            self.bytes -= OVERHEAD + value.as_ref().map_or(0, Bytes::len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_worker::Job;
    use ironside_worker::wire::JobKind;
    use std::sync::Arc;

    const KEY: Subject = [1; 16];
    const BODY: Fingerprint = [2; 32];
    const HOUR: Duration = Duration::from_secs(3_600);

    fn job(id: u32) -> JobInfo {
        JobInfo {
            worker: WorkerId(1),
            id,
            job: Arc::new(Job::new(JobKind::Action)),
        }
    }

    async fn begin(submissions: &Submissions, id: u32) -> Begun {
        submissions.begin(&job(id), KEY, BODY, HOUR, HOUR).await
    }

    fn ticket(begun: &Begun) -> u64 {
        match begun {
            Begun::Run { ticket } => *ticket,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn many_at_once_run_once_and_get_one_answer() {
        let submissions = Arc::new(Submissions::default());
        let first = ticket(&begin(&submissions, 0).await);
        let others: Vec<_> = (1..50)
            .map(|id| {
                let submissions = submissions.clone();
                tokio::spawn(async move { begin(&submissions, id).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(submissions.end(&job(0), first, Some(Some("done".into()))));
        for other in others {
            assert_eq!(other.await.unwrap(), Begun::Replay(Some("done".into())));
        }
        assert_eq!(begin(&submissions, 99).await, Begun::Replay(Some("done".into())));
    }

    #[tokio::test]
    async fn a_job_that_fails_or_vanishes_lets_the_next_one_run() {
        let submissions = Arc::new(Submissions::default());
        let first = ticket(&begin(&submissions, 0).await);
        let waiting = tokio::spawn({
            let submissions = submissions.clone();
            async move { begin(&submissions, 1).await }
        });
        tokio::task::yield_now().await;
        assert!(submissions.end(&job(0), first, None));
        let second = waiting.await.unwrap();
        assert_ne!(ticket(&second), first);
        submissions.end_job(&job(1));
        ticket(&begin(&submissions, 2).await);
    }

    #[tokio::test]
    async fn a_ticket_is_good_for_its_own_job_and_once() {
        let submissions = Submissions::default();
        let first = ticket(&begin(&submissions, 0).await);
        assert!(!submissions.end(&job(7), first, Some(None)));
        assert!(submissions.end(&job(0), first, Some(None)));
        assert!(!submissions.end(&job(0), first, None));
        assert_eq!(begin(&submissions, 1).await, Begun::Replay(None));
    }

    #[tokio::test]
    async fn another_body_under_the_same_key_is_told_apart_while_it_runs_and_after() {
        let submissions = Submissions::default();
        let first = ticket(&begin(&submissions, 0).await);
        let other = async || submissions.begin(&job(1), KEY, [3; 32], HOUR, HOUR).await;
        assert_eq!(other().await, Begun::Mismatch);
        submissions.end(&job(0), first, Some(None));
        assert_eq!(other().await, Begun::Mismatch);
    }

    #[tokio::test]
    async fn answers_are_forgotten_and_nobody_waits_for_ever() {
        let submissions = Submissions::default();
        let briefly = async |id| submissions.begin(&job(id), KEY, BODY, Duration::ZERO, Duration::ZERO).await;
        let first = ticket(&briefly(0).await);
        assert_eq!(briefly(1).await, Begun::Busy);
        submissions.end(&job(0), first, Some(Some("x".into())));
        ticket(&briefly(2).await);
        assert_eq!(submissions.lock().bytes, 0);
    }

    #[tokio::test]
    async fn what_is_kept_has_a_bound() {
        let submissions = Submissions::default();
        let value = Bytes::from(vec![0; 1024 * 1024]);
        for number in 0..40u8 {
            let begun = submissions.begin(&job(0), [number; 16], BODY, HOUR, HOUR).await;
            submissions.end(&job(0), ticket(&begun), Some(Some(value.clone())));
        }
        let table = submissions.lock();
        assert!(table.bytes <= MOST_BYTES);
        assert_eq!(table.known.len(), table.ends.len());
        assert!(table.known.contains_key(&[39; 16]) && !table.known.contains_key(&[0; 16]));
    }
}
