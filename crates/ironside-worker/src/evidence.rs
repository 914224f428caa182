//! What the operating system says about a process that does not react. A heartbeat alone cannot tell a loop from a process
//! that somebody stopped.

/// The state of a silent process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It uses the processor: a loop, a regular expression, garbage collection.
    Spinning,
    /// It waits: a synchronous child process, a lock.
    Blocked,
    /// Somebody stopped it: a signal or a debugger. Killing it would take the debugger's work away.
    Stopped,
    /// The system does not say.
    Unknown,
}

impl Evidence {
    /// The word for logs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Spinning => "spinning",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }
}

/// Looks at the main thread of a process.
pub(crate) fn look_at(pid: u32) -> Evidence {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(Evidence::Unknown, |stat| state_of(&stat))
}

/// The state letter stands behind the program's name, which may itself contain parentheses.
fn state_of(stat: &str) -> Evidence {
    match stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next()) {
        Some('R') => Evidence::Spinning,
        Some('S' | 'D') => Evidence::Blocked,
        Some('T' | 't') => Evidence::Stopped,
        _ => Evidence::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_read_behind_the_name() {
        assert_eq!(state_of("12 (node) R 1 12"), Evidence::Spinning);
        assert_eq!(state_of("12 (a) S (b) t 1 12"), Evidence::Stopped);
        assert_eq!(state_of("12 (node) D 1"), Evidence::Blocked);
        assert_eq!(state_of("nonsense"), Evidence::Unknown);
    }
}
