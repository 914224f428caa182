//! A property of the transform: whichever functions of whichever code are made actions or cached, what comes out is a valid program that
//! uses no name which it doesn't declare, unless the transform says what is wrong.
//!
//! The code is that of the fixtures and of our own packages, with `'use server'` put into every body.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use ironside_compiler::directive::{CacheRules, FileFacts, Graph, apply, mentions_directive};
use oxc::{
    allocator::Allocator,
    ast::ast::{ArrowFunctionBody, ArrowFunctionExpression, Directive, Function, FunctionBody},
    ast_visit::{VisitJsMut, walk_js_mut},
    codegen::Codegen,
    parser::Parser,
    semantic::SemanticBuilder,
    span::SourceType,
    syntax::scope::ScopeFlags,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Makes every n-th marked function async, with the directive that is wanted, and takes the mark from the others.
struct Choose<'a> {
    allocator: &'a Allocator,
    word: &'static str,
    every: u32,
    count: u32,
}

impl<'a> Choose<'a> {
    fn keeps(&mut self, body: &mut FunctionBody<'a>) -> bool {
        let marked = |directive: &Directive<'_>| directive.directive == "use server";
        if !body.directives.iter().any(marked) {
            return false;
        }
        self.count += 1;
        let keeps = self.count.is_multiple_of(self.every);
        if !keeps {
            body.directives.retain(|directive| !marked(directive));
        }
        for directive in body.directives.iter_mut().filter(|directive| marked(directive)) {
            directive.expression.value = self.allocator.alloc_str(self.word).into();
            directive.directive = self.allocator.alloc_str(self.word).into();
        }
        keeps
    }
}

impl<'a> VisitJsMut<'a> for Choose<'a> {
    fn visit_function(&mut self, function: &mut Function<'a>, flags: ScopeFlags) {
        if let Some(body) = &mut function.body {
            function.r#async |= self.keeps(body);
        }
        walk_js_mut::walk_function(self, function, flags);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &mut ArrowFunctionExpression<'a>) {
        if let ArrowFunctionBody::FunctionBody(body) = &mut arrow.body {
            arrow.r#async |= self.keeps(body);
        }
        walk_js_mut::walk_arrow_function_expression(self, arrow);
    }
}

/// The names that a program uses as values and doesn't declare; `None` if it isn't valid.
fn free_names(code: &str, source_type: SourceType) -> Result<BTreeSet<String>, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, source_type).parse();
    if !parsed.diagnostics.is_empty() {
        return Err(format!("{:?}", parsed.diagnostics));
    }
    let built = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    if !built.diagnostics.is_empty() {
        return Err(format!("{:?}", built.diagnostics));
    }
    let scoping = built.semantic.scoping();
    let unresolved = scoping.root_unresolved_references().iter();
    let values = unresolved.filter(|(_, ids)| ids.iter().any(|id| scoping.get_reference(*id).is_value()));
    Ok(values.map(|(name, _)| name.to_string()).collect())
}

/// Gives how many functions were moved.
fn check(path: &Path, source: &str, every: u32, word: &'static str) -> usize {
    let source_type = SourceType::from_path(path).unwrap().with_module(true);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if !parsed.diagnostics.is_empty() {
        return 0;
    }
    let mut program = parsed.program;
    let mut choose = Choose {
        allocator: &allocator,
        word,
        every,
        count: 0,
    };
    choose.visit_program(&mut program);
    let Ok(before) = free_names(&Codegen::new().build(&program).code, source_type) else {
        return 0;
    };
    let file = path.to_str().unwrap();
    let facts = FileFacts {
        file_key: file,
        file,
        source,
        graph: Graph::Rsc,
        is_package: true,
        cache: CacheRules {
            enabled: true,
            handlers: &[],
        },
        star_names: &[],
    };
    let directives = apply(&mut program, &allocator, &facts);
    if !directives.changed {
        return 0;
    }
    assert!(mentions_directive(source.as_bytes()), "{file}");
    let code = Codegen::new().build(&program).code;
    let after = free_names(&code, source_type).unwrap_or_else(|error| panic!("{file}, every {every}: {error}\n{code}"));
    let new: Vec<_> = after
        .difference(&before)
        .filter(|name| *name != "module" && *name != "require")
        .collect();
    assert!(new.is_empty(), "{file}, every {every}: {new:?} came out of nowhere\n{code}");
    directives.actions.len() + directives.cached.len()
}

fn sources(folder: &Path, list: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            sources(&path, list);
        } else if path
            .extension()
            .is_some_and(|ending| ["ts", "tsx", "js"].iter().any(|known| ending == *known))
        {
            list.push(path);
        }
    }
}

#[test]
fn any_function_can_be_made_an_action_or_cached_or_the_reason_is_said() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&here.join("tests/fixtures/directive"), &mut files);
    sources(&here.join("../../packages"), &mut files);
    let (mut actions, mut cached) = (0, 0);
    for path in &files {
        let source = fs::read_to_string(path).unwrap();
        // Bodies of functions begin like this in formatted code; some of these are blocks, where the string has no effect.
        let source = source
            .replace(") {", ") { 'use server';")
            .replace("=> {", "=> { 'use server';");
        for (count, word) in [(&mut actions, "use server"), (&mut cached, "use cache")] {
            *count += [1, 2, 3, 5, 7]
                .map(|every| check(path, &source, every, word))
                .iter()
                .sum::<usize>();
        }
    }
    assert!(actions > 300, "only {actions} actions in {} files were moved", files.len());
    assert!(
        cached > 300,
        "only {cached} cached functions in {} files were moved",
        files.len()
    );
}
