//! What can be told about a convention file from its text alone: its directive, the names it exports, and the values
//! that have to be known without running it.

use oxc::{
    allocator::Allocator,
    ast::ast::{
        BindingPattern, Declaration, ExportDefaultDeclarationKind, Expression, ImportOrExportKind, ObjectPropertyKind, Program,
        PropertyKey, Statement, UnaryOperator,
    },
    parser::Parser,
    span::{GetSpan, SourceType, Span},
};
use serde_json::Value;
use std::{collections::BTreeMap, ops::Range, path::Path};

/// The module-level directives that matter to the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directive {
    Client,
    Server,
}

/// What an export is, as far as its text tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExportValue {
    /// A literal, or an array or object of literals.
    Literal(Value),
    /// A function or class.
    Callable,
    /// It comes from another module.
    ReExport,
    /// Anything else.
    Computed,
}

#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) value: ExportValue,
    /// Where the name stands.
    pub(crate) name_span: Range<u32>,
    /// Where its value stands; the name if it has none here.
    pub(crate) value_span: Range<u32>,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModuleFacts {
    /// The text can't be parsed. Nothing else is known then, and bundling will say where and why.
    pub(crate) broken: bool,
    pub(crate) directive: Option<Directive>,
    /// By name, types left out.
    pub(crate) exports: BTreeMap<String, Export>,
    /// There is an `export * from`, so there may be more names.
    pub(crate) star: bool,
}

impl ModuleFacts {
    pub(crate) fn read(file: &str, source: &str) -> Self {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, source_type(file)).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            return Self {
                broken: true,
                ..Self::default()
            };
        }
        let mut facts = Self {
            directive: directive(&parsed.program),
            ..Self::default()
        };
        for statement in &parsed.program.body {
            facts.add(statement, &parsed.program);
        }
        facts
    }

    /// Whether a name is certainly not exported.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        // `export *` never passes on the default export.
        !self.broken && !self.exports.contains_key(name) && (!self.star || name == "default")
    }

    /// The names, sorted.
    /// Exported names without those in capitals that hold a plain value: what a handler exports in capitals is a method.
    pub(crate) fn handler_names(&self) -> Vec<String> {
        let is_value = |name: &str, export: &Export| {
            matches!(export.value, ExportValue::Literal(_)) && !name.contains(|letter: char| letter.is_ascii_lowercase())
        };
        let kept = self.exports.iter().filter(|(name, export)| !is_value(name, export));
        kept.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.exports.keys().cloned().collect()
    }

    fn add(&mut self, statement: &Statement, program: &Program) {
        match statement {
            Statement::ExportAllDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                match &export.exported {
                    Some(name) => self.insert(name.name().as_str(), ExportValue::ReExport, name.span(), name.span()),
                    None => self.star = true,
                }
            }
            Statement::ExportDefaultDeclaration(export) => self.add_default(&export.declaration, program),
            Statement::ExportDeclaration(export) => self.add_declaration(&export.declaration),
            Statement::ExportFromDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                for specifier in export
                    .specifiers
                    .iter()
                    .filter(|s| s.export_kind == ImportOrExportKind::Value)
                {
                    let name = &specifier.exported;
                    self.insert(name.name().as_str(), ExportValue::ReExport, name.span(), name.span());
                }
            }
            Statement::ExportNamedDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                for specifier in export
                    .specifiers
                    .iter()
                    .filter(|s| s.export_kind == ImportOrExportKind::Value)
                {
                    let (value, span) = local_value(program, specifier.local.name().as_str());
                    let name = specifier.exported.span();
                    self.insert(specifier.exported.name().as_str(), value, name, span.unwrap_or(name));
                }
            }
            _ => {}
        }
    }

    fn add_default(&mut self, declaration: &ExportDefaultDeclarationKind, program: &Program) {
        let span = declaration.span();
        let value = match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_) | ExportDefaultDeclarationKind::ClassDeclaration(_) => {
                ExportValue::Callable
            }
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return,
            other => match other.as_expression() {
                Some(Expression::Identifier(name)) => local_value(program, name.name.as_str()).0,
                Some(expression) => value_of(expression),
                None => ExportValue::Computed,
            },
        };
        self.insert("default", value, span, span);
    }

    fn add_declaration(&mut self, declaration: &Declaration) {
        match declaration {
            Declaration::VariableDeclaration(variables) if !variables.declare => {
                for variable in &variables.declarations {
                    for name in variable.id.get_binding_identifiers() {
                        let plain = matches!(variable.id, BindingPattern::BindingIdentifier(_));
                        let value = match &variable.init {
                            Some(init) if plain => value_of(init),
                            _ => ExportValue::Computed,
                        };
                        let span = variable.init.as_ref().map_or(name.span, GetSpan::span);
                        self.insert(name.name.as_str(), value, name.span, span);
                    }
                }
            }
            Declaration::FunctionDeclaration(function) if !function.declare && function.body.is_some() => {
                if let Some(id) = &function.id {
                    self.insert(id.name.as_str(), ExportValue::Callable, id.span, id.span);
                }
            }
            Declaration::ClassDeclaration(class) if !class.declare => {
                if let Some(id) = &class.id {
                    self.insert(id.name.as_str(), ExportValue::Callable, id.span, id.span);
                }
            }
            Declaration::TSEnumDeclaration(item) if !item.declare => {
                self.insert(item.id.name.as_str(), ExportValue::Computed, item.id.span, item.id.span);
            }
            _ => {}
        }
    }

    fn insert(&mut self, name: &str, value: ExportValue, name_span: Span, value_span: Span) {
        let range = |span: Span| span.start..span.end;
        self.exports.insert(
            name.to_owned(),
            Export {
                value,
                name_span: range(name_span),
                value_span: range(value_span),
            },
        );
    }
}

