//! Where `@import`, `url()` and `composes … from` lead.

use crate::package::{NODE_MODULES, Packages, split_specifier};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The target of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A file.
    File(PathBuf),
    /// The browser's business: another origin, a path of the `public` folder, `data:`, a fragment.
    Public,
    /// There is no such file.
    Missing,
}

/// Resolves a reference of the file `from`. A name without `./` is a file beside it or, if there is none, one of a package.
pub(crate) fn resolve(specifier: &str, from: &Path, packages: &Packages) -> Target {
    if is_public(specifier) {
        return Target::Public;
    }
    let (path, _) = split_suffix(specifier);
    let folder = from.parent().unwrap_or(from);
    let (package_only, path) = match path.strip_prefix('~') {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let beside = folder.join(&*decoded);
    if !package_only && beside.is_file() {
        return Target::File(tidy(&beside));
    }
    if path.starts_with("./") || path.starts_with("../") {
        return Target::Missing;
    }
    in_package(&decoded, folder, packages).map_or(Target::Missing, Target::File)
}

fn is_public(specifier: &str) -> bool {
    let scheme = specifier.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    specifier.is_empty() || scheme || specifier.starts_with(['/', '#', '?'])
}

/// A path and its `?query` or `#fragment`.
pub(crate) fn split_suffix(specifier: &str) -> (&str, &str) {
    specifier
        .find(['?', '#'])
        .map_or((specifier, ""), |at| specifier.split_at(at))
}

fn in_package(specifier: &str, folder: &Path, packages: &Packages) -> Option<PathBuf> {
    let (name, inside) = split_specifier(specifier)?;
    let package = packages.find(name, folder)?;
    let inside = inside.trim_start_matches('/');
    let exported = match package.json.get("exports") {
        Some(exports) => exported(exports, inside),
        None => None,
    };
    let candidates = [
        exported.map(|path| package.root.join(path.trim_start_matches("./"))),
        (!inside.is_empty()).then(|| package.root.join(inside)),
        (!inside.is_empty()).then(|| package.root.join(format!("{inside}.css"))),
        inside
            .is_empty()
            .then(|| field(&package.json, "style"))
            .flatten()
            .map(|path| package.root.join(path)),
        inside
            .is_empty()
            .then(|| field(&package.json, "main"))
            .flatten()
            .filter(|path| path.ends_with(".css"))
            .map(|path| package.root.join(path)),
        inside.is_empty().then(|| package.root.join("index.css")),
    ];
    let found = candidates.into_iter().flatten().find(|path| path.is_file())?;
    Some(tidy(&found))
}

fn field<'a>(package: &'a Value, name: &str) -> Option<&'a str> {
    package.get(name)?.as_str()
}

/// The target of a subpath in a package's `exports`, under the conditions that hold for stylesheets.
fn exported(exports: &Value, inside: &str) -> Option<String> {
    let wanted = if inside.is_empty() {
        ".".to_owned()
    } else {
        format!("./{inside}")
    };
    let Value::Object(map) = exports else {
        return (wanted == ".").then(|| condition(exports)).flatten();
    };
    if !map.keys().any(|key| key.starts_with('.')) {
        return (wanted == ".").then(|| condition(exports)).flatten();
    }
    if let Some(target) = map.get(&wanted) {
        return condition(target);
    }
    let pattern = map.iter().filter_map(|(key, target)| {
        let (head, tail) = key.split_once('*')?;
        let star = wanted.strip_prefix(head)?.strip_suffix(tail)?;
        Some((head.len(), condition(target)?.replace('*', star)))
    });
    pattern.max_by_key(|(length, _)| *length).map(|(_, path)| path)
}

fn condition(target: &Value) -> Option<String> {
    match target {
        Value::String(path) => Some(path.clone()),
        Value::Array(list) => list.iter().find_map(condition),
        Value::Object(map) => {
            let holds = |(name, target): (&String, &Value)| match name.as_str() {
                "style" | "import" | "default" => condition(target),
                _ => None,
            };
            map.get("style").and_then(condition).or_else(|| map.iter().find_map(holds))
        }
        _ => None,
    }
}

/// The real path of a file in a package, as rolldown has it; a path without `..` of others.
fn tidy(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Whether a file belongs to a package.
pub(crate) fn is_foreign(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == NODE_MODULES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_browser_loads_is_left_to_it() {
        for specifier in [
            "https://a.test/x.css",
            "//a.test/x",
            "/public.png",
            "data:image/png;base64,AA",
            "#clip",
            "",
        ] {
            assert!(is_public(specifier), "{specifier}");
        }
        for specifier in ["./a.png", "a.png", "~pkg/a.css", "@scope/pkg/a.css"] {
            assert!(!is_public(specifier), "{specifier}");
        }
    }

    #[test]
    fn exports_of_packages_are_read() {
        let exports =
            json!({ ".": { "require": "./x.cjs", "style": "./x.css" }, "./theme/*.css": "./dist/*.css", "./a": ["./a.css"] });
        assert_eq!(exported(&exports, "").as_deref(), Some("./x.css"));
        assert_eq!(exported(&exports, "theme/dark.css").as_deref(), Some("./dist/dark.css"));
        assert_eq!(exported(&exports, "a").as_deref(), Some("./a.css"));
        assert_eq!(exported(&exports, "b"), None);
        assert_eq!(exported(&json!("./only.css"), "").as_deref(), Some("./only.css"));
    }
}
