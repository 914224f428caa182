//! `headers()`, `redirects()` and `rewrites()` of `next.config`, and the matchers of `proxy.ts`: from the manifest's data to
//! rules that can be asked.

use super::destination::Destination;
use super::pattern::Captures;
use super::{Asked, RawWhen, RuleError, When};
use crate::upstream::ChosenBy;
use http::{HeaderName, HeaderValue, StatusCode};
use ironside_model::manifest::Manifest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A rule of `headers()`.
#[derive(Debug)]
pub struct HeaderRule {
    when: When,
    headers: Vec<(String, String)>,
}

/// A rule of `redirects()`.
#[derive(Debug)]
pub struct RedirectRule {
    when: When,
    destination: Destination,
    status: StatusCode,
}

/// A rule of `rewrites()`.
#[derive(Debug)]
pub struct RewriteRule {
    when: When,
    destination: Destination,
}

/// Rewrites by the moment at which they are tried.
#[derive(Debug, Default)]
pub struct Rewrites {
    /// Before anything else is looked at.
    pub before_files: Vec<RewriteRule>,
    /// After files and routes without parameters.
    pub after_files: Vec<RewriteRule>,
    /// After everything.
    pub fallback: Vec<RewriteRule>,
}

/// All rules of an application.
#[derive(Debug, Default)]
pub struct Rules {
    /// `headers()`.
    pub headers: Vec<HeaderRule>,
    /// `redirects()`.
    pub redirects: Vec<RedirectRule>,
    /// `rewrites()`.
    pub rewrites: Rewrites,
    /// Where the proxy runs; `None`: there is none. An empty list: everywhere.
    pub proxy: Option<Vec<When>>,
}

#[derive(Deserialize)]
struct RawHeaderRule {
    #[serde(flatten)]
    when: RawWhen,
    headers: Vec<RawHeader>,
}

#[derive(Deserialize)]
struct RawHeader {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRedirect {
    #[serde(flatten)]
    when: RawWhen,
    destination: String,
    permanent: Option<bool>,
    status_code: Option<u16>,
}

#[derive(Deserialize)]
struct RawRewrite {
    #[serde(flatten)]
    when: RawWhen,
    destination: String,
}

impl Rules {
    /// Compiles what the manifest says.
    ///
    /// # Errors
    /// At the first rule that has a mistake.
    pub fn new(manifest: &Manifest) -> Result<Self, RuleError> {
        let rewrites = |name: &str| {
            let list = manifest.config.rewrites.get(name).unwrap_or(&Value::Null);
            compile(list, &format!("rewrites().{name}"), RewriteRule::new)
        };
        let proxy = manifest.proxy.as_ref().map(|proxy| {
            compile(&proxy.matchers, "config.matcher of the proxy", |raw: RawWhen, place| {
                When::new(&raw, place)
            })
        });
        Ok(Self {
            headers: compile(&manifest.config.headers, "headers()", HeaderRule::new)?,
            redirects: compile(&manifest.config.redirects, "redirects()", RedirectRule::new)?,
            rewrites: Rewrites {
                before_files: rewrites("beforeFiles")?,
                after_files: rewrites("afterFiles")?,
                fallback: rewrites("fallback")?,
            },
            proxy: proxy.transpose()?,
        })
    }

    /// Whether no rule looks at any request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Rewrites {
            before_files,
            after_files,
            fallback,
        } = &self.rewrites;
        self.headers.is_empty()
            && self.redirects.is_empty()
            && [before_files, after_files, fallback].iter().all(|rules| rules.is_empty())
            && self.proxy.is_none()
    }

    /// Whether the proxy runs for this request.
    #[must_use]
    pub fn proxy_runs(&self, asked: &Asked<'_>) -> bool {
        self.proxy
            .as_ref()
            .is_some_and(|matchers| matchers.is_empty() || matchers.iter().any(|when| when.captures(asked).is_some()))
    }
}

fn compile<Raw: DeserializeOwned, T>(
    list: &Value,
    name: &str,
    make: impl Fn(Raw, &str) -> Result<T, RuleError>,
) -> Result<Vec<T>, RuleError> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let each = items.iter().enumerate().map(|(index, item)| {
        let source = item.get("source").and_then(Value::as_str).unwrap_or_default();
        let place = format!("{name}[{index}] ({source})");
        let raw = Raw::deserialize(item).map_err(|source| RuleError::Form {
            place: place.clone(),
            source,
        })?;
        make(raw, &place)
    });
    each.collect()
}

