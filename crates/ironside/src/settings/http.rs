//! `[http]` of `ironside.toml`: bounds of what a client may do, and how long it is waited for. What isn't given keeps the
//! server's default; what makes no sense is an error that names its key.

use super::{size::Size, time::Time};
use crate::exit::{Exit, Failure};
use ironside_server::Limits;
use serde::Deserialize;

/// `[http]`
#[derive(Debug, Clone, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Http {
    /// See [`Limits::header_timeout`].
    header_timeout: Option<Time>,
    /// See [`Limits::body_timeout`].
    body_timeout: Option<Time>,
    /// See [`Limits::body_rate`], in bytes a second.
    body_rate: Option<Size>,
    /// See [`Limits::body_grace`].
    body_grace: Option<Time>,
    /// See [`Limits::write_timeout`].
    write_timeout: Option<Time>,
    /// See [`Limits::headers`].
    max_headers: Option<usize>,
    /// See [`Limits::header_bytes`].
    max_header_size: Option<Size>,
    /// See [`Limits::url_bytes`].
    max_url_size: Option<Size>,
    /// See [`Limits::streams`].
    max_streams: Option<u32>,
    /// See [`Limits::requests`].
    max_requests_per_connection: Option<u64>,
    /// See [`Limits::connections`].
    max_connections: Option<usize>,
    /// See [`Limits::connections_of_one`].
    max_connections_per_client: Option<usize>,
    /// See [`Limits::drain`].
    drain_timeout: Option<Time>,
}

/// hyper's smallest buffer.
const SMALLEST_HEAD: u64 = 8 * 1024;

impl Http {
    /// The server's limits with what was given.
    ///
    /// # Errors
    /// When a value would let nobody in.
    pub(crate) fn limits(&self) -> Result<Limits, Failure> {
        self.check()?;
        let mut limits = Limits::default();
        let time = |place: &mut std::time::Duration, given: Option<Time>| {
            if let Some(Time(given)) = given {
                *place = given;
            }
        };
        time(&mut limits.header_timeout, self.header_timeout);
        time(&mut limits.body_timeout, self.body_timeout);
        time(&mut limits.body_grace, self.body_grace);
        time(&mut limits.write_timeout, self.write_timeout);
        time(&mut limits.drain, self.drain_timeout);
        let bytes = |given: Option<Size>, default: usize| {
            given.map_or(default, |Size(given)| usize::try_from(given).unwrap_or(usize::MAX))
        };
        limits.header_bytes = bytes(self.max_header_size, limits.header_bytes);
        limits.url_bytes = bytes(self.max_url_size, limits.url_bytes);
        limits.body_rate = self.body_rate.map_or(limits.body_rate, |Size(rate)| rate);
        limits.headers = self.max_headers.unwrap_or(limits.headers);
        limits.streams = self.max_streams.unwrap_or(limits.streams);
        limits.requests = self.max_requests_per_connection.unwrap_or(limits.requests);
        limits.connections = self.max_connections.unwrap_or(limits.connections);
        limits.connections_of_one = self.max_connections_per_client.unwrap_or(limits.connections_of_one);
        Ok(limits)
    }

    fn check(&self) -> Result<(), Failure> {
        let is_zero = |given: Option<Time>| given.is_some_and(|Time(given)| given.is_zero());
        let nothing = [
            ("header-timeout", is_zero(self.header_timeout)),
            ("body-timeout", is_zero(self.body_timeout)),
            ("write-timeout", is_zero(self.write_timeout)),
            ("max-headers", self.max_headers == Some(0)),
            ("max-url-size", self.max_url_size == Some(Size(0))),
            ("max-streams", self.max_streams == Some(0)),
            ("max-requests-per-connection", self.max_requests_per_connection == Some(0)),
            ("max-connections", self.max_connections == Some(0)),
            ("max-connections-per-client", self.max_connections_per_client == Some(0)),
        ];
        if let Some((key, _)) = nothing.iter().find(|(_, is_nothing)| *is_nothing) {
            return Err(Failure::new(
                Exit::Usage,
                format!("http.{key} in ironside.toml is 0, so no request could be answered"),
            )
            .hint("give a larger value, or leave it out for the default"));
        }
        match self.max_header_size {
            Some(Size(size)) if size < SMALLEST_HEAD => Err(Failure::new(
                Exit::Usage,
                format!("http.max-header-size in ironside.toml is {size} bytes, and the smallest limit is {SMALLEST_HEAD}"),
            )
            .hint("give at least \"8KB\", or leave it out for the default")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(text: &str) -> Result<Http, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn what_is_given_counts_and_the_rest_stays() {
        let limits = read("header-timeout = '5s'\nmax-header-size = '16KB'\nmax-connections = 7\nbody-rate = 0")
            .unwrap()
            .limits()
            .unwrap();
        assert_eq!(limits.header_timeout, Duration::from_secs(5));
        assert_eq!((limits.header_bytes, limits.connections, limits.body_rate), (16_384, 7, 0));
        assert_eq!(limits.body_timeout, Limits::default().body_timeout);
    }

    #[test]
    fn what_lets_nobody_in_is_refused_by_name() {
        for (text, key) in [
            ("header-timeout = 0", "header-timeout"),
            ("max-connections = 0", "max-connections"),
            ("max-header-size = 100", "max-header-size"),
        ] {
            let failure = read(text).unwrap().limits().unwrap_err();
            assert!(failure.message.contains(key) && failure.hint.is_some(), "{failure}");
        }
        for text in ["header-timeout = 'soon'", "max-conections = 5", "max-header-size = '-1KB'"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
