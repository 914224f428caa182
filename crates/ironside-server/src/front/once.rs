//! Answers what workers ask before they run an action that has a rate limit or an idempotency key. The decisions are in
//! [`crate::guard`].

use crate::deployment::Deployment;
use crate::guard::{Begun, Subject};
use bytes::Bytes;
use ironside_model::gcra::{Quota, Verdict};
use ironside_worker::{JobInfo, Reply};
use std::num::NonZeroU32;
use std::time::Duration;

/// Whatever a worker asks for, nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers `rate_take`.
pub(super) fn rate(deployment: &Deployment, subject: &Subject, burst: u32, period_ms: u32) -> Reply {
    let Some(burst) = NonZeroU32::new(burst) else {
        return refused("a rate limit lets at least one call pass");
    };
    match deployment.rates.take(subject, Quota::new(burst, period_ms)) {
        Verdict::Allowed { remaining, .. } => Reply::Rated {
            allowed: true,
            remaining,
            wait_ms: 0,
        },
        Verdict::Refused { wait } => Reply::Rated {
            allowed: false,
            remaining: 0,
            wait_ms: u32::try_from(wait.div_ceil(1_000_000)).unwrap_or(u32::MAX),
        },
    }
}

/// Answers `idempotency_begin`.
pub(super) async fn begin(
    deployment: &Deployment,
    job: &JobInfo,
    subject: Subject,
    fingerprint: &[u8],
    keep_s: u32,
    patience_ms: u32,
) -> Reply {
    let Ok(fingerprint) = fingerprint.try_into() else {
        return refused("a fingerprint has 32 bytes");
    };
    let keep = Duration::from_secs(keep_s.into());
    let patience = Duration::from_millis(patience_ms.into()).min(PATIENCE);
    match deployment.submissions.begin(job, subject, fingerprint, keep, patience).await {
        Begun::Run { ticket } => Reply::Run { ticket },
        Begun::Replay(value) => Reply::Replay { value },
        Begun::Mismatch => Reply::Mismatch,
        Begun::Busy => Reply::Busy,
    }
}

/// Answers `idempotency_end`.
pub(super) fn end(deployment: &Deployment, job: &JobInfo, ticket: u64, keep: bool, value: Option<Bytes>) -> Reply {
    let answer = keep.then_some(value);
    if deployment.submissions.end(job, ticket, answer) {
        Reply::Done
    } else {
        refused("there is no such ticket")
    }
}

fn refused(reason: &str) -> Reply {
    Reply::Refused {
        reason: reason.to_owned(),
    }
}
