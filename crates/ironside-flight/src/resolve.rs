//! Everything was read: do the references lead to what they should, and is what comes out finite?

use crate::budget::Budget;
use crate::graph::Graph;
use crate::path::{Origin, Trie};
use crate::refusal::Refusal;
use crate::row::{Found, Function, Reference, Root, Row};
use crate::token::Kind;
use std::collections::{BTreeMap, HashSet};

/// What a number stands for in one of the replies of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// This one of the rows.
    Row(u32),
    /// A file of so many bytes.
    Bytes(usize),
}

/// The chunks of a stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// The rows among them.
    pub(crate) rows: Vec<u32>,
    pub(crate) is_closed: bool,
}

/// The parts of a body by scope and number.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) contents: BTreeMap<(u8, u32), Content>,
    pub(crate) streams: BTreeMap<(u8, u32), Stream>,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// The ids of server functions that are referred to, by the row that describes them.
    pub(crate) functions: BTreeMap<u32, String>,
}

pub(crate) struct Resolver<'a> {
    pub(crate) found: &'a Found,
    pub(crate) parts: &'a Parts,
    pub(crate) budget: &'a Budget,
}

/// Where a reference leads, as far as the graph cares.
enum Lead {
    Node(u32),
    /// A part that leads nowhere further.
    Leaf,
}

