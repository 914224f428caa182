//! The cache of the front: pages, answers of route handlers, and the values that workers store (`fetch`,
//! `unstable_cache`). All workers share it, since they ask it over the protocol.
//!
//! It knows keys, bytes, tags and time. It never renders, opens no socket and starts no work: a lookup that misses, or
//! that finds something stale, hands out a [`Permit`], and whoever holds the permit does the work and commits it.
//!
//! # The parts, and how they meet
//!
//! [`Cache::lookup`] finds the [`Entry`] of a [`Key`] in the bounded store, asks [`freshness`] what it is worth now, and
//! answers with a [`Lookup`]. `freshness` compares the entry with the [`TagClock`], where an invalidation is one stamp;
//! no entry is ever searched for. A miss begins a *flight*: the first caller gets the permit, the others a [`Ticket`]
//! and wait for its landing.
//!
//! # What always holds
//!
//! 1. After [`Cache::invalidate`] has returned, no later lookup is answered by an entry whose fill began before it and
//!    which carries the tag; nor by a fill that was under way.
//! 2. There is one fill for a key at a time.
//! 3. An entry is whole or absent; it is made by [`Permit::commit`] only.
//! 4. The cache may lose an entry at any moment, and never revives one, also not after a restart.
//!
//! What may be stored (that nothing private is) is for the caller to decide, who knows the outcome of the render.
//!
//! ```
//! use ironside_cache::{Cache, CacheOptions, Content, Fill, Key, Lookup, ValueKind};
//!
//! let cache = Cache::new(CacheOptions::default());
//! let key = Key::value(ValueKind::Function, "prices".into(), None);
//! let Lookup::Miss { permit, .. } = cache.lookup(&key, &[]) else { panic!("it is new") };
//! permit.commit(Fill { tags: vec!["shop".into()], ..Fill::new(Content::Value("42".into())) });
//! assert!(matches!(cache.lookup(&key, &[]), Lookup::Fresh(_)));
//!
//! cache.expire_tag("shop");
//! assert!(matches!(cache.lookup(&key, &[]), Lookup::Miss { .. }));
//! ```

pub mod bus;
mod cache;
mod clock;
mod durable;
mod entry;
mod flight;
pub mod freshness;
mod inspect;
pub mod invalidation_log;
mod key;
mod lookup;
pub mod metrics;
mod prerendered;
pub mod store;
mod tag_clock;

pub use cache::{Cache, CacheOptions};
pub use clock::{Clock, MonotonicClock, Stamp, Stamps};
pub use durable::{Durable, DurableError};
pub use entry::{Answer, Content, EncodedBody, Encoding, Entry, Fill, Lifetime};
pub use flight::{Commit, Landing, Permit, Ticket};
pub use inspect::{Inspected, Place};
pub use key::{Key, Params, ValueKind};
pub use lookup::{Lookup, MissReason};
pub use prerendered::Prerendered;
pub use tag_clock::{Invalidation, Tag, TagClock};
