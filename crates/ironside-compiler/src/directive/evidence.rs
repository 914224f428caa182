//! What the text of an action says about it: what it takes, what it calls, and how `createAction` is told to make it. It decides
//! nothing; `ironside actions` shows it to people, who do.
//!
//! Calls are followed into functions of the same module, but not into other modules: what those do is told by their names.

use super::{exports::bare, program::Model, report::Reporter};
use ironside_model::reference::Parameters;
use oxc::{
    ast::{
        AstKind,
        ast::{Expression, ModuleExportName},
    },
    semantic::SymbolId,
    span::Span,
};
use serde::Serialize;

/// See the module's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How many arguments it declares, captured values not counted; `None` if it is no function literal.
    pub parameters: Option<Declared>,
    /// What its body calls, each function once, in the order of the source.
    pub calls: Vec<Call>,
    /// The names of the options that `createAction` is given, if it makes the action.
    pub created_with: Option<Vec<String>>,
}

/// Declared parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Those before a rest parameter.
    pub count: usize,
    /// Whether there is a rest parameter.
    pub rest: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The function: by the name under which its module exports it, if it is imported (`default` is called what the importer calls
    /// it); otherwise as it is written (`db.items.insert`, `….safeParse`).
    pub name: String,
    /// What it is imported from, as it is written there.
    pub module: Option<String>,
    /// The line of the call, from 1.
    pub line: u32,
}

impl Declared {
    pub(super) fn of(parameters: Parameters) -> Option<Self> {
        match parameters {
            Parameters::Declared { count, rest } => Some(Self { count, rest }),
            Parameters::Unknown => None,
        }
    }
}

/// All calls of a module.
pub(super) struct Calls<'m, 's> {
    model: &'m Model<'s>,
    list: Vec<(Span, Callee)>,
}

struct Callee {
    name: String,
    module: Option<String>,
    /// The name of this module that is called.
    local: Option<SymbolId>,
}

impl<'m, 's> Calls<'m, 's> {
    pub(super) fn new(model: &'m Model<'s>) -> Self {
        let calls = model.nodes().iter().filter_map(|node| match node.kind() {
            AstKind::CallExpression(call) => Some((call.span, callee(model, &call.callee)?)),
            _ => None,
        });
        let mut list: Vec<_> = calls.collect();
        list.sort_by_key(|(span, _)| span.start);
        Self { model, list }
    }

    /// What is called within a range of the source, and within functions of the module that are called there.
    pub(super) fn within(&self, span: Span, report: &Reporter<'_>) -> Vec<Call> {
        let mut found: Vec<Call> = Vec::new();
        let mut seen = vec![span];
        let mut next = 0;
        while let Some(span) = seen.get(next).copied() {
            next += 1;
            let inside = |at: &Span| span.start <= at.start && at.end <= span.end;
            for (at, callee) in self.list.iter().filter(|(at, _)| inside(at)) {
                if let Some(followed) = callee.local.and_then(|symbol| self.extent(symbol))
                    && !seen.contains(&followed)
                {
                    seen.push(followed);
                }
                let is_known = |call: &Call| call.name == callee.name && call.module == callee.module;
                if !found.iter().any(is_known) {
                    found.push(Call {
                        name: callee.name.clone(),
                        module: callee.module.clone(),
                        line: report.position(*at).0,
                    });
                }
            }
        }
        found
    }

    /// The text of a function of this module; also of one that is wrapped, as in `cache(async () => …)`.
    fn extent(&self, symbol: SymbolId) -> Option<Span> {
        if let Some(function) = self.model.function_of(symbol) {
            return Some(function.span);
        }
        match bare(self.model.initializer(symbol)?) {
            Expression::CallExpression(call) => Some(call.span),
            _ => None,
        }
    }
}

fn callee(model: &Model<'_>, called: &Expression<'_>) -> Option<Callee> {
    let unbound = |name: String| Callee {
        name,
        module: None,
        local: None,
    };
    match bare(called) {
        Expression::Identifier(name) => {
            let reference = name.reference_id.get()?;
            let symbol = model.scoping().get_reference(reference).symbol_id();
            Some(match symbol.and_then(|symbol| imported(model, symbol)) {
                Some((exported, module)) => Callee {
                    name: exported.unwrap_or_else(|| name.name.to_string()),
                    module: Some(module),
                    local: None,
                },
                None => Callee {
                    local: symbol,
                    ..unbound(name.name.to_string())
                },
            })
        }
        Expression::StaticMemberExpression(member) => {
            let property = member.property.name.to_string();
            let holder = bare(&member.object);
            if let Expression::Identifier(space) = holder
                && let Some(reference) = space.reference_id.get()
                && let Some(symbol) = model.scoping().get_reference(reference).symbol_id()
                && let AstKind::ImportNamespaceSpecifier(_) = model.nodes().kind(model.scoping().symbol_declaration(symbol))
            {
                return Some(Callee {
                    module: imported(model, symbol).map(|(_, module)| module),
                    ..unbound(property)
                });
            }
            Some(unbound(format!("{}.{property}", path(holder))))
        }
        _ => None,
    }
}

/// `db.items`, as far as it is a path of names.
fn path(holder: &Expression<'_>) -> String {
    match bare(holder) {
        Expression::Identifier(name) => name.name.to_string(),
        Expression::ThisExpression(_) => "this".to_owned(),
        Expression::StaticMemberExpression(member) => format!("{}.{}", path(&member.object), member.property.name),
        _ => "…".to_owned(),
    }
}

/// The exported name (`None` for a default or a whole module) and the module of an import.
fn imported(model: &Model<'_>, symbol: SymbolId) -> Option<(Option<String>, String)> {
    let node = model.scoping().symbol_declaration(symbol);
    let name = match model.nodes().kind(node) {
        AstKind::ImportSpecifier(one) => Some(exported_name(&one.imported)).filter(|name| name != "default"),
        AstKind::ImportDefaultSpecifier(_) | AstKind::ImportNamespaceSpecifier(_) => None,
        _ => return None,
    };
    match model.nodes().parent_kind(node) {
        AstKind::ImportDeclaration(import) => Some((name, import.source.value.to_string())),
        _ => None,
    }
}

fn exported_name(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}
