//! What the bundler complains about, in the words of someone who builds an application: what, where, and how to mend it.

use crate::{
    file_key::{FileKeys, split_query},
    graph::GraphKind,
    package::{NODE_MODULES, split_specifier},
    plugin::{
        collected::Collected,
        resolve::{is_builtin, is_pinned},
    },
};
use ironside_bundler::{Problem, ProblemKind, ResolveKind};
use ironside_diagnostics::Diagnostic;
use std::{fs, path::Path, sync::Arc};

/// How long a name may differ and still be taken for a slip of the pen.
const MAX_SLIP: usize = 2;

/// Explains problems of one graph.
pub(crate) struct Remedies<'a> {
    pub(crate) keys: &'a FileKeys,
    pub(crate) collected: &'a Collected,
    /// The graph that they were found in.
    pub(crate) kind: GraphKind,
}

impl Remedies<'_> {
    /// The diagnostic for a problem. `None` for what is no concern of the application: a package that asks in vain for
    /// something optional.
    pub(crate) fn explain(&self, problem: &Problem) -> Option<Diagnostic> {
        let diagnostic = match problem.kind {
            // The resolver stumbled over a file of its own, such as another package.json.
            ProblemKind::Unresolved if problem.subject.is_none() => self.error("unresolvable", &problem.message, problem),
            ProblemKind::Unresolved => self.unresolved(problem)?,
            ProblemKind::MissingExport => self.missing_export(problem),
            ProblemKind::Syntax => self.error("syntax-error", &problem.message, problem),
            ProblemKind::Json => self.error("invalid-json", &problem.message, problem),
            ProblemKind::TsConfig => Diagnostic::error("invalid-tsconfig", first_line(&problem.message)),
            ProblemKind::Unloadable => self.error("unreadable-module", &problem.message, problem),
            ProblemKind::Other if problem.error => self.error("bundling-failed", &problem.message, problem),
            // Warnings about the code of packages help nobody.
            ProblemKind::Other if problem.file.as_deref().is_none_or(|file| file.contains(NODE_MODULES)) => return None,
            ProblemKind::Other => self.place(Diagnostic::warning("bundling", first_line(&problem.message)), problem),
        };
        Some(self.chain_note(diagnostic, problem.file.as_deref()))
    }

    /// `server-only` in client code, `client-only` in server code.
    pub(crate) fn wrong_side(&self, importer: &str, name: &str) -> Diagnostic {
        let (found_in, belongs_to) = match name {
            "server-only" => ("client", "on the server"),
            _ => ("server", "in the browser"),
        };
        let message = format!("`{name}` is imported by {found_in} code, but what imports it may only run {belongs_to}");
        let hint = match name {
            "server-only" => {
                "import this module from server components, actions or route handlers only, and hand their results to the \
                 client component as props"
            }
            _ => "put `'use client'` at the top of the component that uses this module",
        };
        let diagnostic = Diagnostic::error("wrong-side-import", message).hint(hint);
        let diagnostic = self.at_specifier(diagnostic, importer, name);
        self.chain_note(diagnostic, Some(importer))
    }

    /// A hook of client components in server code, with the way by which it came there.
    pub(crate) fn client_api(&self, module: &str, diagnostic: &Diagnostic) -> Diagnostic {
        self.chain_note(diagnostic.clone(), Some(module))
    }

    /// A file that cannot be loaded, at the place of its first import.
    pub(crate) fn unusable(&self, module: &str, reason: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            "unusable-file",
            format!("{} cannot be used: {reason}", self.keys.shown(module)),
        );
        let imports = self.collected.resolutions.iter().filter(|(_, to)| *to == module);
        match imports.map(|((importer, specifier), _)| (importer, specifier)).min() {
            Some((importer, specifier)) => self.chain_note(self.at_specifier(diagnostic, importer, specifier), Some(importer)),
            None => diagnostic.at_file(self.keys.shown(module)),
        }
    }

    fn unresolved(&self, problem: &Problem) -> Option<Diagnostic> {
        let specifier = problem.subject.as_deref().unwrap_or_default();
        let importer = problem.file.as_deref().unwrap_or_default();
        let kind = self.collected.unresolved.get(&(importer.to_owned(), specifier.to_owned()));
        let in_package = importer.contains(NODE_MODULES);
        // Node throws only when it comes to it, and packages catch that; `import` would fail the whole file.
        let optional = in_package && !matches!(kind, None | Some(ResolveKind::Import));
        if optional && !problem.error {
            return None;
        }
        let message = format!("cannot find `{specifier}`");
        let diagnostic = self
            .place(Diagnostic::error("module-not-found", message), problem)
            .label("nothing is found here");
        let diagnostic = match problem.reason.as_deref() {
            Some(reason) if !reason.starts_with("Module not found") => diagnostic.note(reason),
            _ => diagnostic,
        };
        Some(match self.unresolved_hint(specifier, importer) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        })
    }

    fn unresolved_hint(&self, specifier: &str, importer: &str) -> Option<String> {
        if self.kind == GraphKind::Browser && is_builtin(specifier) {
            return Some(format!(
                "`{specifier}` is part of Node and does not exist in the browser; use it in server code, and call that from \
                 the component"
            ));
        }
        if is_pinned(specifier) {
            return Some(format!(
                "`{specifier}` is not among the modules that Ironside provides; see the list of `next/*` modules"
            ));
        }
        if specifier.starts_with('.') {
            let folder = Path::new(split_query(importer).0).parent()?;
            return near_file(&folder.join(specifier)).map(|name| {
                let start = specifier.rfind('/').map_or("", |at| &specifier[..=at]);
                format!("did you mean `{start}{name}`?")
            });
        }
        let (name, subpath) = split_specifier(specifier)?;
        if name.starts_with("@/") || name.starts_with('~') {
            return Some(format!(
                "`{specifier}` looks like an alias; `paths` in tsconfig.json or jsconfig.json say what an alias stands for, \
                 and the file has to exist there"
            ));
        }
        let installed = Path::new(importer)
            .ancestors()
            .any(|folder| folder.join(NODE_MODULES).join(name).is_dir());
        Some(match (installed, subpath.is_empty()) {
            (false, _) => format!("npm install {name}"),
            (true, true) => {
                format!("`{name}` is installed, but has no entry for this kind of code (see `exports` in its package.json)")
            }
            (true, false) => format!("`{name}` is installed, but does not offer `{subpath}`"),
        })
    }

    fn missing_export(&self, problem: &Problem) -> Diagnostic {
        let exporter = problem.subject.as_deref().unwrap_or_default();
        let name = problem.message.split('"').nth(1).unwrap_or_default();
        let specifier = self.specifier_of(problem.file.as_deref().unwrap_or_default(), exporter);
        let ours = specifier.filter(|specifier| is_pinned(specifier));
        let from = ours.map_or_else(|| self.keys.shown(exporter), str::to_owned);
        let message = format!("`{name}` is not exported by {from}");
        let diagnostic = self.place(Diagnostic::error("missing-export", message), problem);
        if ours.is_some() && self.kind == GraphKind::Rsc && name.starts_with("use") {
            return diagnostic.hint(format!(
                "`{name}` works only in client components: put `'use client'` at the top of this file, or move what needs it \
                 to a file of its own that has it"
            ));
        }
        let source = fs::read_to_string(split_query(exporter).0).unwrap_or_default();
        let near = exported_words(&source)
            .filter(|word| slip(word, name) <= MAX_SLIP)
            .min_by_key(|word| slip(word, name));
        let has_default = source.contains("export default");
        match near {
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None if has_default && name != "default" => diagnostic.hint(format!(
                "the file has a default export: `import {name} from …`, without braces"
            )),
            None if name == "default" => diagnostic.hint("the file has no default export; import a name in braces"),
            None => diagnostic.hint(format!("export `{name}` there, or import something that is exported")),
        }
    }

    /// How a module calls another one.
    fn specifier_of(&self, importer: &str, module: &str) -> Option<&str> {
        let resolutions = self.collected.resolutions.iter();
        resolutions
            .filter(|((from, _), to)| from == importer && *to == module)
            .map(|((_, s), _)| s.as_str())
            .min()
    }

    fn error(&self, code: &'static str, message: &str, problem: &Problem) -> Diagnostic {
        self.place(Diagnostic::error(code, first_line(message)), problem)
    }

    fn place(&self, diagnostic: Diagnostic, problem: &Problem) -> Diagnostic {
        let Some(file) = &problem.file else { return diagnostic };
        let shown = self.keys.shown(file);
        let source: Option<Arc<str>> = fs::read_to_string(split_query(file).0).ok().map(Into::into);
        match (problem.place, source) {
            (Some((line, column)), Some(source)) => match word_at(&source, line, column, problem) {
                Some(span) => diagnostic.at(shown, source, span),
                None => diagnostic.at_line(shown, line, column, Some(source)),
            },
            (Some((line, column)), None) => diagnostic.at_line(shown, line, column, None),
            // Without a place: the specifier, if it stands somewhere in quotes.
            (None, _) => self.at_specifier(diagnostic, file, problem.subject.as_deref().unwrap_or_default()),
        }
    }

    fn at_specifier(&self, diagnostic: Diagnostic, file: &str, specifier: &str) -> Diagnostic {
        let shown = self.keys.shown(file);
        let source = fs::read_to_string(split_query(file).0).unwrap_or_default();
        let span = ['\'', '"'].iter().find_map(|quote| {
            let start = source.find(&format!("{quote}{specifier}{quote}"))?;
            Some(u32::try_from(start).ok()?..u32::try_from(start + specifier.len() + 2).ok()?)
        });
        match span {
            Some(span) if !specifier.is_empty() => diagnostic.at(shown, source, span),
            _ => diagnostic.at_file(shown),
        }
    }

    /// Says how a file comes to be part of the graph, unless it is an entry itself.
    fn chain_note(&self, diagnostic: Diagnostic, file: Option<&str>) -> Diagnostic {
        let Some(file) = file else { return diagnostic };
        let chain: Vec<_> = self
            .collected
            .chain(file)
            .into_iter()
            .filter(|id| !id.starts_with('\0'))
            .collect();
        if chain.len() < 2 {
            return diagnostic;
        }
        chain.windows(2).fold(diagnostic, |diagnostic, pair| {
            diagnostic.note(format!(
                "{} is imported by {}",
                self.keys.shown(&pair[0]),
                self.keys.shown(&pair[1])
            ))
        })
    }
}

