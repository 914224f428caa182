//! `export const dynamic = …` and its siblings: read from the text, checked, and merged along a route (Next behaviour
//! 5.54 to 5.56).

use super::module_facts::{Export, ExportValue, ModuleFacts};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::SegmentConfig;
use serde_json::Value;
use std::sync::Arc;

const DYNAMIC: &[&str] = &["auto", "force-dynamic", "error", "force-static"];
const FETCH_CACHE: &[&str] = &[
    "auto",
    "default-cache",
    "only-cache",
    "force-cache",
    "default-no-store",
    "only-no-store",
    "force-no-store",
];
const RUNTIME: &[&str] = &["nodejs", "edge", "experimental-edge"];
const NAMES: &[&str] = &[
    "dynamic",
    "revalidate",
    "dynamicParams",
    "fetchCache",
    "runtime",
    "maxDuration",
];

/// Reads the configuration of one file.
pub(crate) fn read(facts: &ModuleFacts, file: &str, source: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) -> SegmentConfig {
    let mut config = SegmentConfig::default();
    for name in NAMES {
        let Some(export) = facts.exports.get(*name) else { continue };
        if let Err(problem) = set(&mut config, name, export) {
            let (message, hint) = problem.words(name);
            diagnostics.push(
                Diagnostic::error("segment-config", message)
                    .at(file, Arc::clone(source), export.value_span.clone())
                    .hint(hint),
            );
        }
    }
    config
}

enum Problem {
    NotLiteral,
    ReExported,
    Expected(String),
}

impl Problem {
    fn words(&self, name: &str) -> (String, String) {
        let hint = format!(
            "`{name}` is read without running the file: write the value itself, such as {}",
            example(name)
        );
        match self {
            Self::NotLiteral => (format!("`{name}` has to be a literal"), hint),
            Self::ReExported => (format!("`{name}` cannot come from another module"), hint),
            Self::Expected(what) => (format!("`{name}` has to be {what}"), format!("write {}", example(name))),
        }
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "dynamic" => "`export const dynamic = 'force-dynamic'`",
        "revalidate" => "`export const revalidate = 60`",
        "dynamicParams" => "`export const dynamicParams = false`",
        "fetchCache" => "`export const fetchCache = 'default-cache'`",
        "runtime" => "`export const runtime = 'nodejs'`",
        _ => "`export const maxDuration = 30`",
    }
}

fn set(config: &mut SegmentConfig, name: &str, export: &Export) -> Result<(), Problem> {
    let value = match &export.value {
        ExportValue::Literal(value) => value,
        ExportValue::ReExport => return Err(Problem::ReExported),
        ExportValue::Callable | ExportValue::Computed => return Err(Problem::NotLiteral),
    };
    match name {
        "dynamic" => config.dynamic = Some(one_of(value, DYNAMIC)?),
        "fetchCache" => config.fetch_cache = Some(one_of(value, FETCH_CACHE)?),
        "runtime" => config.runtime = Some(one_of(value, RUNTIME)?),
        "revalidate" => {
            config.revalidate = Some(match value {
                Value::Bool(false) => -1,
                other => whole(other).ok_or_else(|| Problem::Expected("a number of seconds from 0, or false".into()))?,
            });
        }
        "dynamicParams" => {
            config.dynamic_params = Some(value.as_bool().ok_or_else(|| Problem::Expected("true or false".into()))?);
        }
        _ => {
            let seconds = whole(value).and_then(|seconds| u32::try_from(seconds).ok());
            config.max_duration = Some(seconds.ok_or_else(|| Problem::Expected("a number of seconds from 0".into()))?);
        }
    }
    Ok(())
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().filter(|number| *number >= 0)
}

fn one_of(value: &Value, allowed: &[&str]) -> Result<String, Problem> {
    let text = value.as_str().filter(|text| allowed.contains(text));
    text.map(str::to_owned).ok_or_else(|| {
        let words: Vec<_> = allowed.iter().map(|word| format!("'{word}'")).collect();
        Problem::Expected(format!("one of {}", words.join(", ")))
    })
}

/// Adds an inner file's configuration to that of the files around it: the inner one wins, except that the shortest
/// `revalidate` counts.
pub(crate) fn merge(outer: &mut SegmentConfig, inner: &SegmentConfig) {
    outer.dynamic = inner.dynamic.clone().or_else(|| outer.dynamic.take());
    outer.fetch_cache = inner.fetch_cache.clone().or_else(|| outer.fetch_cache.take());
    outer.runtime = inner.runtime.clone().or_else(|| outer.runtime.take());
    outer.dynamic_params = inner.dynamic_params.or(outer.dynamic_params);
    outer.max_duration = inner.max_duration.or(outer.max_duration);
    outer.revalidate = match (outer.revalidate, inner.revalidate) {
        // -1 stands for never.
        (Some(-1), Some(other)) | (Some(other), Some(-1)) | (Some(other), None) | (None, Some(other)) => Some(other),
        (Some(a), Some(b)) => Some(a.min(b)),
        (None, None) => None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(source: &str) -> (SegmentConfig, Vec<String>) {
        let mut diagnostics = Vec::new();
        let facts = ModuleFacts::read("page.tsx", source);
        let config = read(&facts, "page.tsx", &Arc::from(source), &mut diagnostics);
        (config, diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect())
    }

    #[test]
    fn literals_are_read() {
        let (config, problems) = config(
            "export const dynamic = 'error' as const, revalidate = false;\nexport const dynamicParams = false;\n\
             export const maxDuration = 5; const runtime = `edge`; export { runtime };",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(config.dynamic.as_deref(), Some("error"));
        assert_eq!(config.revalidate, Some(-1));
        assert_eq!(config.dynamic_params, Some(false));
        assert_eq!(config.max_duration, Some(5));
        assert_eq!(config.runtime.as_deref(), Some("edge"));
    }

    #[test]
    fn what_has_to_be_run_or_means_nothing_is_refused() {
        assert_eq!(
            config("export const revalidate = 60 * 10").1,
            ["`revalidate` has to be a literal"]
        );
        assert_eq!(
            config("export { dynamic } from './x'").1,
            ["`dynamic` cannot come from another module"]
        );
        assert_eq!(
            config("export const revalidate = -5").1,
            ["`revalidate` has to be a number of seconds from 0, or false"]
        );
        assert_eq!(config("export const dynamic = 'never'").1.len(), 1);
    }

    #[test]
    fn the_inner_file_wins_but_the_shortest_time_counts() {
        let (mut outer, _) = config("export const revalidate = 60; export const dynamic = 'error'");
        merge(
            &mut outer,
            &config("export const revalidate = 300; export const dynamic = 'auto'").0,
        );
        assert_eq!((outer.revalidate, outer.dynamic.as_deref()), (Some(60), Some("auto")));
        merge(&mut outer, &config("export const revalidate = false").0);
        assert_eq!(outer.revalidate, Some(60));
    }
}
