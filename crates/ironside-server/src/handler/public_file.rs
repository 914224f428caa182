//! Files of `public/`. They can change while the server runs, so they are looked at for each request, and browsers ask
//! each time.

use super::file::{self, FileFacts};
use super::not_found;
use crate::build_files::Opened;
use crate::exchange::Exchange;
use crate::public_files::PublicFile;
use crate::response::Answer;
use http::HeaderValue;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=0");
/// Files up to this size are read at once.
const SMALL: u64 = 64 * 1024;

/// See the module's documentation.
pub async fn answer(exchange: &Exchange, file: Arc<PublicFile>) -> Answer {
    if let Some(refusal) = file::refuses(exchange) {
        return refusal;
    }
    let content_type = file.content_type.clone();
    let opened = tokio::task::spawn_blocking(move || open(&file.path))
        .await
        .map_err(io::Error::other)
        .flatten();
    match opened {
        Ok((opened, metadata)) => {
            let facts = FileFacts {
                content_type,
                cache_control: CACHE_CONTROL,
                etag: Some(etag(&metadata)),
                modified: metadata.modified().ok(),
                encoding: None,
            };
            file::answer(&exchange.headers, &facts, opened)
        }
        Err(error) => {
            tracing::warn!(request_id = &*exchange.request_id, path = exchange.path(), %error, "a public file can't be read");
            not_found::text()
        }
    }
}

fn open(path: &Path) -> io::Result<(Opened, Metadata)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let length = metadata.len();
    if length > SMALL {
        return Ok((Opened::File(file, length), metadata));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    Ok((Opened::Bytes(bytes.into()), metadata))
}

/// Size and time of change: weak, since a file can change twice in a moment.
fn etag(metadata: &Metadata) -> String {
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_millis());
    format!("W/\"{:x}-{changed:x}\"", metadata.len())
}
