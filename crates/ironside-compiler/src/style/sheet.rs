//! One stylesheet through lightningcss: nesting and prefixes for the browsers that are supported, CSS modules, and what it
//! asks for from other files. Nothing is read here.

use ironside_diagnostics::Diagnostic;
use lightningcss::{
    css_modules::{Config, CssModuleExports, CssModuleReference, Pattern},
    dependencies::{Dependency, DependencyOptions},
    error::PrinterErrorKind,
    printer::PrinterOptions,
    rules::{CssRule, CssRuleList, import::ImportRule},
    stylesheet::{MinifyOptions, ParserFlags, ParserOptions, StyleSheet},
    targets::{Browsers, Targets},
    traits::ToCss,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The text of a stylesheet and what is known about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SheetSource<'a> {
    /// The file key: class names are made from it, so that they are equal in all graphs and builds.
    pub(crate) key: &'a str,
    /// As the user knows it.
    pub(crate) shown: &'a str,
    pub(crate) css: &'a str,
    /// Whether the text is that of the file, so that lines and columns are the user's.
    pub(crate) original: bool,
    pub(crate) css_module: bool,
    pub(crate) minify: bool,
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    /// `@layer` statements that stand before the last import, and so before its content.
    pub(crate) before: String,
    pub(crate) imports: Vec<SheetImport>,
    /// Everything else, with placeholders for files.
    pub(crate) rest: String,
    pub(crate) urls: Vec<SheetUrl>,
    /// Names of a CSS module.
    pub(crate) names: BTreeMap<String, Vec<ClassName>>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// An `@import`.
#[derive(Debug, Clone)]
pub(crate) struct SheetImport {
    pub(crate) specifier: String,
    /// What stands around the imported rules: `@media print`, `@layer base`; outermost first.
    pub(crate) around: Vec<String>,
    /// The rule as written, for URLs that the browser loads itself.
    pub(crate) rule: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A `url()`.
#[derive(Debug, Clone)]
pub(crate) struct SheetUrl {
    pub(crate) url: String,
    pub(crate) placeholder: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// One of the classes that a name of a CSS module stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClassName {
    /// As it stands in the stylesheet.
    Final(String),
    /// `composes: name from "file"`.
    Elsewhere { name: String, specifier: String },
}

/// The browsers that Next supports: what they understand isn't rewritten.
fn targets() -> Targets {
    let version = |major: u32, minor: u32| Some(major << 16 | minor << 8);
    let browsers = Browsers {
        chrome: version(111, 0),
        edge: version(111, 0),
        firefox: version(111, 0),
        safari: version(16, 4),
        ios_saf: version(16, 4),
        ..Browsers::default()
    };
    Targets::from(browsers)
}

pub(crate) fn compile(source: SheetSource) -> Result<Sheet, Diagnostic> {
    let recovered = Arc::new(RwLock::new(Vec::new()));
    let options = ParserOptions {
        filename: source.key.to_owned(),
        css_modules: source.css_module.then(module_config),
        error_recovery: true,
        warnings: Some(Arc::clone(&recovered)),
        flags: ParserFlags::NESTING | ParserFlags::CUSTOM_MEDIA,
        ..ParserOptions::default()
    };
    let parsed = StyleSheet::parse(source.css, options.clone()).map_err(|error| {
        problem(
            source,
            &error.kind.to_string(),
            error.loc.map(|loc| (loc.line + 1, loc.column)),
        )
    })?;
    let mut sheet = Sheet::default();
    let StyleSheet {
        rules,
        sources,
        license_comments,
        ..
    } = parsed;
    let last_import = rules.0.iter().rposition(|rule| matches!(rule, CssRule::Import(_)));
    let (mut before, mut rest) = (Vec::new(), Vec::new());
    for (index, rule) in rules.0.into_iter().enumerate() {
        match rule {
            CssRule::Import(import) => sheet.imports.push(sheet_import(source, &import)?),
            rule if last_import.is_some_and(|last| index < last) => before.push(rule),
            rule => rest.push(rule),
        }
    }
    let mut print = |rules, comments| {
        let mut piece = StyleSheet::new(sources.clone(), CssRuleList(rules), options.clone());
        piece.license_comments = comments;
        print(source, piece, &mut sheet.urls)
    };
    let (before, _) = print(before, Vec::new())?;
    let (rest, exports) = print(rest, license_comments)?;
    sheet.before = before;
    sheet.rest = rest;
    sheet.names = exports.map(class_names).unwrap_or_default();
    let recovered = recovered.read().unwrap_or_else(PoisonError::into_inner);
    sheet.warnings = recovered
        .iter()
        .map(|error| {
            let place = error.loc.as_ref().map(|loc| (loc.line + 1, loc.column));
            let mut diagnostic = problem(source, &error.kind.to_string(), place);
            diagnostic.severity = ironside_diagnostics::Severity::Warning;
            diagnostic.hint("browsers ignore what they don't understand here; mend it")
        })
        .collect();
    Ok(sheet)
}

fn module_config() -> Config {
    // The pattern is constant; should it ever not be understood, the default one does as well.
    let pattern = Pattern::parse("[name]_[local]__[hash]").unwrap_or_default();
    // Names of grid areas and containers stay as they are, as in other tools for CSS modules. Without `custom_idents`
    // `@keyframes` would be renamed, but not their uses.
    Config {
        pattern,
        grid: false,
        container: false,
        ..Config::default()
    }
}

fn print(
    source: SheetSource,
    mut piece: StyleSheet,
    urls: &mut Vec<SheetUrl>,
) -> Result<(String, Option<CssModuleExports>), Diagnostic> {
    piece
        .minify(MinifyOptions {
            targets: targets(),
            ..MinifyOptions::default()
        })
        .map_err(|error| {
            problem(
                source,
                &error.kind.to_string(),
                error.loc.map(|loc| (loc.line + 1, loc.column)),
            )
        })?;
    let options = PrinterOptions {
        minify: source.minify,
        targets: targets(),
        analyze_dependencies: Some(DependencyOptions { remove_imports: false }),
        ..PrinterOptions::default()
    };
    let printed = piece.to_css(options).map_err(|error| {
        let hint = match &error.kind {
            PrinterErrorKind::AmbiguousUrlInCustomProperty { .. } => {
                "a custom property may be used in another file, so write a path from the root, such as url(/image.png) of the public folder"
            }
            PrinterErrorKind::InvalidComposesNesting | PrinterErrorKind::InvalidComposesSelector => {
                "write `composes` in a rule with a single class and not inside of another rule"
            }
            _ => "mend the stylesheet",
        };
        problem(source, &error.kind.to_string(), error.loc.as_ref().map(|loc| (loc.line + 1, loc.column))).hint(hint)
    })?;
    for dependency in printed.dependencies.into_iter().flatten() {
        if let Dependency::Url(url) = dependency {
            urls.push(SheetUrl {
                url: url.url,
                placeholder: url.placeholder,
                line: url.loc.start.line,
                column: url.loc.start.column,
            });
        }
    }
    Ok((printed.code, printed.exports))
}

fn sheet_import(source: SheetSource, import: &ImportRule) -> Result<SheetImport, Diagnostic> {
    let options = || PrinterOptions {
        targets: targets(),
        ..PrinterOptions::default()
    };
    let failed = |error: lightningcss::error::PrinterError| problem(source, &error.kind.to_string(), None);
    let mut around = Vec::new();
    if !import.media.media_queries.is_empty() {
        around.push(format!("@media {}", import.media.to_css_string(options()).map_err(failed)?));
    }
    if let Some(supports) = &import.supports {
        around.push(format!("@supports {}", supports.to_css_string(options()).map_err(failed)?));
    }
    match &import.layer {
        Some(Some(name)) => around.push(format!("@layer {}", name.to_css_string(options()).map_err(failed)?)),
        Some(None) => around.push("@layer".to_owned()),
        None => {}
    }
    Ok(SheetImport {
        specifier: import.url.to_string(),
        around,
        rule: import.to_css_string(options()).map_err(failed)?,
        line: import.loc.line + 1,
        column: import.loc.column,
    })
}

fn class_names(exports: CssModuleExports) -> BTreeMap<String, Vec<ClassName>> {
    let classes = |name: String, composes: Vec<CssModuleReference>| {
        let composed = composes.into_iter().map(|reference| match reference {
            CssModuleReference::Local { name } | CssModuleReference::Global { name } => ClassName::Final(name),
            CssModuleReference::Dependency { name, specifier } => ClassName::Elsewhere { name, specifier },
        });
        [ClassName::Final(name)].into_iter().chain(composed).collect()
    };
    exports
        .into_iter()
        .map(|(local, export)| (local, classes(export.name, export.composes)))
        .collect()
}

/// An error at a line and column, both from 1, of the user's file if its text is known.
pub(crate) fn problem(source: SheetSource, message: &str, place: Option<(u32, u32)>) -> Diagnostic {
    let diagnostic = Diagnostic::error("stylesheet", message.to_owned());
    match place {
        Some((line, column)) if source.original => diagnostic.at_line(source.shown, line, column, Some(Arc::from(source.css))),
        _ => diagnostic.at_file(source.shown),
    }
}
