//! `'use server'` files. Every export is a server function: registered under its id in `rsc`, a proxy elsewhere.

use super::{
    ActionDefinition, REFERENCES, action_options, client_file,
    evidence::{Calls, Declared, Evidence},
    exports::{Export, ExportKind, bare, exports},
    inline::FunctionKind,
    program::{FunctionFacts, Model},
    report::Reporter,
    snippet::{self, quoted},
};
use ironside_model::manifest::ActionOptions;
use ironside_model::reference::{Parameters, action_id};
use oxc::{
    allocator::Allocator,
    ast::ast::{ExportDefaultDeclarationKind, Expression, Program, Statement},
    semantic::SymbolId,
    span::{GetSpan, Span},
    syntax::{identifier::is_identifier_name, scope::ScopeId},
};
use rustc_hash::FxHashSet;

/// An export that is a server function, as far as can be told without running the module.
#[derive(Debug, Clone)]
pub(super) struct ServerExport {
    /// The name that importers use.
    pub(super) name: String,
    /// Where the function stands.
    pub(super) span: Span,
    /// What its parameters are.
    pub(super) parameters: Parameters,
    /// How the module gets hold of it.
    pub(super) form: ServerForm,
    /// The function's scope, if it is a literal.
    pub(super) scope: Option<ScopeId>,
    /// What `createAction` is told, if it makes the function.
    pub(super) options: Option<ActionOptions>,
    /// The names of all options that it is given.
    pub(super) created_with: Option<Vec<String>>,
    /// The text of the function, or of the expression that makes it.
    pub(super) extent: Option<Span>,
}

/// How the module gets hold of an exported function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerForm {
    /// A function declaration, which exists before anything of the module runs.
    Hoisted(String),
    /// Any other name of the module.
    Binding(String),
    /// `export { name as alias }` of a function that something else owns: another export, or another module.
    Alias(String),
    /// `const local = target` for such a function.
    Shared { local: String, target: String },
    /// `export default async function () {}`
    AnonymousFunction,
    /// `export default <expression>`
    Expression,
}

/// What has to be added to a server file in `rsc`.
#[derive(Debug, Default)]
pub(super) struct Registrations {
    /// The exports with their ids.
    pub(super) list: Vec<(ServerExport, String)>,
    /// Scopes of functions that are exports themselves, and so are no inline actions.
    pub(super) functions: FxHashSet<ScopeId>,
}

/// The exports of a server file. Those that can't be server functions are reported and left out.
pub(super) fn check(model: &Model<'_>, report: &mut Reporter<'_>) -> Vec<ServerExport> {
    let mut checker = Checker {
        model,
        report,
        owned: FxHashSet::default(),
    };
    let found: Vec<ServerExport> = exports(model)
        .into_iter()
        .filter_map(|export| checker.check(export))
        .collect();
    if found.is_empty() && !super::exports::is_esm(model.program) && (model.is_free("module") || model.is_free("exports")) {
        let message = "exports by `module.exports` are no server functions: client code can't call them";
        let span = model
            .program
            .directives
            .first()
            .map_or(model.program.span, |directive| directive.span);
        report.warning("action-export-commonjs", span, message).hint = Some("use `export`".to_owned());
    }
    found
}

/// The ids of a server file's exports.
pub(super) fn definitions(model: &Model<'_>, exports: &[ServerExport], report: &Reporter<'_>) -> Vec<ActionDefinition> {
    let calls = Calls::new(model);
    let definition = |export: &ServerExport| {
        let (line, column) = report.position(export.span);
        ActionDefinition {
            id: action_id(report.facts.file_key, &export.name, export.parameters),
            name: export.name.clone(),
            export: export.name.clone(),
            line,
            column,
            sealed: false,
            inline: false,
            options: export.options.clone(),
            evidence: Evidence {
                parameters: Declared::of(export.parameters),
                calls: export.extent.map(|span| calls.within(span, report)).unwrap_or_default(),
                created_with: export.created_with.clone(),
            },
        }
    };
    exports.iter().map(definition).collect()
}

/// What has to be added in `rsc`.
pub(super) fn registrations(exports: Vec<ServerExport>, actions: &[ActionDefinition]) -> Registrations {
    let functions = exports.iter().filter_map(|export| export.scope).collect();
    let ids = actions.iter().map(|action| action.id.clone());
    Registrations {
        list: exports.into_iter().zip(ids).collect(),
        functions,
    }
}

