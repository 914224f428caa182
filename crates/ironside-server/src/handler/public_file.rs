//! Files of `public/`. They can change while the server runs, so they are looked at for each request, and browsers ask
//! each time.

use super::file::{self, FileFacts};
use super::not_found;
use crate::exchange::Exchange;
use crate::public_file::PublicFile;
use crate::response::{Answer, compress, vary};
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
    let content_type = file.content_type.clone();
    let has_variants = site.deployment.manifest.config.compress && compress::is_compressible(&content_type);
    // A stretch is one of the plain bytes.
    let accepted = (has_variants && !exchange.headers.contains_key(header::RANGE)).then_some(exchange.accepted);
    let opened = tokio::task::spawn_blocking(move || file.open(accepted))
        .await
        .map_err(io::Error::other)
        .flatten();
    match opened {
        Ok(ready) => {
            let facts = FileFacts {
                content_type,
                cache_control: CACHE_CONTROL,
                etag: Some(ready.etag),
                modified: ready.modified,
                encoding: ready.encoding.map(compress::token),
            };
            let mut answer = file::answer(&exchange.headers, &facts, ready.opened);
            if has_variants {
                vary::add(answer.response.headers_mut(), "accept-encoding");
            }
            answer
        }
        Err(error) => {
            tracing::warn!(request_id = &*exchange.request_id, path = exchange.path(), %error, "a public file can't be read");
            not_found::text()
        }
    }
}
