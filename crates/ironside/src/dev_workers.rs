//! Workers that show a failed build: while there is one, every page is the list of its errors; everything else goes to the
//! last version that could be built.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use ironside_server::{Done, PieceSource, Pieces, Workers};
use ironside_worker::{Head, Job, JobBody, JobFailure, Outcome, Piece, Pool, PoolStats, wire};
use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// A script that asks now and then whether the page is still about errors, and loads it again when it isn't.
const RELOAD: &str = "<script>setInterval(async()=>{const r=await fetch(location.href,{method:'HEAD'}).catch(()=>null);if(r&&!r.headers.has('x-ironside-build-failed'))location.reload()},500)</script>";

/// See the module's documentation.
#[derive(Debug, Clone)]
pub(crate) struct DevWorkers {
    /// None before the first build that succeeded.
    pool: Option<Arc<Pool>>,
    failed: Arc<Mutex<Option<Bytes>>>,
}

impl DevWorkers {
    /// Shows this version.
    pub(crate) fn new(pool: Option<Arc<Pool>>) -> Self {
        Self {
            pool,
            failed: Arc::default(),
        }
    }

    /// From now on pages are this one.
    pub(crate) fn fail(&self, mut page: String) {
        page.push_str(RELOAD);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(page.into());
    }

    fn failure(&self) -> Option<Bytes> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Workers for DevWorkers {
    fn run(&self, job: Job, body: JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> {
        let is_document = job.kind == wire::JobKind::Page && job.variant == wire::JobVariant::Html;
        if let Some(page) = self.failure().filter(|_| is_document) {
            return Box::pin(async move { Ok(error_page(page)) });
        }
        match &self.pool {
            Some(pool) => pool.run(job, body),
            None => Box::pin(async { Err(JobFailure::NotReady) }),
        }
    }

    fn stats(&self) -> Option<PoolStats> {
        self.pool.as_ref().and_then(Workers::stats)
    }

    fn is_ready(&self) -> bool {
        self.pool.as_ref().is_some_and(|pool| pool.ready())
    }
}

fn error_page(page: Bytes) -> Done {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert("x-ironside-build-failed", HeaderValue::from_static("1"));
    Done::Response {
        head: Head {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            reason: None,
            headers,
        },
        body: Pieces::new(OnePage(Some(page))),
    }
}

/// A body that is there already.
struct OnePage(Option<Bytes>);

impl PieceSource for OnePage {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        Poll::Ready(self.0.take().map(|page| Ok(Piece::Body(page))))
    }

    fn take_complete(&mut self) -> Option<Bytes> {
        self.0.take()
    }

    fn outcome(&self) -> Option<Outcome> {
        // Nothing of this may be stored.
        Some(Outcome {
            result: wire::JobResult::Ok,
            error: None,
            dynamic: Some(wire::DynamicReason::Config),
            tags: Vec::new(),
            revalidate: None,
            expire: None,
            stale: None,
            revalidations: Vec::new(),
            proxy: None,
            cpu_us: 0,
            wall_us: 0,
            after: false,
        })
    }
}
