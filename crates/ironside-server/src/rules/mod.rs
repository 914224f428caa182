//! What `next.config` and `proxy.ts` say about URLs, compiled once when a deployment is loaded: patterns with conditions,
//! and where they lead. A rule that can't be compiled is an error that names it, never a rule that silently does nothing.

pub mod condition;
pub mod config;
pub mod destination;
pub mod pattern;
pub mod regex;

use condition::Condition;
use http::HeaderMap;
use pattern::{Captures, Pattern, PatternError};
use serde::Deserialize;
use thiserror::Error;

/// Why a rule can't be used.
#[derive(Debug, Error)]
pub enum RuleError {
    /// It isn't of the form that `next.config` documents.
    #[error("{place}: {source}")]
    Form {
        /// Which rule.
        place: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Its pattern has a mistake.
    #[error("{place}: {source}")]
    Pattern {
        /// Which rule.
        place: String,
        /// What is wrong.
        source: PatternError,
    },
    /// A value of `has` or `missing` is no regular expression.
    #[error("{place}: `{key}` under `has` or `missing` has the value {value:?}, which is no regular expression: {source}")]
    Condition {
        /// Which rule.
        place: String,
        /// The key of the condition.
        key: String,
        /// Its value.
        value: String,
        /// What is wrong.
        source: regex::RegexError,
    },
    /// Its destination or header has a mistake.
    #[error("{place}: {problem}")]
    Destination {
        /// Which rule.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The canonical path without `basePath`.
    pub path: &'a str,
    /// The canonical path with it.
    pub full_path: &'a str,
    /// Whether the URL lies under `basePath`.
    pub inside: bool,
    /// Without `?`.
    pub query: &'a str,
    /// As the client sent them.
    pub headers: &'a HeaderMap,
    /// The host without port, as the client sees it.
    pub host: &'a str,
}

/// The part that all rules have: when they apply.
#[derive(Debug)]
pub struct When {
    pattern: Pattern,
    has: Vec<Condition>,
    missing: Vec<Condition>,
    /// `basePath: false`: the pattern is for the whole path.
    whole_path: bool,
}

/// The same as it stands in `next.config`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawWhen {
    source: String,
    #[serde(default)]
    has: Vec<condition::RawCondition>,
    #[serde(default)]
    missing: Vec<condition::RawCondition>,
    base_path: Option<bool>,
}

impl When {
    /// Compiles it. `place` names the rule in errors.
    ///
    /// # Errors
    /// When pattern or conditions have a mistake.
    pub fn new(raw: &RawWhen, place: &str) -> Result<Self, RuleError> {
        let pattern = Pattern::new(&raw.source).map_err(|source| RuleError::Pattern {
            place: place.into(),
            source,
        })?;
        let conditions =
            |list: &[condition::RawCondition]| list.iter().map(|raw| Condition::new(raw, place)).collect::<Result<_, _>>();
        Ok(Self {
            pattern,
            has: conditions(&raw.has)?,
            missing: conditions(&raw.missing)?,
            whole_path: raw.base_path == Some(false),
        })
    }

    /// Whether `basePath` is left out of account.
    #[must_use]
    pub fn is_for_whole_path(&self) -> bool {
        self.whole_path
    }

    /// What the request binds, if the rule applies to it.
    #[must_use]
    pub fn captures(&self, asked: &Asked<'_>) -> Option<Captures> {
        if !self.whole_path && !asked.inside {
            return None;
        }
        let mut captures = self
            .pattern
            .captures(if self.whole_path { asked.full_path } else { asked.path })?;
        for condition in &self.has {
            captures.extend(condition.captures(asked)?);
        }
        self.missing
            .iter()
            .all(|condition| condition.captures(asked).is_none())
            .then_some(captures)
    }
}
