//! What an action or a cached function can't use, because it runs in another call than the one that it is written in: `this`, `arguments`,
//! `super`, `new.target`, private names of a class around it.

use super::{
    super::{program::Model, report::Reporter},
    kind::FunctionKind,
};
use oxc::{
    ast::{AstKind, ast::ClassElement},
    semantic::NodeId,
    span::{GetSpan, Span},
};

/// Reports everything that the function at a node must not use.
pub(in super::super) fn forbidden(model: &Model<'_>, function: NodeId, kind: &FunctionKind, report: &mut Reporter<'_>) {
    let range = model.nodes().kind(function).span();
    for node in model.nodes().iter() {
        let span = node.kind().span();
        if span.start < range.start || span.end > range.end {
            continue;
        }
        let Some(used) = Used::of(model, node.kind()) else { continue };
        if reaches(model, node.id(), function, &used) {
            let message = format!("{} can't use {}", kind.a(), used.text());
            let code = kind.code("action-this", "cache-this");
            report.error(code, span, message).hint = Some(used.hint(kind).to_owned());
        }
    }
}

enum Used {
    This,
    Arguments,
    Super,
    NewTarget,
    Private(String),
}

impl Used {
    fn of(model: &Model<'_>, kind: AstKind<'_>) -> Option<Self> {
        match kind {
            AstKind::ThisExpression(_) => Some(Self::This),
            AstKind::Super(_) => Some(Self::Super),
            AstKind::NewTarget(_) => Some(Self::NewTarget),
            AstKind::PrivateFieldExpression(field) => Some(Self::Private(field.field.name.to_string())),
            AstKind::PrivateInExpression(check) => Some(Self::Private(check.left.name.to_string())),
            AstKind::IdentifierReference(name) if name.name == "arguments" => {
                let reference = model.scoping().get_reference(name.reference_id.get()?);
                reference.symbol_id().is_none().then_some(Self::Arguments)
            }
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::This => "`this`".to_owned(),
            Self::Arguments => "`arguments`".to_owned(),
            Self::Super => "`super`".to_owned(),
            Self::NewTarget => "`new.target`".to_owned(),
            Self::Private(name) => format!("the private name `#{name}`"),
        }
    }

    fn hint(&self, kind: &FunctionKind) -> &'static str {
        match (self, kind) {
            (Self::Arguments, _) => "use a rest parameter: `async (...args) => { … }`",
            (_, FunctionKind::Action) => "it runs in a request of its own: take the value into a variable before the action",
            (_, FunctionKind::Cached(_)) => "its result depends on its arguments alone: hand the value to it",
        }
    }

    /// Whether an ancestor gives this a meaning of its own. `child` is the ancestor's child on the way.
    fn is_given_by(&self, ancestor: AstKind<'_>, child: Span) -> bool {
        match (self, ancestor) {
            (Self::Private(name), AstKind::ClassBody(body)) => body.body.iter().any(|element| declares(element, name)),
            (Self::Private(_), _) => false,
            (_, AstKind::Function(_) | AstKind::StaticBlock(_)) => true,
            // Fields are evaluated with the instance or the class as `this`; their computed keys are not.
            (_, AstKind::PropertyDefinition(field)) => field.key.span() != child,
            (_, AstKind::AccessorProperty(field)) => field.key.span() != child,
            _ => false,
        }
    }
}

fn declares(element: &ClassElement<'_>, name: &str) -> bool {
    element
        .property_key()
        .is_some_and(|key| key.is_private_identifier() && key.private_name().is_some_and(|key| key == name))
}

/// Whether what stands at `from` means something outside of the function.
fn reaches(model: &Model<'_>, from: NodeId, function: NodeId, used: &Used) -> bool {
    let mut child = model.nodes().kind(from).span();
    for ancestor in model.nodes().ancestors(from).skip_while(|node| node.id() == from) {
        if ancestor.id() == function {
            return true;
        }
        if used.is_given_by(ancestor.kind(), child) {
            return false;
        }
        child = ancestor.kind().span();
    }
    false
}
