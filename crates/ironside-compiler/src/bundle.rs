//! The three graphs, made one from the other (`compiling.md` §3, phases 3 to 5): the server's graph says which client files
//! there are, the client graphs say which action files only they know, and those are added to the server's.

use crate::{
    dynamic_import::PathAlias,
    environment::{Alias, RemoveConsole},
    error::BuildFailure,
    external::Externals,
    file_key::FileKeys,
    graph::{GraphKind, GraphSettings, slug},
    plugin::{Aliases, CacheSettings, GraphHooks, Stubs, collected::Collected, virtual_module},
    remedy::Remedies,
    usage,
};
use ironside_bundler::{Entry, Graph, Output, Problem};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{ClientId, FileKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

/// Each round adds a file to a finite set, so it ends; more rounds than anyone needs are a fault of ours.
const MAX_ROUNDS: usize = 10;

/// What the graphs are made from.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: GraphSettings,
    pub(crate) keys: FileKeys,
    pub(crate) externals: Arc<Externals>,
    pub(crate) stubs: Arc<Stubs>,
    /// Modules of the `rsc` graph that are entries, by key.
    pub(crate) modules: BTreeSet<FileKey>,
    /// `instrumentation-client`, an entry of the browser's graph.
    pub(crate) instrumentation_client: Option<FileKey>,
    /// `compiler.removeConsole`.
    pub(crate) remove_console: Option<RemoveConsole>,
    /// `turbopack.resolveAlias`.
    pub(crate) aliases: Arc<[Alias]>,
    /// Folders that `paths` of `tsconfig.json` names.
    pub(crate) path_aliases: Arc<[PathAlias]>,
    pub(crate) cache: CacheSettings,
    /// Whether the client graphs are made at once.
    pub(crate) parallel: bool,
}

/// A finished graph.
#[derive(Debug)]
pub(crate) struct Bundled {
    pub(crate) output: Output,
    pub(crate) collected: Collected,
    /// What is wrong without failing the build.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// All three.
#[derive(Debug)]
pub(crate) struct Graphs {
    pub(crate) rsc: Bundled,
    pub(crate) ssr: Bundled,
    pub(crate) browser: Bundled,
    /// Names of the entries of the `rsc` graph by key.
    pub(crate) entry_names: BTreeMap<FileKey, String>,
    /// Names of the client graphs' entries by client file, and the exports that are used.
    pub(crate) clients: BTreeMap<ClientId, (String, BTreeSet<String>)>,
}

/// The name of the browser's entry for `instrumentation-client`.
pub(crate) const INSTRUMENTATION_CLIENT: &str = "instrumentation-client";

/// Makes all graphs. `on_client` is called when the first of the client graphs begins.
pub(crate) async fn bundle(plan: &Plan, on_client: impl Fn()) -> Result<Graphs, BuildFailure> {
    let entry_names = unique_names(plan.modules.iter().map(|key| (key.clone(), slug(key))));
    let mut rsc = RunningGraph::new(plan, GraphKind::Rsc, server_entries(plan, &entry_names))?;
    rsc.hooks
        .set_text(virtual_module::ACTIONS, virtual_module::actions(&BTreeSet::new()));
    let mut output = rsc.generate(plan).await?;
    on_client();
    let mut action_files = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let used = usage::client_exports(&output, &rsc.hooks.collect());
        let clients = ClientEntries::new(&used, &rsc.hooks.collect());
        let [ssr, browser] = client_graphs(plan, &clients).await?;
        let missing = unknown_action_files(&rsc.hooks.collect(), [&ssr, &browser]);
        let complete = missing.is_empty() || {
            action_files.extend(missing);
            rsc.hooks
                .set_text(virtual_module::ACTIONS, virtual_module::actions(&action_files));
            output = rsc.read_again(plan, virtual_module::ACTIONS).await?;
            // The new files may have brought client files with them; otherwise the client graphs are complete.
            usage::client_exports(&output, &rsc.hooks.collect()) == used
        };
        if complete {
            let rsc = rsc.finish(plan, output).await;
            return Ok(Graphs {
                rsc,
                ssr,
                browser,
                entry_names,
                clients: clients.names,
            });
        }
    }
    Err(Diagnostic::error(
        "too-many-rounds",
        "server and client code keep finding new files in each other",
    )
    .hint("this is a fault of Ironside; please report it")
    .into())
}

