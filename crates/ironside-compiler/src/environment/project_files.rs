//! `package.json` and `tsconfig.json` of the application. The bundler reads them too, but of a mistake in them it says neither
//! the line nor the remedy; so they are looked through before it meets them. What only other tools read is not judged.

use crate::package::{NODE_MODULES, split_specifier};
use ironside_diagnostics::Diagnostic;
use oxc::{
    allocator::Allocator,
    ast::ast::{ArrayExpressionElement, Expression, ObjectExpression, ObjectPropertyKind, PropertyKey},
    parser::Parser,
    span::{GetSpan, SourceType, Span},
};
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The bundler takes the first that is there.
const TYPESCRIPT: [&str; 2] = ["tsconfig.json", "jsconfig.json"];
const PACKAGE: &str = "package.json";

/// The file that `paths` stand in, and its text.
pub(crate) fn typescript(root: &Path) -> Option<(&'static str, String)> {
    TYPESCRIPT
        .into_iter()
        .find_map(|name| Some((name, fs::read_to_string(root.join(name)).ok()?)))
}

/// Says what is wrong in these files, and which they are.
pub(super) fn check(root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    if let Ok(text) = fs::read_to_string(root.join(PACKAGE)) {
        diagnostics.extend(package_json(text));
    }
    if let Some((name, text)) = typescript(root) {
        let mut file = TypeScriptFile {
            root,
            name,
            text: text.into(),
            diagnostics,
        };
        file.check();
    }
    TYPESCRIPT.iter().chain([&PACKAGE]).map(|name| root.join(name)).collect()
}

fn package_json(text: String) -> Option<Diagnostic> {
    // Some editors put a byte order mark in front, and package managers ignore it.
    let error = match serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}')) {
        Ok(value) if value.is_object() => return None,
        Ok(_) => {
            let diagnostic = Diagnostic::error("invalid-package-json", "package.json has to be an object");
            return Some(diagnostic.at_file(PACKAGE).hint("write `{ \"private\": true }` at least"));
        }
        Err(error) => error,
    };
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let [line, column] = [error.line(), error.column()].map(|number| u32::try_from(number.max(1)).unwrap_or(u32::MAX));
    Some(
        Diagnostic::error("invalid-package-json", format!("this is no JSON: {message}"))
            .at_line(PACKAGE, line, column, Some(text.into()))
            .hint("mend the file; JSON has neither comments nor trailing commas"),
    )
}

