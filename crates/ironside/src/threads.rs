//! How many threads the process runs on. A server shares its cores with the workers, whose JavaScript needs more of them than it
//! does, and threads that hand requests to each other cost more than they give: half of the cores are its own. A build has
//! nobody to share with.
//!
//! Work that would hold such a thread for long is done elsewhere: tokio's blocking threads read files and encode what is stored.

use crate::cli::Command;
use crate::env_vars;
use crate::exit::{Exit, Failure};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Runtime};

/// The runtime for a command.
pub(crate) fn runtime(command: &Command) -> Result<Runtime, Failure> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = match env_vars::snapshot().get(env_vars::THREADS) {
        Some(told) => told.parse().map_err(|_| {
            let what = format!("{} is {told:?}", env_vars::THREADS);
            Failure::new(Exit::Usage, what).hint("It is the number of threads of the server: 1 or more.")
        })?,
        None if matches!(command, Command::Start(_)) => for_serving(cores),
        None => NonZeroUsize::new(cores).unwrap_or(NonZeroUsize::MIN),
    };
    let built = Builder::new_multi_thread().worker_threads(threads.get()).enable_all().build();
    built.map_err(|error| Failure::new(Exit::Environment, "no threads can be started").because(error))
}

fn for_serving(cores: usize) -> NonZeroUsize {
    NonZeroUsize::new(cores.div_ceil(2)).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_cores_serve() {
        assert_eq!([1, 2, 3, 4, 8, 64].map(|cores| for_serving(cores).get()), [1, 1, 2, 2, 4, 32]);
    }
}
