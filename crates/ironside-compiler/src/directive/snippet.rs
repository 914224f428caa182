//! New code, written as text and parsed into the arena of the program that it goes into.
//!
//! Every span of it is emptied: its positions point into the snippet, and would be taken for positions of the module.

use oxc::{
    allocator::{Allocator, Vec},
    ast::ast::{Expression, Statement},
    ast_visit::VisitJsMut,
    parser::{ParseOptions, Parser},
    span::{SPAN, SourceType, Span},
};

struct EmptySpans;

impl VisitJsMut<'_> for EmptySpans {
    fn visit_span(&mut self, span: &mut Span) {
        *span = SPAN;
    }
}

/// The statements of a module's text. Text that doesn't parse gives none; the fixtures would show it at once.
pub(crate) fn statements<'a>(allocator: &'a Allocator, text: &str) -> Vec<'a, Statement<'a>> {
    parse(allocator, text, SourceType::mjs())
}

/// The same for a CommonJS module.
pub(super) fn commonjs<'a>(allocator: &'a Allocator, text: &str) -> Vec<'a, Statement<'a>> {
    parse(allocator, text, SourceType::cjs())
}

fn parse<'a>(allocator: &'a Allocator, text: &str, source_type: SourceType) -> Vec<'a, Statement<'a>> {
    let text = allocator.alloc_str(text);
    let options = ParseOptions {
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let mut program = Parser::new(allocator, text, source_type)
        .with_options(options)
        .parse()
        .program;
    EmptySpans.visit_program(&mut program);
    program.body
}

/// The expression that a text is.
pub(crate) fn expression<'a>(allocator: &'a Allocator, text: &str) -> Option<Expression<'a>> {
    match statements(allocator, &format!("({text})")).pop() {
        Some(Statement::ExpressionStatement(statement)) => Some(statement.unbox().expression),
        _ => None,
    }
}

/// A string as a JavaScript literal. JSON's escapes are a subset of JavaScript's.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
