//! Random sessions: whatever a worker sends and whenever the consumer reads or leaves, each job ends once, its place is given
//! back, and nothing is left over.

use crate::call::{Call, Reply};
use crate::connection::{CloseReason, Connection};
use crate::front::{Front, LogRecord};
use crate::incoming::handle;
use crate::job::{Job, JobBody, JobInfo, WorkerId};
use crate::lock::locked;
use crate::options::{NodeOptions, PoolOptions, Windows, WorkerConfig};
use crate::outbox::Outbox;
use crate::roster::Roster;
use crate::ticket::Ticket;
use crate::wire::{
    self, AfterDone, Channel, Chunk, Frame, FrameHeader, HEADER_LEN, Head, HeaderList, JobKind, JobResult, Outcome, RequestCredit,
};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const WINDOW: u32 = 1000;
static ZEROS: [u8; 400] = [0; 400];

#[derive(Default)]
struct Counting(Mutex<Vec<u32>>);

impl Front for Counting {
    fn call(&self, _: JobInfo, _: Call) -> BoxFuture<'static, Reply> {
        std::future::ready(Reply::Done).boxed()
    }
    fn log(&self, _: WorkerId, _: LogRecord) {}
    fn ended(&self, job: JobInfo) {
        locked(&self.0).push(job.id);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Start,
    Head {
        job: u32,
        body: usize,
        end: bool,
    },
    Chunk {
        job: u32,
        bytes: usize,
        payload: bool,
    },
    Outcome {
        job: u32,
        after: bool,
        thrown: bool,
    },
    AfterDone {
        job: u32,
    },
    Credit {
        job: u32,
        bytes: u32,
    },
    Garbage {
        code: u8,
        job: u32,
        bytes: Vec<u8>,
    },
    /// The consumer takes what is there.
    Read {
        ticket: usize,
    },
    /// The consumer leaves.
    Leave {
        ticket: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let job = 1_u32..4;
    let step = prop_oneof![
        4 => Just(Step::Start),
        4 => (job.clone(), 0_usize..400, any::<bool>()).prop_map(|(job, body, end)| Step::Head { job, body, end }),
        6 => (job.clone(), 0_usize..400, any::<bool>()).prop_map(|(job, bytes, payload)| Step::Chunk { job, bytes, payload }),
        3 => (job.clone(), any::<bool>(), any::<bool>()).prop_map(|(job, after, thrown)| Step::Outcome { job, after, thrown }),
        2 => job.clone().prop_map(|job| Step::AfterDone { job }),
        1 => (job.clone(), any::<u32>()).prop_map(|(job, bytes)| Step::Credit { job, bytes }),
        1 => (0x80_u8..0x90, 0_u32..4, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(code, job, bytes)| Step::Garbage { code, job, bytes }),
        6 => (0_usize..4).prop_map(|ticket| Step::Read { ticket }),
        2 => (0_usize..4).prop_map(|ticket| Step::Leave { ticket }),
    ];
    prop::collection::vec(step, 0..60)
}

fn outcome(after: bool, thrown: bool) -> Outcome<'static> {
    Outcome {
        result: if thrown { JobResult::Thrown } else { JobResult::Ok },
        error: None,
        dynamic: None,
        tags: Vec::new(),
        revalidate: None,
        expire: None,
        stale: None,
        revalidations: Vec::new(),
        proxy: None,
        cpu_us: 0,
        wall_us: 0,
        after,
    }
}

fn frame<'a, F: Frame<'a>>(frame: &F, job: u32) -> (FrameHeader, Bytes) {
    let mut out = Vec::new();
    wire::encode(frame, job, 0, &mut out).expect("it fits");
    let header = FrameHeader::read(&out).expect("it is whole");
    (header, Bytes::from(out).slice(HEADER_LEN..))
}

struct Session {
    front: Arc<Counting>,
    roster: Arc<Roster>,
    connection: Arc<Connection>,
    tickets: Vec<Option<Ticket>>,
    started: u32,
    /// Bytes that the consumer took, by job, while the worker never gets more credit than a window ahead.
    taken: usize,
}

impl Session {
    fn new() -> Self {
        let options = PoolOptions::new(NodeOptions::new("", "", ""), WorkerConfig::default());
        let front = Arc::new(Counting::default());
        let roster = Arc::new(Roster::new((&options).into()));
        let outbox = Arc::new(Outbox::new());
        let worker = Arc::clone(&front) as Arc<dyn Front>;
        let windows = Windows {
            request: WINDOW,
            response: WINDOW,
        };
        let connection = Arc::new(Connection::new(WorkerId(1), 0, outbox, worker, windows));
        roster.add(Arc::clone(&connection));
        Self {
            front,
            roster,
            connection,
            tickets: Vec::new(),
            started: 0,
            taken: 0,
        }
    }

