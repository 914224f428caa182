//! The stylesheets of a build: which ones each segment and each client file needs, and the files that they become.

use crate::{
    application::Application, bundle::Graphs, emit::BuildFile, error::BuildFailure, file_key::split_query, style::StyleBundle,
    walk::Walker,
};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::AssetPath;
use std::{collections::BTreeSet, path::PathBuf};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Stylesheets {
    bundle: StyleBundle,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) watched: BTreeSet<PathBuf>,
}

/// Compiles what the graphs import.
pub(crate) async fn compile(app: &Application, graphs: &Graphs) -> Result<Stylesheets, BuildFailure> {
    let walker = Walker::new(graphs);
    let rsc = &graphs.rsc.output;
    let entries = rsc
        .chunks
        .iter()
        .filter(|chunk| graphs.entry_names.values().any(|name| *name == chunk.name));
    let of_segments = entries.filter_map(|chunk| Some(walker.server_module(chunk.facade.as_deref()?).styles));
    let clients = graphs.clients.keys().filter_map(|id| graphs.rsc.collected.clients.get(id));
    let of_clients = clients.map(|file| walker.client_file(&file.module).styles);
    let lists: Vec<Vec<PathBuf>> = of_segments
        .chain(of_clients)
        .map(|styles| paths(&styles))
        .filter(|list| !list.is_empty())
        .collect();
    let compiler = app.plan.stubs.styles();
    let bundle = compiler.bundle(&lists).await;
    let (files, folders) = compiler.watched();
    let watched = files
        .into_iter()
        .chain(folders.into_iter().map(|folder| folder.folder))
        .collect();
    match bundle {
        Ok(bundle) => Ok(Stylesheets {
            bundle,
            warnings: compiler.warnings(),
            watched,
        }),
        Err(problems) => {
            let mut failure = BuildFailure::new(problems.into_iter().chain(compiler.warnings()));
            failure.watched = watched;
            Err(failure)
        }
    }
}

impl Stylesheets {
    /// The URLs of the files that have these modules' rules, in order.
    pub(crate) fn urls(&self, modules: &[String]) -> Vec<AssetPath> {
        self.bundle.urls(&paths(modules))
    }

    /// The fonts of these modules' rules that are loaded ahead.
    pub(crate) fn fonts(&self, modules: &[String]) -> Vec<AssetPath> {
        self.bundle.fonts(&paths(modules))
    }

    /// The files and what they refer to.
    pub(crate) fn into_files(self) -> Vec<BuildFile> {
        let public = |path: String, content: Vec<u8>| BuildFile {
            path,
            content,
            public: true,
        };
        let styles = self
            .bundle
            .files
            .into_iter()
            .map(|(path, text)| public(path, text.into_bytes()));
        let media = self.bundle.media.into_values().map(|file| public(file.path, file.content));
        styles.chain(media).collect()
    }
}

fn paths(modules: &[String]) -> Vec<PathBuf> {
    modules.iter().map(|module| PathBuf::from(split_query(module).0)).collect()
}
