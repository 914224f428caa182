//! What operators see: one access log line for each request, one for each action, names for requests, counters, errors and their places.

pub mod access_log;
pub(crate) mod action_watch;
pub mod error_store;
pub mod histogram;
pub mod metrics;
pub mod request_id;
mod source_map;
pub mod stack_places;
