//! Where the constant goes that takes the place of a function declaration.
//!
//! A declaration is there before anything of its block runs; a constant is not. It stays where the declaration stood,
//! since captured values are those of that place, unless something uses it earlier, or it captures what is declared later.

use super::{
    super::{program::Model, report::Reporter},
    capture::Captures,
    find::{Form, Found},
    group::Meaning,
};
use oxc::{
    ast::{
        AstKind,
        ast::{Declaration, Expression, Statement},
    },
    semantic::{NodeId, SymbolId},
    span::{GetSpan, Span},
    syntax::scope::ScopeId,
};

/// For each action the statement of its list that its constant goes before; `None` for those that have no constant.
pub(super) fn places(
    model: &Model<'_>,
    found: &[Found],
    captures: &Captures<'_, '_>,
    report: &mut Reporter<'_>,
) -> Vec<Option<usize>> {
    let placer = Placer { model, found, captures };
    let mut places = Vec::new();
    for (at, action) in found.iter().enumerate() {
        let place = placer.place(at);
        if let Some(conflict) = placer.conflict(at, place) {
            conflict.report(model, action, report);
        }
        places.push(place.map(|place| place.index));
    }
    places
}

struct Placer<'p, 'c, 's> {
    model: &'p Model<'s>,
    found: &'p [Found],
    captures: &'p Captures<'c, 's>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    index: usize,
    /// Whether a use stands before what is captured.
    impossible: Option<SymbolId>,
}

