//! Registers the exports of a `'use server'` file under their ids.

use super::{
    inline::Helpers,
    program::Names,
    server_file::{Registrations, ServerExport, ServerForm},
    snippet::{self, quoted},
};
use oxc::{
    allocator::{Allocator, TakeIn},
    ast::ast::{ExportDefaultDeclarationKind, Expression, Program, Statement},
};

/// Changes a program so that each export is a name of the module, and writes the registrations: the first text is for the
/// module's beginning, where function declarations exist already, the second for its end.
pub(super) fn register<'a>(
    program: &mut Program<'a>,
    allocator: &'a Allocator,
    server: &Registrations,
    helpers: &Helpers,
    names: &mut Names,
) -> (String, String) {
    let mut registrar = Registrar {
        program,
        allocator,
        helpers,
        names,
        head: String::new(),
        tail: String::new(),
    };
    for (export, id) in &server.list {
        registrar.register(export, &quoted(id));
    }
    (registrar.head, registrar.tail)
}

struct Registrar<'r, 'a> {
    program: &'r mut Program<'a>,
    allocator: &'a Allocator,
    helpers: &'r Helpers,
    names: &'r mut Names,
    head: String,
    tail: String,
}

impl<'a> Registrar<'_, 'a> {
    fn register(&mut self, export: &ServerExport, id: &str) {
        let action = self.helpers.action.clone();
        match &export.form {
            ServerForm::Hoisted(local) => self.head.push_str(&format!("{action}({local}, {id});\n")),
            ServerForm::Binding(local) => self.tail.push_str(&format!("{action}({local}, {id});\n")),
            ServerForm::Shared { local, target } => {
                self.wrap_variable(local, target);
                self.tail.push_str(&format!("{action}({local}, {id});\n"));
            }
            ServerForm::Alias(target) => {
                let wrapper = self.names.fresh(&format!("$${}", export.name));
                self.remove_export(&export.name);
                let text = format!(
                    "const {wrapper} = {};\nexport {{ {wrapper} as {} }};\n",
                    wrapped(target),
                    export.name
                );
                self.tail.push_str(&format!("{text}{action}({wrapper}, {id});\n"));
            }
            ServerForm::AnonymousFunction => {
                let name = self.names.fresh("$$default");
                self.name_default(&name);
                self.head.push_str(&format!("{action}({name}, {id});\n"));
            }
            ServerForm::Expression => {
                let name = self.names.fresh("$$default");
                self.split_default(&name);
                self.tail
                    .push_str(&format!("export {{ {name} as default }};\n{action}({name}, {id});\n"));
            }
        }
    }

    /// A function has one id, so a further name of it gets a function of its own.
    fn wrap_variable(&mut self, local: &str, target: &str) {
        let allocator = self.allocator;
        for statement in &mut self.program.body {
            let variables = match statement {
                Statement::VariableDeclaration(variables) => variables,
                Statement::ExportDeclaration(export) => match &mut export.declaration {
                    oxc::ast::ast::Declaration::VariableDeclaration(variables) => variables,
                    _ => continue,
                },
                _ => continue,
            };
            for declarator in &mut variables.declarations {
                if declarator.id.get_binding_identifier().is_some_and(|id| id.name == local) {
                    declarator.init = snippet::expression(allocator, &wrapped(target));
                }
            }
        }
    }

    fn remove_export(&mut self, name: &str) {
        self.program.body.retain_mut(|statement| match statement {
            Statement::ExportNamedDeclaration(export) => {
                export.specifiers.retain(|specifier| specifier.exported.name() != name);
                true
            }
            Statement::ExportDefaultDeclaration(export) => name != "default" || !export.declaration.is_expression(),
            _ => true,
        });
    }

    fn name_default(&mut self, name: &str) {
        let allocator = self.allocator;
        for statement in &mut self.program.body {
            if let Statement::ExportDefaultDeclaration(export) = statement
                && let ExportDefaultDeclarationKind::FunctionDeclaration(function) = &mut export.declaration
                && let Some(Statement::FunctionDeclaration(mut named)) =
                    snippet::statements(allocator, &format!("function {name}() {{}}")).pop()
            {
                function.id = named.id.take();
            }
        }
    }

    /// `export default value` becomes `const name = value`; the export follows at the end.
    fn split_default(&mut self, name: &str) {
        let allocator = self.allocator;
        for statement in &mut self.program.body {
            let Statement::ExportDefaultDeclaration(export) = statement else {
                continue;
            };
            let Some(value) = export.declaration.as_expression_mut() else {
                continue;
            };
            let value: Expression<'a> = value.take_in(&allocator);
            let made = snippet::statements(allocator, &format!("const {name} = 0;")).pop();
            let Some(Statement::VariableDeclaration(mut constant)) = made else {
                continue;
            };
            if let Some(declarator) = constant.declarations.first_mut() {
                declarator.init = Some(value);
            }
            *statement = Statement::VariableDeclaration(constant);
        }
    }
}

/// A function that calls another one. What isn't a function stays what it is, so that registering it fails as it should.
fn wrapped(target: &str) -> String {
    format!("typeof {target} === \"function\" ? (...args) => {target}(...args) : {target}")
}
