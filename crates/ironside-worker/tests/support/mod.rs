//! What the tests share: a pool over the scripted worker, and a front that answers simply.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it; a failed unwrap is a failed test"
)]

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ironside_worker::wire::{JobKind, PROTOCOL_VERSION, schema_hash};
use ironside_worker::{
    AfterDone, Answer, Call, Front, Job, JobBody, JobFailure, JobInfo, LogRecord, NodeOptions, Piece, Pool, PoolOptions, Reply,
    Resolution, ResponseBody, StartError, WorkerConfig, WorkerId,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Remembers what it is told.
#[derive(Default)]
pub struct TestFront {
    pub calls: Mutex<Vec<Call>>,
    pub logs: Mutex<Vec<LogRecord>>,
    pub after: Mutex<Vec<AfterDone>>,
    pub ended: Mutex<Vec<(WorkerId, u32)>>,
}

impl Front for TestFront {
    fn call(&self, _: JobInfo, call: Call) -> BoxFuture<'static, Reply> {
        let slow = matches!(&call, Call::Resolve { url } if url == "/slow");
        self.calls.lock().unwrap().push(call);
        async move {
            if slow {
                tokio::time::sleep(Duration::from_millis(200)).await;
                return Reply::Resolved(Resolution::None);
            }
            Reply::Fresh { value: "value".into() }
        }
        .boxed()
    }

    fn log(&self, _: WorkerId, record: LogRecord) {
        self.logs.lock().unwrap().push(record);
    }

    fn after_done(&self, _: JobInfo, done: AfterDone) {
        self.after.lock().unwrap().push(done);
    }

    fn ended(&self, job: JobInfo) {
        self.ended.lock().unwrap().push((job.worker, job.id));
    }
}

pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/worker.mjs")
}

/// Options for the scripted worker. `mode` is a fault at boot, or empty.
pub fn node_options(folder: &Path, mode: &str) -> NodeOptions {
    node_options_of(folder, mode, &schema_hash(), PROTOCOL_VERSION)
}

pub fn node_options_of(folder: &Path, mode: &str, schema: &str, version: u16) -> NodeOptions {
    // The scripted worker takes its orders as arguments: they stand behind a script of one line.
    let main = folder.join("main.mjs");
    let lines = format!(
        "process.argv.push({mode:?}, {schema:?}, '{version}');\nawait import({:?});\n",
        format!("file://{}", script().display())
    );
    std::fs::write(&main, lines).unwrap();
    let mut options = NodeOptions::new("node", main, folder);
    // Starting Node on a busy machine takes its time; the tests that are about time-outs set their own.
    options.hello_timeout = Duration::from_secs(30);
    options.env = std::env::vars_os().filter(|(name, _)| name == "PATH").collect();
    options.env.push(("STATE_FILE".into(), folder.join("state").into()));
    options
}

pub struct TestPool {
    pub pool: Pool,
    pub front: Arc<TestFront>,
    pub folder: tempfile::TempDir,
}

pub async fn start(change: impl FnOnce(&mut PoolOptions)) -> TestPool {
    start_mode("", change).await.unwrap()
}

pub async fn start_mode(mode: &str, change: impl FnOnce(&mut PoolOptions)) -> Result<TestPool, StartError> {
    let folder = tempfile::tempdir().unwrap();
    let mut options = PoolOptions::new(node_options(folder.path(), mode), WorkerConfig::default());
    // A busy machine must not make jobs fail that the test expects to succeed.
    options.longest_wait = Duration::from_secs(30);
    change(&mut options);
    let front = Arc::new(TestFront::default());
    let pool = Pool::start(options, Arc::clone(&front) as Arc<dyn Front>).await?;
    Ok(TestPool { pool, front, folder })
}

pub fn job(path: &str) -> Job {
    let mut job = Job::new(JobKind::Handler);
    job.path = path.to_owned();
    job
}

impl TestPool {
    pub async fn get(&self, path: &str) -> Result<Answer, JobFailure> {
        self.pool.run(job(path), JobBody::Empty).await
    }

    /// The body of a successful answer.
    pub async fn text(&self, path: &str) -> String {
        text(self.get(path).await.unwrap()).await.unwrap()
    }

    /// Waits until something holds. What never holds is ended by the test runner's own limit.
    pub async fn until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !condition(self) {
            assert!(since.elapsed() < Duration::from_secs(60), "never: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// All bytes of the body, or how it broke off.
pub async fn text(answer: Answer) -> Result<String, JobFailure> {
    match answer {
        Answer::Response(mut response) => all(&mut response.body).await.map(|bytes| String::from_utf8(bytes).unwrap()),
        Answer::Finished(outcome) => panic!("no response: {outcome:?}"),
    }
}

pub async fn all(body: &mut ResponseBody) -> Result<Vec<u8>, JobFailure> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        if let Piece::Body(part) = piece? {
            bytes.extend_from_slice(&part);
        }
    }
    Ok(bytes)
}

/// Whether a process exists (a zombie does not count).
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    })
}
