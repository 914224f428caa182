//! What a request is answered with: a deployment, its workers, and what belongs to the server as a whole.

use crate::deployment::Deployment;
use crate::options::Limits;
use crate::received_body::ActionRoom;
use crate::telemetry::metrics::ServerMetrics;
use crate::telemetry::request_id::RequestIds;
use crate::trusted_proxies::TrustedProxies;
use crate::upstream::{RewriteOptions, Upstreams};
use crate::work::{Done, Workers};
use futures_util::future::BoxFuture;
use ironside_worker::{Job, JobBody, JobFailure};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// The part that stays when the deployment changes.
#[derive(Debug)]
pub struct House {
    /// Bounds of what clients may do.
    pub limits: Limits,
    /// Peers whose forwarded headers are believed.
    pub trusted: TrustedProxies,
    /// Connections to other sites.
    pub upstreams: Upstreams,
    /// Counters.
    pub metrics: ServerMetrics,
    /// Work that no request waits for.
    pub tasks: TaskTracker,
    /// Names of requests.
    pub request_ids: RequestIds,
    /// Whether the server has been told to stop.
    pub stopping: AtomicBool,
    /// Memory for bodies of actions.
    pub action_room: ActionRoom,
    /// A place for each renewal that may run.
    pub renewals: Arc<Semaphore>,
}

impl House {
    /// A house without visitors.
    #[must_use]
    pub fn new(limits: Limits, trusted: TrustedProxies, upstreams: Upstreams) -> Self {
        Self {
            renewals: Arc::new(Semaphore::new(limits.renewals)),
            action_room: ActionRoom::new(limits.action_memory),
            limits,
            trusted,
            upstreams,
            metrics: ServerMetrics::default(),
            tasks: TaskTracker::new(),
            request_ids: RequestIds::new(),
            stopping: AtomicBool::new(false),
        }
    }
}

/// See the module's documentation.
#[derive(Clone)]
pub struct Site {
    /// The build that is served.
    pub deployment: Arc<Deployment>,
    /// Who runs its code.
    pub workers: Arc<dyn Workers>,
    /// The rest.
    pub house: Arc<House>,
}

/// Runs nothing.
struct Nobody;

impl Workers for Nobody {
    fn run(&self, _: Job, _: JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> {
        Box::pin(std::future::ready(Err(JobFailure::NotReady)))
    }

    fn is_ready(&self) -> bool {
        false
    }
}

impl Site {
    /// A site that nobody visits and that has no workers: for looking at a build and its cache while no server runs.
    ///
    /// # Errors
    /// When the system's certificates or the like can't be prepared.
    pub fn unattended(deployment: Arc<Deployment>) -> Result<Self, std::io::Error> {
        let trusted = TrustedProxies::new(&[]).map_err(std::io::Error::other)?;
        let upstreams = Upstreams::new(RewriteOptions::default()).map_err(std::io::Error::other)?;
        Ok(Self {
            house: Arc::new(House::new(Limits::default(), trusted, upstreams)),
            workers: Arc::new(Nobody),
            deployment,
        })
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Site")
            .field("deployment", &self.deployment.id)
            .finish_non_exhaustive()
    }
}
