//! Notes the headers that `next.config` adds to the answer. They are put in last, so they win over the application's; of
//! two rules for one header the later wins.

use crate::exchange::{Edit, Exchange};
use crate::pipeline::Step;
use crate::site::Site;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let rules = &site.deployment.router.rules.headers;
    if rules.is_empty() {
        return Step::Continue;
    }
    let asked = exchange.asked();
    let found = rules.iter().flat_map(|rule| rule.headers(&asked));
    let edits: Vec<Edit> = found
        .map(|(name, value)| Edit {
            append: name == http::header::SET_COOKIE,
            name,
            value,
        })
        .collect();
    exchange.edits.extend(edits);
    Step::Continue
}
