//! Finds the places inside of a row that references lead to, by scanning the row a second time along a trie of their paths.
//! So that nobody gets anywhere but to what the row literally holds: every step is an own property of a plain object or
//! an index of an array.

use crate::budget::Budget;
use crate::graph::Graph;
use crate::json::{Bounds, Listener, Scanner};
use crate::refusal::Refusal;
use crate::row::Reference;
use std::collections::HashMap;

/// The paths that are wanted of one row.
#[derive(Debug, Default)]
pub(crate) struct Trie<'a> {
    steps: HashMap<(u32, &'a str), u32>,
    /// What each node of the trie stands for, if a path ends there.
    targets: Vec<Option<Target>>,
}

/// The innermost place around a reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) node: u32,
    /// Containers between the two.
    pub(crate) level: u32,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    node: u32,
    is_found: bool,
}

impl<'a> Trie<'a> {
    /// The node of the graph that stands for the end of `path`, which `make` makes if there is none.
    pub(crate) fn node(&mut self, path: &'a str, budget: &Budget, make: impl FnOnce() -> u32) -> Result<u32, Refusal> {
        if self.targets.is_empty() {
            self.targets.push(None);
        }
        let mut at = 0;
        for (depth, part) in path.split(':').enumerate() {
            if depth >= budget.depth {
                return Err(Refusal::Depth);
            }
            let next = u32::try_from(self.targets.len()).map_err(|_| Refusal::References)?;
            at = *self.steps.entry((at, part)).or_insert(next);
            if at == next {
                self.targets.push(None);
            }
        }
        // Paths that share little cost more than references do.
        if self.targets.len() > budget.references.saturating_mul(2) {
            return Err(Refusal::References);
        }
        let place = self.targets.get_mut(at as usize).ok_or(Refusal::Path)?;
        let target = place.get_or_insert_with(|| Target {
            node: make(),
            is_found: false,
        });
        Ok(target.node)
    }

    /// Walks the row, whose text comes in `pieces`; gives every reference and value of it to the innermost place around it.
    pub(crate) fn walk<'t>(
        &mut self,
        node: u32,
        references: &[Reference],
        graph: &mut Graph,
        budget: &Budget,
        pieces: impl Iterator<Item = &'t [u8]>,
    ) -> Result<Vec<Origin>, Refusal> {
        let bounds = Bounds {
            depth: budget.depth,
            string: budget.string_bytes,
            text: budget.reference_bytes,
        };
        let longest = self.steps.keys().map(|(_, part)| part.len()).max().unwrap_or(0);
        let mut walker = Walker {
            trie: self,
            graph,
            references,
            from: Vec::with_capacity(references.len()),
            frames: Vec::new(),
            inside: vec![(node, 0)],
            ordinal: 0,
            longest,
        };
        let mut scanner = Scanner::new(bounds);
        for piece in pieces {
            scanner.feed(piece, &mut walker)?;
        }
        scanner.finish(&mut walker)?;
        let Walker { from, .. } = walker;
        let is_missing = |target: &Option<Target>| target.is_some_and(|target| !target.is_found);
        if self.targets.iter().any(is_missing) || from.len() != references.len() {
            return Err(Refusal::Path);
        }
        Ok(from)
    }
}

/// An open container.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Where it is in the trie.
    at: Option<u32>,
    is_object: bool,
    items: u32,
    /// Where the value of the last key is in the trie.
    next: Option<u32>,
    /// It is a place that a reference leads to.
    is_target: bool,
}

/// An index as a path writes it.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        if let (Some(place), Ok(digit)) = (digits.get_mut(start), u8::try_from(number % 10)) {
            *place = b'0' + digit;
        }
        number /= 10;
        if number == 0 {
            return std::str::from_utf8(digits.get(start..).unwrap_or_default()).unwrap_or_default();
        }
    }
}

struct Walker<'a, 'b> {
    trie: &'b mut Trie<'a>,
    graph: &'b mut Graph,
    references: &'b [Reference],
    /// The node around each reference, in their order.
    from: Vec<Origin>,
    frames: Vec<Frame>,
    /// The nodes around what is read now, and how deep they stand.
    inside: Vec<(u32, u32)>,
    ordinal: u32,
    longest: usize,
}

impl Walker<'_, '_> {
    fn level(&self) -> u32 {
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX)
    }

    /// A value begins. Gives where it is in the trie, and the node if a reference leads to it.
    fn begin(&mut self) -> Result<(Option<u32>, Option<u32>), Refusal> {
        self.ordinal += 1;
        let at = match self.frames.last_mut() {
            None => Some(0),
            Some(frame) if frame.is_object => frame.next.take(),
            Some(frame) => {
                let index = frame.items;
                frame.items += 1;
                match frame.at {
                    Some(at) => {
                        let mut digits = [0; 10];
                        self.trie.steps.get(&(at, decimal(index, &mut digits))).copied()
                    }
                    None => None,
                }
            }
        };
        let level = self.level();
        let (outer, depth) = self.inside.last().copied().unwrap_or_default();
        let Some(target) = at.and_then(|at| self.trie.targets.get_mut(at as usize)?.as_mut()) else {
            self.graph.holds(outer, level - depth);
            return Ok((at, None));
        };
        if std::mem::replace(&mut target.is_found, true) {
            // The key is there twice.
            return Err(Refusal::Path);
        }
        let node = target.node;
        self.graph.contains(outer, node, level - depth);
        self.graph.holds(node, 0);
        Ok((at, Some(node)))
    }

    /// The reference that this value is, if it is one.
    fn reference(&mut self, target: Option<u32>) -> bool {
        let next = self.references.get(self.from.len());
        if next.is_none_or(|next| next.ordinal != self.ordinal - 1) {
            return false;
        }
        let level = self.level();
        let (node, depth) = self.inside.last().copied().unwrap_or_default();
        self.from.push(match target {
            Some(node) => Origin { node, level: 0 },
            None => Origin {
                node,
                level: level - depth,
            },
        });
        true
    }
}

impl Listener for Walker<'_, '_> {
    fn open(&mut self, is_object: bool) -> Result<(), Refusal> {
        let level = self.level();
        let (at, target) = self.begin()?;
        if let Some(node) = target {
            self.inside.push((node, level));
        }
        self.frames.push(Frame {
            at,
            is_object,
            items: 0,
            next: None,
            is_target: target.is_some(),
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.frames.pop().is_some_and(|frame| frame.is_target) {
            self.inside.pop();
        }
        Ok(())
    }

    fn key(&mut self, key: Option<&str>) -> Result<(), Refusal> {
        if let Some(frame) = self.frames.last_mut() {
            frame.next = match (frame.at, key) {
                (Some(at), Some(key)) => self.trie.steps.get(&(at, key)).copied(),
                _ => None,
            };
        }
        Ok(())
    }

    fn string(&mut self, text: Option<&str>) -> Result<(), Refusal> {
        let (_, target) = self.begin()?;
        let is_reference = self.reference(target);
        match target {
            Some(node) if is_reference => self.graph.is_alias(node),
            // What stays in the browser may be referred to twice; text is never shared.
            Some(_) if text != Some("$T") => return Err(Refusal::Path),
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, _: bool) -> Result<(), Refusal> {
        match self.begin()? {
            (_, Some(_)) => Err(Refusal::Path),
            _ => Ok(()),
        }
    }

    fn key_limit(&self) -> usize {
        match self.frames.last() {
            Some(Frame { at: Some(_), .. }) => self.longest,
            _ => 0,
        }
    }

    fn wants_text(&self) -> bool {
        false
    }
}
