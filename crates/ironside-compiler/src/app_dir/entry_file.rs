//! The files beside `app` that are entries of their own: `proxy` (or `middleware`), `instrumentation` and
//! `instrumentation-client` (Next behaviour 7.20 to 7.22, 7.41, 7.42).

use super::{
    Sources,
    folder::split_extension,
    module_facts::{Export, ExportValue},
};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{FileKey, Proxy};
use serde_json::{Value, json};
use std::sync::Arc;

/// The files beside `app`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct EntryFiles {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) instrumentation: Option<FileKey>,
    pub(crate) instrumentation_client: Option<FileKey>,
}

pub(crate) fn find(sources: &mut Sources, app: &str, files: &[FileKey], extensions: &[String]) -> EntryFiles {
    let beside = app.strip_suffix("app").unwrap_or_default();
    let file = |stem: &str| {
        files.iter().find(|file| {
            let name = file.strip_prefix(beside).filter(|name| !name.contains('/'));
            name.and_then(|name| split_extension(name, extensions))
                .is_some_and(|(found, _)| found == stem)
        })
    };
    if beside == "src/" {
        misplaced(sources, files, extensions);
    }
    let mut found = EntryFiles {
        proxy: None,
        instrumentation: file("instrumentation").cloned(),
        instrumentation_client: file("instrumentation-client").cloned(),
    };
    found.proxy = match (file("proxy"), file("middleware")) {
        (Some(proxy), Some(middleware)) => {
            let message = format!("there are two of one kind: {proxy} and {middleware}");
            sources.diagnostics.push(
                Diagnostic::error("proxy-and-middleware", message)
                    .at_file(middleware)
                    .hint("`middleware` is the old name of `proxy`: delete one of the files"),
            );
            None
        }
        (Some(file), None) => read_proxy(sources, file, "proxy"),
        (None, Some(file)) => {
            sources.diagnostics.push(
                Diagnostic::warning("middleware-name", "`middleware` is now named `proxy`")
                    .at_file(file)
                    .hint("rename the file and its function to `proxy`"),
            );
            read_proxy(sources, file, "middleware")
        }
        (None, None) => None,
    };
    found
}

/// With `src/app` such files belong to `src`.
fn misplaced(sources: &mut Sources, files: &[FileKey], extensions: &[String]) {
    for file in files {
        let stem = split_extension(file, extensions).map(|(stem, _)| stem);
        if let Some(stem @ ("proxy" | "middleware" | "instrumentation" | "instrumentation-client")) = stem {
            sources.diagnostics.push(
                Diagnostic::warning(
                    "misplaced-file",
                    format!("`{stem}` is not used here, since the application is in src/app"),
                )
                .at_file(file)
                .hint(format!("move it to src/{file}")),
            );
        }
    }
}

fn read_proxy(sources: &mut Sources, file: &FileKey, name: &str) -> Option<Proxy> {
    let (facts, source) = sources.facts(file)?;
    if facts.broken {
        return Some(Proxy {
            file: file.clone(),
            chunk: String::new(),
            matchers: Value::Array(Vec::new()),
        });
    }
    if facts.lacks(name) && facts.lacks("default") {
        sources.diagnostics.push(
            Diagnostic::error(
                "proxy-without-function",
                format!("the file exports neither `{name}` nor a default function"),
            )
            .at_line(file, 1, 1, Some(Arc::clone(&source)))
            .hint(format!("write `export function {name}(request) {{ … }}`")),
        );
    }
    let mut problems = Vec::new();
    let matchers = match facts.exports.get("config") {
        None => Value::Array(Vec::new()),
        Some(config) => matchers(config, name, &mut problems),
    };
    if let Some(config) = facts.exports.get("config") {
        for (message, hint) in problems {
            sources.diagnostics.push(
                Diagnostic::error("proxy-config", message)
                    .at(file, Arc::clone(&source), config.value_span.clone())
                    .hint(hint),
            );
        }
    }
    if let Some(runtime) = facts.exports.get("runtime").filter(|_| !may_name_runtime(name)) {
        sources.diagnostics.push(
            Diagnostic::error("proxy-config", "a proxy cannot choose its runtime")
                .at(file, source, runtime.name_span.clone())
                .hint("delete the export: a proxy always runs in Node"),
        );
    }
    Some(Proxy {
        file: file.clone(),
        chunk: String::new(),
        matchers,
    })
}

/// Files of the old name could choose where they run, and often say so. Here they run in Node, whatever they say.
fn may_name_runtime(name: &str) -> bool {
    name == "middleware"
}

type Problem = (String, &'static str);

/// `config.matcher` as a list of `{source, has, missing}`.
fn matchers(config: &Export, name: &str, problems: &mut Vec<Problem>) -> Value {
    let hint = "write it as a literal: `export const config = { matcher: ['/path/:rest*'] }`";
    let ExportValue::Literal(Value::Object(config)) = &config.value else {
        problems.push((
            "`config` is read without running the file, so it has to consist of literals".into(),
            hint,
        ));
        return Value::Array(Vec::new());
    };
    if config.contains_key("runtime") && !may_name_runtime(name) {
        problems.push((
            "a proxy cannot choose its runtime".into(),
            "delete `runtime`: a proxy always runs in Node",
        ));
    }
    let list = match config.get("matcher") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    Value::Array(list.iter().filter_map(|matcher| one_matcher(matcher, problems)).collect())
}

fn one_matcher(matcher: &Value, problems: &mut Vec<Problem>) -> Option<Value> {
    let source = match matcher {
        Value::String(source) => Some(source),
        Value::Object(object) => match object.get("source") {
            Some(Value::String(source)) => Some(source),
            _ => None,
        },
        _ => None,
    };
    let Some(source) = source else {
        problems.push((
            format!("{matcher} is no matcher"),
            "a matcher is a path or an object with `source`",
        ));
        return None;
    };
    if !source.starts_with('/') {
        problems.push((
            format!("the matcher \"{source}\" doesn't start with a slash"),
            "write the path from the root, such as /about/:path*",
        ));
        return None;
    }
    let mut result = json!({ "source": source, "has": [], "missing": [] });
    for key in ["has", "missing"] {
        let Some(list) = matcher.get(key) else { continue };
        let valid = list.as_array().is_some_and(|list| list.iter().all(is_condition));
        if !valid {
            problems.push((
                format!("`{key}` of the matcher \"{source}\" is not understood"),
                "each condition is `{ type: 'header' | 'cookie' | 'query', key, value? }` or `{ type: 'host', value }`",
            ));
            continue;
        }
        result[key] = list.clone();
    }
    Some(result)
}

fn is_condition(value: &Value) -> bool {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let value_fits = value.get("value").is_none_or(Value::is_string);
    match text("type") {
        Some("host") => text("value").is_some(),
        Some("header" | "cookie" | "query") => text("key").is_some() && value_fits,
        _ => false,
    }
}
