//! Admission of Server Actions over the wire: ids, origins, sizes. Nothing that is refused reaches a worker.

use crate::support::{App, Got, Reply, Running, empty_app, read, serve, serve_with};
use ironside_model::manifest::ActionOptions;
use ironside_worker::wire::{JobKind, JobVariant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ID: &str = "40aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const UNREACHABLE: &str = "40bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn app() -> ironside_model::manifest::Manifest {
    empty_app()
        .page("/")
        .candidate("/still")
        .handler("/api/a", &["GET", "POST"])
        .action(ID, true)
        .action(UNREACHABLE, false)
}

async fn server() -> Running {
    serve(app(), |_| Reply::new(200, "text/x-component", "ran")).await
}

async fn call(server: &Running, path: &str, id: &str, headers: &[(&str, &str)]) -> Got {
    let mut all = vec![("next-action", id), ("content-type", "text/plain;charset=UTF-8")];
    all.extend_from_slice(headers);
    server.send("POST", path, &all, b"[]").await
}

#[tokio::test]
async fn a_call_and_a_form_reach_the_worker_as_actions() {
    let server = server().await;
    let got = call(&server, "/?q=1", ID, &[]).await;
    assert_eq!((got.status, got.text().as_str()), (200, "ran"));
    assert_eq!(
        got.header("cache-control"),
        Some("no-cache, no-store, max-age=0, must-revalidate")
    );
    call(&server, "/no/such/page", ID, &[]).await;
    server
        .send(
            "POST",
            "/still",
            &[("content-type", "multipart/form-data; boundary=x")],
            b"--x--",
        )
        .await;
    let jobs = server.jobs();
    assert!(jobs.iter().all(|job| job.kind == JobKind::Action));
    assert_eq!(
        (
            jobs[0].target.as_str(),
            jobs[0].variant,
            jobs[0].route,
            jobs[0].query.as_str()
        ),
        (ID, JobVariant::Rsc, Some(0), "q=1")
    );
    assert_eq!((jobs[1].target.as_str(), jobs[1].route), (ID, None));
    assert_eq!(
        (jobs[2].target.as_str(), jobs[2].variant, jobs[2].route),
        ("", JobVariant::Html, Some(1))
    );
}

#[tokio::test]
async fn a_call_from_an_intercepting_route_is_for_that_route_and_a_form_never() {
    let mut app = empty_app()
        .page("/shelf")
        .page("/shelf/[book]")
        .page("/shelf/[book]")
        .action(ID, true);
    app.routes[2].intercepts_from = Some(app.routes[0].pattern.clone());
    let server = serve(app, |_| Reply::new(200, "text/x-component", "ran")).await;
    call(&server, "/shelf/1", ID, &[]).await;
    call(&server, "/shelf/1", ID, &[("ironside-from", "/shelf")]).await;
    call(&server, "/shelf/1", ID, &[("ironside-from", "/elsewhere")]).await;
    server
        .send(
            "POST",
            "/shelf/1",
            &[
                ("content-type", "multipart/form-data; boundary=x"),
                ("ironside-from", "/shelf"),
            ],
            b"--x--",
        )
        .await;
    let routes: Vec<Option<u32>> = server.jobs().iter().map(|job| job.route).collect();
    assert_eq!(routes, [Some(1), Some(2), Some(1), Some(1)]);
}

#[tokio::test]
async fn ids_that_are_none_or_not_callable_are_refused() {
    let server = server().await;
    for (id, status, text) in [
        ("", 400, "Invalid Server Action request."),
        ("toString", 400, "Invalid Server Action request."),
        (&"a".repeat(500), 400, "Invalid Server Action request."),
        (
            "40cccccccccccccccccccccccccccccccccccccccc",
            409,
            "Server Action unavailable.",
        ),
        (&ID.to_uppercase(), 409, "Server Action unavailable."),
        (UNREACHABLE, 409, "Server Action unavailable."),
    ] {
        for path in ["/", "/still", "/none"] {
            let got = call(&server, path, id, &[]).await;
            assert_eq!(
                (got.status, got.text().as_str(), got.header("x-nextjs-action-not-found")),
                (status, text, Some("1")),
                "{id} {path}"
            );
            assert!(got.header("content-type").unwrap().starts_with("text/plain"));
        }
    }
    let urlencoded = server
        .send(
            "POST",
            "/",
            &[("next-action", ID), ("content-type", "application/x-www-form-urlencoded")],
            b"a=1",
        )
        .await;
    assert_eq!(urlencoded.status, 404);
    assert!(server.jobs().is_empty());
}

#[tokio::test]
async fn other_sites_may_not_call() {
    let server = server().await;
    let own = format!("http://{}", server.address);
    for (headers, status) in [
        (vec![("origin", own.as_str())], 200),
        (vec![], 200),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "garbage")], 403),
        (vec![("cookie", "session=1")], 403),
        (vec![("cookie", "session=1"), ("sec-fetch-site", "same-origin")], 200),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (
            vec![("origin", "https://public.example"), ("x-forwarded-host", "public.example")],
            200,
        ),
        (vec![("origin", own.as_str()), ("x-forwarded-host", "public.example")], 403),
    ] {
        assert_eq!(call(&server, "/", ID, &headers).await.status, status, "call {headers:?}");
        let mut form = vec![("content-type", "Multipart/Form-Data; boundary=x")];
        form.extend_from_slice(&headers);
        assert_eq!(
            server.send("POST", "/", &form, b"--x--").await.status,
            status,
            "form {headers:?}"
        );
    }
    // Before the id is looked at, so that nobody learns which ids there are.
    let probe = call(
        &server,
        "/",
        "40cccccccccccccccccccccccccccccccccccccccc",
        &[("origin", "https://evil.example")],
    )
    .await;
    assert_eq!((probe.status, probe.text().contains("Origin")), (403, true));
    // Route handlers are for everybody.
    assert_eq!(
        call(&server, "/api/a", "anything", &[("origin", "https://evil.example")])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_action_may_have_a_limit_of_its_own_and_a_typed_answer() {
    let mut app = app().config(|config| config.action_body_limit = 1000);
    let action = app.actions.get_mut(ID).unwrap();
    action.options = Some(ActionOptions {
        body_limit: Some(2048),
        concurrent: false,
    });
    let server = serve_with(app, |_, body| {
        Box::pin(async move {
            let status = if read(body).await.is_ok() { 200 } else { 500 };
            Reply::new(status, "text/x-component", "ran").done()
        })
    })
    .await;
    let send = |length: usize| {
        let (server, body) = (&server, vec![b'x'; length]);
        async move { server.send("POST", "/", &[("next-action", ID)], &body).await }
    };
    assert_eq!(send(2048).await.status, 200);
    let over = send(2049).await;
    assert_eq!(
        (over.status, over.header("content-type"), over.header("x-ironside-result")),
        (413, Some("application/json"), Some("1"))
    );
    let result: serde_json::Value = serde_json::from_str(&over.text()).unwrap();
    assert_eq!(
        (&result["ok"], &result["code"]),
        (&serde_json::json!(false), &serde_json::json!("too_large"))
    );
    assert_eq!(result["error"], "This is too large: at most 2 KB can be sent.");
    // A form says in its body what it is for: the largest limit counts, and people read the answer.
    let form = |length: usize| {
        let (server, body) = (&server, vec![b'x'; length]);
        async move {
            server
                .send("POST", "/", &[("content-type", "multipart/form-data; boundary=x")], &body)
                .await
        }
    };
    assert_eq!(form(2048).await.status, 200);
    let over = form(2049).await;
    assert_eq!(over.status, 413);
    assert!(over.header("content-type").unwrap().starts_with("text/html"));
    assert!(over.text().contains("at most 2 KB"));
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_before_and_while_they_stream() {
    let app = app().config(|config| config.action_body_limit = 1000);
    let server = serve_with(app, |_, body| {
        Box::pin(async move {
            let status = if read(body).await.is_ok() { 200 } else { 500 };
            Reply::new(status, "text/x-component", "ran").done()
        })
    })
    .await;
    let send = |length: usize| {
        let (server, body) = (&server, vec![b'x'; length]);
        async move { server.send("POST", "/", &[("next-action", ID)], &body).await.status }
    };
    assert_eq!((send(1000).await, send(1001).await), (200, 413));
    assert_eq!(
        server.jobs().len(),
        1,
        "what is announced to be too large is not given to a worker"
    );
    let mut chunks = Vec::new();
    for _ in 0..3 {
        chunks.extend_from_slice(format!("190\r\n{}\r\n", "y".repeat(400)).as_bytes());
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    let streamed = server
        .send("POST", "/", &[("next-action", ID), ("transfer-encoding", "chunked")], &chunks)
        .await;
    assert_eq!(streamed.status, 413);
    // A client that sends all of its body before it reads gets its answer, and the connection goes on.
    let mut connection = server.connect().await;
    let body = "x".repeat(2_000_000);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nNext-Action: {ID}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
        .write_all(b"GET /api/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();
    assert!(
        answers.starts_with("HTTP/1.1 413") && answers.contains("HTTP/1.1 200"),
        "{answers}"
    );
    // A handler has no such limit.
    assert_eq!(server.send("POST", "/api/a", &[], &vec![b'x'; 5000]).await.status, 200);
}

#[tokio::test]
async fn other_methods_and_other_bodies_call_nothing() {
    let server = serve(app(), |job| Reply::html(job.kind.word())).await;
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
        let got = server.send(method, "/", &[("next-action", ID)], b"").await;
        assert!([200, 405].contains(&got.status), "{method} {}", got.status);
    }
    let json = server
        .send(
            "POST",
            "/",
            &[("content-type", "application/json"), ("origin", "https://evil.example")],
            b"{}",
        )
        .await;
    assert_eq!((json.status, json.text().as_str()), (200, "page"));
    let webhook = server
        .send("POST", "/still", &[("content-type", "application/json")], b"{}")
        .await;
    assert_eq!(webhook.status, 405);
    assert!(server.jobs().iter().all(|job| job.kind == JobKind::Page));
}
