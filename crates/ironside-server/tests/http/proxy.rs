//! `proxy.ts` over the wire: where it runs, what it may change, and that the application still gets the body.

use crate::support::{App, Reply, Running, empty_app, read, serve_with, went_well};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use ironside_model::manifest::Proxy;
use ironside_server::Done;
use ironside_worker::wire::JobKind;
use ironside_worker::{JobBody, Outcome, ProxyAction, ProxyDecision};
use serde_json::json;

fn decision(action: ProxyAction) -> ProxyDecision {
    ProxyDecision {
        action,
        request_headers: None,
        response_headers: HeaderMap::new(),
    }
}

fn map(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        map.append(*name, HeaderValue::from_static(value));
    }
    map
}

async fn server() -> Running {
    let mut app = empty_app()
        .handler("/px/[what]", &["GET", "POST"])
        .handler("/api/p/[id]", &["GET"])
        .page("/guarded");
    app.proxy = Some(Proxy {
        file: "proxy.ts".into(),
        chunk: "p.mjs".into(),
        matchers: json!([{ "source": "/px/:path*" }, { "source": "/guarded" }, { "source": "/files/:f", "missing": [{ "type": "cookie", "key": "skip" }] }]),
    });
    serve_with(app, |job, body| {
        Box::pin(async move {
            if job.kind != JobKind::Proxy {
                let body = String::from_utf8(read(body).await.unwrap()).unwrap();
                let seen = ["x-added", "x-changed", "x-middleware-next"]
                    .map(|name| job.headers.get(name).map_or("-", |value| value.to_str().unwrap()));
                return Reply::text(format!(
                    "{} {} {body} {}",
                    job.path,
                    job.params.first().map_or("", |param| &param.values[0]),
                    seen.join(",")
                ))
                .header("x-who", "app")
                .done();
            }
            let mut decided = decision(ProxyAction::Next);
            decided.response_headers = map(&[("x-proxy", "seen")]);
            match job.path.as_str() {
                "/px/headers" => {
                    decided.request_headers = Some(map(&[("x-added", "yes"), ("x-changed", "new"), ("x-middleware-next", "1")]));
                    decided.response_headers = map(&[("x-who", "proxy"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]);
                }
                "/px/rewrite" => {
                    decided.action = ProxyAction::Rewrite {
                        url: format!("http://{}/api/p/rewritten?from=proxy", job.authority),
                    }
                }
                "/px/file" => {
                    decided.action = ProxyAction::Rewrite {
                        url: "/files/hello.txt".into(),
                    }
                }
                "/px/away" => {
                    decided.action = ProxyAction::Rewrite {
                        url: "https://elsewhere.example/".into(),
                    }
                }
                "/px/redirect" => {
                    decided.action = ProxyAction::Redirect {
                        url: format!("http://{}/login?x=1", job.authority),
                        status: 307,
                    }
                }
                "/px/answer" => return Reply::new(418, "text/plain", "teapot").done(),
                "/px/body" => {
                    let length = read(body).await.unwrap().len();
                    decided.response_headers.insert("x-length", HeaderValue::from(length));
                }
                "/px/half" => {
                    if let JobBody::Stream(mut stream) = body {
                        drop(stream.next().await);
                    }
                }
                "/px/throw" => return Err(ironside_worker::JobFailure::Thrown(Box::default())),
                _ => {}
            }
            Ok(Done::Finished(Outcome {
                proxy: Some(decided),
                ..went_well()
            }))
        })
    })
    .await
}

#[tokio::test]
async fn it_runs_where_its_matcher_applies() {
    let server = server().await;
    assert_eq!(server.get("/px/a").await.header("x-proxy"), Some("seen"));
    assert_eq!(server.get("/files/hello.txt").await.header("x-proxy"), Some("seen"));
    assert_eq!(
        server
            .get_with("/files/hello.txt", &[("cookie", "skip=1")])
            .await
            .header("x-proxy"),
        None
    );
    assert_eq!(server.get("/api/p/1").await.header("x-proxy"), None);
    // Whatever spelling of the path, and whatever a client pretends to be.
    for path in ["/guarded", "/%67uarded", "/x/../guarded", "/guarded?_rsc=x"] {
        let headers = [
            ("x-middleware-subrequest", "proxy:proxy:proxy:proxy:proxy"),
            ("x-middleware-next", "1"),
        ];
        assert_eq!(
            server.get_with(path, &headers).await.header("x-proxy"),
            Some("seen"),
            "{path}"
        );
    }
    assert_eq!(
        server.get_with("/guarded?_rsc", &[("rsc", "1")]).await.header("x-proxy"),
        Some("seen")
    );
}

#[tokio::test]
async fn it_changes_headers_both_ways_and_its_own_win() {
    let server = server().await;
    let got = server.get("/px/headers").await;
    assert_eq!(got.text(), "/px/headers headers  yes,new,-");
    assert_eq!(got.all("x-who"), ["proxy"]);
    assert_eq!(got.all("set-cookie"), ["a=1", "b=2"]);
}

#[tokio::test]
async fn it_rewrites_redirects_answers_and_fails() {
    let server = server().await;
    assert_eq!(server.get("/px/rewrite?mine=1").await.text(), "/px/rewrite rewritten  -,-,-");
    assert_eq!(server.get("/px/file").await.text(), "Hello from a public file");
    assert_eq!(server.get("/px/away").await.status, 403);
    let redirect = server.get("/px/redirect").await;
    assert_eq!((redirect.status, redirect.header("location")), (307, Some("/login?x=1")));
    let answer = server.get("/px/answer").await;
    assert_eq!((answer.status, answer.text().as_str()), (418, "teapot"));
    assert_eq!(server.get("/px/throw").await.status, 500);
    let app_jobs = server.jobs().iter().filter(|job| job.kind != JobKind::Proxy).count();
    assert_eq!(app_jobs, 1, "only the rewrite to a handler reached the application");
}

#[tokio::test]
async fn the_application_gets_the_whole_body_whatever_the_proxy_has_read() {
    let server = server().await;
    let body = "x".repeat(300_000);
    for path in ["/px/body", "/px/half", "/px/unread"] {
        let got = server.send("POST", path, &[], body.as_bytes()).await;
        let what = path.rsplit('/').next().unwrap();
        assert!(
            got.text() == format!("{path} {what} {body} -,-,-"),
            "{path}: {} bytes",
            got.body.len()
        );
    }
}
