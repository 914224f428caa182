//! Reads one row: its kind, size and depth, the references in it, and whether it describes a server function.

use crate::budget::Budget;
use crate::json::Listener;
use crate::refusal::Refusal;
use crate::token::{self, Kind, Token};

/// A row, as far as it matters later.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which of the replies in the body it belongs to.
    pub(crate) scope: u8,
    /// Where its text stands in the body.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) root: Root,
    /// Most containers around a value in it.
    pub(crate) depth: u32,
    pub(crate) slots: u32,
    /// Its references: a range of [`Found::references`].
    pub(crate) references: (usize, usize),
    /// What it says as the description of a server function, if it could be one.
    pub(crate) function: Option<Function>,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Array(u32),
    Object,
    Other,
}

/// `{"id":"…","bound":null}` or `{"id":"…","bound":"$@1"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) bound: Option<u32>,
}

/// A reference in a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) row: u32,
    /// Its number among the values of the row; the root has 0.
    pub(crate) ordinal: u32,
    /// Containers around it.
    pub(crate) level: u32,
    pub(crate) kind: Kind,
    pub(crate) id: u32,
    /// A range of [`Found::paths`].
    pub(crate) path: Option<(usize, usize)>,
}

/// Everything that was found in rows, and how much of it there is.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    pub(crate) references: Vec<Reference>,
    pub(crate) paths: String,
    slots: usize,
    containers: usize,
    keys: usize,
}

/// Longest id of a function, and longest key of its description, that is worth a look.
const LONGEST_ID: usize = 64;
const LONGEST_KEY: usize = 8;

/// Listens to the scan of one row.
#[derive(Debug)]
pub(crate) struct RowListener<'a> {
    pub(crate) found: &'a mut Found,
    pub(crate) budget: &'a Budget,
    pub(crate) state: &'a mut RowState,
}

/// What is known of a row that isn't whole yet.
#[derive(Debug)]
pub(crate) struct RowState {
    root: Root,
    depth: u32,
    level: u32,
    ordinal: u32,
    first_reference: usize,
    start: usize,
    scope: u8,
    describing: Describing,
    id: Option<String>,
    bound: Option<u32>,
}

/// How far the row looks like the description of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Describing {
    Nothing,
    WantsId,
    Id,
    WantsBound,
    Bound,
    Done,
    No,
}

impl RowState {
    pub(crate) fn new(found: &Found, scope: u8, start: usize) -> Self {
        Self {
            root: Root::Other,
            depth: 0,
            level: 0,
            ordinal: 0,
            first_reference: found.references.len(),
            start,
            scope,
            describing: Describing::Nothing,
            id: None,
            bound: None,
        }
    }

    /// The text begins so many bytes later.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.start += bytes;
    }

    pub(crate) fn scope(&self) -> u8 {
        self.scope
    }

    /// The row is whole.
    pub(crate) fn finish(self, found: &mut Found, length: usize) {
        let function = match (self.describing, self.id) {
            (Describing::Done, Some(id)) => Some(Function { id, bound: self.bound }),
            _ => None,
        };
        found.rows.push(Row {
            scope: self.scope,
            start: self.start,
            end: self.start + length,
            root: self.root,
            depth: self.depth,
            slots: self.ordinal,
            references: (self.first_reference, found.references.len()),
            function,
        });
    }
}

impl RowListener<'_> {
    fn value(&mut self) -> Result<(), Refusal> {
        let state = &mut *self.state;
        state.ordinal += 1;
        if state.level == 1
            && let Root::Array(length) = &mut state.root
        {
            *length += 1;
        }
        self.found.slots += 1;
        if self.found.slots > self.budget.slots {
            return Err(Refusal::Slots);
        }
        Ok(())
    }

    fn container(&mut self) -> Result<(), Refusal> {
        self.found.containers += 1;
        if self.found.containers > self.budget.containers {
            return Err(Refusal::Slots);
        }
        Ok(())
    }

    fn reference(&mut self, kind: Kind, id: u32, path: Option<&str>) -> Result<(), Refusal> {
        if self.found.references.len() >= self.budget.references {
            return Err(Refusal::References);
        }
        let path = path.map(|path| {
            let start = self.found.paths.len();
            self.found.paths.push_str(path);
            (start, self.found.paths.len())
        });
        self.found.references.push(Reference {
            row: u32::try_from(self.found.rows.len()).map_err(|_| Refusal::Parts)?,
            ordinal: self.state.ordinal - 1,
            level: self.state.level,
            kind,
            id,
            path,
        });
        Ok(())
    }

    /// A value that isn't what the description of a function has in this place.
    fn no_description(&mut self) {
        if self.state.level == 1 && self.state.describing != Describing::Nothing {
            self.state.describing = Describing::No;
        }
    }
}

impl Listener for RowListener<'_> {
    fn open(&mut self, is_object: bool) -> Result<(), Refusal> {
        self.value()?;
        self.container()?;
        self.no_description();
        let state = &mut *self.state;
        if state.level == 0 {
            state.root = if is_object { Root::Object } else { Root::Array(0) };
            if is_object {
                state.describing = Describing::WantsId;
            }
        }
        state.level += 1;
        state.depth = state.depth.max(state.level);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        self.state.level = self.state.level.saturating_sub(1);
        Ok(())
    }

    fn key(&mut self, key: Option<&str>) -> Result<(), Refusal> {
        self.found.keys += 1;
        if self.found.keys > self.budget.keys {
            return Err(Refusal::Keys);
        }
        if self.state.level == 1 {
            self.state.describing = match (self.state.describing, key) {
                (Describing::WantsId, Some("id")) => Describing::Id,
                (Describing::WantsBound, Some("bound")) => Describing::Bound,
                _ => Describing::No,
            };
        }
        Ok(())
    }

    fn string(&mut self, text: Option<&str>) -> Result<(), Refusal> {
        self.value()?;
        if self.state.level == 1 && self.state.describing == Describing::Id {
            self.state.describing = Describing::No;
            if let Some(text) = text.filter(|text| text.len() <= LONGEST_ID && !text.starts_with('$')) {
                self.state.id = Some(text.to_owned());
                self.state.describing = Describing::WantsBound;
            }
        }
        let Some(text) = text.filter(|text| text.starts_with('$') && !text.starts_with("$$")) else {
            if self.state.describing == Describing::Bound {
                self.no_description();
            }
            return Ok(());
        };
        match token::read(text, self.budget)? {
            Token::Value => self.no_description(),
            Token::Temporary => {
                self.container()?;
                self.no_description();
            }
            Token::Reference(kind, id, path) => {
                if self.state.level == 1 && self.state.describing == Describing::Bound && kind == Kind::Promise {
                    self.state.bound = Some(id);
                    self.state.describing = Describing::Done;
                } else {
                    self.no_description();
                }
                self.reference(kind, id, path)?;
            }
        }
        Ok(())
    }

    fn scalar(&mut self, is_null: bool) -> Result<(), Refusal> {
        self.value()?;
        if self.state.level == 1 && self.state.describing == Describing::Bound && is_null {
            self.state.describing = Describing::Done;
        } else {
            self.no_description();
        }
        Ok(())
    }

    fn key_limit(&self) -> usize {
        if self.state.level == 1 && self.state.describing != Describing::No {
            LONGEST_KEY
        } else {
            0
        }
    }

    fn wants_text(&self) -> bool {
        self.state.level == 1 && self.state.describing == Describing::Id
    }
}
