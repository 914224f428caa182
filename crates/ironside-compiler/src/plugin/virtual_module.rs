//! Modules that exist only while a build runs. Their ids begin with `\0`, as is the custom of bundlers.

use crate::file_key::slashes;
use ironside_bundler::{Language, Loaded};
use ironside_model::manifest::ClientId;
use std::{collections::BTreeSet, path::Path};

/// What generated code imports: `clientReference`, `action`, `seal`, `serverReference`.
pub(crate) const REFERENCES: &str = "ironside:references";
/// Loads the action files that only client code knows.
pub(crate) const ACTIONS: &str = "\0ironside:actions";
/// Where the code is: `__dirname` and `__filename` for code that was written for CommonJS.
pub(crate) const PLACE: &str = "\0ironside:place";
/// An empty ES module.
pub(crate) const EMPTY: &str = "\0ironside:empty";
/// An empty CommonJS module.
pub(crate) const EMPTY_COMMONJS: &str = "\0ironside:empty-commonjs";

const CLIENT: &str = "\0ironside:client/";
const EXTERNAL: &str = "\0ironside:external/";

/// The entry of a client file in the `ssr` and `browser` graphs.
pub(crate) fn client(id: &str) -> String {
    format!("{CLIENT}{id}")
}

/// A CommonJS package that is not bundled, as a module of the graph, so that imports by name are looked up when they are
/// used: Node's own guess of the names that CommonJS exports is too often wrong.
pub(crate) fn external(specifier: &str) -> String {
    format!("{EXTERNAL}{specifier}")
}

/// The specifier of such a module.
pub(crate) fn external_specifier(module: &str) -> Option<&str> {
    module.strip_prefix(EXTERNAL)
}

/// The text of a virtual module that always says the same.
pub(crate) fn fixed(module: &str) -> Option<Loaded> {
    let code = match module {
        EMPTY => "export {};".to_owned(),
        EMPTY_COMMONJS => "module.exports = {};".to_owned(),
        PLACE => "export const __dirname = import.meta.dirname, __filename = import.meta.filename;".to_owned(),
        _ => format!("module.exports = require({});", quoted(external_specifier(module)?)),
    };
    Some(Loaded {
        code,
        language: Language::JavaScript,
        side_effects: None,
    })
}

/// The text of [`ACTIONS`].
pub(crate) fn actions(files: &BTreeSet<String>) -> String {
    let lines: String = files
        .iter()
        .map(|file| format!("  () => import({}),\n", path(file)))
        .collect();
    format!("export default [\n{lines}];\n")
}

/// The text of a client file's entry: only the names that server code uses.
pub(crate) fn client_entry(file: &str, names: &BTreeSet<String>) -> String {
    let names: Vec<_> = names.iter().map(|name| export_name(name)).collect();
    format!("export {{ {} }} from {};\n", names.join(", "), path(file))
}

/// The ids of client files by their entries' ids, for tests and messages.
pub(crate) fn client_entry_name(slug: &str, id: &ClientId) -> String {
    format!("{slug}-{}", id.get(..6).unwrap_or(id))
}

fn export_name(name: &str) -> String {
    let identifier =
        name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') && !name.starts_with(|c: char| c.is_ascii_digit());
    if identifier { name.to_owned() } else { quoted(name) }
}

fn path(file: &str) -> String {
    quoted(&slashes(Path::new(file)))
}

/// A JavaScript string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
