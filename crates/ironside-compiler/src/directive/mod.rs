//! `'use client'`, `'use server'` and `'use cache'`: what they turn a module into, in each graph, and every rule about them.
//!
//! [`apply`] is a pure function over oxc's AST. It knows nothing of the bundler: the plugin calls it on each module that
//! [`mentions_directive`] and acts on the [`Directives`] that come back. Code that stays keeps its spans, so that source
//! maps come for free; code that is made here has empty spans. The rules are in `docs/design/compiling.md` §6.
//!
//! If any diagnostic is an error, the program is left as it was.

mod action_options;
mod cache_file;
mod cache_variant;
mod client_file;
pub mod evidence;
mod exports;
mod inline;
mod program;
mod report;
mod scan;
mod server_file;
mod server_rewrite;
pub(crate) mod snippet;
mod survey;
mod words;

pub use cache_variant::CacheVariant;
pub use exports::{ExportNames, export_names};
pub use scan::mentions_directive;

use evidence::Evidence;
use inline::{Helpers, InlinePlan, Rules};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{ActionId, ActionOptions, ClientId};
use oxc::{allocator::Allocator, ast::ast::Program};
use program::{Model, Names};
use report::Reporter;
use server_file::Registrations;
use snippet::quoted;
use survey::Survey;
use words::Word;

/// The module that made code imports its helpers from (`contracts.md` §3).
pub const REFERENCES: &str = "ironside:references";

/// The graph that a module is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Graph {
    /// Server components, actions, route handlers.
    Rsc,
    /// Client components as the server renders them to HTML.
    Ssr,
    /// Client components in the browser.
    Browser,
}

/// What has to be known about a module beside its code.
#[derive(Debug, Clone, Copy)]
pub struct FileFacts<'f> {
    /// The key that ids are made from.
    pub file_key: &'f str,
    /// The file as messages call it: relative to the application.
    pub file: &'f str,
    /// The text that the program was parsed from.
    pub source: &'f str,
    /// Which graph it is compiled for.
    pub graph: Graph,
    /// Whether it belongs to a package. Packages are not told how to write their directives, and their client files may
    /// have `export *`.
    pub is_package: bool,
    /// What `'use cache'` means here.
    pub cache: CacheRules<'f>,
    /// The names behind the `export *` of a package's client file. Since [`apply`] changes the program, the caller finds
    /// them before: [`export_names`] tells what to resolve and read, in turn for each file. Empty for all other files.
    pub star_names: &'f [String],
}

/// What the configuration says about `'use cache'`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheRules<'f> {
    /// `cacheComponents`. Without it the directive is an error; packages are left as they are.
    pub enabled: bool,
    /// The names in `cacheHandlers`.
    pub handlers: &'f [String],
}

/// What was found in a module, and whether the program was changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directives {
    /// Whether the program differs from what it was.
    pub changed: bool,
    /// Set for a `'use client'` file, in every graph.
    pub client: Option<ClientFile>,
    /// The server functions of the module. In `ssr` and `browser` these are the exports of a `'use server'` file.
    pub actions: Vec<ActionDefinition>,
    /// The cached functions of the module; `rsc` only.
    pub cached: Vec<CachedDefinition>,
    /// Whether it is a `'use server'` file.
    pub server_file: bool,
    /// What is wrong with it. If one of these is an error, nothing was changed.
    pub diagnostics: Vec<Diagnostic>,
}

/// A `'use client'` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFile {
    /// The hash of its file key.
    pub id: ClientId,
    /// The names of its exports that are values. Without order or repetition for CommonJS: there they are unknown.
    pub exports: Vec<String>,
    /// Whether it is CommonJS. In `rsc` it then became `module.exports = clientModule(id)`.
    pub commonjs: bool,
    /// The specifiers of `export * from`, which the caller has to resolve: packages only.
    pub star_exports: Vec<String>,
}

/// A cached function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedDefinition {
    /// What its results are stored under, together with the build and the arguments.
    pub id: ActionId,
    /// The path to it through the names around it (`Page.load`).
    pub name: String,
    /// Which cache it wants.
    pub variant: CacheVariant,
    /// Whether its first argument is a list of captured values.
    pub captures: bool,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the source, from 1.
    pub column: u32,
}

/// A server function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionDefinition {
    /// What a client calls it by.
    pub id: ActionId,
    /// What people call it: the export's name, or the path to an inline one (`Page.rename`).
    pub name: String,
    /// The export of the compiled module in the `rsc` graph.
    pub export: String,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the source, from 1.
    pub column: u32,
    /// Whether its first argument is a sealed list of captured values.
    pub sealed: bool,
    /// Whether it is an inline action, as opposed to an export of a `'use server'` file.
    pub inline: bool,
    /// What `createAction` is told, if it makes the action.
    pub options: Option<ActionOptions>,
    /// What its text says about it.
    pub evidence: Evidence,
}

