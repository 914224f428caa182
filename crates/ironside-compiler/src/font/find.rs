//! The calls of `localFont` in a module: found, read, and replaced.

use super::{FontCall, FontFacts, LOADER, options::FontOptions};
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

const HINT: &str = "write `const sans = localFont({ src: './sans.woff2' })` at the top level of the module: it is read without running the module";

/// All calls, or what is wrong with them.
pub(super) fn calls(program: &Program<'_>, facts: FontFacts<'_>) -> Result<Vec<FontCall>, Vec<Diagnostic>> {
    let Some((name, import)) = imported(program) else {
        return Ok(Vec::new());
    };
    let mut problems = Vec::new();
    let mut calls = Vec::new();
    let mut problem = |span: Span, message: String| {
        problems.push(
            Diagnostic::error("local-font", message)
                .at(facts.shown, facts.source, span.start..span.end)
                .hint(HINT),
        );
    };
    for (target, call, constant) in declared(program, &name) {
        if !constant {
            problem(
                call.span,
                "the result of `localFont` has to be given to a constant".to_owned(),
            );
        }
        match read(call) {
            Ok((value, options)) => calls.push(FontCall {
                name: target,
                value,
                options,
            }),
            Err((span, message)) => problem(span, message),
        }
    }
    if uses(program, &name) > declared(program, &name).count() {
        problem(
            import,
            "`localFont` can only be called, at the top level of the module, and its result given to a constant".to_owned(),
        );
    }
    if problems.is_empty() { Ok(calls) } else { Err(problems) }
}

/// Puts imports in the place of calls: (constant, local name, specifier) of each.
pub(super) fn replace<'a>(program: &mut Program<'a>, allocator: &'a Allocator, names: &[(String, String, String)]) {
    let Some((loader, _)) = imported(program) else { return };
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
                && called(init, &loader).is_some()
            {
                *init = Expression::new_identifier(SPAN, allocator.alloc_str(local), &builder);
            }
        }
    }
    program
        .body
        .retain(|statement| !matches!(statement, Statement::ImportDeclaration(import) if import.source.value == LOADER));
    let imports: String = names
        .iter()
        .map(|(_, local, specifier)| format!("import {local} from {};\n", snippet::quoted(specifier)))
        .collect();
    let mut body = snippet::statements(allocator, &imports);
    body.append(&mut program.body);
    program.body = body;
}

/// The local name of the loader, and where it is imported.
fn imported(program: &Program<'_>) -> Option<(String, Span)> {
    program.body.iter().find_map(|statement| {
        let Statement::ImportDeclaration(import) = statement else {
            return None;
        };
        if import.source.value != LOADER || import.import_kind.is_type() {
            return None;
        }
        import.specifiers.iter().flatten().find_map(|specifier| match specifier {
            ImportDeclarationSpecifier::ImportDefaultSpecifier(own) => Some((own.local.name.to_string(), own.span)),
            ImportDeclarationSpecifier::ImportSpecifier(own) if own.imported.name() == "default" => {
                Some((own.local.name.to_string(), own.span))
            }
            _ => None,
        })
    })
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

fn read(call: &CallExpression<'_>) -> Result<(serde_json::Value, FontOptions), (Span, String)> {
    let argument = match call.arguments.as_slice() {
        [argument] => argument.as_expression(),
        _ => None,
    };
    let argument = argument.ok_or_else(|| (call.span, "`localFont` takes one object with options".to_owned()))?;
    let value =
        literal(argument).ok_or_else(|| (argument.span(), "the options of `localFont` have to be literals".to_owned()))?;
    let options = FontOptions::read(&value).map_err(|message| (argument.span(), message))?;
    Ok((value, options))
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
