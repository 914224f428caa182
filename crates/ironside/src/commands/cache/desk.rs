//! Who answers questions about the cache: the server that runs, by its admin socket; or, while none runs, this process, from the
//! build and from what is on disk. The second one opens the cache's folder like a server would, so no server can take it meanwhile,
//! and what it invalidates stays so when one starts.

use crate::admin_client::{self, AskError};
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::serving;
use ironside_server::Site;
use ironside_server::admin::cache;
use serde::{Serialize, de::DeserializeOwned};
use std::path::PathBuf;

/// See the module's documentation.
pub(super) enum Desk {
    Server(PathBuf),
    Alone(Box<Site>),
}

impl Desk {
    /// Finds the server, or opens what there is without one.
    pub(super) async fn open(context: &Context) -> Result<Self, Failure> {
        let socket = context.sources.admin_socket();
        match admin_client::listens(&socket).await {
            Ok(()) => Ok(Self::Server(socket)),
            Err(AskError::NoServer) => {
                let site = serving::unattended(context)?;
                context
                    .printer
                    .info("no server answers for this application: this is what the build and the disk have");
                Ok(Self::Alone(Box::new(site)))
            }
            Err(error) => Err(failure(error)),
        }
    }

    /// The server, for what can't be done without one.
    pub(super) async fn of_server(context: &Context, what: &str) -> Result<Self, Failure> {
        let socket = context.sources.admin_socket();
        match admin_client::listens(&socket).await {
            Ok(()) => Ok(Self::Server(socket)),
            Err(AskError::NoServer) => Err(Failure::new(
                Exit::Environment,
                format!("no server answers on {}: {what}", socket.display()),
            )
            .hint(
                "start it with `ironside start`; one that runs without a socket has admin.enabled = false or IRONSIDE_ADMIN=0",
            )),
            Err(error) => Err(failure(error)),
        }
    }

    pub(super) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Whether something outlives the process that is asked.
    pub(super) fn has_disk(&self) -> bool {
        match self {
            Self::Server(_) => true,
            Self::Alone(site) => site.deployment.cache.store_stats().is_some(),
        }
    }

    /// Asks.
    pub(super) async fn ask<T: DeserializeOwned>(&self, question: &str, asked: &impl Serialize) -> Result<T, Failure> {
        let value = match self {
            Self::Server(socket) => admin_client::ask_cache(socket, question, asked).await.map_err(failure)?,
            Self::Alone(site) => {
                let asked = serde_json::to_vec(asked).map_err(|error| unreadable().because(error))?;
                let answered = cache::answer(site, question, &asked).await;
                answered.map_err(|refusal| refused(refusal.error, refusal.hint))?
            }
        };
        serde_json::from_value(value).map_err(|error| unreadable().because(error))
    }
}

fn unreadable() -> Failure {
    Failure::new(Exit::Environment, "the server's answer can't be read")
        .hint("it may be of another version: restart it with this one")
}

fn refused(error: String, hint: Option<String>) -> Failure {
    let failure = Failure::new(Exit::Usage, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn failure(error: AskError) -> Failure {
    match error {
        AskError::NoServer => Failure::new(Exit::Environment, "the server has gone"),
        AskError::NotOurs(error) => Failure::new(Exit::Environment, "the server's admin socket can't be opened")
            .because(error)
            .hint("run this as the user who runs the server"),
        AskError::Broken(error) => Failure::new(Exit::Environment, "the server broke off").because(error),
        AskError::NotUnderstood(line) => unreadable().because(line),
        AskError::Refused(error, hint) => refused(error, hint),
    }
}
