//! `'use client'` files. In `rsc` such a file is one reference for each export, and nothing of its code; in the other
//! graphs it stays as it is.

use super::{
    ClientFile, FileFacts, REFERENCES,
    exports::{self, ExportKind, exports},
    program::Model,
    report::Reporter,
    snippet::{self, quoted},
};
use ironside_model::reference::client_id;
use oxc::{allocator::Allocator, ast::ast::Program, syntax::identifier::is_identifier_name};
use std::fmt::Write;

/// Reads a client file without changing it.
pub(super) fn describe(program: &Program<'_>, facts: &FileFacts<'_>, report: &mut Reporter<'_>) -> ClientFile {
    let model = Model::new(program);
    let mut client = ClientFile {
        id: client_id(facts.file_key),
        ..ClientFile::default()
    };
    if !exports::is_esm(program) {
        client.commonjs =
            program.source_type.is_commonjs() || ["module", "exports", "require"].iter().any(|name| model.is_free(name));
        return client;
    }
    for export in exports(&model) {
        match export.kind {
            ExportKind::Star if facts.is_package => client.star_exports.push(export.name),
            ExportKind::Star => {
                let message = "a client file can't have `export *`: its exports must be known by name";
                let hint = format!("name what is exported: `export {{ … }} from {}`", quoted(&export.name));
                report.error("client-export-all", export.span, message).hint = Some(hint);
            }
            _ => add(&mut client.exports, export.name),
        }
    }
    for name in facts.star_names.iter().filter(|name| *name != "default") {
        add(&mut client.exports, name.clone());
    }
    client
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Replaces a client file by its references.
pub(super) fn replace<'a>(program: &mut Program<'a>, allocator: &'a Allocator, client: Option<&ClientFile>) {
    let Some(client) = client else { return };
    program.directives.clear();
    program.comments.clear();
    program.hashbang = None;
    program.body = if client.commonjs {
        let text = format!(
            "module.exports = require({}).clientModule({});",
            quoted(REFERENCES),
            quoted(&client.id)
        );
        snippet::commonjs(allocator, &text)
    } else {
        snippet::statements(allocator, &references(client))
    };
}

fn references(client: &ClientFile) -> String {
    let mut text = String::new();
    if client.exports.is_empty() {
        return "export {};".to_owned();
    }
    text.push_str(&format!("import {{ clientReference as $$c }} from {};\n", quoted(REFERENCES)));
    for (index, name) in client.exports.iter().enumerate() {
        let call = format!("/* @__PURE__ */ $$c({}, {})", quoted(&client.id), quoted(name));
        export(&mut text, index, name, &call);
    }
    text
}

/// Exports an expression under any name, also one that is no identifier.
pub(super) fn export(text: &mut String, index: usize, name: &str, expression: &str) {
    let exported = if is_identifier_name(name) {
        name.to_owned()
    } else {
        quoted(name)
    };
    // Writing to a string cannot fail. Reserved words are names of exports, but not of variables.
    let _ = write!(
        text,
        "const $$e{index} = {expression};\nexport {{ $$e{index} as {exported} }};\n"
    );
}
