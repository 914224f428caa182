//! URLs over the wire: one form, redirects, rewrites, configured headers, base path.

use crate::support::{App, Reply, empty_app, serve};
use ironside_model::manifest::Proxy;
use serde_json::json;

fn echo(job: &ironside_worker::Job) -> Reply {
    let params: Vec<String> = job
        .params
        .iter()
        .map(|param| format!("{}={}", param.name, param.values.join("/")))
        .collect();
    Reply::text(format!(
        "{}|{}|{}|{}",
        job.path,
        job.query,
        job.route.map_or(-1, i64::from),
        params.join("&")
    ))
}

#[tokio::test]
async fn one_form_of_the_path_is_routed() {
    let server = serve(
        empty_app()
            .handler("/api/a", &["GET", "POST"])
            .handler("/api/p/[id]", &["GET"]),
        echo,
    )
    .await;
    for path in ["/api/a", "/api/./a", "/x/../api/a", "/api/x/%2e%2e/a", "/%61pi/a"] {
        assert_eq!(server.get(path).await.text(), "/api/a||0|", "{path}");
    }
    assert_eq!(
        server.get("/api/p/a%2Fb%20c?q=%20x&c").await.text(),
        "/api/p/a%2Fb%20c|q=%20x&c|1|id=a%2Fb%20c"
    );
    for (path, to) in [
        ("//api/a", "/api/a"),
        ("/\\example.com", "/example.com"),
        ("/api/a/?a=%20b", "/api/a?a=%20b"),
    ] {
        let got = server.get(path).await;
        assert_eq!((got.status, got.header("location")), (308, Some(to)), "{path}");
    }
    assert_eq!(server.send("POST", "/api/a/", &[], b"x").await.status, 308);
    for path in ["/api/p/%zz", "/api/p/%ff"] {
        assert_eq!(server.get(path).await.status, 400, "{path}");
    }
    // Nothing is there; what is shown for that is the same for everybody.
    assert_eq!(server.get("/api%2Fa").await.text(), "/_not-found||-1|");
}

#[tokio::test]
async fn redirects_headers_and_rewrites_of_next_config() {
    let app = empty_app()
        .handler("/api/a", &["GET"])
        .handler("/api/p/[id]", &["GET"])
        .page("/dyn/[id]")
        .config(|config| {
            config.redirects = json!([{ "source": "/old/:id", "destination": "/api/p/:id", "permanent": true }]);
            config.headers = json!([
                { "source": "/api/:path*", "headers": [{ "key": "x-config", "value": "one" }, { "key": "content-type", "value": "text/config" }] },
                { "source": "/files/:path*", "headers": [{ "key": "Cache-Control", "value": "public, max-age=9" }] },
                { "source": "/_next/:path*", "headers": [{ "key": "Cache-Control", "value": "no-store" }] },
            ]);
            config.rewrites = json!({
                "beforeFiles": [{ "source": "/files/hello.txt", "has": [{ "type": "query", "key": "api" }], "destination": "/api/a" }],
                "afterFiles": [
                    { "source": "/api/a", "destination": "/api/p/never" },
                    { "source": "/api/p/via", "destination": "/api/a" },
                    { "source": "/rw/:a", "destination": "/dyn/:a?from=rewrite" },
                    { "source": "/rw-file", "destination": "/files/hello.txt" },
                ],
                "fallback": [{ "source": "/api/p/:id", "destination": "/api/a" }, { "source": "/nowhere/:x", "destination": "/api/p/:x" }],
            });
        });
    let server = serve(app, echo).await;
    let old = server.get("/old/7?q=1").await;
    assert_eq!((old.status, old.header("location")), (308, Some("/api/p/7?q=1")));
    let api = server.get("/api/a").await;
    assert_eq!(
        (api.header("x-config"), api.all("content-type")),
        (Some("one"), vec!["text/config"])
    );
    assert_eq!(
        server.get("/files/hello.txt").await.header("cache-control"),
        Some("public, max-age=9")
    );
    assert_eq!(api.text(), "/api/a||0|");
    assert_eq!(server.get("/files/hello.txt?api=1").await.text(), "/files/hello.txt|api=1|0|");
    assert_eq!(server.get("/files/hello.txt?api").await.text(), "Hello from a public file");
    assert_eq!(server.get("/api/p/via").await.text(), "/api/p/via||0|");
    assert_eq!(server.get("/api/p/other").await.text(), "/api/p/other||1|id=other");
    assert_eq!(server.get("/nowhere/zz?y=1").await.text(), "/nowhere/zz|y=1|1|id=zz");
    // A page sees what a rewrite adds to the query, a handler does not.
    assert_eq!(server.get("/rw/b?y=1").await.text(), "/rw/b|y=1&from=rewrite|2|id=b");
    assert_eq!(server.get("/rw-file").await.text(), "Hello from a public file");
}

#[tokio::test]
async fn a_base_path_is_taken_off_and_nothing_is_outside_of_it() {
    let app = empty_app()
        .handler("/", &["GET"])
        .handler("/api/a", &["GET"])
        .config(|config| {
            config.base_path = "/docs".into();
            config.redirects = json!([
                { "source": "/old", "destination": "/api/a", "permanent": false },
                { "source": "/", "destination": "/docs", "basePath": false, "permanent": false },
            ]);
        });
    let server = serve(app, echo).await;
    assert_eq!(server.get("/docs/api/a").await.text(), "/api/a||1|");
    assert_eq!(server.get("/docs").await.text(), "/||0|");
    assert_eq!(server.get("/docs/").await.header("location"), Some("/docs"));
    assert_eq!(server.get("/docs/old").await.header("location"), Some("/docs/api/a"));
    assert_eq!(server.get("/").await.header("location"), Some("/docs"));
    assert_eq!(server.get("/api/a").await.status, 404);
    assert_eq!(server.get("/docs/files/hello.txt").await.status, 200);
    assert_eq!(server.get("/files/hello.txt").await.status, 404);
}

#[tokio::test]
async fn a_trailing_slash_can_be_wanted() {
    let server = serve(empty_app().page("/a").config(|config| config.trailing_slash = true), echo).await;
    assert_eq!(server.get("/a?q=1").await.header("location"), Some("/a/?q=1"));
    assert_eq!(server.get("/a/").await.text(), "/a/||0|");
    assert_eq!(server.get("/files/hello.txt").await.status, 200);
}

#[test]
fn a_mistake_in_a_rule_is_an_error_that_names_it() {
    let app =
        empty_app().config(|config| config.redirects = json!([{ "source": "/a(", "destination": "/b", "permanent": true }]));
    let folder = tempfile::tempdir().unwrap();
    let error = ironside_server::Deployment::load(ironside_server::DeploymentOptions::new(app, folder.path(), folder.path()))
        .unwrap_err();
    assert!(error.to_string().contains("redirects()[0] (/a()"), "{error}");
    let mut app = empty_app();
    app.proxy = Some(Proxy {
        file: "proxy.ts".into(),
        chunk: "p.mjs".into(),
        matchers: json!([{ "source": "nope" }]),
    });
    let error = ironside_server::Deployment::load(ironside_server::DeploymentOptions::new(app, folder.path(), folder.path()))
        .unwrap_err();
    assert!(error.to_string().contains("matcher"), "{error}");
}
