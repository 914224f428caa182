//! Starts, feeds, watches and replaces the Node processes that run an application's JavaScript.
//!
//! [`Pool`] is what the server uses: it runs a [`Job`] on the worker with the least to do and gives the answer piece by
//! piece. [`Helper`] is one such process for the build tools. [`wire`] declares the frames that both sides speak; the
//! TypeScript half is generated from it. What a worker asks goes to the server through [`Front`].
//!
//! A worker runs foreign code and is trusted less than the rest of the process: every frame is checked, every queue has a
//! limit, and a worker that lies, hangs or dies costs the jobs that it was carrying and nothing else. HTTP itself, routing and
//! caching are not known here. The design is in `docs/design/worker-protocol.md`.

mod boot;
mod call;
mod connection;
mod end;
mod evidence;
mod exchange;
mod failure;
mod fault;
mod flag;
mod frame_reader;
mod front;
mod head;
mod helper;
mod incoming;
mod job;
mod limiter;
mod lock;
mod notes;
mod options;
mod outbox;
mod outcome;
mod output;
mod pool;
mod process;
mod response;
mod roster;
#[cfg(test)]
mod session_tests;
mod shares;
mod spawner;
mod supervisor;
mod ticket;
mod upload;
mod watch;
pub mod wire;

pub use call::{Call, Reply, Resolution, Revalidation};
pub use failure::{Blame, JobFailure};
pub use front::{Front, LogRecord, MetricRecord, SpanRecord};
pub use head::{BadResponse, Head};
pub use helper::{Helper, HelperError};
pub use job::{BodyError, Job, JobBody, JobInfo, Param, WorkerId};
pub use notes::{JobNotes, Noted};
pub use options::{FormLimits, MINIMUM_NODE, NodeOptions, PoolOptions, Secret, StartError, Windows, WorkerConfig};
pub use outcome::{AfterDone, ErrorInfo, Outcome, ProxyAction, ProxyDecision};
pub use pool::{FirstWorker, Pool, PoolStats, WorkerState, WorkerStats};
pub use response::{Answer, Piece, Response, ResponseBody};
