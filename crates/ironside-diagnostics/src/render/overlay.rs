//! For the browser in `ironside dev`: data for the overlay, and a page that shows it where no overlay runs.

use super::frame::{FrameLine, frame_lines};
use crate::Diagnostic;
use serde::Serialize;
use std::fmt::Write;

/// What the dev server sends to the overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlay {
    /// `Build failed` or `Build succeeded with warnings`.
    pub title: String,
    /// The diagnostics, errors first.
    pub entries: Vec<OverlayEntry>,
}

/// A diagnostic in the overlay. All fields are plain text: the client has to set them as text, never as HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverlayEntry {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// See [`Diagnostic::code`].
    pub code: String,
    /// See [`Diagnostic::message`].
    pub message: String,
    /// The file, if there is one.
    pub file: Option<String>,
    /// Line from 1, or 0.
    pub line: u32,
    /// Column from 1, or 0.
    pub column: u32,
    /// Lines of source around the place.
    pub frame: Vec<FrameLine>,
    /// See [`Diagnostic::notes`].
    pub notes: Vec<String>,
    /// See [`Diagnostic::hint`].
    pub hint: Option<String>,
    /// See [`Diagnostic::link`].
    pub link: Option<String>,
}

/// The overlay's data.
pub fn overlay(diagnostics: &[Diagnostic]) -> Overlay {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let title = if failed {
        "Build failed"
    } else {
        "Build succeeded with warnings"
    };
    Overlay {
        title: title.to_owned(),
        entries: sorted.into_iter().map(entry).collect(),
    }
}

fn entry(diagnostic: &Diagnostic) -> OverlayEntry {
    let place = diagnostic.place.as_ref();
    OverlayEntry {
        severity: diagnostic.severity.as_str(),
        code: diagnostic.code.to_string(),
        message: diagnostic.message.clone(),
        file: place.map(|place| place.file.clone()),
        line: place.map_or(0, |place| place.line),
        column: place.map_or(0, |place| place.column),
        frame: frame_lines(diagnostic),
        notes: diagnostic.notes.clone(),
        hint: diagnostic.hint.clone(),
        link: diagnostic.link.clone(),
    }
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}\
pre{overflow:auto;padding:.8rem;border:1px solid;border-radius:.4rem}mark{background:#f5b5b5;color:#000}i{opacity:.7}";

/// A whole HTML document without script that shows the diagnostics.
pub fn overlay_page(diagnostics: &[Diagnostic]) -> String {
    let overlay = overlay(diagnostics);
    let title = escape(&overlay.title);
    let body: String = overlay.entries.iter().map(section).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    )
}

fn section(entry: &OverlayEntry) -> String {
    let mut html = format!("<section><h2>{}: {}</h2>", entry.severity, escape(&entry.message));
    if let Some(file) = &entry.file {
        let at = if entry.line == 0 {
            String::new()
        } else {
            format!(":{}:{}", entry.line, entry.column)
        };
        push(&mut html, "p", &format!("{file}{at}"));
    }
    if !entry.frame.is_empty() {
        html.push_str("<pre>");
        for line in &entry.frame {
            html.push_str(&frame_line(line));
        }
        html.push_str("</pre>");
    }
    for note in &entry.notes {
        push(&mut html, "p", note);
    }
    if let Some(hint) = &entry.hint {
        push(&mut html, "p", &format!("Hint: {hint}"));
    }
    if let Some(link) = &entry.link {
        push(&mut html, "p", &format!("See {link}"));
    }
    html.push_str("</section>");
    html
}

fn push(html: &mut String, tag: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = write!(html, "<{tag}>{}</{tag}>", escape(text));
}

fn frame_line(line: &FrameLine) -> String {
    let mut html = format!("<i>{:>4} </i>", line.number);
    for (index, c) in (0_u32..).zip(line.text.chars()) {
        let character = escape(c.encode_utf8(&mut [0; 4]));
        let marked = line
            .marks
            .iter()
            .any(|mark| mark.primary && (mark.start..mark.end).contains(&index));
        if marked {
            push(&mut html, "mark", c.encode_utf8(&mut [0; 4]));
        } else {
            html.push_str(&character);
        }
    }
    for label in line.marks.iter().filter_map(|mark| mark.label.as_deref()) {
        let _ = write!(html, " <i>← {}</i>", escape(label));
    }
    html.push('\n');
    html
}

/// Text as HTML text. Everything here comes from the application's source.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
