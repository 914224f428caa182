//! `ironside digest`: the stored errors behind a digest that somebody was shown, with their stacks and a piece of the source.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
    stack_shown,
};
use ironside_diagnostics::{Diagnostic, render};
use ironside_server::telemetry::error_store::{self, FILE_NAME, StoredError};
use std::{
    fmt::Write as _,
    fs,
    path::{Component, Path},
    sync::Arc,
};

/// Errors that are shown unless all are asked for.
const SHOWN: usize = 5;

/// Prints what is stored.
pub(crate) fn run(context: &Context, digest: &str, json: bool, all: bool) -> Result<(), Failure> {
    let path = context.dot_ironside().join(FILE_NAME);
    let mut found = error_store::find(&path, digest)
        .map_err(|error| Failure::new(Exit::Environment, format!("{} can't be read", path.display())).because(error))?;
    if found.is_empty() {
        let failure = Failure::new(Exit::Application, format!("no error with the digest {digest} is stored"));
        return Err(failure.hint(if path.exists() {
            "older errors are dropped when there are many, and every server keeps its own: look into its log too"
        } else {
            "this application has stored no errors yet; name its folder behind the digest if it is another one: ironside digest ID DIR"
        }));
    }
    let more = if all { 0 } else { found.len().saturating_sub(SHOWN) };
    found.truncate(found.len() - more);
    let text = if json {
        let value = serde_json::to_value(&found)
            .map_err(|error| Failure::new(Exit::Internal, "the errors can't be written as JSON").because(error))?;
        format!("{value:#}")
    } else {
        let mut texts: Vec<String> = found.iter().map(|error| shown(context, error)).collect();
        if more > 0 {
            texts.push(format!("{more} older ones: --all shows them"));
        }
        texts.join("\n\n")
    };
    context.printer.result(&text);
    Ok(())
}

fn shown(context: &Context, error: &StoredError) -> String {
    let mut text = format!("{}  {}", error.time, error.kind);
    for part in [&error.method, &error.route] {
        if !part.is_empty() {
            let _ = write!(text, "  {}", plain(part));
        }
    }
    if !error.request_id.is_empty() {
        let _ = write!(text, "  request {}", plain(&error.request_id));
    }
    let _ = write!(text, "\n{}", plain(&error.message));
    // The first line of a stack says the message again.
    for line in stack_shown::lines(&error.stack) {
        let _ = write!(text, "\n    {}", plain(line.trim()));
    }
    if let Some(frame) = frame(context, error) {
        let _ = write!(text, "\n\n{}", frame.trim_end());
    }
    text
}

fn is_place(line: &str) -> bool {
    line.trim_start().starts_with("at ")
}

/// What an application has put into a message must not speak to the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The source around the first place of the stack that lies in the application, if it is still there.
fn frame(context: &Context, error: &StoredError) -> Option<String> {
    let (file, line, column) = error.stack.lines().filter(|line| is_place(line)).find_map(|line| {
        let (file, line, column) = place(line)?;
        let within = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
        (within && !file.starts_with("node_modules/") && context.dir.join(file).is_file()).then_some((file, line, column))
    })?;
    let source: Arc<str> = fs::read_to_string(context.dir.join(file)).ok()?.into();
    let message = plain(error.message.lines().next().unwrap_or_default());
    let diagnostic = Diagnostic::error(error.kind.clone(), message).at_line(file, line, column, Some(source));
    Some(if context.printer.colour() {
        render::colored(&diagnostic)
    } else {
        render::plain(&diagnostic)
    })
}

/// `at Page (app/page.tsx:3:2)`: file, line, column.
fn place(line: &str) -> Option<(&str, u32, u32)> {
    let text = line.trim().strip_prefix("at ")?;
    // Folders may have brackets too, but none of theirs stands behind a space.
    let text = match text.strip_suffix(')') {
        Some(text) => text.split_once(" (")?.1,
        None => text.strip_prefix("async ").unwrap_or(text),
    };
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_stacks_are_read_in_all_their_forms() {
        assert_eq!(place("    at Page (app/page.tsx:3:2)"), Some(("app/page.tsx", 3, 2)));
        assert_eq!(place("    at app/[id]/page.tsx:30:12"), Some(("app/[id]/page.tsx", 30, 12)));
        assert_eq!(place("    at async app/(group)/a.ts:1:1"), Some(("app/(group)/a.ts", 1, 1)));
        assert_eq!(
            place("    at async save (app/(group)/a.ts:1:1)"),
            Some(("app/(group)/a.ts", 1, 1))
        );
        assert_eq!(place("    at <anonymous>"), None);
    }

    #[test]
    fn messages_cannot_speak_to_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a[2Jb\nc");
    }
}
