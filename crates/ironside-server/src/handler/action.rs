//! Server Actions: by a call of JavaScript, or by a form without it. The phases have admitted the request; the worker
//! decodes the body, runs the action and renders what has changed.

use crate::exchange::{ActionCall, Exchange};
use crate::job;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, HTML, NO_STORE, PAYLOAD, vary};
use crate::site::Site;
use crate::telemetry::action_watch::ActionWatch;
use crate::work::Done;
use http::{StatusCode, header};
use ironside_worker::JobNotes;
use tracing::Instrument as _;

/// See the module's documentation.
pub async fn answer(exchange: &mut Exchange, site: &Site, call: &ActionCall) -> Answer {
    let watch = ActionWatch::begin(site, exchange, call);
    let span = watch.span();
    let answer = run(exchange, site, call, watch.notes()).instrument(span.clone()).await;
    exchange.notes.action = watch.end(&answer, &span).or(exchange.notes.action.take());
    answer
}

async fn run(exchange: &mut Exchange, site: &Site, call: &ActionCall, notes: JobNotes) -> Answer {
    let deployment = &site.deployment;
    let matched = exchange.target.matched().cloned();
    let deadline = matched
        .as_ref()
        .and_then(|matched| deployment.router.info(matched))
        .and_then(|info| info.deadline)
        .unwrap_or(site.house.limits.action_time);
    let mut job = job::for_action(exchange, call, matched.as_ref(), Some(deadline));
    job.notes = Some(notes);
    let body = std::mem::take(&mut exchange.body).into_job();
    let done = site.workers.run(job, body).await;
    let (form, content_type) = match call {
        ActionCall::Fetch { .. } => (Form::Text, PAYLOAD),
        ActionCall::Form => (Form::Document, HTML),
    };
    let mut answer = match done {
        Ok(Done::Response { head, body }) => {
            let mut answer = job::answer(head, body, &exchange.method, "ok");
            if answer.response.body().length() != Some(0) {
                answer
                    .response
                    .headers_mut()
                    .entry(header::CONTENT_TYPE)
                    .or_insert(content_type);
            }
            answer
        }
        Ok(Done::Finished(_)) => error_page::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            form,
            "no_answer",
            &exchange.request_id,
            None,
        ),
        Err(failure) => error_page::failed(exchange, &failure, form, deployment.development),
    };
    answer.response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    vary::add(answer.response.headers_mut(), vary::PAGE);
    answer
}
