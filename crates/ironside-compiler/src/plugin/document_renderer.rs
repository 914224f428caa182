//! The copy of React's HTML renderer that makes documents. It is the package's own code with an encoder of ours
//! (`packages/runtime/src/ssr/html-text.ts`), which works only together with the destination that documents are written to. An
//! application that calls `renderToPipeableStream` itself must not meet it, so the copy has modules of its own: the package's files with a
//! query behind their names.

use super::{GraphHooks, resolve::pinned};
use crate::{file_key::split_query, graph::GraphKind};
use ironside_bundler::{Language, Loaded, ResolveRequest, Resolved, Resolver};

/// What the runtime imports.
const RENDERER: &str = "ironside:document-renderer";
/// Stands behind the names of the copy's files.
const QUERY: &str = "?document";
/// The beginning of the name of the files, below the package, that are the renderer itself. What lies beside them is not copied.
const FILES: &str = "./cjs/react-dom-server.node.";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The copy, by the runtime.
    Whole,
    /// A file of the copy, by another one.
    File,
    /// The encoder, by a file of the copy.
    Encoder,
    /// Anything else, by a file of the copy.
    Other,
}

/// What is asked for, if it concerns the copy.
pub(super) fn part(kind: GraphKind, request: ResolveRequest<'_>) -> Option<Part> {
    if kind != GraphKind::Ssr {
        return None;
    }
    if request.specifier == RENDERER {
        return Some(Part::Whole);
    }
    let importer = request.importer?;
    Some(match request.specifier {
        _ if !importer.ends_with(QUERY) => return None,
        "util" => Part::Encoder,
        file if file.starts_with(FILES) => Part::File,
        // Pinned names lead where they always do.
        name if !name.starts_with('.') => return None,
        _ => Part::Other,
    })
}

pub(super) async fn resolve(
    hooks: &GraphHooks,
    part: Part,
    request: ResolveRequest<'_>,
    resolver: Resolver<'_>,
) -> Option<Resolved> {
    let named = |specifier| ResolveRequest { specifier, ..request };
    let importer = request.importer.map(|importer| split_query(importer).0);
    let beside = ResolveRequest { importer, ..request };
    match part {
        Part::Whole => copied(pinned(hooks, named("react-dom/server.node"), resolver).await?),
        Part::File => copied(resolver.resolve(beside).await?),
        Part::Encoder => pinned(hooks, named("@ironside/runtime/ssr/html-text.ts"), resolver).await,
        Part::Other => resolver.resolve(beside).await,
    }
}

fn copied(found: Resolved) -> Option<Resolved> {
    match found {
        Resolved::Module { id, package_json } => Some(Resolved::Module {
            id: id + QUERY,
            package_json,
        }),
        Resolved::External(_) | Resolved::Ignored(_) => None,
    }
}

/// The text of a file of the copy, if it is one.
pub(super) fn load(id: &str) -> Option<Loaded> {
    let file = id.strip_suffix(QUERY)?;
    Some(Loaded {
        code: std::fs::read_to_string(file).ok()?,
        language: Language::JavaScript,
        side_effects: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_bundler::ResolveKind;

    #[test]
    fn only_the_copy_gets_our_encoder() {
        let asks = |kind, specifier, importer| {
            let request = ResolveRequest {
                specifier,
                importer: Some(importer),
                kind: ResolveKind::Require,
            };
            part(kind, request)
        };
        let renderer = "/a/node_modules/react-dom/cjs/react-dom-server.node.production.js";
        let copy = &format!("{renderer}?document");
        assert_eq!(asks(GraphKind::Ssr, RENDERER, "/a/document.tsx"), Some(Part::Whole));
        assert_eq!(asks(GraphKind::Ssr, "util", copy), Some(Part::Encoder));
        assert_eq!(
            asks(GraphKind::Ssr, "./cjs/react-dom-server.node.production.js", copy),
            Some(Part::File)
        );
        assert_eq!(
            asks(GraphKind::Ssr, "./cjs/react-dom-server-legacy.node.production.js", copy),
            Some(Part::Other)
        );
        for (kind, specifier, importer) in [
            (GraphKind::Ssr, "util", renderer),
            (GraphKind::Ssr, "react", copy),
            (GraphKind::Ssr, "react-dom/server.node", "/a/app/page.tsx"),
            (GraphKind::Rsc, "util", copy),
        ] {
            assert_eq!(asks(kind, specifier, importer), None, "{specifier} of {importer}");
        }
    }
}
