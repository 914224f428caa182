//! Whether a request that may run a Server Action comes from this site: a pure decision over the request's head.
//!
//! | `Origin` | `Sec-Fetch-Site` | cookies | |
//! |---|---|---|---|
//! | host is in `allowedOrigins` | any | any | allowed |
//! | host is the request's host | not `cross-site` | any | allowed |
//! | host is the request's host | `cross-site` | any | refused: the page came over another scheme than the request |
//! | another host, `null`, or no URL, or several | any | any | refused |
//! | missing | `same-origin`, `none` | any | allowed |
//! | missing | anything else | any | refused |
//! | missing | missing | none | allowed: nobody's identity is abused (`curl`, a service) |
//! | missing | missing | some | refused: every browser that sends cookies sends one of the two |
//!
//! The request's host is the one the client sees: a trusted proxy's `X-Forwarded-Host`, else `Host`. Schemes are not
//! compared, since a proxy that ends TLS may not say so. Patterns of `allowedOrigins` are hosts with a port where one is
//! used; `*` stands for one label, `**` in front for one or more.

use http::{HeaderMap, header};

/// What requests are compared with.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    /// `experimental.serverActions.allowedOrigins`.
    pub allowed: Vec<String>,
}

/// Why a request may run an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// `Origin` names this host.
    SameHost,
    /// `Origin` is on the list.
    Listed,
    /// The browser says so itself.
    SaidByBrowser,
    /// No browser sent it, and it carries no cookies.
    NoCredentials,
}

/// Why it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// `Origin` names another host.
    OtherOrigin,
    /// `Origin: null`: a sandboxed frame, a `data:` URL, a redirect across sites.
    NullOrigin,
    /// `Origin` is no URL, or there are several.
    BadOrigin,
    /// `Sec-Fetch-Site` says that another site sent it.
    CrossSite,
    /// It carries cookies but says nothing about where it comes from.
    CookiesWithoutOrigin,
}

impl Refused {
    /// The word for log and metric.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OtherOrigin => "csrf_other_origin",
            Self::NullOrigin => "csrf_null_origin",
            Self::BadOrigin => "csrf_bad_origin",
            Self::CrossSite => "csrf_cross_site",
            Self::CookiesWithoutOrigin => "csrf_cookies_without_origin",
        }
    }

    /// What the client is told: which header was wrong.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::OtherOrigin => {
                "The Origin header names another host than the request. Add it to serverActions.allowedOrigins if it may call actions of this application."
            }
            Self::NullOrigin => "The Origin header is \"null\", which could be any site.",
            Self::BadOrigin => "The Origin header is not an origin.",
            Self::CrossSite => "The Sec-Fetch-Site header says that another site sent this request.",
            Self::CookiesWithoutOrigin => "The request carries cookies but neither an Origin nor a Sec-Fetch-Site header.",
        }
    }
}

/// Decides. `authority` is `host[:port]` as the client sees it.
///
/// # Errors
/// The reason of a refusal.
pub fn verify(headers: &HeaderMap, authority: &str, policy: &OriginPolicy) -> Result<Allowed, Refused> {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return match site {
            Some(b"same-origin" | b"none") => Ok(Allowed::SaidByBrowser),
            Some(_) => Err(Refused::CrossSite),
            None if headers.contains_key(header::COOKIE) => Err(Refused::CookiesWithoutOrigin),
            None => Ok(Allowed::NoCredentials),
        };
    };
    if origins.next().is_some() {
        return Err(Refused::BadOrigin);
    }
    let origin = origin.to_str().map_err(|_| Refused::BadOrigin)?;
    if origin == "null" {
        return Err(Refused::NullOrigin);
    }
    let host = origin_host(origin).ok_or(Refused::BadOrigin)?;
    if policy.allowed.iter().any(|pattern| matches_pattern(&host, pattern)) {
        return Ok(Allowed::Listed);
    }
    if !host.eq_ignore_ascii_case(authority) {
        return Err(Refused::OtherOrigin);
    }
    if site == Some(b"cross-site") {
        Err(Refused::CrossSite)
    } else {
        Ok(Allowed::SameHost)
    }
}

/// `host[:port]` of an origin, in lower case.
fn origin_host(origin: &str) -> Option<String> {
    let (scheme, rest) = origin.split_once("://")?;
    let known = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !scheme.is_empty();
    (known && crate::forwarded::is_authority(rest)).then(|| rest.to_ascii_lowercase())
}

