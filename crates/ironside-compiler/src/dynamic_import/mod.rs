//! `` import(`./words/${language}.json`) ``: which file is meant is known only when the code runs, so all files that it may be are
//! bundled, and the call becomes a choice among them.
//!
//! A pure function over the syntax tree, but for looking which files there are. Only paths are followed: relative ones, and those
//! that an alias of the application leads to.

mod pattern;

use crate::directive::snippet::{self, quoted};
use memchr::memmem;
use oxc::{
    allocator::{Allocator, TakeIn},
    ast::ast::{Argument, Expression, Program},
    ast_visit::{VisitJsMut, walk_js_mut},
    span::SPAN,
};
pub(crate) use pattern::PathAlias;
use pattern::{Part, Pattern};
use std::path::Path;

/// What a call becomes: a look into a table of functions that import.
const CHOICE: &str = "((table, path) => Object.hasOwn(table, path) ? table[path]() : Promise.reject(Object.assign(new Error(`Cannot find module '${path}'`), { code: 'MODULE_NOT_FOUND' })))";

/// Replaces the calls of a module. `file` is where it lies.
pub(crate) fn apply<'a>(source: &str, file: &Path, aliases: &[PathAlias], program: &mut Program<'a>, allocator: &'a Allocator) {
    if memmem::find(source.as_bytes(), b"import(").is_none() {
        return;
    }
    let Some(folder) = file.parent() else { return };
    Calls {
        folder,
        aliases,
        allocator,
    }
    .visit_program(program);
}

struct Calls<'a, 'p> {
    folder: &'p Path,
    aliases: &'p [PathAlias],
    allocator: &'a Allocator,
}

impl<'a> VisitJsMut<'a> for Calls<'a, '_> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        walk_js_mut::walk_expression(self, expression);
        if let Expression::ImportExpression(import) = expression
            && let Some(choice) = self.choice(&mut import.source)
        {
            *expression = choice;
        }
    }
}

impl<'a> Calls<'a, '_> {
    fn choice(&self, source: &mut Expression<'a>) -> Option<Expression<'a>> {
        let mut parts = Vec::new();
        collect(source, &mut parts);
        let pattern = Pattern::new(parts)?;
        let specifiers = pattern.specifiers(self.folder, self.aliases)?;
        let table: Vec<String> = specifiers
            .iter()
            .map(|(name, specifier)| format!("{}: () => import({})", quoted(name), quoted(specifier)))
            .collect();
        let text = format!("{CHOICE}({{ {} }}, 0)", table.join(", "));
        let mut choice = snippet::expression(self.allocator, &text)?;
        let Expression::CallExpression(call) = &mut choice else {
            return None;
        };
        *call.arguments.get_mut(1)? = Argument::from(source.take_in(&self.allocator));
        call.span = SPAN;
        Some(choice)
    }
}

/// The parts of a text that is put together: what is known of it, and what is not.
fn collect(expression: &Expression<'_>, parts: &mut Vec<Part>) {
    match expression {
        Expression::StringLiteral(text) => parts.push(Part::Text(text.value.to_string())),
        Expression::TemplateLiteral(template) => {
            for (at, quasi) in template.quasis.iter().enumerate() {
                if at > 0 {
                    match template.expressions.get(at - 1) {
                        Some(inner @ (Expression::StringLiteral(_) | Expression::TemplateLiteral(_))) => collect(inner, parts),
                        _ => parts.push(Part::Any),
                    }
                }
                parts.push(Part::Text(
                    quasi.value.cooked.map(|text| text.to_string()).unwrap_or_default(),
                ));
            }
        }
        Expression::BinaryExpression(sum) if sum.operator.as_str() == "+" => {
            collect(&sum.left, parts);
            collect(&sum.right, parts);
        }
        Expression::ParenthesizedExpression(inner) => collect(&inner.expression, parts),
        _ => parts.push(Part::Any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxc::{codegen::Codegen, parser::Parser, span::SourceType};
    use std::fs;

    fn compiled(files: &[&str], source: &str) -> String {
        let folder = tempfile::tempdir().expect("temporary folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
            fs::write(path, "{}").expect("file");
        }
        let aliases = [PathAlias::new("@/*", folder.path().join("src/*"))];
        let allocator = Allocator::default();
        let mut program = Parser::new(&allocator, source, SourceType::tsx()).parse().program;
        apply(
            source,
            &folder.path().join("src/app/page.tsx"),
            &aliases,
            &mut program,
            &allocator,
        );
        Codegen::new().build(&program).code
    }

    fn imports(code: &str) -> Vec<&str> {
        let mut found: Vec<&str> = code
            .split("import(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        found.sort_unstable();
        found
    }

    const WORDS: &[&str] = &[
        "src/words/en.json",
        "src/words/de/formal.json",
        "src/words/notes.txt",
        "src/app/page.tsx",
    ];

    #[test]
    fn all_files_that_a_path_may_mean_are_imported() {
        let code = compiled(WORDS, "const load = (l) => import(`../words/${l}.json`);");
        assert_eq!(imports(&code), ["../words/de/formal.json", "../words/en.json"], "{code}");
        assert!(
            code.contains("`../words/${l}.json`)") && code.contains("MODULE_NOT_FOUND"),
            "{code}"
        );
        let code = compiled(WORDS, "const load = (l) => import('@/words/' + l + '.json');");
        assert_eq!(imports(&code), ["@/words/de/formal.json", "@/words/en.json"], "{code}");
    }

    #[test]
    fn an_ending_that_imports_may_leave_out_may_be_left_out() {
        let code = compiled(&["src/parts/a.tsx", "src/parts/b.d.ts"], "import(`@/parts/${name}`)");
        assert_eq!(imports(&code), ["@/parts/a.tsx", "@/parts/a.tsx"], "{code}");
        assert!(code.contains("\"@/parts/a\": ()"), "{code}");
    }

    #[test]
    fn what_is_no_path_is_left_alone() {
        for source in [
            "import(name)",
            "import(`${name}`)",
            "import(`package/${name}`)",
            "import('./page')",
            "import(`./page`)",
        ] {
            let code = compiled(WORDS, source);
            assert!(!code.contains("hasOwn"), "{source}: {code}");
        }
    }
}
