//! Puts the manifest together from what the phases found out.

use super::{WrittenFile, asset_path, chunks::Chunks, content_hash};
use crate::{
    app_dir::AppDir,
    bundle::{Graphs, INSTRUMENTATION_CLIENT},
    graph::{BROWSER, GraphKind, SSR, WORKER},
    usage,
    walk::Walker,
};
use ironside_bundler::Chunk;
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{
    Action, ActionId, AppConfig, Asset, AssetPath, Bootstrap, Client, ClientId, External, MANIFEST_FORMAT, Manifest, Segment,
};
use std::collections::BTreeMap;

/// What the graphs do not say.
pub(crate) struct Parts<'a> {
    pub(crate) app: &'a AppDir,
    pub(crate) config: AppConfig,
    pub(crate) react: String,
    pub(crate) externals: Vec<External>,
    /// Files of stylesheets, by module.
    pub(crate) styles: &'a dyn Fn(&[String]) -> Vec<AssetPath>,
    /// Fonts of stylesheets that are loaded ahead, by module.
    pub(crate) fonts: &'a dyn Fn(&[String]) -> Vec<AssetPath>,
}

/// Makes the manifest, without assets and without the build's id: they are known only after everything is written.
pub(crate) fn assemble(graphs: &Graphs, parts: Parts<'_>) -> Result<Manifest, Diagnostic> {
    let maker = Maker {
        graphs,
        parts: &parts,
        walker: Walker::new(graphs),
        rsc: Chunks::new(GraphKind::Rsc, &graphs.rsc.output),
        ssr: Chunks::new(GraphKind::Ssr, &graphs.ssr.output),
        browser: Chunks::new(GraphKind::Browser, &graphs.browser.output),
    };
    let app = parts.app;
    Ok(Manifest {
        format: MANIFEST_FORMAT,
        build: String::new(),
        react: parts.react.clone(),
        config: parts.config.clone(),
        routes: app.routes.clone(),
        not_found: app.not_found.clone(),
        not_found_config: app.not_found_config.clone(),
        global_error: app.global_error.clone(),
        segments: maker.segments()?,
        clients: maker.clients()?,
        actions: maker.actions()?,
        assets: BTreeMap::new(),
        bootstrap: maker.bootstrap()?,
        externals: parts.externals.clone(),
        proxy: match &app.proxy {
            Some(proxy) => Some(ironside_model::manifest::Proxy {
                chunk: maker.server_chunk(&proxy.file)?,
                ..proxy.clone()
            }),
            None => None,
        },
        prerendered: None,
        instrumentation: app
            .instrumentation
            .as_deref()
            .map(|file| maker.server_chunk(file))
            .transpose()?,
    })
}

/// Adds what is known after writing: the assets, and an id that is the hash of everything.
pub(crate) fn complete(manifest: &mut Manifest, written: &[WrittenFile]) {
    for file in written.iter().filter(|file| file.public) {
        let asset = Asset {
            file: file.path.clone(),
            bytes: file.bytes,
            hash: file.hash.clone(),
            content_type: file.content_type.clone(),
            encodings: file.encodings.clone(),
        };
        manifest.assets.insert(asset_path(&file.path), asset);
    }
    let files: String = written.iter().map(|file| format!("{} {}\n", file.path, file.hash)).collect();
    let facts = serde_json::to_string(manifest).unwrap_or_default();
    manifest.build = content_hash(format!("{files}{facts}").as_bytes());
}

struct Maker<'a> {
    graphs: &'a Graphs,
    parts: &'a Parts<'a>,
    walker: Walker<'a>,
    rsc: Chunks<'a>,
    ssr: Chunks<'a>,
    browser: Chunks<'a>,
}

impl<'a> Maker<'a> {
    fn segments(&self) -> Result<BTreeMap<String, Segment>, Diagnostic> {
        let segments = self.parts.app.segments.iter();
        segments
            .map(|(file, segment)| Ok((file.clone(), self.segment(file, segment)?)))
            .collect()
    }

