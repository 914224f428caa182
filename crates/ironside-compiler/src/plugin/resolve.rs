//! Where imports lead: our own packages before the application's, `server-only` and `client-only`, externals.

use super::{GraphHooks, document_renderer, virtual_module};
use crate::{
    font,
    graph::GraphKind,
    package::{NODE_MODULES, split_specifier},
};
use ironside_bundler::{ResolveKind, ResolveRequest, Resolved, Resolver};
use std::path::Path;

/// Names that are always ours, whoever imports them.
const PINNED: &[&str] = &[
    "react",
    "react-dom",
    "react-server-dom-webpack",
    "scheduler",
    "next",
    "ironside",
];

/// Node's own modules, for messages and for the browser, where they are missing.
const BUILTINS: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Whether the name is one of Node's own modules.
pub(crate) fn is_builtin(specifier: &str) -> bool {
    specifier.starts_with("node:") || split_specifier(specifier).is_some_and(|(name, _)| BUILTINS.contains(&name))
}

/// Whether the name leads into the runtime folder.
pub(crate) fn is_pinned(specifier: &str) -> bool {
    split_specifier(specifier).is_some_and(|(name, _)| PINNED.contains(&name) || name.starts_with("@ironside/"))
}

pub(super) async fn resolve(hooks: &GraphHooks, request: ResolveRequest<'_>, resolver: Resolver<'_>) -> Option<Resolved> {
    let resolved = find(hooks, request, resolver).await;
    match &resolved {
        Some(Resolved::Module { id, .. }) => hooks.collect().note_import(request.importer, request.specifier, id),
        Some(Resolved::External(_) | Resolved::Ignored(_)) => {}
        None => note_unresolved(hooks, request),
    }
    resolved
}

fn note_unresolved(hooks: &GraphHooks, request: ResolveRequest<'_>) {
    if let Some(importer) = request.importer {
        let key = (importer.to_owned(), request.specifier.to_owned());
        hooks.collect().unresolved.insert(key, request.kind);
    }
}

async fn find(hooks: &GraphHooks, request: ResolveRequest<'_>, resolver: Resolver<'_>) -> Option<Resolved> {
    let specifier = request.specifier;
    if specifier == virtual_module::REFERENCES {
        return pinned(
            hooks,
            ResolveRequest {
                specifier: hooks.kind.references(),
                ..request
            },
            resolver,
        )
        .await;
    }
    if specifier == "react/jsx-runtime"
        && let Some(ours) = hooks.kind.jsx_runtime().filter(|_| !is_own_code(hooks, request.importer))
    {
        return pinned(
            hooks,
            ResolveRequest {
                specifier: ours,
                ..request
            },
            resolver,
        )
        .await;
    }
    if let Some(id) = font::module_id(specifier) {
        return Some(Resolved::Module { id, package_json: None });
    }
    if let Some(module) = special(hooks, request) {
        return Some(Resolved::Module {
            id: module.to_owned(),
            package_json: None,
        });
    }
    if let Some(part) = document_renderer::part(hooks.kind, request) {
        return document_renderer::resolve(hooks, part, request, resolver).await;
    }
    if let Some(ours) = replaced(specifier) {
        return pinned(
            hooks,
            ResolveRequest {
                specifier: ours,
                ..request
            },
            resolver,
        )
        .await;
    }
    if is_pinned(specifier) {
        return pinned(hooks, request, resolver).await;
    }
    if hooks.kind == GraphKind::Browser && is_builtin(specifier) {
        return builtin_in_browser(request, resolver).await;
    }
    if request.importer.and_then(virtual_module::external_specifier).is_some() {
        return Some(Resolved::External(specifier.to_owned()));
    }
    let resolved = match alias(hooks, specifier) {
        Some((target, importer)) => {
            let request = ResolveRequest {
                specifier: &target,
                importer: Some(&importer),
                ..request
            };
            resolver.resolve(request).await?
        }
        None => resolver.resolve(request).await?,
    };
    Some(match resolved {
        Resolved::Module { id, package_json } if hooks.kind.is_server() => {
            external(hooks, request, &id).unwrap_or(Resolved::Module { id, package_json })
        }
        other => other,
    })
}

/// What the configuration wants to be imported instead, as seen from the application's folder.
fn alias(hooks: &GraphHooks, specifier: &str) -> Option<(String, String)> {
    let in_browser = hooks.kind == GraphKind::Browser;
    let target = hooks
        .aliases
        .list
        .iter()
        .find_map(|alias| alias.target(specifier, in_browser))?;
    let importer = hooks.aliases.root.join("package.json");
    Some((target, importer.to_string_lossy().into_owned()))
}

/// The module of ours that does what a package does.
fn replaced(specifier: &str) -> Option<&'static str> {
    // It loads WASM and fonts from where the package lies, which is nowhere in a bundle; Next has its own copy of it as well.
    (specifier == "@vercel/og").then_some("next/og")
}

