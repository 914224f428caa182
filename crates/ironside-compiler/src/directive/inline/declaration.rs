//! Function declarations that the rewrite makes, or finds at the top level of a program.

use super::{FunctionKind, Helpers, PlannedAction};
use crate::directive::{snippet, snippet::quoted};
use ironside_model::reference::Parameters;
use oxc::{
    allocator::{Allocator, Box},
    ast::ast::{Declaration, ExportDefaultDeclarationKind, Function, Program, Statement},
};

/// The name of a declaration at the top level. An anonymous default export gets one.
pub(super) fn name_root<'a>(program: &mut Program<'a>, allocator: &'a Allocator, action: &PlannedAction) -> Option<String> {
    let function = root_function(program, action)?;
    if function.id.is_none() {
        let name = match action.kind {
            FunctionKind::Action => &action.implementation,
            FunctionKind::Cached(_) => &action.constant,
        };
        function.id = named_function(allocator, name, "", "")?.id.take();
    }
    function.id.as_ref().map(|id| id.name.to_string())
}

/// A declaration at the top level.
pub(super) fn root_function<'p, 'a>(program: &'p mut Program<'a>, action: &PlannedAction) -> Option<&'p mut Function<'a>> {
    let is_this = |function: &Function<'_>| function.scope_id.get() == Some(action.scope);
    program.body.iter_mut().find_map(|statement| match statement {
        Statement::FunctionDeclaration(function) if is_this(function) => Some(&mut **function),
        Statement::ExportDeclaration(export) => match &mut export.declaration {
            Declaration::FunctionDeclaration(function) if is_this(function) => Some(&mut **function),
            _ => None,
        },
        Statement::ExportDefaultDeclaration(export) => match &mut export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) if is_this(function) => Some(&mut **function),
            _ => None,
        },
        _ => None,
    })
}

/// The function of the runtime's cache: implementation, id, variant, how many parameters it declares (-1 for any number), whether
/// captured values stand before them, what messages call it, and the function that stands for it elsewhere, if that is another one.
pub(super) fn cached_call(action: &PlannedAction, helpers: &Helpers, file: &str, reference: Option<&str>) -> String {
    let FunctionKind::Cached(variant) = &action.kind else {
        return String::new();
    };
    let parameters = match action.parameters {
        Parameters::Declared { count, rest: false } => count.to_string(),
        Parameters::Declared { .. } | Parameters::Unknown => "-1".to_owned(),
    };
    format!(
        "{}({}, {}, {}, {parameters}, {}, {}{})",
        helpers.cached,
        action.implementation,
        quoted(&action.id),
        quoted(variant.word()),
        u8::from(action.pattern.is_some()),
        quoted(&format!("{} ({file})", action.name)),
        reference.map(|name| format!(", {name}")).unwrap_or_default(),
    )
}

/// `async function name(pattern) { prelude }`
pub(super) fn named_function<'a>(
    allocator: &'a Allocator,
    name: &str,
    pattern: &str,
    prelude: &str,
) -> Option<Box<'a, Function<'a>>> {
    match snippet::statements(allocator, &format!("async function {name}({pattern}) {{ {prelude} }}")).pop() {
        Some(Statement::FunctionDeclaration(function)) => Some(function),
        _ => None,
    }
}
