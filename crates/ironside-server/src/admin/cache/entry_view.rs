//! An entry as people see it: by the path that it answers, with what is left of its lifetime.

use crate::not_found_page;
use crate::shared::reason::{Told, shown_tag};
use ironside_cache::{Inspected, Key, ValueKind};
use ironside_model::manifest::{Manifest, PatternPart, Route, RouteKind};
use ironside_model::pattern::encode_segment;
use ironside_model::route_table::RouteId;
use ironside_model::tag::path_of_tag;
use serde::{Deserialize, Serialize};

/// See the module's documentation. Times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// One of [`super::KINDS`].
    pub kind: String,
    /// The path that it answers, without `basePath`; of a value, the hash that the application knows it by.
    pub name: String,
    /// The route's pattern.
    pub route: Option<String>,
    /// The route's parameters.
    pub params: Vec<Param>,
    /// The status.
    pub status: Option<u16>,
    /// Bytes that it takes where it is.
    pub bytes: u64,
    /// `memory`, `disk`, `build`: everywhere where it is; the first is where a request finds it.
    pub places: Vec<String>,
    /// What it leads to now: `hit`, `stale` or `miss`.
    pub outcome: String,
    /// The word of the reason, such as `fresh` or `dead_tag:posts`.
    pub reason: String,
    /// Since it was made.
    pub age: u64,
    /// The age at which it is renewed.
    pub revalidate: Option<u64>,
    /// How long until then; below 0 it is over.
    pub revalidate_in: Option<i64>,
    /// The age at which it may not be served any more.
    pub expire: Option<u64>,
    /// How long until then.
    pub expire_in: Option<i64>,
    /// Its tags that applications have given.
    pub tags: Vec<String>,
    /// Its tags that `revalidatePath` reaches, such as `page /blog/[slug]`.
    pub paths: Vec<String>,
}

/// A parameter of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its values, percent-encoded.
    pub values: Vec<String>,
}

impl EntryView {
    /// The view of an entry of this application.
    #[must_use]
    pub fn of(inspected: &Inspected, manifest: &Manifest) -> Self {
        let summary = &inspected.summary;
        let age = inspected.age_millis / 1000;
        let left = |at: Option<u64>| at.map(|at| i64::try_from(at).unwrap_or(i64::MAX).saturating_sub_unsigned(age));
        let told = Told::from(inspected.freshness.clone());
        let (paths, tags): (Vec<_>, Vec<_>) = summary.tags.iter().partition(|tag| path_of_tag(tag).is_some());
        Self {
            kind: kind(&summary.key, manifest).to_owned(),
            name: name(&summary.key, manifest),
            route: pattern(&summary.key, manifest),
            params: params(&summary.key),
            status: summary.status,
            bytes: summary.bytes,
            places: inspected.places.iter().map(|place| place.word().to_owned()).collect(),
            outcome: told.reason.outcome().word().to_owned(),
            reason: told.to_string(),
            age,
            revalidate: summary.lifetime.revalidate,
            revalidate_in: left(summary.lifetime.revalidate),
            expire: summary.lifetime.expire,
            expire_in: left(summary.lifetime.expire),
            tags: tags.iter().map(|tag| tag.to_string()).collect(),
            paths: paths.iter().map(|tag| shown_tag(tag)).collect(),
        }
    }
}

fn route<'a>(key: &Key, manifest: &'a Manifest) -> Option<&'a Route> {
    match key {
        Key::Page { route, .. } | Key::Handler { route, .. } => manifest.routes.get(usize::try_from(*route).ok()?),
        Key::Value { .. } => None,
    }
}

/// The pattern of its route.
fn pattern(key: &Key, manifest: &Manifest) -> Option<String> {
    if is_not_found(key) {
        return Some(not_found_page::PATH.to_owned());
    }
    route(key, manifest).map(|route| route.path.clone())
}

fn is_not_found(key: &Key) -> bool {
    matches!(key, Key::Page { route, .. } if *route == RouteId::NOT_FOUND.0)
}

/// What a key is of.
#[must_use]
pub(super) fn kind(key: &Key, manifest: &Manifest) -> &'static str {
    match key {
        Key::Page { .. } => "page",
        Key::Handler { .. } => match route(key, manifest).map(|route| route.kind) {
            Some(RouteKind::Metadata) => "metadata",
            _ => "handler",
        },
        Key::Value { kind, .. } => match kind {
            ValueKind::Fetch => "fetch",
            ValueKind::Function => "function",
            ValueKind::Directive => "use-cache",
        },
    }
}

/// The parameters in a key.
#[must_use]
pub(super) fn params(key: &Key) -> Vec<Param> {
    let (Key::Page { params, .. } | Key::Handler { params, .. }) = key else {
        return Vec::new();
    };
    let param = |(name, values): &(Box<str>, Box<[Box<str>]>)| Param {
        name: name.to_string(),
        values: values.iter().map(|value| value.to_string()).collect(),
    };
    params.iter().map(param).collect()
}

fn name(key: &Key, manifest: &Manifest) -> String {
    if let Key::Value { name, .. } = key {
        return name.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    match route(key, manifest) {
        _ if is_not_found(key) => not_found_page::PATH.to_owned(),
        Some(route) => path(route, &params(key)),
        None => "?".to_owned(),
    }
}

/// The path of a route with these parameters, which are encoded already.
fn path(route: &Route, params: &[Param]) -> String {
    let mut path = String::new();
    for part in &route.pattern {
        if let PatternPart::Static(text) = part {
            path.push('/');
            path.push_str(&encode_segment(text));
        } else if let Some(param) = part.param().and_then(|name| params.iter().find(|param| param.name == *name)) {
            for value in &param.values {
                path.push('/');
                path.push_str(value);
            }
        }
    }
    if path.is_empty() { "/".to_owned() } else { path }
}
