//! The compiler's Node helper: one process for `next.config`, PostCSS and the like, started when a build first asks for it.

use futures_util::future::BoxFuture;
use ironside_compiler::tool::{self, NodeTools, ToolError, open_answer};
use ironside_worker::{Helper, NodeOptions};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};
use tokio::sync::OnceCell;

/// What the process is started with.
#[derive(Debug)]
pub(crate) struct Tools {
    node: PathBuf,
    root: PathBuf,
    runtime_dir: PathBuf,
    cache_dir: PathBuf,
    env: BTreeMap<String, String>,
    helper: OnceCell<Helper>,
}

impl Tools {
    /// Starts nothing yet.
    pub(crate) fn new(
        node: PathBuf,
        root: PathBuf,
        runtime_dir: PathBuf,
        cache_dir: PathBuf,
        env: BTreeMap<String, String>,
    ) -> Self {
        Self {
            node,
            root,
            runtime_dir,
            cache_dir,
            env,
            helper: OnceCell::new(),
        }
    }

    async fn helper(&self) -> Result<&Helper, ToolError> {
        let failed = |error: &dyn std::fmt::Display| ToolError::Process(error.to_string());
        self.helper
            .get_or_try_init(|| async {
                let script = tool::prepare(&self.runtime_dir, &self.cache_dir)
                    .await
                    .map_err(|error| failed(&error))?;
                let mut options = NodeOptions::new(&self.node, script, &self.root);
                options.env = self.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
                // PostCSS plugins and configurations may need it, and the process serves nobody.
                options.keep_node_options = true;
                Helper::start(options).await.map_err(|error| failed(&error))
            })
            .await
    }
}

impl NodeTools for Tools {
    fn call<'a>(&'a self, operation: &'a str, input: Value) -> BoxFuture<'a, Result<Value, ToolError>> {
        Box::pin(async move {
            let helper = self.helper().await?;
            let answer = helper
                .call(operation, &input)
                .await
                .map_err(|error| ToolError::Ended(error.to_string()))?;
            open_answer(operation, answer)
        })
    }
}
