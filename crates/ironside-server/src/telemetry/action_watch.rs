//! One log line, one tracing span and one count for each action that a client calls. The target is `ironside::action`. Arguments,
//! results and form fields are never in them.
//!
//! What an answer to a call by fetch means can be read off its head. Of a form only the worker knows which action it named; it says
//! so in a span, and the name counts only if the manifest has it.

use crate::deployment::Deployment;
use crate::exchange::{ActionCall, Exchange};
use crate::response::Answer;
use crate::site::{House, Site};
use ironside_worker::JobNotes;
use std::sync::Arc;
use std::time::Instant;
use tracing::{Span, field::Empty};

/// A call that is being answered. Dropped before its end, the client has gone.
pub(crate) struct ActionWatch {
    deployment: Arc<Deployment>,
    house: Arc<House>,
    notes: JobNotes,
    /// The id that the client named.
    called: Option<String>,
    request_id: String,
    route: Option<Arc<str>>,
    began: Instant,
    is_over: bool,
}

/// How a call ended.
struct End<'e> {
    id: &'e str,
    outcome: &'static str,
    status: Option<u16>,
    tags: String,
}

impl ActionWatch {
    pub(crate) fn begin(site: &Site, exchange: &Exchange, call: &ActionCall) -> Self {
        Self {
            deployment: site.deployment.clone(),
            house: site.house.clone(),
            notes: JobNotes::default(),
            called: call.id().map(str::to_owned),
            request_id: exchange.request_id.to_string(),
            route: exchange.notes.route.clone(),
            began: Instant::now(),
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
        if outcome == "refused" {
            let reason = if answer.reason == "ok" {
                worker_refusal(status)
            } else {
                answer.reason
            };
            self.house.metrics.actions.rejections.count(reason);
        }
        self.describe(span, &id);
        let end = End {
            id: &id,
            outcome,
            status: Some(status),
            tags: noted.invalidated.join(" "),
        };
        span.record("outcome", outcome);
        span.record("status", status);
        if !end.tags.is_empty() {
            span.record("revalidated", &end.tags);
        }
        self.tell(&end)
    }

    fn tell(&self, end: &End<'_>) -> Option<String> {
        let action = self.deployment.manifest.actions.get(end.id)?;
        let duration = self.began.elapsed();
        let label: Arc<str> = format!("{}#{}", action.file, action.name).into();
        self.house.metrics.actions.ran(&label, end.outcome, duration);
        let (name, file, line) = (action.name.as_str(), action.file.as_str(), action.line);
        let revalidated = Some(end.tags.as_str()).filter(|tags| !tags.is_empty());
        // A level has to be known when the program is compiled, so the line is written twice.
        macro_rules! write_line {
            ($level:expr) => {
                tracing::event!(
                    target: "ironside::action",
                    $level,
                    action = name,
                    file,
                    line,
                    outcome = end.outcome,
                    status = end.status,
                    dur_ms = duration.as_secs_f64() * 1000.0,
                    revalidated,
                    route = self.route.as_deref(),
                    request_id = self.request_id,
                    "{name}: {}",
                    end.outcome
                )
            };
        }
        if matches!(end.outcome, "thrown" | "error") {
            write_line!(tracing::Level::WARN);
        } else {
            write_line!(tracing::Level::INFO);
        }
        Some(action.name.clone())
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
            self.tell(&End {
                id: &id,
                outcome: "client_gone",
                status: None,
                tags: noted.invalidated.join(" "),
            });
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

/// A call that was refused before it reached a worker.
pub(crate) fn refused(site: &Site, exchange: &Exchange, reason: &'static str) {
    site.house.metrics.actions.rejections.count(reason);
    // Whoever floods the server with these is not to flood the log as well.
    tracing::debug!(
        target: "ironside::action",
        reason,
        outcome = "refused",
        path = exchange.path(),
        request_id = &*exchange.request_id,
        "an action was refused: {reason}"
    );
}
