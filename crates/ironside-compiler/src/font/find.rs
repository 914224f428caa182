//! The calls of font loaders in a module: found, read, and replaced.

use super::{
    FontCall, FontFacts, FontKind, GOOGLE, LOCAL,
    google::{GoogleFont, GoogleOptions, family},
    options::FontOptions,
};
use crate::{app_dir::module_facts::literal, directive::snippet};
use ironside_diagnostics::Diagnostic;
use oxc::{
    allocator::Allocator,
    ast::{
        ast::{
            CallExpression, Declaration, Expression, ImportDeclarationSpecifier, Program, Statement, VariableDeclaration,
            VariableDeclarationKind,
        },
        builder::AstBuilder,
    },
    semantic::SemanticBuilder,
    span::{GetSpan, SPAN, Span},
};

/// What a module calls a loader.
#[derive(Debug)]
struct Loader {
    local: String,
    /// The family that a name of `next/font/google` stands for; `None` is `next/font/local`.
    family: Option<String>,
    span: Span,
}

impl Loader {
    /// As messages call it.
    fn shown(&self) -> &str {
        if self.family.is_some() { &self.local } else { "localFont" }
    }

    fn problem(&self, facts: FontFacts<'_>, span: Span, message: String) -> Diagnostic {
        let (code, hint) = match self.family {
            None => (
                "local-font",
                "write `const sans = localFont({ src: './sans.woff2' })` at the top level of the module: it is read without running the module".to_owned(),
            ),
            Some(_) => (
                "google-font",
                format!("write `const sans = {}({{ subsets: ['latin'] }})` at the top level of the module: it is read without running the module", self.local),
            ),
        };
        Diagnostic::error(code, message)
            .at(facts.shown, facts.source, span.start..span.end)
            .hint(hint)
    }
}

/// All calls, or what is wrong with them.
pub(super) fn calls(program: &Program<'_>, facts: FontFacts<'_>) -> Result<Vec<FontCall>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut calls = Vec::new();
    for loader in loaders(program) {
        let mut declarations = 0;
        for (name, call, constant) in declared(program, &loader.local) {
            declarations += 1;
            if !constant {
                let message = format!("the result of `{}` has to be given to a constant", loader.shown());
                problems.push(loader.problem(facts, call.span, message));
            }
            match read(&loader, call) {
                Ok((value, kind)) => calls.push(FontCall {
                    name,
                    value,
                    kind,
                    span: call.span,
                }),
                Err((span, message)) => problems.push(loader.problem(facts, span, message)),
            }
        }
        if uses(program, &loader.local) > declarations {
            let message = format!(
                "`{}` can only be called, at the top level of the module, and its result given to a constant",
                loader.shown()
            );
            problems.push(loader.problem(facts, loader.span, message));
        }
    }
    if problems.is_empty() { Ok(calls) } else { Err(problems) }
}

/// Puts imports in the place of calls: (constant, local name, specifier) of each.
pub(super) fn replace<'a>(program: &mut Program<'a>, allocator: &'a Allocator, names: &[(String, String, String)]) {
    let loaders: Vec<String> = loaders(program).into_iter().map(|loader| loader.local).collect();
    let builder = AstBuilder::new(allocator);
    for statement in &mut program.body {
        let Some(declaration) = variables_mut(statement) else {
            continue;
        };
        for declarator in &mut declaration.declarations {
            let target = declarator.id.get_identifier_name();
            let made = names
                .iter()
                .find(|(name, ..)| target.is_some_and(|target| target == name.as_str()));
            if let (Some((_, local, _)), Some(init)) = (made, &mut declarator.init)
                && loaders.iter().any(|loader| called(init, loader).is_some())
            {
                *init = Expression::new_identifier(SPAN, allocator.alloc_str(local), &builder);
            }
        }
    }
    program
        .body
        .retain(|statement| !matches!(statement, Statement::ImportDeclaration(import) if import.source.value == LOCAL || import.source.value == GOOGLE));
    let imports: String = names
        .iter()
        .map(|(_, local, specifier)| format!("import {local} from {};\n", snippet::quoted(specifier)))
        .collect();
    let mut body = snippet::statements(allocator, &imports);
    body.append(&mut program.body);
    program.body = body;
}

