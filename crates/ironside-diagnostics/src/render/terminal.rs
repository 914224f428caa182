//! For people, in a terminal or a log file.

use super::frame::surroundings;
use crate::{Diagnostic, Severity, place::clamp};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// With ANSI colours. The caller decides whether the stream wants them.
pub fn colored(diagnostic: &Diagnostic) -> String {
    render(diagnostic, &Renderer::styled())
}

/// Without colours.
pub fn plain(diagnostic: &Diagnostic) -> String {
    render(diagnostic, &Renderer::plain())
}

/// `2 errors, 1 warning`; empty if there is neither.
pub fn summary(errors: usize, warnings: usize) -> String {
    let part = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    [part(errors, "error"), part(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn render(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(visible(&diagnostic.message))
        .id(visible(&diagnostic.code))
        .elements(frame(diagnostic));
    if let Some(place) = diagnostic.place.as_ref().filter(|place| place.source.is_none()) {
        let origin = Origin::path(visible(&place.file));
        let at = |number: u32| number as usize;
        group = group.element(match place.line {
            0 => origin,
            line => origin.line(at(line)).char_column(at(place.column)),
        });
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(visible(note)));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(visible(hint)));
    }
    if let Some(link) = &diagnostic.link {
        group = group.element(Level::NOTE.message(format!("see {}", visible(link))));
    }
    let report: [Group<'_>; 1] = [group];
    renderer.render(&report)
}

fn frame(diagnostic: &Diagnostic) -> Option<Snippet<'_, Annotation<'_>>> {
    let place = diagnostic.place.as_ref()?;
    let source = place.source.as_deref()?;
    let range = |span: &Range<u32>| {
        let span = clamp(source, span);
        span.start as usize..span.end as usize
    };
    let snippet = Snippet::source(source).path(visible(&place.file));
    let primary = place.span.as_ref().map(|span| {
        let marked = AnnotationKind::Primary.span(range(span));
        match &place.label {
            Some(label) => marked.label(visible(label)),
            None => marked,
        }
    });
    let further = diagnostic.labels.iter().map(|label| {
        AnnotationKind::Context
            .span(range(&label.span))
            .label(visible(&label.message))
    });
    let around = place.span.as_ref().filter(|_| unexplained(diagnostic));
    let around = around.map(|span| AnnotationKind::Visible.span(surroundings(source, &range(span))));
    Some(snippet.annotations(primary).annotations(further).annotations(around))
}

/// Whether the mark is all that there is to go by. A parser, for one, marks where it noticed, which is often behind the
/// mistake; the reader needs the lines around it.
fn unexplained(diagnostic: &Diagnostic) -> bool {
    let label = diagnostic.place.as_ref().and_then(|place| place.label.as_ref());
    label.is_none() && diagnostic.hint.is_none() && diagnostic.labels.is_empty()
}

/// Messages quote names and paths from the application's source. Control characters in them could steer the terminal,
/// so they are shown as what they are.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
