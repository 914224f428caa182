//! How many files and connections this process may have open. Systems give a program few of them (often 1024) and let it ask
//! for more; a server with thousands of connections has to ask.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are open beside connections: the build, workers, logs.
const BESIDE: u64 = 512;

/// Asks for as many as `connections` need. Returns how many connections there can be.
pub(crate) fn make_room_for(connections: usize) -> usize {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDE);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return connections;
    };
    let mut allowed = soft;
    if soft < wanted {
        let more = wanted.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, more, hard).is_ok() {
            allowed = more;
        }
    }
    // Of few files connections get half.
    let room = allowed.saturating_sub(BESIDE).max(allowed / 2);
    connections.min(usize::try_from(room).unwrap_or(usize::MAX))
}
