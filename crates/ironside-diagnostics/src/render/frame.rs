//! The lines of source around a place: which they are, and as data for JSON and the overlay, which draw their own marks.

use crate::{Diagnostic, place::clamp};
use serde::Serialize;
use std::ops::Range;

/// How many lines stand above and below a marked one.
const CONTEXT: usize = 2;
/// A frame never has more lines than this, however long the marked range is.
const MAX_LINES: usize = 24;
/// A line is cut after this many characters: generated files have lines of megabytes.
const MAX_COLUMNS: usize = 400;

/// A line of source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameLine {
    /// Its number, from 1.
    pub number: u32,
    /// Its text without the line end.
    pub text: String,
    /// The marked ranges in it.
    pub marks: Vec<Mark>,
}

/// A marked range of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// First marked character, from 0.
    pub start: u32,
    /// Behind the last marked character.
    pub end: u32,
    /// Whether this is the place itself and not a further label.
    pub primary: bool,
    /// What stands beside it.
    pub label: Option<String>,
}

struct Marked<'a> {
    span: Range<usize>,
    primary: bool,
    label: Option<&'a str>,
}

/// The lines around everything that a diagnostic marks, in order. Empty without source text.
pub(super) fn frame_lines(diagnostic: &Diagnostic) -> Vec<FrameLine> {
    let Some(place) = &diagnostic.place else { return Vec::new() };
    let Some(source) = place.source.as_deref() else {
        return Vec::new();
    };
    let range = |span: &Range<u32>| {
        let span = clamp(source, span);
        span.start as usize..span.end as usize
    };
    let mut marked = Vec::new();
    if let Some(span) = &place.span {
        marked.push(Marked {
            span: range(span),
            primary: true,
            label: place.label.as_deref(),
        });
    }
    for label in &diagnostic.labels {
        marked.push(Marked {
            span: range(&label.span),
            primary: false,
            label: Some(&label.message),
        });
    }
    let lines = lines_of(source);
    let mut shown = vec![false; lines.len()];
    for mark in &marked {
        shown[lines_around(&lines, &mark.span)].fill(true);
    }
    let visible = lines.iter().enumerate().filter(|(index, _)| shown[*index]).take(MAX_LINES);
    visible
        .map(|(index, line)| frame_line(source, index, line, &marked))
        .collect()
}

fn frame_line(source: &str, index: usize, line: &Range<usize>, marked: &[Marked<'_>]) -> FrameLine {
    let text = &source[line.clone()];
    let characters = |from: usize, to: usize| u32::try_from(source[from..to].chars().count()).unwrap_or(u32::MAX);
    let in_line = |mark: &&Marked<'_>| mark.span.start <= line.end && mark.span.end >= line.start;
    let marks = marked.iter().filter(in_line).map(|mark| {
        let start = mark.span.start.max(line.start);
        let end = mark.span.end.min(line.end).max(start);
        let ends_here = mark.span.end <= line.end;
        Mark {
            start: characters(line.start, start),
            end: characters(line.start, end),
            primary: mark.primary,
            label: mark.label.filter(|_| ends_here).map(str::to_owned),
        }
    });
    FrameLine {
        number: u32::try_from(index + 1).unwrap_or(u32::MAX),
        marks: marks.collect(),
        text: text.chars().take(MAX_COLUMNS).collect(),
    }
}

/// The byte range of each line, without its end.
fn lines_of(source: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in source.split('\n') {
        lines.push(start..start + line.strip_suffix('\r').unwrap_or(line).len());
        start += line.len() + 1;
    }
    lines
}

/// The lines of a range with those above and below, by index.
fn lines_around(lines: &[Range<usize>], span: &Range<usize>) -> Range<usize> {
    let first = line_at(lines, span.start);
    let last = line_at(lines, span.end);
    first.saturating_sub(CONTEXT)..(last + CONTEXT + 1).min(lines.len())
}

/// The bytes of a range's lines with those above and below.
pub(super) fn surroundings(source: &str, span: &Range<usize>) -> Range<usize> {
    let lines = lines_of(source);
    let around = lines_around(&lines, span);
    lines[around.start].start..lines[around.end - 1].end
}

fn line_at(lines: &[Range<usize>], offset: usize) -> usize {
    lines.partition_point(|line| line.start <= offset).saturating_sub(1)
}
