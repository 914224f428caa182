//! The firewall itself: takes a body in pieces of any size, and says at the end what it is, or at once why it is refused.

use crate::boundary::Boundary;
use crate::budget::Budget;
use crate::field::{self, Field, FormField};
use crate::json::{Bounds, Scanner};
use crate::multipart::{self, Head};
use crate::refusal::Refusal;
use crate::resolve::{Content, Parts, Resolver};
use crate::row::{Found, Root, RowListener, RowState};

/// See the module's documentation.
#[derive(Debug)]
pub struct Firewall {
    reading: Reading,
    /// Of a multipart body.
    framing: Option<multipart::Reader>,
    read: usize,
}

/// What an accepted body is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admitted {
    /// The action that a form without JavaScript names, as React's decoder chooses: the last one.
    pub marker: Option<Marker>,
    /// Every id that a form names, also the ones that are not chosen.
    pub named: Vec<String>,
    /// The ids of server functions among the arguments, which must be on the allow-list.
    pub functions: Vec<String>,
    /// Parts of a multipart body.
    pub parts: usize,
    /// Rows that were read as JSON.
    pub rows: usize,
    /// References between them.
    pub references: usize,
}

/// How a form names its action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker {
    /// `$ACTION_ID_<id>`
    Id(String),
    /// `$ACTION_REF_<tag>`, with a description of this id.
    Described(String),
}

/// A form's action and that of the button that was pressed.
const MOST_MARKERS: usize = 2;
/// Actions that a form describes: its own, and that of each of its buttons, pressed or not.
const MOST_DESCRIPTIONS: usize = 64;
/// Longest id, and longest value of a field of React's, that is worth looking at.
const LONGEST_ID: usize = 128;
const LONGEST_VALUE: usize = 64 * 1024;

#[derive(Debug)]
struct Reading {
    budget: Budget,
    is_form: bool,
    found: Found,
    parts: Parts,
    /// The tags of the descriptions; their places are the scopes.
    tags: Vec<String>,
    markers: Vec<Mark>,
    state_keys: usize,
    count: usize,
    scanner: Scanner,
    part: Part,
}

#[derive(Debug)]
enum Mark {
    Id(String),
    Described(u8),
}

/// What the part that is being read is for.
#[derive(Debug)]
enum Part {
    /// Nobody looks inside, except that it must not be longer than this.
    Passed {
        length: usize,
        most: usize,
    },
    /// A file of a reply.
    Bytes {
        scope: u8,
        id: u32,
        length: usize,
    },
    Row {
        row: RowState,
        length: usize,
    },
    Chunk {
        stream: u32,
        row: RowState,
        length: usize,
        first: First,
    },
}

/// The beginning of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Nothing was read.
    Unread,
    /// It ends its stream.
    Close,
    /// It is one of its items.
    Item,
}

impl Firewall {
    /// The text that a call from JavaScript sends when all of its arguments fit into one row.
    #[must_use]
    pub fn text(budget: Budget) -> Self {
        let mut reading = Reading::new(budget, false);
        reading.parts.contents.insert((0, 0), Content::Row(0));
        reading.part = Part::Row {
            row: RowState::new(&reading.found, 0, 0),
            length: 0,
        };
        Self {
            reading,
            framing: None,
            read: 0,
        }
    }

    /// The form that a call from JavaScript sends otherwise.
    #[must_use]
    pub fn reply(boundary: &Boundary, budget: Budget) -> Self {
        Self::multipart(boundary, budget, false)
    }

    /// A form that was posted without JavaScript.
    #[must_use]
    pub fn form(boundary: &Boundary, budget: Budget) -> Self {
        Self::multipart(boundary, budget, true)
    }

    fn multipart(boundary: &Boundary, budget: Budget, is_form: bool) -> Self {
        Self {
            framing: Some(multipart::Reader::new(boundary, budget.part_head)),
            reading: Reading::new(budget, is_form),
            read: 0,
        }
    }

    /// Reads on. After an error nothing more may be fed.
    ///
    /// # Errors
    /// The reason why the body is refused.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.read += bytes.len();
        match &mut self.framing {
            Some(framing) => framing.feed(bytes, &mut self.reading),
            None => multipart::Parts::data(&mut self.reading, bytes),
        }
    }

    /// The body is whole. `body` is all that was fed, in pieces: rows that references lead into are read once more.
    ///
    /// # Errors
    /// The reason why the body is refused.
    pub fn finish<B: AsRef<[u8]>>(mut self, body: &[B]) -> Result<Admitted, Refusal> {
        match &self.framing {
            Some(framing) => framing.finish()?,
            None => multipart::Parts::end(&mut self.reading)?,
        }
        debug_assert_eq!(self.read, body.iter().map(|piece| piece.as_ref().len()).sum::<usize>());
        self.reading.finish(|start, end| stretch(body, start, end))
    }
}

