//! The page that is shown where no route matches, as a route: it is rendered, stored and invalidated like a page without
//! parameters. It has a path of its own that no URL leads to (a folder with `_` in front is private), so that the one answer
//! serves every URL that nothing answers, and a flood of such URLs costs neither renders nor memory.

use crate::routes::RouteInfo;
use ironside_model::manifest::{Manifest, PatternPart, Route, RouteKind};

/// The path, as Next has it.
pub const PATH: &str = "/_not-found";

/// See the module's documentation.
#[derive(Debug)]
pub struct NotFoundPage {
    /// As if it stood in the manifest's list.
    pub route: Route,
    /// What is known about it.
    pub info: RouteInfo,
}

impl NotFoundPage {
    /// Of an application; `None` if it has neither a root layout nor a root `not-found` file.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let route = Route {
            kind: RouteKind::Page,
            path: PATH.to_owned(),
            pattern: vec![PatternPart::Static(PATH.trim_start_matches('/').to_owned())],
            intercepts_from: None,
            tree: Some(manifest.not_found.clone()?),
            file: None,
            config: manifest.not_found_config.clone(),
            static_params: false,
        };
        Some(Self {
            info: RouteInfo::new(manifest, &route, false),
            route,
        })
    }
}
