//! The one form of the path on which all that follows decides. See [`crate::url`].

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::rejection::Rejection;
use crate::response::Answer;
use crate::site::Site;
use crate::url::{Canonical, canonicalise};

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, _site: &Site) -> Step {
    exchange.query = exchange.uri.query().unwrap_or_default().to_owned();
    match canonicalise(exchange.uri.path()) {
        Ok(Canonical::Path(path)) => {
            exchange.full_path = path;
            Step::Continue
        }
        Ok(Canonical::Redirect(path)) => Step::answer(Answer::moved(&with_query(&path, &exchange.query), "canonical_url")),
        Err(error) => Step::Reject(Rejection::BadUrl(error)),
    }
}

/// A path with its query, for `Location`.
#[must_use]
pub fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}
