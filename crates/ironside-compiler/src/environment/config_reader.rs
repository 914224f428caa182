//! Reads values out of `next.config`, and says of a wrong one what it is, what it has to be, and where it stands.

use ironside_diagnostics::Diagnostic;
use serde_json::Value;
use std::sync::Arc;

/// The text of the configuration file, for places.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    /// As the user knows it.
    pub(crate) name: String,
    pub(crate) source: Arc<str>,
}

impl ConfigFile {
    /// Puts a diagnostic at the key, if it stands in the file as such.
    pub(crate) fn at_key(&self, diagnostic: Diagnostic, path: &str) -> Diagnostic {
        let key = path
            .rsplit('.')
            .find(|part| !part.is_empty() && !part.starts_with('['))
            .unwrap_or(path);
        match find_key(&self.source, key) {
            Some(start) => {
                let span = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
                diagnostic.at(&self.name, Arc::clone(&self.source), span(start)..span(start + key.len()))
            }
            None => diagnostic.at_file(&self.name),
        }
    }

    /// Puts a diagnostic at the import of a package, if that stands in the file itself.
    pub(crate) fn at_specifier(&self, diagnostic: Diagnostic, package: &str) -> Diagnostic {
        let starts = ['\'', '"'].map(|quote| format!("{quote}{package}"));
        let found = starts.iter().find_map(|start| self.source.find(start.as_str()));
        let Some(at) = found.and_then(|at| u32::try_from(at).ok()) else {
            return diagnostic.at_file(&self.name);
        };
        let length = u32::try_from(package.len() + 2).unwrap_or(u32::MAX);
        diagnostic.at(&self.name, Arc::clone(&self.source), at..at.saturating_add(length))
    }
}

/// The first place where a word is followed by `:` or `(`, as properties and methods are, or stands alone as a shorthand.
fn find_key(source: &str, key: &str) -> Option<usize> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let found = source.match_indices(key).filter(|(at, _)| {
        let before = source[..*at].chars().next_back();
        let after = &source[at + key.len()..];
        !before.is_some_and(word) && !after.chars().next().is_some_and(word)
    });
    let mut alone = None;
    for (at, _) in found {
        let after = source[at + key.len()..].trim_start_matches(['\'', '"', ']']).trim_start();
        if after.starts_with([':', '(']) {
            return Some(at);
        }
        if after.starts_with([',', '}']) {
            alone = alone.or(Some(at));
        }
    }
    alone
}

/// A section of the configuration.
pub(crate) struct ConfigReader<'a> {
    pub(crate) value: &'a Value,
    /// `experimental.serverActions`; empty at the top.
    pub(crate) path: String,
    pub(crate) file: &'a ConfigFile,
}

impl<'a> ConfigReader<'a> {
    /// `experimental.serverActions.name`.
    pub(crate) fn named(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// What is set. `null` and `undefined` mean that nothing is.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn wrong(&self, name: &str, wanted: &str, hint: &str, diagnostics: &mut Vec<Diagnostic>) {
        let path = self.named(name);
        let shown = self.get(name).map_or_else(|| "missing".to_owned(), shorten);
        let diagnostic =
            Diagnostic::error("next-config", format!("`{path}` is {shown}, and has to be {wanted}")).hint(hint.to_owned());
        diagnostics.push(self.file.at_key(diagnostic, &path));
    }

    fn typed<T>(
        &self,
        name: &str,
        diagnostics: &mut Vec<Diagnostic>,
        wanted: &str,
        example: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let found = read(self.get(name)?);
        if found.is_none() {
            self.wrong(name, wanted, &format!("write {name}: {example}"), diagnostics);
        }
        found
    }

    pub(crate) fn bool(&self, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<bool> {
        self.typed(name, diagnostics, "true or false", "true", Value::as_bool)
    }

    pub(crate) fn text(&self, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<&'a str> {
        self.typed(name, diagnostics, "a string", "'…'", Value::as_str)
    }

    /// A whole number of seconds from 0.
    pub(crate) fn seconds(&self, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<u64> {
        self.typed(name, diagnostics, "a number of seconds from 0", "300", |value| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
            value.as_u64().or_else(|| {
                value
                    .as_f64()
                    .filter(|number| (0.0..9e15).contains(number))
                    .map(|number| number as u64)
            })
        })
    }

    pub(crate) fn texts(&self, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        self.typed(name, diagnostics, "a list of strings", "['…']", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
    }

    /// A section inside of this one.
    pub(crate) fn section(&self, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<ConfigReader<'a>> {
        let value = self.typed(name, diagnostics, "an object", "{ … }", |value| {
            value.is_object().then_some(value)
        })?;
        Some(ConfigReader {
            value,
            path: self.named(name),
            file: self.file,
        })
    }

    /// The names that are set here.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a String> {
        self.value.as_object().into_iter().flat_map(|object| object.keys())
    }
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        format!("{}…", text.chars().take(60).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_it_is_one() {
        let source = "// compress\nconst compress = true;\nexport default { 'basePath': x, compress: true, rewrites() {} }";
        assert_eq!(find_key(source, "compress"), source.find("compress: true"));
        assert_eq!(find_key(source, "basePath"), source.find("basePath"));
        assert_eq!(find_key(source, "rewrites"), source.find("rewrites"));
        assert_eq!(find_key(source, "press"), None);
        assert_eq!(find_key("export default { compress, x }", "compress"), Some(17));
    }
}
