//! Something that happens once to a connection. Waiting for it is what a cancellation token does; asking whether it has
//! happened takes no lock here, because every job asks.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    token: CancellationToken,
    raised: AtomicBool,
}

impl Flag {
    /// It has happened.
    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.token.cancel();
    }

    /// Whether it has happened.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Waits for it.
    pub(crate) async fn raised(&self) {
        self.token.cancelled().await;
    }
}