    /// Makes a step; `false` if the worker broke a rule.
    fn step(&mut self, step: Step) -> bool {
        let (header, payload) = match step {
            Step::Start => {
                let lease = self
                    .roster
                    .acquire(None)
                    .now_or_never()
                    .expect("there is a place")
                    .expect("it is open");
                let job = Arc::new(Job::new(JobKind::Handler));
                let ticket = self
                    .connection
                    .dispatch(&job, JobBody::Empty, None, lease)
                    .expect("it is open");
                self.started += 1;
                self.tickets.push(Some(ticket));
                return true;
            }
            Step::Read { ticket } => {
                let context = Context::from_waker(Waker::noop());
                if let Some(Some(ticket)) = self.tickets.get(ticket) {
                    while let Poll::Ready(Some(Ok(piece))) = ticket.poll_piece(&context) {
                        self.taken += piece.len();
                    }
                }
                return true;
            }
            Step::Leave { ticket } => {
                if let Some(ticket) = self.tickets.get_mut(ticket) {
                    *ticket = None;
                }
                return true;
            }
            Step::Head { job, body, end } => {
                let outcome = end.then(|| outcome(false, false));
                let headers = HeaderList::Encoded { count: 0, pairs: &[] };
                frame(
                    &Head {
                        status: 200,
                        reason: "",
                        headers,
                        outcome,
                        body: &ZEROS[..body],
                    },
                    job,
                )
            }
            Step::Chunk { job, bytes, payload } => {
                let channel = if payload { Channel::Payload } else { Channel::Body };
                frame(
                    &Chunk {
                        channel,
                        bytes: &ZEROS[..bytes],
                    },
                    job,
                )
            }
            Step::Outcome { job, after, thrown } => frame(&outcome(after, thrown), job),
            Step::AfterDone { job } => frame(
                &AfterDone {
                    revalidations: Vec::new(),
                    errors: Vec::new(),
                },
                job,
            ),
            Step::Credit { job, bytes } => frame(&RequestCredit { bytes }, job),
            Step::Garbage { code, job, bytes } => {
                let len = u32::try_from(bytes.len()).unwrap_or(0);
                (
                    FrameHeader {
                        len,
                        code,
                        flags: 0,
                        seq: 0,
                        job,
                    },
                    bytes.into(),
                )
            }
        };
        handle(&self.connection, header, &payload).is_ok()
    }
}

proptest! {
    #[test]
    fn every_job_ends_once_and_gives_its_place_back(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _guard = runtime.enter();
        let mut session = Session::new();
        for step in steps {
            if !session.step(step) {
                break;
            }
        }
        let open = session.connection.open_jobs();
        let ended = locked(&session.front.0).len();
        prop_assert_eq!(open + ended, session.started as usize);
        session.connection.close(CloseReason::Fault);
        let mut ended = locked(&session.front.0).clone();
        ended.sort_unstable();
        prop_assert_eq!(ended, (1..=session.started).collect::<Vec<_>>());
        prop_assert_eq!(session.roster.members()[0].1, 0, "all places are free");
        // Whoever still reads learns that it is over, once.
        let context = Context::from_waker(Waker::noop());
        for ticket in session.tickets.iter().flatten() {
            let mut failures = 0;
            loop {
                match ticket.poll_piece(&context) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(_))) => failures += 1,
                    Poll::Ready(None) => break,
                    Poll::Pending => prop_assert!(false, "a reader would wait for ever"),
                }
            }
            prop_assert!(failures <= 1);
        }
        prop_assert!(session.connection.after_pending.load(Ordering::Relaxed) <= session.started as usize);
    }

    #[test]
    fn a_worker_never_gets_ahead_by_more_than_the_window(chunks in prop::collection::vec((1_usize..400, any::<bool>()), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _guard = runtime.enter();
        let mut session = Session::new();
        session.step(Step::Start);
        session.step(Step::Head { job: 1, body: 0, end: false });
        let mut sent = 0;
        for (bytes, read) in chunks {
            // The worker does not look at its credit. It must get through as long as a window allows it, and not beyond.
            let allowed = session.step(Step::Chunk { job: 1, bytes, payload: false });
            let ahead = sent + bytes - session.taken;
            if ahead > WINDOW as usize {
                prop_assert!(!allowed, "{ahead} bytes ahead");
            }
            if ahead <= WINDOW as usize / 2 {
                prop_assert!(allowed, "{ahead} bytes ahead");
            }
            if !allowed {
                return Ok(());
            }
            sent += bytes;
            if read {
                session.step(Step::Read { ticket: 0 });
                prop_assert_eq!(session.taken, sent);
            }
        }
    }
}
