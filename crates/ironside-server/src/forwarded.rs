//! Who the client is and how it came, where proxies stand between: `X-Forwarded-*`, or `Forwarded` (RFC 7239), of peers that
//! are trusted. Lists are read from the right, where the nearest proxy has written, and only as far as the proxies are ours:
//! what stands further left was claimed by somebody else. The application gets the headers without those claims.
//!
//! # When this weakens
//! A trusted proxy that passes on `X-Forwarded-Host` of its own clients unchecked lets them choose the host that the
//! origin check compares with. It has to overwrite the header.

use crate::crowd;
use crate::trusted_proxies::TrustedProxies;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// How the client sees this server, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Whether it came by `https`.
    pub https: bool,
    /// `host[:port]`, in lower case.
    pub authority: Arc<str>,
    /// So many bytes of it are the host, which rules ask for again and again.
    host_length: usize,
    /// Its address.
    pub address: IpAddr,
    /// The same as text.
    pub written: Arc<str>,
    /// Whose share of the workers its requests take: its address, of IPv6 its network. `None` where many may stand behind it: a
    /// proxy of ours that doesn't tell whom it asks for.
    pub counts_for: Option<IpAddr>,
}

impl Client {
    /// A client; see the fields.
    #[must_use]
    pub fn new(https: bool, authority: &str, address: IpAddr, counts_for: Option<IpAddr>) -> Self {
        Self {
            https,
            authority: authority.into(),
            host_length: split_port(authority).0.len(),
            address,
            written: address.to_string().into(),
            counts_for,
        }
    }

    /// Nobody yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            https: false,
            authority: Arc::default(),
            host_length: 0,
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            written: Arc::default(),
            counts_for: None,
        }
    }

    /// The host without port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.get(..self.host_length).unwrap_or_default()
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

const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = header::FORWARDED;
const ALL: [HeaderName; 5] = [HOST, PORT, PROTO, FOR, FORWARDED];

/// Whether somebody says something about the client. One look over the names, since most requests have none of them.
fn is_told(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || name == "forwarded"
    })
}

/// What a connection's last plain request came to: one that no proxy tells of. Most connections ask one host for everything,
/// so for all but the first request this is a comparison.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<Option<Arc<Plain>>>);

/// A request without the word of a proxy.
#[derive(Debug)]
pub struct Plain {
    /// The `Host` header as it came. It is one.
    host: HeaderValue,
    client: Client,
    headers: [(HeaderName, HeaderValue); 4],
}

impl Arrivals {
    /// What is known about a request with this head, if it is a plain one and the last one was like it.
    #[must_use]
    pub fn recall(&self, headers: &HeaderMap, uri: &http::Uri) -> Option<Arc<Plain>> {
        let plain = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (plain_host(headers, uri)? == plain.host).then_some(plain)
    }

    /// Keeps what was found out about a request, if it is a plain one: `host` is its `Host` header, `settled` its headers after
    /// [`settle`].
    pub fn remember(&self, host: &HeaderValue, settled: &HeaderMap, client: &Client) {
        let header = |name: HeaderName| settled.get(&name).cloned().map(|value| (name, value));
        if let (Some(a), Some(b), Some(c), Some(d)) = (header(HOST), header(PROTO), header(FOR), header(PORT)) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Plain {
                // A copy, since the value is a part of the buffer that the head was read into.
                host: HeaderValue::from_bytes(host.as_bytes()).unwrap_or_else(|_| host.clone()),
                client: client.clone(),
                headers: [a, b, c, d],
            }));
        }
    }
}

impl Plain {
    /// Who the client is.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Fills in the headers that applications expect.
    pub fn fill(&self, headers: &mut HeaderMap) {
        headers.reserve(self.headers.len());
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
    }
}

/// Whether a request is one that [`Arrivals`] may keep: its one host stands in its header, and nobody tells of it.
#[must_use]
pub fn is_plain(headers: &HeaderMap, uri: &http::Uri) -> bool {
    plain_host(headers, uri).is_some()
}

