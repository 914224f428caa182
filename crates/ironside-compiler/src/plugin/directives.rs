//! What becomes of a module's syntax tree: directives, and rules about what server code may use.

use super::{
    GraphHooks, client_api,
    collected::{ClientFile, FoundAction},
    remove_console,
};
use crate::{
    directive::{self, CacheRules, Directives, FileFacts, Graph},
    dynamic_import,
    font::{self, FontFacts},
    graph::{GraphKind, slug},
    package::NODE_MODULES,
};
use ironside_bundler::{Emit, ModuleSource};
use ironside_diagnostics::Diagnostic;
use oxc::{allocator::Allocator, ast::ast::Program};
use std::path::{Path, PathBuf};

pub(super) fn transform<'a>(
    hooks: &GraphHooks,
    module: ModuleSource<'_>,
    program: &mut Program<'a>,
    allocator: &'a Allocator,
) -> Emit {
    let is_package = module.id.contains(NODE_MODULES);
    if let Some(options) = hooks.remove_console.as_ref().filter(|_| !is_package) {
        remove_console::apply(program, allocator, options);
    }
    let mentioned = directive::mentions_directive(module.source.as_bytes());
    let found = if mentioned {
        apply(hooks, module, program, allocator)
    } else {
        Emit::default()
    };
    if font::is_mentioned(module.source.as_bytes()) {
        declare_fonts(hooks, module, program, allocator);
    }
    if !is_package {
        dynamic_import::apply(
            module.source,
            Path::new(module.id),
            &hooks.aliases.folders,
            program,
            allocator,
        );
    }
    // Of a client file nothing is left here that could import a hook.
    if hooks.kind == GraphKind::Rsc && !is_package {
        refuse_client_api(hooks, module, program);
    }
    found
}

fn apply<'a>(hooks: &GraphHooks, module: ModuleSource<'_>, program: &mut Program<'a>, allocator: &'a Allocator) -> Emit {
    let file_key = hooks.keys.key(module.id);
    let star_names: Vec<String> = hooks
        .stars()
        .get(module.id)
        .cloned()
        .unwrap_or_default()
        .into_iter()
        .collect();
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
        cache: CacheRules {
            enabled: hooks.cache.enabled,
            handlers: &hooks.cache.handlers,
        },
        star_names: &star_names,
    };
    let found = directive::apply(program, allocator, &facts);
    let has_actions = !found.actions.is_empty();
    note(hooks, module.id, &file_key, found);
    // Actions are called by name of a chunk and of its export, so their module has to be a chunk of its own.
    let entry = has_actions && hooks.kind == GraphKind::Rsc && !hooks.entries.contains(module.id);
    Emit {
        entry: entry.then(|| format!("actions-{}", slug(&file_key))),
    }
}

/// After directives: of what they replace nothing is left that could declare a font.
fn declare_fonts<'a>(hooks: &GraphHooks, module: ModuleSource<'_>, program: &mut Program<'a>, allocator: &'a Allocator) {
    let (key, shown) = (hooks.keys.key(module.id), hooks.keys.shown(module.id));
    let facts = FontFacts {
        key: &key,
        shown: &shown,
        module: module.id,
        source: module.source,
    };
    match font::apply(program, allocator, facts) {
        Ok(made) => {
            hooks.collect().diagnostics.extend(made.warning);
            for font in made.fonts {
                hooks.stubs.styles().add_made(PathBuf::from(&font.id), font.sheet);
                hooks.set_text(font.id, font.code);
            }
        }
        Err(problems) => hooks.collect().diagnostics.extend(problems),
    }
}

fn refuse_client_api(hooks: &GraphHooks, module: ModuleSource<'_>, program: &Program<'_>) {
    let Some(import) = client_api::find(program, module.source) else {
        return;
    };
    let message = format!("`{}` of {} works only in client components", import.name, import.module);
    let diagnostic = Diagnostic::error("client-api-in-server-code", message)
        .at(hooks.keys.shown(module.id), module.source, import.span)
        .hint("put `'use client'` at the top of this file, or move what needs it to a file of its own that has it");
    hooks.collect().client_api.insert(module.id.to_owned(), diagnostic);
}

fn note(hooks: &GraphHooks, module: &str, file_key: &str, found: Directives) {
    let mut collected = hooks.collect();
    if let Some(client) = found.client
        && hooks.kind == GraphKind::Rsc
    {
        let file = ClientFile {
            module: module.to_owned(),
            file: file_key.to_owned(),
            commonjs: client.commonjs,
        };
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
                options: action.options,
                evidence: action.evidence,
            },
        );
    }
    collected.diagnostics.extend(found.diagnostics);
}
