//! What an import of a stylesheet is in JavaScript.

use super::{
    StyleCompiler,
    compiled::{Class, is_css_module},
};
use futures_util::future::BoxFuture;
use ironside_diagnostics::Diagnostic;
use serde_json::{Map, Value};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// A module that stands for a stylesheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleStub {
    /// JavaScript. Imports the stylesheets that classes are composed from, so that they come first.
    pub code: String,
    /// Files whose change makes another module of it.
    pub watched: Vec<PathBuf>,
}

impl StyleCompiler {
    /// The module for a stylesheet: the class names of a CSS module, nothing for others. It has to be kept even if nothing
    /// of it is used, or the stylesheet would be lost.
    ///
    /// # Errors
    /// If the stylesheet, or one that it composes classes from, is wrong.
    pub async fn stub(&self, path: &Path) -> Result<StyleStub, Diagnostic> {
        if !is_css_module(path) {
            // A global stylesheet is compiled later: its content says nothing to JavaScript.
            return Ok(StyleStub {
                code: "export {};\n".to_owned(),
                watched: vec![path.to_path_buf()],
            });
        }
        let sheet = self.compiled(path).await?;
        let mut stub = StyleStub {
            code: String::new(),
            watched: vec![path.to_path_buf()],
        };
        let mut names = Map::new();
        for (local, classes) in &sheet.names {
            let mut all = Vec::new();
            for class in classes {
                if let Class::Elsewhere { file, .. } = class
                    && file != path
                    && !stub.watched.contains(file)
                {
                    stub.watched.push(file.clone());
                }
                self.resolve(path, class, &mut Vec::new(), &mut all).await?;
            }
            names.insert(local.clone(), all.join(" ").into());
        }
        for file in stub.watched.iter().skip(1) {
            // Writing into a string cannot fail.
            let _ = writeln!(stub.code, "import {};", Value::from(file.to_string_lossy()));
        }
        let exports = names.iter().filter(|(name, _)| is_identifier(name));
        for (name, value) in exports {
            let _ = writeln!(stub.code, "export const {name} = {value};");
        }
        let _ = writeln!(stub.code, "export default {};", Value::Object(names));
        Ok(stub)
    }

    /// The final names of a class, each once. `open` has the classes that are being resolved: files may compose in circles.
    fn resolve<'a>(
        &'a self,
        from: &'a Path,
        class: &'a Class,
        open: &'a mut Vec<(PathBuf, String)>,
        all: &'a mut Vec<String>,
    ) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            let (name, file) = match class {
                Class::Final(name) => {
                    if !all.contains(name) {
                        all.push(name.clone());
                    }
                    return Ok(());
                }
                Class::Elsewhere { name, file } => (name, file),
            };
            let here = (file.clone(), name.clone());
            if open.contains(&here) {
                return Ok(());
            }
            let sheet = self.compiled(file).await?;
            let Some(classes) = sheet.names.get(name) else {
                let shown = |path: &Path| self.options.keys.shown(&path.to_string_lossy());
                let message = format!("`composes` names the class `{name}`, which {} does not have", shown(file));
                return Err(Diagnostic::error("stylesheet", message)
                    .at_file(shown(from))
                    .hint(if is_css_module(file) {
                        "check the name of the class".to_owned()
                    } else {
                        "classes can be composed from CSS modules, whose names end with .module.css".to_owned()
                    }));
            };
            open.push(here);
            for class in classes {
                self.resolve(file, class, open, all).await?;
            }
            open.pop();
            Ok(())
        })
    }
}

/// Whether a class name can be an export of its own. `default` is taken, and other reserved words can't be declared.
fn is_identifier(name: &str) -> bool {
    const RESERVED: &[&str] = &[
        "arguments",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "with",
        "yield",
    ];
    let start = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
    name.starts_with(start) && name.chars().all(|c| start(c) || c.is_ascii_digit()) && !RESERVED.contains(&name)
}
