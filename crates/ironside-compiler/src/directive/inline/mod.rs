//! Inline actions and cached functions: functions with `'use server'` or `'use cache'` of their own, anywhere in a module of the
//! `rsc` graph, and the functions that a `'use cache'` file exports.
//!
//! Such a function is moved to the module's top level. What it captured of the functions around it travels as one sealed
//! first argument, and a reference takes its place:
//!
//! ```js
//! export default function Page({ user }) {
//!   async function rename(form) { 'use server'; await save(user.id, form.get('name')); }
//!   return <form action={rename}/>;
//! }
//! // becomes
//! export const $$action_Page_rename = $a($$impl_Page_rename, "60…", 1);
//! export default function Page({ user }) {
//!   const rename = $$action_Page_rename.bind(null, $seal("60…", [user?.id]));
//!   return <form action={rename}/>;
//! }
//! async function $$impl_Page_rename([$user_id], form) { await save($user_id, form.get('name')); }
//! ```
//!
//! A cached function is moved in the same way. Its captured values are not sealed, since they stay where they are: they are bound
//! as its first argument, and so become a part of the key under which its result is stored:
//!
//! ```js
//! const $$cache_Page_load = $c($$impl_Page_load, "80…", "default", 1, 1, "Page.load (app/page.tsx)");
//! …
//!   const load = $$cache_Page_load.bind(null, [user?.id]);
//! ```
//!
//! A declaration at the module's top level can be called before anything of the module runs, so it stays, and calls the cache.
//!
//! [`plan`] only reads: it finds the actions, what they use and how, and writes down what is to be done. The program is
//! then changed by `rewrite`, which knows nothing of the rules.

mod capture;
mod check;
mod declaration;
mod find;
mod forbidden;
mod group;
mod kind;
mod name;
mod place;
mod rewrite;
mod uses;

pub(super) use find::Rules;
pub(super) use forbidden::forbidden;
pub(super) use kind::FunctionKind;
pub(super) use rewrite::rewrite;

use super::{
    ActionDefinition, CachedDefinition,
    evidence::{Calls, Declared, Evidence},
    exports::is_esm,
    program::{Model, Names, identifier_part},
    report::Reporter,
    snippet::quoted,
};
use capture::{Capture, Captures, Rewrite};
use find::{Form, Found};
use ironside_model::{
    manifest::ActionId,
    reference::{Parameters, action_id, cached_id},
};
use oxc::{semantic::ReferenceId, span::Span, syntax::scope::ScopeId};
use rustc_hash::FxHashMap;

/// What is to be done about a module's inline actions and cached functions.
#[derive(Debug, Default)]
pub(super) struct InlinePlan {
    actions: Vec<PlannedAction>,
    by_scope: FxHashMap<ScopeId, usize>,
    rewrites: FxHashMap<ReferenceId, Rewrite>,
}

/// An inline action or cached function with all its texts.
#[derive(Debug)]
struct PlannedAction {
    kind: FunctionKind,
    id: ActionId,
    name: String,
    span: Span,
    parameters: Parameters,
    scope: ScopeId,
    form: Form,
    /// Whether nothing else is ever assigned to the name of the declaration.
    is_constant: bool,
    /// The exported constant that holds the reference.
    constant: String,
    /// The moved function.
    implementation: String,
    /// The pattern that takes the unsealed values, if any are captured.
    pattern: Option<String>,
    /// The reference, where the function stood.
    reference: String,
    /// What the moved function begins with.
    prelude: String,
    /// For declarations: the statement of their list that the constant goes before, and the order among several.
    place: Option<usize>,
    order: usize,
}

/// The names of the runtime's functions in this module.
#[derive(Debug, Clone)]
pub(super) struct Helpers {
    pub(super) action: String,
    pub(super) seal: String,
    pub(super) cached: String,
}

impl Helpers {
    pub(super) fn new(names: &mut Names) -> Self {
        Self {
            action: names.fresh("$a"),
            seal: names.fresh("$seal"),
            cached: names.fresh("$c"),
        }
    }
}

impl InlinePlan {
    pub(super) fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Whether some action captures something.
    pub(super) fn seals(&self) -> bool {
        let seals = |action: &PlannedAction| action.kind == FunctionKind::Action && action.pattern.is_some();
        self.actions.iter().any(seals)
    }

    /// Whether it has actions.
    pub(super) fn has_actions(&self) -> bool {
        self.actions.iter().any(|action| action.kind == FunctionKind::Action)
    }

    /// Whether it has cached functions.
    pub(super) fn caches(&self) -> bool {
        self.actions.iter().any(|action| action.kind != FunctionKind::Action)
    }

    /// The cached functions.
    pub(super) fn cached(&self, report: &Reporter<'_>) -> Vec<CachedDefinition> {
        let definition = |action: &PlannedAction| {
            let FunctionKind::Cached(variant) = &action.kind else {
                return None;
            };
            let (line, column) = report.position(action.span);
            Some(CachedDefinition {
                id: action.id.clone(),
                name: action.name.clone(),
                variant: *variant,
                captures: action.pattern.is_some(),
                line,
                column,
            })
        };
        self.actions.iter().filter_map(definition).collect()
    }

    /// What the manifest gets to know.
    pub(super) fn definitions(&self, model: &Model<'_>, report: &Reporter<'_>) -> Vec<ActionDefinition> {
        if self.is_empty() {
            return Vec::new();
        }
        let calls = Calls::new(model);
        let definition = |action: &PlannedAction| {
            let (line, column) = report.position(action.span);
            ActionDefinition {
                id: action.id.clone(),
                name: action.name.clone(),
                export: action.constant.clone(),
                line,
                column,
                sealed: action.pattern.is_some(),
                inline: true,
                options: None,
                evidence: Evidence {
                    parameters: Declared::of(action.parameters),
                    calls: calls.within(action.span, report),
                    created_with: None,
                },
            }
        };
        let actions = self.actions.iter().filter(|action| action.kind == FunctionKind::Action);
        actions.map(definition).collect()
    }
}

