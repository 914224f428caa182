//! Whether the server goes to a destination at all, and which addresses its name may then have.
//!
//! A host that stands in `next.config` was chosen by the application's author. One that a request had a part in has to be on
//! the list `[rewrites] allow`. A public name must lead to a public address, whoever chose it: whoever runs the name server
//! could otherwise steer the server into its own network. A name that is local by its form (`localhost`, `backend`,
//! `db.internal`) and an address that is written out say themselves that they are not public.

use super::allow_list::{AllowList, Listed};
use super::external::{ChosenBy, External};
use super::failure::UpstreamFailure;
use super::networks::Networks;
use super::options::{RewriteOptions, RewriteOptionsError};
use super::public_address::{is_of_the_link, is_public};
use std::net::IpAddr;

/// Ends of names that no public name server answers for.
const LOCAL: [&str; 7] = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".svc"];

/// Which addresses a destination may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The author named a place in the own network: any address, but for a name none of the link.
    Named,
    /// Public addresses, and the networks that the settings except.
    Public,
}

impl Reach {
    /// Whether a name with this reach may have the address.
    pub(super) fn allows(self, address: IpAddr, private: &Networks) -> bool {
        let canonical = address.to_canonical();
        private.hold(canonical)
            || match self {
                Self::Named => !is_of_the_link(address),
                Self::Public => is_public(canonical),
            }
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Policy {
    allow: AllowList,
    pub(super) private: Networks,
}

impl Policy {
    /// Reads the options.
    pub(super) fn new(options: &RewriteOptions) -> Result<Self, RewriteOptionsError> {
        Ok(Self {
            allow: AllowList::new(&options.allow)?,
            private: Networks::new(&options.private)?,
        })
    }

    /// Where the destination may lead.
    pub(super) fn reach(&self, external: &External) -> Result<Reach, UpstreamFailure> {
        let is_named = match external.chosen_by {
            ChosenBy::Configuration => true,
            ChosenBy::Request => match self.allow.find(&external.host, external.port, external.https) {
                Some(listed) => listed == Listed::ByName,
                None => return Err(UpstreamFailure::NotAllowed),
            },
        };
        Ok(if is_named && is_local(&external.host) {
            Reach::Named
        } else {
            Reach::Public
        })
    }
}

fn is_local(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok() || !host.contains('.') || LOCAL.iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::new(&RewriteOptions {
            allow: ["api.example", "*.shops.example", "backend:8080", "*.internal", "127.0.0.1:9"]
                .map(String::from)
                .into(),
            private: vec!["10.7.0.0/16".into()],
            ..RewriteOptions::default()
        })
        .unwrap()
    }

    fn reach(url: &str, chosen_by: ChosenBy) -> Option<Reach> {
        policy().reach(&External::new(url, chosen_by).unwrap()).ok()
    }

    #[test]
    fn what_the_configuration_names_is_gone_to() {
        for url in [
            "http://localhost:4000",
            "http://10.0.0.5",
            "http://backend:80",
            "http://x.internal",
            "http://[::1]:3",
            "http://a.svc",
        ] {
            assert_eq!(reach(url, ChosenBy::Configuration), Some(Reach::Named), "{url}");
        }
        assert_eq!(
            reach("https://api.partner.example", ChosenBy::Configuration),
            Some(Reach::Public)
        );
    }

    #[test]
    fn what_a_request_chooses_has_to_be_listed() {
        assert_eq!(reach("https://api.example/x", ChosenBy::Request), Some(Reach::Public));
        assert_eq!(reach("https://a.shops.example", ChosenBy::Request), Some(Reach::Public));
        assert_eq!(reach("http://backend:8080", ChosenBy::Request), Some(Reach::Named));
        assert_eq!(reach("http://127.0.0.1:9", ChosenBy::Request), Some(Reach::Named));
        // A wildcard names nobody.
        assert_eq!(reach("http://metadata.internal", ChosenBy::Request), Some(Reach::Public));
        for url in [
            "http://localhost",
            "http://127.0.0.1",
            "http://backend",
            "https://evil.example",
            "https://shops.example",
        ] {
            assert_eq!(reach(url, ChosenBy::Request), None, "{url}");
        }
    }

    #[test]
    fn a_public_name_stays_outside_and_no_name_leads_to_the_link() {
        let private = policy().private;
        let allows = |reach: Reach, address: &str| reach.allows(address.parse().unwrap(), &private);
        assert!(allows(Reach::Public, "93.184.216.34") && allows(Reach::Public, "10.7.1.1"));
        assert!(
            !allows(Reach::Public, "10.8.1.1")
                && !allows(Reach::Public, "127.0.0.1")
                && !allows(Reach::Public, "::ffff:127.0.0.1")
        );
        assert!(allows(Reach::Named, "10.8.1.1") && allows(Reach::Named, "127.0.0.1"));
        assert!(!allows(Reach::Named, "169.254.169.254") && !allows(Reach::Named, "::ffff:169.254.169.254"));
    }
}
