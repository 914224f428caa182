//! The answer of a lookup. Each carries its reason, whose word goes to log, metric and header.

use crate::entry::Entry;
use crate::flight::{Permit, Ticket};
use crate::freshness::{DeadReason, StaleReason};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub enum Lookup {
    /// Serve it.
    Fresh(Arc<Entry>),
    /// Serve it. Whoever gets the permit renews it in the background; it is missing while somebody else does, or while
    /// the last failure is too recent.
    Stale {
        /// What to serve.
        entry: Arc<Entry>,
        /// The right to renew it.
        permit: Option<Permit>,
        /// Why it is stale.
        reason: StaleReason,
    },
    /// Nothing to serve; the permit is the right to fill the key.
    Miss {
        /// The right to fill the key.
        permit: Permit,
        /// Why there is nothing.
        reason: MissReason,
    },
    /// Somebody else fills the key just now.
    Wait(Ticket),
}

/// Why a lookup found nothing to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissReason {
    /// There is no entry.
    Absent,
    /// There is one, and it is dead.
    Dead(DeadReason),
}

impl MissReason {
    /// The word for log and metric.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Dead(reason) => reason.word(),
        }
    }
}

impl StaleReason {
    /// The word for log and metric.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Age => "stale_age",
            Self::Tag(_) => "stale_tag",
        }
    }
}

impl DeadReason {
    /// The word for log and metric.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Age => "dead_age",
            Self::Tag(_) => "dead_tag",
        }
    }
}
