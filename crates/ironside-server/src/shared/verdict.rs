//! What becomes of an answer that was made for everybody, once its outcome is known: a pure decision.

use super::reason::Reason;
use crate::routes::RouteInfo;
use http::{HeaderMap, StatusCode, header};
use ironside_cache::Lifetime;
use ironside_worker::Outcome;
use ironside_worker::wire::JobResult;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Store(Lifetime),
    /// It belongs to one visitor, and why.
    NotShared(Reason),
    /// It failed.
    Failed,
}

/// Statuses that mean the same for everybody. 204 and 206 are not among them, nor is any error of the server.
const STATUSES: [u16; 12] = [200, 203, 301, 302, 303, 307, 308, 401, 403, 404, 410, 451];

/// Decides. `expire` is the application's `expireTime`.
#[must_use]
pub fn judge(status: StatusCode, headers: &HeaderMap, outcome: &Outcome, info: &RouteInfo, expire: u64) -> Verdict {
    if let Some(reason) = outcome.dynamic {
        return Verdict::NotShared(reason.into());
    }
    if !matches!(outcome.result, JobResult::Ok | JobResult::Redirect | JobResult::NotFound)
        || outcome.error.is_some()
        || status.is_server_error()
    {
        return Verdict::Failed;
    }
    // Code that declares its answer to be everybody's means the rest of it: a stored answer never carries a cookie.
    if headers.contains_key(header::SET_COOKIE) && !info.is_declared_static {
        return Verdict::NotShared(Reason::SetCookie);
    }
    if !STATUSES.contains(&status.as_u16()) {
        return Verdict::NotShared(Reason::Status);
    }
    if says_private(headers) {
        return Verdict::NotShared(Reason::CacheControl);
    }
    let revalidate = outcome.revalidate.map(u64::from).into_iter().chain(info.revalidate).min();
    if revalidate == Some(0) {
        return Verdict::NotShared(Reason::RevalidateZero);
    }
    Verdict::Store(Lifetime {
        revalidate,
        expire: outcome
            .expire
            .map(u64::from)
            .or(revalidate.map(|revalidate| expire.max(revalidate))),
        stale: outcome.stale.map(u64::from),
    })
}

/// Whether the code itself says that its answer is not for everybody.
fn says_private(headers: &HeaderMap) -> bool {
    let control = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let private = control.flat_map(|value| value.split(',')).any(|word| {
        let word = word.trim().to_ascii_lowercase();
        word == "private" || word == "no-store" || word.starts_with("private=")
    });
    private || headers.get_all(header::VARY).iter().any(|value| value == "*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejection::Methods;
    use crate::routes::Sharing;
    use http::HeaderValue;
    use ironside_model::manifest::RouteKind;
    use ironside_worker::wire::DynamicReason;

    fn outcome() -> Outcome {
        Outcome {
            result: JobResult::Ok,
            error: None,
            dynamic: None,
            tags: Vec::new(),
            revalidate: None,
            expire: None,
            stale: None,
            revalidations: Vec::new(),
            proxy: None,
            cpu_us: 0,
            wall_us: 0,
            after: false,
        }
    }

    fn decide(status: u16, header: Option<(&'static str, &'static str)>, outcome: &Outcome, revalidate: Option<u64>) -> Verdict {
        let info = RouteInfo::bare(RouteKind::Page, Methods::READ, Sharing::Candidate, revalidate);
        let headers = header
            .into_iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        judge(StatusCode::from_u16(status).unwrap(), &headers, outcome, &info, 31_536_000)
    }

    #[test]
    fn what_read_nothing_of_the_request_is_stored_for_the_shortest_lifetime() {
        let forever = Lifetime::default();
        assert_eq!(decide(200, None, &outcome(), None), Verdict::Store(forever));
        let timed = Outcome {
            revalidate: Some(9),
            ..outcome()
        };
        let nine = Lifetime {
            revalidate: Some(9),
            expire: Some(31_536_000),
            stale: None,
        };
        assert_eq!(decide(200, None, &timed, None), Verdict::Store(nine));
        assert_eq!(decide(200, None, &timed, Some(60)), Verdict::Store(nine));
        assert_eq!(decide(404, None, &timed, Some(9)), Verdict::Store(nine));
    }

    #[test]
    fn what_belongs_to_one_visitor_or_failed_is_not() {
        let dynamic = Outcome {
            dynamic: Some(DynamicReason::Cookies),
            ..outcome()
        };
        let thrown = Outcome {
            result: JobResult::Thrown,
            ..outcome()
        };
        let zero = Outcome {
            revalidate: Some(0),
            ..outcome()
        };
        for (verdict, expected) in [
            (decide(200, None, &dynamic, None), Verdict::NotShared(Reason::Cookies)),
            (decide(500, None, &dynamic, None), Verdict::NotShared(Reason::Cookies)),
            (
                decide(200, Some(("set-cookie", "a=1")), &outcome(), None),
                Verdict::NotShared(Reason::SetCookie),
            ),
            (
                decide(200, Some(("cache-control", "Private, max-age=1")), &outcome(), None),
                Verdict::NotShared(Reason::CacheControl),
            ),
            (
                decide(200, Some(("vary", "*")), &outcome(), None),
                Verdict::NotShared(Reason::CacheControl),
            ),
            (decide(204, None, &outcome(), None), Verdict::NotShared(Reason::Status)),
            (decide(200, None, &zero, None), Verdict::NotShared(Reason::RevalidateZero)),
            (decide(500, None, &outcome(), None), Verdict::Failed),
            (decide(200, None, &thrown, None), Verdict::Failed),
        ] {
            assert_eq!(verdict, expected);
        }
    }
}
