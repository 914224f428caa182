//! From names to addresses. A trait, so that a test can be a name server that changes its mind.

use futures_util::future::BoxFuture;
use std::fmt::Debug;
use std::io;
use std::net::IpAddr;

/// Knows the addresses of names.
pub trait Resolve: Debug + Send + Sync + 'static {
    /// All addresses of a name, in the order in which they should be tried.
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver, with `/etc/hosts` and all.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
