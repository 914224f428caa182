//! Who the client is and how it came. See [`crate::forwarded`].

use crate::exchange::Exchange;
use crate::forwarded::{self, Arrival};
use crate::pipeline::Step;
use crate::site::Site;
use http::{HeaderValue, header};

/// Fills in the headers of a request that is like the one before it on its connection. What is answered without code and rules never
/// looks at them, so it is done as late as that is known.
pub fn complete(exchange: &mut Exchange) {
    if let Some(plain) = exchange.recalled.take() {
        plain.fill(&mut exchange.headers);
    }
}

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    if let Some(plain) = &exchange.recalled {
        exchange.client = plain.client().clone();
        if !site.deployment.router.rules.is_empty() {
            complete(exchange);
        }
        return Step::Continue;
    }
    let host = forwarded::requested_host(&exchange.headers, &exchange.uri)
        .unwrap_or("localhost")
        .to_owned();
    // HTTP/2 names the host in the target; applications look for it in a header.
    if !exchange.headers.contains_key(header::HOST)
        && let Ok(value) = HeaderValue::from_str(&host)
    {
        exchange.headers.insert(header::HOST, value);
    }
    let is_plain = forwarded::is_plain(&exchange.headers, &exchange.uri);
    let arrival = Arrival {
        peer: exchange.peer.ip(),
        host: &host,
        is_secure: exchange.is_secure,
    };
    exchange.client = forwarded::settle(&mut exchange.headers, arrival, &site.house.trusted);
    if is_plain
        && let Some(arrivals) = &exchange.arrivals
        && let Some(host) = exchange.headers.get(header::HOST)
    {
        arrivals.remember(host, &exchange.headers, &exchange.client);
    }
    Step::Continue
}
