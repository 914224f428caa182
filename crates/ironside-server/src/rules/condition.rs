//! `has` and `missing` of a rule: a header, a cookie, a query parameter or the host, with or without a value.

use super::regex::Regex;
use super::{Asked, RuleError};
use crate::query;
use serde::Deserialize;

/// A condition as it stands in `next.config`.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum RawCondition {
    /// A request header.
    Header {
        /// Its name.
        key: String,
        /// A regular expression for the whole value.
        value: Option<String>,
    },
    /// A cookie.
    Cookie {
        /// Its name.
        key: String,
        /// A regular expression for the whole value.
        value: Option<String>,
    },
    /// A query parameter.
    Query {
        /// Its name.
        key: String,
        /// A regular expression for the whole value.
        value: Option<String>,
    },
    /// The host without port.
    Host {
        /// A regular expression for the whole host.
        value: String,
    },
}

#[derive(Debug)]
enum Subject {
    Header(String),
    Cookie(String),
    Query(String),
    Host,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Condition {
    subject: Subject,
    value: Option<Regex>,
}

impl Condition {
    pub(super) fn new(raw: &RawCondition, place: &str) -> Result<Self, RuleError> {
        let (subject, key, value) = match raw {
            RawCondition::Header { key, value } => (Subject::Header(key.to_ascii_lowercase()), key.as_str(), value.as_ref()),
            RawCondition::Cookie { key, value } => (Subject::Cookie(key.clone()), key.as_str(), value.as_ref()),
            RawCondition::Query { key, value } => (Subject::Query(key.clone()), key.as_str(), value.as_ref()),
            RawCondition::Host { value } => (Subject::Host, "host", Some(value)),
        };
        let compile = |value: &String| {
            Regex::exact(&format!("^(?:{value})$")).map_err(|source| RuleError::Condition {
                place: place.into(),
                key: key.into(),
                value: value.clone(),
                source,
            })
        };
        // An empty value asks for presence only, as no value does.
        Ok(Self {
            subject,
            value: value.filter(|value| !value.is_empty()).map(compile).transpose()?,
        })
    }

    /// What it binds, if the request meets it: the named groups of its value, or without any the value under the key.
    pub(super) fn captures(&self, asked: &Asked<'_>) -> Option<Vec<(String, String)>> {
        // What is there and empty counts as missing, as in Next.
        let text = self.subject.text(asked).filter(|text| !text.is_empty())?;
        let Some(regex) = &self.value else {
            return Some(self.subject.parameter().map(|name| vec![(name, text)]).unwrap_or_default());
        };
        let named = regex.named_groups(&text)?;
        if named.is_empty() {
            return Some(self.subject.parameter().map(|name| vec![(name, text)]).unwrap_or_default());
        }
        Some(named)
    }
}

impl Subject {
    fn text(&self, asked: &Asked<'_>) -> Option<String> {
        match self {
            Self::Header(name) => {
                let values: Vec<_> = asked
                    .headers
                    .get_all(name.as_str())
                    .iter()
                    .map(|value| String::from_utf8_lossy(value.as_bytes()))
                    .collect();
                (!values.is_empty()).then(|| values.join(", "))
            }
            Self::Cookie(name) => query::cookie(asked.headers, name),
            Self::Query(name) => query::pairs(asked.query)
                .rfind(|(key, _)| key == name)
                .map(|(_, value)| value),
            Self::Host => Some(asked.host.to_ascii_lowercase()),
        }
    }

    /// The name under which a destination refers to it: letters only, as in Next.
    fn parameter(&self) -> Option<String> {
        let key = match self {
            Self::Header(key) | Self::Cookie(key) | Self::Query(key) => key,
            Self::Host => return Some("host".to_owned()),
        };
        let name: String = key.chars().filter(char::is_ascii_alphabetic).collect();
        (!name.is_empty()).then_some(name)
    }
}