/// JSON with comments and trailing commas is an expression of JavaScript, so the parser at hand gives the place of everything.
struct TypeScriptFile<'a> {
    root: &'a Path,
    name: &'a str,
    text: Arc<str>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl TypeScriptFile<'_> {
    fn check(&mut self) {
        // An empty file is one without options.
        if self.text.trim_start_matches('\u{feff}').trim().is_empty() {
            return;
        }
        let allocator = Allocator::default();
        // What is in front has to be as long as the mark that it may take the place of.
        let source = format!("({}\n)", self.text.replace('\u{feff}', "   "));
        let mut parser = Parser::new(&allocator, &source, SourceType::cjs());
        parser = parser.with_options(oxc::parser::ParseOptions {
            preserve_parens: false,
            ..Default::default()
        });
        match parser.parse_expression() {
            Ok(Expression::ObjectExpression(object)) => self.options(&object),
            Ok(other) => self.wrong("it has to be an object", "write `{ \"compilerOptions\": {} }`", other.span()),
            Err(errors) => {
                let error = errors.into_iter().next();
                let message = error
                    .as_ref()
                    .map_or_else(|| "syntax error".to_owned(), |error| error.message.to_string());
                let label = error.as_ref().and_then(|error| error.labels.as_ref().first().cloned());
                let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let span = label.map_or(Span::new(1, 1), |label| {
                    let start = offset(label.offset() as usize);
                    Span::new(start, start.saturating_add(offset(label.len() as usize)))
                });
                self.wrong(
                    &message,
                    "mend the file: it is JSON, in which comments and trailing commas are allowed",
                    span,
                );
            }
        }
    }

    fn options(&mut self, file: &ObjectExpression<'_>) {
        self.keys(file);
        match member(file, "extends") {
            Some(Expression::ArrayExpression(list)) => {
                for element in list.elements.iter().filter_map(ArrayExpressionElement::as_expression) {
                    self.extends(element);
                }
            }
            Some(one) => self.extends(one),
            None => {}
        }
        let Some(options) = member(file, "compilerOptions") else {
            return;
        };
        let Expression::ObjectExpression(options) = options else {
            return self.wrong(
                "`compilerOptions` has to be an object",
                "write `\"compilerOptions\": { … }`",
                options.span(),
            );
        };
        self.keys(options);
        if let Some(base) = member(options, "baseUrl")
            && !matches!(base, Expression::StringLiteral(_) | Expression::NullLiteral(_))
        {
            self.wrong("`baseUrl` has to be a string", "write `\"baseUrl\": \".\"`", base.span());
        }
        match member(options, "paths") {
            Some(Expression::ObjectExpression(paths)) => self.paths(paths),
            None | Some(Expression::NullLiteral(_)) => {}
            Some(other) => self.wrong(
                "`paths` has to be an object",
                "write `\"paths\": { \"@/*\": [\"./*\"] }`",
                other.span(),
            ),
        }
    }

    fn paths(&mut self, paths: &ObjectExpression<'_>) {
        self.keys(paths);
        for property in &paths.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                continue;
            };
            let texts = |list: &oxc::ast::ast::ArrayExpression<'_>| {
                list.elements
                    .iter()
                    .all(|element| matches!(element, ArrayExpressionElement::StringLiteral(_)))
            };
            if !matches!(&property.value, Expression::ArrayExpression(list) if texts(list)) {
                let hint = "write a list, also for one place: `\"@/*\": [\"./*\"]`";
                self.wrong("an entry of `paths` has to be a list of strings", hint, property.value.span());
            }
        }
    }

    /// JavaScript allows more than JSON.
    fn keys(&mut self, object: &ObjectExpression<'_>) {
        for property in &object.properties {
            let key = match property {
                ObjectPropertyKind::ObjectProperty(property) if !property.computed && !property.method => &property.key,
                other => return self.wrong("this is no JSON", "write `\"name\": value`", other.span()),
            };
            let quoted = matches!(key, PropertyKey::StringLiteral(text) if self.text_at(text.span).starts_with('"'));
            if !quoted {
                self.wrong(
                    "names have to stand in double quotes",
                    "put double quotes around it",
                    key.span(),
                );
            }
        }
    }

    fn extends(&mut self, value: &Expression<'_>) {
        let Expression::StringLiteral(text) = value else {
            return self.wrong(
                "`extends` has to be a string or a list of strings",
                "name another file",
                value.span(),
            );
        };
        let specifier = text.value.as_str();
        match split_specifier(specifier) {
            Some((package, _)) => {
                let installed = self
                    .root
                    .ancestors()
                    .any(|folder| folder.join(NODE_MODULES).join(package).is_dir());
                if !installed {
                    self.wrong(
                        &format!("cannot find `{specifier}`"),
                        &format!("npm install --save-dev {package}"),
                        text.span,
                    );
                }
            }
            None => {
                let path = self.root.join(specifier);
                let there = path.is_file() || PathBuf::from(format!("{}.json", path.display())).is_file();
                // A folder is looked into by some versions of TypeScript.
                if !there && !path.is_dir() {
                    self.wrong(
                        &format!("there is no file `{specifier}`"),
                        "correct the path, or take `extends` out",
                        text.span,
                    );
                }
            }
        }
    }

    fn wrong(&mut self, message: &str, hint: &str, span: Span) {
        let diagnostic = Diagnostic::error("invalid-tsconfig", message.to_owned()).hint(hint.to_owned());
        self.diagnostics
            .push(diagnostic.at(self.name, Arc::clone(&self.text), in_file(span)));
    }

    fn text_at(&self, span: Span) -> &str {
        let Range { start, end } = in_file(span);
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Without the parenthesis in front.
fn in_file(span: Span) -> Range<u32> {
    span.start.saturating_sub(1)..span.end.saturating_sub(1)
}

fn member<'a, 'b>(object: &'b ObjectExpression<'a>, name: &str) -> Option<&'b Expression<'a>> {
    object.properties.iter().rev().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) if property.key.static_name().is_some_and(|key| key == name) => {
            Some(&property.value)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("base.json"), "{}").expect("file");
        fs::write(folder.path().join(name), text).expect("file");
        let mut diagnostics = Vec::new();
        check(folder.path(), &mut diagnostics);
        diagnostics.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_typescript_takes_is_taken() {
        for text in [
            "",
            "{}",
            "\u{feff}{ \"extends\": \"./base\" }",
            "// c\n{ /* c */ \"compilerOptions\": { \"jsx\": \"preserve\", \"lib\": [\"dom\",], \"paths\": { \"@/*\": [\"./*\"] }, }, }\n",
            "{ \"extends\": [\"./base.json\"], \"compilerOptions\": { \"paths\": null, \"plugins\": [{ \"name\": \"next\" }] } } // end",
        ] {
            assert_eq!(said("tsconfig.json", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, start) in [
            ("{\n  \"compilerOptions\": {\n", "error[invalid-tsconfig] tsconfig.json:3:1: "),
            ("[]", "error[invalid-tsconfig] tsconfig.json:1:1: it has to be an object"),
            (
                "{ compilerOptions: {} }",
                "error[invalid-tsconfig] tsconfig.json:1:3: names have to stand in double quotes",
            ),
            (
                "{ \"compilerOptions\": [] }",
                "error[invalid-tsconfig] tsconfig.json:1:22: `compilerOptions` has to be",
            ),
            (
                "{ \"compilerOptions\": {\n\"paths\": { \"@/*\": \"./*\" } } }",
                "error[invalid-tsconfig] tsconfig.json:2:19: an entry of `paths` has to be a list",
            ),
            (
                "{ \"extends\": \"./none.json\" }",
                "error[invalid-tsconfig] tsconfig.json:1:14: there is no file `./none.json`",
            ),
            (
                "{ \"extends\": \"@none/such/x\" }",
                "error[invalid-tsconfig] tsconfig.json:1:14: cannot find `@none/such/x`",
            ),
        ] {
            let all = said("tsconfig.json", text);
            assert!(all.len() == 1 && all[0].starts_with(start), "{text}: {all:?}");
        }
    }

    #[test]
    fn package_json_is_json() {
        assert_eq!(said("package.json", "\u{feff}{ \"name\": \"x\" }"), Vec::<String>::new());
        let all = said("package.json", "{\n  \"name\": \"x\",\n}");
        assert_eq!(
            all,
            ["error[invalid-package-json] package.json:3:1: this is no JSON: trailing comma"]
        );
        assert_eq!(said("package.json", "[]").len(), 1);
    }
}
