//! Where in the source a message belongs.

use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};

/// A place in a file, with the text that a frame is cut from if it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as the user knows it: relative to the application's root.
    pub file: String,
    /// Line from 1; 0 if the message is about the file as a whole.
    pub line: u32,
    /// Column from 1, in characters; 0 if the message is about the file as a whole.
    pub column: u32,
    /// The range in bytes of the source.
    pub span: Option<Range<u32>>,
    /// The whole text of the file. It is for renderers and isn't written to JSON.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
    /// What stands beside the marked range.
    pub label: Option<String>,
}

/// A further range of the same file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The range in bytes of the source.
    pub span: Range<u32>,
    /// What stands beside it.
    pub message: String,
}

impl Place {
    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
            span: None,
            source: None,
            label: None,
        }
    }

    /// A range of bytes in a file. A range that doesn't lie in the source is cut to fit.
    pub fn range(file: impl Into<String>, source: impl Into<Arc<str>>, span: Range<u32>) -> Self {
        let source = source.into();
        let span = clamp(&source, &span);
        let (line, column) = line_column(&source, span.start);
        Self {
            file: file.into(),
            line,
            column,
            span: Some(span),
            source: Some(source),
            label: None,
        }
    }

    /// A line and a column (from 1) of a file. With the source the frame marks that character.
    pub fn line(file: impl Into<String>, line: u32, column: u32, source: Option<Arc<str>>) -> Self {
        let span = source
            .as_deref()
            .and_then(|text| offset(text, line, column))
            .map(|start| start..start + 1);
        let span = span.map(|span| clamp(source.as_deref().unwrap_or_default(), &span));
        Self {
            file: file.into(),
            line,
            column,
            span,
            source,
            label: None,
        }
    }
}

/// Line and column, both from 1, of a byte offset. Offsets behind the end mean the end.
pub(crate) fn line_column(source: &str, offset: u32) -> (u32, u32) {
    let before = &source[..floor_boundary(source, offset as usize)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

/// The byte offset of a line and column, both from 1; `None` if there is no such line.
fn offset(source: &str, line: u32, column: u32) -> Option<u32> {
    let mut start = 0;
    for _ in 1..line.max(1) {
        start += source[start..].find('\n')? + 1;
    }
    let text = source[start..].split('\n').next().unwrap_or_default();
    let in_line = text
        .char_indices()
        .nth(column.max(1) as usize - 1)
        .map_or(text.len(), |(at, _)| at);
    u32::try_from(start + in_line).ok()
}

/// Cuts a range so that it lies in the source, on character boundaries and the right way round.
pub(crate) fn clamp(source: &str, span: &Range<u32>) -> Range<u32> {
    let start = floor_boundary(source, span.start as usize);
    let mut end = (span.end as usize).clamp(start, source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    u32::try_from(start).unwrap_or(u32::MAX)..u32::try_from(end).unwrap_or(u32::MAX)
}

fn floor_boundary(source: &str, offset: usize) -> usize {
    let mut at = offset.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let source = "a\nzwölf x\n";
        assert_eq!(line_column(source, 0), (1, 1));
        assert_eq!(line_column(source, 2), (2, 1));
        assert_eq!(line_column(source, 9), (2, 7), "`ö` has two bytes");
        assert_eq!(line_column(source, 999), (3, 1));
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges, reason = "it has to be survived")]
    fn a_range_inside_of_a_character_is_widened_to_it() {
        assert_eq!(clamp("ö", &(1..1)), 0..2);
        assert_eq!(clamp("ö", &(0..1)), 0..2);
        assert_eq!(clamp("abc", &(2..1)), 2..2);
        assert_eq!(clamp("abc", &(7..9)), 3..3);
    }

    #[test]
    fn a_line_and_column_find_their_range() {
        let place = Place::line("a.ts", 2, 3, Some("one\nzwölf".into()));
        assert_eq!(place.span, Some(6..8));
        assert_eq!(Place::line("a.ts", 9, 1, Some("one".into())).span, None);
        assert_eq!(Place::line("a.ts", 9, 1, None).span, None);
    }
}
