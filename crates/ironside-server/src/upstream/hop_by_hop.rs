//! Headers that concern one connection and not the message (RFC 9110, 7.6.1): they end here, in both directions.

use http::header::{self, HeaderMap, HeaderName};

const NAMES: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];
/// Not in the RFC, but sent.
const MORE: [&str; 3] = ["proxy-connection", "http2-settings", "proxy-authentication-info"];

/// Takes them away, and those that `Connection` names.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&NAMES) {
        headers.remove(name);
    }
    for name in MORE {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_concerns_the_connection_is_gone() {
        let mut headers = HeaderMap::new();
        for name in [
            "keep-alive",
            "te",
            "upgrade",
            "transfer-encoding",
            "proxy-connection",
            "x-once",
            "x-stays",
            "cookie",
        ] {
            headers.append(name, HeaderValue::from_static("1"));
        }
        headers.append("connection", HeaderValue::from_static("close, X-Once"));
        headers.append("connection", HeaderValue::from_static("upgrade,,(junk)"));
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["cookie", "x-stays"]);
    }
}