/// The one host of a plain request.
fn plain_host<'a>(headers: &'a HeaderMap, uri: &http::Uri) -> Option<&'a HeaderValue> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    (hosts.next().is_none() && uri.authority().is_none() && !is_told(headers)).then_some(host)
}

/// How a request came to us, without the help of others.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The host that the request names.
    pub host: &'a str,
    /// Whether the connection is TLS.
    pub is_secure: bool,
}

/// What the proxies say, as far as they are ours.
#[derive(Debug, Default)]
struct Told {
    address: Option<IpAddr>,
    https: Option<bool>,
    host: Option<String>,
    /// The part of the list of addresses that is believed, from left to right.
    chain: Vec<String>,
}

/// Works out who the client is, and makes the forwarded headers agree: those of a peer that isn't trusted are dropped, and
/// those that are missing are filled in, as applications expect them.
pub fn settle(headers: &mut HeaderMap, arrival: Arrival<'_>, trusted: &TrustedProxies) -> Client {
    let peer = arrival.peer.to_canonical();
    let mut told = Told::default();
    if trusted.trust(peer) {
        // Whoever writes the one passes the other on as it came, so the two are never mixed.
        if [HOST, PORT, PROTO, FOR].iter().any(|name| headers.contains_key(name)) {
            headers.remove(FORWARDED);
            told = by_x_forwarded(headers, trusted);
        } else if headers.contains_key(FORWARDED) {
            told = by_forwarded(headers, trusted);
            headers.remove(FORWARDED);
        }
    } else {
        for name in ALL {
            headers.remove(name);
        }
    }
    let address = told.address.unwrap_or(peer);
    let client = Client::new(
        told.https.unwrap_or(arrival.is_secure),
        &told.host.as_deref().unwrap_or(arrival.host).to_ascii_lowercase(),
        address,
        (!trusted.trust(address)).then(|| crowd::network(address)),
    );
    let chain = if told.chain.is_empty() {
        peer.to_string()
    } else {
        told.chain.join(", ")
    };
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(HOST, &client.authority);
    set(PROTO, if client.https { "https" } else { "http" });
    set(FOR, &chain);
    if !headers.get(PORT).is_some_and(is_port)
        && let Ok(value) = HeaderValue::from_str(client.port())
    {
        headers.insert(PORT, value);
    }
    client
}

fn is_port(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|port| port.parse::<u16>().is_ok())
}

/// The items of a list header from the right.
fn from_right(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut items: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    items.reverse();
    items
}

fn by_x_forwarded(headers: &HeaderMap, trusted: &TrustedProxies) -> Told {
    let clients = from_right(headers, FOR);
    let (address, hops) = walk(clients.iter().map(|item| parse_address(item)), trusted);
    // The proxy that saw the client wrote as far from the right as its address stands; one that overwrites wrote alone.
    // Where no addresses are told there is nothing to count, and the first in a list is what the client asked for, as in
    // Next (ACT-149 of the conformance suite).
    let at = |name: HeaderName| {
        let items = from_right(headers, name);
        let place = if clients.is_empty() {
            items.len()
        } else {
            hops.max(1).min(items.len())
        };
        let place = place.checked_sub(1)?;
        items.get(place).map(|item| (*item).to_owned())
    };
    Told {
        address,
        https: at(PROTO).and_then(|proto| is_https(&proto)),
        host: at(HOST).filter(|host| is_authority(host)),
        chain: clients.iter().take(hops).rev().map(|item| (*item).to_owned()).collect(),
    }
}

fn is_https(proto: &str) -> Option<bool> {
    match proto {
        proto if proto.eq_ignore_ascii_case("https") => Some(true),
        proto if proto.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    }
}

/// One proxy's word in `Forwarded`.
#[derive(Debug, Default)]
struct Element {
    client: Option<IpAddr>,
    https: Option<bool>,
    host: Option<String>,
}

