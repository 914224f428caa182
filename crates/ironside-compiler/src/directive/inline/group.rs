//! Actions that use each other.
//!
//! An action that captures nothing, and uses only actions that capture nothing, is a constant of the module: others refer
//! to it by that constant. Of the rest, actions that use each other in a circle (most often one that calls itself) can't
//! have one another among their captured values, so they share what all of them capture and make the references anew.

use super::{find::Found, uses::Use};
use oxc::semantic::SymbolId;
use rustc_hash::FxHashMap;

/// How actions refer to one another.
#[derive(Debug)]
pub(super) struct Groups {
    /// The action that a symbol always holds.
    pub(super) of_symbol: FxHashMap<SymbolId, usize>,
    /// Whether an action captures anything.
    pub(super) captures: Vec<bool>,
    /// The actions that an action is in a circle with, itself included if it uses itself; empty if it isn't in any.
    pub(super) circle: Vec<Vec<usize>>,
}

/// What a symbol is to an action that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A constant of the module.
    Constant(usize),
    /// An action of its own circle.
    Circle(usize),
    /// A value to be captured.
    Value,
}

/// Finds out how the actions of a module use each other.
pub(super) fn groups(found: &[Found], uses: &[Use]) -> Groups {
    let mut of_symbol = FxHashMap::default();
    for (at, action) in found.iter().enumerate() {
        of_symbol.extend(action.own.into_iter().chain(action.bound).map(|symbol| (symbol, at)));
    }
    let mut edges = vec![Vec::new(); found.len()];
    let mut captures = vec![false; found.len()];
    for item in uses {
        for user in &item.actions {
            match of_symbol.get(&item.symbol) {
                Some(used) => edges[*user].push(*used),
                None => captures[*user] = true,
            }
        }
    }
    loop {
        let spread: Vec<bool> = (0..found.len())
            .map(|at| captures[at] || edges[at].iter().any(|used| captures[*used]))
            .collect();
        if spread == captures {
            break;
        }
        captures = spread;
    }
    let reach: Vec<Vec<bool>> = (0..found.len()).map(|at| reachable(&edges, at)).collect();
    let circle = (0..found.len()).map(|at| {
        (0..found.len())
            .filter(|other| reach[at][*other] && reach[*other][at])
            .collect()
    });
    Groups {
        of_symbol,
        circle: circle.collect(),
        captures,
    }
}

/// What can be reached from an action by at least one step.
fn reachable(edges: &[Vec<usize>], from: usize) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut open = edges[from].clone();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(&edges[at]);
        }
    }
    seen
}

impl Groups {
    /// What a symbol is to an action.
    pub(super) fn meaning(&self, action: usize, symbol: SymbolId) -> Meaning {
        match self.of_symbol.get(&symbol) {
            Some(used) if !self.captures[*used] => Meaning::Constant(*used),
            Some(used) if self.circle[action].contains(used) => Meaning::Circle(*used),
            _ => Meaning::Value,
        }
    }
}
