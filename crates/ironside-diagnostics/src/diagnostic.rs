//! One message.

use crate::{Label, Place, Severity};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

/// Something wrong with an application: what, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// A stable name in kebab case that tools and documentation may count on: `directive-not-first`.
    pub code: Cow<'static, str>,
    /// See [`Severity`].
    pub severity: Severity,
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// Further ranges of the same file.
    pub labels: Vec<Label>,
    /// Facts beside the point, such as a chain of imports; a line each.
    pub notes: Vec<String>,
    /// How to mend it.
    pub hint: Option<String>,
    /// A page that tells more.
    pub link: Option<String>,
}

impl Diagnostic {
    /// A diagnostic that fails the build.
    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A diagnostic that doesn't fail the build.
    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A diagnostic of the given severity, without a place.
    pub fn new(severity: Severity, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity,
            message: message.into(),
            place: None,
            labels: Vec::new(),
            notes: Vec::new(),
            hint: None,
            link: None,
        }
    }

    /// Puts it at a range of bytes in a file.
    #[must_use]
    pub fn at(self, file: impl Into<String>, source: impl Into<Arc<str>>, span: Range<u32>) -> Self {
        self.at_place(Place::range(file, source, span))
    }

    /// Puts it at a file as a whole.
    #[must_use]
    pub fn at_file(self, file: impl Into<String>) -> Self {
        self.at_place(Place::file(file))
    }

    /// Puts it at a line and a column (both from 1); with the source the frame marks that character.
    #[must_use]
    pub fn at_line(self, file: impl Into<String>, line: u32, column: u32, source: Option<Arc<str>>) -> Self {
        self.at_place(Place::line(file, line, column, source))
    }

    /// Puts it at a place.
    #[must_use]
    pub fn at_place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Writes something beside the marked range. Without a place it does nothing.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.label = Some(label.into());
        }
        self
    }

    /// Marks a further range of the same file.
    #[must_use]
    pub fn also(mut self, span: Range<u32>, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Adds a fact beside the point.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names a page that tells more.
    #[must_use]
    pub fn link(mut self, link: impl Into<String>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// Whether it fails the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// One line, for logs: `error[code] app/page.tsx:3:1: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] ", self.severity.as_str(), self.code)?;
        match &self.place {
            Some(place) if place.line > 0 => write!(f, "{}:{}:{}: ", place.file, place.line, place.column)?,
            Some(place) => write!(f, "{}: ", place.file)?,
            None => {}
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
