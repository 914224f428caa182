//! What a module exports.

use super::program::Model;
use oxc::{
    ast::ast::{
        Declaration, ExportDefaultDeclarationKind, Expression, ImportOrExportKind, ModuleExportName, Program, Statement,
        VariableDeclaration,
    },
    span::{GetSpan, Span},
};

/// The names of a module's exports, for following `export *` of client files through packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportNames {
    /// Names of exports that are values, in the order of the source.
    pub names: Vec<String>,
    /// Specifiers of `export * from`.
    pub stars: Vec<String>,
    /// Whether the module has any syntax of ES modules.
    pub esm: bool,
}

/// An export that is a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Export {
    /// The name that importers use.
    pub(super) name: String,
    /// Where messages point to.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: ExportKind,
}

/// The syntax of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExportKind {
    /// A function declaration; without a name only as the default export.
    Function { local: Option<String> },
    /// A class declaration.
    Class,
    /// A variable that is declared by the export.
    Variable { local: String, destructured: bool },
    /// An enum or a namespace with values.
    Enum,
    /// `export { local as name }`
    Listed { local: String },
    /// `export default <expression>`
    Default,
    /// `export { x } from`, `export * as ns from`
    From,
    /// `export * from`; `name` is the specifier.
    Star,
}

/// The names of a module's exports.
pub fn export_names(program: &Program<'_>) -> ExportNames {
    let model = Model::new(program);
    let (stars, names): (Vec<_>, Vec<_>) = exports(&model)
        .into_iter()
        .partition(|export| export.kind == ExportKind::Star);
    let name = |export: Export| export.name;
    ExportNames {
        names: names.into_iter().map(name).collect(),
        stars: stars.into_iter().map(name).collect(),
        esm: is_esm(program),
    }
}

/// Whether a module has any syntax of ES modules.
pub(super) fn is_esm(program: &Program<'_>) -> bool {
    program.body.iter().any(Statement::is_module_declaration)
}

/// Exports that are values, in the order of the source.
pub(super) fn exports(model: &Model<'_>) -> Vec<Export> {
    let mut list = Vec::new();
    for statement in &model.program.body {
        match statement {
            Statement::ExportDeclaration(export) => of_declaration(&export.declaration, &mut list),
            Statement::ExportNamedDeclaration(export) if is_value(export.export_kind) => {
                for specifier in export.specifiers.iter().filter(|specifier| is_value(specifier.export_kind)) {
                    let local = text(&specifier.local);
                    if model.is_value(&local) {
                        let name = text(&specifier.exported);
                        list.push(Export {
                            name,
                            span: specifier.span,
                            kind: ExportKind::Listed { local },
                        });
                    }
                }
            }
            Statement::ExportFromDeclaration(export) if is_value(export.export_kind) => {
                for specifier in export.specifiers.iter().filter(|specifier| is_value(specifier.export_kind)) {
                    list.push(Export {
                        name: text(&specifier.exported),
                        span: export.span,
                        kind: ExportKind::From,
                    });
                }
            }
            Statement::ExportAllDeclaration(export) if is_value(export.export_kind) => list.push(match &export.exported {
                Some(name) => Export {
                    name: text(name),
                    span: export.span,
                    kind: ExportKind::From,
                },
                None => Export {
                    name: export.source.value.to_string(),
                    span: export.span,
                    kind: ExportKind::Star,
                },
            }),
            Statement::ExportDefaultDeclaration(export) => list.extend(of_default(&export.declaration)),
            _ => {}
        }
    }
    list
}

fn of_declaration(declaration: &Declaration<'_>, list: &mut Vec<Export>) {
    let named = |name: &str, span: Span, kind: ExportKind| Export {
        name: name.to_owned(),
        span,
        kind,
    };
    match declaration {
        Declaration::VariableDeclaration(variables) if !variables.declare => of_variables(variables, list),
        Declaration::FunctionDeclaration(function) if function.body.is_some() => {
            if let Some(id) = &function.id {
                list.push(named(
                    &id.name,
                    function.span,
                    ExportKind::Function {
                        local: Some(id.name.to_string()),
                    },
                ));
            }
        }
        Declaration::ClassDeclaration(class) if !class.declare => {
            if let Some(id) = &class.id {
                list.push(named(&id.name, class.span, ExportKind::Class));
            }
        }
        Declaration::TSEnumDeclaration(item) if !item.declare => {
            list.push(named(&item.id.name, item.span, ExportKind::Enum));
        }
        _ => {}
    }
}

fn of_variables(variables: &VariableDeclaration<'_>, list: &mut Vec<Export>) {
    for declarator in &variables.declarations {
        let destructured = !declarator.id.is_binding_identifier();
        for binding in declarator.id.get_binding_identifiers() {
            let local = binding.name.to_string();
            let span = if destructured { binding.span } else { declarator.span };
            list.push(Export {
                name: local.clone(),
                span,
                kind: ExportKind::Variable { local, destructured },
            });
        }
    }
}

fn of_default(declaration: &ExportDefaultDeclarationKind<'_>) -> Option<Export> {
    let kind = match declaration {
        ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
            function.body.as_ref()?;
            ExportKind::Function {
                local: function.id.as_ref().map(|id| id.name.to_string()),
            }
        }
        ExportDefaultDeclarationKind::ClassDeclaration(_) => ExportKind::Class,
        ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return None,
        _ => ExportKind::Default,
    };
    Some(Export {
        name: "default".to_owned(),
        span: declaration.span(),
        kind,
    })
}

fn is_value(kind: ImportOrExportKind) -> bool {
    kind == ImportOrExportKind::Value
}

fn text(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}

/// The expression inside of parentheses and TypeScript's assertions.
pub(super) fn bare<'b, 'a>(mut expression: &'b Expression<'a>) -> &'b Expression<'a> {
    loop {
        expression = match expression {
            Expression::ParenthesizedExpression(inner) => &inner.expression,
            Expression::TSAsExpression(inner) => &inner.expression,
            Expression::TSSatisfiesExpression(inner) => &inner.expression,
            Expression::TSTypeAssertion(inner) => &inner.expression,
            Expression::TSNonNullExpression(inner) => &inner.expression,
            Expression::TSInstantiationExpression(inner) => &inner.expression,
            _ => return expression,
        };
    }
}
