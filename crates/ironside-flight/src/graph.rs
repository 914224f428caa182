//! Who leads to whom: rows, places inside of rows that references lead to, and streams. Finds values that hold themselves
//! (Tarjan's algorithm) and how large and how deep everything is for somebody who walks through it; both in linear time,
//! and without recursion, since the body decides how deep it would go.

use crate::budget::Budget;
use crate::refusal::Refusal;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Values that it holds itself.
    slots: u32,
    /// Most containers around one of them.
    reach: u32,
    /// It is itself nothing but a reference.
    is_alias: bool,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    from: u32,
    to: u32,
    /// Containers between the two.
    level: u32,
    may_return: bool,
}

/// What a node amounts to with everything that it leads to.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    slots: u64,
    depth: u64,
}

const NEW: u32 = u32::MAX;

impl Graph {
    pub(crate) fn add(&mut self, slots: u32, reach: u32) -> Result<u32, Refusal> {
        let node = u32::try_from(self.nodes.len()).map_err(|_| Refusal::Slots)?;
        self.nodes.push(Node {
            slots,
            reach,
            is_alias: false,
        });
        Ok(node)
    }

    /// The node is to be counted anew, value by value.
    pub(crate) fn recount(&mut self, node: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            (node.slots, node.reach) = (0, 0);
        }
    }

    /// One value in the node, with so many containers between.
    pub(crate) fn holds(&mut self, node: u32, level: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.slots = node.slots.saturating_add(1);
            node.reach = node.reach.max(level);
        }
    }

    pub(crate) fn is_alias(&mut self, node: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.is_alias = true;
        }
    }

    /// `outer` contains `inner` literally.
    pub(crate) fn contains(&mut self, outer: u32, inner: u32, level: u32) {
        self.edge(outer, inner, level, true);
    }

    /// `from` refers to `to`. `may_return` says that `to` may hold `from`: that a plain object refers to what is around it.
    pub(crate) fn edge(&mut self, from: u32, to: u32, level: u32, may_return: bool) {
        self.edges.push(Edge {
            from,
            to,
            level,
            may_return,
        });
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// [`Refusal::Cycle`], [`Refusal::Depth`], [`Refusal::Expanded`].
    pub(crate) fn check(mut self, budget: &Budget) -> Result<(), Refusal> {
        if self.edges.is_empty() {
            return Ok(());
        }
        self.edges.sort_unstable_by_key(|edge| edge.from);
        let mut first = vec![0; self.nodes.len() + 1];
        for edge in &self.edges {
            if let Some(count) = first.get_mut(edge.from as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for place in &mut first {
            sum += *place;
            *place = sum;
        }
        let mut search = Search {
            graph: &self,
            first,
            number: vec![NEW; self.nodes.len()],
            low: vec![0; self.nodes.len()],
            component: vec![NEW; self.nodes.len()],
            totals: Vec::new(),
            stack: Vec::new(),
            count: 0,
            budget,
        };
        for node in 0..self.nodes.len() {
            search.from(node)?;
        }
        Ok(())
    }
}

struct Search<'a> {
    graph: &'a Graph,
    /// Where the edges of each node begin.
    first: Vec<usize>,
    number: Vec<u32>,
    low: Vec<u32>,
    /// Which component a node belongs to, once that is known.
    component: Vec<u32>,
    totals: Vec<Total>,
    stack: Vec<usize>,
    count: u32,
    budget: &'a Budget,
}

#[allow(
    clippy::indexing_slicing,
    reason = "all tables have one entry for each node, and nodes are made by Graph::add only"
)]
impl Search<'_> {
    fn from(&mut self, root: usize) -> Result<(), Refusal> {
        if self.number[root] != NEW {
            return Ok(());
        }
        let mut path = vec![(root, self.enter(root))];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if *next < self.first[node + 1] {
                let to = self.graph.edges[*next].to as usize;
                *next += 1;
                if self.number[to] == NEW {
                    let edges = self.enter(to);
                    path.push((to, edges));
                } else if self.component[to] == NEW {
                    self.low[node] = self.low[node].min(self.number[to]);
                }
                continue;
            }
            path.pop();
            if let Some((outer, _)) = path.last() {
                self.low[*outer] = self.low[*outer].min(self.low[node]);
            }
            if self.low[node] == self.number[node] {
                self.leave(node)?;
            }
        }
        Ok(())
    }

    /// Numbers a node; gives its first edge.
    fn enter(&mut self, node: usize) -> usize {
        self.number[node] = self.count;
        self.low[node] = self.count;
        self.count += 1;
        self.stack.push(node);
        self.first[node]
    }

    /// A component is whole: nothing in it leads to anything that isn't known yet.
    fn leave(&mut self, head: usize) -> Result<(), Refusal> {
        let component = u32::try_from(self.totals.len()).unwrap_or(NEW);
        let start = self.stack.iter().rposition(|node| *node == head).unwrap_or_default();
        let members = self.stack.split_off(start);
        for member in &members {
            self.component[*member] = component;
        }
        let mut total = Total::default();
        for member in members {
            let node = self.graph.nodes[member];
            total.slots = total.slots.saturating_add(u64::from(node.slots));
            total.depth = total.depth.max(u64::from(node.reach));
            for edge in &self.graph.edges[self.first[member]..self.first[member + 1]] {
                let to = self.component[edge.to as usize];
                if to == component {
                    if !edge.may_return || node.is_alias {
                        return Err(Refusal::Cycle);
                    }
                    continue;
                }
                let inner = self.totals.get(to as usize).copied().unwrap_or_default();
                total.slots = total.slots.saturating_add(inner.slots);
                total.depth = total.depth.max(inner.depth + u64::from(edge.level));
            }
        }
        if total.slots > self.budget.expanded {
            return Err(Refusal::Expanded);
        }
        if total.depth > 2 * self.budget.depth as u64 {
            return Err(Refusal::Depth);
        }
        self.totals.push(total);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: u32, edges: &[(u32, u32, bool)]) -> Result<(), Refusal> {
        let mut graph = Graph::default();
        for _ in 0..nodes {
            graph.add(1, 1).unwrap();
        }
        for (from, to, may_return) in edges {
            graph.edge(*from, *to, 1, *may_return);
        }
        graph.check(&Budget::default())
    }

    #[test]
    fn a_cycle_is_found_wherever_it_is_unless_all_of_it_may_return() {
        assert_eq!(graph(3, &[(0, 1, false), (1, 2, false), (0, 2, false)]), Ok(()));
        assert_eq!(graph(1, &[(0, 0, false)]), Err(Refusal::Cycle));
        assert_eq!(graph(1, &[(0, 0, true)]), Ok(()));
        for length in 1..65 {
            let edges: Vec<_> = (0..length).map(|node| (node, (node + 1) % length, true)).collect();
            assert_eq!(graph(length, &edges), Ok(()));
            for bad in 0..length {
                let mut edges = edges.clone();
                edges[bad as usize].2 = false;
                assert_eq!(graph(length, &edges), Err(Refusal::Cycle), "{length} {bad}");
            }
        }
        // The bad cycle isn't the one that the search meets first.
        assert_eq!(
            graph(3, &[(0, 2, true), (0, 1, false), (1, 2, true), (2, 0, true)]),
            Err(Refusal::Cycle)
        );
    }

    #[test]
    fn what_doubles_at_each_step_is_too_large() {
        let double = |steps: u32| {
            let edges: Vec<_> = (0..steps).flat_map(|node| [(node, node + 1, false); 2]).collect();
            graph(steps + 1, &edges)
        };
        assert_eq!(double(20), Ok(()));
        assert_eq!(double(24), Err(Refusal::Expanded));
        assert_eq!(double(400), Err(Refusal::Expanded));
    }

    #[test]
    fn a_long_chain_is_too_deep() {
        let chain = |length: u32| {
            let edges: Vec<_> = (0..length).map(|node| (node, node + 1, false)).collect();
            graph(length + 1, &edges)
        };
        assert_eq!(chain(900), Ok(()));
        assert_eq!(chain(1100), Err(Refusal::Depth));
    }
}
