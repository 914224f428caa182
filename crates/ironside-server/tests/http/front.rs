//! What workers ask while they run a job, and what that does to what visitors see.
use crate::support::{App, Reply, empty_app, serve, serve_with};
use ironside_server::Done;
use ironside_worker::wire::{CacheKind, JobKind, JobVariant, RevalidationKind, RevalidationMode, RevalidationScope};
use ironside_worker::{Call, Front, Job, JobInfo, Reply as Answer, Resolution, Revalidation, WorkerId};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

fn job(id: u32, route: Option<u32>, path: &str) -> JobInfo {
    let job = Job {
        route,
        path: path.into(),
        authority: "shop.example".into(),
        ..Job::new(JobKind::Page)
    };
    JobInfo {
        worker: WorkerId(1),
        id,
        job: Arc::new(job),
    }
}

fn get() -> Call {
    Call::CacheGet {
        kind: CacheKind::Fetch,
        key: "key".into(),
        tags: vec!["asked".into()],
    }
}

fn set(permit: Option<u64>, value: &'static str, tags: &[&str]) -> Call {
    Call::CacheSet {
        kind: CacheKind::Fetch,
        permit,
        key: "key".into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        revalidate: None,
        expire: None,
        value: value.into(),
    }
}

fn revalidate(kind: RevalidationKind, value: &str, scope: RevalidationScope) -> Call {
    let item = Revalidation {
        kind,
        value: value.into(),
        scope,
        mode: RevalidationMode::Expire,
        expire_seconds: None,
    };
    Call::Revalidate { items: vec![item] }
}

