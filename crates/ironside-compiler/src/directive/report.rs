//! Collects what is wrong with a module, with the text that each rule has for it.

use super::{FileFacts, cache_variant::VariantProblem, words::Word};
use ironside_diagnostics::{Diagnostic, Place};
use oxc::span::Span;
use std::{ops::Range, sync::Arc};

const GUIDE: &str = "https://react.dev/reference/rsc/use-server";

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Reporter<'f> {
    pub(super) facts: &'f FileFacts<'f>,
    source: Option<Arc<str>>,
    list: Vec<Diagnostic>,
}

impl<'f> Reporter<'f> {
    pub(super) fn new(facts: &'f FileFacts<'f>) -> Self {
        Self {
            facts,
            source: None,
            list: Vec::new(),
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|diagnostic| diagnostic.place.as_ref().map(|place| (place.line, place.column)));
        self.list
    }

    /// Line and column, both from 1.
    pub(super) fn position(&self, span: Span) -> (u32, u32) {
        let place = Place::range("", self.facts.source, range(span));
        (place.line, place.column)
    }

    /// An error at a place of the module.
    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, message), span)
    }

    /// A warning at a place of the module.
    pub(super) fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message), span)
    }

    fn push(&mut self, diagnostic: Diagnostic, span: Span) -> &mut Diagnostic {
        let source = self.source.get_or_insert_with(|| Arc::from(self.facts.source)).clone();
        let at = self.list.len();
        self.list.push(diagnostic.at(self.facts.file, source, range(span)));
        &mut self.list[at]
    }

    /// A directive that stands where it doesn't count.
    pub(super) fn not_first(&mut self, word: Word, span: Span, in_file: bool) {
        let place = if in_file {
            "of the file, before any import"
        } else {
            "of the function's body"
        };
        let diagnostic = self.error(
            "directive-not-first",
            span,
            format!("`'{}'` has to be at the top {place}", word.text()),
        );
        diagnostic.hint = Some(format!("move it to the top {place}, or remove it"));
        diagnostic.link = Some(GUIDE.to_owned());
    }

    /// A cached function where client code can see it.
    pub(super) fn cache_in_client(&mut self, span: Span, client_file: bool) {
        let message = if client_file {
            "a client file can't have anything cached: `'use cache'` is for server code"
        } else {
            "client code imports this module, and `'use cache'` is for server code"
        };
        let diagnostic = self.error("cache-in-client", span, message);
        diagnostic.hint = Some(
            "call it in a server component and pass its result as a prop, or call it in an action (`'use server'`) that client code imports"
                .to_owned(),
        );
    }

    /// `'use cache'` without the option that it needs.
    pub(super) fn cache_disabled(&mut self, span: Span) {
        let message = "`'use cache'` needs the option `cacheComponents`, which is not set";
        let diagnostic = self.error("cache-disabled", span, message);
        diagnostic.hint = Some("write `cacheComponents: true` into next.config, or remove the directive".to_owned());
    }

    /// `'use cache: …'` of which the name is wrong.
    pub(super) fn cache_variant(&mut self, span: Span, text: &str, problem: &VariantProblem) {
        let (code, message, hint) = match problem {
            VariantProblem::Misspelt(right) => (
                "directive-misspelt",
                format!("`'{}'` is not a directive; did you mean `'{right}'`?", text.escape_debug()),
                format!("write `'{right}'`"),
            ),
            VariantProblem::Unknown(name) => (
                "cache-unknown",
                format!("there is no cache of the name `{name}`"),
                format!(
                    "write `'use cache'`, `'use cache: remote'` or `'use cache: private'`, or name `{name}` in `cacheHandlers` of next.config"
                ),
            ),
        };
        self.error(code, span, message).hint = Some(hint);
    }

    /// An inline action where client code can see it.
    pub(super) fn inline_in_client(&mut self, span: Span, client_file: bool) {
        let message = if client_file {
            "an action can't be written inside of a client file"
        } else {
            "an action can't be written inside of a module that client code imports"
        };
        let diagnostic = self.error("inline-action-in-client", span, message);
        diagnostic.hint = Some(
            "move the action to a file that begins with `'use server'` and import it, or pass it as a prop from a server component"
                .to_owned(),
        );
        diagnostic.link = Some(GUIDE.to_owned());
    }
}

/// A span as a range.
pub(super) fn range(span: Span) -> Range<u32> {
    span.start..span.end
}
