//! One log line, one tracing span and one count for each action that a client calls. The target is `ironside::action`. Arguments,
//! results and form fields are never in them.
//!
//! What an answer to a call by fetch means can be read off its head. Of a form only the worker knows which action it named; it says
//! so in a span, and the name counts only if the manifest has it. A call that is refused before that has the same line, with
//! the reason.

use crate::deployment::Deployment;
use crate::exchange::{ActionCall, Exchange};
use crate::phase::action;
use crate::rejection::Rejection;
use crate::response::Answer;
use crate::site::{House, Site};
use http::{HeaderName, HeaderValue};
use ironside_model::manifest::Action;
use ironside_worker::JobNotes;
use std::sync::Arc;
use std::time::Instant;
use tracing::{Span, field::Empty};

/// A call that is being answered. Dropped before its end, the client has gone.
pub(crate) struct ActionWatch {
    deployment: Arc<Deployment>,
    house: Arc<House>,
    notes: JobNotes,
    /// The id that the client named, in its headers or in its form.
    called: Option<String>,
    request_id: String,
    route: Option<Arc<str>>,
    began: Instant,
    is_over: bool,
}

/// How a call ended.
struct End {
    outcome: &'static str,
    /// Why it was refused.
    reason: Option<&'static str>,
    status: Option<u16>,
    tags: String,
}

/// A call, as its log line has it.
struct Call<'c> {
    house: &'c House,
    /// It is known unless the call was refused.
    action: Option<&'c Action>,
    route: Option<&'c str>,
    request_id: &'c str,
    began: Instant,
}

/// Tells, outside of production, which rule refused a request.
const REFUSED: HeaderName = HeaderName::from_static("x-ironside-refused");

impl ActionWatch {
    pub(crate) fn begin(site: &Site, exchange: &Exchange, call: &ActionCall) -> Self {
        Self {
            deployment: site.deployment.clone(),
            house: site.house.clone(),
            notes: JobNotes::default(),
            called: call.id().map(str::to_owned).or_else(|| exchange.notes.action_id.clone()),
            request_id: exchange.request_id.to_string(),
            route: exchange.notes.route.clone(),
            began: exchange.called_at.unwrap_or_else(Instant::now),
            is_over: false,
        }
    }

    /// What the job takes along.
    pub(crate) fn notes(&self) -> JobNotes {
        self.notes.clone()
    }

    /// Around all that is done for the call.
    pub(crate) fn span(&self) -> Span {
        let span = tracing::info_span!(
            target: "ironside::action",
            "action",
            name = Empty,
            file = Empty,
            outcome = Empty,
            status = Empty,
            revalidated = Empty,
            request_id = self.request_id,
        );
        if let Some(id) = &self.called {
            self.describe(&span, id);
        }
        span
    }

    fn describe(&self, span: &Span, id: &str) {
        if let Some(action) = self.deployment.manifest.actions.get(id) {
            span.record("name", &action.name);
            span.record("file", &action.file);
        }
    }

    /// Counts and logs the end. Returns the action's name, if one ran.
    pub(crate) fn end(mut self, answer: &Answer, span: &Span) -> Option<String> {
        self.is_over = true;
        let noted = self.notes.read();
        let status = answer.response.status().as_u16();
        if noted.rate_limited {
            self.house.metrics.actions.rejections.count("rate_limited");
        }
        let outcome = outcome(
            answer,
            noted.action.as_ref().map(|(_, word)| word.as_str()),
            noted.rate_limited,
        );
        // A post that names no action is answered with the page; one that was refused has not run anything.
        let id = noted.action.map(|(id, _)| id).or_else(|| self.called.clone());
        let Some(id) = id.filter(|id| self.deployment.manifest.actions.contains_key(id)) else {
            if status >= 400 && answer.reason != "ok" {
                self.house.metrics.actions.rejections.count(answer.reason);
            } else if matches!(status, 400 | 409 | 413) {
                self.house.metrics.actions.rejections.count(worker_refusal(status));
            }
            return None;
        };
        let reason = (outcome == "refused").then(|| {
            if answer.reason == "ok" {
                worker_refusal(status)
            } else {
                answer.reason
            }
        });
        if let Some(reason) = reason {
            self.house.metrics.actions.rejections.count(reason);
        }
        self.describe(span, &id);
        let end = End {
            outcome,
            reason,
            status: Some(status),
            tags: noted.invalidated.join(" "),
        };
        span.record("outcome", outcome);
        span.record("status", status);
        if !end.tags.is_empty() {
            span.record("revalidated", &end.tags);
        }
        self.tell(&id, &end)
    }

