//! What a pool is told, and why it could not start.

use crate::wire::codec::EncodeError;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// The oldest Node that runs the runtime.
pub const MINIMUM_NODE: (u32, u32) = (20, 9);

/// Bytes that do not print themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Bounds of the forms that handlers read with `request.formData()`. How large a form may be as a whole is the server's
/// business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormLimits {
    /// Bytes of a form's files that are kept in memory; the rest is put into temporary files.
    pub memory: u32,
    /// Most parts.
    pub parts: u32,
    /// Most bytes of all text fields, names included.
    pub text: u32,
    /// Most bytes of the headers of one part.
    pub header: u32,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self {
            memory: 1 << 20,
            parts: 1000,
            text: 16 << 20,
            header: 16 << 10,
        }
    }
}

/// What each worker is told in CONFIG.
#[derive(Clone, Default)]
pub struct WorkerConfig {
    /// The build that is served.
    pub deployment: String,
    /// The manifest's absolute path.
    pub manifest: PathBuf,
    /// Keys that captured values of server functions are sealed with, at most 64 bytes each; the first one seals.
    pub keys: Vec<Secret>,
    /// Variables to set in `process.env`. They are not visible in the process list and not logged.
    pub environment: Vec<(String, String)>,
    /// Whether this is `ironside dev`.
    pub development: bool,
    /// Bounds of forms.
    pub forms: FormLimits,
}

impl fmt::Debug for WorkerConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WorkerConfig")
            .field("deployment", &self.deployment)
            .field("manifest", &self.manifest)
            .field("keys", &self.keys.len())
            .field("environment", &self.environment.len())
            .field("development", &self.development)
            .field("forms", &self.forms)
            .finish()
    }
}

/// How to start a Node process.
#[derive(Clone)]
pub struct NodeOptions {
    /// The Node executable; a bare name is looked up in the `PATH` of `env`.
    pub node: PathBuf,
    /// The script to run.
    pub script: PathBuf,
    /// Arguments for Node itself, before the script.
    pub node_arguments: Vec<OsString>,
    /// The working folder.
    pub directory: PathBuf,
    /// The whole environment of the process. Ironside's own secrets must not be in it. `NODE_OPTIONS` is removed unless
    /// [`NodeOptions::keep_node_options`] is set, `NODE_CHANNEL_FD` always.
    pub env: Vec<(OsString, OsString)>,
    /// Whether `NODE_OPTIONS` is passed on.
    pub keep_node_options: bool,
    /// The longest time from the start of the process to HELLO.
    pub hello_timeout: Duration,
    /// The longest time from CONFIG to READY.
    pub ready_timeout: Duration,
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may hold the application's secrets.
        out.debug_struct("NodeOptions")
            .field("node", &self.node)
            .field("script", &self.script)
            .field("node_arguments", &self.node_arguments)
            .field("directory", &self.directory)
            .field("env", &self.env.len())
            .finish_non_exhaustive()
    }
}

impl NodeOptions {
    /// Runs `script` in `directory` with an empty environment.
    pub fn new(node: impl Into<PathBuf>, script: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            node: node.into(),
            script: script.into(),
            node_arguments: Vec::new(),
            directory: directory.into(),
            env: Vec::new(),
            keep_node_options: false,
            hello_timeout: Duration::from_secs(30),
            ready_timeout: Duration::from_secs(30),
        }
    }
}

/// How many bytes of a job's bodies are on their way at most, until the other end has taken them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// From the client to the code. A worker runs on another core, so this much lets both work at the same time.
    pub request: u32,
    /// From the code to the client. With more, bytes fall out of the caches before they are sent on.
    pub response: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            request: 1024 * 1024,
            response: 512 * 1024,
        }
    }
}

