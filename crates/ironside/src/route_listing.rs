//! The routes of an application as a table for people and as JSON for programs.

use crate::quantities::{duration, size};
use ironside_compiler::report::{BuildReport, RouteSize};
use ironside_model::manifest::{FileKey, Route, RouteKind, Segment, SegmentKind};
use ironside_server::extension_method::is_extension;
use ironside_server::not_found_page::PATH as NOT_FOUND;
use ironside_server::prerender::{Made, Prerendered, RouteReport};
use ironside_server::shared::reason::Reason;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

/// The modules of an application by file.
type Segments = BTreeMap<FileKey, Segment>;

/// The word for what a route answers with.
fn kind(route: &Route) -> &'static str {
    match route.kind {
        RouteKind::Page => "page",
        RouteKind::Handler => "handler",
        RouteKind::Metadata | RouteKind::MetadataFile => "metadata",
    }
}

/// The methods of a handler, as it exports them.
fn methods(segments: &Segments, route: &Route) -> String {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let Some(segment) = route.file.as_ref().and_then(|file| segments.get(file)) else {
        return String::new();
    };
    if route.kind != RouteKind::Handler {
        return String::new();
    }
    let usual = METHODS
        .iter()
        .copied()
        .filter(|method| segment.exports.iter().any(|export| export == method));
    let others = segment.exports.iter().map(String::as_str).filter(|name| is_extension(name));
    usual.chain(others).collect::<Vec<_>>().join(" ")
}

/// The file that stands behind a route: the page's, the handler's.
fn source(route: &Route) -> String {
    if let Some(file) = &route.file {
        return file.clone();
    }
    let mut node = route.tree.as_ref();
    while let Some(at) = node {
        if let Some(file) = at.files.get(&SegmentKind::Page) {
            return file.clone();
        }
        node = at.slots.get("children");
    }
    String::new()
}

/// Paths of one route that are listed one by one.
const LISTED: usize = 3;

/// How a route answers, in a few words.
fn how(route: &Route, report: &RouteReport) -> String {
    if route.kind == RouteKind::MetadataFile && report.made.is_empty() && report.dynamic.is_none() {
        return "file".into();
    }
    answers(report)
}

fn answers(report: &RouteReport) -> String {
    let Some(first) = report.made.first() else {
        return match report.dynamic {
            Some(reason) => format!("dynamic: {}", reason.about()),
            None if report.on_demand => "on demand, then kept".into(),
            None => String::new(),
        };
    };
    let revalidate = report.made.iter().filter_map(|made| made.revalidate).min();
    let mut text = match revalidate {
        Some(seconds) => format!("ISR, renewed after {}", duration(seconds)),
        None => "static".into(),
    };
    if let (Some(_), Some(expire)) = (revalidate, first.expire) {
        let _ = write!(text, ", gone after {}", duration(expire));
    }
    if report.on_demand {
        text.push_str("; others on demand");
    }
    if let Some(reason) = report.dynamic {
        let _ = write!(text, "; some dynamic: {}", reason.about());
    }
    text
}

