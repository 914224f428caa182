//! A piece of work as the server describes it, and where the request's body comes from.

use crate::notes::JobNotes;
use crate::wire::{self, HeaderList, JobKind, JobVariant, ParamKind, Scheme};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A worker process. Numbers are never used again, so a replacement has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

impl std::fmt::Display for WorkerId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "w{}", self.0)
    }
}

/// The value of a dynamic segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The segment's name.
    pub name: String,
    /// The parts, percent-encoded as in the URL. One for [`ParamKind::Dynamic`].
    pub values: Vec<String>,
    /// The segment's kind.
    pub kind: ParamKind,
}

/// One piece of work. The fields are those of the JOB frame; see `docs/design/contracts.md` §5.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is to be done.
    pub kind: JobKind,
    /// The form of the answer.
    pub variant: JobVariant,
    /// The request's method.
    pub method: Method,
    /// How the client came.
    pub scheme: Scheme,
    /// `host[:port]` as the client sees it.
    pub authority: Arc<str>,
    /// Canonical, percent-encoded, without `basePath`.
    pub path: String,
    /// Raw, without `?`.
    pub query: String,
    /// The client's address, after trusted proxies.
    pub client_address: Arc<str>,
    /// Whose share of the places it takes. `None`: nobody's in particular, and no bound. It isn't sent to the worker.
    pub counts_for: Option<IpAddr>,
    /// Index in the manifest's routes; `None` renders the not-found tree.
    pub route: Option<u32>,
    /// Values of the route's dynamic segments, in route order.
    pub params: Vec<Param>,
    /// An action's id, `""` for an action by form post, or the operation of a control job.
    pub target: String,
    /// The permit to store the answer, if it may be stored. Never 0.
    pub permit: Option<u64>,
    /// How long the job may take, counted from [`Pool::run`](crate::Pool::run) to the end of its answer.
    pub deadline: Option<Duration>,
    /// Names the request in logs.
    pub request_id: String,
    /// `traceparent`, or `""`.
    pub trace: String,
    /// The request's headers.
    pub headers: HeaderMap,
    /// Where to note what is learnt of it while it runs. It isn't sent to the worker.
    pub notes: Option<JobNotes>,
}

impl Job {
    /// A job with nothing but its kind: a `GET` of `/` by nobody.
    pub fn new(kind: JobKind) -> Self {
        Self {
            kind,
            variant: JobVariant::Html,
            method: Method::GET,
            scheme: Scheme::Http,
            authority: Arc::default(),
            path: "/".to_owned(),
            query: String::new(),
            client_address: Arc::default(),
            counts_for: None,
            route: None,
            params: Vec::new(),
            target: String::new(),
            permit: None,
            deadline: None,
            request_id: String::new(),
            trace: String::new(),
            headers: HeaderMap::new(),
            notes: None,
        }
    }

    /// Whether running the job twice does no harm.
    pub fn is_safe(&self) -> bool {
        self.method.is_safe() && !matches!(self.kind, JobKind::Action | JobKind::Control)
    }

    /// The frame of this job, when `left` of its deadline is left.
    pub(crate) fn frame(&self, has_body: bool, credit: u32, left: Option<Duration>) -> wire::Job<'_> {
        wire::Job {
            kind: self.kind,
            variant: self.variant,
            method: self.method.as_str(),
            scheme: self.scheme,
            authority: &self.authority,
            path: &self.path,
            query: &self.query,
            client_address: &self.client_address,
            route: self.route.unwrap_or(wire::NO_ROUTE),
            params: frame_params(&self.params),
            target: &self.target,
            permit: self.permit.unwrap_or(0),
            deadline_ms: left.map_or(0, |limit| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1)),
            request_id: &self.request_id,
            trace: &self.trace,
            credit,
            has_body,
            headers: HeaderList::Map(&self.headers),
        }
    }
}

/// Parameters in the form of the wire.
pub(crate) fn frame_params(params: &[Param]) -> Vec<wire::Param<'_>> {
    params
        .iter()
        .map(|param| wire::Param {
            name: &param.name,
            values: param.values.iter().map(String::as_str).collect(),
            kind: param.kind,
        })
        .collect()
}

/// A job that runs (or ran): who has it and what it is. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JobInfo {
    /// The worker that has it.
    pub worker: WorkerId,
    /// Its number on that worker's connection.
    pub id: u32,
    /// What it is.
    pub job: Arc<Job>,
}

/// Why a request's body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The client broke off.
    #[error("the client broke off while it sent the body")]
    Truncated,
    /// The body is larger than allowed.
    #[error("the body is larger than allowed")]
    OverLimit,
}

/// Where the request's body comes from.
pub enum JobBody {
    /// There is none.
    Empty,
    /// It is already here.
    Full(Bytes),
    /// It comes as the client sends it. It is only polled while the worker wants more.
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>),
}

impl std::fmt::Debug for JobBody {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => out.write_str("Empty"),
            Self::Full(bytes) => write!(out, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => out.write_str("Stream"),
        }
    }
}
