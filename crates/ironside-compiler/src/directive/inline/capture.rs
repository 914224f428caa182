//! What each action captures, under which names, and how the captured values are written down where the action stands.

use super::{
    super::program::{Model, Names},
    find::Found,
    group::{Groups, Meaning},
    uses::Use,
};
use oxc::semantic::{ReferenceId, SymbolId};
use rustc_hash::FxHashMap;

/// A captured value.
#[derive(Debug, Clone)]
pub(super) struct Capture {
    pub(super) symbol: SymbolId,
    /// The members that lead to it; empty for the variable itself.
    pub(super) path: Vec<String>,
    /// What the moved function calls it.
    pub(super) binding: String,
}

/// How a reference in a moved function is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// How many members the new name stands for.
    pub(super) depth: usize,
    /// The new name.
    pub(super) to: String,
    /// Whether one of these members was optional, so that the rest of the chain must not be read of nothing.
    pub(super) optional: bool,
}

/// The captures of a module.
pub(super) struct Captures<'c, 's> {
    model: &'c Model<'s>,
    found: &'c [Found],
    pub(super) groups: &'c Groups,
    /// The constants that hold the references.
    pub(super) constants: &'c [String],
    /// The captured values of each action; actions of one circle have the same values in the same order.
    pub(super) of_action: Vec<Vec<Capture>>,
    /// What an action calls the actions of its circle.
    circle_names: FxHashMap<(usize, SymbolId), String>,
}

impl<'c, 's> Captures<'c, 's> {
    pub(super) fn new(
        model: &'c Model<'s>,
        found: &'c [Found],
        uses: &[Use],
        groups: &'c Groups,
        constants: &'c [String],
        names: &mut Names,
    ) -> Self {
        let mut captures = Self {
            model,
            found,
            groups,
            constants,
            of_action: Vec::new(),
            circle_names: FxHashMap::default(),
        };
        let mut path_names = FxHashMap::default();
        for action in 0..found.len() {
            let paths = captured_paths(action, uses, groups);
            let list = captures.named(action, paths, names, &mut path_names);
            captures.of_action.push(list);
        }
        for item in uses {
            for action in &item.actions {
                if matches!(groups.meaning(*action, item.symbol), Meaning::Circle(_)) {
                    let key = (*action, item.symbol);
                    if !captures.circle_names.contains_key(&key) {
                        let name = captures.local_name(*action, item.symbol, names);
                        captures.circle_names.insert(key, name);
                    }
                }
            }
        }
        captures
    }

    fn named(
        &self,
        action: usize,
        paths: Vec<(SymbolId, Vec<String>)>,
        names: &mut Names,
        path_names: &mut FxHashMap<(SymbolId, Vec<String>), String>,
    ) -> Vec<Capture> {
        let mut list: Vec<Capture> = Vec::new();
        for (symbol, path) in paths {
            let name = self.model.scoping().symbol_name(symbol);
            let mut binding = if path.is_empty() {
                self.local_name(action, symbol, names)
            } else {
                let made = || names.fresh(&format!("${name}_{}", path.join("_")));
                path_names.entry((symbol, path.clone())).or_insert_with(made).clone()
            };
            if list.iter().any(|other| other.binding == binding) {
                binding = names.fresh(&binding);
            }
            list.push(Capture { symbol, path, binding });
        }
        list
    }

    /// The symbol's own name, unless the function itself declares something else by that name.
    fn local_name(&self, action: usize, symbol: SymbolId, names: &mut Names) -> String {
        let scoping = self.model.scoping();
        let name = scoping.symbol_name(symbol);
        let taken = scoping.get_binding(self.found[action].scope, name.into());
        if taken.is_none_or(|other| other == symbol) {
            name.to_owned()
        } else {
            names.fresh(name)
        }
    }

