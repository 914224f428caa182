//! Options of `createAction` (`ironside/actions`) that the server and the browser have to know before the action's code runs: they
//! are read from the source, where they are written out.

use super::{exports::bare, program::Model, report::Reporter};
use crate::environment::byte_size::byte_size;
use ironside_model::manifest::ActionOptions;
use oxc::{
    ast::ast::{
        BinaryOperator, Expression, ImportDeclarationSpecifier, ObjectExpression, ObjectPropertyKind, PropertyKey, Statement,
    },
    span::GetSpan,
};
use serde_json::Value;

const MODULE: &str = "ironside/actions";
const MAKER: &str = "createAction";

/// The options of an exported value; `None` if it is not made by `createAction`.
pub(super) fn of(model: &Model<'_>, value: &Expression<'_>, report: &mut Reporter<'_>) -> Option<ActionOptions> {
    let Expression::CallExpression(call) = value else {
        return None;
    };
    if !is_maker(model, &call.callee) {
        return None;
    }
    let first = call.arguments.first()?.as_expression()?;
    match bare(first) {
        Expression::ObjectExpression(object) => Some(read(object, report)),
        other => {
            if call.arguments.len() > 1 {
                let message =
                    "the options of `createAction` are not written here, so `bodyLimit` and `concurrent` have no effect";
                let hint = "write these two in an object where `createAction` is called";
                report.warning("action-options", other.span(), message).hint = Some(hint.to_owned());
            }
            Some(ActionOptions::default())
        }
    }
}

/// The names of the options that an exported value is made with; `None` if it is not made by `createAction`.
pub(super) fn names(model: &Model<'_>, value: &Expression<'_>) -> Option<Vec<String>> {
    let Expression::CallExpression(call) = value else {
        return None;
    };
    if !is_maker(model, &call.callee) {
        return None;
    }
    let Expression::ObjectExpression(object) = bare(call.arguments.first()?.as_expression()?) else {
        return Some(Vec::new());
    };
    let properties = object.properties.iter().filter_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => name(&property.key).map(str::to_owned),
        ObjectPropertyKind::SpreadProperty(_) => None,
    });
    Some(properties.collect())
}

fn read(object: &ObjectExpression<'_>, report: &mut Reporter<'_>) -> ActionOptions {
    let mut options = ActionOptions::default();
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            continue;
        };
        let value = bare(&property.value);
        match name(&property.key) {
            Some("bodyLimit") => {
                options.body_limit = constant(value).and_then(|value| byte_size(&value));
                if options.body_limit.is_none() {
                    let message = "`bodyLimit` has to be a number of bytes or a text such as '5mb', written out";
                    let hint =
                        "it is read when the application is built, so that larger requests are refused before any code runs";
                    report.error("action-body-limit", value.span(), message).hint = Some(hint.to_owned());
                }
            }
            Some("concurrent") => match value {
                Expression::BooleanLiteral(literal) => options.concurrent = literal.value,
                _ => {
                    let message = "`concurrent` has to be `true` or `false`, written out";
                    let hint = "it is read when the application is built, as the browser has to know it";
                    report.error("action-concurrent", value.span(), message).hint = Some(hint.to_owned());
                }
            },
            _ => {}
        }
    }
    options
}

fn name<'k>(key: &'k PropertyKey<'_>) -> Option<&'k str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(text) => Some(text.value.as_str()),
        _ => None,
    }
}

/// A number or a text; products of numbers too, as in `5 * 1024 * 1024`.
fn constant(value: &Expression<'_>) -> Option<Value> {
    match bare(value) {
        Expression::StringLiteral(text) => Some(Value::from(text.value.as_str())),
        value => number(value).map(Value::from),
    }
}

fn number(value: &Expression<'_>) -> Option<f64> {
    match bare(value) {
        Expression::NumericLiteral(number) => Some(number.value),
        Expression::BinaryExpression(product) if product.operator == BinaryOperator::Multiplication => {
            Some(number(&product.left)? * number(&product.right)?)
        }
        _ => None,
    }
}

/// `createAction`, under whatever name it was imported, or as a member of the whole module.
fn is_maker(model: &Model<'_>, callee: &Expression<'_>) -> bool {
    match bare(callee) {
        Expression::Identifier(local) => imported(model, |specifier| match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(one) => one.local.name == local.name && one.imported.name() == MAKER,
            _ => false,
        }),
        Expression::StaticMemberExpression(member) if member.property.name == MAKER => {
            let Expression::Identifier(space) = &member.object else {
                return false;
            };
            imported(model, |specifier| match specifier {
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(all) => all.local.name == space.name,
                _ => false,
            })
        }
        _ => false,
    }
}

fn imported(model: &Model<'_>, matches: impl Fn(&ImportDeclarationSpecifier<'_>) -> bool) -> bool {
    model.program.body.iter().any(|statement| match statement {
        Statement::ImportDeclaration(import) if import.source.value == MODULE => import.specifiers.iter().flatten().any(&matches),
        _ => false,
    })
}
