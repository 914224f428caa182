//! Who the client is and how it came, where a proxy stands between: `X-Forwarded-*` of peers that are trusted.
//!
//! # When this weakens
//! A trusted proxy that passes on `X-Forwarded-Host` of its own clients unchecked lets them choose the host that the
//! origin check compares with. It has to overwrite the header.

use http::{HeaderMap, HeaderValue, header};
use std::net::{IpAddr, Ipv6Addr};
use thiserror::Error;

/// A network of trusted proxies that can't be read.
#[derive(Debug, Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct NetworkError(String);

/// Peers whose forwarded headers are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<(u128, u32)>);

impl TrustedProxies {
    /// Reads a list of addresses and networks.
    ///
    /// # Errors
    /// When one of them is neither.
    pub fn new(list: &[String]) -> Result<Self, NetworkError> {
        list.iter()
            .map(|text| network(text).ok_or_else(|| NetworkError(text.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a peer is trusted. Loopback addresses always are: what runs on this machine can reach the server anyway.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let bits = as_v6(address);
        address.to_canonical().is_loopback() || self.0.iter().any(|(network, prefix)| masked(bits, *prefix) == *network)
    }
}

fn network(text: &str) -> Option<(u128, u32)> {
    let (address, prefix) = text
        .trim()
        .split_once('/')
        .map_or((text.trim(), None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let (width, shift) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
    let prefix: u32 = prefix.map_or(Some(width), |prefix| prefix.parse().ok().filter(|prefix| *prefix <= width))?;
    Some((masked(as_v6(address), prefix + shift), prefix + shift))
}

fn as_v6(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn masked(bits: u128, prefix: u32) -> u128 {
    bits & u128::MAX.checked_shl(128 - prefix).unwrap_or(0)
}

/// How the client sees this server, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Whether it came by `https`.
    pub https: bool,
    /// `host[:port]`, in lower case.
    pub authority: String,
    /// Its address.
    pub address: IpAddr,
}

impl Client {
    /// The host without port.
    #[must_use]
    pub fn host(&self) -> &str {
        split_port(&self.authority).0
    }

    /// The port that the client used.
    #[must_use]
    pub fn port(&self) -> &str {
        split_port(&self.authority).1.unwrap_or(if self.https { "443" } else { "80" })
    }
}

/// `host:port` in its parts; an IPv6 address keeps its brackets.
#[must_use]
pub fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const PROTO: &str = "x-forwarded-proto";
const FOR: &str = "x-forwarded-for";

/// Works out who the client is, and makes the forwarded headers agree: those of a peer that isn't trusted are dropped, and
/// those that are missing are filled in, as applications expect them.
pub fn settle(headers: &mut HeaderMap, peer: IpAddr, host: &str, trusted: &TrustedProxies) -> Client {
    let peer = peer.to_canonical();
    if !trusted.trust(peer) {
        for name in [HOST, PORT, PROTO, FOR, "forwarded"] {
            headers.remove(name);
        }
    }
    let https = first(headers, PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    let authority = first(headers, HOST)
        .filter(|host| is_authority(host))
        .unwrap_or_else(|| host.to_owned())
        .to_ascii_lowercase();
    let address = client_address(headers, peer, trusted);
    let client = Client {
        https,
        authority,
        address,
    };
    for (name, value) in [
        (HOST, client.authority.clone()),
        (PORT, client.port().to_owned()),
        (PROTO, if https { "https" } else { "http" }.to_owned()),
        (FOR, peer.to_string()),
    ] {
        if !headers.contains_key(name)
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            headers.insert(name, value);
        }
    }
    client
}

/// The first item of a list header.
fn first(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let item = value.split(',').next()?.trim();
    (!item.is_empty()).then(|| item.to_owned())
}

/// The nearest address that is not one of a trusted proxy, read from the end that our own proxies have written.
fn client_address(headers: &HeaderMap, peer: IpAddr, trusted: &TrustedProxies) -> IpAddr {
    if !trusted.trust(peer) {
        return peer;
    }
    let mut nearest = peer;
    let values: Vec<&str> = headers.get_all(FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    for item in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let item = item.trim();
        let bare = item
            .parse()
            .ok()
            .or_else(|| split_port(item).0.trim_matches(['[', ']']).parse().ok());
        let Some(address) = bare else { break };
        nearest = address;
        if !trusted.trust(address) {
            break;
        }
    }
    nearest
}

/// Whether a text can stand as `host[:port]`: nothing that would end the host in a URL.
#[must_use]
pub fn is_authority(text: &str) -> bool {
    let (host, _) = split_port(text);
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        }
    }
}

/// The host that the request names, if it is one.
#[must_use]
pub fn requested_host(headers: &HeaderMap, uri: &http::Uri) -> Option<String> {
    let named = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    is_authority(named).then(|| named.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_loopback_peer_is_believed_and_the_first_host_counts() {
        let mut headers = sent(&[
            ("x-forwarded-host", "Public.example, b.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.5"),
        ]);
        let client = settle(&mut headers, ip("127.0.0.1"), "localhost:3000", &TrustedProxies::default());
        assert_eq!(
            client,
            Client {
                https: true,
                authority: "public.example".into(),
                address: ip("203.0.113.5")
            }
        );
        assert_eq!(client.port(), "443");
    }

    #[test]
    fn anybody_else_is_not_believed() {
        let mut headers = sent(&[
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "host=evil"),
        ]);
        let client = settle(
            &mut headers,
            ip("198.51.100.7"),
            "shop.example:8080",
            &TrustedProxies::default(),
        );
        assert_eq!(
            client,
            Client {
                https: false,
                authority: "shop.example:8080".into(),
                address: ip("198.51.100.7")
            }
        );
        assert_eq!(headers["x-forwarded-host"], "shop.example:8080");
        assert_eq!(headers["x-forwarded-port"], "8080");
        assert_eq!(headers["x-forwarded-for"], "198.51.100.7");
        assert!(!headers.contains_key("forwarded"));
    }

    #[test]
    fn the_client_is_the_nearest_address_that_is_no_proxy_of_ours() {
        let trusted = TrustedProxies::new(&["10.0.0.0/8".into(), "2001:db8::/32".into()]).unwrap();
        let mut headers = sent(&[("x-forwarded-for", "1.1.1.1, 203.0.113.5:443, 10.1.2.3")]);
        assert_eq!(
            settle(&mut headers, ip("::ffff:10.9.9.9"), "h", &trusted).address,
            ip("203.0.113.5")
        );
        assert!(trusted.trust(ip("2001:db8::1")) && !trusted.trust(ip("11.0.0.1")));
    }

    #[test]
    fn networks_with_mistakes_are_refused() {
        for text in ["10.0.0.0/33", "ten", "10.0.0", "::1/129", ""] {
            assert!(TrustedProxies::new(&[text.into()]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for good in ["localhost", "a.example:80", "[::1]:3000", "127.0.0.1", "xn--caf-dma.example"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in ["", "a b", "a/b", "user@host", "a?b", "[::1", "::1", "a:b", "host#x"] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