fn is_own_code(hooks: &GraphHooks, importer: Option<&str>) -> bool {
    importer.is_some_and(|importer| Path::new(importer).starts_with(&hooks.runtime_dir))
}

/// Names that stand for no file: an empty module, or an error.
fn special(hooks: &GraphHooks, request: ResolveRequest<'_>) -> Option<&'static str> {
    // Calls are replaced before this is asked for; of what stays the reason has been told.
    if request.specifier == font::GOOGLE {
        return Some(virtual_module::EMPTY_COMMONJS);
    }
    let wrong = match request.specifier {
        "server-only" | "next/dist/compiled/server-only" => hooks.kind != GraphKind::Rsc,
        "client-only" | "next/dist/compiled/client-only" => hooks.kind == GraphKind::Rsc,
        // Only types come from here; with some settings of TypeScript their import stays.
        "next" => false,
        _ => return None,
    };
    if let Some(importer) = request.importer.filter(|_| wrong) {
        hooks
            .collect()
            .wrong_side
            .insert((importer.to_owned(), request.specifier.to_owned()));
    }
    Some(virtual_module::EMPTY)
}

pub(super) async fn pinned(hooks: &GraphHooks, request: ResolveRequest<'_>, resolver: Resolver<'_>) -> Option<Resolved> {
    let importer = hooks.runtime_dir.join("package.json");
    let importer = importer.to_string_lossy();
    let ask = |specifier| {
        resolver.resolve(ResolveRequest {
            specifier,
            importer: Some(&importer),
            ..request
        })
    };
    let found = ask(request.specifier).await;
    match (found, request.specifier.strip_suffix(".js")) {
        (Some(found), _) => Some(found),
        // Packages that were written for Node name files of `next` with their ending.
        (None, Some(bare)) => ask(bare).await,
        (None, None) => None,
    }
}

/// In the browser a package may bring its own form of a built-in (`npm:events`). CommonJS packages often ask for one that
/// they then do not use there.
async fn builtin_in_browser(request: ResolveRequest<'_>, resolver: Resolver<'_>) -> Option<Resolved> {
    if !request.specifier.starts_with("node:")
        && let Some(found @ (Resolved::Module { .. } | Resolved::Ignored(_))) = resolver.resolve(request).await
    {
        return Some(found);
    }
    let in_package = request.importer.is_some_and(|importer| importer.contains(NODE_MODULES));
    (in_package && request.kind == ResolveKind::Require).then(|| Resolved::Module {
        id: virtual_module::EMPTY_COMMONJS.into(),
        package_json: None,
    })
}

fn external(hooks: &GraphHooks, request: ResolveRequest<'_>, id: &str) -> Option<Resolved> {
    let file = Path::new(id);
    if request.importer.is_none() || file.starts_with(&hooks.runtime_dir) {
        return None;
    }
    // A package's modules reach each other by paths; if one of them is in the graph, the package was not external.
    if request.specifier.starts_with(['.', '/', '#']) {
        return None;
    }
    let decision = hooks.externals.decide(file)?;
    let specifier = hooks.externals.specifier(&decision, request.specifier, file);
    let esm = match file.extension().and_then(|ending| ending.to_str()) {
        Some("mjs") => true,
        Some("cjs" | "json" | "node") => false,
        _ => decision.package.is_module_type(),
    };
    Some(match request.kind {
        ResolveKind::Import | ResolveKind::DynamicImport if !esm => Resolved::Module {
            id: virtual_module::external(&specifier),
            package_json: None,
        },
        _ => Resolved::External(specifier),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_are_pinned_and_similar_ones_are_not() {
        for pinned in [
            "react",
            "react/jsx-runtime",
            "next/link",
            "@ironside/client/entry.tsx",
            "react-dom/client",
        ] {
            assert!(is_pinned(pinned), "{pinned}");
        }
        for free in ["react-icons", "next-themes", "./react", "@scope/react", "reactive"] {
            assert!(!is_pinned(free), "{free}");
        }
    }

    #[test]
    fn a_package_that_we_stand_in_for_leads_to_our_module_and_its_files_do_not() {
        assert_eq!(replaced("@vercel/og"), Some("next/og"));
        for other in ["@vercel/og/package.json", "@vercel/analytics", "next/og"] {
            assert_eq!(replaced(other), None, "{other}");
        }
    }

    #[test]
    fn built_ins_are_known_with_and_without_protocol() {
        for name in ["fs", "node:fs", "fs/promises", "stream/web"] {
            assert!(is_builtin(name), "{name}");
        }
        for name in ["fs-extra", "./fs", "pathe"] {
            assert!(!is_builtin(name), "{name}");
        }
    }
}
