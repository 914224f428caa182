//! Which route answers a URL: the only place where that is decided.
//!
//! A [`RouteTable`] is a trie over URL segments. At each level a static part wins over a parameter, a parameter over a
//! catch-all, and that over an optional catch-all; if the better choice leads nowhere further down, the next one is
//! tried. A node is visited at most once per URL, so the cost follows the length of the URL and not the number of
//! routes, but for routes that share shapes with many parameters.
//!
//! Intercepting routes stand in a trie of their own, which is asked only for navigations that tell where they come from.

use crate::manifest::{Manifest, PatternPart, Route, SegmentNode};
use crate::pattern::{canonical_segment, encode_segment, path_segments};
use rustc_hash::FxHashMap;

/// The index of a route in [`Manifest::routes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub u32);

impl RouteId {
    /// The page that is shown where no route matches. It has no pattern, so no URL leads to it.
    pub const NOT_FOUND: Self = Self(u32::MAX);
}

/// How a parameter was written in the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// `[name]`: one value.
    Dynamic,
    /// `[...name]`: one or more values.
    CatchAll,
    /// `[[...name]]`: any number of values.
    OptionalCatchAll,
}

/// A parameter's values, percent-encoded as they stand in the URL. Pages see them so; route handlers see them decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name in the brackets.
    pub name: String,
    /// Exactly one for [`ParamKind::Dynamic`].
    pub values: Vec<String>,
    /// See [`ParamKind`].
    pub kind: ParamKind,
}

/// What a URL matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMatch {
    /// The route.
    pub route: RouteId,
    /// Its parameters in the order of the pattern; then those that only a parallel slot binds.
    pub params: Vec<Param>,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    plain: Trie,
    intercepting: Trie,
    routes: Vec<Bindings>,
    /// Routes without parameters by their path, as nearly everybody spells it. Names come before parameters, so what the trie
    /// would find is the same.
    fixed: FxHashMap<String, RouteId>,
}

/// Where a route's parameters stand in a URL.
#[derive(Debug, Clone, Default)]
struct Bindings {
    own: Vec<Binding>,
    from: Option<Source>,
}

/// The place from which an intercepting route is shown.
#[derive(Debug, Clone)]
struct Source {
    pattern: Vec<PatternPart>,
    bindings: Vec<Binding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Binding {
    name: String,
    kind: ParamKind,
    /// The number of URL segments before it.
    start: usize,
}

#[derive(Debug, Clone)]
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// By [`encode_segment`].
    statics: FxHashMap<String, usize>,
    dynamic: Option<usize>,
    here: Vec<RouteId>,
    catch_all: Vec<RouteId>,
    optional_catch_all: Vec<RouteId>,
}

impl RouteMatch {
    /// What stands for a match where there is none: [`RouteId::NOT_FOUND`].
    pub const NOT_FOUND: Self = Self {
        route: RouteId::NOT_FOUND,
        params: Vec::new(),
    };
}

impl RouteTable {
    /// A table over the routes of an application. Where two routes match the same URLs, which the compiler refuses, the
    /// first one wins.
    #[must_use]
    pub fn new(routes: &[Route]) -> Self {
        let mut table = Self::default();
        for (index, route) in routes.iter().enumerate() {
            let Ok(id) = u32::try_from(index) else { break };
            let from = route.intercepts_from.as_ref().map(|pattern| Source {
                pattern: pattern.clone(),
                bindings: pattern_bindings(pattern),
            });
            let mut own = pattern_bindings(&route.pattern);
            let trie = if from.is_some() {
                &mut table.intercepting
            } else {
                if let Some(tree) = &route.tree {
                    slot_bindings(tree, 0, &mut own);
                }
                &mut table.plain
            };
            trie.insert(&route.pattern, RouteId(id));
            if from.is_none()
                && own.is_empty()
                && let Some(path) = fixed_path(&route.pattern)
            {
                table.fixed.entry(path).or_insert(RouteId(id));
            }
            table.routes.push(Bindings { own, from });
        }
        table
    }

    /// A table over the routes of a build.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        Self::new(&manifest.routes)
    }

    /// The route for a path, which is percent-encoded and without `basePath`. `from` is the path that a navigation in
    /// the browser comes from: then a route which intercepts there is preferred.
    #[must_use]
    pub fn match_path(&self, canonical_path: &str, from: Option<&str>) -> Option<RouteMatch> {
        if from.is_none()
            && let Some(&route) = self.fixed.get(canonical_path)
        {
            return Some(RouteMatch {
                route,
                params: Vec::new(),
            });
        }
        let segments = path_segments(canonical_path)?;
        let names: Vec<_> = segments.iter().map(|segment| canonical_segment(segment)).collect();
        if let Some(from) = from.and_then(path_segments)
            && let Some(route) = self.intercepting.find(&names, &|id| self.intercepts(id, &from))
        {
            return Some(self.matched(route, &segments, &from));
        }
        let route = self.plain.find(&names, &|_| true)?;
        Some(self.matched(route, &segments, &[]))
    }

    fn intercepts(&self, route: RouteId, from: &[&str]) -> bool {
        self.bindings(route)
            .and_then(|bindings| bindings.from.as_ref())
            .is_some_and(|source| starts_with(&source.pattern, from))
    }

    fn bindings(&self, route: RouteId) -> Option<&Bindings> {
        self.routes.get(usize::try_from(route.0).ok()?)
    }

    fn matched(&self, route: RouteId, segments: &[&str], from: &[&str]) -> RouteMatch {
        let mut params = Vec::new();
        if let Some(bindings) = self.bindings(route) {
            params.extend(bindings.own.iter().map(|binding| binding.take(segments)));
            if let Some(source) = &bindings.from {
                for binding in &source.bindings {
                    if !params.iter().any(|param: &Param| param.name == binding.name) {
                        params.push(binding.take(from));
                    }
                }
            }
        }
        RouteMatch { route, params }
    }
}

