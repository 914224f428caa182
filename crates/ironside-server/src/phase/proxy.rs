//! Runs `proxy.ts` where its matcher applies, and does what it decided. It sees the canonical URL, so a check of the path
//! there holds for what is routed afterwards. A body that it reads is kept for the application.

use super::internal_headers;
use crate::exchange::{Edit, Exchange, Rewritten};
use crate::job;
use crate::pipeline::Step;
use crate::rejection::Rejection;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, PRIVATE};
use crate::site::Site;
use crate::upstream::{ChosenBy, External, UpstreamFailure};
use crate::url::{Canonical, canonicalise, without_base};
use crate::work::Done;
use http::header::{self, HeaderName};
use http::{Method, StatusCode};
use ironside_worker::{Outcome, ProxyAction, ProxyDecision};

/// Whether there is a proxy, and its matcher applies.
#[must_use]
pub fn applies(exchange: &Exchange, site: &Site) -> bool {
    let rules = &site.deployment.router.rules;
    rules.proxy.is_some() && rules.proxy_runs(&exchange.asked())
}

/// See the module's documentation.
pub async fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let job = job::for_proxy(exchange);
    let (body, shared) = std::mem::take(&mut exchange.body).share(site.house.limits.proxy_body);
    let done = site.workers.run(job, body).await;
    match done {
        Ok(Done::Finished(outcome)) => {
            exchange.body = shared.take_back();
            if exchange.body.is_lost() {
                return Step::Reject(Rejection::ProxyBodyTooLarge);
            }
            decided(exchange, site, outcome)
        }
        Ok(Done::Response { head, body }) => Step::answer(job::answer(head, body, &Method::GET, "proxy_answer")),
        // It failed because it was not given more than can be kept.
        Err(_) if shared.take_back().is_lost() => Step::Reject(Rejection::ProxyBodyTooLarge),
        Err(failure) => Step::answer(error_page::failed(
            exchange,
            &failure,
            Form::Text,
            site.deployment.development,
        )),
    }
}

/// Headers that say how a message is cut and packed. A proxy that returns the request's headers as the answer's, which is an
/// easy mistake (SEC-51), must not make the answer unreadable with them.
fn is_about_the_message(name: &HeaderName) -> bool {
    [
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TRAILER,
        header::TE,
    ]
    .contains(name)
        || internal_headers::is_internal(name.as_str())
}

fn decided(exchange: &mut Exchange, site: &Site, outcome: Outcome) -> Step {
    let Some(ProxyDecision {
        action,
        request_headers,
        response_headers,
    }) = outcome.proxy
    else {
        tracing::error!(request_id = &*exchange.request_id, "the proxy ended without a decision");
        return Step::answer(error_page::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            Form::Text,
            "no_decision",
            &exchange.request_id,
            None,
        ));
    };
    for (name, value) in &response_headers {
        if is_about_the_message(name) {
            continue;
        }
        exchange.edits.push(Edit {
            name: name.clone(),
            value: value.clone(),
            append: name == header::SET_COOKIE || name == header::VARY,
        });
    }
    if let Some(mut headers) = request_headers {
        internal_headers::strip(&mut headers);
        // They concern the connection, of which the code decides nothing.
        for name in [header::CONNECTION, header::UPGRADE] {
            headers.remove(&name);
            for value in exchange.headers.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        exchange.client_headers = Some(Box::new(std::mem::replace(&mut exchange.headers, headers)));
    }
    match action {
        ProxyAction::Next => Step::Continue,
        ProxyAction::Rewrite { url } => rewrite(exchange, site, &url),
        ProxyAction::Redirect { url, status } => {
            let status = StatusCode::from_u16(status)
                .ok()
                .filter(StatusCode::is_redirection)
                .unwrap_or(StatusCode::TEMPORARY_REDIRECT);
            Step::answer(Answer::redirect(
                status,
                &own(exchange, &url).unwrap_or(url),
                "proxy_redirect",
            ))
        }
        // It said so and sent nothing.
        ProxyAction::Respond => Step::answer(Answer::empty(StatusCode::OK, "proxy_answer").with(header::CACHE_CONTROL, PRIVATE)),
    }
}

/// The URL without scheme and host, if they are this site's.
fn own(exchange: &Exchange, url: &str) -> Option<String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let (host, local) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    host.eq_ignore_ascii_case(&exchange.client.authority).then(|| {
        if local.starts_with('/') {
            local.to_owned()
        } else {
            format!("/{local}")
        }
    })
}

/// To another site. Code computed the URL, so its host has to be listed.
fn leave(exchange: &mut Exchange, url: &str) -> Step {
    match External::new(url, ChosenBy::Request) {
        Ok(external) => {
            exchange.outside = Some(external);
            Step::Continue
        }
        Err(error) => Step::answer(UpstreamFailure::Destination(error).answer_for(exchange, url)),
    }
}

fn rewrite(exchange: &mut Exchange, site: &Site, url: &str) -> Step {
    let Some(local) = own(exchange, url).or_else(|| (url.starts_with('/') && !url.starts_with("//")).then(|| url.to_owned()))
    else {
        return leave(exchange, url);
    };
    let local = local.split('#').next().unwrap_or_default();
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    let base_path = &site.deployment.manifest.config.base_path;
    match canonicalise(without_base(path, base_path).unwrap_or(path)) {
        Ok(Canonical::Path(path) | Canonical::Redirect(path)) => {
            let path = if path.len() > 1 {
                path.trim_end_matches('/').to_owned()
            } else {
                path
            };
            exchange.inside = true;
            exchange.rewritten = Some(Rewritten {
                path,
                query: query.to_owned(),
            });
            Step::Continue
        }
        Err(error) => Step::Reject(Rejection::BadUrl(error)),
    }
}
