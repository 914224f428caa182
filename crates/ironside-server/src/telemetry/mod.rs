//! What operators see: one access log line for each request, names for requests, counters, places of errors.

pub mod access_log;
pub mod metrics;
pub mod request_id;
mod source_map;
pub mod stack_places;
