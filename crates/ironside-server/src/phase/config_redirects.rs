//! Carries out the redirects of `next.config`; the first rule that applies wins.

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::response::Answer;
use crate::site::Site;
use http::{HeaderValue, StatusCode, header};

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let asked = exchange.asked();
    let base_path = &site.deployment.manifest.config.base_path;
    let found = site
        .deployment
        .router
        .rules
        .redirects
        .iter()
        .find_map(|rule| rule.answer(&asked, base_path));
    match found {
        Some((status, location)) => {
            let answer = Answer::redirect(status, &location, "config_redirect");
            // For clients that are older than the status (Next behaviour 7.29).
            match HeaderValue::from_str(&format!("0;url={location}")) {
                Ok(refresh) if status == StatusCode::PERMANENT_REDIRECT => Step::answer(answer.with(header::REFRESH, refresh)),
                _ => Step::answer(answer),
            }
        }
        None => Step::Continue,
    }
}