fn by_forwarded(headers: &HeaderMap, trusted: &TrustedProxies) -> Told {
    let values = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
    let mut elements: Vec<Element> = values
        .flat_map(|value| split_outside_quotes(value, ','))
        .map(|text| element(&text))
        .collect();
    elements.reverse();
    let (address, hops) = walk(elements.iter().map(|element| element.client), trusted);
    let believed = elements.get(..hops.max(1).min(elements.len())).unwrap_or_default();
    Told {
        address,
        https: believed.iter().rev().find_map(|element| element.https),
        host: believed.iter().rev().find_map(|element| element.host.clone()),
        chain: believed
            .iter()
            .rev()
            .filter_map(|element| element.client.map(|address| address.to_string()))
            .collect(),
    }
}

fn element(text: &str) -> Element {
    let mut element = Element::default();
    for pair in split_outside_quotes(text, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => element.client = parse_address(&value),
            "proto" => element.https = is_https(&value),
            "host" => element.host = Some(value).filter(|host| is_authority(host)),
            _ => {}
        }
    }
    element
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for letter in text.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            letter if letter == separator && !is_quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""))
}

/// The nearest address that is not one of a trusted proxy, and how many items from the right it stands.
fn walk(clients: impl Iterator<Item = Option<IpAddr>>, trusted: &TrustedProxies) -> (Option<IpAddr>, usize) {
    let (mut nearest, mut hops) = (None, 0);
    for client in clients {
        // What can't be read was not written by a proxy of ours, or hides the client on purpose.
        let Some(address) = client else { break };
        (nearest, hops) = (Some(address), hops + 1);
        if !trusted.trust(address) {
            break;
        }
    }
    (nearest, hops)
}

fn parse_address(item: &str) -> Option<IpAddr> {
    let bare = item
        .parse()
        .ok()
        .or_else(|| split_port(item).0.trim_matches(['[', ']']).parse().ok());
    bare.map(|address: IpAddr| address.to_canonical())
}