impl Placer<'_, '_, '_> {
    fn list(&self, action: usize) -> Option<&[Statement<'_>]> {
        if self.found[action].form != Form::Declaration {
            return None;
        }
        Some(match self.model.nodes().parent_kind(self.found[action].node) {
            AstKind::FunctionBody(body) => &body.statements,
            AstKind::BlockStatement(block) => &block.body,
            AstKind::StaticBlock(block) => &block.body,
            AstKind::SwitchCase(case) => &case.consequent,
            _ => return None,
        })
    }

    fn place(&self, action: usize) -> Option<Place> {
        let list = self.list(action)?;
        let own = index_of(list, self.found[action].span)?;
        let first_use = self.first_use(action, &mut Vec::new());
        let (earliest, late) = self.earliest(action, list, &mut Vec::new());
        let wanted = first_use.map_or(own, |index| index.min(own));
        let index = wanted.max(earliest);
        let impossible = late.filter(|_| first_use.is_some_and(|first| first < index));
        Some(Place { index, impossible })
    }

    /// The first statement of the list that needs the action to exist.
    fn first_use(&self, action: usize, seen: &mut Vec<SymbolId>) -> Option<usize> {
        let list = self.list(action)?;
        let symbol = self.found[action].bound.or_else(|| self.declared(action))?;
        self.first_use_of(list, symbol, seen)
    }

    fn declared(&self, action: usize) -> Option<SymbolId> {
        match self.model.nodes().kind(self.found[action].node) {
            AstKind::Function(function) => function.id.as_ref()?.symbol_id.get(),
            _ => None,
        }
    }

    fn first_use_of(&self, list: &[Statement<'_>], symbol: SymbolId, seen: &mut Vec<SymbolId>) -> Option<usize> {
        if seen.contains(&symbol) {
            return None;
        }
        seen.push(symbol);
        let references = self.model.scoping().get_resolved_references(symbol);
        references
            .filter_map(|reference| self.needed_at(list, symbol, reference.node_id(), seen))
            .min()
    }

    /// When one use of a symbol needs it: at once, or when the function declaration that it stands in is used.
    fn needed_at(&self, list: &[Statement<'_>], symbol: SymbolId, node: NodeId, seen: &mut Vec<SymbolId>) -> Option<usize> {
        let user = self.action_of(node);
        if user.is_some_and(|user| self.captures.groups.meaning(user, symbol) != Meaning::Value) {
            return None;
        }
        let index = index_of(list, self.model.nodes().kind(node).span())?;
        let Some(function) = declared_function(&list[index]) else {
            return Some(index);
        };
        if let Some(other) = user.filter(|user| self.declared(*user) == Some(function)) {
            // The value is read where the other action's constant goes.
            let before = self.first_use(other, seen);
            return Some(before.map_or(index, |before| before.min(index)));
        }
        self.first_use_of(list, function, seen)
    }

    fn action_of(&self, node: NodeId) -> Option<usize> {
        let mut ancestors = self.model.nodes().ancestor_ids(node);
        ancestors.find_map(|id| self.found.iter().position(|action| action.node == id))
    }

    /// The first place at which everything captured exists, and the captured variable that says so.
    fn earliest(&self, action: usize, list: &[Statement<'_>], seen: &mut Vec<usize>) -> (usize, Option<SymbolId>) {
        let mut latest = (0, None);
        seen.push(action);
        for capture in &self.captures.of_action[action] {
            let index = match self.captures.groups.of_symbol.get(&capture.symbol) {
                Some(other) if self.found[*other].form == Form::Declaration => {
                    if seen.contains(other) || index_of(list, self.found[*other].span).is_none() {
                        continue;
                    }
                    self.place(*other).map(|place| place.index)
                }
                _ => self.declared_after(list, capture.symbol),
            };
            if let Some(index) = index.filter(|index| *index > latest.0) {
                latest = (index, Some(capture.symbol));
            }
        }
        latest
    }

    /// The statement behind the one that declares a variable in this very list.
    fn declared_after(&self, list: &[Statement<'_>], symbol: SymbolId) -> Option<usize> {
        let index = index_of(list, self.model.scoping().symbol_span(symbol))?;
        let declares = matches!(
            &list[index],
            Statement::VariableDeclaration(_) | Statement::ClassDeclaration(_)
        ) || matches!(&list[index], Statement::TSEnumDeclaration(_));
        declares.then_some(index + 1)
    }

    fn conflict(&self, action: usize, place: Option<Place>) -> Option<Conflict> {
        if let Some(symbol) = place.and_then(|place| place.impossible) {
            return Some(Conflict {
                symbol,
                used_before: true,
            });
        }
        let found = &self.found[action];
        let at = match (place, self.list(action)) {
            (Some(place), Some(list)) => list
                .get(place.index)
                .map_or(found.span.end, |statement| statement.span().start),
            _ => found.span.start,
        };
        let mut symbols = self.captures.of_action[action].iter().map(|capture| capture.symbol);
        symbols
            .find(|symbol| self.exists_later(*symbol, at, found))
            .map(|symbol| Conflict {
                symbol,
                used_before: false,
            })
    }

    /// Whether a variable of the same function, read at this place, is read before it exists.
    fn exists_later(&self, symbol: SymbolId, at: u32, action: &Found) -> bool {
        let scoping = self.model.scoping();
        let flags = scoping.symbol_flags(symbol);
        if flags.is_function()
            || self
                .captures
                .groups
                .of_symbol
                .get(&symbol)
                .is_some_and(|other| self.found[*other].form == Form::Declaration)
        {
            return false;
        }
        let later = scoping.symbol_span(symbol).start > at || self.initializer_holds(symbol, action.span);
        later && !self.function_between(action.scope, scoping.symbol_scope_id(symbol))
    }

    /// `const x = wrap(async () => { 'use server'; x })`
    fn initializer_holds(&self, symbol: SymbolId, span: Span) -> bool {
        let initializer: Option<&Expression<'_>> = self.model.initializer(symbol);
        initializer.is_some_and(|value| value.span().start <= span.start && span.end <= value.span().end)
    }

    /// Whether the action stands in a function that the variable's function calls at some later time.
    fn function_between(&self, action: ScopeId, declared: ScopeId) -> bool {
        let scoping = self.model.scoping();
        let between = scoping.scope_ancestors(action).skip(1).take_while(|scope| *scope != declared);
        between.into_iter().any(|scope| scoping.scope_flags(scope).is_function())
    }
}

struct Conflict {
    symbol: SymbolId,
    used_before: bool,
}

impl Conflict {
    fn report(&self, model: &Model<'_>, action: &Found, report: &mut Reporter<'_>) {
        let name = model.scoping().symbol_name(self.symbol);
        let the = action.kind.the();
        let message = if self.used_before {
            format!("{the} is used before `{name}`, which it captures, exists")
        } else {
            format!("{the} captures `{name}` before it has a value")
        };
        let declared = model.scoping().symbol_span(self.symbol);
        let start = action.span.start;
        let diagnostic = report.error("capture-later", Span::new(start, start), message);
        *diagnostic = diagnostic.clone().also(declared.start..declared.end, "declared here");
        diagnostic.hint = Some(format!("declare `{name}` before {the} and its first use"));
    }
}

fn index_of(list: &[Statement<'_>], span: Span) -> Option<usize> {
    list.iter()
        .position(|statement| statement.span().start <= span.start && span.end <= statement.span().end)
}

/// The function that a statement declares.
fn declared_function(statement: &Statement<'_>) -> Option<SymbolId> {
    let function = match statement {
        Statement::FunctionDeclaration(function) => function,
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::FunctionDeclaration(function) => function,
            _ => return None,
        },
        _ => return None,
    };
    function.id.as_ref()?.symbol_id.get()
}
