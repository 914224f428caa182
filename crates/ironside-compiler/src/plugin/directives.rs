//! Directives, on the bundler's own syntax tree: what they turn a module into, and what a graph learns from them.

use super::{GraphHooks, collected::{ClientFile, FoundAction}};
use crate::{
    directive::{self, Directives, FileFacts, Graph},
    graph::{GraphKind, slug},
    package::NODE_MODULES,
};
use ironside_bundler::{Emit, ModuleSource};
use oxc::{allocator::Allocator, ast::ast::Program};

pub(super) fn transform<'a>(
    hooks: &GraphHooks,
    module: ModuleSource<'_>,
    program: &mut Program<'a>,
    allocator: &'a Allocator,
) -> Emit {
    if !directive::mentions_directive(module.source.as_bytes()) {
        return Emit::default();
    }
    let file_key = hooks.keys.key(module.id);
    let star_names: Vec<String> = hooks.stars().get(module.id).cloned().unwrap_or_default().into_iter().collect();
    let facts = FileFacts {
        file_key: &file_key,
        file: &hooks.keys.shown(module.id),
        source: module.source,
        graph: match hooks.kind {
            GraphKind::Rsc => Graph::Rsc,
            GraphKind::Ssr => Graph::Ssr,
            GraphKind::Browser => Graph::Browser,
        },
        is_package: module.id.contains(NODE_MODULES),
        star_names: &star_names,
    };
    let found = directive::apply(program, allocator, &facts);
    let has_actions = !found.actions.is_empty();
    note(hooks, module.id, &file_key, found);
    // Actions are called by name of a chunk and of its export, so their module has to be a chunk of its own.
    let entry = has_actions && hooks.kind == GraphKind::Rsc && !hooks.entries.contains(module.id);
    Emit { entry: entry.then(|| format!("actions-{}", slug(&file_key))) }
}

fn note(hooks: &GraphHooks, module: &str, file_key: &str, found: Directives) {
    let mut collected = hooks.collect();
    if let Some(client) = found.client
        && hooks.kind == GraphKind::Rsc
    {
        let file = ClientFile { module: module.to_owned(), file: file_key.to_owned(), commonjs: client.commonjs };
        collected.clients.insert(client.id, file);
    }
    if found.server_file {
        collected.server_files.insert(module.to_owned());
    }
    for action in found.actions {
        collected.actions.insert(
            action.id,
            FoundAction {
                module: module.to_owned(),
                file: file_key.to_owned(),
                name: action.name,
                export: action.export,
                line: action.line,
                column: action.column,
                sealed: action.sealed,
                inline: action.inline,
            },
        );
    }
    collected.diagnostics.extend(found.diagnostics);
}
