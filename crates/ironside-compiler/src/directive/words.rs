//! The words themselves, and strings that were probably meant to be one of them.

/// A directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// `'use client'`
    Client,
    /// `'use server'`
    Server,
    /// `'use cache'`, also with a name: `'use cache: remote'`
    Cache,
}

impl Word {
    const ALL: [Self; 3] = [Self::Client, Self::Server, Self::Cache];

    /// How it is written.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Client => "use client",
            Self::Server => "use server",
            Self::Cache => "use cache",
        }
    }

    /// The directive that a string is.
    pub(super) fn of(value: &str) -> Option<Self> {
        let named_cache = value.strip_prefix("use cache:").is_some();
        Self::ALL
            .into_iter()
            .find(|word| word.text() == value)
            .or(named_cache.then_some(Self::Cache))
    }

    /// The directive that a string was probably meant to be: two typing errors away, or other case, dashes or spaces.
    pub(super) fn meant_by(value: &str) -> Option<Self> {
        if value.len() > 24 || Self::of(value).is_some() {
            return None;
        }
        let plain = normalized(value);
        Self::ALL.into_iter().find(|word| distance(&plain, word.text()) <= 2)
    }
}

/// Lower case, with one space for each run of spaces, dashes and underscores between words.
fn normalized(value: &str) -> String {
    let lower = value.to_lowercase();
    lower
        .split([' ', '\t', '-', '_'])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// How many characters have to be added, removed or changed to make one out of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_directives_are_recognised() {
        for value in [
            "use sever",
            "use servers",
            "use-server",
            "use serverr",
            "Use Server",
            "use  server",
            "use server ",
            "useserver",
        ] {
            assert_eq!(Word::meant_by(value), Some(Word::Server), "{value:?}");
        }
        for value in ["use clien", "use-client", "USE CLIENT", "use cilent"] {
            assert_eq!(Word::meant_by(value), Some(Word::Client), "{value:?}");
        }
        assert_eq!(Word::meant_by("use cach"), Some(Word::Cache));
    }

    #[test]
    fn other_strings_are_left_alone() {
        for value in [
            "use strict",
            "use asm",
            "use memo",
            "use no memo",
            "use forget",
            "use step",
            "use workflow",
            "use static",
            "",
            "use server",
            "use cache: remote",
            "server",
            "client",
            "user service",
            "ünïcödé",
        ] {
            assert_eq!(Word::meant_by(value), None, "{value:?}");
        }
        assert_eq!(Word::of("use cache: remote"), Some(Word::Cache));
        assert_eq!(Word::of("use cached"), None);
    }
}
