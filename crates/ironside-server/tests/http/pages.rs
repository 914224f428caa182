//! Pages over the wire: variants, what is shared and what is not, failures.

use crate::support::{App, Reply, empty_app, serve, serve_with};
use ironside_server::Done;
use ironside_worker::wire::{DynamicReason, JobKind, JobVariant};
use ironside_worker::{ErrorInfo, Job, JobFailure};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const VARY: [&str; 4] = [
    "rsc",
    "next-router-state-tree",
    "next-router-prefetch",
    "next-router-segment-prefetch",
];

/// Pages that count their renders: `render 1`, with the same payload beside it.
fn counting() -> impl Fn(&Job) -> Reply + Send + Sync + 'static {
    let renders = AtomicUsize::new(0);
    move |job| {
        let text = format!("render {}", renders.fetch_add(1, Ordering::SeqCst) + 1);
        match (job.variant, job.permit) {
            (JobVariant::Html, None) => Reply::html(text),
            (JobVariant::Html, Some(_)) => Reply::html(text.clone()).payload(text),
            _ => Reply::new(200, "text/x-component", text),
        }
    }
}

#[tokio::test]
async fn a_dynamic_page_is_rendered_for_each_visitor_and_may_not_be_kept() {
    let server = serve(empty_app().page("/"), counting()).await;
    let (first, second) = (
        server.get("/?a=1").await,
        server.get_with("/", &[("if-none-match", "*")]).await,
    );
    assert_eq!(
        (first.text().as_str(), second.text().as_str(), second.status),
        ("render 1", "render 2", 200)
    );
    assert_eq!(
        first.header("cache-control"),
        Some("private, no-cache, no-store, max-age=0, must-revalidate")
    );
    assert_eq!((first.header("etag"), first.header("x-nextjs-cache")), (None, None));
    assert_eq!(first.header("x-powered-by"), Some("Ironside"));
    for name in VARY {
        assert!(first.header("vary").unwrap().contains(name), "{name}");
    }
    assert_eq!(server.jobs()[0].query, "a=1");
}

