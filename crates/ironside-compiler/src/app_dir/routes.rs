//! Puts routes together from the folders: pages with their trees, handlers, metadata.

use super::{
    AppDir, Sources,
    conflict::{Claim, check_claims, check_pattern},
    folder::{Folder, PlaceError, UrlPlace},
    metadata_file::MetadataSource,
    module_check::ModuleCheck,
    page_tree::{PageRef, TreeBuilder, leaf},
    segment_config,
};
use ironside_diagnostics::Diagnostic;
use ironside_model::{
    manifest::{FileKey, MetadataFile, PatternPart, Route, RouteKind, Segment, SegmentConfig, SegmentKind, SegmentNode},
    pattern::pattern_path,
    route_tree::{CHILDREN_SLOT, DEFAULT_SEGMENT},
    segment::FolderName,
};
use std::collections::BTreeMap;

/// Everything with a URL, as found on a walk through the folders.
#[derive(Default)]
struct Found {
    pages: Vec<PageRef>,
    /// Handlers and metadata.
    others: Vec<Route>,
}

struct Collector<'a, 'b> {
    sources: &'a mut Sources<'b>,
    found: Found,
    segments: BTreeMap<FileKey, Segment>,
    configs: BTreeMap<FileKey, (SegmentConfig, bool)>,
}

pub(crate) fn collect(root: &Folder, sources: &mut Sources) -> AppDir {
    let mut collector = Collector {
        sources,
        found: Found::default(),
        segments: BTreeMap::new(),
        configs: BTreeMap::new(),
    };
    collector.walk(&mut vec![root], &mut Vec::new(), UrlPlace::default(), Vec::new());
    collector.global_files(root);
    let mut routes = collector.page_routes(root);
    routes.append(&mut collector.found.others);
    routes.sort_by_cached_key(|route| {
        // Of two interceptions of one URL the one from the deeper place is looked at first.
        let depth = route.intercepts_from.as_ref().map_or(usize::MAX, Vec::len);
        (
            route.path.clone(),
            route.intercepts_from.is_some(),
            usize::MAX - depth,
            route.file.clone(),
        )
    });
    let not_found = not_found_tree(root);
    let not_found_config = not_found.as_ref().map(|tree| collector.tree_config(tree).0);
    AppDir {
        not_found,
        not_found_config: not_found_config.unwrap_or_default(),
        global_error: root.files.get(&SegmentKind::GlobalError).cloned(),
        segments: collector.segments,
        routes,
        ..AppDir::default()
    }
}

impl Collector<'_, '_> {
    fn walk(&mut self, folders: &mut Vec<&Folder>, chain: &mut Vec<usize>, place: UrlPlace, links: Vec<MetadataFile>) {
        let Some(&folder) = folders.last() else { return };
        let links = self.metadata(folders, &place, links);
        let below = self.modules(folder, links);
        if let Some(page) = folder.files.get(&SegmentKind::Page) {
            self.found.pages.push(PageRef {
                chain: chain.clone(),
                file: page.clone(),
                place: place.clone(),
            });
            self.root_layout(folders, page);
        }
        if let Some(file) = folder.files.get(&SegmentKind::Route) {
            self.other(RouteKind::Handler, file, place.pattern.clone());
        }
        for (index, child) in folder.folders.iter().enumerate() {
            match place.enter(&child.meaning) {
                Ok(inner) => {
                    folders.push(child);
                    chain.push(index);
                    self.walk(folders, chain, inner, below.clone());
                    chain.pop();
                    folders.pop();
                }
                Err(error) => self.sources.diagnostics.push(no_place(child, error)),
            }
        }
    }

    /// Reads the folder's convention files. The links of the metadata around go to its layout, or to its page and what
    /// is below; what remains for below is returned.
    fn modules(&mut self, folder: &Folder, links: Vec<MetadataFile>) -> Vec<MetadataFile> {
        for (kind, file) in folder.files.iter().filter(|(kind, _)| **kind != SegmentKind::GlobalError) {
            self.module(*kind, file);
        }
        let layout = folder.files.get(&SegmentKind::Layout);
        let target = layout.or_else(|| folder.files.get(&SegmentKind::Page));
        if let Some(segment) = target.and_then(|file| self.segments.get_mut(file)) {
            segment.metadata_files.clone_from(&links);
        }
        if layout.is_some() { Vec::new() } else { links }
    }