/// Next behaviour 3.12: labels are compared from the end; a port is part of the last one.
fn matches_pattern(host: &str, pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if pattern.is_empty() || pattern == "*" || pattern == "**" {
        return false;
    }
    let host: Vec<&str> = host.split('.').collect();
    let labels: Vec<&str> = pattern.split('.').collect();
    let fits = |host: &[&str], labels: &[&str]| {
        host.len() == labels.len() && host.iter().zip(labels).all(|(have, want)| *want == "*" || have == want)
    };
    match labels.split_first() {
        Some((&"**", rest)) => host.len() > rest.len() && fits(host.get(host.len() - rest.len()..).unwrap_or_default(), rest),
        _ => fits(&host, &labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    const HOST: &str = "shop.example:3000";

    fn decide(list: &[(&'static str, &'static str)], allowed: &[&str]) -> Result<Allowed, Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        verify(
            &headers,
            HOST,
            &OriginPolicy {
                allowed: allowed.iter().map(|text| (*text).to_owned()).collect(),
            },
        )
    }

    #[test]
    fn the_table_of_decisions() {
        let own = ("origin", "http://shop.example:3000");
        let evil = ("origin", "https://evil.example");
        let cookie = ("cookie", "session=1");
        let (cross, same, same_site, none) = (
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        );
        for (headers, expected) in [
            (vec![own], Ok(Allowed::SameHost)),
            (vec![own, cookie], Ok(Allowed::SameHost)),
            (vec![own, same, cookie], Ok(Allowed::SameHost)),
            (vec![own, same_site, cookie], Ok(Allowed::SameHost)),
            (vec![own, cross, cookie], Err(Refused::CrossSite)),
            (vec![("origin", "https://shop.example:3000")], Ok(Allowed::SameHost)),
            (vec![("origin", "http://SHOP.example:3000")], Ok(Allowed::SameHost)),
            (vec![("origin", "http://shop.example")], Err(Refused::OtherOrigin)),
            (vec![("origin", "http://shop.example:9")], Err(Refused::OtherOrigin)),
            (
                vec![("origin", "http://shop.example:3000.evil.example")],
                Err(Refused::BadOrigin),
            ),
            (
                vec![("origin", "http://shop.example.evil.example:3000")],
                Err(Refused::OtherOrigin),
            ),
            (
                vec![("origin", "http://shop.example:3000@evil.example")],
                Err(Refused::BadOrigin),
            ),
            (vec![evil], Err(Refused::OtherOrigin)),
            (vec![evil, same], Err(Refused::OtherOrigin)),
            (vec![("origin", "null")], Err(Refused::NullOrigin)),
            (vec![("origin", "null"), same], Err(Refused::NullOrigin)),
            (vec![("origin", "garbage")], Err(Refused::BadOrigin)),
            (vec![("origin", "")], Err(Refused::BadOrigin)),
            (vec![own, own], Err(Refused::BadOrigin)),
            (vec![own, evil], Err(Refused::BadOrigin)),
            (vec![], Ok(Allowed::NoCredentials)),
            (vec![cookie], Err(Refused::CookiesWithoutOrigin)),
            (vec![same, cookie], Ok(Allowed::SaidByBrowser)),
            (vec![none, cookie], Ok(Allowed::SaidByBrowser)),
            (vec![same_site], Err(Refused::CrossSite)),
            (vec![cross, cookie], Err(Refused::CrossSite)),
        ] {
            assert_eq!(decide(&headers, &[]), expected, "{headers:?}");
        }
    }

    #[test]
    fn allowed_origins_are_hosts_with_wildcards_for_labels() {
        for (pattern, host, allowed) in [
            ("trusted.example", "https://trusted.example", true),
            ("CamelCase.Example", "https://camelcase.example", true),
            ("*.ok.com", "https://a.ok.com", true),
            ("*.ok.com", "https://ok.com", false),
            ("*.ok.com", "https://b.a.ok.com", false),
            ("*.ok.com", "https://a.ok.com:3000", false),
            ("**.deep.com", "https://y.x.deep.com", true),
            ("**.deep.com", "https://deep.com", false),
            ("ports.example:8443", "https://ports.example:8443", true),
            ("ports.example:8443", "https://ports.example", false),
            ("*", "https://evil.example", false),
            ("**", "https://evil.example", false),
        ] {
            assert_eq!(decide(&[("origin", host)], &[pattern]).is_ok(), allowed, "{pattern} {host}");
        }
        assert_eq!(
            decide(
                &[("origin", "https://trusted.example"), ("sec-fetch-site", "cross-site")],
                &["trusted.example"]
            ),
            Ok(Allowed::Listed)
        );
    }

    #[test]
    fn every_combination_has_a_decision_and_foreign_origins_are_never_allowed() {
        let origins = [
            None,
            Some("http://shop.example:3000"),
            Some("https://evil.example"),
            Some("null"),
            Some("x"),
        ];
        let sites = [
            None,
            Some("same-origin"),
            Some("same-site"),
            Some("cross-site"),
            Some("none"),
            Some("?"),
        ];
        for origin in origins {
            for site in sites {
                for cookie in [None, Some("a=1")] {
                    let list: Vec<_> = [("origin", origin), ("sec-fetch-site", site), ("cookie", cookie)]
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value?)))
                        .collect();
                    let decision = decide(&list, &[]);
                    let foreign = matches!(origin, Some("https://evil.example" | "null" | "x")) || site == Some("cross-site");
                    assert!(!(foreign && decision.is_ok()), "{list:?}: {decision:?}");
                }
            }
        }
    }
}
