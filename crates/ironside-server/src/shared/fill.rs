//! The work that a permit asks for: run the job for everybody, collect all of it, and commit it by its outcome. It belongs
//! to no request, so a visitor who leaves does not end it.

use super::verdict::{self, Verdict};
use crate::exchange::Exchange;
use crate::job;
use crate::site::Site;
use crate::work::{Done, Pieces};
use bytes::{Bytes, BytesMut};
use http::header;
use ironside_cache::{Answer, Content, Fill, Landing, Lifetime, Permit};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use ironside_worker::{Head, JobBody, JobFailure, Outcome, Piece};

/// Under this name a stored answer's status text stands among its headers. HTTP allows no such name, so it is never sent.
pub const REASON: &str = ":reason";

/// The largest answer that is stored.
const LARGEST: usize = 8 * 1024 * 1024;

/// What a fill needs of the request that caused it.
#[derive(Debug, Clone)]
pub struct Asked {
    path: String,
    routed_path: String,
    request_id: String,
}

impl Asked {
    /// Of a request.
    #[must_use]
    pub fn by(exchange: &Exchange) -> Self {
        Self {
            path: exchange.path.clone(),
            routed_path: exchange.routed_path().to_owned(),
            request_id: exchange.request_id.to_string(),
        }
    }
}

/// What was collected.
struct Collected {
    head: Head,
    body: Bytes,
    payload: Bytes,
    outcome: Outcome,
}

/// Why nothing was collected.
enum Lost {
    /// The render turned out to be for one visitor.
    Dynamic,
    /// It is larger than what is stored.
    TooLarge,
    /// It failed.
    Failed(Option<JobFailure>),
}

/// See the module's documentation.
pub async fn fill(site: Site, matched: RouteMatch, kind: JobKind, asked: Asked, permit: Permit) -> Landing {
    let deployment = &site.deployment;
    let Some(info) = deployment.router.info(&matched) else {
        return Landing::Failed;
    };
    let mut job = job::for_everybody(kind, &asked.path, &matched, &asked.request_id, info.deadline);
    let (id, dropped) = deployment.permits.open_page();
    job.permit = Some(id);
    let collected = tokio::select! {
        collected = collect(&site, job) => collected,
        // The worker gives its permit back as soon as the request is asked for: no need to wait for the end.
        Ok(()) = dropped => Err(Lost::Dynamic),
    };
    deployment.permits.close_page(id);
    let collected = match collected {
        Ok(collected) => collected,
        Err(Lost::Dynamic) => return not_shared(&site, permit, "dynamic"),
        Err(Lost::TooLarge) => return not_shared(&site, permit, "too_large"),
        Err(Lost::Failed(failure)) => {
            let why = failure.as_ref().map_or("no answer".to_owned(), ToString::to_string);
            tracing::warn!(
                request_id = asked.request_id,
                path = asked.path,
                why,
                "a shared answer could not be made"
            );
            permit.fail();
            return Landing::Failed;
        }
    };
    match verdict::judge(
        collected.head.status,
        &collected.head.headers,
        &collected.outcome,
        info,
        deployment.manifest.config.expire_time,
    ) {
        Verdict::Store(lifetime) => store(&site, &matched, &asked, permit, collected, lifetime),
        Verdict::NotShared(reason) => not_shared(&site, permit, reason),
        Verdict::Failed => {
            log_failure(&asked, &collected.outcome);
            permit.fail();
            Landing::Failed
        }
    }
}

fn log_failure(asked: &Asked, outcome: &Outcome) {
    let message = outcome.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
    tracing::warn!(
        request_id = asked.request_id,
        path = asked.path,
        result = outcome.result.word(),
        message,
        "a shared answer failed and is not stored"
    );
}

fn not_shared(site: &Site, permit: Permit, reason: &'static str) -> Landing {
    site.house.metrics.pages.count(reason);
    site.deployment.known_dynamic.note(permit.key());
    permit.give_up(reason);
    Landing::NotShared(reason.into())
}

async fn collect(site: &Site, job: ironside_worker::Job) -> Result<Collected, Lost> {
    let (head, mut pieces) = match site.workers.run(job, JobBody::Empty).await {
        Ok(Done::Response { head, body }) => (head, body),
        Ok(Done::Finished(_)) => return Err(Lost::Failed(None)),
        Err(failure) => return Err(Lost::Failed(Some(failure))),
    };
    let (body, payload) = gather(&mut pieces).await?;
    let outcome = pieces.outcome().ok_or(Lost::Failed(None))?;
    Ok(Collected {
        head,
        body,
        payload,
        outcome,
    })
}

async fn gather(pieces: &mut Pieces) -> Result<(Bytes, Bytes), Lost> {
    if let Some(body) = pieces.take_complete() {
        return if body.len() > LARGEST {
            Err(Lost::TooLarge)
        } else {
            Ok((body, Bytes::new()))
        };
    }
    let (mut body, mut payload) = (BytesMut::new(), BytesMut::new());
    while let Some(piece) = pieces.next().await {
        match piece.map_err(|failure| Lost::Failed(Some(failure)))? {
            Piece::Body(bytes) => body.extend_from_slice(&bytes),
            Piece::Payload(bytes) => payload.extend_from_slice(&bytes),
        }
        if body.len() + payload.len() > LARGEST {
            return Err(Lost::TooLarge);
        }
    }
    Ok((body.freeze(), payload.freeze()))
}

fn store(site: &Site, matched: &RouteMatch, asked: &Asked, permit: Permit, collected: Collected, lifetime: Lifetime) -> Landing {
    let deployment = &site.deployment;
    let mut tags = collected.outcome.tags;
    if let (Some(info), Some(route)) = (
        deployment.router.info(matched),
        usize::try_from(matched.route.0)
            .ok()
            .and_then(|index| deployment.manifest.routes.get(index)),
    ) {
        tags.extend(info.tags(route, &asked.routed_path));
        if asked.path != asked.routed_path {
            tags.extend(info.tags(route, &asked.path));
        }
    }
    let headers = collected
        .head
        .headers
        .iter()
        .filter(|(name, _)| **name != header::CONTENT_LENGTH && **name != header::DATE);
    let mut headers: Vec<(Box<str>, Bytes)> = headers
        .map(|(name, value)| (name.as_str().into(), Bytes::copy_from_slice(value.as_bytes())))
        .collect();
    if let Some(reason) = collected.head.reason {
        headers.push((REASON.into(), reason));
    }
    let payload = (!collected.payload.is_empty()).then_some(collected.payload);
    let answer = Answer::new(collected.head.status.as_u16(), headers, collected.body, payload);
    let fill = Fill {
        content: Content::Answer(Box::new(answer)),
        tags: tags.into_iter().map(Into::into).collect(),
        lifetime,
    };
    Landing::Entry(permit.commit(fill).entry().clone())
}