/// The entries of both client graphs.
struct ClientEntries {
    names: BTreeMap<ClientId, (String, BTreeSet<String>)>,
    /// Texts of the entries by client file.
    texts: BTreeMap<ClientId, String>,
}

impl ClientEntries {
    fn new(used: &BTreeMap<ClientId, BTreeSet<String>>, collected: &Collected) -> Self {
        let (mut names, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for (id, exports) in used {
            let Some(file) = collected.clients.get(id) else { continue };
            let name = virtual_module::client_entry_name(&slug(&file.file), id);
            names.insert(id.clone(), (name, exports.clone()));
            texts.insert(id.clone(), virtual_module::client_entry(&file.module, exports));
        }
        Self { names, texts }
    }

    fn entries(&self) -> Vec<Entry> {
        let entry = |(id, (name, _)): (&ClientId, &(String, _))| Entry {
            name: name.clone(),
            import: virtual_module::client(id),
        };
        self.names.iter().map(entry).collect()
    }
}

fn server_entries(plan: &Plan, names: &BTreeMap<FileKey, String>) -> Vec<Entry> {
    let path = |key: &str| plan.keys.path(key).map(|path| path.to_string_lossy().into_owned());
    let modules = names.iter().filter_map(|(key, name)| {
        Some(Entry {
            name: name.clone(),
            import: path(key)?,
        })
    });
    let actions = Entry {
        name: "client-actions".into(),
        import: virtual_module::ACTIONS.into(),
    };
    modules.chain([actions]).collect()
}

async fn client_graphs(plan: &Plan, clients: &ClientEntries) -> Result<[Bundled; 2], BuildFailure> {
    let make = async |kind: GraphKind| -> Result<Bundled, BuildFailure> {
        let mut entries = clients.entries();
        if kind == GraphKind::Browser
            && let Some(path) = plan.instrumentation_client.as_deref().and_then(|key| plan.keys.path(key))
        {
            entries.push(Entry {
                name: INSTRUMENTATION_CLIENT.into(),
                import: path.to_string_lossy().into_owned(),
            });
        }
        let mut graph = RunningGraph::new(plan, kind, entries)?;
        for (id, text) in &clients.texts {
            graph.hooks.set_text(virtual_module::client(id), text.clone());
        }
        let output = graph.generate(plan).await?;
        Ok(graph.finish(plan, output).await)
    };
    if plan.parallel {
        let (ssr, browser) = tokio::join!(make(GraphKind::Ssr), make(GraphKind::Browser));
        return Ok([ssr?, browser?]);
    }
    // On few cores one after the other is faster, and takes less memory.
    let browser = make(GraphKind::Browser).await?;
    Ok([make(GraphKind::Ssr).await?, browser])
}

/// `'use server'` files of which client code uses something, and that the server's graph does not have yet.
fn unknown_action_files(server: &Collected, clients: [&Bundled; 2]) -> BTreeSet<String> {
    let of = |graph: &Bundled| -> Vec<String> {
        let used = usage::used_exports(&graph.output);
        let in_use = |module: &&String| used.get(module.as_str()).is_some_and(|names| !names.is_empty());
        graph.collected.server_files.iter().filter(in_use).cloned().collect()
    };
    clients
        .into_iter()
        .flat_map(of)
        .filter(|module| !server.server_files.contains(module))
        .collect()
}

/// A graph while it is made.
struct RunningGraph {
    kind: GraphKind,
    graph: Graph,
    hooks: Arc<GraphHooks>,
}

impl RunningGraph {
    fn new(plan: &Plan, kind: GraphKind, entries: Vec<Entry>) -> Result<Self, BuildFailure> {
        let runtime_dir = plan.settings.runtime_dir.clone();
        let mut hooks = GraphHooks::new(
            kind,
            plan.keys.clone(),
            Arc::clone(&plan.externals),
            runtime_dir,
            Arc::clone(&plan.stubs),
        );
        hooks.remove_console.clone_from(&plan.remove_console);
        hooks.aliases = Aliases {
            root: plan.settings.root.clone(),
            list: Arc::clone(&plan.aliases),
            folders: Arc::clone(&plan.path_aliases),
        };
        hooks.cache.clone_from(&plan.cache);
        hooks.entries = entries.iter().map(|entry| entry.import.clone()).collect();
        let hooks = Arc::new(hooks);
        let graph = Graph::new(plan.settings.options(kind, entries), Arc::clone(&hooks) as _)
            .map_err(|problems| failure(plan, kind, &hooks.collect(), &problems, Vec::new()))?;
        Ok(Self { kind, graph, hooks })
    }

