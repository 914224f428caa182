//! The routes of an application as a table for people and as JSON for programs.

use ironside_compiler::report::{BuildReport, RouteSize};
use ironside_model::manifest::{FileKey, Route, RouteKind, Segment, SegmentKind};
use ironside_server::extension_method::is_extension;
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

/// `1.2 kB`, as people compare sizes.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn size(bytes: u64) -> String {
    match bytes {
        0 => "0 B".into(),
        1..1_000 => format!("{bytes} B"),
        _ => format!("{:.1} kB", bytes as f64 / 1_000.0),
    }
}

/// What `ironside build` prints at its end.
pub(crate) fn report_table(report: &BuildReport) -> String {
    let (routes, segments) = (&report.manifest.routes, &report.manifest.segments);
    let width = routes.iter().map(|route| route.path.len()).max().unwrap_or(0).max(5);
    let mut text = format!(
        "{:<9} {:<width$} {:>10} {:>12}  {}\n",
        "", "Route", "JavaScript", "First load", ""
    );
    for route in routes {
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
        let from = if route.intercepts_from.is_some() { "(intercepts)" } else { "" };
        let line = format!(
            "{:<9} {:<width$} {:>10} {:>12}  {}{from}",
            kind(route),
            route.path,
            columns.0,
            columns.1,
            methods(segments, route)
        );
        let _ = writeln!(text, "{}", line.trim_end());
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

/// The same for programs.
pub(crate) fn report_json(report: &BuildReport) -> String {
    let warnings: Vec<Value> = report
        .warnings
        .iter()
        .filter_map(|warning| serde_json::to_value(warning).ok())
        .collect();
    let value = json!({
        "build": report.manifest.build,
        "folder": report.folder,
        "routes": routes_value(&report.manifest.routes, &report.manifest.segments, &report.sizes),
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
    format!("{:#}", routes_value(routes, segments, &[]))
}

fn routes_value(routes: &[Route], segments: &Segments, sizes: &[RouteSize]) -> Value {
    let routes = routes.iter().map(|route| {
        let of_page = sizes
            .iter()
            .find(|entry| entry.path == route.path && route.kind == RouteKind::Page);
        json!({
            "path": route.path,
            "kind": route.kind,
            "file": source(route),
            "methods": methods(segments, route).split_whitespace().collect::<Vec<_>>(),
            "config": route.config,
            "javascriptBytes": of_page.map(|entry| entry.own_bytes),
            "firstLoadBytes": of_page.map(|entry| entry.first_load_bytes),
            "styleBytes": of_page.map(|entry| entry.style_bytes),
        })
    });
    Value::Array(routes.collect())
}