/// Finds the inline actions and cached functions of a module and decides what becomes of them.
pub(super) fn plan(
    model: &Model<'_>,
    rules: Rules<'_>,
    names: &mut Names,
    helpers: &Helpers,
    report: &mut Reporter<'_>,
) -> InlinePlan {
    let found = find::find(model, rules, report);
    let Some(first) = found.first() else {
        return InlinePlan::default();
    };
    if !is_esm(model.program) && (model.is_free("module") || model.is_free("exports")) {
        let (code, what) = match first.kind {
            FunctionKind::Action => ("inline-action-commonjs", "inline actions"),
            FunctionKind::Cached(_) => ("cache-commonjs", "cached functions"),
        };
        let message = format!("a CommonJS module can't have {what}");
        let hint = "use `import` and `export` in this file";
        report.error(code, first.span, message).hint = Some(hint.to_owned());
    }
    for action in &found {
        forbidden(model, action.node, &action.kind, report);
    }
    let titles = name::names(model, &found);
    let constant = |(title, found): (&String, &Found)| names.fresh(&format!("{}{}", found.kind.prefix(), identifier_part(title)));
    let constants: Vec<String> = titles.iter().zip(&found).map(constant).collect();
    let uses = uses::uses(model, &found);
    let groups = group::groups(&found, &uses);
    let captures = Captures::new(model, &found, &uses, &groups, &constants, names);
    check::check(model, &found, &uses, &captures, report);
    let places = place::places(model, &found, &captures, report);
    let writer = Writer {
        found: &found,
        captures: &captures,
        helpers,
        file_key: report.facts.file_key,
    };
    let ids: Vec<ActionId> = (0..found.len()).map(|at| writer.id(at, &found[at], &titles[at])).collect();
    let mut actions = Vec::new();
    for (at, action) in found.iter().enumerate() {
        actions.push(PlannedAction {
            kind: action.kind.clone(),
            id: ids[at].clone(),
            name: titles[at].clone(),
            span: action.span,
            parameters: action.facts.parameters(false),
            scope: action.scope,
            form: action.form,
            is_constant: action.bound.is_some(),
            constant: constants[at].clone(),
            implementation: names.fresh(&format!("$$impl_{}", identifier_part(&titles[at]))),
            pattern: writer.pattern(at),
            reference: writer.reference(at, &ids, &captures.values(at)),
            prelude: writer.prelude(at, &ids),
            place: places[at],
            order: order(at, &captures, &found),
        });
    }
    let by_scope = actions.iter().enumerate().map(|(at, action)| (action.scope, at)).collect();
    InlinePlan {
        actions,
        by_scope,
        rewrites: captures.rewrites(&uses),
    }
}

/// How many declarations have to come before an action's constant because they are captured by it, one by the other.
fn order(action: usize, captures: &Captures<'_, '_>, found: &[Found]) -> usize {
    let mut depth = 0;
    let mut open: Vec<usize> = vec![action];
    // Circles are no captures, so each step leads to an action that wasn't met before.
    while depth <= found.len() {
        let used = |at: &usize| {
            captures.of_action[*at]
                .iter()
                .filter_map(|capture| captures.groups.of_symbol.get(&capture.symbol))
        };
        open = open.iter().flat_map(used).copied().collect();
        open.sort_unstable();
        open.dedup();
        if open.is_empty() {
            break;
        }
        depth += 1;
    }
    depth
}

/// Writes the texts of actions.
struct Writer<'w, 'c, 's> {
    found: &'w [Found],
    captures: &'w Captures<'c, 's>,
    helpers: &'w Helpers,
    file_key: &'w str,
}

impl Writer<'_, '_, '_> {
    /// Inline actions are told apart by their path and by what they capture: a page from before a change is then refused,
    /// and not misunderstood.
    fn id(&self, at: usize, found: &Found, title: &str) -> ActionId {
        let sealed = !self.captures.of_action[at].is_empty();
        let name = format!("{title}({})", self.captures.signature(at));
        let parameters = found.facts.parameters(sealed);
        match found.kind {
            FunctionKind::Action => action_id(self.file_key, &name, parameters),
            FunctionKind::Cached(_) => cached_id(self.file_key, &name, parameters),
        }
    }

    fn bindings(&self, at: usize) -> String {
        let names = self.captures.of_action[at]
            .iter()
            .map(|capture: &Capture| capture.binding.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    fn pattern(&self, at: usize) -> Option<String> {
        (!self.captures.of_action[at].is_empty()).then(|| format!("[{}]", self.bindings(at)))
    }

    fn reference(&self, at: usize, ids: &[ActionId], values: &str) -> String {
        let constant = &self.captures.constants[at];
        if self.captures.of_action[at].is_empty() {
            return constant.clone();
        }
        match self.found[at].kind {
            FunctionKind::Action => format!(
                "{constant}.bind(null, {}({}, [{values}]))",
                self.helpers.seal,
                quoted(&ids[at])
            ),
            FunctionKind::Cached(_) => format!("{constant}.bind(null, [{values}])"),
        }
    }

    /// Actions of a circle capture the same values, so any of them can make a reference to any other.
    fn prelude(&self, at: usize, ids: &[ActionId]) -> String {
        let values = self.bindings(at);
        let constant = |(name, used): (String, usize)| format!("const {name} = {};\n", self.reference(used, ids, &values));
        self.captures.circle_uses(at).into_iter().map(constant).collect()
    }
}