/// The range of the name or the string that begins at a place. Columns are counted as JavaScript does.
fn word_at(source: &str, line: u32, column: u32, problem: &Problem) -> Option<std::ops::Range<u32>> {
    let before: usize = source.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let text = source.get(before..)?;
    let mut units = 1;
    let start = before
        + text
            .char_indices()
            .find(|(_, c)| {
                let found = units >= column;
                units += u32::try_from(c.len_utf16()).unwrap_or(1);
                found
            })
            .map_or(text.len(), |(at, _)| at);
    let rest = source.get(start..)?;
    let length = match problem.subject.as_deref() {
        Some(subject) if problem.kind == ProblemKind::Unresolved && rest.get(1..)?.starts_with(subject) => subject.len() + 2,
        _ => rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(rest.len())
            .max(1),
    };
    Some(u32::try_from(start).ok()?..u32::try_from(start + length).ok()?)
}

/// The name of a file beside a missing one that differs little from it, or only in the case of its letters.
fn near_file(missing: &Path) -> Option<String> {
    let wanted = missing.file_name()?.to_str()?.to_owned();
    let stem = |name: &str| name.split_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let wanted_stem = stem(&wanted);
    let entries = fs::read_dir(missing.parent()?).ok()?;
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| (slip(&stem(&name).to_lowercase(), &wanted_stem.to_lowercase()), stem(&name)))
        .filter(|(distance, _)| *distance <= MAX_SLIP && *distance < wanted_stem.len())
        .min()
        .map(|(_, name)| name)
}