/// JSX is allowed in every file but `.ts`, where `<T>x` is a cast.
pub(crate) fn source_type(file: &str) -> SourceType {
    match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("ts" | "mts" | "cts") => SourceType::ts(),
        Some("tsx") => SourceType::tsx(),
        _ => SourceType::jsx(),
    }
}

fn directive(program: &Program) -> Option<Directive> {
    program
        .directives
        .iter()
        .find_map(|directive| match directive.expression.value.as_str() {
            "use client" => Some(Directive::Client),
            "use server" => Some(Directive::Server),
            _ => None,
        })
}

/// What a name of the module's top level is bound to.
fn local_value(program: &Program, wanted: &str) -> (ExportValue, Option<Span>) {
    for statement in &program.body {
        match statement {
            Statement::VariableDeclaration(variables) => {
                for variable in &variables.declarations {
                    let BindingPattern::BindingIdentifier(id) = &variable.id else {
                        continue;
                    };
                    if id.name.as_str() == wanted {
                        return match &variable.init {
                            Some(init) => (value_of(init), Some(init.span())),
                            None => (ExportValue::Computed, None),
                        };
                    }
                }
            }
            Statement::FunctionDeclaration(function) if function.id.as_ref().is_some_and(|id| id.name.as_str() == wanted) => {
                return (ExportValue::Callable, None);
            }
            Statement::ClassDeclaration(class) if class.id.as_ref().is_some_and(|id| id.name.as_str() == wanted) => {
                return (ExportValue::Callable, None);
            }
            Statement::ImportDeclaration(import) => {
                let specifiers = import.specifiers.iter().flatten();
                if specifiers.into_iter().any(|specifier| specifier.name().as_str() == wanted) {
                    return (ExportValue::ReExport, None);
                }
            }
            _ => {}
        }
    }
    (ExportValue::Computed, None)
}

fn value_of(expression: &Expression) -> ExportValue {
    match expression {
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) | Expression::ClassExpression(_) => {
            ExportValue::Callable
        }
        _ => literal(expression).map_or(ExportValue::Computed, ExportValue::Literal),
    }
}

/// The value of an expression that consists of literals only.
pub(crate) fn literal(expression: &Expression) -> Option<Value> {
    match expression {
        Expression::BooleanLiteral(value) => Some(value.value.into()),
        Expression::NullLiteral(_) => Some(Value::Null),
        Expression::NumericLiteral(value) => Some(number(value.value)),
        Expression::StringLiteral(value) => Some(value.value.as_str().into()),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => template
            .quasis
            .first()
            .and_then(|quasi| quasi.value.cooked.as_ref())
            .map(|text| text.as_str().into()),
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::UnaryNegation => match &unary.argument {
            Expression::NumericLiteral(value) => Some(number(-value.value)),
            _ => None,
        },
        Expression::ArrayExpression(array) => array
            .elements
            .iter()
            .map(|element| element.as_expression().and_then(literal))
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        Expression::ObjectExpression(object) => {
            let mut map = serde_json::Map::new();
            for property in &object.properties {
                let ObjectPropertyKind::ObjectProperty(property) = property else {
                    return None;
                };
                let name = match &property.key {
                    PropertyKey::StaticIdentifier(name) => name.name.as_str().to_owned(),
                    PropertyKey::StringLiteral(name) => name.value.as_str().to_owned(),
                    _ => return None,
                };
                map.insert(name, literal(&property.value)?);
            }
            Some(Value::Object(map))
        }
        Expression::TSAsExpression(inner) => literal(&inner.expression),
        Expression::TSSatisfiesExpression(inner) => literal(&inner.expression),
        Expression::ParenthesizedExpression(inner) => literal(&inner.expression),
        _ => None,
    }
}

/// Whole numbers stay whole, so that `60` isn't written as `60.0`.
fn number(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "the value is whole and in range")]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn exports_are_found_in_all_their_forms_and_types_are_left_out() {
        let facts = ModuleFacts::read(
            "page.tsx",
            "'use client';\nimport Other, { b as c } from 'x';\nexport const revalidate = 60, [first] = [1];\n\
             export async function GET() {}\nexport { c as dynamic, type Foo, local as size };\nconst local = { w: 1, h: [-2] } as const;\n\
             export type Props = {};\nexport interface I {}\nexport { x } from 'y';\nexport type * from 'z';\nexport default Other;",
        );
        assert_eq!(facts.directive, Some(Directive::Client));
        assert_eq!(
            facts.names(),
            ["GET", "default", "dynamic", "first", "revalidate", "size", "x"]
        );
        assert_eq!(facts.exports["revalidate"].value, ExportValue::Literal(json!(60)));
        assert_eq!(facts.exports["size"].value, ExportValue::Literal(json!({"w": 1, "h": [-2]})));
        assert_eq!(facts.exports["default"].value, ExportValue::ReExport);
        assert_eq!(facts.exports["GET"].value, ExportValue::Callable);
        assert!(!facts.star);
    }

    #[test]
    fn a_star_export_may_have_any_name_but_default() {
        let facts = ModuleFacts::read("route.ts", "export * from './handlers';");
        assert!(!facts.lacks("GET"));
        assert!(facts.lacks("default"));
    }

    #[test]
    fn a_broken_file_lacks_nothing() {
        let facts = ModuleFacts::read("page.tsx", "export default function (");
        assert!(facts.broken);
        assert!(!facts.lacks("default"));
    }
}
