//! Who refers to each server function: the files through which it can be called from outside.

use super::{
    import_use::{self, Count, Used},
    reach,
};
use crate::{
    file_key::{FileKeys, split_query},
    plugin::collected::Collected,
};
use ironside_bundler::{ModuleFormat, Output};
use ironside_model::manifest::{ActionId, Reach};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// A file that refers to a server function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Referrer {
    /// The side on which it does.
    pub side: ReferrerSide,
    /// The file, relative to the application.
    pub file: String,
}

/// The side on which a file refers to a server function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerSide {
    /// Code of the browser imports it.
    Client,
    /// Code of the server hands it on: to a form that is rendered, to a client component.
    Server,
}

/// The reach of each server function and who refers to it. A server function that nothing leads to from outside is not in the map.
pub(crate) fn referrers(
    rsc: (&Output, &Collected),
    browser: (&Output, &Collected),
    keys: &FileKeys,
) -> BTreeMap<ActionId, (Vec<Reach>, Vec<Referrer>)> {
    let mut users = Users::default();
    let reached = reach(rsc, browser);
    let found = reached.into_iter().filter_map(|(id, reach)| {
        let action = rsc.1.actions.get(&id)?;
        let mut list = BTreeSet::new();
        let mut add = |side, module: &str| {
            list.insert(Referrer {
                side,
                file: keys.shown(module),
            });
        };
        if let Some(proxy) = browser.1.actions.get(&id).filter(|_| reach.contains(&Reach::Browser)) {
            for (module, used) in users.of(browser, &proxy.module, Count::Imports) {
                if used.contains(&proxy.export) {
                    add(ReferrerSide::Client, module);
                }
            }
        }
        if reach.contains(&Reach::Inline) {
            add(ReferrerSide::Server, &action.module);
        }
        if reach.contains(&Reach::ServerValue) {
            for (module, used) in users.of(rsc, &action.module, Count::Values) {
                if used.contains(&action.export) {
                    add(ReferrerSide::Server, module);
                }
            }
        }
        Some((id, (reach, list.into_iter().collect())))
    });
    found.collect()
}

/// How the importers of modules use them, each asked once.
#[derive(Default)]
struct Users {
    known: BTreeMap<(bool, String), Vec<(String, Used)>>,
}

impl Users {
    fn of(&mut self, (output, collected): (&Output, &Collected), module: &str, count: Count) -> &[(String, Used)] {
        self.known
            .entry((count == Count::Values, module.to_owned()))
            .or_insert_with(|| ask(output, collected, module, count))
    }
}

fn ask(output: &Output, collected: &Collected, module: &str, count: Count) -> Vec<(String, Used)> {
    let Some(facts) = output.modules.get(module) else {
        return Vec::new();
    };
    let mut users = Vec::new();
    // Modules of our own making have no file that could be shown.
    let is_file = |importer: &&String| !importer.starts_with('\0');
    for importer in facts.dynamic_importers.iter().filter(is_file) {
        users.push((importer.clone(), Used::everything()));
    }
    for importer in facts.importers.iter().filter(is_file) {
        let format = output.modules.get(importer).map(|facts| facts.format).unwrap_or_default();
        if format == ModuleFormat::CommonJs {
            users.push((importer.clone(), Used::everything()));
            continue;
        }
        let source = fs::read_to_string(split_query(importer).0).unwrap_or_default();
        let leads_there = |specifier: &str| {
            collected
                .resolutions
                .get(&(importer.clone(), specifier.to_owned()))
                .is_some_and(|id| id == module)
        };
        users.push((
            importer.clone(),
            import_use::of_importer(importer, &source, count, leads_there),
        ));
    }
    if count == Count::Values {
        let source = fs::read_to_string(split_query(module).0).unwrap_or_default();
        users.push((module.to_owned(), import_use::of_own_exports(module, &source)));
    }
    users
}
