//! A Node process: started with one end of a socket pair as descriptor 3, in a process group of its own.
//!
//! There is no path to guess, no permission to set and no impostor: the kernel vouches for who is at the other end. The
//! *group* is killed, because a killed process alone would leave its children running.

use crate::job::WorkerId;
use crate::options::{MINIMUM_NODE, NodeOptions, StartError};
use crate::output::{OutputTail, Printed, log_lines};
use crate::spawner::Spawner;
use command_fds::CommandFdExt;
use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::Pid;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

/// The descriptor that the protocol runs on in the worker.
const PROTOCOL_FD: i32 = 3;

/// Bytes that the kernel keeps for whoever is slower, in each direction: what a turn of the worker's event loop makes is to go out
/// in one piece.
const SEND_BUFFER: usize = 1024 * 1024;

/// See the module's documentation. Killed, with its group, when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Pid,
    reaped: bool,
    pub(crate) pid: u32,
    pub(crate) tail: Arc<OutputTail>,
}

impl Process {
    /// Starts the process. Returns our end of its socket, too.
    pub(crate) async fn start(spawner: &Spawner, options: &NodeOptions, id: WorkerId) -> Result<(Self, UnixStream), StartError> {
        if !options.script.is_file() {
            return Err(StartError::ScriptMissing {
                script: options.script.clone(),
            });
        }
        let (ours, theirs) = StdUnixStream::pair().map_err(StartError::Spawn)?;
        ours.set_nonblocking(true).map_err(StartError::Spawn)?;
        for end in [&ours, &theirs] {
            // A system that allows less gives less, and works as well, only in smaller steps.
            if let Err(error) = setsockopt(end, sockopt::SndBuf, &SEND_BUFFER) {
                tracing::debug!(%error, "the buffer of a worker's socket stays as it is");
            }
        }
        let mut command = node_command(options);
        command
            .args(&options.node_arguments)
            .arg(&options.script)
            .current_dir(&options.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
            .fd_mappings(vec![command_fds::FdMapping {
                parent_fd: OwnedFd::from(theirs),
                child_fd: PROTOCOL_FD,
            }])
            .map_err(|error| StartError::Spawn(io::Error::other(error)))?;
        let mut child = spawner.spawn(command).await.map_err(|error| spawn_error(options, error))?;
        let pid = child
            .id()
            .ok_or_else(|| StartError::Spawn(io::Error::other("the process has no id")))?;
        let group = Pid::from_raw(i32::try_from(pid).map_err(|error| StartError::Spawn(io::Error::other(error)))?);
        let tail = Arc::new(OutputTail::default());
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(log_lines(id, Printed::Stdout, stdout, Arc::clone(&tail)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(log_lines(id, Printed::Stderr, stderr, Arc::clone(&tail)));
        }
        let socket = UnixStream::from_std(ours).map_err(StartError::Spawn)?;
        Ok((
            Self {
                child,
                group,
                reaped: false,
                pid,
                tail,
            },
            socket,
        ))
    }

    /// Waits for the end of the process. Cancelling loses nothing.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.reaped = true;
        // What the process started may have outlived it.
        self.kill_group();
        status
    }

    /// Kills the process with all that it started, and waits for its end.
    pub(crate) async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.kill_group();
        self.wait().await
    }

    fn kill_group(&self) {
        // The group may be gone already.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
        }
    }
}

/// Node with the environment that the options say.
fn node_command(options: &NodeOptions) -> Command {
    let mut command = Command::new(&options.node);
    command
        .env_clear()
        .envs(options.env.iter().map(|(name, value)| (name, value)));
    command.env_remove("NODE_CHANNEL_FD");
    if !options.keep_node_options {
        command.env_remove("NODE_OPTIONS");
    }
    command
}

fn spawn_error(options: &NodeOptions, error: io::Error) -> StartError {
    // A missing working folder gives the same error as a missing program.
    if error.kind() == io::ErrorKind::NotFound && options.directory.is_dir() {
        return StartError::NodeMissing {
            node: options.node.clone(),
        };
    }
    StartError::Spawn(error)
}

/// Node's version if it is too old. Asked only after a start has failed, so that it costs nothing when all is well.
pub(crate) async fn too_old(options: &NodeOptions) -> Option<StartError> {
    let mut command = node_command(options);
    command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(5), command.output())
        .await
        .ok()?
        .ok()?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    is_too_old(&found).then_some(StartError::NodeTooOld { found })
}

/// Whether a version like `v18.19.0` is below the minimum. What is no version is not too old.
pub(crate) fn is_too_old(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < MINIMUM_NODE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_below_the_minimum_are_too_old() {
        for (version, expected) in [
            ("v18.20.1", true),
            ("v20.8.1", true),
            ("v20.9.0", false),
            ("v24.0.0", false),
            ("v9.99.0", true),
            ("nonsense", false),
        ] {
            assert_eq!(is_too_old(version), expected, "{version}");
        }
    }
}
