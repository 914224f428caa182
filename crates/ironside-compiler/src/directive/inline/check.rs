//! Captured values that can't mean what the source seems to say.

use super::{
    super::{program::Model, report::Reporter},
    capture::Captures,
    find::Found,
    group::Meaning,
    kind::FunctionKind,
    uses::{Manner, Use},
};
use oxc::{
    ast::AstKind,
    semantic::SymbolId,
    span::{GetSpan, Span},
};
use rustc_hash::FxHashSet;

/// Reports what is wrong with the captured values of a module.
pub(super) fn check(model: &Model<'_>, found: &[Found], uses: &[Use], captures: &Captures<'_, '_>, report: &mut Reporter<'_>) {
    let mut checker = Checker {
        model,
        report,
        said: FxHashSet::default(),
    };
    for item in uses {
        let Some(action) = item.actions.first() else { continue };
        if captures.groups.meaning(*action, item.symbol) != Meaning::Value {
            continue;
        }
        let kind = &found[*action].kind;
        checker.assigned_inside(item, kind);
        if !captures.groups.of_symbol.contains_key(&item.symbol) {
            checker.unsendable(item, kind);
        }
        // The innermost action reads the value where it stands, and so do those around it.
        if let Some(outermost) = item.actions.last() {
            checker.assigned_later(item.symbol, &found[*outermost]);
        }
    }
}

struct Checker<'c, 's, 'f> {
    model: &'c Model<'s>,
    report: &'c mut Reporter<'f>,
    /// What was said already, by code and place.
    said: FxHashSet<(&'static str, Span)>,
}

impl Checker<'_, '_, '_> {
    fn name(&self, symbol: SymbolId) -> String {
        self.model.scoping().symbol_name(symbol).to_owned()
    }

    fn first(&mut self, code: &'static str, span: Span) -> bool {
        self.said.insert((code, span))
    }

    fn assigned_inside(&mut self, item: &Use, kind: &FunctionKind) {
        let name = self.name(item.symbol);
        let message = format!(
            "{} has a copy of `{name}`: assigning to it changes nothing outside",
            kind.the()
        );
        let hint = format!(
            "use a variable that is declared in {}, or return the new value; `{name}` was captured",
            kind.the()
        );
        let diagnostic = match item.manner {
            Manner::Assigned if self.first("capture-assigned", item.span) => {
                self.report.error("capture-assigned", item.span, message)
            }
            Manner::Counted if self.first("capture-assigned", item.span) => {
                self.report.warning("capture-assigned", item.span, message)
            }
            _ => return,
        };
        diagnostic.hint = Some(hint);
    }

    fn unsendable(&mut self, item: &Use, kind: &FunctionKind) {
        let scoping = self.model.scoping();
        let flags = scoping.symbol_flags(item.symbol);
        let is_class = flags.is_class();
        let is_function = flags.is_function() || self.model.function_of(item.symbol).is_some();
        if !item.path.is_empty() || !(is_class || is_function) || !self.first("capture-unsendable", item.span) {
            return;
        }
        let name = self.name(item.symbol);
        let what = if is_class { "class" } else { "function" };
        let wanted = match kind {
            FunctionKind::Action => "only values that can be sent are",
            FunctionKind::Cached(_) => "only values that can be a part of its key are",
        };
        let message = format!("the {what} `{name}` can't be captured by {}: {wanted}", kind.a());
        let hint = format!(
            "move `{name}` out of the function around {}, or into {}",
            kind.the(),
            kind.the()
        );
        let diagnostic = if is_class || item.manner == Manner::Tag {
            self.report.error("capture-unsendable", item.span, message)
        } else {
            // Such a page renders. The action fails when it is sent to the client, and the cached function when it calls this;
            // neither may ever happen.
            self.report.warning("capture-unsendable", item.span, message)
        };
        diagnostic.hint = Some(hint);
    }

    /// A variable that changes after the action has taken its value.
    fn assigned_later(&mut self, symbol: SymbolId, action: &Found) {
        let scoping = self.model.scoping();
        if self.is_loop_variable(symbol) {
            return;
        }
        let later = scoping
            .get_resolved_references(symbol)
            .filter(|reference| reference.is_write())
            .map(|reference| self.model.nodes().kind(reference.node_id()).span());
        let Some(span) = later
            .filter(|span| span.start > action.span.end)
            .min_by_key(|span| span.start)
        else {
            return;
        };
        if self.first("capture-changed", action.span) {
            let name = self.name(symbol);
            let the = action.kind.the();
            let message = format!("`{name}` changes after {the} was made, which keeps the value that it had before");
            let diagnostic = self.report.warning("capture-changed", span, message);
            *diagnostic = diagnostic.clone().also(action.span.start..action.span.start, the);
            diagnostic.hint = Some(format!("write {the} behind this assignment, if it should see it"));
        }
    }

    /// The head of a `for` loop gives each turn a variable of its own.
    fn is_loop_variable(&self, symbol: SymbolId) -> bool {
        let declaration = self.model.scoping().symbol_declaration(symbol);
        self.model.nodes().ancestor_kinds(declaration).any(|kind| match kind {
            AstKind::ForStatement(statement) => statement
                .init
                .as_ref()
                .is_some_and(|init| init.span().contains_inclusive(self.model.scoping().symbol_span(symbol))),
            _ => false,
        })
    }
}