/// What `ironside build` prints at its end. Without `prerendered`, how routes answer is left out.
pub(crate) fn report_table(report: &BuildReport, prerendered: Option<&Prerendered>) -> String {
    let (routes, segments) = (&report.manifest.routes, &report.manifest.segments);
    let width = routes
        .iter()
        .map(|route| route.path.len())
        .max()
        .unwrap_or(0)
        .max(NOT_FOUND.len());
    let head = format!(
        "{:<9} {:<width$} {:>10} {:>12}  Answers",
        "", "Route", "JavaScript", "First load"
    );
    let mut text = format!("{head}\n");
    for (index, route) in routes.iter().enumerate() {
        let of_page = report
            .sizes
            .iter()
            .find(|entry| entry.path == route.path && route.kind == RouteKind::Page);
        let columns = match of_page {
            Some(RouteSize {
                own_bytes,
                first_load_bytes,
                ..
            }) => (size(*own_bytes), size(*first_load_bytes)),
            None => (String::new(), String::new()),
        };
        let made = prerendered.and_then(|made| made.routes.get(index));
        let from = if route.intercepts_from.is_some() { "(intercepts)" } else { "" };
        let words = [
            methods(segments, route),
            made.map(|made| how(route, made)).unwrap_or_default(),
            from.into(),
        ];
        let words = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("  ");
        let line = format!(
            "{:<9} {:<width$} {:>10} {:>12}  {words}",
            kind(route),
            route.path,
            columns.0,
            columns.1
        );
        let _ = writeln!(text, "{}", line.trim_end());
        for path in made.into_iter().flat_map(paths) {
            let _ = writeln!(text, "{:<9}   {path}", "");
        }
    }
    if report.manifest.not_found.is_some() {
        let how = prerendered.and_then(|made| made.not_found.as_ref()).map(answers);
        let line = format!(
            "{:<9} {:<width$} {:>10} {:>12}  {}",
            "page",
            NOT_FOUND,
            "",
            "",
            how.unwrap_or_default()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if report.manifest.proxy.is_some() {
        let _ = writeln!(text, "{:<9} runs before the routes that it matches", "proxy");
    }
    let _ = write!(
        text,
        "{:<9} {:<width$} {:>10}",
        "shared",
        "by all pages",
        size(report.shared_bytes)
    );
    text
}

/// The first paths of a route with parameters, and how many more there are.
fn paths(report: &RouteReport) -> Vec<String> {
    if !report.on_demand && report.made.len() < 2 {
        return Vec::new();
    }
    let mut paths: Vec<String> = report.made.iter().take(LISTED).map(|made| made.path.clone()).collect();
    if report.made.len() > LISTED {
        paths.push(format!("and {} more", report.made.len() - LISTED));
    }
    paths
}

/// The same for programs.
pub(crate) fn report_json(report: &BuildReport, prerendered: Option<&Prerendered>) -> String {
    let warnings: Vec<Value> = report
        .warnings
        .iter()
        .filter_map(|warning| serde_json::to_value(warning).ok())
        .collect();
    let value = json!({
        "build": report.manifest.build,
        "folder": report.folder,
        "routes": routes_value(&report.manifest.routes, &report.manifest.segments, &report.sizes, prerendered.map(|made| made.routes.as_slice()).unwrap_or_default()),
        "notFound": report.manifest.not_found.as_ref().map(|_| not_found_value(prerendered.and_then(|made| made.not_found.as_ref()))),
        "sharedBytes": report.shared_bytes,
        "actions": report.manifest.actions.len(),
        "warnings": warnings,
    });
    format!("{value:#}")
}

/// What `ironside routes` prints.
pub(crate) fn table(routes: &[Route], segments: &Segments) -> String {
    let width = routes.iter().map(|route| route.path.len()).max().unwrap_or(0);
    let lines = routes.iter().map(|route| {
        let line = format!(
            "{:<9} {:<width$}  {:<24} {}",
            kind(route),
            route.path,
            methods(segments, route),
            source(route)
        );
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The same for programs.
pub(crate) fn json(routes: &[Route], segments: &Segments) -> String {
    format!("{:#}", routes_value(routes, segments, &[], &[]))
}

/// The page for URLs that nothing answers.
fn not_found_value(made: Option<&RouteReport>) -> Value {
    json!({
        "path": NOT_FOUND,
        "prerendered": made.map(prerendered_value),
        "dynamic": made.and_then(|made| made.dynamic).map(Reason::word),
    })
}

fn prerendered_value(report: &RouteReport) -> Vec<Value> {
    let value = |made: &Made| json!({ "path": made.path, "status": made.status, "revalidate": made.revalidate, "expire": made.expire, "bytes": made.bytes });
    report.made.iter().map(value).collect()
}

fn routes_value(routes: &[Route], segments: &Segments, sizes: &[RouteSize], prerendered: &[RouteReport]) -> Value {
    let routes = routes.iter().enumerate().map(|(index, route)| {
        let made = prerendered.get(index);
        let paths = made.map(prerendered_value);
        let of_page = sizes
            .iter()
            .find(|entry| entry.path == route.path && route.kind == RouteKind::Page);
        json!({
            "path": route.path,
            "kind": route.kind,
            "file": source(route),
            "methods": methods(segments, route).split_whitespace().collect::<Vec<_>>(),
            "config": route.config,
            "prerendered": paths,
            "dynamic": made.and_then(|made| made.dynamic).map(Reason::word),
            "onDemand": made.map(|made| made.on_demand),
            "javascriptBytes": of_page.map(|entry| entry.own_bytes),
            "firstLoadBytes": of_page.map(|entry| entry.first_load_bytes),
            "styleBytes": of_page.map(|entry| entry.style_bytes),
        })
    });
    Value::Array(routes.collect())
}
