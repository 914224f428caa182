//! What an inline action is called: the path to it through the names around it.
//!
//! The name goes into the id, so it must not depend on how many other actions stand above it: ids of one build are known
//! to pages of another. A number is only the last resort.

use super::{super::program::Model, find::Found};
use oxc::{
    ast::{
        AstKind,
        ast::{AssignmentTarget, Expression, JSXAttributeName, JSXElementName, PropertyKey},
    },
    semantic::NodeId,
    span::{GetSpan, Span},
};
use rustc_hash::FxHashMap;

/// The names of actions, in order: `Page.rename`, `Page.form.action`, `Page.rows.map#2`.
pub(super) fn names(model: &Model<'_>, found: &[Found]) -> Vec<String> {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let mut list = Vec::new();
    for action in found {
        let path = path(model, action.node);
        let count = seen.entry(path.clone()).or_default();
        *count += 1;
        list.push(if *count == 1 { path } else { format!("{path}#{count}") });
    }
    list
}

fn path(model: &Model<'_>, node: NodeId) -> String {
    let mut parts = Vec::new();
    // Whether the function or class that was last met still has no name of its own.
    let mut unnamed = false;
    let mut inside = model.nodes().kind(node).span();
    let start = std::iter::once(model.nodes().get_node(node));
    for ancestor in start.chain(model.nodes().ancestors(node).skip_while(|ancestor| ancestor.id() == node)) {
        let kind = ancestor.kind();
        match kind {
            AstKind::Function(function) => {
                unnamed = function.id.is_none();
                parts.extend(function.id.as_ref().map(|id| id.name.to_string()));
            }
            AstKind::Class(class) => {
                unnamed = class.id.is_none();
                parts.extend(class.id.as_ref().map(|id| id.name.to_string()));
            }
            AstKind::ArrowFunctionExpression(_) => unnamed = true,
            kind if unnamed || names_itself(kind) => parts.extend(place(kind, inside)),
            _ => {}
        }
        inside = kind.span();
    }
    if parts.is_empty() {
        parts.push("action".to_owned());
    }
    parts.reverse();
    parts.join(".")
}

/// Methods and properties are named even where the function in them has a name.
fn names_itself(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::ObjectProperty(_) | AstKind::MethodDefinition(_) | AstKind::PropertyDefinition(_)
    )
}

/// The name of the place that a value is given to.
fn place(kind: AstKind<'_>, inside: Span) -> Option<String> {
    match kind {
        AstKind::VariableDeclarator(declarator) => declarator.id.get_binding_identifier().map(|id| id.name.to_string()),
        AstKind::ObjectProperty(property) if property.key.span() != inside => key(&property.key),
        AstKind::MethodDefinition(method) if method.key.span() != inside => key(&method.key),
        AstKind::PropertyDefinition(property) if property.key.span() != inside => key(&property.key),
        AstKind::AssignmentExpression(assignment) => target(&assignment.left),
        AstKind::JSXAttribute(attribute) => match &attribute.name {
            JSXAttributeName::Identifier(name) => Some(name.name.to_string()),
            JSXAttributeName::NamespacedName(name) => Some(format!("{}_{}", name.namespace.name, name.name.name)),
        },
        AstKind::JSXOpeningElement(element) => match &element.name {
            JSXElementName::Identifier(name) => Some(name.name.to_string()),
            JSXElementName::IdentifierReference(name) => Some(name.name.to_string()),
            JSXElementName::MemberExpression(member) => Some(member.property.name.to_string()),
            JSXElementName::NamespacedName(_) | JSXElementName::ThisExpression(_) => None,
        },
        AstKind::CallExpression(call) if call.callee.span() != inside => callee(&call.callee),
        AstKind::NewExpression(call) if call.callee.span() != inside => callee(&call.callee),
        AstKind::ExportDefaultDeclaration(_) => Some("default".to_owned()),
        _ => None,
    }
}

fn key(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::PrivateIdentifier(name) => Some(format!("#{}", name.name)),
        key => key.static_name().map(|name| name.to_string()),
    }
}

fn target(target: &AssignmentTarget<'_>) -> Option<String> {
    match target {
        AssignmentTarget::AssignmentTargetIdentifier(name) => Some(name.name.to_string()),
        AssignmentTarget::StaticMemberExpression(member) => Some(member.property.name.to_string()),
        _ => None,
    }
}

fn callee(expression: &Expression<'_>) -> Option<String> {
    match expression {
        Expression::Identifier(name) => Some(name.name.to_string()),
        Expression::StaticMemberExpression(member) => match callee(&member.object) {
            Some(object) => Some(format!("{object}.{}", member.property.name)),
            None => Some(member.property.name.to_string()),
        },
        _ => None,
    }
}
