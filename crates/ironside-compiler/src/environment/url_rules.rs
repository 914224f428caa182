//! `headers()`, `redirects()` and `rewrites()` of `next.config`, whose results are data by now: checked for their form. What
//! their patterns mean is the server's business.

use super::config_reader::ConfigReader;
use ironside_diagnostics::Diagnostic;
use serde_json::{Value, json};

pub(crate) fn headers(reader: &ConfigReader, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let rules = list(reader, "headers", reader.get("headers"), diagnostics);
    check(reader, "headers", &rules, diagnostics, |rule| {
        let pairs = rule.get("headers").and_then(Value::as_array).filter(|list| !list.is_empty());
        let text = |pair: &Value, key: &str| pair.get(key).is_some_and(Value::is_string);
        let valid = pairs.is_some_and(|pairs| pairs.iter().all(|pair| text(pair, "key") && text(pair, "value")));
        (!valid).then_some("a list `headers` of `{ key, value }`")
    });
    Value::Array(rules)
}

pub(crate) fn redirects(reader: &ConfigReader, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let rules = list(reader, "redirects", reader.get("redirects"), diagnostics);
    check(reader, "redirects", &rules, diagnostics, |rule| {
        if !has_destination(rule) {
            return Some("a `destination` that is a path or a URL");
        }
        let permanent = rule.get("permanent").is_some_and(Value::is_boolean);
        let status = rule.get("statusCode").and_then(Value::as_u64);
        match (permanent, status) {
            (true, None) => None,
            (false, Some(301 | 302 | 303 | 307 | 308)) => None,
            (true, Some(_)) => Some("either `permanent` or `statusCode`"),
            _ => Some("`permanent: true` or `permanent: false`"),
        }
    });
    Value::Array(rules)
}

/// A list stands for `afterFiles`.
pub(crate) fn rewrites(reader: &ConfigReader, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let value = reader.get("rewrites");
    let mut result = json!({ "beforeFiles": [], "afterFiles": [], "fallback": [] });
    let parts: Vec<(&str, Option<&Value>)> = match value {
        Some(Value::Object(object)) => ["beforeFiles", "afterFiles", "fallback"]
            .map(|part| (part, object.get(part)))
            .to_vec(),
        other => vec![("afterFiles", other)],
    };
    for (part, value) in parts {
        let rules = list(reader, "rewrites", value, diagnostics);
        check(reader, "rewrites", &rules, diagnostics, |rule| {
            (!has_destination(rule)).then_some("a `destination` that is a path or a URL")
        });
        result[part] = Value::Array(rules);
    }
    result
}

fn list(reader: &ConfigReader, name: &str, value: Option<&Value>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(rules)) => rules.clone(),
        Some(_) => {
            reader.wrong(
                name,
                "an async function that returns a list",
                &format!("write async {name}() {{ return [{{ source: '/…', … }}] }}"),
                diagnostics,
            );
            Vec::new()
        }
    }
}

fn has_destination(rule: &Value) -> bool {
    let destination = rule.get("destination").and_then(Value::as_str);
    destination.is_some_and(|to| to.starts_with('/') || to.starts_with("http://") || to.starts_with("https://"))
}

fn check(
    reader: &ConfigReader,
    name: &str,
    rules: &[Value],
    diagnostics: &mut Vec<Diagnostic>,
    lacks: impl Fn(&Value) -> Option<&'static str>,
) {
    for (index, rule) in rules.iter().enumerate() {
        let source = rule.get("source").and_then(Value::as_str);
        let missing = match source {
            Some(source) if source.starts_with('/') || rule.get("basePath") == Some(&Value::Bool(false)) => lacks(rule),
            _ => Some("a `source` that starts with a slash"),
        };
        let conditions = ["has", "missing"]
            .iter()
            .find(|key| rule.get(**key).is_some_and(|value| !value.is_null() && !value.is_array()));
        let missing = missing.or_else(|| conditions.map(|_| "lists as `has` and `missing`"));
        if let Some(missing) = missing {
            let which = source.map_or_else(|| format!("number {}", index + 1), |source| format!("\"{source}\""));
            let diagnostic = Diagnostic::error("next-config", format!("the rule {which} of `{name}` needs {missing}"))
                .hint(example(name))
                .note(format!("the rule is {rule}"));
            diagnostics.push(reader.file.at_key(diagnostic, name));
        }
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "headers" => "write { source: '/path', headers: [{ key: 'x-name', value: 'value' }] }",
        "redirects" => "write { source: '/old', destination: '/new', permanent: true }",
        _ => "write { source: '/from', destination: '/to' }",
    }
}
