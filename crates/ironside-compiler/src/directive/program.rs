//! A module as it is read: its tree, and what its names mean.

use ironside_model::reference::Parameters;
use oxc::{
    ast::{
        AstKind,
        ast::{Expression, FormalParameters, Program},
    },
    semantic::{AstNodes, NodeId, Scoping, Semantic, SemanticBuilder, SymbolId},
    span::Span,
    syntax::scope::ScopeId,
};
use rustc_hash::FxHashSet;

use super::exports::bare;

/// A program and its semantic data.
pub(super) struct Model<'s> {
    pub(super) program: &'s Program<'s>,
    semantic: Semantic<'s>,
}

impl<'s> Model<'s> {
    /// Builds the semantic data of a program. It gives each function, symbol and reference its id, by which the parts that
    /// change the program recognise them.
    pub(super) fn new(program: &'s Program<'s>) -> Self {
        let semantic = SemanticBuilder::new().with_build_nodes(true).build(program).semantic;
        Self { program, semantic }
    }

    pub(super) fn scoping(&self) -> &Scoping {
        self.semantic.scoping()
    }

    pub(super) fn nodes(&self) -> &AstNodes<'s> {
        self.semantic.nodes()
    }

    /// Whether a name of the module's own scope may be a value. Imports may be, as far as one file can tell.
    pub(super) fn is_value(&self, name: &str) -> bool {
        let symbol = self.scoping().get_root_binding(name.into());
        symbol.is_none_or(|symbol| self.scoping().symbol_flags(symbol).is_value())
    }

    /// A name of the module's own scope.
    pub(super) fn root_symbol(&self, name: &str) -> Option<SymbolId> {
        self.scoping().get_root_binding(name.into())
    }

    /// Whether nothing declares this name.
    pub(super) fn is_free(&self, name: &str) -> bool {
        self.scoping()
            .root_unresolved_references()
            .keys()
            .any(|free| free.as_str() == name)
    }

    /// The function literal that a symbol was declared with, if nothing else is ever assigned to it.
    pub(super) fn function_of(&self, symbol: SymbolId) -> Option<FunctionFacts> {
        if self.scoping().symbol_is_mutated(symbol) {
            return None;
        }
        self.scoping()
            .symbol_declarations(symbol)
            .find_map(|node| FunctionFacts::of_declaration(self.nodes().kind(node)))
    }

    /// What a variable was declared with.
    pub(super) fn initializer(&self, symbol: SymbolId) -> Option<&'s Expression<'s>> {
        match self.nodes().kind(self.scoping().symbol_declaration(symbol)) {
            AstKind::VariableDeclarator(declarator) if declarator.id.is_binding_identifier() => declarator.init.as_ref(),
            _ => None,
        }
    }
}

/// What can be said of a function literal from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct FunctionFacts {
    pub(super) scope: Option<ScopeId>,
    pub(super) node: NodeId,
    pub(super) span: Span,
    pub(super) is_async: bool,
    pub(super) count: usize,
    pub(super) rest: bool,
}

impl FunctionFacts {
    /// Of a function node.
    pub(super) fn of(kind: AstKind<'_>) -> Option<Self> {
        let facts = |scope, node: NodeId, span, is_async, params: &FormalParameters<'_>| Self {
            scope,
            node,
            span,
            is_async,
            count: params.items.len(),
            rest: params.rest.is_some(),
        };
        match kind {
            AstKind::Function(function) if function.body.is_some() => Some(facts(
                function.scope_id.get(),
                function.node_id.get(),
                function.span,
                function.r#async,
                &function.params,
            )),
            AstKind::ArrowFunctionExpression(arrow) => Some(facts(
                arrow.scope_id.get(),
                arrow.node_id.get(),
                arrow.span,
                arrow.r#async,
                &arrow.params,
            )),
            _ => None,
        }
    }

    /// Of an expression that is a function literal, parentheses and types aside.
    pub(super) fn of_expression(expression: &Expression<'_>) -> Option<Self> {
        match bare(expression) {
            Expression::FunctionExpression(function) => Self::of(AstKind::Function(function)),
            Expression::ArrowFunctionExpression(arrow) => Self::of(AstKind::ArrowFunctionExpression(arrow)),
            _ => None,
        }
    }

    fn of_declaration(kind: AstKind<'_>) -> Option<Self> {
        match kind {
            AstKind::VariableDeclarator(declarator) if declarator.id.is_binding_identifier() => {
                Self::of_expression(declarator.init.as_ref()?)
            }
            kind => Self::of(kind),
        }
    }

    /// The parameters, with a list of captured values in front or without.
    pub(super) fn parameters(&self, sealed: bool) -> Parameters {
        Parameters::Declared {
            count: self.count + usize::from(sealed),
            rest: self.rest,
        }
    }
}

/// Makes names that the module doesn't use yet.
#[derive(Debug)]
pub(super) struct Names {
    used: FxHashSet<String>,
}

impl Names {
    pub(super) fn new(model: &Model<'_>) -> Self {
        let scoping = model.scoping();
        let free = scoping.root_unresolved_references().keys().map(|name| name.to_string());
        Self {
            used: scoping.symbol_names().map(str::to_owned).chain(free).collect(),
        }
    }

    /// The name itself, or with a number behind it.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number: u32| format!("{name}_{number}"));
        let found = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.used.contains(name));
        // The numbers don't end before a name is free.
        let fresh = found.unwrap_or_else(|| name.to_owned());
        self.used.insert(fresh.clone());
        fresh
    }
}

/// A text as part of an identifier.
pub(super) fn identifier_part(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '$' { c } else { '_' })
        .collect()
}
