//! Regular expressions that an application has written for JavaScript. Most run on an engine whose time is linear in the
//! text, because the text comes from clients. Only those that need look-around or back-references go to one that
//! backtracks: there the application's author decides how long a crafted text may take, and the length of the text is
//! bounded by the server's limits.

use thiserror::Error;

/// Why an expression can't be used.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct RegexError(String);

/// See the module's documentation.
#[derive(Debug)]
pub enum Regex {
    /// Linear time.
    Linear(regex::Regex),
    /// With look-around.
    Backtracking(Box<regress::Regex>),
}

impl Regex {
    /// An expression that does not tell upper from lower case.
    ///
    /// # Errors
    /// When neither engine understands it.
    pub fn ignoring_case(source: &str) -> Result<Self, RegexError> {
        if let Ok(linear) = regex::RegexBuilder::new(source).case_insensitive(true).build() {
            return Ok(Self::Linear(linear));
        }
        regress::Regex::with_flags(source, "i")
            .map(|regex| Self::Backtracking(Box::new(regex)))
            .map_err(|error| RegexError(error.to_string()))
    }

    /// An expression that tells upper from lower case.
    ///
    /// # Errors
    /// When neither engine understands it.
    pub fn exact(source: &str) -> Result<Self, RegexError> {
        if let Ok(linear) = regex::Regex::new(source) {
            return Ok(Self::Linear(linear));
        }
        regress::Regex::new(source)
            .map(|regex| Self::Backtracking(Box::new(regex)))
            .map_err(|error| RegexError(error.to_string()))
    }

    /// Whether it matches somewhere.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Linear(regex) => regex.is_match(text),
            Self::Backtracking(regex) => regex.find(text).is_some(),
        }
    }

    /// The texts of the groups in their order, the whole match left out.
    #[must_use]
    pub fn groups(&self, text: &str) -> Option<Vec<Option<String>>> {
        match self {
            Self::Linear(regex) => {
                let found = regex.captures(text)?;
                Some(
                    found
                        .iter()
                        .skip(1)
                        .map(|group| group.map(|group| group.as_str().to_owned()))
                        .collect(),
                )
            }
            Self::Backtracking(regex) => {
                let found = regex.find(text)?;
                Some(
                    found
                        .captures
                        .iter()
                        .map(|range| range.clone().and_then(|range| text.get(range)).map(str::to_owned))
                        .collect(),
                )
            }
        }
    }

    /// The texts of the named groups.
    #[must_use]
    pub fn named_groups(&self, text: &str) -> Option<Vec<(String, String)>> {
        match self {
            Self::Linear(regex) => {
                let found = regex.captures(text)?;
                let named = regex.capture_names().flatten();
                Some(
                    named
                        .filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
                        .collect(),
                )
            }
            Self::Backtracking(regex) => {
                let found = regex.find(text)?;
                let named = found
                    .named_groups()
                    .filter_map(|(name, range)| Some((name.to_owned(), text.get(range?)?.to_owned())));
                Some(named.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_look_around_needs_backtracking() {
        assert!(matches!(Regex::exact(r"^(\d+)/?$").unwrap(), Regex::Linear(_)));
        assert!(matches!(Regex::exact(r"^(?!api).*$").unwrap(), Regex::Backtracking(_)));
        assert!(Regex::exact("(").is_err());
    }

    #[test]
    fn both_engines_give_named_groups() {
        for source in [r"^(?<what>[a-z]+)-\d$", r"^(?!x)(?<what>[a-z]+)-\d$"] {
            let groups = Regex::exact(source).unwrap().named_groups("abc-1").unwrap();
            assert_eq!(groups, [("what".to_owned(), "abc".to_owned())], "{source}");
        }
    }
}
