//! The HTTP server: from a client's bytes to an answer, and nothing in between that is decided twice.
//!
//! A [`Deployment`] is one build that is served; a [`Server`] opens a port and answers with it. Every request becomes an
//! [`exchange::Exchange`], passes the straight list of [`pipeline::Phase`]s, and is answered by one of the [`handler`]s:
//! a file, a page, an action, a route handler. The application's JavaScript runs behind [`Workers`]; what it asks while it
//! runs is answered by [`front`]. Answers that are the same for everybody are kept in the cache ([`shared`]).
//!
//! The server knows the application by its manifest only. It does not know the compiler, nor anything of Node.
//!
//! ```no_run
//! # async fn example(manifest: ironside_model::manifest::Manifest, pool_options: ironside_worker::PoolOptions) -> Result<(), Box<dyn std::error::Error>> {
//! use ironside_server::{Deployment, DeploymentOptions, Server, ServerOptions};
//! use ironside_worker::Pool;
//! use std::sync::Arc;
//!
//! let deployment = Deployment::load(DeploymentOptions::new(manifest, ".ironside/build", "public"))?;
//! let pool = Arc::new(Pool::start(pool_options, deployment.front()).await?);
//! let server = Server::bind(ServerOptions::on_port(3000), deployment, pool)?;
//! server.serve(async { let _ = tokio::signal::ctrl_c().await; }).await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod admin;
pub mod body;
pub mod build_files;
mod build_identity;
mod connection;
mod crowd;
pub mod csrf;
mod deployment;
pub mod draft;
pub mod exchange;
pub mod extension_method;
pub mod forwarded;
pub mod framing;
pub mod front;
mod guard;
pub mod handler;
mod heartbeat;
mod http1;
pub mod job;
pub mod kept_body;
mod listener;
pub mod not_found_page;
mod opening;
mod options;
mod patience;
pub mod phase;
pub mod pipeline;
pub mod prerender;
pub mod public_file;
pub mod public_files;
mod pulse;
pub mod query;
pub mod received_body;
pub mod rejection;
pub mod request_body;
pub mod response;
pub mod router;
pub mod routes;
pub mod rules;
mod server;
pub mod shared;
mod site;
pub mod target;
pub mod telemetry;
mod tls;
pub mod trusted_proxies;
mod turn;
pub mod upstream;
pub mod url;
mod wire;
mod work;

pub use admin::{Admin, AdminError, AdminOptions};
pub use build_identity::build_identity;
pub use deployment::{Deployment, DeploymentError};
pub use ironside_cache::MonotonicClock;

/// What makes the cache outlive the process.
pub mod durable {
    pub use ironside_cache::invalidation_log::Durability;
    pub use ironside_cache::store::disk::{DiskOptions, FolderError};
    pub use ironside_cache::{Durable, DurableError};
}
pub use listener::ListenError;
pub use options::{DeploymentOptions, Limits, ListenAddress, ServerOptions};
pub use pipeline::Phase;
pub use server::{BindError, Current, Drained, Server};
pub use site::{House, Site};
pub use tls::{Tls, TlsError, TlsFiles};
pub use upstream::RewriteOptions;
pub use work::{Done, PieceSource, Pieces, Workers};
