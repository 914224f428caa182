//! What stands in code in place of `process.env.NAME`.

use super::Environment;
use crate::options::Mode;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which code is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The `rsc` and `ssr` graphs.
    Server,
    /// The `browser` graph, where there is no environment: what isn't inlined is `undefined`.
    Browser,
}

impl Environment {
    /// Names and the expressions that replace them; longer names win over `process.env` alone.
    #[must_use]
    pub fn defines(&self, side: Side, mode: Mode, process_env: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let text = |value: &str| Value::from(value).to_string();
        let mut defines = BTreeMap::new();
        let public = process_env
            .iter()
            .chain(&self.env_files.values)
            .filter(|(name, _)| name.starts_with("NEXT_PUBLIC_"));
        for (name, value) in public.chain(&self.settings.env) {
            // Other names can't be written behind a dot, and so can't be meant.
            if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                defines.insert(format!("process.env.{name}"), text(value));
            }
        }
        defines.insert("process.env.NODE_ENV".to_owned(), text(mode.node_env()));
        defines.extend(self.settings.define.clone());
        match side {
            Side::Server => {
                defines.insert("process.env.NEXT_RUNTIME".to_owned(), text("nodejs"));
                defines.insert("typeof window".to_owned(), text("undefined"));
                defines.extend(self.settings.define_server.clone());
            }
            Side::Browser => {
                defines.insert("process.env.NEXT_RUNTIME".to_owned(), text(""));
                defines.insert("typeof window".to_owned(), text("object"));
                defines.insert("process.env".to_owned(), "{}".to_owned());
            }
        }
        defines.into_iter().collect()
    }
}
