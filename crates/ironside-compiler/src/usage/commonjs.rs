//! The names that a CommonJS module seems to export. The language has no way to say it, so it is guessed from the usual
//! forms: `exports.a = …`, `module.exports = { a }`, `Object.defineProperty(exports, 'a', …)`.

use oxc::{
    allocator::Allocator,
    ast::ast::{Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, ObjectPropertyKind},
    ast_visit::{Visit, walk},
    parser::Parser,
    span::SourceType,
};
use std::collections::BTreeSet;

pub(crate) fn exported_names(source: &str) -> BTreeSet<String> {
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, source, SourceType::cjs()).parse().program;
    let mut names = Names(BTreeSet::from(["default".to_owned()]));
    names.visit_program(&program);
    names.0.remove("__esModule");
    names.0
}

struct Names(BTreeSet<String>);

impl<'a> Visit<'a> for Names {
    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left {
            let name = member.property.name.as_str();
            if is_exports(&member.object) {
                self.0.insert(name.to_owned());
            } else if name == "exports"
                && member.object.is_specific_id("module")
                && let Expression::ObjectExpression(object) = &assignment.right
            {
                self.0.extend(object.properties.iter().filter_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => property.key.static_name().map(|name| name.to_string()),
                    ObjectPropertyKind::SpreadProperty(_) => None,
                }));
            }
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let define = call
            .callee
            .as_member_expression()
            .is_some_and(|m| m.static_property_name() == Some("defineProperty"));
        if define
            && let [target, Argument::StringLiteral(name), ..] = call.arguments.as_slice()
            && target.as_expression().is_some_and(is_exports)
        {
            self.0.insert(name.value.to_string());
        }
        // `_export(exports, { a: function() { … } })`, as SWC writes it.
        if let [target, Argument::ObjectExpression(object)] = call.arguments.as_slice()
            && target.as_expression().is_some_and(|target| target.is_specific_id("exports"))
        {
            self.0.extend(object.properties.iter().filter_map(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => property.key.static_name().map(|name| name.to_string()),
                ObjectPropertyKind::SpreadProperty(_) => None,
            }));
        }
        walk::walk_call_expression(self, call);
    }
}

/// `exports` or `module.exports`.
fn is_exports(expression: &Expression<'_>) -> bool {
    expression.is_specific_id("exports")
        || matches!(expression, Expression::StaticMemberExpression(member)
            if member.property.name == "exports" && member.object.is_specific_id("module"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_seen() {
        let source = "Object.defineProperty(exports, '__esModule', { value: true }); exports.a = 1; module.exports.b = 2;\n\
                      module.exports = { c, 'd': 1 }; Object.defineProperty(exports, 'e', { get() {} });\n\
                      _export(exports, { f: function() { return f } });";
        let names: Vec<_> = exported_names(source).into_iter().collect();
        assert_eq!(names, ["a", "b", "c", "d", "default", "e", "f"]);
    }
}
