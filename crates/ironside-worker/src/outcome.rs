//! How a job ended, in a form that outlives the read buffer.

use crate::call::Revalidation;
use crate::head::{BadResponse, header_map};
use crate::wire::{self, DynamicReason, JobResult};
use http::HeaderMap;

/// An error of the application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorInfo {
    /// What the client may see of it.
    pub digest: String,
    /// The message, for the log.
    pub message: String,
    /// The stack, for the log.
    pub stack: String,
}

impl From<wire::ErrorInfo<'_>> for ErrorInfo {
    fn from(error: wire::ErrorInfo<'_>) -> Self {
        Self {
            digest: error.digest.to_owned(),
            message: error.message.to_owned(),
            stack: error.stack.to_owned(),
        }
    }
}

/// What `proxy.ts` decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyAction {
    /// Go on with the same URL.
    Next,
    /// Go on with another URL (absolute, or a path with query).
    Rewrite {
        /// The URL.
        url: String,
    },
    /// Answer with a redirect.
    Redirect {
        /// Absolute, or a path with query.
        url: String,
        /// The status as the worker gave it; not checked.
        status: u16,
    },
    /// The proxy answered by itself.
    Respond,
}

/// A decision of `proxy.ts` and what it does to headers. Header syntax has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyDecision {
    /// What to do.
    pub action: ProxyAction,
    /// Replaces the request's headers.
    pub request_headers: Option<HeaderMap>,
    /// Added to the response, whoever makes it.
    pub response_headers: HeaderMap,
}

/// The one end of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub result: JobResult,
    /// What was thrown.
    pub error: Option<ErrorInfo>,
    /// Why the answer belongs to this request only; `None` where it is static.
    pub dynamic: Option<DynamicReason>,
    /// Tags of what was read.
    pub tags: Vec<String>,
    /// Seconds until the answer is stale.
    pub revalidate: Option<u32>,
    /// Seconds until a stale answer may not be served any more.
    pub expire: Option<u32>,
    /// Seconds that a client may use the answer without asking.
    pub stale: Option<u32>,
    /// What was invalidated, for the log.
    pub revalidations: Vec<Revalidation>,
    /// The decision of a proxy job.
    pub proxy: Option<ProxyDecision>,
    /// CPU time of the job in microseconds, as the worker measured it.
    pub cpu_us: u32,
    /// Wall time of the job in microseconds, as the worker measured it.
    pub wall_us: u32,
    /// Whether `after()` callbacks run on.
    pub after: bool,
}

/// What `after()` callbacks did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AfterDone {
    /// What they invalidated, for the log.
    pub revalidations: Vec<Revalidation>,
    /// What they threw.
    pub errors: Vec<ErrorInfo>,
}

impl TryFrom<wire::ProxyDecision<'_>> for ProxyDecision {
    type Error = BadResponse;
    fn try_from(decision: wire::ProxyDecision<'_>) -> Result<Self, BadResponse> {
        Ok(Self {
            action: match decision.action {
                wire::ProxyAction::Next(_) => ProxyAction::Next,
                wire::ProxyAction::Rewrite(to) => ProxyAction::Rewrite { url: to.url.to_owned() },
                wire::ProxyAction::Redirect(to) => ProxyAction::Redirect {
                    url: to.url.to_owned(),
                    status: to.status,
                },
                wire::ProxyAction::Respond(_) => ProxyAction::Respond,
            },
            request_headers: decision.request_headers.as_ref().map(header_map).transpose()?,
            response_headers: header_map(&decision.response_headers)?,
        })
    }
}

impl TryFrom<wire::Outcome<'_>> for Outcome {
    type Error = BadResponse;
    fn try_from(outcome: wire::Outcome<'_>) -> Result<Self, BadResponse> {
        Ok(Self {
            result: outcome.result,
            error: outcome.error.map(Into::into),
            dynamic: outcome.dynamic,
            tags: outcome.tags.into_iter().map(str::to_owned).collect(),
            revalidate: outcome.revalidate,
            expire: outcome.expire,
            stale: outcome.stale,
            revalidations: outcome.revalidations.into_iter().map(Into::into).collect(),
            proxy: outcome.proxy.map(TryInto::try_into).transpose()?,
            cpu_us: outcome.cpu_us,
            wall_us: outcome.wall_us,
            after: outcome.after,
        })
    }
}

impl From<wire::AfterDone<'_>> for AfterDone {
    fn from(done: wire::AfterDone<'_>) -> Self {
        Self {
            revalidations: done.revalidations.into_iter().map(Into::into).collect(),
            errors: done.errors.into_iter().map(Into::into).collect(),
        }
    }
}
