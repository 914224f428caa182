//! What is learnt of a job while it runs and stands neither in its head nor in its outcome, for whoever gave the job. Written by the
//! [`Front`](crate::Front) on behalf of the worker, read by the giver afterwards.

use crate::lock::locked;
use std::sync::{Arc, Mutex};

/// See the module's documentation. Clones share what is noted.
#[derive(Debug, Clone, Default)]
pub struct JobNotes(Arc<Mutex<Noted>>);

/// What was noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// The action that ran, by its id, and how it ended, in the worker's words.
    pub action: Option<(String, String)>,
    /// What was invalidated: tags and paths, each once.
    pub invalidated: Vec<String>,
    /// Whether a rate limit refused it.
    pub rate_limited: bool,
}

/// Most invalidations that are noted; all of them are carried out.
const MOST: usize = 32;

impl JobNotes {
    /// An action ran.
    pub fn ran(&self, action: &str, outcome: &str) {
        locked(&self.0).action = Some((action.to_owned(), outcome.to_owned()));
    }

    /// A tag or a path was invalidated.
    pub fn invalidated(&self, what: &str) {
        let mut noted = locked(&self.0);
        if noted.invalidated.len() < MOST && !noted.invalidated.iter().any(|known| known == what) {
            noted.invalidated.push(what.to_owned());
        }
    }

    /// A rate limit refused it.
    pub fn rate_limited(&self) {
        locked(&self.0).rate_limited = true;
    }

    /// All of it.
    #[must_use]
    pub fn read(&self) -> Noted {
        locked(&self.0).clone()
    }
}
