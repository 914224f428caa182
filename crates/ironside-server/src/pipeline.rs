//! The straight list of phases that every request passes, whatever it asks for, and then its handler. A phase settles one
//! question; none calls another. `ironside routes --phases` prints the list.

use crate::exchange::Exchange;
use crate::handler;
use crate::phase;
use crate::rejection::Rejection;
use crate::response::Answer;
use crate::site::Site;
use crate::telemetry::action_watch;

/// What a phase decided.
#[derive(Debug)]
pub enum Step {
    /// Go on.
    Continue,
    /// This is the answer. In a box, since a step is moved for every phase, and hardly any answers.
    Answer(Box<Answer>),
    /// It is refused.
    Reject(Rejection),
}

impl Step {
    /// This is the answer.
    #[must_use]
    pub fn answer(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

/// What came of a phase.
enum Settled {
    Now(Step),
    /// The proxy has to be asked.
    ByProxy,
    /// The firewall reads the body.
    ByFirewall,
}

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by `about`")]
pub enum Phase {
    Admission,
    CanonicalUrl,
    InternalHeaders,
    ForwardedHeaders,
    BasePath,
    TrailingSlash,
    ConfigHeaders,
    ConfigRedirects,
    Navigation,
    Proxy,
    Route,
    Csrf,
    Action,
    Firewall,
}

impl Phase {
    /// All phases in their order.
    pub const ALL: [Self; 14] = [
        Self::Admission,
        Self::CanonicalUrl,
        Self::InternalHeaders,
        Self::ForwardedHeaders,
        Self::BasePath,
        Self::TrailingSlash,
        Self::ConfigHeaders,
        Self::ConfigRedirects,
        Self::Navigation,
        Self::Proxy,
        Self::Route,
        // After the route, because it concerns pages only and the proxy may change what the request is for: so it is
        // decided once, on what is really going to answer.
        Self::Csrf,
        Self::Action,
        Self::Firewall,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::CanonicalUrl => "canonical_url",
            Self::InternalHeaders => "internal_headers",
            Self::ForwardedHeaders => "forwarded_headers",
            Self::BasePath => "base_path",
            Self::TrailingSlash => "trailing_slash",
            Self::ConfigHeaders => "config_headers",
            Self::ConfigRedirects => "config_redirects",
            Self::Navigation => "navigation",
            Self::Proxy => "proxy",
            Self::Route => "route",
            Self::Csrf => "csrf",
            Self::Action => "action",
            Self::Firewall => "firewall",
        }
    }

    /// What it settles, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Admission => {
                "refuses unknown methods, ambiguous heads, missing or contradicting hosts, and URLs that are too long"
            }
            Self::CanonicalUrl => "brings the path into its one form; redirects // and \\, refuses malformed encodings",
            Self::InternalHeaders => "takes away headers that only the server itself may set",
            Self::ForwardedHeaders => "finds out who the client is; believes X-Forwarded-* of trusted proxies only",
            Self::BasePath => "takes basePath off",
            Self::TrailingSlash => "redirects to the form that trailingSlash wants",
            Self::ConfigHeaders => "notes the headers that next.config adds to the answer",
            Self::ConfigRedirects => "carries out the redirects of next.config",
            Self::Navigation => "tells documents from payloads and prefetches; checks _rsc",
            Self::Proxy => "runs proxy.ts where its matcher applies",
            Self::Route => "follows rewrites and finds the file or route that answers",
            Self::Csrf => "refuses action posts of other sites",
            Self::Action => "refuses unknown actions and bodies that are announced to be too large",
            Self::Firewall => "reads the body of an action and refuses what no React client sends",
        }
    }

    /// Settles its question. Only the proxy and the firewall have to wait for something; all others answer at once.
    fn settle(self, exchange: &mut Exchange, site: &Site) -> Settled {
        Settled::Now(match self {
            Self::Admission => phase::admission::run(exchange, site),
            Self::CanonicalUrl => phase::canonical_url::run(exchange, site),
            Self::InternalHeaders => phase::internal_headers::run(exchange, site),
            Self::ForwardedHeaders => phase::forwarded_headers::run(exchange, site),
            Self::BasePath => phase::base_path::run(exchange, site),
            Self::TrailingSlash => phase::trailing_slash::run(exchange, site),
            Self::ConfigHeaders => phase::config_headers::run(exchange, site),
            Self::ConfigRedirects => phase::config_redirects::run(exchange, site),
            Self::Navigation => phase::navigation::run(exchange, site),
            Self::Proxy if phase::proxy::applies(exchange, site) => return Settled::ByProxy,
            Self::Proxy => Step::Continue,
            Self::Route => phase::route::run(exchange, site),
            Self::Csrf => phase::csrf::run(exchange, site),
            Self::Action => phase::action::run(exchange, site),
            Self::Firewall if exchange.action.is_some() => return Settled::ByFirewall,
            Self::Firewall => Step::Continue,
        })
    }
}