/// How many workers, what they run, and the limits of each.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The process.
    pub process: NodeOptions,
    /// What it is told.
    pub config: WorkerConfig,
    /// How many processes; at least 1.
    pub workers: usize,
    /// Jobs that one worker has at once.
    pub jobs_per_worker: usize,
    /// Percent, from 1 to 100, of the places that others leave which one client may have.
    pub client_share: u8,
    /// Jobs whose `after()` callbacks run without counting as jobs.
    pub after_per_worker: usize,
    /// Jobs that wait for a worker, for each worker.
    pub waiting_per_worker: usize,
    /// How long a job waits for a worker.
    pub longest_wait: Duration,
    /// Body bytes on their way, for each job.
    pub windows: Windows,
    /// How long a worker's event loop may be silent before the worker counts as stuck.
    pub stuck_after: Duration,
    /// Between two PINGs, at most a second.
    pub heartbeat: Duration,
    /// The share of V8's heap limit, in percent, above which a worker is replaced.
    pub heap_limit_percent: u64,
    /// How long a replaced worker may take to finish its jobs.
    pub drain_grace: Duration,
}

impl PoolOptions {
    /// Jobs that one worker has at once, unless something else is set.
    pub const JOBS_PER_WORKER: usize = 64;

    /// What one client may have of the places that others leave, unless something else is set.
    pub const CLIENT_SHARE: u8 = 50;

    /// One worker with the default limits.
    pub fn new(process: NodeOptions, config: WorkerConfig) -> Self {
        Self {
            process,
            config,
            workers: 1,
            jobs_per_worker: Self::JOBS_PER_WORKER,
            client_share: Self::CLIENT_SHARE,
            after_per_worker: 64,
            waiting_per_worker: 16,
            longest_wait: Duration::from_secs(2),
            windows: Windows::default(),
            stuck_after: Duration::from_secs(10),
            heartbeat: Duration::from_secs(1),
            heap_limit_percent: 85,
            drain_grace: Duration::from_secs(30),
        }
    }
}

/// Why a worker did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no Node.
    #[error("Node was not found at {}. Install Node {}.{} or newer, or say where it is", node.display(), MINIMUM_NODE.0, MINIMUM_NODE.1)]
    NodeMissing {
        /// What was looked for.
        node: PathBuf,
    },
    /// Node is too old.
    #[error("Node {found} is too old. Install Node {}.{} or newer", MINIMUM_NODE.0, MINIMUM_NODE.1)]
    NodeTooOld {
        /// Its version.
        found: String,
    },
    /// The worker's script is missing.
    #[error("the worker's script {} does not exist. Build the application first", script.display())]
    ScriptMissing {
        /// Where it should be.
        script: PathBuf,
    },
    /// The process could not be made.
    #[error("the worker process could not be started")]
    Spawn(#[source] std::io::Error),
    /// The runtime is of another Ironside.
    #[error(
        "the worker speaks protocol {theirs}, this server {ours}: the build was made by another version of Ironside. Build the application again"
    )]
    Mismatch {
        /// Version and schema hash of the worker.
        theirs: String,
        /// Version and schema hash of this program.
        ours: String,
    },
    /// What came on the protocol socket is not the protocol.
    #[error("the worker did not speak the worker protocol: {problem}{}", Output(output))]
    NotAWorker {
        /// What was wrong.
        problem: String,
        /// The end of what the process printed.
        output: String,
    },
    /// The process ended before it was ready.
    #[error("the worker ended before it was ready ({how}){}", Output(output))]
    Crashed {
        /// Exit status, signal or error.
        how: String,
        /// The end of what the process printed.
        output: String,
    },
    /// The process was not ready in time.
    #[error("the worker was not ready after {} s{}", after.as_secs_f32(), Output(output))]
    TimedOut {
        /// How long it was given.
        after: Duration,
        /// The end of what the process printed.
        output: String,
    },
    /// The configuration does not fit into a frame.
    #[error("the worker's configuration is too large: {0}")]
    Config(#[from] EncodeError),
}

/// Puts what a process printed on lines of its own.
struct Output<'a>(&'a str);

impl fmt::Display for Output<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.trim().is_empty() {
            Ok(())
        } else {
            write!(out, "\n{}", self.0.trim_end())
        }
    }
}
