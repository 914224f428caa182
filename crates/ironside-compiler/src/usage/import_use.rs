//! How a module uses what it imports from another one: which names, and whether it does more with them than call them.

use oxc::{
    allocator::Allocator,
    ast::{
        AstKind,
        ast::{Declaration, ExportDefaultDeclarationKind, ImportDeclarationSpecifier, Program, Statement},
    },
    parser::Parser,
    semantic::{Semantic, SemanticBuilder, SymbolId},
    span::{GetSpan, SourceType},
};
use std::{collections::BTreeSet, path::Path};

/// Names of a module that another one uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Whether all names have to be taken as used.
    pub(crate) all: bool,
    /// The names.
    pub(crate) names: BTreeSet<String>,
}

impl Used {
    pub(crate) fn everything() -> Self {
        Self {
            all: true,
            names: BTreeSet::new(),
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.all |= other.all;
        self.names.extend(other.names);
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }
}

/// Which uses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Every import.
    Imports,
    /// Only what is handed on as a value: not what is merely called.
    Values,
}

/// The names of the modules that `leads_there` recognises by specifier, as the importer uses them.
pub(crate) fn of_importer(file: &str, source: &str, count: Count, leads_there: impl Fn(&str) -> bool) -> Used {
    with_semantic(file, source, |program, semantic| {
        let mut used = Used::default();
        for statement in &program.body {
            match statement {
                Statement::ImportDeclaration(import) if leads_there(&import.source.value) && !import.import_kind.is_type() => {
                    for specifier in import.specifiers.iter().flatten() {
                        add_specifier(&mut used, specifier, count, semantic);
                    }
                }
                Statement::ExportFromDeclaration(export)
                    if leads_there(&export.source.value) && !export.export_kind.is_type() =>
                {
                    used.names
                        .extend(export.specifiers.iter().map(|specifier| specifier.local.name().to_string()));
                }
                Statement::ExportAllDeclaration(all) if leads_there(&all.source.value) => used.all = true,
                _ => {}
            }
        }
        used
    })
}

/// The exports of a module that its own code hands on as values.
pub(crate) fn of_own_exports(file: &str, source: &str) -> Used {
    with_semantic(file, source, |program, semantic| {
        let mut used = Used::default();
        for (exported, local) in exported_names(program) {
            let symbol = semantic.scoping().get_root_binding(local.as_str().into());
            if symbol.is_some_and(|symbol| is_value(symbol, semantic, false)) {
                used.names.insert(exported);
            }
        }
        used
    })
}

fn with_semantic<T: Default>(file: &str, source: &str, then: impl FnOnce(&Program<'_>, &Semantic<'_>) -> T) -> T {
    let allocator = Allocator::default();
    let source_type = SourceType::from_path(Path::new(file)).unwrap_or_else(|_| SourceType::tsx());
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if parsed.panicked {
        return T::default();
    }
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
    then(&parsed.program, &semantic)
}

fn add_specifier(used: &mut Used, specifier: &ImportDeclarationSpecifier<'_>, count: Count, semantic: &Semantic<'_>) {
    let (name, local) = match specifier {
        ImportDeclarationSpecifier::ImportSpecifier(named) if named.import_kind.is_type() => return,
        ImportDeclarationSpecifier::ImportSpecifier(named) => (named.imported.name().to_string(), &named.local),
        ImportDeclarationSpecifier::ImportDefaultSpecifier(default) => ("default".to_owned(), &default.local),
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {
            used.all = true;
            return;
        }
    };
    let counts = count == Count::Imports || local.symbol_id.get().is_none_or(|symbol| is_value(symbol, semantic, true));
    if counts {
        used.names.insert(name);
    }
}

/// Whether some use of a variable is not a call of it. Being exported counts if `exports` says so.
fn is_value(symbol: SymbolId, semantic: &Semantic<'_>, exports: bool) -> bool {
    semantic
        .symbol_references(symbol)
        .filter(|reference| !reference.is_type())
        .any(|reference| {
            let node = semantic.nodes().get_node(reference.node_id());
            match semantic.nodes().parent_kind(reference.node_id()) {
                AstKind::CallExpression(call) => call.callee.span() != node.kind().span(),
                AstKind::ExportSpecifier(_) | AstKind::ExportDefaultDeclaration(_) => exports,
                _ => true,
            }
        })
}

/// Exported names and the variables behind them.
fn exported_names(program: &Program<'_>) -> Vec<(String, String)> {
    let mut names = Vec::new();
    let both = |name: &str| (name.to_owned(), name.to_owned());
    for statement in &program.body {
        match statement {
            Statement::ExportNamedDeclaration(export) => {
                names.extend(
                    export
                        .specifiers
                        .iter()
                        .map(|s| (s.exported.name().to_string(), s.local.name().to_string())),
                );
            }
            Statement::ExportDeclaration(export) => match &export.declaration {
                Declaration::VariableDeclaration(variables) => names.extend(
                    variables
                        .declarations
                        .iter()
                        .flat_map(|variable| variable.id.get_binding_identifiers())
                        .map(|identifier| both(&identifier.name)),
                ),
                other => names.extend(other.id().map(|identifier| both(&identifier.name))),
            },
            Statement::ExportDefaultDeclaration(default) => {
                if let ExportDefaultDeclarationKind::FunctionDeclaration(function) = &default.declaration {
                    names.extend(function.id.iter().map(|id| ("default".to_owned(), id.name.to_string())));
                }
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(source: &str) -> Vec<String> {
        let used = of_importer("page.tsx", source, Count::Values, |specifier| specifier == "./actions");
        if used.all {
            vec!["*".into()]
        } else {
            used.names.into_iter().collect()
        }
    }

    #[test]
    fn a_called_import_is_no_value_and_everything_else_is() {
        assert_eq!(
            values("import { a } from './actions'; await a(1); a();"),
            Vec::<String>::new()
        );
        assert_eq!(
            values("import { a } from './actions'; export const x = <form action={a}/>"),
            ["a"]
        );
        assert_eq!(values("import { a as b } from './actions'; const c = b.bind(null, 1)"), ["a"]);
        assert_eq!(values("import a from './actions'; f(a)"), ["default"]);
        assert_eq!(values("import { a } from './actions'; export { a }"), ["a"]);
        assert_eq!(values("export { a as b } from './actions'"), ["a"]);
        assert_eq!(values("import * as all from './actions'"), ["*"]);
        assert_eq!(values("export * from './actions'"), ["*"]);
        assert_eq!(values("import { a } from './other'; f(a)"), Vec::<String>::new());
        assert_eq!(
            values("import type { A } from './actions'; import { a } from './actions'; let x: typeof a"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_import_counts_where_imports_are_asked_for() {
        let used = of_importer(
            "p.tsx",
            "import { A, type B } from 'x'; import C from 'x'",
            Count::Imports,
            |s| s == "x",
        );
        assert_eq!(used.names.into_iter().collect::<Vec<_>>(), ["A", "default"]);
    }

    #[test]
    fn a_module_may_hand_on_its_own_exports() {
        let source = "'use server'; export async function a() { return <form action={b}/> } export async function b() { await a() } \
                      const c = async () => {}; export { c };";
        assert_eq!(
            of_own_exports("actions.tsx", source).names.into_iter().collect::<Vec<_>>(),
            ["b"]
        );
    }
}
