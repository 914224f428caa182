//! Walks from a module along its imports, from the server's graph into the browser's where it meets a client file: which
//! client files it can reach, and which stylesheets it needs, in their order.

use crate::{bundle::Graphs, file_key::split_query, style::StyleCompiler};
use ironside_bundler::{ModuleFacts, Output};
use ironside_model::manifest::ClientId;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What a module leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Stylesheets in the order of evaluation: imported ones before their importer, the first occurrence counts.
    pub(crate) styles: Vec<String>,
    /// Client files.
    pub(crate) clients: BTreeSet<ClientId>,
    /// Modules of the server's graph.
    pub(crate) modules: BTreeSet<String>,
}

/// Knows the way through both graphs.
#[derive(Debug)]
pub(crate) struct Walker<'a> {
    rsc: &'a Output,
    browser: &'a Output,
    /// Ids of client files that are in use, by module.
    clients: BTreeMap<&'a str, &'a ClientId>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Server,
    Client,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(graphs: &'a Graphs) -> Self {
        let used = graphs
            .rsc
            .collected
            .clients
            .iter()
            .filter(|(id, _)| graphs.clients.contains_key(*id));
        let clients = used.map(|(id, file)| (file.module.as_str(), id)).collect();
        Self {
            rsc: &graphs.rsc.output,
            browser: &graphs.browser.output,
            clients,
        }
    }

    /// Everything that a module of the server's graph leads to.
    pub(crate) fn server_module(&self, module: &str) -> Reached {
        self.walk(module, Side::Server)
    }

    /// Everything that a client file leads to.
    pub(crate) fn client_file(&self, module: &str) -> Reached {
        self.walk(module, Side::Client)
    }

    fn walk(&self, start: &str, side: Side) -> Reached {
        let mut reached = Reached::default();
        let mut seen = BTreeSet::new();
        // Depth first without recursion, since chains of imports may be long. `true` marks the way back up.
        let mut stack = vec![(start.to_owned(), side, false)];
        while let Some((module, side, done)) = stack.pop() {
            if done {
                if is_style(&module) {
                    reached.styles.push(module);
                }
                continue;
            }
            if !seen.insert((module.clone(), side)) {
                continue;
            }
            let side = self.cross(&module, side, &mut reached);
            if side == Side::Server {
                reached.modules.insert(module.clone());
            }
            let imports = self.imports(&module, side);
            stack.push((module, side, true));
            stack.extend(imports.into_iter().rev().map(|import| (import, side, false)));
        }
        let mut listed = BTreeSet::new();
        reached.styles.retain(|style| listed.insert(style.clone()));
        reached
    }

    /// A client file in the server's graph is only a list of references; what it imports stands in the browser's graph.
    fn cross(&self, module: &str, side: Side, reached: &mut Reached) -> Side {
        match self.clients.get(module) {
            Some(id) if side == Side::Server => {
                reached.clients.insert((*id).clone());
                Side::Client
            }
            _ => side,
        }
    }

    fn imports(&self, module: &str, side: Side) -> Vec<String> {
        let graph = match side {
            Side::Server => self.rsc,
            Side::Client => self.browser,
        };
        graph.modules.get(module).map(all_imports).unwrap_or_default()
    }
}

/// Static imports first: what is imported dynamically is needed later.
fn all_imports(facts: &ModuleFacts) -> Vec<String> {
    facts.imports.iter().chain(&facts.dynamic_imports).cloned().collect()
}

fn is_style(module: &str) -> bool {
    StyleCompiler::is_stylesheet(Path::new(split_query(module).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(modules: &[(&str, &[&str])]) -> Output {
        let facts = |imports: &[&str]| ModuleFacts {
            imports: imports.iter().map(|import| (*import).to_owned()).collect(),
            ..ModuleFacts::default()
        };
        Output {
            modules: modules
                .iter()
                .map(|(module, imports)| ((*module).to_owned(), facts(imports)))
                .collect(),
            ..Output::default()
        }
    }

    #[test]
    fn styles_come_in_the_order_of_evaluation_across_the_border() {
        let rsc = output(&[
            ("page", &["card", "client", "page.css"]),
            ("card", &["card.css", "page"]),
            ("card.css", &[]),
            ("page.css", &[]),
            ("client", &["references"]),
        ]);
        let browser = output(&[("client", &["button", "card.css", "client.css"]), ("button", &["button.css"])]);
        let id: ClientId = "0123456789abcdef".into();
        let walker = Walker {
            rsc: &rsc,
            browser: &browser,
            clients: BTreeMap::from([("client", &id)]),
        };
        let reached = walker.server_module("page");
        assert_eq!(reached.styles, ["card.css", "button.css", "client.css", "page.css"]);
        assert_eq!(reached.clients, BTreeSet::from([id.clone()]));
        assert!(reached.modules.contains("card") && !reached.modules.contains("button"));
        assert_eq!(walker.client_file("client").styles, ["button.css", "card.css", "client.css"]);
    }
}
