//! Every environment variable that the command line reads, each once, with what it means. Nothing else in the workspace reads
//! the environment: it is read here and handed on.

use std::{collections::BTreeMap, env, ffi::OsString};

/// The port to listen on, as `--port`.
pub(crate) const PORT: &str = "PORT";
/// The address to listen on, as `--hostname`.
pub(crate) const HOST: &str = "HOST";
/// As [`HOST`], but only if it holds an address: containers set it to their own name.
pub(crate) const HOSTNAME: &str = "HOSTNAME";
/// The number of workers, as `--workers`.
pub(crate) const WEB_CONCURRENCY: &str = "WEB_CONCURRENCY";
/// The number of threads of the process itself. tokio's own variable.
pub(crate) const THREADS: &str = "TOKIO_WORKER_THREADS";
/// Percent of the workers' free places that one client may have, as `--client-share`.
pub(crate) const IRONSIDE_CLIENT_SHARE: &str = "IRONSIDE_CLIENT_SHARE";
/// The Node executable, as `--node`.
pub(crate) const IRONSIDE_NODE: &str = "IRONSIDE_NODE";
/// `1`: the admin listener is open, as `--admin`.
pub(crate) const IRONSIDE_ADMIN: &str = "IRONSIDE_ADMIN";
/// The admin listener's TCP address, as `--admin-listen`.
pub(crate) const IRONSIDE_ADMIN_LISTEN: &str = "IRONSIDE_ADMIN_LISTEN";
/// What is logged, in the syntax of `tracing`: `info`, `ironside_worker=debug`.
pub(crate) const RUST_LOG: &str = "RUST_LOG";
/// Seconds that an idle connection is kept, as `--keep-alive-timeout` (milliseconds, as Next has it).
pub(crate) const KEEP_ALIVE_TIMEOUT: &str = "KEEP_ALIVE_TIMEOUT";
/// The certificate's file, as `--tls-cert`.
pub(crate) const TLS_CERT: &str = "IRONSIDE_TLS_CERT";
/// The key's file, as `--tls-key`.
pub(crate) const TLS_KEY: &str = "IRONSIDE_TLS_KEY";
/// The key that captured variables of inline actions are sealed with: base64 of 16, 24 or 32 bytes.
pub(crate) const ACTIONS_ENCRYPTION_KEY: &str = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY";

/// A copy of the environment, taken once at start. Variables that are no Unicode are left out.
pub(crate) fn snapshot() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
