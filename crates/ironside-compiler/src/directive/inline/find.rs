//! Finds functions with `'use server'` or `'use cache'` of their own, and tells how each is written.

use super::{
    super::{
        cache_file::CachedFile,
        cache_variant::CacheVariant,
        program::{FunctionFacts, Model},
        report::Reporter,
        server_file::Registrations,
        words::Word,
    },
    kind::FunctionKind,
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

/// What counts in a module beside the directives of its functions.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rules<'r> {
    /// Of a `'use server'` file: its exports, which are no inline actions.
    pub(in super::super) server: Option<&'r Registrations>,
    /// Whether `'use cache'` means anything.
    pub(in super::super) caches: bool,
    /// Of a `'use cache'` file: the functions that it exports.
    pub(in super::super) cached_file: Option<&'r CachedFile>,
    /// Names of `cacheHandlers`.
    pub(in super::super) handlers: &'r [String],
}

/// An inline action or a cached function as it is found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: FunctionKind,
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

/// Finds the inline actions and cached functions of a module. Those that can't be any are reported and left out.
pub(super) fn find(model: &Model<'_>, rules: Rules<'_>, report: &mut Reporter<'_>) -> Vec<Found> {
    let mut list: Vec<Found> = Vec::new();
    for node in model.nodes().iter() {
        let Some((facts, kind)) = marked(node.kind(), rules) else {
            continue;
        };
        let Some(scope) = facts.scope else { continue };
        if rules.server.is_some_and(|server| server.functions.contains(&scope)) {
            if kind != FunctionKind::Action {
                cached_export_of_server_file(facts.span, report);
            }
            continue;
        }
        let Some(form) = form(model, node.id(), &kind, report) else {
            continue;
        };
        check_form(node.kind(), &facts, &kind, report);
        let own = own_symbol(node.kind(), form);
        let bound = bound_symbol(model, node.id(), node.kind(), form);
        list.push(Found {
            kind,
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

/// A function that is an action or cached, because it says so or because its file does.
fn marked(kind: AstKind<'_>, rules: Rules<'_>) -> Option<(FunctionFacts, FunctionKind)> {
    let directives: &[Directive<'_>] = match kind {
        AstKind::Function(function) => &function.body.as_ref()?.directives,
        AstKind::ArrowFunctionExpression(arrow) => arrow.get_function_body().map_or(&[], |body| &body.directives),
        _ => return None,
    };
    let word = |word| {
        let mut values = directives.iter().map(|directive| directive.expression.value.as_str());
        values.find(|value| Word::of(value) == Some(word))
    };
    if word(Word::Server).is_some() {
        return Some((FunctionFacts::of(kind)?, FunctionKind::Action));
    }
    if !rules.caches {
        return None;
    }
    let facts = FunctionFacts::of(kind)?;
    let variant = match word(Word::Cache) {
        // What is wrong with the name has been said by the survey.
        Some(directive) => CacheVariant::of(directive, rules.handlers).unwrap_or(CacheVariant::Default),
        None => {
            rules
                .cached_file
                .filter(|file| facts.scope.is_some_and(|scope| file.functions.contains(&scope)))?
                .variant
        }
    };
    Some((facts, FunctionKind::Cached(variant)))
}

fn check_form(node: AstKind<'_>, facts: &FunctionFacts, kind: &FunctionKind, report: &mut Reporter<'_>) {
    if !facts.is_async {
        let code = kind.code("action-not-async", "cache-not-async");
        let hint = match kind {
            FunctionKind::Action => "add `async`: clients get its answer over the network",
            FunctionKind::Cached(_) => "add `async`: its result may have to be fetched from the cache",
        };
        report.error(code, facts.span, format!("{} has to be async", kind.a())).hint = Some(hint.to_owned());
    }
    let generates = matches!(node, AstKind::Function(function) if function.generator);
    if generates && *kind != FunctionKind::Action {
        let hint = "return an array, or a promise of all values";
        report
            .error("cache-generator", facts.span, "a generator can't be cached")
            .hint = Some(hint.to_owned());
    }
}

fn cached_export_of_server_file(span: Span, report: &mut Reporter<'_>) {
    let message = "an export of a `'use server'` file can't be cached: anyone may call it, and its result would be everybody's";
    let hint = "move what is cached to a function of its own, which the action calls";
    report.error("directives-conflict", span, message).hint = Some(hint.to_owned());
}

fn form(model: &Model<'_>, node: NodeId, kind: &FunctionKind, report: &mut Reporter<'_>) -> Option<Form> {
    let refuse = |report: &mut Reporter<'_>, span, what| refuse(kind, report, span, what);
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

fn refuse(kind: &FunctionKind, report: &mut Reporter<'_>, span: Span, what: &str) -> Option<Form> {
    let message = format!("{what} can't be {}", kind.a());
    let hint = "write it as a function, as a method of an object or as a static method";
    report.error(kind.code("action-method", "cache-method"), span, message).hint = Some(hint.to_owned());
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
