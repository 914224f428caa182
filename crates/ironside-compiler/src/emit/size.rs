//! What a first visit of a page loads, in bytes as they travel.

use super::WrittenFile;
use crate::report::RouteSize;
use ironside_model::manifest::{AssetPath, Manifest, RouteKind};
use std::collections::{BTreeMap, BTreeSet};

/// Sizes of all pages, and of the JavaScript that each of them loads.
pub(crate) fn sizes(manifest: &Manifest, written: &[WrittenFile]) -> (Vec<RouteSize>, u64) {
    let gzip: BTreeMap<&str, u64> = written.iter().map(|file| (file.path.as_str(), file.gzip_bytes)).collect();
    let bytes = |paths: &BTreeSet<&AssetPath>| -> u64 {
        paths
            .iter()
            .filter_map(|path| gzip.get(manifest.assets.get(*path)?.file.as_str()))
            .sum()
    };
    let boot = &manifest.bootstrap;
    let shared: BTreeSet<&AssetPath> = std::iter::once(&boot.browser)
        .chain(&boot.preload)
        .chain(&boot.instrumentation_client)
        .collect();
    let shared_bytes = bytes(&shared);
    let pages = manifest.routes.iter().filter(|route| route.kind == RouteKind::Page);
    let sizes = pages
        .map(|route| {
            let (mut scripts, mut styles) = (shared.clone(), BTreeSet::new());
            let files = route.tree.iter().flat_map(|tree| tree.files());
            for segment in files.filter_map(|(_, file)| manifest.segments.get(file)) {
                styles.extend(&segment.styles);
                for client in segment.clients.iter().filter_map(|id| manifest.clients.get(id)) {
                    scripts.insert(&client.browser);
                    scripts.extend(&client.preload);
                    styles.extend(&client.styles);
                }
            }
            let first_load_bytes = bytes(&scripts);
            RouteSize {
                path: route.path.clone(),
                own_bytes: first_load_bytes - shared_bytes,
                first_load_bytes,
                style_bytes: bytes(&styles),
            }
        })
        .collect();
    (sizes, shared_bytes)
}