impl Resolver<'_> {
    /// Checks everything. `text` gives the bytes of a stretch of the body.
    pub(crate) fn run<'t, I: Iterator<Item = &'t [u8]>>(&self, text: impl Fn(usize, usize) -> I) -> Result<Resolved, Refusal> {
        if self.found.references.is_empty() {
            return self.check_streams().map(|()| Resolved::default());
        }
        self.check_streams()?;
        let mut graph = Graph::default();
        for row in &self.found.rows {
            let node = graph.add(row.slots, row.depth)?;
            if row.root == Root::Other {
                graph.is_alias(node);
            }
        }
        let mut streams = BTreeMap::new();
        for (place, stream) in &self.parts.streams {
            let node = graph.add(0, 0)?;
            streams.insert(*place, node);
            for row in &stream.rows {
                graph.edge(node, *row, 0, false);
            }
        }
        let mut resolved = Resolved::default();
        let mut taken = HashSet::new();
        let mut tries: BTreeMap<u32, Trie<'_>> = BTreeMap::new();
        let mut leads = Vec::with_capacity(self.found.references.len());
        for reference in &self.found.references {
            let scope = self.row(reference.row)?.scope;
            if matches!(
                reference.kind,
                Kind::Collection | Kind::Bytes(_) | Kind::Stream | Kind::ByteStream
            ) && !taken.insert((scope, reference.id))
            {
                return Err(Refusal::TakenTwice);
            }
            leads.push(self.lead(reference, scope, &streams, &mut resolved, &mut tries, &mut graph)?);
        }
        self.check_collections(&taken)?;
        let from = self.origins(&mut tries, &mut graph, text)?;
        for ((reference, lead), from) in self.found.references.iter().zip(&leads).zip(from) {
            let Lead::Node(to) = lead else { continue };
            let (from, level) = match from {
                Some(origin) => (origin.node, origin.level),
                None => (reference.row, reference.level),
            };
            let may_return = reference.kind == Kind::Plain && self.target_row(reference)? == reference.row;
            graph.edge(from, *to, level, may_return);
        }
        graph.check(self.budget)?;
        Ok(resolved)
    }

    fn check_streams(&self) -> Result<(), Refusal> {
        for (place, stream) in &self.parts.streams {
            if !stream.is_closed {
                return Err(Refusal::Stream);
            }
            if self.parts.contents.contains_key(place) {
                return Err(Refusal::DuplicateField);
            }
        }
        Ok(())
    }

    /// What a Map, a Set or an iterator is made of is nothing else besides; only what is inside of it may be referred to.
    fn check_collections(&self, taken: &HashSet<(u8, u32)>) -> Result<(), Refusal> {
        for reference in &self.found.references {
            let is_whole = match reference.kind {
                Kind::Plain => reference.path.is_none(),
                kind => matches!(kind, Kind::Promise | Kind::Function),
            };
            if is_whole && taken.contains(&(self.row(reference.row)?.scope, reference.id)) {
                return Err(Refusal::TakenTwice);
            }
        }
        Ok(())
    }

    fn row(&self, row: u32) -> Result<&Row, Refusal> {
        self.found.rows.get(row as usize).ok_or(Refusal::Dangling)
    }

    fn content(&self, scope: u8, id: u32) -> Option<Content> {
        self.parts.contents.get(&(scope, id)).copied()
    }

    fn row_of(&self, scope: u8, id: u32) -> Result<u32, Refusal> {
        match self.content(scope, id) {
            Some(Content::Row(row)) => Ok(row),
            _ => Err(Refusal::Dangling),
        }
    }

    fn target_row(&self, reference: &Reference) -> Result<u32, Refusal> {
        self.row_of(self.row(reference.row)?.scope, reference.id)
    }

    fn lead<'a>(
        &'a self,
        reference: &Reference,
        scope: u8,
        streams: &BTreeMap<(u8, u32), u32>,
        resolved: &mut Resolved,
        tries: &mut BTreeMap<u32, Trie<'a>>,
        graph: &mut Graph,
    ) -> Result<Lead, Refusal> {
        let id = reference.id;
        match reference.kind {
            Kind::Plain => {
                let row = self.row_of(scope, id)?;
                let Some((start, end)) = reference.path else {
                    // Nobody hands on the list of arguments as a whole.
                    return if id == 0 { Err(Refusal::Cycle) } else { Ok(Lead::Node(row)) };
                };
                let path = self.found.paths.get(start..end).ok_or(Refusal::Path)?;
                let mut made = Ok(0);
                let node = tries.entry(row).or_default().node(path, self.budget, || {
                    made = graph.add(0, 0);
                    made.unwrap_or_default()
                })?;
                made.map(|_| Lead::Node(node))
            }
            Kind::Promise => self.row_of(scope, id).map(Lead::Node),
            Kind::Collection => {
                let row = self.row_of(scope, id)?;
                match self.row(row)?.root {
                    Root::Array(_) => Ok(Lead::Node(row)),
                    _ => Err(Refusal::Dangling),
                }
            }
            Kind::Function => {
                let row = self.row_of(scope, id)?;
                let function = self.function(scope, row)?;
                resolved.functions.entry(row).or_insert_with(|| function.id.clone());
                Ok(Lead::Node(row))
            }
            Kind::Form => match self.content(scope, id) {
                None if !streams.contains_key(&(scope, id)) => Ok(Lead::Leaf),
                _ => Err(Refusal::Dangling),
            },
            Kind::File => match self.content(scope, id) {
                Some(Content::Bytes(_)) => Ok(Lead::Leaf),
                _ => Err(Refusal::Dangling),
            },
            Kind::Bytes(size) => match self.content(scope, id) {
                Some(Content::Bytes(length)) if length % usize::from(size) == 0 => Ok(Lead::Leaf),
                _ => Err(Refusal::Dangling),
            },
            Kind::ByteStream if !self.is_all_bytes(scope, id) => Err(Refusal::Stream),
            Kind::Stream | Kind::ByteStream => streams
                .get(&(scope, id))
                .map(|node| Lead::Node(*node))
                .ok_or(Refusal::Dangling),
        }
    }

    /// Whether every chunk of a stream is bytes, and some. React's decoder reads on without end in a stream of bytes that gets
    /// anything else, and even if it gets an empty chunk.
    fn is_all_bytes(&self, scope: u8, id: u32) -> bool {
        let is_bytes = |row: &u32| {
            let references = self.row(*row).ok()?.references;
            match self.found.references.get(references.0..references.1)? {
                [only] if only.level == 0 && matches!(only.kind, Kind::Bytes(_)) => self.content(scope, only.id),
                _ => None,
            }
        };
        let Some(stream) = self.parts.streams.get(&(scope, id)) else {
            // What isn't there is refused for that.
            return true;
        };
        let mut chunks = stream.rows.iter().map(is_bytes);
        chunks.all(|content| matches!(content, Some(Content::Bytes(length)) if length > 0))
    }

    /// The description of a server function in a row.
    pub(crate) fn function(&self, scope: u8, row: u32) -> Result<&Function, Refusal> {
        let function = self.row(row)?.function.as_ref().ok_or(Refusal::Descriptor)?;
        if let Some(bound) = function.bound {
            match self.row(self.row_of(scope, bound)?)?.root {
                Root::Array(length) if length as usize > self.budget.bound => return Err(Refusal::Bound),
                Root::Array(_) => {}
                _ => return Err(Refusal::Descriptor),
            }
        }
        Ok(function)
    }

    /// The innermost place around each reference, where it isn't simply its row.
    fn origins<'t, I: Iterator<Item = &'t [u8]>>(
        &self,
        tries: &mut BTreeMap<u32, Trie<'_>>,
        graph: &mut Graph,
        text: impl Fn(usize, usize) -> I,
    ) -> Result<Vec<Option<Origin>>, Refusal> {
        let mut origins = vec![None; self.found.references.len()];
        for (index, trie) in tries {
            let row = self.row(*index)?;
            let (first, last) = row.references;
            let references = self.found.references.get(first..last).ok_or(Refusal::Dangling)?;
            graph.recount(*index);
            let from = trie.walk(*index, references, graph, self.budget, text(row.start, row.end))?;
            for (origin, from) in origins.iter_mut().skip(first).zip(from) {
                *origin = Some(from);
            }
        }
        Ok(origins)
    }
}