/// Whether a text can stand as `host[:port]`: nothing that would end the host in a URL.
#[must_use]
pub fn is_authority(text: &str) -> bool {
    let (host, port) = split_port(text);
    if port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err()) {
        return false;
    }
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
pub fn requested_host<'a>(headers: &'a HeaderMap, uri: &'a http::Uri) -> Option<&'a str> {
    let named = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    is_authority(named).then_some(named)
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

    fn from(peer: &str) -> Arrival<'static> {
        Arrival {
            peer: ip(peer),
            host: "shop.example:8080",
            is_secure: false,
        }
    }

    fn trusted(list: &[&str]) -> TrustedProxies {
        TrustedProxies::new(&list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        for list in [
            &[
                ("x-forwarded-host", "Public.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-for", "203.0.113.5"),
            ][..],
            &[("forwarded", "for=203.0.113.5:4711;proto=HTTPS;host=\"Public.example\"")],
        ] {
            let mut headers = sent(list);
            let client = settle(&mut headers, from("127.0.0.1"), &TrustedProxies::default());
            assert_eq!(
                client,
                Client::new(true, "public.example", ip("203.0.113.5"), Some(ip("203.0.113.5")))
            );
            assert_eq!(client.port(), "443");
            for (name, value) in [
                (HOST, "public.example"),
                (PROTO, "https"),
                (FOR, "203.0.113.5"),
                (PORT, "443"),
            ] {
                assert_eq!(headers[name], value, "{list:?}");
            }
            assert!(!headers.contains_key("forwarded"));
        }
    }

    #[test]
    fn anybody_else_is_not_believed() {
        let mut headers = sent(&[
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "host=evil;for=127.0.0.1"),
        ]);
        let client = settle(&mut headers, from("198.51.100.7"), &TrustedProxies::default());
        assert_eq!(
            client,
            Client::new(false, "shop.example:8080", ip("198.51.100.7"), Some(ip("198.51.100.7")))
        );
        assert_eq!(headers["x-forwarded-host"], "shop.example:8080");
        assert_eq!(headers["x-forwarded-port"], "8080");
        assert_eq!(headers["x-forwarded-for"], "198.51.100.7");
        assert!(!headers.contains_key("forwarded"));
    }

    #[test]
    fn lists_are_read_from_the_right_as_far_as_proxies_are_ours() {
        let ours = trusted(&["10.0.0.0/8", "2001:db8::/32"]);
        let mut headers = sent(&[
            ("x-forwarded-for", "1.1.1.1, 203.0.113.5:443, 10.1.2.3"),
            ("x-forwarded-proto", "http, https, http"),
            ("x-forwarded-host", "evil.example, shop.example, inner.example"),
        ]);
        let client = settle(&mut headers, from("::ffff:10.9.9.9"), &ours);
        assert_eq!(
            (client.address, client.https, &*client.authority),
            (ip("203.0.113.5"), true, "shop.example")
        );
        assert_eq!(headers[FOR], "203.0.113.5:443, 10.1.2.3", "what was only claimed is gone");
        let mut headers = sent(&[(
            "forwarded",
            "for=1.1.1.1;host=evil.example, for=\"[2001:db9::1]:4711\";proto=https;host=shop.example, for=10.1.2.3;host=inner.example",
        )]);
        let client = settle(&mut headers, from("10.9.9.9"), &ours);
        assert_eq!(
            (client.address, client.https, &*client.authority),
            (ip("2001:db9::1"), true, "shop.example")
        );
        assert_eq!(headers[FOR], "2001:db9::1, 10.1.2.3");
    }

    #[test]
    fn one_word_of_the_nearest_proxy_holds_for_all_of_the_way() {
        let mut headers = sent(&[("x-forwarded-for", "203.0.113.5, 10.1.2.3"), ("x-forwarded-proto", "https")]);
        let client = settle(&mut headers, from("10.9.9.9"), &trusted(&["10.0.0.0/8"]));
        assert!(client.https && client.address == ip("203.0.113.5"));
    }

    #[test]
    fn forwarded_is_not_mixed_with_its_older_relatives() {
        let mut headers = sent(&[
            ("x-forwarded-for", "203.0.113.5"),
            ("forwarded", "for=1.1.1.1;host=evil.example"),
        ]);
        let client = settle(&mut headers, from("127.0.0.1"), &TrustedProxies::default());
        assert_eq!((client.address, &*client.authority), (ip("203.0.113.5"), "shop.example:8080"));
    }

    #[test]
    fn a_client_that_hides_leaves_the_peer() {
        for value in ["for=_hidden;proto=https", "for=unknown;proto=https", "proto=https"] {
            let mut headers = HeaderMap::new();
            headers.insert("forwarded", HeaderValue::from_static(value));
            let client = settle(&mut headers, from("127.0.0.1"), &TrustedProxies::default());
            assert_eq!((client.address, client.https), (ip("127.0.0.1"), true), "{value}");
        }
    }

    #[test]
    fn the_connection_itself_counts_where_no_proxy_says_otherwise() {
        let arrival = Arrival {
            is_secure: true,
            ..from("198.51.100.7")
        };
        let client = settle(&mut HeaderMap::new(), arrival, &TrustedProxies::default());
        assert!(client.https);
        let mut headers = sent(&[("x-forwarded-proto", "http")]);
        let arrival = Arrival {
            is_secure: true,
            ..from("127.0.0.1")
        };
        assert!(!settle(&mut headers, arrival, &TrustedProxies::default()).https);
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for good in ["localhost", "a.example:80", "[::1]:3000", "127.0.0.1", "xn--caf-dma.example"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "user@host",
            "a?b",
            "[::1",
            "::1",
            "a:b",
            "host#x",
            "a:65536",
            "a:99999999999",
        ] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
