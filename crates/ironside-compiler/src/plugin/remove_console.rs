//! `compiler.removeConsole`: calls of `console.*` are dropped from the application's code, arguments and all.

use crate::environment::RemoveConsole;
use oxc::{
    allocator::Allocator,
    ast::{
        ast::{Expression, Program},
        builder::AstBuilder,
    },
    ast_visit::{VisitJsMut, walk_js_mut},
    span::SPAN,
};

pub(super) fn apply<'a>(program: &mut Program<'a>, allocator: &'a Allocator, options: &RemoveConsole) {
    let mut remover = Remover {
        builder: AstBuilder::new(allocator),
        options,
    };
    remover.visit_program(program);
}

struct Remover<'a, 'o> {
    builder: AstBuilder<'a>,
    options: &'o RemoveConsole,
}

impl<'a> VisitJsMut<'a> for Remover<'a, '_> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        if self.is_dropped(expression) {
            *expression = Expression::new_identifier(SPAN, "undefined", &self.builder);
        } else {
            walk_js_mut::walk_expression(self, expression);
        }
    }
}

impl Remover<'_, '_> {
    fn is_dropped(&self, expression: &Expression<'_>) -> bool {
        let Expression::CallExpression(call) = expression else {
            return false;
        };
        let Expression::StaticMemberExpression(member) = &call.callee else {
            return false;
        };
        member.object.is_specific_id("console") && !self.options.exclude.iter().any(|name| name == member.property.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxc::{codegen::Codegen, parser::Parser, span::SourceType};

    #[test]
    fn calls_are_dropped_but_for_the_methods_that_are_kept() {
        let allocator = Allocator::default();
        let source = "console.log(a()); console.error(b); const c = () => console.info(1); myconsole.log(2);";
        let mut program = Parser::new(&allocator, source, SourceType::mjs()).parse().program;
        apply(
            &mut program,
            &allocator,
            &RemoveConsole {
                exclude: vec!["error".into()],
            },
        );
        let printed = Codegen::new().build(&program).code;
        assert_eq!(
            printed,
            "undefined;\nconsole.error(b);\nconst c = () => undefined;\nmyconsole.log(2);\n"
        );
    }
}