    fn module(&mut self, kind: SegmentKind, file: &FileKey) {
        let Some((facts, source)) = self.sources.facts(file) else {
            return;
        };
        let cache_components = self.sources.cache_components();
        let diagnostics = &mut self.sources.diagnostics;
        ModuleCheck {
            file,
            source: &source,
            facts: &facts,
            cache_components,
            diagnostics,
        }
        .run(kind);
        let has_config = matches!(
            kind,
            SegmentKind::Page | SegmentKind::Layout | SegmentKind::Route | SegmentKind::Metadata | SegmentKind::Default
        );
        if has_config {
            let config = segment_config::read(&facts, file, &source, diagnostics);
            let static_params = facts.exports.contains_key("generateStaticParams");
            self.configs.insert(file.clone(), (config, static_params));
        }
        let segment = Segment {
            kind,
            chunk: String::new(),
            exports: if kind == SegmentKind::Route {
                facts.handler_names()
            } else {
                facts.names()
            },
            styles: Vec::new(),
            fonts: Vec::new(),
            clients: Vec::new(),
            metadata_files: Vec::new(),
            copy: None,
            content_type: None,
        };
        self.segments.insert(file.clone(), segment);
    }

    fn global_files(&mut self, root: &Folder) {
        if let Some(file) = root.files.get(&SegmentKind::GlobalError) {
            self.module(SegmentKind::GlobalError, file);
        }
    }

    /// A route that is one file.
    fn other(&mut self, kind: RouteKind, file: &FileKey, pattern: Vec<PatternPart>) {
        check_pattern(&pattern, file, &mut self.sources.diagnostics);
        let (config, static_params) = self.configs.get(file).cloned().unwrap_or_default();
        self.found.others.push(Route {
            kind,
            path: pattern_path(&pattern),
            pattern,
            intercepts_from: None,
            tree: None,
            file: Some(file.clone()),
            config,
            static_params,
        });
    }

    /// The metadata files of a folder become routes. Returns what the heads of pages in it and below link to: nearer files
    /// take the place of farther ones of their kind.
    fn metadata(&mut self, folders: &[&Folder], place: &UrlPlace, mut links: Vec<MetadataFile>) -> Vec<MetadataFile> {
        let Some(folder) = folders.last() else { return links };
        let mut own: Vec<MetadataFile> = Vec::new();
        for source in &folder.metadata {
            own.extend(self.metadata_file(folders, source, place));
        }
        links.retain(|link| own.iter().all(|own| own.kind != link.kind));
        links.extend(own);
        links
    }

    fn metadata_file(&mut self, folders: &[&Folder], source: &MetadataSource, place: &UrlPlace) -> Option<MetadataFile> {
        let content = self.sources.bytes(&source.file)?;
        let alt = source.alt.as_ref().and_then(|file| self.sources.bytes(file));
        let alt = alt.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let mut generates = false;
        if source.code {
            self.module(SegmentKind::Metadata, &source.file);
            let exports = self.segments.get(&source.file).map(|segment| &segment.exports);
            generates = source
                .kind
                .generator()
                .is_some_and(|name| exports.is_some_and(|names| names.iter().any(|own| own == name)));
        } else {
            self.sources.diagnostics.extend(source.check(&content));
            self.segments.insert(source.file.clone(), source.segment(&content));
        }
        let pattern = source.pattern(folders, &place.pattern, generates);
        // The head names the path without the id, which is only known when the module has been run.
        let linked = if generates {
            pattern.split_last().map_or(&[][..], |(_, above)| above)
        } else {
            &pattern[..]
        };
        let link = source.link(pattern_path(linked), &content, alt);
        let kind = if source.code {
            RouteKind::Metadata
        } else {
            RouteKind::MetadataFile
        };
        self.other(kind, &source.file, pattern);
        link
    }

    fn root_layout(&mut self, folders: &[&Folder], page: &FileKey) {
        if folders.iter().any(|folder| folder.files.contains_key(&SegmentKind::Layout)) {
            return;
        }
        let code = "missing-root-layout";
        // One message is enough for an application that has no layout at all.
        if self.sources.diagnostics.iter().any(|diagnostic| diagnostic.code == code) {
            return;
        }
        let group = folders
            .iter()
            .skip(1)
            .find(|folder| matches!(folder.meaning, FolderName::Group(_)));
        let root = folders.first().map_or("app", |folder| folder.key.as_str());
        let place = group.map_or(root, |folder| folder.key.as_str());
        self.sources.diagnostics.push(
            Diagnostic::error(code, format!("{page} has no root layout around it")).at_file(page).hint(format!(
                "add {place}/layout.tsx: `export default function RootLayout({{ children }}) {{ return <html><body>{{children}}</body></html> }}`"
            )),
        );
    }

    fn page_routes(&mut self, root: &Folder) -> Vec<Route> {
        type Key = (String, Option<String>);
        let mut groups: BTreeMap<Key, Vec<PageRef>> = BTreeMap::new();
        for page in std::mem::take(&mut self.found.pages) {
            check_pattern(&page.place.pattern, &page.file, &mut self.sources.diagnostics);
            let from = page.place.from.as_ref().map(|from| pattern_path(from));
            groups
                .entry((pattern_path(&page.place.pattern), from))
                .or_default()
                .push(page);
        }
        self.check_conflicts(
            &groups
                .iter()
                .filter(|((_, from), _)| from.is_none())
                .map(|(_, pages)| pages)
                .collect::<Vec<_>>(),
        );
        groups
            .into_values()
            .filter_map(|pages| self.page_route(root, &pages))
            .collect()
    }

