//! `ironside.toml`: settings of the server that do not belong into `next.config`. Every key is optional; a key that isn't
//! known is an error, since a misspelt limit that is silently ignored is worse than none.

use super::http::Http;
use super::size::Size;
use crate::exit::{Exit, Failure};
use serde::Deserialize;
use std::{
    io::ErrorKind,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

/// The name of the file, beside `package.json`.
pub(crate) const FILE_NAME: &str = "ironside.toml";

/// The whole file.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FileSettings {
    pub(crate) listen: Listen,
    pub(crate) http: Http,
    pub(crate) tls: Tls,
    pub(crate) workers: Workers,
    pub(crate) rewrites: Rewrites,
    pub(crate) handlers: Handlers,
    pub(crate) admin: Admin,
    pub(crate) actions: Actions,
    pub(crate) cache: Cache,
}

/// `[listen]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Listen {
    /// The port.
    pub(crate) port: Option<u16>,
    /// The address.
    pub(crate) hostname: Option<String>,
    /// Milliseconds that an idle connection is kept.
    pub(crate) keep_alive_timeout: Option<u64>,
    /// Addresses and networks whose `X-Forwarded-*` headers are believed, or a word for some of them.
    pub(crate) trusted_proxies: Option<Vec<String>>,
}

/// `[tls]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Tls {
    /// The certificate's PEM file, relative to `ironside.toml`.
    pub(crate) certificate: Option<PathBuf>,
    /// The key's PEM file, relative to `ironside.toml`.
    pub(crate) key: Option<PathBuf>,
}

/// `[workers]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Workers {
    /// How many.
    pub(crate) count: Option<usize>,
    /// Percent of the places that others leave which one client may have.
    pub(crate) client_share: Option<u64>,
    /// The Node executable.
    pub(crate) node: Option<PathBuf>,
}

/// `[rewrites]`: those that lead to other sites. Times are milliseconds.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Rewrites {
    /// Hosts that a request may choose.
    pub(crate) allow: Option<Vec<String>>,
    /// Networks that public names may lead to.
    pub(crate) private: Option<Vec<String>>,
    /// A file of certificates of further authorities.
    pub(crate) authorities: Option<std::path::PathBuf>,
    /// Longest time until a connection is made.
    pub(crate) connect_timeout: Option<u64>,
    /// Longest time until the answer begins.
    pub(crate) first_byte_timeout: Option<u64>,
    /// Longest silence within an answer.
    pub(crate) idle_timeout: Option<u64>,
}

/// `[cache]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Cache {
    /// Memory for entries.
    pub(crate) memory: Option<Size>,
    /// Whether entries are kept on disk as well.
    pub(crate) disk: Option<bool>,
    /// Most bytes on disk.
    pub(crate) disk_size: Option<Size>,
    /// The folder, from the application's.
    pub(crate) folder: Option<std::path::PathBuf>,
    /// What an acknowledged invalidation survives.
    pub(crate) durability: Option<CacheDurability>,
    /// Stale answers that are renewed at once.
    pub(crate) renewals: Option<NonZeroUsize>,
    /// Whether answers tell in a header what the cache made of them.
    pub(crate) header: Option<bool>,
}

/// What an acknowledged invalidation survives.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CacheDurability {
    /// The end of the process in any way.
    Process,
    /// A power cut as well.
    Power,
}

/// `[handlers]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Handlers {
    /// Most bytes of a body that a Route Handler is sent.
    pub(crate) body_limit: Option<Size>,
    /// Most bytes of a body that a proxy may read; they are kept for the application.
    pub(crate) proxy_body_limit: Option<Size>,
    /// Seconds of silence after which an event stream gets a comment.
    pub(crate) event_stream_heartbeat: Option<u64>,
    /// Bytes of a form's files that are kept in memory.
    pub(crate) form_memory: Option<Size>,
    /// Most parts of a form.
    pub(crate) form_parts: Option<u32>,
    /// Most bytes of a form's text fields.
    pub(crate) form_text: Option<Size>,
}

/// `[admin]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Admin {
    /// Whether the admin listener is open.
    pub(crate) enabled: Option<bool>,
    /// Its Unix socket, from the application's folder.
    pub(crate) socket: Option<std::path::PathBuf>,
    /// Its TCP address.
    pub(crate) listen: Option<String>,
}

