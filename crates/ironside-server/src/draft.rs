//! Draft mode: a cookie that only this application's server can have set lets an editor see what is not published. Such
//! requests neither read the cache, nor fill it, nor wait for somebody who does.

use crate::query;
use http::HeaderMap;
use sha2::{Digest, Sha256};

/// The cookie's name.
pub const COOKIE: &str = "__prerender_bypass";

const BLOCK: usize = 64;

/// The cookie's value for a server key: 32 hex digits of `HMAC-SHA-256(key, "ironside draft mode")`. The worker computes
/// the same.
#[must_use]
pub fn id(key: &[u8]) -> String {
    let mut block = [0u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(b"ironside draft mode")
        .finalize();
    let outer = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize();
    outer.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a request is in draft mode. Without an id nobody can tell, so the cookie's presence counts.
#[must_use]
pub fn is_on(headers: &HeaderMap, id: Option<&str>) -> bool {
    let Some(value) = query::cookie(headers, COOKIE) else {
        return false;
    };
    id.is_none_or(|id| same(value.as_bytes(), id.as_bytes()))
}

/// Compares without telling by the time taken how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_id_is_the_one_that_the_worker_computes() {
        // node -e "console.log(require('crypto').createHmac('sha256','k'.repeat(32)).update('ironside draft mode').digest('hex').slice(0,32))"
        assert_eq!(id(&[b'k'; 32]), NODE_32);
        assert_eq!(id(&[b'k'; 100]), NODE_100);
    }

    const NODE_32: &str = "6bd276c9c858abb190dc08934e37e004";
    const NODE_100: &str = "c18e2e953b0c167e28621717d5741313";

    #[test]
    fn only_the_right_value_counts_where_it_is_known() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_static("__prerender_bypass=forged"));
        assert!(is_on(&headers, None));
        assert!(!is_on(&headers, Some("real")));
        assert!(is_on(&headers, Some("forged")));
        assert!(!is_on(&HeaderMap::new(), None));
    }
}
