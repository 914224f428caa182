//! Modules that import as ES modules do and export as CommonJS does. TypeScript lets one write that, and configurations often are.

use crate::directive::snippet;
use memchr::memmem;
use oxc::{
    allocator::Allocator,
    ast::ast::{Program, Statement},
};

/// Gives such a module a `module` of its own, and exports what it has become.
pub(super) fn apply<'a>(source: &str, program: &mut Program<'a>, allocator: &'a Allocator) {
    if memmem::find(source.as_bytes(), b"module.exports").is_none() || !is_mixed(program) {
        return;
    }
    let mut body = snippet::statements(allocator, "const module = { exports: {} };");
    body.append(&mut program.body);
    body.append(&mut snippet::statements(allocator, "export default module.exports;"));
    program.body = body;
}

fn is_mixed(program: &Program<'_>) -> bool {
    let imports = |statement: &Statement<'_>| matches!(statement, Statement::ImportDeclaration(_));
    program.body.iter().any(imports)
        && !program
            .body
            .iter()
            .any(|statement| statement.is_module_declaration() && !imports(statement))
}
