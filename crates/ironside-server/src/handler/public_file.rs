//! Files of `public/`. They can change while the server runs, so they are looked at for each request, and browsers ask
//! each time.

use super::file::{self, FileFacts};
use super::not_found;
use crate::exchange::Exchange;
use crate::public_file::{PublicFile, Ready};
use crate::response::accept::Accepted;
use crate::response::{Answer, Left, compress, vary};
use crate::site::Site;
use http::{HeaderValue, header};
use std::io;
use std::sync::Arc;

const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=0");

/// See the module's documentation.
pub async fn answer(exchange: &Exchange, site: &Site, file: Arc<PublicFile>) -> Answer {
    if let Some(refusal) = file::refuses(exchange) {
        return refusal;
    }
    let accepted = accepted(exchange, site, &file);
    let read = file.clone();
    let opened = tokio::task::spawn_blocking(move || read.open(accepted))
        .await
        .map_err(io::Error::other)
        .flatten();
    match opened {
        Ok(ready) => with(exchange, site, &file, ready),
        Err(error) => {
            tracing::warn!(request_id = &*exchange.request_id, path = exchange.path(), %error, "a public file can't be read");
            not_found::text()
        }
    }
}

/// The answer, if the file is in memory in the state that it has on disk.
pub fn at_hand(exchange: &Exchange, site: &Site, file: &PublicFile) -> Option<Answer> {
    let ready = file.at_hand(accepted(exchange, site, file))?;
    Some(with(exchange, site, file, ready))
}

/// What the client takes, where there is something to choose. A stretch is one of the plain bytes.
fn accepted(exchange: &Exchange, site: &Site, file: &PublicFile) -> Option<Accepted> {
    (has_variants(site, file) && !exchange.headers.contains_key(header::RANGE)).then_some(exchange.accepted)
}

fn has_variants(site: &Site, file: &PublicFile) -> bool {
    site.deployment.manifest.config.compress && compress::is_compressible(&file.content_type)
}

fn with(exchange: &Exchange, site: &Site, file: &PublicFile, ready: Ready) -> Answer {
    let facts = FileFacts {
        content_type: file.content_type.clone(),
        cache_control: CACHE_CONTROL,
        etag: Some(ready.etag),
        modified: ready.modified,
        encoding: ready.encoding.map(compress::token),
    };
    let mut answer = file::answer(&exchange.headers, &facts, ready.opened);
    if facts.encoding.is_some() {
        answer.left = Left::Headers;
    }
    if has_variants(site, file) {
        vary::add(answer.response.headers_mut(), "accept-encoding");
    }
    answer
}