/// `[actions]`
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Actions {
    /// Functions that count as a check of the session for `ironside actions`, beside the usual ones.
    pub(crate) session_checks: Option<Vec<String>>,
    /// Milliseconds that an action may take, unless its route exports `maxDuration`.
    pub(crate) timeout: Option<u64>,
    /// Milliseconds that the body of a call may take to arrive.
    pub(crate) upload_timeout: Option<u64>,
    /// Bytes that the bodies of all calls together may take in the server's memory.
    pub(crate) memory: Option<usize>,
    pub(crate) limits: ActionLimits,
}

/// `[actions.limits]`: how much of everything the arguments of one call may hold.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ActionLimits {
    /// Fields of a form.
    pub(crate) parts: Option<usize>,
    /// Items and properties.
    pub(crate) slots: Option<usize>,
    /// Arrays and objects.
    pub(crate) containers: Option<usize>,
    /// Keys of objects.
    pub(crate) keys: Option<usize>,
    /// References between values.
    pub(crate) references: Option<usize>,
    /// Containers within one another.
    pub(crate) depth: Option<usize>,
    /// Values that a walk meets, references followed.
    pub(crate) expanded: Option<u64>,
    /// Bytes of one string.
    pub(crate) string_bytes: Option<usize>,
    /// Arguments of a call.
    pub(crate) arguments: Option<usize>,
    /// Bound arguments of a server function.
    pub(crate) bound: Option<usize>,
    /// Digits of a BigInt.
    pub(crate) digits: Option<usize>,
}

/// Reads the file, if there is one.
///
/// # Errors
/// When it can't be read or has a mistake; the message tells line and key.
pub(crate) fn read(dir: &Path) -> Result<FileSettings, Failure> {
    let path = dir.join(FILE_NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FileSettings::default()),
        Err(error) => {
            return Err(Failure::new(Exit::Usage, format!("{} can't be read", path.display())).because(error));
        }
    };
    parse(&text).map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("{} has a mistake\n{}", path.display(), error.to_string().trim_end()),
        )
        .hint("the sections and keys are listed in docs/book/settings.md")
    })
}

fn parse(text: &str) -> Result<FileSettings, toml::de::Error> {
    toml::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_read() {
        let settings = parse("[listen]\nport = 4000\nhostname = '127.0.0.1'\nkeep-alive-timeout = 5000\ntrusted-proxies = ['10.0.0.0/8']\n[workers]\ncount = 3\n[actions]\nupload-timeout = 900\n[actions.limits]\ndepth = 40\n").unwrap();
        assert_eq!(settings.listen.port, Some(4000));
        assert_eq!(settings.listen.keep_alive_timeout, Some(5000));
        assert_eq!(settings.workers.count, Some(3));
        assert_eq!(
            (settings.actions.upload_timeout, settings.actions.limits.depth),
            (Some(900), Some(40))
        );
    }

    #[test]
    fn sizes_are_read() {
        let settings = parse("[handlers]\nbody-limit = '10 MB'\nevent-stream-heartbeat = 15\nform-memory = 65536\n").unwrap();
        assert_eq!(settings.handlers.body_limit, Some(Size(10_485_760)));
        assert_eq!(settings.handlers.form_memory, Some(Size(65_536)));
        assert_eq!(settings.handlers.event_stream_heartbeat, Some(15));
    }

    #[test]
    fn a_size_that_is_none_is_an_error_that_says_what_one_is() {
        let error = parse("[handlers]\nbody-limit = '10 miles'\n").unwrap_err().to_string();
        assert!(error.contains("10 miles") && error.contains("\"10 MB\""), "{error}");
    }

    #[test]
    fn the_cache_has_sizes_and_words() {
        let settings = parse("[cache]\nmemory = '64 MB'\ndisk-size = '2 GB'\ndurability = 'power'\n").unwrap();
        assert_eq!(settings.cache.memory, Some(Size(64 << 20)));
        assert_eq!(settings.cache.durability, Some(CacheDurability::Power));
        let error = parse("[cache]\ndurability = 'eternal'\n").unwrap_err().to_string();
        assert!(error.contains("eternal") && error.contains("process"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse("[listen]\nprot = 4000\n").unwrap_err().to_string();
        assert!(error.contains("prot") && error.contains("port"), "{error}");
    }
}