    fn check_conflicts(&mut self, pages: &[&Vec<PageRef>]) {
        let pages = pages.iter().filter_map(|pages| pages.first());
        let mut claims: Vec<Claim> = pages
            .map(|page| Claim {
                pattern: &page.place.pattern,
                file: &page.file,
                what: "page",
            })
            .collect();
        claims.extend(self.found.others.iter().filter_map(|route| {
            let what = if route.kind == RouteKind::Handler {
                "route handler"
            } else {
                "metadata file"
            };
            Some(Claim {
                pattern: &route.pattern,
                file: route.file.as_ref()?,
                what,
            })
        }));
        check_claims(&claims, &mut self.sources.diagnostics);
    }

    fn page_route(&mut self, root: &Folder, pages: &[PageRef]) -> Option<Route> {
        let place = &pages.first()?.place;
        let intercepting = place.from.is_some();
        let diagnostics = &mut self.sources.diagnostics;
        let mut builder = TreeBuilder {
            pattern: &place.pattern,
            intercepting,
            diagnostics,
            missing: Vec::new(),
        };
        let tree = builder.build(root, pages);
        let missing = builder.missing;
        if !missing.is_empty() {
            if place.pattern.last().is_some_and(PatternPart::is_catch_all) {
                return None;
            }
            diagnostics.extend(missing);
        }
        let (config, static_params) = self.tree_config(&tree);
        Some(Route {
            kind: RouteKind::Page,
            path: pattern_path(&place.pattern),
            pattern: place.pattern.clone(),
            intercepts_from: place.from.clone(),
            tree: Some(tree),
            file: None,
            config,
            static_params,
        })
    }

    /// Files in named slots come first, so that those around the page itself win.
    fn tree_config(&self, tree: &SegmentNode) -> (SegmentConfig, bool) {
        let mut result = (SegmentConfig::default(), false);
        let mut slots: Vec<&SegmentNode> = Vec::new();
        let mut path: Vec<&SegmentNode> = vec![tree];
        while let Some(node) = path.last() {
            slots.extend(
                node.slots
                    .iter()
                    .filter(|(name, _)| *name != CHILDREN_SLOT)
                    .map(|(_, node)| node),
            );
            match node.slots.get(CHILDREN_SLOT) {
                Some(next) => path.push(next),
                None => break,
            }
        }
        let files = slots.into_iter().flat_map(SegmentNode::files).chain(
            path.into_iter()
                .flat_map(|node| node.files.iter().map(|(kind, file)| (*kind, file))),
        );
        for (_, file) in files {
            if let Some((config, static_params)) = self.configs.get(file) {
                segment_config::merge(&mut result.0, config);
                result.1 |= static_params;
            }
        }
        result
    }
}

fn no_place(folder: &Folder, error: PlaceError) -> Diagnostic {
    let (message, hint) = match error {
        PlaceError::AboveRoot(marker) => (
            format!("`{}` leads above the root of the application", marker.as_str()),
            "use a marker with fewer levels: (.), (..) or (...)",
        ),
        PlaceError::Nested => (
            "an interception cannot stand inside of another one".to_owned(),
            "move the folder out of the intercepting one",
        ),
    };
    Diagnostic::error("interception-place", message)
        .at_file(&folder.key)
        .hint(hint)
}

/// What is shown for URLs that no route matches: the root's layout and slots, and nothing as `children`.
fn not_found_tree(root: &Folder) -> Option<SegmentNode> {
    let wanted = [SegmentKind::Layout, SegmentKind::NotFound];
    if !wanted.iter().any(|kind| root.files.contains_key(kind)) {
        return None;
    }
    let around = |kind: SegmentKind| {
        !matches!(
            kind,
            SegmentKind::Page | SegmentKind::Default | SegmentKind::Route | SegmentKind::GlobalError
        )
    };
    let slots = root.folders.iter().filter_map(|folder| match &folder.meaning {
        FolderName::Slot(name) => Some((
            name.clone(),
            leaf(DEFAULT_SEGMENT, SegmentKind::Default, folder.files.get(&SegmentKind::Default)),
        )),
        _ => None,
    });
    Some(SegmentNode {
        segment: String::new(),
        param: None,
        files: root
            .files
            .iter()
            .filter(|(kind, _)| around(**kind))
            .map(|(kind, file)| (*kind, file.clone()))
            .collect(),
        slots: slots.collect(),
    })
}