/// Checks a module's directives and does what they ask for. See the module's documentation.
pub fn apply<'a>(program: &mut Program<'a>, allocator: &'a Allocator, facts: &FileFacts<'_>) -> Directives {
    let survey = survey::survey(program);
    if survey.is_empty() {
        return Directives::default();
    }
    let mut report = Reporter::new(facts);
    survey.check(&mut report);
    let mut found = Directives {
        server_file: survey.server.is_some(),
        ..Directives::default()
    };
    if survey.client.is_some() {
        found.client = Some(client_file::describe(program, facts, &mut report));
    }
    let edit = plan(program, facts, &survey, &mut report, &mut found);
    found.changed = edit.is_some() && !report.has_errors();
    if let Some(edit) = edit.filter(|_| found.changed) {
        edit.perform(program, allocator, &found);
    }
    found.diagnostics = report.finish();
    found
}

/// What is to be done to a program. Made while the program is only read.
enum Edit {
    /// A client file in `rsc` becomes references.
    Client,
    /// A server file in `ssr` or `browser` becomes proxies.
    Proxies,
    /// Inline actions are moved, exports registered.
    Actions(Box<Actions>),
}

struct Actions {
    inline: InlinePlan,
    server: Registrations,
    helpers: Helpers,
    names: Names,
    file: String,
}

fn plan(
    program: &Program<'_>,
    facts: &FileFacts<'_>,
    survey: &Survey,
    report: &mut Reporter<'_>,
    found: &mut Directives,
) -> Option<Edit> {
    let client_file = survey.client.is_some();
    if (client_file || facts.graph != Graph::Rsc) && !found.server_file {
        for span in &survey.inline_server {
            report.inline_in_client(*span, client_file);
        }
    }
    check_cache(survey, report, client_file, found.server_file);
    if client_file {
        return (facts.graph == Graph::Rsc).then_some(Edit::Client);
    }
    if facts.graph != Graph::Rsc && !found.server_file {
        return None;
    }
    let model = Model::new(program);
    let mut server = Registrations::default();
    if found.server_file {
        let exports = server_file::check(&model, report);
        found.actions = server_file::definitions(&model, &exports, report);
        server = server_file::registrations(exports, &found.actions);
    }
    let cached_file = survey.cache.as_ref().filter(|_| facts.cache.enabled).map(|directive| {
        let variant = CacheVariant::of(&directive.text, facts.cache.handlers).unwrap_or(CacheVariant::Default);
        cache_file::check(&model, variant, report)
    });
    let mut names = Names::new(&model);
    let helpers = Helpers::new(&mut names);
    let rules = Rules {
        server: found.server_file.then_some(&server),
        caches: facts.cache.enabled,
        cached_file: cached_file.as_ref(),
        handlers: facts.cache.handlers,
    };
    let inline = inline::plan(&model, rules, &mut names, &helpers, report);
    if facts.graph != Graph::Rsc {
        return Some(Edit::Proxies);
    }
    found.actions.extend(inline.definitions(&model, report));
    found.cached = inline.cached(report);
    let nothing = inline.is_empty() && !found.server_file;
    (!nothing).then(|| {
        Edit::Actions(Box::new(Actions {
            inline,
            server,
            helpers,
            names,
            file: facts.file.to_owned(),
        }))
    })
}

/// What can be said about cached functions without looking into them.
fn check_cache(survey: &Survey, report: &mut Reporter<'_>, client_file: bool, server_file: bool) {
    let CacheRules { enabled, handlers } = report.facts.cache;
    // A package may be written for both: without the option its functions run each time.
    if !enabled && report.facts.is_package {
        return;
    }
    let in_client = client_file || report.facts.graph != Graph::Rsc;
    for directive in survey.cache.iter().chain(&survey.inline_cache) {
        if in_client {
            if !server_file {
                report.cache_in_client(directive.span, client_file);
            }
        } else if !enabled {
            report.cache_disabled(directive.span);
        } else if let Err(problem) = CacheVariant::of(&directive.text, handlers) {
            report.cache_variant(directive.span, &directive.text, &problem);
        }
    }
}

impl Edit {
    fn perform<'a>(self, program: &mut Program<'a>, allocator: &'a Allocator, found: &Directives) {
        match self {
            Self::Client => client_file::replace(program, allocator, found.client.as_ref()),
            Self::Proxies => server_file::replace(program, allocator, &found.actions),
            Self::Actions(actions) => actions.perform(program, allocator),
        }
    }
}

impl Actions {
    fn perform<'a>(mut self, program: &mut Program<'a>, allocator: &'a Allocator) {
        program
            .directives
            .retain(|directive| !matches!(Word::of(&directive.expression.value), Some(Word::Server | Word::Cache)));
        let (references, moved) = inline::rewrite(program, allocator, &self.inline, &self.helpers, &self.file);
        let (first, last) = server_rewrite::register(program, allocator, &self.server, &self.helpers, &mut self.names);
        if references.is_empty() && first.is_empty() && last.is_empty() {
            return;
        }
        let Helpers { action, seal, cached } = &self.helpers;
        let uses = [
            ("action", action, self.inline.has_actions() || !self.server.list.is_empty()),
            ("seal", seal, self.inline.seals()),
            ("cached", cached, self.inline.caches()),
        ];
        let used: Vec<String> = uses
            .iter()
            .filter(|(.., used)| *used)
            .map(|(name, local, _)| format!("{name} as {local}"))
            .collect();
        let import = format!("import {{ {} }} from {};\n", used.join(", "), quoted(REFERENCES));
        let head = snippet::statements(allocator, &(import + &references + &first));
        program.body.splice(0..0, head);
        program.body.extend(moved);
        program.body.extend(snippet::statements(allocator, &last));
    }
}
