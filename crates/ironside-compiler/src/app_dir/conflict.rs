//! Patterns that cannot stand beside each other (Next behaviour 4.23, 7.6, 7.7).

use ironside_diagnostics::Diagnostic;
use ironside_model::{
    manifest::{FileKey, PatternPart},
    pattern::{pattern_path, pattern_shape},
};
use std::collections::BTreeMap;

/// A pattern and the file that answers it.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'a> {
    pub(crate) pattern: &'a [PatternPart],
    pub(crate) file: &'a FileKey,
    /// `page`, `route handler`, `metadata file`.
    pub(crate) what: &'static str,
}

/// Mistakes inside of one pattern.
pub(crate) fn check_pattern(pattern: &[PatternPart], file: &str, diagnostics: &mut Vec<Diagnostic>) {
    let url = pattern_path(pattern);
    if let Some(part) = pattern.iter().rev().skip(1).find(|part| part.is_catch_all()) {
        diagnostics.push(
            Diagnostic::error(
                "catch-all-not-last",
                format!("nothing can come after the catch-all {part} in {url}"),
            )
            .at_file(file)
            .hint(format!(
                "move the folders below {part}, or make it a single parameter such as [name]"
            )),
        );
    }
    let mut seen = BTreeMap::new();
    for name in pattern.iter().filter_map(PatternPart::param) {
        if seen.insert(name, ()).is_some() {
            diagnostics.push(
                Diagnostic::error("repeated-param", format!("the parameter `{name}` occurs twice in {url}"))
                    .at_file(file)
                    .hint("give one of the two folders another name"),
            );
        }
    }
}

/// Mistakes between patterns. Claims of one page by several slots are one claim.
pub(crate) fn check_claims(claims: &[Claim], diagnostics: &mut Vec<Diagnostic>) {
    same_url(claims, diagnostics);
    names_of_siblings(claims, diagnostics);
    optional_catch_all(claims, diagnostics);
}

fn same_url(claims: &[Claim], diagnostics: &mut Vec<Diagnostic>) {
    let mut by_url: BTreeMap<String, &Claim> = BTreeMap::new();
    for claim in claims {
        let Some(other) = by_url.get(&pattern_path(claim.pattern)).copied() else {
            by_url.insert(pattern_path(claim.pattern), claim);
            continue;
        };
        let url = pattern_path(claim.pattern);
        let message = format!(
            "a {} and a {} answer {url}: {} and {}",
            other.what, claim.what, other.file, claim.file
        );
        let code = if other.what == claim.what {
            "two-files-at-one-path"
        } else {
            "page-and-route"
        };
        diagnostics.push(
            Diagnostic::error(code, message)
                .at_file(claim.file)
                .hint("a URL has one answer: delete one of them, or move it to another path"),
        );
    }
}

/// `[id]` beside `[slug]`: the value would have two names.
fn names_of_siblings(claims: &[Claim], diagnostics: &mut Vec<Diagnostic>) {
    let mut names: BTreeMap<(String, u8), (&str, &str)> = BTreeMap::new();
    for claim in claims {
        for (index, part) in claim.pattern.iter().enumerate() {
            let (name, kind) = match part {
                PatternPart::Static(_) => continue,
                PatternPart::Dynamic(name) => (name, 0),
                PatternPart::CatchAll(name) | PatternPart::OptionalCatchAll(name) => (name, 1),
            };
            let above = pattern_shape(claim.pattern.get(..index).unwrap_or_default());
            let (first, file) = *names.entry((above.clone(), kind)).or_insert((name, claim.file));
            if first != name {
                // Told once per pair.
                names.insert((above.clone(), kind), (name, claim.file));
                let place = if index == 0 {
                    "at the root".to_owned()
                } else {
                    format!("below {above}")
                };
                diagnostics.push(
                    Diagnostic::error(
                        "params-differ",
                        format!(
                            "one parameter has the names `{first}` and `{name}` {place}: {file} and {}",
                            claim.file
                        ),
                    )
                    .at_file(claim.file)
                    .hint("use the same name in both folders"),
                );
            }
        }
    }
}

/// `/x/[[...a]]` answers `/x` as well, and `[...a]` everything else that it does.
fn optional_catch_all(claims: &[Claim], diagnostics: &mut Vec<Diagnostic>) {
    let by_shape: BTreeMap<String, &Claim> = claims.iter().map(|claim| (pattern_shape(claim.pattern), claim)).collect();
    for claim in claims {
        let Some((PatternPart::OptionalCatchAll(name), above)) = claim.pattern.split_last() else {
            continue;
        };
        if let Some(other) = by_shape.get(&pattern_shape(above)) {
            let (url, own) = (pattern_path(above), pattern_path(claim.pattern));
            diagnostics.push(
                Diagnostic::error(
                    "optional-catch-all-conflict",
                    format!("{own} answers {url} too: {} and {}", claim.file, other.file),
                )
                .at_file(claim.file)
                .hint(format!("rename the folder to [...{name}], or delete the other file")),
            );
        }
        let required: Vec<PatternPart> = above.iter().cloned().chain([PatternPart::CatchAll(name.clone())]).collect();
        if let Some(other) = by_shape.get(&pattern_shape(&required)) {
            let message = format!("two catch-alls stand side by side: {} and {}", claim.file, other.file);
            diagnostics.push(
                Diagnostic::error("two-catch-alls", message)
                    .at_file(claim.file)
                    .hint("keep one of the two folders"),
            );
        }
    }
}
