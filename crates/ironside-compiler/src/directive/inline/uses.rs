//! Which variables of the functions around it an action uses, and by which paths.

use super::{super::program::Model, find::Found};
use oxc::{
    ast::AstKind,
    semantic::{NodeId, ReferenceId, SymbolId},
    span::{GetSpan, Span},
    syntax::operator::UnaryOperator,
};
use rustc_hash::FxHashMap;

/// A use of a variable that is declared outside of the action that the use stands in.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) reference: ReferenceId,
    pub(super) symbol: SymbolId,
    /// The members that are read of it: `user.address.city` has `address` and `city`.
    pub(super) path: Vec<Step>,
    pub(super) span: Span,
    pub(super) manner: Manner,
    /// The actions that the variable is declared outside of, the innermost first.
    pub(super) actions: Vec<usize>,
}

/// A member of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) optional: bool,
}

/// What is done with the variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Read,
    /// It is assigned to.
    Assigned,
    /// `n++`
    Counted,
    /// It is the tag of an element.
    Tag,
}

/// Every use in every action, in the order of the source.
pub(super) fn uses(model: &Model<'_>, found: &[Found]) -> Vec<Use> {
    let index: FxHashMap<NodeId, usize> = found.iter().enumerate().map(|(at, action)| (action.node, at)).collect();
    let scoping = model.scoping();
    let mut list = Vec::new();
    for symbol in scoping.symbol_ids() {
        if scoping.symbol_scope_id(symbol) == scoping.root_scope_id() {
            continue;
        }
        for id in scoping.get_resolved_reference_ids(symbol) {
            let reference = scoping.get_reference(*id);
            if !reference.is_value() || reference.flags().is_value_as_type() {
                continue;
            }
            let node = reference.node_id();
            let innermost = model.nodes().ancestor_ids(node).find_map(|id| index.get(&id).copied());
            let actions = outside_of(model, found, innermost, symbol);
            if actions.is_empty() {
                continue;
            }
            let manner = manner(model, node, reference.is_write());
            let path = if manner == Manner::Read {
                path(model, node)
            } else {
                Vec::new()
            };
            let span = model.nodes().kind(node).span();
            list.push(Use {
                reference: *id,
                symbol,
                path,
                span,
                manner,
                actions,
            });
        }
    }
    list.sort_by_key(|item| item.span.start);
    list
}

/// The actions, from the inside out, that a symbol is declared outside of.
fn outside_of(model: &Model<'_>, found: &[Found], innermost: Option<usize>, symbol: SymbolId) -> Vec<usize> {
    let scoping = model.scoping();
    let declared = scoping.symbol_scope_id(symbol);
    let mut actions = Vec::new();
    let mut next = innermost;
    while let Some(at) = next {
        let action = &found[at];
        if action.own == Some(symbol) {
            // The name of a function expression stands inside of it, but doesn't move with its body.
            actions.push(at);
            break;
        }
        if scoping.scope_ancestors(declared).any(|scope| scope == action.scope) {
            break;
        }
        actions.push(at);
        next = action.parent;
    }
    actions
}

fn manner(model: &Model<'_>, node: NodeId, is_write: bool) -> Manner {
    let parent = model.nodes().parent_kind(node);
    match parent {
        AstKind::UpdateExpression(_) => Manner::Counted,
        _ if is_write => Manner::Assigned,
        AstKind::JSXOpeningElement(_) | AstKind::JSXClosingElement(_) | AstKind::JSXMemberExpression(_) => Manner::Tag,
        _ => Manner::Read,
    }
}

/// The longest chain of plain members that is only read.
fn path(model: &Model<'_>, node: NodeId) -> Vec<Step> {
    let nodes = model.nodes();
    let mut path = Vec::new();
    let mut current = nodes.kind(node).span();
    let mut ancestors = nodes.ancestors(node).skip_while(|ancestor| ancestor.id() == node).peekable();
    while let Some(ancestor) = ancestors.next() {
        match ancestor.kind() {
            AstKind::StaticMemberExpression(member) if member.object.span() == current => {
                let above = ancestors.clone().find(|above| !is_transparent(above.kind()));
                let outermost = outermost_span(ancestors.clone().map(|above| above.kind()), member.span);
                if above.is_some_and(|above| is_more_than_read(above.kind(), outermost)) {
                    return path;
                }
                path.push(Step {
                    name: member.property.name.to_string(),
                    optional: member.optional,
                });
            }
            kind if is_transparent(kind) => {}
            _ => return path,
        }
        current = ancestor.kind().span();
    }
    path
}

/// Parentheses, type assertions and the mark around an optional chain say nothing about what is read.
fn is_transparent(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::ParenthesizedExpression(_)
            | AstKind::TSNonNullExpression(_)
            | AstKind::TSAsExpression(_)
            | AstKind::TSSatisfiesExpression(_)
            | AstKind::TSTypeAssertion(_)
            | AstKind::ChainExpression(_)
    )
}

fn outermost_span<'a>(above: impl Iterator<Item = AstKind<'a>>, own: Span) -> Span {
    above
        .take_while(|kind| is_transparent(*kind))
        .last()
        .map_or(own, |kind| kind.span())
}

/// Whether a parent calls, writes or deletes the member at `span`, instead of reading it.
fn is_more_than_read(parent: AstKind<'_>, span: Span) -> bool {
    match parent {
        AstKind::CallExpression(call) => call.callee.span() == span,
        AstKind::TaggedTemplateExpression(template) => template.tag.span() == span,
        AstKind::AssignmentExpression(assignment) => assignment.left.span() == span,
        AstKind::UnaryExpression(unary) => unary.operator == UnaryOperator::Delete,
        AstKind::ForInStatement(statement) => statement.left.span() == span,
        AstKind::ForOfStatement(statement) => statement.left.span() == span,
        AstKind::AssignmentTargetWithDefault(target) => target.binding.span() == span,
        AstKind::AssignmentTargetPropertyProperty(target) => target.binding.span() == span,
        AstKind::UpdateExpression(_) | AstKind::ArrayAssignmentTarget(_) | AstKind::AssignmentTargetRest(_) => true,
        _ => false,
    }
}
