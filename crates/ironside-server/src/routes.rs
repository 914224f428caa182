//! What is known about each route beforehand, so that requests don't have to find it out: methods, whether its answer can
//! be stored, and the tags of its pattern.

use crate::extension_method::is_extension;
use crate::rejection::Methods;
use crate::shared::reason::Reason;
use ironside_model::manifest::{Manifest, PatternPart, Route, RouteKind, SegmentNode};
use ironside_model::pattern::pattern_shape;
use ironside_model::tag::{PathScope, implicit_tags, path_tag};
use std::sync::Arc;
use std::time::Duration;

/// Whether answers of a route may be shared, as far as the route itself tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// They may, if a render shows that nothing of the request was read.
    Candidate,
    /// They may not, and why.
    Never(Reason),
}

/// See the module's documentation.
#[derive(Debug)]
pub struct RouteInfo {
    /// What it is.
    pub kind: RouteKind,
    /// The pattern as people write it.
    pub path: Arc<str>,
    /// Whether it has no parameters.
    pub is_fixed: bool,
    /// The methods that it answers.
    pub methods: Methods,
    /// The methods that a handler itself exports.
    pub exported: Methods,
    /// Methods beyond the usual ones that a handler exports, in order.
    pub extensions: Vec<String>,
    /// See [`Sharing`].
    pub sharing: Sharing,
    /// `dynamic = 'force-static'`: whatever it does, its answer is the same for everybody.
    pub is_declared_static: bool,
    /// `maxDuration`.
    pub deadline: Option<Duration>,
    /// Seconds, from the segment config; `None`: never.
    pub revalidate: Option<u64>,
    /// Whether an intercepting route may be shown in its place.
    pub is_intercepted: bool,
    /// Tags of its pattern with route groups.
    group_tags: Vec<String>,
}

impl RouteInfo {
    /// Facts of all routes, by route id.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Vec<Self> {
        let shapes: Vec<String> = manifest
            .routes
            .iter()
            .filter(|route| route.intercepts_from.is_some())
            .map(|route| pattern_shape(&route.pattern))
            .collect();
        manifest
            .routes
            .iter()
            .map(|route| Self::new(manifest, route, shapes.contains(&pattern_shape(&route.pattern))))
            .collect()
    }

    pub(crate) fn new(manifest: &Manifest, route: &Route, is_intercepted: bool) -> Self {
        let segment = route.file.as_ref().and_then(|file| manifest.segments.get(file));
        let exported = segment
            .map(|segment| Methods::of(segment.exports.iter().map(String::as_str)))
            .unwrap_or_default();
        let mut extensions: Vec<String> = match (route.kind, segment) {
            (RouteKind::Handler, Some(segment)) => segment.exports.iter().filter(|name| is_extension(name)).cloned().collect(),
            _ => Vec::new(),
        };
        extensions.sort_unstable();
        let methods = match route.kind {
            RouteKind::Handler if exported.has("GET") => exported.with("HEAD").with("OPTIONS"),
            RouteKind::Handler => exported.with("OPTIONS"),
            _ => Methods::READ,
        };
        Self {
            kind: route.kind,
            path: route.path.as_str().into(),
            is_fixed: route.pattern.iter().all(|part| matches!(part, PatternPart::Static(_))),
            methods,
            exported,
            sharing: sharing(manifest, route, exported, !extensions.is_empty()),
            is_declared_static: route.config.dynamic.as_deref() == Some("force-static"),
            extensions,
            deadline: route
                .config
                .max_duration
                .map(|seconds| Duration::from_secs(u64::from(seconds))),
            revalidate: route
                .config
                .revalidate
                .and_then(|seconds| u64::try_from(seconds).ok())
                .filter(|seconds| *seconds > 0),
            is_intercepted,
            group_tags: route.tree.as_ref().map(group_tags).unwrap_or_default(),
        }
    }

    /// Whether this method is answered. A handler whose answer is shared has no others than reading, and `OPTIONS`, which
    /// tells so.
    #[must_use]
    pub fn answers(&self, method: &str) -> bool {
        method == "OPTIONS" && self.kind == RouteKind::Handler
            || self.allowed().has(method)
            || self.extensions.iter().any(|own| own == method)
    }

    /// The value of `Allow`.
    #[must_use]
    pub fn allow(&self) -> String {
        let allowed = self.allowed().list();
        if self.extensions.is_empty() {
            return allowed;
        }
        let mut names: Vec<&str> = allowed.split(", ").filter(|name| !name.is_empty()).collect();
        names.extend(self.extensions.iter().map(String::as_str));
        names.sort_unstable();
        names.join(", ")
    }

    fn allowed(&self) -> Methods {
        match (self.kind, self.sharing) {
            (RouteKind::Handler, Sharing::Candidate) => Methods::READ,
            _ => self.methods,
        }
    }

    /// Facts without a manifest, for tests of decisions.
    #[cfg(test)]
    pub(crate) fn bare(kind: RouteKind, methods: Methods, sharing: Sharing, revalidate: Option<u64>) -> Self {
        Self {
            kind,
            path: "/".into(),
            is_fixed: true,
            methods,
            exported: methods,
            extensions: Vec::new(),
            sharing,
            is_declared_static: false,
            deadline: None,
            revalidate,
            is_intercepted: false,
            group_tags: Vec::new(),
        }
    }

    /// The tags of an answer at a canonical path.
    #[must_use]
    pub fn tags(&self, route: &Route, path: &str) -> Vec<String> {
        let mut tags = implicit_tags(route, &crate::url::decoded(path));
        tags.extend(self.group_tags.iter().cloned());
        tags
    }
}