    /// What tells the captured values of an action from those of another build: their paths in the source.
    pub(super) fn signature(&self, action: usize) -> String {
        let text = |capture: &Capture| {
            let root = self.model.scoping().symbol_name(capture.symbol);
            std::iter::once(root)
                .chain(capture.path.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join(".")
        };
        self.of_action[action].iter().map(text).collect::<Vec<_>>().join(",")
    }

    /// The values of an action, as they are written where it stands.
    pub(super) fn values(&self, action: usize) -> String {
        let parent = self.found[action].parent;
        let value = |capture: &Capture| self.value(parent, capture.symbol, &capture.path);
        self.of_action[action].iter().map(value).collect::<Vec<_>>().join(", ")
    }

    /// A value as it is written inside of `parent`. Members are read as optional ones, so that rendering doesn't fail for
    /// the sake of an action.
    fn value(&self, parent: Option<usize>, symbol: SymbolId, path: &[String]) -> String {
        let (root, rest) = match parent.filter(|parent| !self.declared_in(*parent, symbol)) {
            None => (self.model.scoping().symbol_name(symbol).to_owned(), path),
            Some(parent) => match self.groups.meaning(parent, symbol) {
                Meaning::Constant(action) => (self.constants[action].clone(), path),
                Meaning::Circle(_) => (self.circle_name(parent, symbol), path),
                Meaning::Value => match self.captured(parent, symbol, path) {
                    Some(capture) => (capture.binding.clone(), &path[capture.path.len()..]),
                    None => (self.model.scoping().symbol_name(symbol).to_owned(), path),
                },
            },
        };
        rest.iter().fold(root, |text, member| text + "?." + member)
    }

    fn declared_in(&self, action: usize, symbol: SymbolId) -> bool {
        let scoping = self.model.scoping();
        let action = &self.found[action];
        let declared = scoping.symbol_scope_id(symbol);
        action.own != Some(symbol) && scoping.scope_ancestors(declared).any(|scope| scope == action.scope)
    }

    /// The captured value of an action that a path begins with.
    fn captured(&self, action: usize, symbol: SymbolId, path: &[String]) -> Option<&Capture> {
        self.of_action[action]
            .iter()
            .find(|capture| capture.symbol == symbol && path.starts_with(&capture.path))
    }

    fn circle_name(&self, action: usize, symbol: SymbolId) -> String {
        let name = self.circle_names.get(&(action, symbol));
        name.cloned()
            .unwrap_or_else(|| self.model.scoping().symbol_name(symbol).to_owned())
    }

    /// The names by which an action's body uses actions of its circle, with these actions.
    pub(super) fn circle_uses(&self, action: usize) -> Vec<(String, usize)> {
        let mut list: Vec<(String, usize)> = Vec::new();
        for ((user, symbol), name) in &self.circle_names {
            if let (true, Some(used)) = (*user == action, self.groups.of_symbol.get(symbol)) {
                list.push((name.clone(), *used));
            }
        }
        list.sort();
        list
    }

    /// How the references inside of moved functions are changed.
    pub(super) fn rewrites(&self, uses: &[Use]) -> FxHashMap<ReferenceId, Rewrite> {
        let rewrite = |item: &Use| Some((item.reference, self.rewrite(*item.actions.first()?, item)?));
        uses.iter().filter_map(rewrite).collect()
    }

    fn rewrite(&self, action: usize, item: &Use) -> Option<Rewrite> {
        let name = self.model.scoping().symbol_name(item.symbol);
        let (depth, to) = match self.groups.meaning(action, item.symbol) {
            Meaning::Constant(used) => (0, self.constants[used].clone()),
            Meaning::Circle(_) => (0, self.circle_name(action, item.symbol)),
            Meaning::Value => {
                let path: Vec<String> = item.path.iter().map(|step| step.name.clone()).collect();
                let capture = self.captured(action, item.symbol, &path)?;
                (capture.path.len(), capture.binding.clone())
            }
        };
        let optional = item.path[..depth].iter().any(|step| step.optional);
        (depth > 0 || to != name).then_some(Rewrite { depth, to, optional })
    }
}

/// The paths that an action captures, in the order in which the source uses them. A path behind another is left out.
fn captured_paths(action: usize, uses: &[Use], groups: &Groups) -> Vec<(SymbolId, Vec<String>)> {
    let members = if groups.circle[action].is_empty() {
        vec![action]
    } else {
        groups.circle[action].clone()
    };
    let mut all: Vec<(SymbolId, Vec<String>)> = Vec::new();
    for item in uses {
        let captures = |member: &usize| {
            item.actions.contains(member) && groups.captures[*member] && groups.meaning(*member, item.symbol) == Meaning::Value
        };
        let path = (item.symbol, item.path.iter().map(|step| step.name.clone()).collect());
        if members.iter().any(captures) && !all.contains(&path) {
            all.push(path);
        }
    }
    let covered = |(symbol, path): &(SymbolId, Vec<String>)| {
        all.iter()
            .any(|(other, prefix)| other == symbol && prefix.len() < path.len() && path.starts_with(prefix))
    };
    all.iter().filter(|path| !covered(path)).cloned().collect()
}
