//! Whom a rule counts for: the digest that a worker names, and where it asks for that, the network that the request came from.

use ironside_worker::JobInfo;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv6Addr};

/// A name that meets another one by chance only.
pub(crate) type Subject = [u8; 16];

/// The subject of a worker's `key`. With `by_client` it is another one for each client.
pub(crate) fn subject(job: &JobInfo, key: &[u8], by_client: bool) -> Subject {
    let mut hash = Sha256::new();
    hash.update(u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
    hash.update(key);
    if by_client {
        hash.update(network(&job.job.client_address));
    }
    let mut subject = Subject::default();
    subject.copy_from_slice(&hash.finalize()[..16]);
    subject
}

/// The address as far as it tells clients apart: of IPv6 the first 64 bits, as a client has all addresses below them.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
        },
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_worker::wire::JobKind;
    use ironside_worker::{Job, WorkerId};
    use std::sync::Arc;

    fn from(address: &str) -> JobInfo {
        let job = Job {
            client_address: address.into(),
            ..Job::new(JobKind::Action)
        };
        JobInfo {
            worker: WorkerId(1),
            id: 1,
            job: Arc::new(job),
        }
    }

    #[test]
    fn clients_are_told_apart_by_their_network() {
        let of = |address: &str| subject(&from(address), b"login", true);
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
    }

    #[test]
    fn keys_are_told_apart_and_clients_only_where_asked() {
        let (one, two) = (from("10.0.0.1"), from("10.0.0.2"));
        assert_eq!(subject(&one, b"a", false), subject(&two, b"a", false));
        assert_ne!(subject(&one, b"a", false), subject(&one, b"b", false));
        assert_ne!(subject(&one, b"a", false), subject(&one, b"a", true));
    }
}
