//! Everything that the command line shows: what goes to stdout (results), what to stderr (progress, warnings, errors), with
//! colour only where the terminal wants it, and a spinner only on a terminal.

use crate::exit::Failure;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    error::Error,
    io::{IsTerminal as _, Write as _, stderr},
    time::Duration,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Errors and results only.
    Quiet,
    /// The default.
    Normal,
}

/// Writes for a person, or stays out of the way of a program that reads JSON.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    level: Level,
}

impl Printer {
    pub(crate) fn new(level: Level) -> Self {
        Self { level }
    }

    /// A result: stdout, always.
    pub(crate) fn result(&self, text: &str) {
        // A closed pipe (`ironside routes | head`) is no error.
        let _ = writeln!(anstream::stdout(), "{text}");
    }

    /// A line about what is going on.
    pub(crate) fn info(&self, text: &str) {
        if self.level >= Level::Normal {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// A finished piece of work: `✓ Compiled in 0.4 s`.
    pub(crate) fn done(&self, text: &str) {
        self.info(&format!("{GREEN}✓{GREEN:#} {text}"));
    }

    /// A label and a value, aligned: `Local   http://localhost:3000`.
    pub(crate) fn field(&self, name: &str, value: &str) {
        self.info(&format!("  {DIM}{name:<9}{DIM:#}{BOLD}{value}{BOLD:#}"));
    }

    /// Something that the user should know and that stops nothing.
    pub(crate) fn warn(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{YELLOW}warning:{YELLOW:#} {text}");
    }

    /// Text that has its form already: rendered diagnostics.
    pub(crate) fn raw(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Whether colour is wanted on stderr, for texts that others render.
    pub(crate) fn colour(&self) -> bool {
        anstream::AutoStream::choice(&stderr()) != anstream::ColorChoice::Never
    }

    /// The end of a command that failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.message.is_empty() {
            return;
        }
        let mut out = anstream::stderr();
        let _ = writeln!(out, "{RED}error:{RED:#} {BOLD}{}{BOLD:#}", failure.message);
        let mut source = failure.source();
        while let Some(cause) = source {
            let _ = writeln!(out, "  {DIM}because:{DIM:#} {cause}");
            source = cause.source();
        }
        if let Some(hint) = &failure.hint {
            let _ = writeln!(out, "  {GREEN}hint:{GREEN:#} {hint}");
        }
    }

    /// Progress of something that takes a while: a spinner on a terminal, otherwise one line per step.
    pub(crate) fn progress(&self) -> Progress {
        if self.level == Level::Quiet {
            return Progress { bar: None, lines: false };
        }
        if !stderr().is_terminal() {
            return Progress { bar: None, lines: true };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner:.green} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(80));
        Progress {
            bar: Some(bar),
            lines: false,
        }
    }
}

/// See [`Printer::progress`].
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Progress {
    /// What is being done now.
    pub(crate) fn step(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.lines => {
                let _ = writeln!(anstream::stderr(), "{text}");
            }
            None => {}
        }
    }

    /// Takes the spinner away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