/// Words that stand after `export`, roughly: good enough to suggest one.
fn exported_words(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .filter(|line| line.trim_start().starts_with("export"))
        .flat_map(|line| {
            line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .filter(|word| {
                    !word.is_empty()
                        && ![
                            "export", "const", "let", "var", "function", "async", "class", "default", "from",
                        ]
                        .contains(word)
                })
        })
}

/// How many letters have to be inserted, removed or replaced to make one word of the other.
fn slip(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        assert_eq!(slip("button", "button"), 0);
        assert_eq!(slip("buton", "button"), 1);
        assert_eq!(slip("form", "from"), 2);
        assert_eq!(slip("", "abc"), 3);
    }

    #[test]
    fn a_file_with_nearly_the_same_name_is_suggested() {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("Button.tsx"), "").expect("file");
        assert_eq!(near_file(&folder.path().join("button")), Some("Button".into()));
        assert_eq!(near_file(&folder.path().join("Buton.js")), Some("Button".into()));
        assert_eq!(near_file(&folder.path().join("database")), None);
    }

    #[test]
    fn words_after_export_are_suggested() {
        let words: Vec<_> = exported_words("export async function load() {\nconst hidden = 1;\nexport { a, b as c };").collect();
        assert_eq!(words, ["load", "a", "b", "as", "c"]);
    }
}
