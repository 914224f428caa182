//! What a convention file has to export, and what it must not (Next behaviour 4.1, 7.1, 7.12).

use super::module_facts::{Directive, Export, ExportValue, ModuleFacts};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::SegmentKind;
use serde_json::Value;
use std::sync::Arc;

/// The methods that a route handler may export.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

const SERVER_ONLY: [&str; 5] = [
    "metadata",
    "generateMetadata",
    "viewport",
    "generateViewport",
    "generateStaticParams",
];

pub(crate) struct ModuleCheck<'a> {
    pub(crate) file: &'a str,
    pub(crate) source: &'a Arc<str>,
    pub(crate) facts: &'a ModuleFacts,
    pub(crate) cache_components: bool,
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
}

impl ModuleCheck<'_> {
    pub(crate) fn run(&mut self, kind: SegmentKind) {
        if self.facts.broken {
            return;
        }
        match kind {
            SegmentKind::Route => self.route(),
            SegmentKind::Metadata => self.component("the metadata file", "a function that returns the content"),
            SegmentKind::Error | SegmentKind::GlobalError => {
                self.component(name(kind), "a component");
                self.client(name(kind));
            }
            SegmentKind::Page | SegmentKind::Layout => {
                self.component(name(kind), "a component");
                self.metadata();
            }
            _ => self.component(name(kind), "a component"),
        }
        if self.cache_components && matches!(kind, SegmentKind::Page | SegmentKind::Layout | SegmentKind::Route) {
            self.no_segment_config();
        }
    }

    fn error(&mut self, code: &'static str, message: String, export: &Export, hint: impl Into<String>) {
        let diagnostic = Diagnostic::error(code, message).at(self.file, Arc::clone(self.source), export.name_span.clone());
        self.diagnostics.push(diagnostic.hint(hint));
    }

    fn component(&mut self, what: &str, wanted: &str) {
        let facts = self.facts;
        if facts.lacks("default") {
            let named = facts.exports.iter().find(|(name, export)| {
                export.value == ExportValue::Callable && name.starts_with(|first: char| first.is_ascii_uppercase())
            });
            let hint = match named {
                Some((name, _)) => format!("write `export default` in front of `{name}`"),
                None => format!("export {wanted} as default"),
            };
            let message = format!("{what} has no default export");
            self.diagnostics.push(match named {
                Some((_, export)) => Diagnostic::error("missing-default-export", message)
                    .at(self.file, Arc::clone(self.source), export.name_span.clone())
                    .hint(hint),
                None => Diagnostic::error("missing-default-export", message)
                    .at_line(self.file, 1, 1, Some(Arc::clone(self.source)))
                    .hint(hint),
            });
        } else if let Some(export) = facts.exports.get("default")
            && let ExportValue::Literal(value) = &export.value
        {
            let is = match value {
                Value::String(_) => "a string",
                Value::Number(_) => "a number",
                Value::Array(_) => "an array",
                Value::Object(_) => "an object",
                Value::Bool(_) => "a boolean",
                Value::Null => "null",
            };
            self.error(
                "default-export-kind",
                format!("the default export of {what} is {is}"),
                export,
                format!("export {wanted}"),
            );
        }
    }

    fn client(&mut self, what: &str) {
        if self.facts.directive != Some(Directive::Client) {
            self.diagnostics.push(
                Diagnostic::error("not-a-client-file", format!("{what} has to be a client component"))
                    .at_line(self.file, 1, 1, Some(Arc::clone(self.source)))
                    .hint("write 'use client' in its first line"),
            );
        }
    }

    fn metadata(&mut self) {
        let facts = self.facts;
        if facts.directive == Some(Directive::Client) {
            for (name, export) in SERVER_ONLY.iter().filter_map(|name| facts.exports.get_key_value(*name)) {
                self.error(
                    "server-export-in-client-file",
                    format!("`{name}` cannot be exported from a file with 'use client'"),
                    export,
                    "move the client part to a file of its own and import it here, without 'use client'",
                );
            }
        }
        for (constant, function) in [("metadata", "generateMetadata"), ("viewport", "generateViewport")] {
            if let (Some(export), Some(_)) = (facts.exports.get(constant), facts.exports.get(function)) {
                self.error(
                    "metadata-twice",
                    format!("`{constant}` and `{function}` cannot both be exported"),
                    export,
                    format!("return the fields of `{constant}` from `{function}`"),
                );
            }
        }
    }

    fn route(&mut self) {
        let facts = self.facts;
        let is_extension = |name: &str| {
            name.len() > 1 && name.starts_with(|first: char| first.is_ascii_uppercase()) && name == name.to_ascii_uppercase()
        };
        let has_method = facts.star
            || METHODS.iter().any(|method| facts.exports.contains_key(*method))
            || facts.handler_names().iter().any(|name| is_extension(name));
        for (name, export) in &facts.exports {
            let upper = name.to_ascii_uppercase();
            if *name != upper && METHODS.contains(&upper.as_str()) {
                self.diagnostics.push(
                    Diagnostic::warning("route-method-name", format!("`{name}` is no method, so it never answers"))
                        .at(self.file, Arc::clone(self.source), export.name_span.clone())
                        .hint(format!("rename it to `{upper}`")),
                );
            }
        }
        if let Some(export) = facts.exports.get("default") {
            self.diagnostics.push(
                Diagnostic::warning("route-default-export", "a route handler's default export never answers")
                    .at(self.file, Arc::clone(self.source), export.name_span.clone())
                    .hint("export a function for each method: `export async function GET(request) { … }`"),
            );
        } else if !has_method && facts.directive.is_none() && !facts.exports.keys().any(|name| is_method(name)) {
            self.diagnostics.push(
                Diagnostic::warning(
                    "route-without-methods",
                    "the route handler exports no method, so every request is answered with 405",
                )
                .at_line(self.file, 1, 1, Some(Arc::clone(self.source)))
                .hint(format!("export a function named after a method: {}", METHODS.join(", "))),
            );
        }
    }

    fn no_segment_config(&mut self) {
        let facts = self.facts;
        for name in ["dynamic", "revalidate", "fetchCache", "dynamicParams", "runtime"] {
            if let Some(export) = facts.exports.get(name) {
                self.error(
                    "segment-config-with-cache-components",
                    format!("`{name}` has no meaning with `cacheComponents`"),
                    export,
                    "delete the export; use 'use cache' and cacheLife() instead",
                );
            }
        }
    }
}

fn is_method(name: &str) -> bool {
    METHODS.contains(&name.to_ascii_uppercase().as_str())
}

fn name(kind: SegmentKind) -> &'static str {
    match kind {
        SegmentKind::Layout => "the layout",
        SegmentKind::Template => "the template",
        SegmentKind::Page => "the page",
        SegmentKind::Default => "the default file",
        SegmentKind::Loading => "the loading file",
        SegmentKind::Error => "the error file",
        SegmentKind::GlobalError => "the global-error file",
        SegmentKind::NotFound => "the not-found file",
        SegmentKind::Forbidden => "the forbidden file",
        SegmentKind::Unauthorized => "the unauthorized file",
        SegmentKind::Route => "the route handler",
        SegmentKind::Metadata => "the metadata file",
    }
}
