//! What operators see: one access log line for each request, names for requests, counters.

pub mod access_log;
pub mod metrics;
pub mod request_id;