/// What is left to do for a request after [`at_once`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// The phases that have been passed.
    passed: usize,
}

/// Answers a request, if nothing has to be waited for: a refusal, a redirect, a page that is stored, a file that is in memory.
/// Most requests of most sites end here, without a future.
///
/// # Errors
/// If something has to be waited for; [`answer`] goes on from there.
pub fn at_once(exchange: &mut Exchange, site: &Site) -> Result<Answer, Rest> {
    let answered = pass(exchange, site);
    if answered.is_err() {
        phase::forwarded_headers::complete(exchange);
    }
    answered
}

fn pass(exchange: &mut Exchange, site: &Site) -> Result<Answer, Rest> {
    for (passed, phase) in Phase::ALL.into_iter().enumerate() {
        let Settled::Now(step) = phase.settle(exchange, site) else {
            return Err(Rest { passed });
        };
        if let Some(answer) = conclude(phase, step, exchange, site) {
            return Ok(answer);
        }
    }
    let passed = Phase::ALL.len();
    handler::at_hand(exchange, site).ok_or(Rest { passed })
}

/// Answers a request from where [`at_once`] had to leave it.
pub async fn answer(exchange: &mut Exchange, site: &Site, rest: Rest) -> Answer {
    for phase in Phase::ALL.into_iter().skip(rest.passed) {
        let step = match phase.settle(exchange, site) {
            Settled::Now(step) => step,
            // In a box, or every request would carry the room for it.
            Settled::ByProxy => Box::pin(phase::proxy::run(exchange, site)).await,
            Settled::ByFirewall => Box::pin(phase::firewall::run(exchange, site)).await,
        };
        if let Some(answer) = conclude(phase, step, exchange, site) {
            return answer;
        }
    }
    handler::answer(exchange, site).await
}

/// The answer, if a phase has come to one.
fn conclude(phase: Phase, step: Step, exchange: &mut Exchange, site: &Site) -> Option<Answer> {
    match step {
        Step::Continue => None,
        Step::Answer(answer) => Some(*answer),
        Step::Reject(rejection) => {
            exchange.is_last |= rejection.ends_connection();
            if matches!(phase, Phase::Csrf | Phase::Action | Phase::Firewall) {
                return Some(action_watch::refuse(site, exchange, rejection));
            }
            Some(rejection.answer())
        }
    }
}

/// How far a request gets by what is known without running any of the application's code.
#[derive(Debug)]
pub(crate) enum Reached {
    /// To its target, which the exchange has now.
    Target,
    /// A phase answers it.
    Answered(Phase, Answer),
    /// A phase refuses it.
    Refused(Phase, Rejection),
}

/// Takes a request through the phases up to its target, for somebody who wants to know what would answer it. `true` beside it: the
/// proxy would run, and what it would decide is not known.
pub(crate) fn reach(exchange: &mut Exchange, site: &Site) -> (Reached, bool) {
    let mut asks_proxy = false;
    for phase in Phase::ALL {
        let step = match phase.settle(exchange, site) {
            Settled::Now(step) => step,
            Settled::ByProxy | Settled::ByFirewall => {
                asks_proxy |= phase == Phase::Proxy;
                Step::Continue
            }
        };
        match step {
            Step::Continue if phase == Phase::Route => break,
            Step::Continue => {}
            Step::Answer(answer) => return (Reached::Answered(phase, *answer), asks_proxy),
            Step::Reject(rejection) => return (Reached::Refused(phase, rejection), asks_proxy),
        }
    }
    (Reached::Target, asks_proxy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_decides_on_a_path_before_it_is_canonical_nor_on_a_route_before_the_proxy() {
        let at = |wanted: Phase| Phase::ALL.iter().position(|phase| *phase == wanted).unwrap();
        for later in [Phase::BasePath, Phase::ConfigRedirects, Phase::Proxy, Phase::Route] {
            assert!(at(Phase::CanonicalUrl) < at(later), "{}", later.name());
        }
        assert!(at(Phase::InternalHeaders) < at(Phase::ForwardedHeaders));
        assert!(at(Phase::Proxy) < at(Phase::Route) && at(Phase::Route) < at(Phase::Csrf) && at(Phase::Csrf) < at(Phase::Action));
    }
}
