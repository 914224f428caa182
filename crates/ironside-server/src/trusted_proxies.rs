//! The proxies whose word about their clients is believed, by address.

use std::net::IpAddr;
use thiserror::Error;

/// A network of trusted proxies that can't be read.
#[derive(Debug, Error)]
#[error(
    "{0:?} is neither an address, nor a network such as 10.0.0.0/8, nor one of loopback, private, link-local, all, none (which stands alone)"
)]
pub struct NetworkError(String);

/// Peers whose forwarded headers are believed.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    networks: Vec<(u128, u32)>,
    loopback: bool,
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            loopback: true,
        }
    }
}

/// Words for networks.
const WORDS: [(&str, &[&str]); 4] = [
    ("loopback", &[]),
    ("private", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
    ("link-local", &["169.254.0.0/16", "fe80::/10"]),
    ("all", &["0.0.0.0/0", "::/0"]),
];

impl TrustedProxies {
    /// Reads a list of addresses, networks and words: `private` (10/8, 172.16/12, 192.168/16, fc00::/7), `link-local`
    /// (169.254/16, fe80::/10), `loopback`, `all`. Loopback addresses always belong to it, since what runs on this machine can
    /// reach the server anyway; `none` as the only item leaves even them out.
    ///
    /// # Errors
    /// When an item is nothing of the kind.
    pub fn new(list: &[String]) -> Result<Self, NetworkError> {
        if let [only] = list
            && only.trim() == "none"
        {
            return Ok(Self {
                networks: Vec::new(),
                loopback: false,
            });
        }
        let mut networks = Vec::new();
        for text in list {
            let word = WORDS.iter().find(|(word, _)| *word == text.trim());
            let named = word.map_or_else(|| vec![text.as_str()], |(_, networks)| networks.to_vec());
            for text in named {
                networks.push(network(text).ok_or_else(|| NetworkError(text.to_owned()))?);
            }
        }
        Ok(Self {
            networks,
            loopback: true,
        })
    }

    /// Whether a peer is trusted.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let bits = as_v6(address);
        (self.loopback && address.to_canonical().is_loopback())
            || self
                .networks
                .iter()
                .any(|(network, prefix)| masked(bits, *prefix) == *network)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(list: &[&str], address: &str) -> bool {
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::new(&list).unwrap().trust(address.parse().unwrap())
    }

    #[test]
    fn networks_and_words_hold_for_their_addresses() {
        for (list, address, expected) in [
            (&[][..], "127.0.0.1", true),
            (&[], "::1", true),
            (&[], "10.0.0.1", false),
            (&["10.0.0.0/8"], "10.200.0.1", true),
            (&["10.0.0.0/8"], "::ffff:10.200.0.1", true),
            (&["10.0.0.0/8"], "11.0.0.1", false),
            (&["10.0.0.0/8"], "127.0.0.1", true),
            (&["2001:db8::/32"], "2001:db8::1", true),
            (&["203.0.113.7"], "203.0.113.7", true),
            (&["203.0.113.7"], "203.0.113.8", false),
            (&["private"], "192.168.3.4", true),
            (&["private"], "172.31.0.1", true),
            (&["private"], "172.32.0.1", false),
            (&["private"], "fd00::1", true),
            (&["private", "link-local"], "fe80::1", true),
            (&["all"], "8.8.8.8", true),
            (&["all"], "2001:db8::1", true),
            (&["none"], "127.0.0.1", false),
        ] {
            assert_eq!(trust(list, address), expected, "{list:?} {address}");
        }
    }

    #[test]
    fn networks_with_mistakes_are_refused() {
        for text in ["10.0.0.0/33", "ten", "10.0.0", "::1/129", "", "Private"] {
            assert!(TrustedProxies::new(&[text.into()]).is_err(), "{text}");
        }
        let error = TrustedProxies::new(&["none".into(), "10.0.0.0/8".into()]).unwrap_err();
        assert!(error.to_string().contains("stands alone"), "{error}");
    }
}