async fn permit(front: &Arc<dyn Front>, job: &JobInfo) -> u64 {
    match front.call(job.clone(), get()).await {
        Answer::Miss { permit: Some(permit) } => permit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn values_are_made_once_and_end_with_their_tags_or_the_page_that_asks() {
    let server = serve(empty_app().page("/blog/[slug]"), |_| Reply::html("")).await;
    let front = server.deployment.front();
    let blog = job(1, Some(0), "/blog/caf%C3%A9");
    for (number, invalidation) in [
        revalidate(RevalidationKind::Tag, "posts", RevalidationScope::None),
        revalidate(RevalidationKind::Tag, "asked", RevalidationScope::None),
        revalidate(RevalidationKind::Path, "/blog/café", RevalidationScope::None),
        revalidate(RevalidationKind::Path, "/blog/[slug]", RevalidationScope::Page),
        revalidate(RevalidationKind::Path, "/", RevalidationScope::Layout),
    ]
    .into_iter()
    .enumerate()
    {
        let permit = permit(&front, &blog).await;
        assert_eq!(
            front.call(blog.clone(), set(Some(permit), "v", &["posts"])).await,
            Answer::Done
        );
        assert_eq!(front.call(blog.clone(), get()).await, Answer::Fresh { value: "v".into() });
        for harmless in [
            ("/blog/[slug]", RevalidationScope::None),
            ("/blog", RevalidationScope::Page),
            ("/blog/Café", RevalidationScope::None),
        ] {
            front
                .call(blog.clone(), revalidate(RevalidationKind::Path, harmless.0, harmless.1))
                .await;
        }
        assert_eq!(
            front.call(blog.clone(), get()).await,
            Answer::Fresh { value: "v".into() },
            "{number}"
        );
        assert_eq!(front.call(blog.clone(), invalidation).await, Answer::Done);
        let again = front.call(blog.clone(), get()).await;
        let Answer::Miss { permit: Some(held) } = again else {
            panic!("invalidation {number}: {again:?}")
        };
        front.call(blog.clone(), Call::PermitDrop { permit: held }).await;
    }
}

#[tokio::test]
async fn nothing_is_stored_without_a_permit_of_that_job_and_key() {
    let server = serve(empty_app(), |_| Reply::html("")).await;
    let front = server.deployment.front();
    let (mine, other) = (job(1, None, "/"), job(2, None, "/"));
    let number = permit(&front, &mine).await;
    assert!(matches!(
        front.call(mine.clone(), set(None, "x", &[])).await,
        Answer::Refused { .. }
    ));
    // A permit that isn't the job's may be one that ended with its job: that is no fault, but nothing is stored either.
    for (asker, call) in [
        (&other, set(Some(number), "x", &[])),
        (&mine, set(Some(number + 1), "x", &[])),
    ] {
        assert_eq!(front.call(asker.clone(), call).await, Answer::Done);
    }
    let elsewhere = Call::CacheSet {
        kind: CacheKind::Function,
        permit: Some(number),
        key: "key".into(),
        tags: Vec::new(),
        revalidate: None,
        expire: None,
        value: "x".into(),
    };
    assert!(matches!(front.call(mine.clone(), elsewhere).await, Answer::Refused { .. }));
    let number = permit(&front, &mine).await;
    // Implicit tags are not an application's to set.
    assert!(matches!(
        front.call(mine.clone(), set(Some(number), "x", &["\u{1}url:/"])).await,
        Answer::Refused { .. }
    ));
    let number = permit(&front, &mine).await;
    front.ended(mine.clone());
    assert_eq!(front.call(mine.clone(), set(Some(number), "x", &[])).await, Answer::Done);
    assert_eq!(server.deployment.cache.fills(), 0);
}

#[tokio::test]
async fn redirects_of_actions_are_resolved_as_requests_are() {
    let app = empty_app()
        .page("/shop/[id]")
        .handler("/api/a", &["GET"])
        .page("/guarded")
        .config(|config| {
            config.base_path = "/base".into();
            config.redirects = json!([{ "source": "/old", "destination": "/new", "permanent": true }]);
        });
    let mut app = app;
    app.proxy = Some(ironside_model::manifest::Proxy {
        file: "proxy.ts".into(),
        chunk: "p.mjs".into(),
        matchers: json!([{ "source": "/guarded" }]),
    });
    let server = serve(app, |_| Reply::html("")).await;
    let front = server.deployment.front();
    for (url, expected) in [
        ("/shop/a%20b?x=1#h", "route 0 /shop/a%20b x=1"),
        ("http://shop.example/base/shop/1", "route 0 /shop/1 "),
        ("/base/shop/1", "route 0 /shop/1 "),
        ("/api/a?x", "handler /api/a"),
        ("/old", "handler /old"),
        ("/guarded", "handler /guarded"),
        ("//evil.example/x", "external"),
        ("http://evil.example/shop/1", "external"),
        ("http://shop.example/outside", "external"),
        ("mailto:a@b", "external"),
        ("/none", "none"),
    ] {
        let got = match front.call(job(1, None, "/"), Call::Resolve { url: url.into() }).await {
            Answer::Resolved(Resolution::Route { route, path, query, .. }) => format!("route {route} {path} {query}"),
            Answer::Resolved(Resolution::Handler { path, .. }) => format!("handler {path}"),
            Answer::Resolved(Resolution::External { .. }) => "external".into(),
            Answer::Resolved(Resolution::None) => "none".into(),
            other => panic!("{other:?}"),
        };
        assert_eq!(got, expected, "{url}");
    }
}

#[tokio::test]
async fn a_redirect_of_an_action_called_by_fetch_may_be_intercepted() {
    let mut app = empty_app().page("/feed").page("/photo/[id]").page("/photo/[id]");
    app.routes[2].intercepts_from = Some(app.routes[0].pattern.clone());
    let server = serve(app, |_| Reply::html("")).await;
    let front = server.deployment.front();
    let route = async |kind: JobKind, variant: JobVariant, path: &str| {
        let mut from = job(1, None, path);
        from.job = Arc::new(Job {
            kind,
            variant,
            ..(*from.job).clone()
        });
        match front.call(from, Call::Resolve { url: "/photo/1".into() }).await {
            Answer::Resolved(Resolution::Route { route, .. }) => route,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(route(JobKind::Action, JobVariant::Rsc, "/feed").await, 2);
    assert_eq!(route(JobKind::Action, JobVariant::Rsc, "/elsewhere").await, 1);
    assert_eq!(route(JobKind::Action, JobVariant::Html, "/feed").await, 1);
}

#[tokio::test]
async fn rates_are_counted_for_all_workers_and_for_each_client() {
    let server = serve(empty_app(), |_| Reply::html("")).await;
    let front = server.deployment.front();
    let take = async |worker: u32, address: &str, by_client: bool| {
        let mut from = job(1, None, "/");
        from.worker = WorkerId(worker);
        from.job = Arc::new(Job {
            client_address: address.into(),
            ..(*from.job).clone()
        });
        let call = Call::RateTake {
            key: "login".into(),
            by_client,
            burst: 2,
            period_ms: 60_000,
        };
        match front.call(from, call).await {
            Answer::Rated { allowed, wait_ms, .. } => (allowed, wait_ms > 0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(take(1, "10.0.0.1", true).await, (true, false));
    assert_eq!(take(2, "10.0.0.1", true).await, (true, false));
    assert_eq!(take(1, "10.0.0.1", true).await, (false, true));
    assert_eq!(take(1, "10.0.0.2", true).await, (true, false));
    assert_eq!(take(1, "10.0.0.1", false).await, (true, false));
}

#[tokio::test]
async fn a_key_runs_once_and_is_free_again_when_its_job_ends_without_an_answer() {
    let server = serve(empty_app(), |_| Reply::html("")).await;
    let front = server.deployment.front();
    let begin = |from: &JobInfo| {
        let call = Call::IdempotencyBegin {
            key: "key".into(),
            by_client: false,
            fingerprint: vec![1; 32].into(),
            keep_s: 60,
            patience_ms: 60_000,
        };
        front.call(from.clone(), call)
    };
    let (first, second, third) = (job(1, None, "/"), job(2, None, "/"), job(3, None, "/"));
    assert!(matches!(begin(&first).await, Answer::Run { .. }));
    let waiting = tokio::spawn(begin(&second));
    tokio::task::yield_now().await;
    // The worker died, or the action threw.
    front.ended(first);
    let Answer::Run { ticket } = waiting.await.unwrap() else {
        panic!("it has to run")
    };
    let end = |value: Option<&'static str>| Call::IdempotencyEnd {
        ticket,
        keep: true,
        value: value.map(Into::into),
    };
    assert!(matches!(
        front.call(third.clone(), end(Some("forged"))).await,
        Answer::Refused { .. }
    ));
    assert!(matches!(front.call(second, end(Some("answer"))).await, Answer::Done));
    assert!(matches!(begin(&third).await, Answer::Replay { value: Some(value) } if value == "answer"));
    let short = Call::IdempotencyBegin {
        key: "key".into(),
        by_client: false,
        fingerprint: "short".into(),
        keep_s: 60,
        patience_ms: 0,
    };
    assert!(matches!(front.call(third, short).await, Answer::Refused { .. }));
}

#[tokio::test]
async fn a_page_is_renewed_after_its_path_was_revalidated() {
    let count = AtomicUsize::new(0);
    let server = serve(empty_app().candidate("/blog/[slug]"), move |_| {
        Reply::html(count.fetch_add(1, Ordering::SeqCst).to_string())
    })
    .await;
    let front = server.deployment.front();
    let visit = async |path: &str| server.get(path).await.text();
    assert_eq!(
        (visit("/blog/a").await, visit("/blog/b").await, visit("/blog/a").await),
        ("0".into(), "1".into(), "0".into())
    );
    front
        .call(
            job(1, None, "/"),
            revalidate(RevalidationKind::Path, "/blog/a", RevalidationScope::None),
        )
        .await;
    assert_eq!((visit("/blog/a").await, visit("/blog/b").await), ("2".into(), "1".into()));
    front
        .call(
            job(1, None, "/"),
            revalidate(RevalidationKind::Path, "/blog", RevalidationScope::Layout),
        )
        .await;
    assert_eq!((visit("/blog/a").await, visit("/blog/b").await), ("3".into(), "4".into()));
}

#[tokio::test]
async fn a_worker_that_gives_the_pages_permit_back_ends_the_shared_render() {
    let front: Arc<OnceLock<Arc<dyn Front>>> = Arc::default();
    let desk = front.clone();
    let server = serve_with(empty_app().candidate("/me"), move |job, _| {
        let desk = desk.clone();
        Box::pin(async move {
            let Some(permit) = job.permit else {
                return Reply::html("for one visitor").done();
            };
            let info = JobInfo {
                worker: WorkerId(1),
                id: 7,
                job: Arc::new(job),
            };
            desk.get().unwrap().call(info, Call::PermitDrop { permit }).await;
            // Without its return the render would never end.
            std::future::pending::<Result<Done, _>>().await
        })
    })
    .await;
    assert!(front.set(server.deployment.front()).is_ok());
    assert_eq!(server.get("/me").await.text(), "for one visitor");
    assert_eq!(server.jobs().len(), 2);
}

#[tokio::test]
async fn draft_requests_neither_read_nor_fill_the_cache() {
    let count = AtomicUsize::new(0);
    let server = serve(empty_app().candidate("/p"), move |_| {
        Reply::html(count.fetch_add(1, Ordering::SeqCst).to_string())
    })
    .await;
    let draft = [("cookie", "__prerender_bypass=anything")];
    assert_eq!(server.get("/p").await.text(), "0");
    for expected in ["1", "2"] {
        let got = server.get_with("/p", &draft).await;
        assert_eq!((got.text().as_str(), got.header("etag")), (expected, None));
    }
    assert_eq!(server.get("/p").await.text(), "0");
}