/// Replaces a server file by proxies.
pub(super) fn replace<'a>(program: &mut Program<'a>, allocator: &'a Allocator, actions: &[ActionDefinition]) {
    program.directives.clear();
    program.comments.clear();
    program.hashbang = None;
    let mut text = if actions.is_empty() {
        "export {};".to_owned()
    } else {
        format!("import {{ serverReference as $$s }} from {};\n", quoted(REFERENCES))
    };
    for (index, action) in actions.iter().enumerate() {
        let call = format!("/* @__PURE__ */ $$s({}, {})", quoted(&action.id), quoted(&action.name));
        client_file::export(&mut text, index, &action.name, &call);
    }
    program.body = snippet::statements(allocator, &text);
}

struct Checker<'c, 's, 'f> {
    model: &'c Model<'s>,
    report: &'c mut Reporter<'f>,
    /// Symbols whose function some export before has registered.
    owned: FxHashSet<SymbolId>,
}

impl Checker<'_, '_, '_> {
    fn check(&mut self, export: Export) -> Option<ServerExport> {
        let declared_here = !matches!(export.kind, ExportKind::From | ExportKind::Star);
        if declared_here && !is_identifier_name(&export.name) {
            let message = "the name of a server function has to be an identifier";
            self.report.error("action-export-name", export.span, message).hint = Some("export it under another name".to_owned());
            return None;
        }
        match &export.kind {
            ExportKind::Function { local } => self.function(&export, local.clone()),
            ExportKind::Variable { local, .. } | ExportKind::Listed { local } => self.binding(&export, local.clone()),
            ExportKind::Default => self.default(&export),
            ExportKind::Class => self.invalid(export.span, "a class"),
            ExportKind::Enum => {
                let message = "an enum of a `'use server'` file exists for server code only";
                let hint = "move it to a file without the directive, if client code needs it";
                self.report.warning("action-export-enum", export.span, message).hint = Some(hint.to_owned());
                None
            }
            ExportKind::From | ExportKind::Star => {
                let message = "a `'use server'` file can't export what another file declares";
                let hint = "export async functions that are declared here; they may call the others";
                self.report.error("action-export-from", export.span, message).hint = Some(hint.to_owned());
                None
            }
        }
    }

    fn invalid(&mut self, span: Span, what: &str) -> Option<ServerExport> {
        let message = format!("only async functions may be exported from a `'use server'` file; this is {what}");
        let hint = "remove `export`, or move it to a file without the directive";
        self.report.error("action-export-invalid", span, message).hint = Some(hint.to_owned());
        None
    }

    fn literal(&mut self, export: &Export, facts: FunctionFacts, form: ServerForm) -> Option<ServerExport> {
        if !facts.is_async {
            let message = format!("`{}` has to be async, as every export of a `'use server'` file", export.name);
            let hint = "add `async`: clients get its answer over the network";
            self.report.error("action-not-async", facts.span, message).hint = Some(hint.to_owned());
        }
        super::inline::forbidden(self.model, facts.node, &FunctionKind::Action, self.report);
        let scope = facts.scope;
        Some(ServerExport {
            name: export.name.clone(),
            span: facts.span,
            parameters: facts.parameters(false),
            form,
            scope,
            options: None,
            created_with: None,
            extent: Some(facts.span),
        })
    }

    fn function(&mut self, export: &Export, local: Option<String>) -> Option<ServerExport> {
        match local {
            Some(local) => self.binding(export, local),
            None => {
                let facts = default_function(self.model.program)?;
                self.literal(export, facts, ServerForm::AnonymousFunction)
            }
        }
    }

    fn binding(&mut self, export: &Export, local: String) -> Option<ServerExport> {
        let Some(symbol) = self.model.root_symbol(&local) else {
            return self.invalid(export.span, "a name that the file doesn't declare");
        };
        let flags = self.model.scoping().symbol_flags(symbol);
        if flags.is_class() {
            return self.invalid(export.span, "a class");
        }
        let function = self.model.function_of(symbol);
        let first = self.owned.insert(symbol);
        if !first || flags.is_import() {
            let parameters = function.map_or(Parameters::Unknown, |facts| facts.parameters(false));
            let form = ServerForm::Alias(local);
            return Some(ServerExport {
                name: export.name.clone(),
                span: export.span,
                parameters,
                form,
                scope: None,
                options: None,
                created_with: None,
                extent: function.map(|facts| facts.span),
            });
        }
        if let Some(facts) = function {
            let hoisted = flags.is_function();
            let form = if hoisted {
                ServerForm::Hoisted(local)
            } else {
                ServerForm::Binding(local)
            };
            return self.literal(export, facts, form);
        }
        match self.model.initializer(symbol) {
            Some(value) => self.value(export, value, ServerForm::Binding(local)),
            None => Some(unknown(export, ServerForm::Binding(local))),
        }
    }

    fn default(&mut self, export: &Export) -> Option<ServerExport> {
        let value = default_expression(self.model.program)?;
        self.value(export, value, ServerForm::Expression)
    }

    /// An exported expression that isn't a function declaration.
    fn value(&mut self, export: &Export, value: &Expression<'_>, form: ServerForm) -> Option<ServerExport> {
        if let Some(facts) = FunctionFacts::of_expression(value) {
            return self.literal(export, facts, form);
        }
        let value = bare(value);
        if let Some(what) = visibly_no_function(value) {
            return self.invalid(value.span(), what);
        }
        if let Expression::Identifier(name) = value
            && let Some(symbol) = self.model.root_symbol(&name.name)
        {
            return self.reference(export, symbol, &name.name, form);
        }
        let options = action_options::of(self.model, value, self.report);
        Some(ServerExport {
            options,
            created_with: action_options::names(self.model, value),
            extent: Some(value.span()),
            ..unknown(export, form)
        })
    }

    /// `export default name`, `export const x = name`
    fn reference(&mut self, export: &Export, symbol: SymbolId, name: &str, form: ServerForm) -> Option<ServerExport> {
        let flags = self.model.scoping().symbol_flags(symbol);
        if form == ServerForm::Expression {
            // The same as `export { name as default }`, except for the syntax.
            let found = self.binding(export, name.to_owned())?;
            let alias = matches!(found.form, ServerForm::Alias(_));
            return Some(ServerExport {
                form: if alias { found.form } else { form },
                ..found
            });
        }
        let function = self.model.function_of(symbol);
        if function.is_none() && !flags.is_import() {
            return Some(unknown(export, form));
        }
        let parameters = function.map_or(Parameters::Unknown, |facts| facts.parameters(false));
        let form = match form {
            ServerForm::Binding(local) => ServerForm::Shared {
                local,
                target: name.to_owned(),
            },
            form => form,
        };
        Some(ServerExport {
            parameters,
            extent: function.map(|facts| facts.span),
            ..unknown(export, form)
        })
    }
}

