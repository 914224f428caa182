//! What the hooks of one graph find out while it is scanned.

use crate::directive::evidence::Evidence;
use ironside_bundler::ResolveKind;
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{ActionId, ActionOptions, ClientId, FileKey};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A `'use client'` file that code of the `rsc` graph imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientFile {
    /// The module's id.
    pub(crate) module: String,
    /// Its key.
    pub(crate) file: FileKey,
    /// It has no ESM syntax, so its names are known only from those who import it.
    pub(crate) commonjs: bool,
}

/// A server function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundAction {
    pub(crate) module: String,
    pub(crate) file: FileKey,
    pub(crate) name: String,
    pub(crate) export: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) sealed: bool,
    pub(crate) inline: bool,
    pub(crate) options: Option<ActionOptions>,
    pub(crate) evidence: Evidence,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Client files by id; `rsc` only.
    pub(crate) clients: BTreeMap<ClientId, ClientFile>,
    /// Server functions by id. In client graphs those of the `'use server'` files that were replaced by proxies.
    pub(crate) actions: BTreeMap<ActionId, FoundAction>,
    /// Modules that are `'use server'` files.
    pub(crate) server_files: BTreeSet<String>,
    /// What is wrong.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Who imports a module: `None` for entries.
    importers: FxHashMap<String, BTreeSet<Option<String>>>,
    /// Where an import of a module leads.
    pub(crate) resolutions: FxHashMap<(String, String), String>,
    /// How a module asks for what leads nowhere.
    pub(crate) unresolved: FxHashMap<(String, String), ResolveKind>,
    /// Files that cannot be loaded, and why.
    pub(crate) unusable: BTreeMap<String, String>,
    /// Modules of server code that call hooks of client components.
    pub(crate) client_api: BTreeMap<String, Diagnostic>,
    /// Modules that import `server-only` or `client-only` on the wrong side: importer, name.
    pub(crate) wrong_side: BTreeSet<(String, String)>,
}

impl Collected {
    /// Notes an import that leads to a module of the graph.
    pub(crate) fn note_import(&mut self, importer: Option<&str>, specifier: &str, module: &str) {
        self.importers
            .entry(module.to_owned())
            .or_default()
            .insert(importer.map(str::to_owned));
        if let Some(importer) = importer {
            self.resolutions
                .insert((importer.to_owned(), specifier.to_owned()), module.to_owned());
        }
    }

    /// The shortest way from an entry to the module: the module first, the entry last.
    pub(crate) fn chain(&self, module: &str) -> Vec<String> {
        let mut from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(module, None)]);
        let mut queue = VecDeque::from([module]);
        while let Some(current) = queue.pop_front() {
            let importers = self.importers.get(current);
            if importers.is_none_or(|importers| importers.contains(&None)) {
                return path_back(&from, current);
            }
            for importer in importers.into_iter().flatten().flatten() {
                if !from.contains_key(importer.as_str()) {
                    from.insert(importer, Some(current));
                    queue.push_back(importer);
                }
            }
        }
        vec![module.to_owned()]
    }
}

fn path_back(from: &BTreeMap<&str, Option<&str>>, last: &str) -> Vec<String> {
    let mut chain = vec![last.to_owned()];
    let mut current = last;
    while let Some(Some(next)) = from.get(current) {
        chain.push((*next).to_owned());
        current = next;
    }
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_of_imports_is_the_shortest_and_ends_at_an_entry() {
        let mut collected = Collected::default();
        collected.note_import(None, "/app/page.tsx", "/app/page.tsx");
        collected.note_import(Some("/app/page.tsx"), "./a", "/app/a.ts");
        collected.note_import(Some("/app/page.tsx"), "./b", "/app/b.ts");
        collected.note_import(Some("/app/a.ts"), "./b", "/app/b.ts");
        collected.note_import(Some("/app/b.ts"), "./a", "/app/a.ts");
        assert_eq!(collected.chain("/app/b.ts"), ["/app/b.ts", "/app/page.tsx"]);
        assert_eq!(collected.chain("/nobody"), ["/nobody"]);
    }
}
