//! Metadata files that are files: `favicon.ico`, `icon.png`, `robots.txt`.

use super::file::{self, FileFacts};
use super::not_found;
use crate::build_files::Opened;
use crate::exchange::Exchange;
use crate::public_files;
use crate::response::{Answer, REVALIDATED};
use crate::site::Site;
use http::HeaderValue;
use ironside_model::manifest::Segment;
use ironside_model::route_table::RouteMatch;

/// See the module's documentation.
pub async fn answer(exchange: &Exchange, site: &Site, matched: &RouteMatch) -> Answer {
    if let Some(refusal) = file::refuses(exchange) {
        return refusal;
    }
    let Some((segment, copy)) = segment(site, matched) else {
        return not_found::text();
    };
    let opened = match site.deployment.files.open(copy, None).await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::error!(request_id = &*exchange.request_id, path = exchange.path(), %error, "a metadata file of the build can't be read");
            return not_found::text();
        }
    };
    let etag = match &opened {
        Opened::Bytes(bytes) => HeaderValue::from_str(&format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(bytes))).ok(),
        Opened::File(..) => None,
    };
    let content_type = segment
        .content_type
        .as_deref()
        .and_then(|value| HeaderValue::from_str(value).ok());
    let facts = FileFacts {
        content_type: content_type.unwrap_or_else(|| public_files::content_type(copy)),
        cache_control: REVALIDATED,
        etag,
        modified: None,
        encoding: None,
    };
    file::answer(&exchange.headers, &facts, opened)
}

fn segment<'a>(site: &'a Site, matched: &RouteMatch) -> Option<(&'a Segment, &'a str)> {
    let manifest = &site.deployment.manifest;
    let file = manifest.routes.get(usize::try_from(matched.route.0).ok()?)?.file.as_ref()?;
    let segment = manifest.segments.get(file)?;
    Some((segment, segment.copy.as_deref()?))
}
