//! Why a URL is answered as it is. The question becomes a request that passes the same phases, routing and rules as those of
//! visitors, and meets the same decision whether its answer may be shared; only the application's code is not run.

use super::Refusal;
use super::entry_view::{EntryView, Param, kind, params};
use crate::draft;
use crate::exchange::{Exchange, Variant};
use crate::pipeline::{self, Phase, Reached};
use crate::request_body::RequestBody;
use crate::response::Answer;
use crate::routes::RouteInfo;
use crate::shared::candidate::{self, Storable};
use crate::shared::reason::{Reason, Told};
use crate::site::Site;
use crate::target::Target;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use ironside_cache::Key;
use ironside_model::manifest::RouteKind;
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// What people type into an address bar and a request can't have.
const TYPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// A request that is to be explained.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Explanation {
    /// `/blog/a?x=1`, or a whole URL.
    pub url: String,
    /// The method; `GET` if it is missing.
    pub method: Option<String>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// As a navigation of the client asks for it: the payload.
    pub rsc: bool,
    /// As an editor in draft mode sees it.
    pub draft: bool,
}

/// What would answer it, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The request's path and query, in their canonical form as far as it has one.
    pub url: String,
    /// Its method.
    pub method: String,
    /// `document`, `payload` or `prefetch`.
    pub form: String,
    /// What answers: `page`, `handler`, `metadata`, `metadata-file`, `asset`, `public-file`, `redirect`, `outside`, `not-found`, `refused`.
    pub target: String,
    /// That in a sentence.
    pub about: String,
    /// `proxy.ts` runs first; what it decides is not known.
    pub proxy: bool,
    /// Where a rewrite of `next.config` leads.
    pub rewritten: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The status, where it is known.
    pub status: Option<u16>,
    /// The phase that answers or refuses it.
    pub phase: Option<String>,
    /// The route's pattern.
    pub route: Option<String>,
    /// `hit`, `stale`, `miss` or `bypass`; missing where the cache has nothing to do with it.
    pub outcome: Option<String>,
    /// The word of the reason.
    pub reason: Option<String>,
    /// The reason in a sentence.
    pub because: Option<String>,
    /// What it is looked for by.
    pub key: Option<KeyView>,
    /// What is stored under it.
    pub entry: Option<EntryView>,
    /// Somebody makes it just now.
    pub filling: bool,
}

/// What an entry is found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// `page`, `handler` or `metadata`.
    pub kind: String,
    /// The build.
    pub build: String,
    /// The route's number in it.
    pub route: u32,
    /// The parameters.
    pub params: Vec<Param>,
}

pub(super) async fn explain(site: &Site, asked: Explanation) -> Result<Explained, Refusal> {
    let mut exchange = request(site, &asked)?;
    let (reached, proxy) = pipeline::reach(&mut exchange, site);
    let mut told = Explained {
        proxy,
        method: exchange.method.to_string(),
        url: crate::phase::canonical_url::with_query(exchange.path(), &exchange.query),
        form: form(exchange.navigation.variant).to_owned(),
        rewritten: exchange
            .rewritten
            .as_ref()
            .map(|to| crate::phase::canonical_url::with_query(&to.path, &to.query)),
        ..Explained::default()
    };
    match reached {
        Reached::Answered(phase, answer) => answered(&mut told, phase, &answer),
        Reached::Refused(phase, rejection) => {
            told.target = "refused".to_owned();
            told.status = Some(rejection.status().as_u16());
            told.phase = Some(phase.name().to_owned());
            told.about = format!("the server refuses it: {}", rejection.word());
        }
        Reached::Target => target(&mut told, &exchange, site).await,
    }
    Ok(told)
}

/// The request that a question is about.
pub(super) fn request(site: &Site, asked: &Explanation) -> Result<Exchange, Refusal> {
    let bad_url = || {
        Refusal::new(format!("{:?} is not a URL", asked.url))
            .hint("give the path as a browser sends it, such as /blog/first?page=2, or a whole URL")
    };
    if !asked.url.starts_with('/') && !asked.url.starts_with("http://") && !asked.url.starts_with("https://") {
        return Err(bad_url());
    }
    let typed = asked.url.split('#').next().unwrap_or_default();
    let uri: Uri = utf8_percent_encode(typed, TYPED).to_string().parse().map_err(|_| bad_url())?;
    let method = asked.method.as_deref().unwrap_or("GET");
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Refusal::new(format!("{method:?} is not a method")).hint("such as GET, HEAD or POST"))?;
    let host = uri.authority().map_or("localhost", http::uri::Authority::as_str);
    let host = HeaderValue::from_str(host).map_err(|_| bad_url())?;
    let local = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let local = if asked.rsc { with_key(local) } else { local.to_owned() };
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = local.parse().map_err(|_| bad_url())?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, host);
    for (name, value) in &asked.headers {
        let pair = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_str(value).ok());
        let Some((name, value)) = pair else {
            return Err(Refusal::new(format!("{name:?} with the value {value:?} is not a header")));
        };
        headers.append(name, value);
    }
    if asked.rsc {
        headers.insert("rsc", HeaderValue::from_static("1"));
    }
    if asked.draft {
        let id = site.deployment.draft_id.as_deref().unwrap_or("on");
        if let Ok(cookie) = HeaderValue::from_str(&format!("{}={id}", draft::COOKIE)) {
            headers.append(header::COOKIE, cookie);
        }
    }
    let (head, ()) = request.into_parts();
    let id = site.house.request_ids.name(&head.headers, false);
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(Exchange::new(head, RequestBody::default(), peer, id))
}

