//! All messages of a build.

use crate::Diagnostic;
use serde::Serialize;

/// Diagnostics in the order in which they are shown: by file and place, so that equal builds show equal lists however
/// their threads ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Sorts the list. What is said twice about one place (a file that two graphs read) is kept once.
    pub fn new(mut list: Vec<Diagnostic>) -> Self {
        let key = |diagnostic: &Diagnostic| {
            let place = diagnostic
                .place
                .as_ref()
                .map(|place| (place.file.clone(), place.line, place.column));
            (
                place,
                diagnostic.severity,
                diagnostic.code.clone(),
                diagnostic.message.clone(),
            )
        };
        list.sort_by_cached_key(key);
        list.dedup_by(|a, b| key(a) == key(b));
        Self { list }
    }

    /// Whether something fails the build.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// How many errors and how many warnings there are.
    pub fn count(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|diagnostic| diagnostic.is_error()).count();
        (errors, self.list.len() - errors)
    }

    /// The diagnostics in order.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self::new(iter.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_sorted_by_place_and_said_once() {
        let late = Diagnostic::error("b", "late").at_line("app/b.ts", 9, 1, None);
        let early = Diagnostic::warning("a", "early").at_line("app/b.ts", 2, 4, None);
        let elsewhere = Diagnostic::warning("a", "early").at_line("app/a.ts", 20, 4, None);
        let all = Diagnostics::new(vec![late.clone(), early.clone(), late.clone(), elsewhere.clone()]);
        assert_eq!(all.as_slice(), [elsewhere, early, late]);
        assert_eq!(all.count(), (1, 2));
        assert!(all.has_errors());
    }
}
