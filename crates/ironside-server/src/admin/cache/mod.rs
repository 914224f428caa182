//! What an operator asks about the cache: what is in it, why a URL is answered as it is, what is to go, what is to be made. Questions
//! and answers are JSON. `ironside cache` asks on the admin socket; while no server runs it asks a site without visitors instead,
//! made of the build and of what is on disk ([`crate::Site::unattended`]). Both come here.
//!
//! Only `fill` and `targets` start work, and only `fill` and `purge` change anything.

mod entry_view;
mod explain;
mod list;
mod purge;
mod stats;
mod warm;

pub use entry_view::{EntryView, Param};
pub use explain::{Explained, Explanation, KeyView};
pub use list::{KINDS, List, Listing};
pub use purge::{Purge, Purged};
pub use stats::{CacheStats, DiskStats, MemoryStats, RequestCount};
pub use warm::{DynamicRoute, Fill, Filled, FilledHow, Target, Targets, Trouble};

use crate::site::Site;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What can be asked: the last part of the path `/cache/…`.
pub const QUESTIONS: [&str; 6] = ["list", "explain", "purge", "stats", "targets", "fill"];

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// What is wrong.
    pub error: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The status over HTTP.
    #[serde(skip, default = "bad_request")]
    pub status: StatusCode,
}

fn bad_request() -> StatusCode {
    StatusCode::BAD_REQUEST
}

impl Refusal {
    /// A question that can't be answered as it is put.
    #[must_use]
    pub fn new(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            status: StatusCode::BAD_REQUEST,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

/// Answers a question of [`QUESTIONS`]. `asked`: its JSON; empty where nothing has to be said.
///
/// # Errors
/// When there is no such question, or it is put wrongly.
pub async fn answer(site: &Site, question: &str, asked: &[u8]) -> Result<Value, Refusal> {
    match question {
        "list" => told(list::list(site, read(asked)?).await?),
        "explain" => told(explain::explain(site, read(asked)?).await?),
        "purge" => told(purge::purge(site, read(asked)?).await?),
        "stats" => told(stats::stats(site).await),
        "targets" => told(warm::targets(site).await),
        "fill" => told(warm::fill(site, read(asked)?).await?),
        other => {
            Err(Refusal::new(format!("the cache can't be asked for {other:?}"))
                .hint(format!("there are {}", QUESTIONS.join(", "))))
        }
    }
}

fn read<T: DeserializeOwned>(asked: &[u8]) -> Result<T, Refusal> {
    let asked = if asked.is_empty() { b"{}" } else { asked };
    serde_json::from_slice(asked).map_err(|error| Refusal::new(format!("the question can't be read: {error}")))
}

fn told(answer: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(answer)
        .map_err(|error| Refusal::new(format!("the answer can't be written: {error}")).status(StatusCode::INTERNAL_SERVER_ERROR))
}