    async fn generate(&mut self, plan: &Plan) -> Result<Output, BuildFailure> {
        let result = self.graph.generate().await;
        self.check(plan, result)
    }

    async fn read_again(&mut self, plan: &Plan, module: &str) -> Result<Output, BuildFailure> {
        let result = self.graph.partial(vec![module.to_owned()]).await;
        self.check(plan, result)
    }

    fn check(&self, plan: &Plan, result: Result<Output, Vec<Problem>>) -> Result<Output, BuildFailure> {
        let collected = self.hooks.collect();
        let problems = match &result {
            Ok(output) => &output.warnings,
            Err(problems) => problems,
        };
        let failure = failure(plan, self.kind, &collected, problems, self.graph.watched());
        match result {
            Ok(output) if !failure.diagnostics.has_errors() => Ok(output),
            _ => Err(failure),
        }
    }

    async fn finish(mut self, plan: &Plan, output: Output) -> Bundled {
        self.graph.close().await;
        let collected = std::mem::take(&mut *self.hooks.collect());
        let warnings = failure(plan, self.kind, &collected, &output.warnings, Vec::new()).diagnostics;
        Bundled {
            output,
            collected,
            warnings: warnings.into_iter().collect(),
        }
    }
}

/// Everything that is wrong with a graph.
fn failure(plan: &Plan, kind: GraphKind, collected: &Collected, problems: &[Problem], watched: Vec<String>) -> BuildFailure {
    let remedies = Remedies {
        keys: &plan.keys,
        collected,
        kind,
    };
    let explained = problems.iter().filter_map(|problem| remedies.explain(problem));
    let wrong_side = collected
        .wrong_side
        .iter()
        .map(|(importer, name)| remedies.wrong_side(importer, name));
    let client_api = collected
        .client_api
        .iter()
        .map(|(module, diagnostic)| remedies.client_api(module, diagnostic));
    let unusable = collected
        .unusable
        .iter()
        .map(|(module, reason)| remedies.unusable(module, reason));
    let own = collected.diagnostics.iter().cloned();
    let mut failure = BuildFailure::new(own.chain(explained).chain(wrong_side).chain(client_api).chain(unusable));
    failure.watched = watched.into_iter().map(PathBuf::from).collect();
    failure
}

/// Names that stay apart: a number is added where two files would be called the same.
fn unique_names(names: impl Iterator<Item = (FileKey, String)>) -> BTreeMap<FileKey, String> {
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    names
        .map(|(key, name)| {
            let count = taken.entry(name.clone()).or_default();
            *count += 1;
            let name = if *count == 1 { name } else { format!("{name}-{count}") };
            (key, name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_would_share_a_name_are_numbered() {
        let files = ["app/a-b/page.tsx", "app/a/b/page.tsx", "app/page.tsx"];
        let names = unique_names(files.iter().map(|file| ((*file).to_owned(), slug(file))));
        let names: Vec<_> = names.values().map(String::as_str).collect();
        assert_eq!(names, ["app-a-b-page", "app-a-b-page-2", "app-page"]);
    }
}
