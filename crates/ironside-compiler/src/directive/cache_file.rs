//! `'use cache'` files: every function that the file exports is cached. Each of them is then treated as if it had the directive
//! itself (see `inline`); this module finds them, and says what else may not be exported.

use super::{
    cache_variant::CacheVariant,
    exports::{Export, ExportKind, bare, exports},
    program::{FunctionFacts, Model},
    report::Reporter,
    server_file::{default_expression, default_function},
};
use oxc::{ast::ast::Expression, span::Span, syntax::scope::ScopeId};
use rustc_hash::FxHashSet;

/// Exports of pages, layouts and metadata files that are settings and not functions to be cached.
const SETTINGS: [&str; 13] = [
    "metadata",
    "viewport",
    "generateStaticParams",
    "maxDuration",
    "preferredRegion",
    "instant",
    "unstable_instant",
    "prefetch",
    "unstable_prefetch",
    "alt",
    "size",
    "contentType",
    "config",
];

/// The exported functions of a cached file.
#[derive(Debug, Clone)]
pub(super) struct CachedFile {
    /// What its directive asks for.
    pub(super) variant: CacheVariant,
    /// The scopes of the functions.
    pub(super) functions: FxHashSet<ScopeId>,
}

/// Finds the exported functions. What may not be exported is reported.
pub(super) fn check(model: &Model<'_>, variant: CacheVariant, report: &mut Reporter<'_>) -> CachedFile {
    let mut functions = FxHashSet::default();
    for export in exports(model) {
        if SETTINGS.contains(&export.name.as_str()) && !matches!(export.kind, ExportKind::Star) {
            continue;
        }
        match function(model, &export) {
            Ok(facts) => functions.extend(facts.scope),
            Err((span, what)) => refuse(report, &export, span, what),
        }
    }
    CachedFile { variant, functions }
}

fn refuse(report: &mut Reporter<'_>, export: &Export, span: Span, what: &str) {
    let message = match export.kind {
        ExportKind::Star => format!("a `'use cache'` file can't export everything of \"{}\"", export.name),
        _ => format!(
            "only async functions may be exported from a `'use cache'` file; `{}` is {what}",
            export.name
        ),
    };
    let hint = "move it to a file without the directive, or write `'use cache'` into the functions instead of the file";
    report.error("cache-export-invalid", span, message).hint = Some(hint.to_owned());
}

fn function(model: &Model<'_>, export: &Export) -> Result<FunctionFacts, (Span, &'static str)> {
    let named = |local: &str| {
        let symbol = model.root_symbol(local)?;
        model.function_of(symbol)
    };
    let wrong = |what| Err((export.span, what));
    match &export.kind {
        ExportKind::Function { local: Some(local) } => named(local).ok_or((export.span, "assigned to, so it may be anything")),
        ExportKind::Function { local: None } => default_function(model.program).ok_or((export.span, "no function")),
        ExportKind::Variable { local, .. } | ExportKind::Listed { local } => {
            named(local).ok_or((export.span, "no function that is written here"))
        }
        ExportKind::Default => {
            let facts = default_expression(model.program).and_then(|value| match bare(value) {
                Expression::Identifier(name) => named(&name.name),
                value => FunctionFacts::of_expression(value),
            });
            facts.ok_or((export.span, "no function that is written here"))
        }
        ExportKind::Class => wrong("a class"),
        ExportKind::Enum => wrong("an enum"),
        ExportKind::From | ExportKind::Star => wrong("what another file declares"),
    }
}