/// The bytes of a body from `start` to `end`.
fn stretch<B: AsRef<[u8]>>(body: &[B], start: usize, end: usize) -> impl Iterator<Item = &[u8]> {
    let mut offset = 0;
    body.iter().filter_map(move |piece| {
        let piece = piece.as_ref();
        let here = offset;
        offset += piece.len();
        let from = start.saturating_sub(here).min(piece.len());
        let to = end.saturating_sub(here).min(piece.len());
        piece.get(from..to).filter(|bytes| !bytes.is_empty())
    })
}

impl Reading {
    fn new(budget: Budget, is_form: bool) -> Self {
        let bounds = Bounds {
            depth: budget.depth,
            string: budget.string_bytes,
            text: budget.reference_bytes,
        };
        Self {
            budget,
            is_form,
            found: Found::default(),
            parts: Parts::default(),
            tags: Vec::new(),
            markers: Vec::new(),
            state_keys: 0,
            count: 0,
            scanner: Scanner::new(bounds),
            part: Part::Passed { length: 0, most: 0 },
        }
    }

    /// A part of a reply begins.
    fn begin_field(&mut self, scope: u8, field: Field<'_>, is_file: bool, offset: usize) -> Result<(), Refusal> {
        self.scanner.restart();
        self.part = match field {
            Field::Entry(..) => Part::Passed {
                length: 0,
                most: usize::MAX,
            },
            Field::Row(id) => {
                let content = if is_file {
                    Content::Bytes(0)
                } else {
                    Content::Row(u32::try_from(self.found.rows.len()).map_err(|_| Refusal::Parts)?)
                };
                if self.parts.contents.insert((scope, id), content).is_some() {
                    return Err(Refusal::DuplicateField);
                }
                if is_file {
                    Part::Bytes { scope, id, length: 0 }
                } else {
                    Part::Row {
                        row: RowState::new(&self.found, scope, offset),
                        length: 0,
                    }
                }
            }
            Field::Chunk(_) if is_file => return Err(Refusal::UnknownField),
            Field::Chunk(stream) => Part::Chunk {
                stream,
                row: RowState::new(&self.found, scope, offset),
                length: 0,
                first: First::Unread,
            },
        };
        Ok(())
    }

    /// A part of a posted form begins.
    fn begin_form_field(&mut self, name: &str, is_file: bool, offset: usize) -> Result<(), Refusal> {
        let field = field::of_form(name)?;
        if is_file && !matches!(field, FormField::Own | FormField::Description(..)) {
            return Err(Refusal::UnknownField);
        }
        // A button that was pressed has a value of the application's beside its name.
        let mut most = LONGEST_VALUE;
        match field {
            FormField::Own => most = usize::MAX,
            FormField::Id(id) if id.len() > LONGEST_ID => return Err(Refusal::Marker),
            FormField::Id(id) => self.mark(Mark::Id(id.to_owned()))?,
            FormField::Described(tag) => {
                let scope = self.scope(tag)?;
                if self
                    .markers
                    .iter()
                    .any(|mark| matches!(mark, Mark::Described(known) if *known == scope))
                {
                    return Err(Refusal::DuplicateField);
                }
                self.mark(Mark::Described(scope))?;
            }
            FormField::StateKey => {
                self.state_keys += 1;
                if self.state_keys > MOST_DESCRIPTIONS {
                    return Err(Refusal::Marker);
                }
            }
            FormField::Description(tag, field) => {
                let scope = self.scope(tag)?;
                return self.begin_field(scope, field, is_file, offset);
            }
        }
        self.part = Part::Passed { length: 0, most };
        Ok(())
    }

    fn mark(&mut self, mark: Mark) -> Result<(), Refusal> {
        let same = self
            .markers
            .iter()
            .filter(|known| std::mem::discriminant(*known) == std::mem::discriminant(&mark))
            .count();
        if same >= MOST_MARKERS {
            return Err(Refusal::Marker);
        }
        self.markers.push(mark);
        Ok(())
    }

    fn scope(&mut self, tag: &str) -> Result<u8, Refusal> {
        let place = match self.tags.iter().position(|known| known == tag) {
            Some(place) => place,
            None if self.tags.len() >= MOST_DESCRIPTIONS => return Err(Refusal::Marker),
            None => {
                self.tags.push(tag.to_owned());
                self.tags.len() - 1
            }
        };
        u8::try_from(place).map_err(|_| Refusal::Marker)
    }

