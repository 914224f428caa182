//! How the caches of several servers hear of each other's invalidations. A message may come late, twice and in any order:
//! applying one is taking the later of two moments, so none of that matters. A bus that loses messages is not a bus.

use crate::invalidation_log::Invalidated;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

/// What is done with a message that arrives.
pub type Apply = Arc<dyn Fn(&Invalidated) + Send + Sync>;

/// A bus could not take a message.
#[derive(Debug, thiserror::Error)]
#[error("the other servers could not be told of an invalidation: {0}")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// See the module's documentation.
pub trait Bus: Send + Sync + Debug {
    /// Hands a message to the bus. When this has returned the bus answers for its delivery.
    fn publish<'a>(&'a self, message: &'a Invalidated) -> Pin<Box<dyn Future<Output = Result<(), BusError>> + Send + 'a>>;

    /// Names who is to hear of messages, one's own included.
    fn subscribe(&self, apply: Apply);
}

/// A bus within one process: for several caches side by side, and for tests.
#[derive(Default)]
pub struct LocalBus {
    subscribers: RwLock<Vec<Apply>>,
}

impl Debug for LocalBus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subscribers = self.subscribers.read().unwrap_or_else(PoisonError::into_inner);
        formatter
            .debug_struct("LocalBus")
            .field("subscribers", &subscribers.len())
            .finish()
    }
}

impl Bus for LocalBus {
    fn publish<'a>(&'a self, message: &'a Invalidated) -> Pin<Box<dyn Future<Output = Result<(), BusError>> + Send + 'a>> {
        Box::pin(async move {
            let subscribers = self.subscribers.read().unwrap_or_else(PoisonError::into_inner).clone();
            for apply in subscribers {
                apply(message);
            }
            Ok(())
        })
    }

    fn subscribe(&self, apply: Apply) {
        self.subscribers.write().unwrap_or_else(PoisonError::into_inner).push(apply);
    }
}
