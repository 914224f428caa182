//! What only Node can do at build time: evaluate `next.config`, run PostCSS, Sass and MDX.
//!
//! The compiler asks for it through [`NodeTools`], which the binary implements over a Node process that runs
//! `packages/runtime/src/tool/main.ts` and speaks the frame protocol (jobs of kind `control`: the target is the operation,
//! the body is JSON, the answer as well). The compiler itself starts no process and knows no socket. [`prepare`] makes the
//! script that this process runs.

mod bundle;
mod mixed_module;

pub use bundle::{BundleError, NodeBundle, Packages, bundle_for_node, prepare};

use futures_util::future::BoxFuture;
use serde_json::Value;

/// Evaluates a `next.config` file: `{file, phase, defaultConfig, env}` → `{config, functions}`.
pub const LOAD_CONFIG: &str = "load-config";
/// Runs the plugins of a PostCSS configuration: `{root, config, version, file, css, env}` → `{css, dependencies, folders,
/// warnings}`.
pub const POSTCSS: &str = "postcss";

/// Compiles MDX with the application's compiler: `{root, file, source, env}` → `{code}`.
pub const MDX: &str = "mdx";
/// Compiles a stylesheet with the application's Sass: `{root, file, css, options, env}` → `{css, dependencies}`.
pub const SASS: &str = "sass";

/// A Node process that does one operation after the other, or several at once.
pub trait NodeTools: Send + Sync {
    /// Runs an operation. The process is started at the first call.
    fn call<'a>(&'a self, operation: &'a str, input: Value) -> BoxFuture<'a, Result<Value, ToolError>>;
}

/// Why an operation has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ToolError {
    /// Node is missing or too old, or the helper's script could not be made.
    #[error("the build helper could not run: {0}")]
    Process(String),
    /// The process ended before it had answered, or was ended because it did nothing any more.
    #[error("Node ended before it was done: {0}")]
    Ended(String),
    /// The operation itself threw.
    #[error("{message}")]
    Thrown {
        /// The error's message.
        message: String,
        /// The error's name: `SyntaxError`.
        name: String,
        /// The error's stack, if it has one.
        stack: Option<String>,
        /// Where it happened as far as the operation knows.
        place: Option<ToolPlace>,
    },
    /// The answer isn't what the operation promises.
    #[error("the build helper's answer to `{operation}` makes no sense: {reason}")]
    Answer {
        /// The operation.
        operation: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A place in a source file that an operation complains about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct ToolPlace {
    /// The file's absolute path.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// Errors of operations travel as ordinary answers: `{error: {name, message, stack, place}}` instead of `{ok: …}`, since a
/// thrown value has facts that the protocol's own failures don't carry. This opens the envelope.
pub fn open_answer(operation: &str, answer: Value) -> Result<Value, ToolError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Envelope {
        Ok(Value),
        Error {
            name: String,
            message: String,
            stack: Option<String>,
            place: Option<ToolPlace>,
        },
    }
    match serde_json::from_value(answer) {
        Ok(Envelope::Ok(value)) => Ok(value),
        Ok(Envelope::Error {
            name,
            message,
            stack,
            place,
        }) => Err(ToolError::Thrown {
            message,
            name,
            stack,
            place,
        }),
        Err(error) => Err(ToolError::Answer {
            operation: operation.to_owned(),
            reason: error.to_string(),
        }),
    }
}
