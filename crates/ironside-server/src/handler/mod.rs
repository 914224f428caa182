//! The handlers: what makes the answer once the phases have settled what is asked for. One file for each kind of target.

pub mod action;
pub mod asset;
pub mod file;
pub mod metadata_file;
pub mod not_found;
pub mod page;
pub mod public_file;
pub mod route_handler;

use crate::exchange::Exchange;
use crate::response::Answer;
use crate::site::Site;
use crate::target::Target;
use crate::upstream;

/// The answer to a request that has passed all phases, if it is here already: stored, or in memory. Where it isn't, nothing has
/// happened yet, and [`answer`] makes it.
pub fn at_hand(exchange: &mut Exchange, site: &Site) -> Option<Answer> {
    if exchange.action.is_some() || !exchange.reads() {
        return None;
    }
    let target = std::mem::take(&mut exchange.target);
    let answer = match &target {
        Target::Asset { path } => asset::at_hand(exchange, site, path),
        Target::PublicFile(file) => public_file::at_hand(exchange, site, file),
        Target::Page(matched) => page::at_hand(exchange, site, matched),
        Target::Handler(matched) | Target::Metadata(matched) => route_handler::at_hand(exchange, site, matched),
        Target::NotFound => not_found::at_hand(exchange, site),
        _ => None,
    };
    exchange.target = target;
    answer
}

/// Answers a request that has passed all phases.
pub async fn answer(exchange: &mut Exchange, site: &Site) -> Answer {
    if let Some(call) = exchange.action.clone() {
        // In boxes, what is rare or large: the others would carry the room for it.
        return Box::pin(action::answer(exchange, site, &call)).await;
    }
    match std::mem::take(&mut exchange.target) {
        Target::Asset { path } => asset::answer(exchange, site, &path).await,
        Target::PublicFile(file) => public_file::answer(exchange, site, file).await,
        Target::MetadataFile(matched) => Box::pin(metadata_file::answer(exchange, site, &matched)).await,
        Target::Page(matched) => page::answer(exchange, site, &matched).await,
        Target::Handler(matched) | Target::Metadata(matched) => route_handler::answer(exchange, site, &matched).await,
        Target::Outside(external) => upstream::answer(exchange, site, &external).await,
        Target::MissingAsset => not_found::text(),
        Target::NotFound => Box::pin(not_found::answer(exchange, site)).await,
    }
}