/// The names under which the module imports loaders.
fn loaders(program: &Program<'_>) -> Vec<Loader> {
    let mut found = Vec::new();
    for statement in &program.body {
        let Statement::ImportDeclaration(import) = statement else {
            continue;
        };
        let google = import.source.value == GOOGLE;
        if import.import_kind.is_type() || !(google || import.source.value == LOCAL) {
            continue;
        }
        for specifier in import.specifiers.iter().flatten() {
            let (own, imported) = match specifier {
                ImportDeclarationSpecifier::ImportDefaultSpecifier(own) => (&own.local, "default".to_owned()),
                ImportDeclarationSpecifier::ImportSpecifier(own) if own.import_kind.is_type() => continue,
                ImportDeclarationSpecifier::ImportSpecifier(own) => (&own.local, own.imported.name().to_string()),
                // Whatever is done with it, it is no call of a loader.
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(own) => (&own.local, "*".to_owned()),
            };
            if google || imported == "default" {
                found.push(Loader {
                    local: own.name.to_string(),
                    family: google.then(|| family::of_export(&imported)),
                    span: own.span,
                });
            }
        }
    }
    found
}

/// Calls whose result is given to a variable of the module: its name, the call, and whether it is a constant.
fn declared<'p, 'a>(program: &'p Program<'a>, loader: &'p str) -> impl Iterator<Item = (String, &'p CallExpression<'a>, bool)> {
    program.body.iter().filter_map(variables).flat_map(move |declaration| {
        let constant = declaration.kind == VariableDeclarationKind::Const;
        declaration.declarations.iter().filter_map(move |declarator| {
            let call = called(declarator.init.as_ref()?, loader)?;
            Some((declarator.id.get_identifier_name()?.to_string(), call, constant))
        })
    })
}

fn variables<'p, 'a>(statement: &'p Statement<'a>) -> Option<&'p VariableDeclaration<'a>> {
    match statement {
        Statement::VariableDeclaration(declaration) => Some(declaration),
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::VariableDeclaration(declaration) => Some(declaration),
            _ => None,
        },
        _ => None,
    }
}

fn variables_mut<'p, 'a>(statement: &'p mut Statement<'a>) -> Option<&'p mut VariableDeclaration<'a>> {
    match statement {
        Statement::VariableDeclaration(declaration) => Some(declaration),
        Statement::ExportDeclaration(export) => match &mut export.declaration {
            Declaration::VariableDeclaration(declaration) => Some(declaration),
            _ => None,
        },
        _ => None,
    }
}

fn called<'p, 'a>(expression: &'p Expression<'a>, loader: &str) -> Option<&'p CallExpression<'a>> {
    match expression {
        Expression::CallExpression(call) if call.callee.is_specific_id(loader) => Some(call),
        _ => None,
    }
}

fn read(loader: &Loader, call: &CallExpression<'_>) -> Result<(serde_json::Value, FontKind), (Span, String)> {
    let shown = loader.shown();
    let argument = match (call.arguments.as_slice(), &loader.family) {
        // A font of Google's may go without options.
        ([], Some(family)) => return Ok((serde_json::Value::Null, FontKind::Google(GoogleFont::plain(family)))),
        ([argument], _) => argument.as_expression(),
        _ => None,
    };
    let argument = argument.ok_or_else(|| (call.span, format!("`{shown}` takes one object with options")))?;
    let value = literal(argument).ok_or_else(|| (argument.span(), format!("the options of `{shown}` have to be literals")))?;
    let wrong = |message| (argument.span(), message);
    let kind = match &loader.family {
        None => FontKind::Local(FontOptions::read(&value).map_err(wrong)?),
        Some(family) => FontKind::Google(GoogleFont {
            family: family.clone(),
            options: GoogleOptions::read(&value).map_err(wrong)?,
        }),
    };
    Ok((value, kind))
}

/// How often the module's name for the loader is used as a value.
fn uses(program: &Program<'_>, loader: &str) -> usize {
    let semantic = SemanticBuilder::new().build(program).semantic;
    let scoping = semantic.scoping();
    let symbol = scoping.get_root_binding(loader.into());
    symbol.map_or(0, |symbol| {
        scoping
            .get_resolved_references(symbol)
            .filter(|reference| reference.is_value())
            .count()
    })
}