    fn segment(&self, file: &str, known: &Segment) -> Result<Segment, Diagnostic> {
        if known.copy.is_some() {
            return Ok(known.clone());
        }
        let chunk = self.server_entry(file)?;
        let module = chunk.facade.as_deref().unwrap_or_default();
        let reached = self.walker.server_module(module);
        let facts = self.graphs.rsc.output.modules.get(module);
        // Names behind `export *` are known only now. Beside them a chunk may have short names of its own making.
        let star = facts.is_some_and(|facts| facts.exports.iter().any(|name| name == "*"));
        let exports = if star { chunk.exports.clone() } else { known.exports.clone() };
        Ok(Segment {
            chunk: self.rsc.path(chunk),
            exports,
            styles: (self.parts.styles)(&reached.styles),
            fonts: (self.parts.fonts)(&reached.styles),
            clients: reached.clients.into_iter().collect(),
            ..known.clone()
        })
    }

    fn clients(&self) -> Result<BTreeMap<ClientId, Client>, Diagnostic> {
        let mut clients = BTreeMap::new();
        for (id, (name, exports)) in &self.graphs.clients {
            let Some(file) = self.graphs.rsc.collected.clients.get(id) else {
                continue;
            };
            let browser = entry(&self.browser, name, &file.file)?;
            let ssr = entry(&self.ssr, name, &file.file)?;
            let client = Client {
                file: file.file.clone(),
                exports: exports.iter().cloned().collect(),
                browser: self.public(browser),
                ssr: self.ssr.path(ssr),
                preload: self.preload(browser),
                styles: (self.parts.styles)(&self.walker.client_file(&file.module).styles),
            };
            clients.insert(id.clone(), client);
        }
        Ok(clients)
    }

    fn actions(&self) -> Result<BTreeMap<ActionId, Action>, Diagnostic> {
        let graphs = self.graphs;
        let reach = usage::reach(
            (&graphs.rsc.output, &graphs.rsc.collected),
            (&graphs.browser.output, &graphs.browser.collected),
        );
        let mut actions = BTreeMap::new();
        for (id, found) in &graphs.rsc.collected.actions {
            let chunk = self.rsc.exporting(&found.module, &found.export);
            let chunk = chunk.ok_or_else(|| fault(format!("`{}` of {} is in no chunk", found.export, found.file)))?;
            let action = Action {
                file: found.file.clone(),
                line: found.line,
                column: found.column,
                name: found.name.clone(),
                chunk: self.rsc.path(chunk),
                export: found.export.clone(),
                sealed: found.sealed,
                reach: reach.get(id).cloned().unwrap_or_default(),
                options: found.options.clone(),
            };
            actions.insert(id.clone(), action);
        }
        Ok(actions)
    }

    fn bootstrap(&self) -> Result<Bootstrap, Diagnostic> {
        let browser = entry(&self.browser, BROWSER, "the browser's entry")?;
        Ok(Bootstrap {
            worker: self.rsc.path(entry(&self.rsc, WORKER, "the worker")?),
            ssr: self.ssr.path(entry(&self.ssr, SSR, "the renderer of HTML")?),
            browser: self.public(browser),
            preload: self.preload(browser),
            instrumentation_client: self.browser.entry(INSTRUMENTATION_CLIENT).map(|chunk| self.public(chunk)),
        })
    }

    fn server_chunk(&self, file: &str) -> Result<String, Diagnostic> {
        Ok(self.rsc.path(self.server_entry(file)?))
    }

    fn server_entry(&self, file: &str) -> Result<&'a Chunk, Diagnostic> {
        let name = self.graphs.entry_names.get(file).map(String::as_str).unwrap_or_default();
        entry(&self.rsc, name, file)
    }

    fn public(&self, chunk: &Chunk) -> AssetPath {
        asset_path(&self.browser.path(chunk))
    }

    fn preload(&self, chunk: &'a Chunk) -> Vec<AssetPath> {
        self.browser
            .static_imports(chunk)
            .iter()
            .map(|file| asset_path(file))
            .collect()
    }
}

fn entry<'a>(chunks: &Chunks<'a>, name: &str, what: &str) -> Result<&'a Chunk, Diagnostic> {
    chunks
        .entry(name)
        .ok_or_else(|| fault(format!("{what} has no chunk in the graph of {}", chunks.kind.title())))
}

fn fault(message: String) -> Diagnostic {
    Diagnostic::error("internal", message).hint("this is a fault of Ironside; please report it")
}
