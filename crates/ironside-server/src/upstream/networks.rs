//! A list of networks: addresses with a prefix.

use super::options::RewriteOptionsError;
use std::net::IpAddr;

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct Networks(Vec<(IpAddr, u32)>);

impl Networks {
    /// Reads addresses and networks such as `10.0.0.0/8`.
    pub(super) fn new(list: &[String]) -> Result<Self, RewriteOptionsError> {
        list.iter()
            .map(|text| network(text.trim()).ok_or_else(|| RewriteOptionsError::Network(text.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether one of them holds the address.
    pub(super) fn hold(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, prefix)| masked(address, *prefix).is_some_and(|bits| Some(bits) == masked(*network, *prefix)))
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = text
        .split_once('/')
        .map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(most), |prefix| prefix.parse().ok())?;
    (prefix <= most).then_some((address, prefix))
}

/// The family and the first bits of an address.
fn masked(address: IpAddr, prefix: u32) -> Option<(bool, u128)> {
    let (bits, width) = match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let shift = u32::checked_sub(width, prefix)?;
    Some((width == 32, bits.checked_shr(shift).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_their_networks() {
        let list = Networks::new(&["10.0.0.0/8".into(), "fd00::/8".into(), "192.168.1.7".into()]).unwrap();
        let hold = |text: &str| list.hold(text.parse().unwrap());
        assert!(hold("10.255.0.1") && hold("fd12::1") && hold("192.168.1.7"));
        assert!(!hold("11.0.0.1") && !hold("fe80::1") && !hold("192.168.1.8") && !hold("::a00:1"));
        assert!(Networks::new(&["0.0.0.0/0".into()]).unwrap().hold("8.8.8.8".parse().unwrap()));
        for text in ["10.0.0.0/33", "ten", "::/129", "", "10.0.0.0/-1"] {
            assert!(Networks::new(&[text.into()]).is_err(), "{text}");
        }
    }
}
