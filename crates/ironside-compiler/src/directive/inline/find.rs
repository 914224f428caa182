//! Finds functions with `'use server'` of their own, and tells how each is written.

use super::super::{
    program::{FunctionFacts, Model},
    report::Reporter,
    server_file::Registrations,
    words::Word,
};
use oxc::{
    ast::{
        AstKind,
        ast::{Directive, MethodDefinitionKind, PropertyKind},
    },
    semantic::{NodeId, SymbolId},
    span::Span,
    syntax::scope::ScopeId,
};
use rustc_hash::FxHashMap;

/// An inline action as it is found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) node: NodeId,
    pub(super) scope: ScopeId,
    pub(super) span: Span,
    pub(super) facts: FunctionFacts,
    pub(super) form: Form,
    /// The name of a function expression, which its own body can use.
    pub(super) own: Option<SymbolId>,
    /// The symbol outside of it that always holds this action.
    pub(super) bound: Option<SymbolId>,
    /// The action that it stands in.
    pub(super) parent: Option<usize>,
}

/// Where the function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A declaration at the module's top level. It stays.
    Root,
    /// A declaration in a list of statements. A constant takes its place.
    Declaration,
    /// An arrow, a function expression or a method. The reference takes its place.
    Expression,
}

/// Finds the inline actions of a module. Those that can't be actions are reported and left out.
pub(super) fn find(model: &Model<'_>, server: Option<&Registrations>, report: &mut Reporter<'_>) -> Vec<Found> {
    let mut list: Vec<Found> = Vec::new();
    for node in model.nodes().iter() {
        let Some(facts) = action_facts(node.kind()) else { continue };
        let Some(scope) = facts.scope else { continue };
        if server.is_some_and(|server| server.functions.contains(&scope)) {
            continue;
        }
        let Some(form) = form(model, node.id(), report) else {
            continue;
        };
        if !facts.is_async {
            let hint = "add `async`: clients get its answer over the network";
            report.error("action-not-async", facts.span, "an action has to be async").hint = Some(hint.to_owned());
        }
        let own = own_symbol(node.kind(), form);
        let bound = bound_symbol(model, node.id(), node.kind(), form);
        list.push(Found {
            node: node.id(),
            scope,
            span: facts.span,
            facts,
            form,
            own,
            bound,
            parent: None,
        });
    }
    // Outer functions come before the functions inside of them, as the tree is walked from the top.
    let index: FxHashMap<NodeId, usize> = list.iter().enumerate().map(|(at, found)| (found.node, at)).collect();
    for found in &mut list {
        found.parent = model
            .nodes()
            .ancestor_ids(found.node)
            .skip_while(|id| *id == found.node)
            .find_map(|id| index.get(&id).copied());
    }
    list
}

fn action_facts(kind: AstKind<'_>) -> Option<FunctionFacts> {
    let directives: &[Directive<'_>] = match kind {
        AstKind::Function(function) => &function.body.as_ref()?.directives,
        AstKind::ArrowFunctionExpression(arrow) => &arrow.get_function_body()?.directives,
        _ => return None,
    };
    let marked = directives
        .iter()
        .any(|directive| Word::of(&directive.expression.value) == Some(Word::Server));
    marked.then(|| FunctionFacts::of(kind)).flatten()
}

fn form(model: &Model<'_>, node: NodeId, report: &mut Reporter<'_>) -> Option<Form> {
    match model.nodes().parent_kind(node) {
        AstKind::MethodDefinition(method) => match method.kind {
            MethodDefinitionKind::Constructor => None,
            MethodDefinitionKind::Get | MethodDefinitionKind::Set => refuse(report, method.span, "a getter or setter"),
            MethodDefinitionKind::Method if !method.r#static => refuse(report, method.span, "a method of instances"),
            // A field takes its place, and decorators of fields are something else.
            MethodDefinitionKind::Method if !method.decorators.is_empty() => refuse(report, method.span, "a decorated method"),
            MethodDefinitionKind::Method => Some(Form::Expression),
        },
        AstKind::ObjectProperty(property) if property.kind != PropertyKind::Init => {
            refuse(report, property.span, "a getter or setter")
        }
        parent if is_declaration(model.nodes().kind(node)) => Some(match parent {
            AstKind::Program(_) | AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_) => Form::Root,
            _ => Form::Declaration,
        }),
        _ => Some(Form::Expression),
    }
}

fn refuse(report: &mut Reporter<'_>, span: Span, what: &str) -> Option<Form> {
    let message = format!("{what} can't be an action");
    let hint = "write it as a function, as a method of an object or as a static method";
    report.error("action-method", span, message).hint = Some(hint.to_owned());
    None
}

fn is_declaration(kind: AstKind<'_>) -> bool {
    matches!(kind, AstKind::Function(function) if function.is_declaration())
}

fn own_symbol(kind: AstKind<'_>, form: Form) -> Option<SymbolId> {
    match kind {
        AstKind::Function(function) if form == Form::Expression => function.id.as_ref()?.symbol_id.get(),
        _ => None,
    }
}

/// The symbol of a declaration, or of a variable that is declared with just this function.
fn bound_symbol(model: &Model<'_>, node: NodeId, kind: AstKind<'_>, form: Form) -> Option<SymbolId> {
    let symbol = match (form, kind) {
        (Form::Root, _) => None,
        (Form::Declaration, AstKind::Function(function)) => function.id.as_ref()?.symbol_id.get(),
        _ => {
            let wrapped = |kind: AstKind<'_>| {
                matches!(
                    kind,
                    AstKind::ParenthesizedExpression(_) | AstKind::TSAsExpression(_) | AstKind::TSSatisfiesExpression(_)
                )
            };
            let holder = model
                .nodes()
                .ancestors(node)
                .find(|ancestor| ancestor.id() != node && !wrapped(ancestor.kind()))?;
            match holder.kind() {
                AstKind::VariableDeclarator(declarator) => declarator.id.get_binding_identifier()?.symbol_id.get(),
                _ => None,
            }
        }
    }?;
    let scoping = model.scoping();
    let stable = !scoping.symbol_is_mutated(symbol) && scoping.symbol_redeclarations(symbol).len() <= 1;
    let local = scoping.symbol_scope_id(symbol) != scoping.root_scope_id();
    (stable && local).then_some(symbol)
}
