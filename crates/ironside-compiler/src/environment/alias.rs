//! `turbopack.resolveAlias`: specifiers that lead elsewhere. Packages set it from their part of `next.config` to be given files
//! of the application.

use super::{config_reader::ConfigReader, known_keys::Support};
use ironside_diagnostics::Diagnostic;
use serde_json::Value;

/// A specifier and what is imported instead of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The specifier; with a `*` in it any text may stand there.
    pub specifier: String,
    /// What the server imports; `None` leaves the specifier as it is. A path is relative to the application's folder.
    pub server: Option<String>,
    /// The same for the browser.
    pub browser: Option<String>,
}

/// The rule of `@next/mdx`, whose options are used though its loader is not.
const MDX_RULE: &str = "next-mdx-rule";

/// Reads the section, and its older form under `experimental.turbo`.
pub(super) fn read(reader: &ConfigReader, diagnostics: &mut Vec<Diagnostic>) -> Vec<Alias> {
    let older = reader
        .section("experimental", diagnostics)
        .and_then(|experimental| experimental.section("turbo", diagnostics));
    let mut aliases = Vec::new();
    for section in [older, reader.section("turbopack", diagnostics)].into_iter().flatten() {
        if section
            .section("rules", diagnostics)
            .is_some_and(|rules| rules.names().any(|rule| !rule.contains(MDX_RULE)))
        {
            let why = "loaders are not run, so files that need one are used as they are";
            super::next_config::warn_of(&section, "rules", Support::NoEffect(why), None, diagnostics);
        }
        let Some(map) = section.section("resolveAlias", diagnostics) else {
            continue;
        };
        aliases.extend(
            map.names()
                .filter_map(|specifier| alias(specifier, map.value.get(specifier)?)),
        );
    }
    aliases
}

fn alias(specifier: &str, value: &Value) -> Option<Alias> {
    let first = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => list.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let (server, browser) = match value {
        Value::Object(conditions) => {
            let named = |names: [&str; 2]| names.iter().find_map(|name| conditions.get(*name).and_then(first));
            (named(["node", "default"]), named(["browser", "default"]))
        }
        other => (first(other), first(other)),
    };
    (server.is_some() || browser.is_some()).then(|| Alias {
        specifier: specifier.to_owned(),
        server,
        browser,
    })
}

impl Alias {
    /// What is imported instead of a specifier.
    pub(crate) fn target(&self, specifier: &str, in_browser: bool) -> Option<String> {
        let target = if in_browser { &self.browser } else { &self.server };
        let target = target.as_ref()?;
        let Some((before, after)) = self.specifier.split_once('*') else {
            return (self.specifier == specifier).then(|| target.clone());
        };
        let rest = specifier.strip_prefix(before)?.strip_suffix(after)?;
        Some(target.replace('*', rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_alias_is_a_text_a_list_or_one_for_each_side() {
        let made = |specifier: &str, value: Value| alias(specifier, &value).expect("an alias");
        let whole = made("kit/config", json!("./kit.ts"));
        assert_eq!(whole.target("kit/config", true).as_deref(), Some("./kit.ts"));
        assert_eq!(whole.target("kit/config/more", false), None);
        let sided = made("fs", json!({ "browser": "./empty.ts" }));
        assert_eq!(sided.target("fs", true).as_deref(), Some("./empty.ts"));
        assert_eq!(sided.target("fs", false), None);
        let any = made("old/*", json!(["new/*", "newer/*"]));
        assert_eq!(any.target("old/a/b", false).as_deref(), Some("new/a/b"));
        assert_eq!(alias("x", &json!(false)), None);
    }
}
