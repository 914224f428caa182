//! A graph: its options and hooks, and how it is bundled, wholly or again in part.

use crate::{Boxed, GraphOptions, Hooks, Output, Problem, output, plugin::HooksPlugin, problem};
use rolldown::{BundleOutput, Bundler};
use rolldown_common::ScanMode;
use rolldown_error::BuildResult;
use std::{fmt, path::PathBuf, sync::Arc};

/// A set of entries and everything that they import.
pub struct Graph {
    bundler: Bundler,
    plugin: Arc<HooksPlugin>,
    root: PathBuf,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Graph {
    /// Prepares a graph; nothing is read yet.
    ///
    /// # Errors
    /// If the options contradict each other or a `define` is no expression.
    pub fn new(options: GraphOptions, hooks: Arc<dyn Hooks>) -> Result<Self, Vec<Problem>> {
        let root = options.root.clone();
        let plugin = Arc::new(HooksPlugin {
            hooks,
            modules: Default::default(),
            assets: Default::default(),
        });
        let bundler = Bundler::with_plugins(options.into_rolldown(), vec![Arc::clone(&plugin) as _])
            .map_err(|batch| problem::from_batch(batch, &root))?;
        Ok(Self { bundler, plugin, root })
    }

    /// Reads, links and bundles everything in memory.
    pub fn generate(&mut self) -> Boxed<'_, Result<Output, Vec<Problem>>> {
        Box::pin(async move {
            let result = self.bundler.generate().await;
            self.finish(result)
        })
    }

    /// Reads the given modules again, and those that they newly import, then links and bundles. The graph must be
    /// incremental.
    pub fn partial(&mut self, ids: Vec<String>) -> Boxed<'_, Result<Output, Vec<Problem>>> {
        Box::pin(async move {
            let ids = ids.into_iter().map(Into::into).collect();
            let result = self.bundler.incremental_generate(ScanMode::Partial(ids)).await;
            self.finish(result)
        })
    }

    /// Ends the graph. Its memory is given back when it is dropped.
    pub fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            // The only failure is a hook of ours that fails at the end, and there is none.
            let _ = self.bundler.close().await;
        })
    }

    /// Files that were read so far, also if the graph failed, so that a watcher can wait for them to be mended.
    #[must_use]
    pub fn watched(&self) -> Vec<String> {
        self.bundler.watch_files().iter().map(|file| file.to_string()).collect()
    }

    fn finish(&self, result: BuildResult<BundleOutput>) -> Result<Output, Vec<Problem>> {
        let bundle = result.map_err(|batch| problem::from_batch(batch, &self.root))?;
        let mut output = output::from_rolldown(bundle, self.plugin.take_modules(), &self.root);
        output.watched = self.watched().into_iter().collect();
        output.add_missing(&self.plugin.assets());
        Ok(output)
    }
}