    fn tell(&self, id: &str, end: &End) -> Option<String> {
        let action = self.deployment.manifest.actions.get(id)?;
        Call {
            house: &self.house,
            action: Some(action),
            route: self.route.as_deref(),
            request_id: &self.request_id,
            began: self.began,
        }
        .tell(end);
        Some(action.name.clone())
    }
}

impl Call<'_> {
    fn tell(&self, end: &End) {
        let duration = self.began.elapsed();
        if let Some(action) = self.action {
            let label: Arc<str> = format!("{}#{}", action.file, action.name).into();
            self.house.metrics.actions.ended(&label, end.outcome, duration);
        }
        let name = self.action.map(|action| action.name.as_str());
        let revalidated = Some(end.tags.as_str()).filter(|tags| !tags.is_empty());
        // A level has to be known when the program is compiled, so the line is written twice.
        macro_rules! write_line {
            ($level:expr) => {
                tracing::event!(
                    target: "ironside::action",
                    $level,
                    action = name,
                    file = self.action.map(|action| action.file.as_str()),
                    line = self.action.map(|action| action.line),
                    outcome = end.outcome,
                    reason = end.reason,
                    status = end.status,
                    dur_ms = duration.as_secs_f64() * 1000.0,
                    revalidated,
                    route = self.route,
                    request_id = self.request_id,
                    "{}: {}",
                    name.unwrap_or("an action"),
                    end.outcome
                )
            };
        }
        if matches!(end.outcome, "thrown" | "error") {
            write_line!(tracing::Level::WARN);
        } else {
            write_line!(tracing::Level::INFO);
        }
    }
}

impl Drop for ActionWatch {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let noted = self.notes.read();
        let id = noted.action.map(|(id, _)| id).or_else(|| self.called.clone());
        if let Some(id) = id {
            self.tell(
                &id,
                &End {
                    outcome: "client_gone",
                    reason: None,
                    status: None,
                    tags: noted.invalidated.join(" "),
                },
            );
        }
    }
}

/// A constant for what the worker or the answer says: labels of metrics have to be few.
fn outcome(answer: &Answer, said: Option<&str>, rate_limited: bool) -> &'static str {
    const WORDS: [&str; 5] = ["ok", "failed", "redirect", "interrupted", "thrown"];
    if rate_limited {
        return "rate_limited";
    }
    if let Some(word) = said.and_then(|said| WORDS.into_iter().find(|word| *word == said)) {
        return word;
    }
    let status = answer.response.status().as_u16();
    let headers = answer.response.headers();
    match status {
        // The server itself answered: the request was refused, or there is no answer of the worker's.
        _ if answer.reason == "thrown" => "thrown",
        _ if answer.reason != "ok" && status < 500 => "refused",
        _ if answer.reason != "ok" => "error",
        _ if headers.contains_key("x-nextjs-action-not-found") => "refused",
        _ if headers.contains_key("x-action-redirect") => "redirect",
        401 | 403 | 404 => "interrupted",
        500.. => "thrown",
        400.. => "failed",
        _ => "ok",
    }
}

fn worker_refusal(status: u16) -> &'static str {
    match status {
        409 => "unknown_action",
        413 => "body_too_large",
        _ => "bad_request",
    }
}

/// The answer to a call that is refused before it reaches a worker, counted and logged as one that ran.
pub(crate) fn refuse(site: &Site, exchange: &Exchange, rejection: Rejection) -> Answer {
    let reason = rejection.word();
    let answer = rejection.answer();
    site.house.metrics.actions.rejections.count(reason);
    let end = End {
        outcome: "refused",
        reason: Some(reason),
        status: Some(answer.response.status().as_u16()),
        tags: String::new(),
    };
    Call {
        house: &site.house,
        action: meant(site, exchange),
        route: exchange.notes.route.as_deref(),
        request_id: &exchange.request_id,
        began: exchange.called_at.unwrap_or_else(Instant::now),
    }
    .tell(&end);
    if site.deployment.development {
        return answer.with(REFUSED, HeaderValue::from_static(reason));
    }
    answer
}

/// The action that a request which is refused was meant for, if there is one that may be called. What else it named is not
/// repeated in the log.
fn meant<'s>(site: &'s Site, exchange: &Exchange) -> Option<&'s Action> {
    let called = exchange.headers.get(action::HEADER).and_then(|value| value.to_str().ok());
    let id = called.or(exchange.notes.action_id.as_deref())?;
    let action = site.deployment.manifest.actions.get(id)?;
    (!action.reach.is_empty()).then_some(action)
}
