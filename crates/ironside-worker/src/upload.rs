//! Sends a request's body to a worker: only as much as the code takes, so that a client that sends faster is slowed down by its
//! own connection and nothing piles up.

use crate::exchange::Exchange;
use crate::job::BodyError;
use crate::outbox::Outbox;
use crate::wire::{BodyStatus, MAX_CHUNK};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;

type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// Runs until the body has ended or nobody wants it.
pub(crate) async fn upload(exchange: Arc<Exchange>, outbox: Arc<Outbox>, mut body: BodyStream) {
    let status = loop {
        // The next part is not asked for before there is credit for it.
        if credit(&exchange).await.is_none() {
            return;
        }
        let next = tokio::select! {
            next = body.next() => next,
            () = over(&exchange) => return,
        };
        match next {
            None => break BodyStatus::Complete,
            Some(Err(BodyError::Truncated)) => break BodyStatus::Truncated,
            Some(Err(BodyError::OverLimit)) => break BodyStatus::OverLimit,
            Some(Ok(mut bytes)) => {
                while !bytes.is_empty() {
                    let Some(credit) = credit(&exchange).await else { return };
                    exchange.send_body(bytes.split_to(credit.min(bytes.len()).min(MAX_CHUNK)));
                }
            }
        }
    };
    // One byte always fits.
    let _ = outbox.send_body_end(exchange.info.id, status);
}

/// Waits for credit; `None` when the job is over.
async fn credit(exchange: &Exchange) -> Option<usize> {
    loop {
        match exchange.request_credit()? {
            0 => exchange.upload.notified().await,
            credit => return Some(credit),
        }
    }
}

/// Waits until the job is over.
async fn over(exchange: &Exchange) {
    while exchange.request_credit().is_some() {
        exchange.upload.notified().await;
    }
}
