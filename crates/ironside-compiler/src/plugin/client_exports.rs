//! The names behind `export *` in a package's client file. The file becomes a list of references, one for each name, so
//! the names have to be known while it is read.

use super::GraphHooks;
use crate::{
    directive::{ExportNames, export_names},
    graph::GraphKind,
    package::NODE_MODULES,
};
use ironside_bundler::{ModuleSource, ResolveKind, ResolveRequest, Resolved, Resolver};
use memchr::memmem;
use oxc::{allocator::Allocator, parser::Parser, span::SourceType};
use std::{collections::BTreeSet, fs, path::Path};

/// Whether it is worth looking: a package's file in the `rsc` graph that has the words.
pub(super) fn may_have_stars(hooks: &GraphHooks, module: ModuleSource<'_>) -> bool {
    hooks.kind == GraphKind::Rsc
        && module.id.contains(NODE_MODULES)
        && memmem::find(module.source.as_bytes(), b"use client").is_some()
        && memmem::find(module.source.as_bytes(), b"export *").is_some()
}

pub(super) async fn prepare(hooks: &GraphHooks, module: ModuleSource<'_>, resolver: Resolver<'_>) {
    let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::from([module.id.to_owned()]));
    let mut open: Vec<(String, String)> = exports_of(module.id, module.source)
        .stars
        .into_iter()
        .map(|star| (module.id.to_owned(), star))
        .collect();
    while let Some((importer, specifier)) = open.pop() {
        let request = ResolveRequest {
            specifier: &specifier,
            importer: Some(&importer),
            kind: ResolveKind::Import,
        };
        let Some(Resolved::Module { id, .. }) = resolver.resolve(request).await else {
            continue;
        };
        if !seen.insert(id.clone()) {
            continue;
        }
        let Ok(source) = fs::read_to_string(&id) else { continue };
        let exports = exports_of(&id, &source);
        names.extend(exports.names);
        open.extend(exports.stars.into_iter().map(|star| (id.clone(), star)));
    }
    // `export *` leaves `default` out.
    names.remove("default");
    hooks.stars().insert(module.id.to_owned(), names);
}

fn exports_of(file: &str, source: &str) -> ExportNames {
    let allocator = Allocator::default();
    let source_type = SourceType::from_path(Path::new(file)).unwrap_or_else(|_| SourceType::mjs());
    export_names(&Parser::new(&allocator, source, source_type).parse().program)
}
