//! Hashed files of the build: kept for ever, and sent in the encoding that was made at build time.

use super::file::{self, FileFacts};
use super::not_found;
use crate::build_files::Opened;
use crate::exchange::Exchange;
use crate::response::{Answer, IMMUTABLE, compress, vary};
use crate::site::Site;
use http::{HeaderValue, header};
use ironside_cache::Encoding;
use ironside_model::manifest::Asset;

/// See the module's documentation.
pub async fn answer(exchange: &Exchange, site: &Site, path: &str) -> Answer {
    let deployment = &site.deployment;
    let Some(asset) = deployment.manifest.assets.get(path) else {
        return not_found::text();
    };
    if let Some(refusal) = file::refuses(exchange) {
        return refusal;
    }
    let encoding = encoding(exchange, asset);
    match deployment.files.open(&asset.file, encoding).await {
        Ok(opened) => with(exchange, asset, encoding, opened),
        Err(error) => {
            tracing::error!(request_id = &*exchange.request_id, path, %error, "an asset of the build can't be read");
            not_found::text()
        }
    }
}

/// The answer, if the file is in memory.
pub fn at_hand(exchange: &Exchange, site: &Site, path: &str) -> Option<Answer> {
    let asset = site.deployment.manifest.assets.get(path)?;
    let encoding = encoding(exchange, asset);
    let opened = site.deployment.files.at_hand(&asset.file, encoding)?;
    Some(with(exchange, asset, encoding, opened))
}

fn with(exchange: &Exchange, asset: &Asset, encoding: Option<Encoding>, opened: Opened) -> Answer {
    let suffix = encoding.map(compress::etag_suffix).unwrap_or_default();
    let facts = FileFacts {
        content_type: HeaderValue::from_str(&asset.content_type).unwrap_or(HeaderValue::from_static("application/octet-stream")),
        cache_control: IMMUTABLE,
        etag: HeaderValue::from_str(&format!("\"{}{suffix}\"", asset.hash)).ok(),
        modified: None,
        encoding: encoding.map(compress::token),
    };
    let mut answer = file::answer(&exchange.headers, &facts, opened);
    if !asset.encodings.is_empty() {
        vary::add(answer.response.headers_mut(), "accept-encoding");
    }
    answer
}

/// The smallest variant that the client takes. A stretch is one of the plain bytes.
fn encoding(exchange: &Exchange, asset: &Asset) -> Option<Encoding> {
    if exchange.headers.contains_key(header::RANGE) {
        return None;
    }
    let has = |encoding| asset.encodings.iter().any(|name| compress::by_name(name) == Some(encoding));
    exchange.accepted.smallest_of(has)
}