fn sharing(manifest: &Manifest, route: &Route, exported: Methods, has_extensions: bool) -> Sharing {
    let config = &route.config;
    let declared_static = matches!(config.dynamic.as_deref(), Some("force-static" | "error"));
    let has_params = route.pattern.iter().any(|part| !matches!(part, PatternPart::Static(_)));
    if config.dynamic.as_deref() == Some("force-dynamic") {
        return Sharing::Never(Reason::ForceDynamic);
    }
    if config.revalidate == Some(0) {
        return Sharing::Never(Reason::RevalidateZero);
    }
    if route.intercepts_from.is_some() {
        // Only navigations see it, and it is no document that could be rendered for everybody.
        return Sharing::Never(Reason::Intercepting);
    }
    match route.kind {
        RouteKind::Page if has_params && !route.static_params && !declared_static => Sharing::Never(Reason::Params),
        RouteKind::Handler
            if has_extensions
                || ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
                    .iter()
                    .any(|method| exported.has(method)) =>
        {
            Sharing::Never(Reason::Methods)
        }
        // With `cacheComponents` nothing is declared: whether the handler waits for anything shows when it runs.
        RouteKind::Handler
            if !(declared_static || route.static_params || config.revalidate.is_some())
                && (has_params || !manifest.config.cache_components) =>
        {
            Sharing::Never(Reason::Handler)
        }
        RouteKind::MetadataFile => Sharing::Never(Reason::File),
        _ => Sharing::Candidate,
    }
}

/// Tags of the pattern as the folders are named, where groups stand in it: `revalidatePath('/(shop)/cart', 'page')`.
fn group_tags(tree: &SegmentNode) -> Vec<String> {
    let mut folders: Vec<&str> = Vec::new();
    let mut node = Some(tree);
    while let Some(at) = node {
        folders.push(&at.segment);
        node = at.slots.get("children");
    }
    folders.retain(|folder| !folder.is_empty() && !folder.starts_with("__"));
    if !folders.iter().any(|folder| folder.starts_with('(')) {
        return Vec::new();
    }
    let whole = format!("/{}", folders.join("/"));
    let above = (1..=folders.len()).map(|length| {
        path_tag(
            &format!("/{}", folders.iter().take(length).copied().collect::<Vec<_>>().join("/")),
            PathScope::Layout,
        )
    });
    above.chain([path_tag(&whole, PathScope::Page)]).collect()
}