impl Binding {
    fn take(&self, segments: &[&str]) -> Param {
        let rest = segments.get(self.start..).unwrap_or_default();
        let taken = if self.kind == ParamKind::Dynamic {
            rest.get(..1).unwrap_or_default()
        } else {
            rest
        };
        Param {
            name: self.name.clone(),
            values: taken.iter().map(|&value| value.to_owned()).collect(),
            kind: self.kind,
        }
    }
}

/// The path of a pattern that has only names in it.
fn fixed_path(pattern: &[PatternPart]) -> Option<String> {
    let mut path = String::new();
    for part in pattern {
        let PatternPart::Static(name) = part else { return None };
        path.push('/');
        path.push_str(&encode_segment(name));
    }
    Some(if path.is_empty() { "/".to_owned() } else { path })
}

fn binding(part: &PatternPart, start: usize) -> Option<Binding> {
    let (name, kind) = match part {
        PatternPart::Static(_) => return None,
        PatternPart::Dynamic(name) => (name, ParamKind::Dynamic),
        PatternPart::CatchAll(name) => (name, ParamKind::CatchAll),
        PatternPart::OptionalCatchAll(name) => (name, ParamKind::OptionalCatchAll),
    };
    Some(Binding {
        name: name.clone(),
        kind,
        start,
    })
}

fn pattern_bindings(pattern: &[PatternPart]) -> Vec<Binding> {
    pattern
        .iter()
        .enumerate()
        .filter_map(|(index, part)| binding(part, index))
        .collect()
}

/// Parameters that only a slot's own folders name: `@side/[...rest]` beside `children/[id]`.
fn slot_bindings(node: &SegmentNode, depth: usize, bindings: &mut Vec<Binding>) {
    let depth = match &node.param {
        Some(part) => {
            if let Some(found) = binding(part, depth)
                && bindings.iter().all(|known| known.name != found.name)
            {
                bindings.push(found);
            }
            depth + 1
        }
        None => depth + usize::from(node.is_url_part()),
    };
    for slot in node.slots.values() {
        slot_bindings(slot, depth, bindings);
    }
}

/// Whether the pattern matches the path or one above it.
fn starts_with(pattern: &[PatternPart], segments: &[&str]) -> bool {
    let mut rest = segments;
    for part in pattern {
        match (part, rest.split_first()) {
            (PatternPart::OptionalCatchAll(_), _) | (PatternPart::CatchAll(_), Some(_)) => return true,
            (PatternPart::Static(name), Some((segment, tail))) if canonical_segment(segment) == encode_segment(name) => {
                rest = tail
            }
            (PatternPart::Dynamic(_), Some((_, tail))) => rest = tail,
            _ => return false,
        }
    }
    true
}

impl Default for Trie {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }
}

impl Trie {
    fn insert(&mut self, pattern: &[PatternPart], route: RouteId) {
        let mut at = 0;
        for part in pattern {
            match part {
                PatternPart::Static(name) => at = self.static_child(at, name),
                PatternPart::Dynamic(_) => at = self.dynamic_child(at),
                // Nothing can follow these.
                PatternPart::CatchAll(_) => return self.nodes[at].catch_all.push(route),
                PatternPart::OptionalCatchAll(_) => return self.nodes[at].optional_catch_all.push(route),
            }
        }
        self.nodes[at].here.push(route);
    }

    fn static_child(&mut self, at: usize, name: &str) -> usize {
        let next = self.nodes.len();
        let child = *self.nodes[at].statics.entry(encode_segment(name)).or_insert(next);
        if child == next {
            self.nodes.push(Node::default());
        }
        child
    }

    fn dynamic_child(&mut self, at: usize) -> usize {
        let next = self.nodes.len();
        let child = *self.nodes[at].dynamic.get_or_insert(next);
        if child == next {
            self.nodes.push(Node::default());
        }
        child
    }

    /// The first route in the order of precedence that `accept`s.
    fn find(&self, names: &[impl AsRef<str>], accept: &dyn Fn(RouteId) -> bool) -> Option<RouteId> {
        self.find_below(0, names, accept)
    }

    /// Goes as deep as the trie is, never as deep as the URL is long.
    fn find_below(&self, at: usize, names: &[impl AsRef<str>], accept: &dyn Fn(RouteId) -> bool) -> Option<RouteId> {
        let node = self.nodes.get(at)?;
        let first = |routes: &[RouteId]| routes.iter().copied().find(|&route| accept(route));
        let Some((name, rest)) = names.split_first() else {
            return first(&node.here).or_else(|| first(&node.optional_catch_all));
        };
        node.statics
            .get(name.as_ref())
            .and_then(|&child| self.find_below(child, rest, accept))
            .or_else(|| node.dynamic.and_then(|child| self.find_below(child, rest, accept)))
            .or_else(|| first(&node.catch_all))
            .or_else(|| first(&node.optional_catch_all))
    }
}
