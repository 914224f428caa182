//! Who the client is and how it came. See [`crate::forwarded`].

use crate::exchange::Exchange;
use crate::forwarded::{self, Arrival};
use crate::pipeline::Step;
use crate::site::Site;
use http::{HeaderValue, header};

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let host = forwarded::requested_host(&exchange.headers, &exchange.uri).unwrap_or_else(|| "localhost".to_owned());
    // HTTP/2 names the host in the target; applications look for it in a header.
    if !exchange.headers.contains_key(header::HOST)
        && let Ok(value) = HeaderValue::from_str(&host)
    {
        exchange.headers.insert(header::HOST, value);
    }
    let arrival = Arrival {
        peer: exchange.peer.ip(),
        host: &host,
        is_secure: exchange.is_secure,
    };
    exchange.client = forwarded::settle(&mut exchange.headers, arrival, &site.house.trusted);
    Step::Continue
}
