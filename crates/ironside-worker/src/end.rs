//! How a job ended, seen by whoever waits for its answer.

use crate::failure::JobFailure;
use crate::head::BadResponse;
use crate::outcome::{ErrorInfo, Outcome};
use crate::wire::{self, JobResult};

/// How a job ended for its consumer.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every job ends with an outcome; a box for each would cost more than the room"
)]
pub(crate) enum End {
    Outcome(Outcome),
    Failure(JobFailure),
    /// The failure has been handed out.
    Reported,
}

/// What an OUTCOME means for whoever waits for the answer.
pub(crate) fn judge(outcome: wire::Outcome<'_>, short_of: Option<u64>, received: u64) -> End {
    let error = || outcome.error.clone().map(ErrorInfo::from).unwrap_or_default();
    let failure = match outcome.result {
        JobResult::Ok | JobResult::Redirect | JobResult::NotFound => match short_of {
            Some(declared) => JobFailure::BadResponse(BadResponse::Length {
                declared,
                sent: received,
            }),
            None => match Outcome::try_from(outcome) {
                Ok(outcome) => return End::Outcome(outcome),
                Err(bad) => JobFailure::BadResponse(bad),
            },
        },
        JobResult::Thrown => JobFailure::Thrown(Box::new(error())),
        JobResult::Aborted => JobFailure::Aborted,
        JobResult::Timeout => JobFailure::Deadline,
        JobResult::BadResponse => JobFailure::BadResponse(BadResponse::Refused(error().message)),
    };
    End::Failure(failure)
}
