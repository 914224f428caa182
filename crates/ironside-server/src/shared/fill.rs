//! The work that a permit asks for: run the job for everybody, collect all of it, and commit it by its outcome. It belongs
//! to no request, so a visitor who leaves does not end it.

use super::reason::Reason;
use super::verdict::{self, Verdict};
use crate::exchange::Exchange;
use crate::job;
use crate::not_found_page;
use crate::site::Site;
use crate::work::{Done, Pieces};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use ironside_cache::{Answer, Content, Fill, Landing, Lifetime, Permit};
use ironside_model::route_table::{RouteId, RouteMatch};
use ironside_worker::wire::JobKind;
use ironside_worker::{ErrorInfo, Head, JobBody, JobFailure, Outcome, Piece};
use thiserror::Error;

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
    /// Of a request for what matched. The not-found page is made under its own path, whatever was asked for.
    #[must_use]
    pub fn by(exchange: &Exchange, matched: &RouteMatch) -> Self {
        let request_id = exchange.request_id.to_string();
        if matched.route == RouteId::NOT_FOUND {
            return Self {
                request_id,
                ..Self::by_build(not_found_page::PATH)
            };
        }
        Self {
            path: exchange.path.clone(),
            routed_path: exchange.routed_path().to_owned(),
            request_id,
        }
    }

    /// Of nobody: an operator has it made.
    #[must_use]
    pub fn by_operator(path: &str) -> Self {
        Self {
            request_id: "operator".to_owned(),
            ..Self::by_build(path)
        }
    }

    /// Of nobody: a build asks for a canonical path.
    #[must_use]
    pub fn by_build(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            routed_path: path.to_owned(),
            request_id: "build".to_owned(),
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
    /// It is not for everybody, and why.
    NotShared(Reason),
    /// It failed.
    Failed(Option<JobFailure>),
}

/// Why a shared answer could not be made.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The job came to nothing.
    #[error(transparent)]
    Job(#[from] JobFailure),
    /// The code threw; the answer shows it.
    #[error("{}", .0.message)]
    Thrown(ErrorInfo),
    /// The answer says that something failed.
    #[error("it was answered with {0}")]
    Status(StatusCode),
    /// The job ended without an answer.
    #[error("it ended without an answer")]
    NoAnswer,
}

/// What became of a fill.
#[derive(Debug)]
pub struct Filled {
    /// What those who wait are told.
    pub landing: Landing,
    /// Why it failed, if it did.
    pub trouble: Option<Trouble>,
}

/// See the module's documentation. A failure is logged.
pub async fn fill(site: Site, matched: RouteMatch, kind: JobKind, asked: Asked, permit: Permit) -> Landing {
    let (request_id, path) = (asked.request_id.clone(), asked.path.clone());
    let filled = make(site, matched, kind, asked, permit).await;
    if let Some(trouble) = &filled.trouble {
        tracing::warn!(
            request_id,
            path,
            "a shared answer could not be made, and what was stored is kept: {trouble}"
        );
    }
    filled.landing
}

/// The same without a word in the log.
pub async fn make(site: Site, matched: RouteMatch, kind: JobKind, asked: Asked, permit: Permit) -> Filled {
    let deployment = &site.deployment;
    let shared = |landing| Filled { landing, trouble: None };
    let failed = |permit: Permit, trouble| {
        permit.fail();
        Filled {
            landing: Landing::Failed,
            trouble: Some(trouble),
        }
    };
    let Some(info) = deployment.router.info(&matched) else {
        return failed(permit, Trouble::NoAnswer);
    };
    let mut job = job::for_everybody(kind, &asked.path, &matched, &asked.request_id, info.deadline);
    let (id, dropped) = deployment.permits.open_page();
    job.permit = Some(id);
    let collected = tokio::select! {
        collected = collect(&site, job) => collected,
        // The worker gives its permit back as soon as the request is asked for: no need to wait for the end.
        Ok(()) = dropped => Err(Lost::NotShared(Reason::Dynamic)),
    };
    deployment.permits.close_page(id);
    let collected = match collected {
        Ok(collected) => collected,
        Err(Lost::NotShared(reason)) => return shared(not_shared(&site, permit, reason)),
        Err(Lost::Failed(failure)) => return failed(permit, failure.map_or(Trouble::NoAnswer, Trouble::Job)),
    };
    match verdict::judge(
        collected.head.status,
        &collected.head.headers,
        &collected.outcome,
        info,
        deployment.manifest.config.expire_time,
    ) {
        Verdict::Store(lifetime) => shared(store(&site, &matched, &asked, permit, collected, lifetime)),
        Verdict::NotShared(reason) => shared(not_shared(&site, permit, reason)),
        Verdict::Failed => {
            let status = collected.head.status;
            let trouble = collected.outcome.error.map_or(Trouble::Status(status), Trouble::Thrown);
            failed(permit, trouble)
        }
    }
}

fn not_shared(site: &Site, permit: Permit, reason: Reason) -> Landing {
    site.deployment.known_dynamic.note(permit.key(), reason);
    permit.give_up(reason.word());
    Landing::NotShared(reason.word().into())
}

async fn collect(site: &Site, job: ironside_worker::Job) -> Result<Collected, Lost> {
    let (head, mut pieces) = match site.workers.run(job, JobBody::Empty).await {
        Ok(Done::Response { head, body }) => (head, body),
        // Work that asks for the request ends at once, and says what it asked for.
        Ok(Done::Finished(outcome)) => {
            return Err(outcome
                .dynamic
                .map_or(Lost::Failed(None), |reason| Lost::NotShared(reason.into())));
        }
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
            Err(Lost::NotShared(Reason::TooLarge))
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
            return Err(Lost::NotShared(Reason::TooLarge));
        }
    }
    Ok((body.freeze(), payload.freeze()))
}

fn store(site: &Site, matched: &RouteMatch, asked: &Asked, permit: Permit, collected: Collected, lifetime: Lifetime) -> Landing {
    let deployment = &site.deployment;
    let mut tags = collected.outcome.tags;
    if let (Some(info), Some(route)) = (deployment.router.info(matched), deployment.router.route_of(matched)) {
        tags.extend(info.tags(route, &asked.routed_path));
        if asked.path != asked.routed_path {
            tags.extend(info.tags(route, &asked.path));
        }
    }
    let headers = collected
        .head
        .headers
        .iter()
        .filter(|(name, _)| ![header::CONTENT_LENGTH, header::DATE, header::SET_COOKIE].contains(name));
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