#[tokio::test]
async fn a_static_page_is_rendered_once_for_nobody_in_particular() {
    let server = serve(empty_app().candidate("/still"), counting()).await;
    let first = server
        .get_with("/still?secret=1", &[("cookie", "session=1"), ("authorization", "Bearer x")])
        .await;
    let second = server.get("/still?other").await;
    assert_eq!((first.text(), second.text()), ("render 1".into(), "render 1".into()));
    assert_eq!(
        (first.header("x-nextjs-cache"), second.header("x-nextjs-cache")),
        (Some("MISS"), Some("HIT"))
    );
    assert_eq!(first.header("cache-control"), Some("s-maxage=31536000"));
    assert_eq!(second.header("content-length"), Some("8"));
    let jobs = server.jobs();
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        (jobs[0].query.as_str(), jobs[0].headers.len(), &*jobs[0].authority),
        ("", 1, "localhost:3000")
    );
    let etag = second.header("etag").unwrap().to_owned();
    for given in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()] {
        let unchanged = server.get_with("/still", &[("if-none-match", &given)]).await;
        assert_eq!(
            (unchanged.status, unchanged.header("etag"), unchanged.body.len()),
            (304, Some(etag.as_str()), 0),
            "{given}"
        );
    }
    let head = server.send("HEAD", "/still", &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.header("x-nextjs-cache")),
        (200, Some("8"), Some("HIT"))
    );
    for method in ["POST", "PUT", "DELETE"] {
        let refused = server.send(method, "/still", &[], b"x").await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn html_and_payload_of_a_static_page_are_of_one_render() {
    let server = serve(empty_app().candidate("/p/[id]"), counting()).await;
    let rsc = [("rsc", "1")];
    let payload = server.get_with("/p/a?_rsc", &rsc).await;
    assert_eq!(
        (payload.text().as_str(), payload.header("content-type")),
        ("render 1", Some("text/x-component"))
    );
    assert_eq!(server.get("/p/a").await.text(), "render 1");
    let prefetch = server
        .get_with("/p/a?_rsc=HEAvJdHAQJrUAe2K", &[("rsc", "1"), ("next-router-prefetch", "1")])
        .await;
    assert_eq!(
        (prefetch.text().as_str(), prefetch.header("x-nextjs-cache")),
        ("render 1", Some("HIT"))
    );
    assert_eq!(server.get("/p/b").await.text(), "render 2");
    assert_eq!(server.get("/p/A").await.text(), "render 3");
}

#[tokio::test]
async fn a_payload_needs_the_right_key() {
    let server = serve(empty_app().page("/a"), counting()).await;
    let rsc = ("rsc", "1");
    for (path, headers, to) in [
        ("/a", vec![rsc], "/a?_rsc"),
        ("/a?x=1&_rsc=wrong", vec![rsc], "/a?x=1&_rsc"),
        ("/a", vec![rsc, ("next-router-prefetch", "1")], "/a?_rsc=HEAvJdHAQJrUAe2K"),
    ] {
        let got = server.get_with(path, &headers).await;
        assert_eq!((got.status, got.header("location")), (307, Some(to)), "{path}");
    }
    assert!(server.jobs().is_empty());
    let payload = server.get_with("/a?x=1&_rsc", &[rsc, ("ironside-have", "1f")]).await;
    assert_eq!(payload.header("content-type"), Some("text/x-component"));
    let job = server.jobs().remove(0);
    assert_eq!((job.variant, job.query.as_str()), (JobVariant::Rsc, "x=1"));
    assert!(!job.headers.contains_key("rsc") && job.headers.contains_key("ironside-have"));
    let html = server.get("/a?_rsc=abc").await;
    assert_eq!(
        (html.header("content-type"), server.jobs()[1].query.as_str()),
        (Some("text/html; charset=utf-8"), "_rsc=abc")
    );
}

#[tokio::test]
async fn a_candidate_that_reads_the_request_is_rendered_for_each_visitor_from_then_on() {
    let server = serve(empty_app().candidate("/me"), |job| {
        let cookie = job.headers.get("cookie").map_or("nobody", |value| value.to_str().unwrap());
        Reply::html(format!("hello {cookie}")).outcome(|outcome| outcome.dynamic = Some(DynamicReason::Cookies))
    })
    .await;
    for name in ["ann", "bob", "eve"] {
        let got = server.get_with("/me", &[("cookie", name)]).await;
        assert_eq!(got.text(), format!("hello {name}"));
        assert!(got.header("cache-control").unwrap().starts_with("private"));
        assert_eq!(got.header("etag"), None);
    }
    let permits: Vec<bool> = server.jobs().iter().map(|job| job.permit.is_some()).collect();
    assert_eq!(permits, [true, false, false, false]);
}

#[tokio::test]
async fn what_sets_a_cookie_or_fails_is_not_stored() {
    let server = serve(empty_app().candidate("/cookie").candidate("/broken"), |job| {
        match job.path.as_str() {
            "/cookie" => Reply::html("c").header("set-cookie", "visitor=1"),
            _ => Reply::new(500, "text/html", "broken"),
        }
    })
    .await;
    for _ in 0..2 {
        let cookie = server.get("/cookie").await;
        assert_eq!(
            (cookie.header("set-cookie"), cookie.header("x-nextjs-cache")),
            (Some("visitor=1"), None)
        );
        let broken = server.get("/broken").await;
        assert_eq!(broken.status, 500);
        assert!(broken.header("cache-control").unwrap().contains("no-store"));
    }
}

#[tokio::test]
async fn a_herd_gets_one_render_and_an_early_visitor_may_leave() {
    let renders = Arc::new(AtomicUsize::new(0));
    let counted = renders.clone();
    let server = serve_with(empty_app().candidate("/herd"), move |_, _| {
        let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Reply::html(format!("render {number}")).payload("p").done()
        })
    })
    .await;
    let leaving = tokio::time::timeout(Duration::from_millis(20), server.get("/herd")).await;
    assert!(leaving.is_err());
    let all = futures_util::future::join_all((0..50).map(|i| {
        let server = &server;
        async move {
            if i % 2 == 0 {
                server.get("/herd").await
            } else {
                server.get_with("/herd?_rsc", &[("rsc", "1")]).await
            }
        }
    }))
    .await;
    assert!(all.iter().all(|got| got.status == 200));
    assert_eq!(renders.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_expired_tag_renders_anew_and_a_stored_404_and_redirect_are_kept() {
    let server = serve(empty_app().candidate("/gone").candidate("/moved").candidate("/tagged"), {
        let count = counting();
        move |job| match job.path.as_str() {
            "/gone" => Reply {
                status: 404,
                ..count(job)
            },
            "/moved" => Reply {
                status: 307,
                ..count(job)
            }
            .header("location", "/tagged"),
            _ => count(job).outcome(|outcome| {
                outcome.tags = vec!["shop".into()];
                outcome.revalidate = Some(60);
            }),
        }
    })
    .await;
    let tagged = server.get("/tagged").await;
    assert_eq!(
        tagged.header("cache-control"),
        Some("s-maxage=60, stale-while-revalidate=31535940")
    );
    server.deployment.cache.expire_tag("shop");
    assert_ne!(server.get("/tagged").await.text(), tagged.text());
    for (path, status) in [("/gone", 404), ("/moved", 307)] {
        let (first, second) = (server.get(path).await, server.get(path).await);
        assert_eq!(
            (first.status, second.status, second.header("x-nextjs-cache")),
            (status, status, Some("HIT")),
            "{path}"
        );
        assert_eq!(first.text(), second.text());
    }
    let payload = server.get_with("/moved?_rsc", &[("rsc", "1")]).await;
    assert_eq!((payload.status, payload.header("location")), (200, None));
}

#[tokio::test]
async fn nothing_matches_a_page_for_documents_and_a_text_for_what_they_load() {
    let server = serve(empty_app().page("/"), |job| {
        // Once, for everybody, and not under the path that somebody has asked for.
        assert_eq!((job.kind, job.route, job.method.as_str()), (JobKind::Prerender, None, "GET"));
        assert_eq!((job.path.as_str(), job.query.as_str()), ("/_not-found", ""));
        Reply::new(404, "text/html", "nothing lives here")
    })
    .await;
    for path in ["/no/such", "/another?x=1", "/no/such"] {
        let page = server.get(path).await;
        assert_eq!((page.status, page.text().as_str()), (404, "nothing lives here"));
        assert!(page.header("cache-control").unwrap().contains("no-store"));
    }
    assert_eq!(
        server
            .send("POST", "/api/none", &[("content-type", "application/json")], b"{}")
            .await
            .status,
        404
    );
    for destination in ["image", "script", "style"] {
        let got = server.get_with("/no.png", &[("sec-fetch-dest", destination)]).await;
        assert_eq!((got.status, got.text().as_str()), (404, "Not Found"), "{destination}");
    }
    assert_eq!(server.jobs().len(), 1);
}

#[tokio::test]
async fn failures_are_typed_and_tell_nothing_of_the_cause() {
    let server = serve_with(empty_app().page("/[why]"), |job, _| {
        let failure = match job.params[0].values[0].as_str() {
            "busy" => JobFailure::QueueFull {
                retry_after: Duration::from_secs(3),
            },
            "slow" => JobFailure::Deadline,
            _ => JobFailure::Thrown(Box::new(ErrorInfo {
                message: "SECRET".into(),
                stack: "SECRET".into(),
                digest: "1".into(),
            })),
        };
        Box::pin(async move { Err::<Done, _>(failure) })
    })
    .await;
    for (path, status, retry) in [("/busy", 503, Some("3")), ("/slow", 504, None), ("/threw", 500, None)] {
        let html = server.get(path).await;
        assert_eq!((html.status, html.header("retry-after")), (status, retry), "{path}");
        assert!(html.header("content-type").unwrap().starts_with("text/html") && html.header("x-request-id").is_some());
        assert!(
            html.text().contains(html.header("x-request-id").unwrap()) && !html.text().contains("SECRET"),
            "{}",
            html.text()
        );
        let payload = server.get_with(&format!("{path}?_rsc"), &[("rsc", "1")]).await;
        assert_eq!(
            (payload.status, payload.header("content-type")),
            (status, Some("text/plain; charset=utf-8")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn internal_headers_of_clients_do_not_travel() {
    let server = serve(empty_app().page("/"), counting()).await;
    server
        .get_with(
            "/",
            &[
                ("x-middleware-subrequest", "proxy"),
                ("x-nextjs-data", "1"),
                ("x-mine", "1"),
                ("x-forwarded-for", "203.0.113.5"),
            ],
        )
        .await;
    let job = server.jobs().remove(0);
    assert!(!job.headers.contains_key("x-middleware-subrequest") && !job.headers.contains_key("x-nextjs-data"));
    assert!(job.headers.contains_key("x-mine"));
    assert_eq!(&*job.client_address, "203.0.113.5");
    assert_eq!(job.headers["x-forwarded-host"], server.address.to_string().as_str());
}