fn destination(text: &str, place: &str) -> Result<Destination, RuleError> {
    Destination::new(text).map_err(|problem| RuleError::Destination {
        place: place.into(),
        problem,
    })
}

impl HeaderRule {
    fn new(raw: RawHeaderRule, place: &str) -> Result<Self, RuleError> {
        let wrong = |problem: String| RuleError::Destination {
            place: place.into(),
            problem,
        };
        for header in &raw.headers {
            if HeaderName::from_bytes(header.key.as_bytes()).is_err() {
                return Err(wrong(format!("{:?} is not a header's name", header.key)));
            }
            if HeaderValue::from_str(&header.value).is_err() {
                return Err(wrong(format!("the value {:?} can't stand in a header", header.value)));
            }
        }
        let headers = raw
            .headers
            .into_iter()
            .map(|header| (header.key.to_ascii_lowercase(), header.value))
            .collect();
        Ok(Self {
            when: When::new(&raw.when, place)?,
            headers,
        })
    }

    /// The headers that a response to this request gets.
    pub fn headers(&self, asked: &Asked<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let Some(captures) = self.when.captures(asked) else {
            return Vec::new();
        };
        let fill = |(name, value): &(String, String)| {
            let value = super::destination::substitute(value, &captures, |value| Some(value.to_owned()))?;
            Some((
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_str(&value).ok()?,
            ))
        };
        self.headers.iter().filter_map(fill).collect()
    }
}

impl RedirectRule {
    fn new(raw: RawRedirect, place: &str) -> Result<Self, RuleError> {
        let status = match (raw.status_code, raw.permanent) {
            (Some(code), _) => StatusCode::from_u16(code)
                .ok()
                .filter(|status| [301, 302, 303, 307, 308].contains(&status.as_u16())),
            (None, Some(true)) => Some(StatusCode::PERMANENT_REDIRECT),
            (None, _) => Some(StatusCode::TEMPORARY_REDIRECT),
        };
        let status = status.ok_or_else(|| RuleError::Destination {
            place: place.into(),
            problem: "statusCode has to be 301, 302, 303, 307 or 308".into(),
        })?;
        Ok(Self {
            when: When::new(&raw.when, place)?,
            destination: destination(&raw.destination, place)?,
            status,
        })
    }

    /// Status and `Location` for this request.
    #[must_use]
    pub fn answer(&self, asked: &Asked<'_>, base_path: &str) -> Option<(StatusCode, String)> {
        let captures = self.when.captures(asked)?;
        let base = if self.when.is_for_whole_path() { "" } else { base_path };
        let filled = self.destination.fill(&captures)?;
        Some((self.status, filled.url(base, asked.query)))
    }
}

/// Where a rewrite leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewritten {
    /// Inside the application.
    Inside {
        /// The path, not yet canonical.
        path: String,
        /// What the rewrite adds to the query.
        query: String,
    },
    /// To another site.
    External {
        /// Its URL.
        url: String,
        /// Who chose its host.
        chosen_by: ChosenBy,
    },
}

impl RewriteRule {
    fn new(raw: RawRewrite, place: &str) -> Result<Self, RuleError> {
        Ok(Self {
            when: When::new(&raw.when, place)?,
            destination: destination(&raw.destination, place)?,
        })
    }

    /// Where it takes this request.
    #[must_use]
    pub fn rewrite(&self, asked: &Asked<'_>) -> Option<Rewritten> {
        let captures = self.when.captures(asked)?;
        let filled = self.destination.fill(&captures)?;
        if self.destination.is_external() {
            let is_written = self.destination.has_written_origin(&filled);
            return Some(Rewritten::External {
                url: filled.url("", asked.query),
                chosen_by: if is_written {
                    ChosenBy::Configuration
                } else {
                    ChosenBy::Request
                },
            });
        }
        let query = if self.destination.uses_captures(&captures) {
            filled.query
        } else {
            crate::query::overlay(&filled.query, &as_query(&captures))
        };
        Some(Rewritten::Inside {
            path: filled.path,
            query,
        })
    }
}

/// Captures that a rewrite's destination has no place for are query parameters of the page.
fn as_query(captures: &Captures) -> String {
    let named = captures
        .iter()
        .filter(|(name, value)| !value.is_empty() && !name.starts_with(|letter: char| letter.is_ascii_digit()));
    named
        .map(|(name, value)| format!("{}={value}", crate::query::encode(name)))
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
#[path = "config_test.rs"]
mod tests;
