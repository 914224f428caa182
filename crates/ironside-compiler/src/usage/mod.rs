//! What is used across the border between server and client: which exports of client files, and which server functions
//! may be called from outside, and why (`compiling.md` §8).

pub(crate) mod commonjs;
pub(crate) mod import_use;
pub(crate) mod referrers;

use crate::{file_key::split_query, plugin::collected::Collected};
use import_use::{Count, Used};
use ironside_bundler::{ModuleFormat, Output};
use ironside_model::manifest::{ActionId, ClientId, Reach};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// The names of each client file that server code uses. Files of which nothing is used are left out.
pub(crate) fn client_exports(output: &Output, collected: &Collected) -> BTreeMap<ClientId, BTreeSet<String>> {
    let rendered = used_exports(output);
    let mut clients = BTreeMap::new();
    for (id, client) in &collected.clients {
        let names = if client.commonjs {
            commonjs_exports(output, collected, &client.module)
        } else {
            rendered.get(client.module.as_str()).cloned().unwrap_or_default()
        };
        if !names.is_empty() {
            clients.insert(id.clone(), names);
        }
    }
    clients
}

/// The exports of each module that are left in the output.
pub(crate) fn used_exports(output: &Output) -> BTreeMap<&str, BTreeSet<String>> {
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for module in output.chunks.iter().flat_map(|chunk| &chunk.modules) {
        used.entry(&module.id)
            .or_default()
            .extend(module.used_exports.iter().cloned());
    }
    used
}

/// The bundler does not follow names into CommonJS, so the importers are asked. Where even they do not say names, all that
/// the module seems to have are taken.
fn commonjs_exports(output: &Output, collected: &Collected, module: &str) -> BTreeSet<String> {
    let used = uses_of(output, collected, module, Count::Imports);
    let mut names = used.names;
    if used.all || names.contains("default") {
        names.extend(commonjs::exported_names(
            &fs::read_to_string(split_query(module).0).unwrap_or_default(),
        ));
    }
    names
}

/// How all importers of a module use it.
fn uses_of(output: &Output, collected: &Collected, module: &str, count: Count) -> Used {
    let mut used = Used::default();
    let Some(facts) = output.modules.get(module) else {
        return used;
    };
    if facts.dynamic_importers.iter().any(|importer| !importer.starts_with('\0')) {
        used.merge(Used::everything());
    }
    for importer in &facts.importers {
        let format = output.modules.get(importer).map(|facts| facts.format).unwrap_or_default();
        if format == ModuleFormat::CommonJs {
            used.merge(Used::everything());
            continue;
        }
        let source = fs::read_to_string(split_query(importer).0).unwrap_or_default();
        used.merge(import_use::of_importer(importer, &source, count, |specifier| {
            collected
                .resolutions
                .get(&(importer.clone(), specifier.to_owned()))
                .is_some_and(|id| id == module)
        }));
    }
    used
}

/// Why each server function can be called from outside; no reason, no entry.
pub(crate) fn reach(rsc: (&Output, &Collected), browser: (&Output, &Collected)) -> BTreeMap<ActionId, Vec<Reach>> {
    let in_browser = used_exports(browser.0);
    let values: BTreeMap<&str, Used> = rsc
        .1
        .server_files
        .iter()
        .map(|module| (module.as_str(), values_of(rsc, module)))
        .collect();
    let mut reach = BTreeMap::new();
    for (id, action) in &rsc.1.actions {
        let mut reasons = BTreeSet::new();
        let proxy = browser.1.actions.get(id);
        let called = |proxy: &crate::plugin::collected::FoundAction| {
            in_browser
                .get(proxy.module.as_str())
                .is_some_and(|names| names.contains(&proxy.export))
        };
        if proxy.is_some_and(called) {
            reasons.insert(Reach::Browser);
        }
        if action.inline {
            reasons.insert(Reach::Inline);
        } else if values
            .get(action.module.as_str())
            .is_some_and(|used| used.contains(&action.export))
        {
            reasons.insert(Reach::ServerValue);
        }
        if !reasons.is_empty() {
            reach.insert(id.clone(), reasons.into_iter().collect());
        }
    }
    reach
}

/// The exports of a `'use server'` file that server code hands on as values.
fn values_of((output, collected): (&Output, &Collected), module: &str) -> Used {
    let mut used = uses_of(output, collected, module, Count::Values);
    let source = fs::read_to_string(split_query(module).0).unwrap_or_default();
    used.merge(import_use::of_own_exports(module, &source));
    used
}
