//! What workers ask while they run a job: stored values, invalidation, routing. A worker is trusted less than the server:
//! it names values in a namespace of its own, and only gives back permits that its own job holds.

mod once;
mod permits;
mod values;

pub(crate) use permits::Permits;

use crate::deployment::Deployment;
use crate::guard::subject;
use crate::telemetry::error_store::{ErrorStore, StoredError};
use crate::url;
use futures_util::future::BoxFuture;
use ironside_cache::Invalidation;
use ironside_model::tag::{PathScope, path_tag};
use ironside_worker::wire::{JobKind, JobVariant, LogLevel, RevalidationKind, RevalidationMode, RevalidationScope};
use ironside_worker::{AfterDone, Call, Front, JobInfo, LogRecord, Reply, Revalidation, SpanRecord, WorkerId};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub struct FrontDesk {
    deployment: Arc<Deployment>,
}

impl FrontDesk {
    pub(crate) fn new(deployment: Arc<Deployment>) -> Self {
        Self { deployment }
    }
}

impl Front for FrontDesk {
    fn call(&self, job: JobInfo, call: Call) -> BoxFuture<'static, Reply> {
        let deployment = self.deployment.clone();
        Box::pin(async move { answer(&deployment, &job, call).await })
    }

    fn log(&self, worker: WorkerId, record: LogRecord) {
        let places = self.deployment.stack_places.clone();
        let errors = self.deployment.errors.clone();
        let concerned = places.concern(&record.message) || record.fields.iter().any(|(_, value)| places.concern(value));
        if !concerned {
            keep(errors.as_deref(), &record);
            return write_log(worker, &record);
        }
        // Maps are files; the task that reads from the worker does not wait for them.
        tokio::task::spawn_blocking(move || {
            let LogRecord { message, fields, .. } = &record;
            let message = places.translated(message).into_owned();
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), places.translated(value).into_owned()))
                .collect();
            let record = LogRecord {
                message,
                fields,
                ..record
            };
            keep(errors.as_deref(), &record);
            write_log(worker, &record);
        });
    }

    fn span(&self, _: WorkerId, span: SpanRecord) {
        let noted = span.job.as_ref().and_then(|info| info.job.notes.as_ref());
        let Some(notes) = noted.filter(|_| span.name == "action") else {
            return;
        };
        let attribute = |name: &str| {
            let found = span.attributes.iter().find(|(given, _)| given == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        notes.ran(attribute("action"), attribute("outcome"));
    }

    fn after_done(&self, job: JobInfo, done: AfterDone) {
        let places = self.deployment.stack_places.clone();
        let errors = self.deployment.errors.clone();
        let write = move || {
            for error in &done.errors {
                let stack = places.translated(&error.stack);
                tracing::error!(request_id = job.job.request_id, digest = error.digest, %stack, "after(): {}", error.message);
                if let Some(errors) = &errors {
                    errors.keep(StoredError {
                        digest: error.digest.clone(),
                        kind: "after".to_owned(),
                        message: error.message.clone(),
                        stack: stack.into_owned(),
                        request_id: job.job.request_id.clone(),
                        ..StoredError::now()
                    });
                }
            }
        };
        tokio::task::spawn_blocking(write);
    }

    fn ended(&self, job: JobInfo) {
        self.deployment.permits.end_job(&job);
        self.deployment.submissions.end_job(&job);
    }
}

/// Stores what has a digest: somebody may ask for it.
fn keep(errors: Option<&ErrorStore>, record: &LogRecord) {
    let field = |name: &str| {
        let found = record.fields.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let digest = field("digest");
    let Some(errors) = errors.filter(|_| !digest.is_empty()) else {
        return;
    };
    let kind = record.target.strip_prefix("application.").unwrap_or(&record.target);
    let request_id = record.job.as_ref().map(|info| info.job.request_id.clone());
    errors.keep(StoredError {
        digest,
        kind: kind.to_owned(),
        message: record.message.clone(),
        stack: field("stack"),
        route: field("route"),
        method: field("method"),
        request_id: request_id.unwrap_or_default(),
        ..StoredError::now()
    });
}

fn write_log(worker: WorkerId, record: &LogRecord) {
    let request_id = record
        .job
        .as_ref()
        .map(|info| info.job.request_id.as_str())
        .unwrap_or_default();
    let (target, message) = (record.target.as_str(), record.message.as_str());
    let fields = record
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ");
    match record.level {
        LogLevel::Trace => tracing::trace!(target: "ironside::app", %worker, request_id, from = target, fields, "{message}"),
        LogLevel::Debug => tracing::debug!(target: "ironside::app", %worker, request_id, from = target, fields, "{message}"),
        LogLevel::Info => tracing::info!(target: "ironside::app", %worker, request_id, from = target, fields, "{message}"),
        LogLevel::Warn => tracing::warn!(target: "ironside::app", %worker, request_id, from = target, fields, "{message}"),
        LogLevel::Error => tracing::error!(target: "ironside::app", %worker, request_id, from = target, fields, "{message}"),
    }
}

async fn answer(deployment: &Deployment, job: &JobInfo, call: Call) -> Reply {
    match call {
        Call::CacheGet { kind, key, tags } => values::get(deployment, job, kind, key, tags).await,
        Call::CacheSet {
            kind,
            permit,
            key,
            tags,
            revalidate,
            expire,
            value,
        } => {
            let lifetime = ironside_cache::Lifetime {
                revalidate: revalidate.map(u64::from),
                expire: expire.map(u64::from),
                stale: None,
            };
            values::set(deployment, job, permit, (kind, key), tags, lifetime, value)
        }
        Call::PermitDrop { permit } => {
            deployment.permits.give_back(job, permit);
            Reply::Done
        }
        Call::Revalidate { items } => {
            for item in &items {
                revalidate(deployment, item).await;
                if let Some(notes) = &job.job.notes {
                    notes.invalidated(&item.value);
                }
            }
            Reply::Done
        }
        Call::RateTake {
            key,
            by_client,
            burst,
            period_ms,
        } => {
            let reply = once::rate(deployment, &subject(job, &key, by_client), burst, period_ms);
            if let (Reply::Rated { allowed: false, .. }, Some(notes)) = (&reply, &job.job.notes) {
                notes.rate_limited();
            }
            reply
        }
        Call::IdempotencyBegin {
            key,
            by_client,
            fingerprint,
            keep_s,
            patience_ms,
        } => {
            let subject = subject(job, &key, by_client);
            once::begin(deployment, job, subject, &fingerprint, keep_s, patience_ms).await
        }
        Call::IdempotencyEnd { ticket, keep, value } => once::end(deployment, job, ticket, keep, value),
        Call::Resolve { url } => {
            let job = &job.job;
            // A call by fetch that is redirected is a navigation of the client; a form without JavaScript loads a document.
            let from = (job.kind == JobKind::Action && job.variant == JobVariant::Rsc).then_some(job.path.as_str());
            Reply::Resolved(deployment.router.resolution(&url, &job.authority, &job.headers, from))
        }
    }
}

/// The tag that stands for a path as it is given to `revalidatePath`.
pub(crate) fn tag_of_path(path: &str, scope: PathScope) -> String {
    path_tag(&url::decoded(path), scope)
}

/// Holds for every later lookup when it returns.
async fn revalidate(deployment: &Deployment, item: &Revalidation) {
    let tag = match item.kind {
        RevalidationKind::Tag => item.value.clone(),
        RevalidationKind::Path => {
            let scope = match item.scope {
                RevalidationScope::None => PathScope::Url,
                RevalidationScope::Page => PathScope::Page,
                RevalidationScope::Layout => PathScope::Layout,
            };
            tag_of_path(&item.value, scope)
        }
    };
    let invalidation = match item.mode {
        RevalidationMode::Expire => Invalidation::Expire,
        RevalidationMode::Stale => Invalidation::Stale {
            expire: item.expire_seconds.map(u64::from),
        },
    };
    if let Err(error) = deployment.cache.invalidate_everywhere(&tag, invalidation).await {
        tracing::error!(%error, tag, "an invalidation holds on this server only");
    }
}