    fn finish<'t, I: Iterator<Item = &'t [u8]>>(self, text: impl Fn(usize, usize) -> I) -> Result<Admitted, Refusal> {
        let resolver = Resolver {
            found: &self.found,
            parts: &self.parts,
            budget: &self.budget,
        };
        let mut admitted = Admitted {
            parts: self.count,
            rows: self.found.rows.len(),
            references: self.found.references.len(),
            ..Admitted::default()
        };
        if self.is_form {
            self.read_markers(&resolver, &mut admitted)?;
        } else {
            let root = match self.parts.contents.get(&(0, 0)) {
                Some(Content::Row(row)) => self.found.rows.get(*row as usize).map(|row| row.root),
                _ => None,
            };
            match root {
                Some(Root::Array(length)) if length as usize > self.budget.arguments => return Err(Refusal::Arguments),
                Some(Root::Array(_)) => {}
                _ => return Err(Refusal::NoRoot),
            }
        }
        admitted.functions = resolver.run(text)?.functions.into_values().collect();
        Ok(admitted)
    }

    /// Which action the form names. There may be descriptions that no marker belongs to: those of buttons that were not
    /// pressed.
    fn read_markers(&self, resolver: &Resolver<'_>, admitted: &mut Admitted) -> Result<(), Refusal> {
        if self.markers.is_empty() {
            return Err(Refusal::Marker);
        }
        let mut described = Vec::with_capacity(self.tags.len());
        for (scope, _) in (0..).zip(&self.tags) {
            let Some(Content::Row(row)) = self.parts.contents.get(&(scope, 0)) else {
                return Err(Refusal::Marker);
            };
            described.push(&resolver.function(scope, *row)?.id);
        }
        for mark in &self.markers {
            let marker = match mark {
                Mark::Id(id) => Marker::Id(id.clone()),
                Mark::Described(scope) => {
                    let id = described.get(usize::from(*scope)).ok_or(Refusal::Marker)?;
                    Marker::Described((*id).clone())
                }
            };
            let (Marker::Id(id) | Marker::Described(id)) = &marker;
            admitted.named.push(id.clone());
            admitted.marker = Some(marker);
        }
        Ok(())
    }
}

impl multipart::Parts for Reading {
    fn begin(&mut self, head: &Head<'_>, offset: usize) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > self.budget.parts {
            return Err(Refusal::Parts);
        }
        if self.is_form {
            self.begin_form_field(&head.name, head.is_file, offset)
        } else {
            let field = field::of_reply(&head.name)?;
            self.begin_field(0, field, head.is_file, offset)
        }
    }

    fn data(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        let (row, length) = match &mut self.part {
            Part::Passed { length, most } => {
                *length += bytes.len();
                return if *length > *most { Err(Refusal::Marker) } else { Ok(()) };
            }
            Part::Bytes { length, .. } => {
                *length += bytes.len();
                return Ok(());
            }
            Part::Row { row, length } => (row, length),
            Part::Chunk { row, length, first, .. } => {
                if *first == First::Unread && !bytes.is_empty() {
                    *first = First::Item;
                    if let Some(rest) = bytes.strip_prefix(b"C") {
                        *first = First::Close;
                        row.skip(1);
                        bytes = rest;
                    }
                }
                (row, length)
            }
        };
        *length += bytes.len();
        let mut listener = RowListener {
            found: &mut self.found,
            budget: &self.budget,
            state: row,
        };
        self.scanner.feed(bytes, &mut listener)
    }

    fn end(&mut self) -> Result<(), Refusal> {
        let part = std::mem::replace(&mut self.part, Part::Passed { length: 0, most: 0 });
        let (mut row, length) = match part {
            Part::Passed { .. } => return Ok(()),
            Part::Bytes { scope, id, length } => {
                self.parts.contents.insert((scope, id), Content::Bytes(length));
                return Ok(());
            }
            Part::Row { row, length } => (row, length),
            Part::Chunk {
                stream,
                row,
                length,
                first,
            } => {
                let stream = self.parts.streams.entry((row.scope(), stream)).or_default();
                if stream.is_closed {
                    return Err(Refusal::Stream);
                }
                stream.is_closed = first == First::Close;
                if stream.is_closed && length == 0 {
                    return Ok(());
                }
                stream
                    .rows
                    .push(u32::try_from(self.found.rows.len()).map_err(|_| Refusal::Parts)?);
                (row, length)
            }
        };
        let mut listener = RowListener {
            found: &mut self.found,
            budget: &self.budget,
            state: &mut row,
        };
        self.scanner.finish(&mut listener)?;
        row.finish(&mut self.found, length);
        Ok(())
    }
}