/// A payload is asked for with `_rsc`, which is empty without further headers.
fn with_key(local: &str) -> String {
    match local.split_once('?') {
        Some((_, query)) if query.split('&').any(|part| part == "_rsc" || part.starts_with("_rsc=")) => local.to_owned(),
        Some(_) => format!("{local}&_rsc"),
        None => format!("{local}?_rsc"),
    }
}

fn form(variant: Variant) -> &'static str {
    match variant {
        Variant::Html => "document",
        Variant::Payload => "payload",
        Variant::Prefetch => "prefetch",
    }
}

fn answered(told: &mut Explained, phase: Phase, answer: &Answer) {
    let status = answer.response.status();
    let location = answer.response.headers().get(header::LOCATION);
    told.location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
    told.status = Some(status.as_u16());
    told.phase = Some(phase.name().to_owned());
    told.target = if status.is_redirection() { "redirect" } else { "refused" }.to_owned();
    told.about = match phase {
        Phase::ConfigRedirects => "a redirect of next.config".to_owned(),
        Phase::TrailingSlash => "a redirect to the form that trailingSlash wants".to_owned(),
        Phase::CanonicalUrl => "a redirect to the one form of this path".to_owned(),
        Phase::Navigation => "a redirect: _rsc is not the hash of the request's headers".to_owned(),
        _ => phase.about().to_owned(),
    };
}

async fn target(told: &mut Explained, exchange: &Exchange, site: &Site) {
    let (word, about) = match &exchange.target {
        Target::Page(matched) => return route(told, exchange, site, matched).await,
        Target::Handler(matched) | Target::Metadata(matched) => return route(told, exchange, site, matched).await,
        Target::NotFound if site.deployment.router.not_found.is_some() => {
            told.status = Some(404);
            route(told, exchange, site, &RouteMatch::NOT_FOUND).await;
            told.target = "not-found".to_owned();
            told.about = "no route, file or rewrite answers it, but the not-found page".to_owned();
            return;
        }
        Target::Asset { .. } => ("asset", "a hashed file of the build; browsers keep it for ever".to_owned()),
        Target::PublicFile(_) => (
            "public-file",
            "a file of the folder public; it is sent from the disk".to_owned(),
        ),
        Target::MetadataFile(_) => (
            "metadata-file",
            "a metadata file; it is sent as the build has copied it".to_owned(),
        ),
        Target::MissingAsset => ("not-found", "no file of this build; perhaps of one before it".to_owned()),
        Target::NotFound => (
            "not-found",
            "no route, file or rewrite answers it, and there is no root layout for a not-found page".to_owned(),
        ),
        Target::Outside(external) => (
            "outside",
            format!(
                "a rewrite to {}; what other sites answer is passed on and not kept",
                external.uri
            ),
        ),
    };
    told.target = word.to_owned();
    told.about = about;
}

async fn route(told: &mut Explained, exchange: &Exchange, site: &Site, matched: &RouteMatch) {
    let deployment = &site.deployment;
    let Some(info) = deployment.router.info(matched) else { return };
    let job = job_kind(info);
    told.target = match info.kind {
        RouteKind::Page => "page",
        RouteKind::Handler => "handler",
        _ => "metadata",
    }
    .to_owned();
    told.route = Some(info.path.to_string());
    told.about = format!("the {} {}", told.target, info.path);
    let key = candidate::key(deployment, matched, job);
    told.key = Some(view(&key, site));
    if deployment.listed.excludes(matched) {
        told.target = "not-found".to_owned();
        told.about = format!(
            "{} answers only what generateStaticParams lists (dynamicParams = false)",
            info.path
        );
        return;
    }
    if info.kind != RouteKind::Page && !info.answers(exchange.method.as_str()) {
        told.target = "refused".to_owned();
        told.status = Some(405);
        told.about = format!("the handler {} answers {}", info.path, info.allow());
        return;
    }
    let reason = match candidate::storable(exchange, deployment, matched, job) {
        Storable::Bypass(reason) => reason.into(),
        Storable::Candidate(_) if !exchange.reads() => Reason::Method.into(),
        Storable::Candidate(key) => looked(told, site, &key).await,
    };
    told.outcome = Some(reason.reason.outcome().word().to_owned());
    told.because = Some(reason.reason.sentence());
    told.reason = Some(reason.to_string());
}

/// The kind of the job that answers a route.
pub(super) fn job_kind(info: &RouteInfo) -> JobKind {
    match info.kind {
        RouteKind::Page => JobKind::Page,
        RouteKind::Metadata => JobKind::Metadata,
        _ => JobKind::Handler,
    }
}

/// What a lookup would find.
async fn looked(told: &mut Explained, site: &Site, key: &Key) -> Told {
    let cache = &site.deployment.cache;
    told.filling = cache.is_filling(key);
    let Some(inspected) = cache.inspect(key).await else {
        return Reason::Absent.into();
    };
    told.entry = Some(EntryView::of(&inspected, &site.deployment.manifest));
    inspected.freshness.into()
}

fn view(key: &Key, site: &Site) -> KeyView {
    let (Key::Page { route, .. } | Key::Handler { route, .. }) = key else {
        return KeyView {
            kind: String::new(),
            build: String::new(),
            route: 0,
            params: Vec::new(),
        };
    };
    KeyView {
        kind: kind(key, &site.deployment.manifest).to_owned(),
        build: site.deployment.manifest.build.clone(),
        route: *route,
        params: params(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_its_key_once() {
        for (given, made) in [
            ("/a", "/a?_rsc"),
            ("/a?b=1", "/a?b=1&_rsc"),
            ("/a?_rsc=x", "/a?_rsc=x"),
            ("/a?_rsc", "/a?_rsc"),
        ] {
            assert_eq!(with_key(given), made);
        }
    }
}
