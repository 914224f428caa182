//! The thread that makes processes.
//!
//! On Linux a worker is killed when its parent dies, and there the parent is the *thread* that made it. Threads of the async
//! runtime come and go, so processes are made on one thread that lives as long as the pool.

use std::io;
use std::sync::mpsc;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Request {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

/// See the module's documentation. The thread ends when this is dropped, and its children with it.
#[derive(Debug)]
pub(crate) struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread. Has to be called within an async runtime.
    pub(crate) fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let runtime = Handle::current();
        std::thread::Builder::new()
            .name("ironside-spawner".to_owned())
            .spawn(move || {
                let _guard = runtime.enter();
                for Request { mut command, answer } in inbox {
                    die_with_parent(&mut command);
                    let child = command.spawn();
                    // The command holds our copy of the child's socket; while that is open the child's death is not seen.
                    drop(command);
                    // A child that nobody waits for any more is killed by its drop.
                    let _ = answer.send(child);
                }
            })?;
        Ok(Self { requests })
    }

    /// Makes a process.
    pub(crate) async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that makes processes has ended");
        self.requests.send(Request { command, answer }).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

/// Lets the kernel kill the child when this thread ends.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "`pre_exec` is the only way to run a system call between fork and exec"
)]
fn die_with_parent(command: &mut Command) {
    // SAFETY: the closure runs in the forked child, where only async-signal-safe functions may be called; it makes one
    // `prctl` system call and allocates nothing.
    unsafe {
        command.pre_exec(|| nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(io::Error::from));
    }
}

/// Elsewhere a worker notices by the end of its socket that the parent has died.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