fn unknown(export: &Export, form: ServerForm) -> ServerExport {
    ServerExport {
        name: export.name.clone(),
        span: export.span,
        parameters: Parameters::Unknown,
        form,
        scope: None,
        options: None,
        created_with: None,
        extent: None,
    }
}

fn visibly_no_function(value: &Expression<'_>) -> Option<&'static str> {
    Some(match value {
        Expression::BooleanLiteral(_) | Expression::NullLiteral(_) | Expression::NumericLiteral(_) => "a constant",
        Expression::BigIntLiteral(_) | Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => "a constant",
        Expression::RegExpLiteral(_) => "a regular expression",
        Expression::ArrayExpression(_) => "an array",
        Expression::ObjectExpression(_) => "an object",
        Expression::ClassExpression(_) => "a class",
        Expression::NewExpression(_) => "an object",
        Expression::JSXElement(_) | Expression::JSXFragment(_) => "an element",
        Expression::Identifier(name) if name.name == "undefined" => "`undefined`",
        _ => return None,
    })
}

fn default_declaration<'p, 'a>(program: &'p Program<'a>) -> Option<&'p ExportDefaultDeclarationKind<'a>> {
    program.body.iter().find_map(|statement| match statement {
        Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
            ExportDefaultDeclarationKind::FunctionDeclaration(function) if function.body.is_none() => None,
            declaration => Some(declaration),
        },
        _ => None,
    })
}

pub(super) fn default_function(program: &Program<'_>) -> Option<FunctionFacts> {
    match default_declaration(program)? {
        ExportDefaultDeclarationKind::FunctionDeclaration(function) => FunctionFacts::of(oxc::ast::AstKind::Function(function)),
        _ => None,
    }
}

pub(super) fn default_expression<'p, 'a>(program: &'p Program<'a>) -> Option<&'p Expression<'a>> {
    default_declaration(program)?.as_expression()
}
