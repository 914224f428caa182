//! Admission of Server Actions over the wire: ids, origins, sizes. Nothing that is refused reaches a worker.

use crate::support::{App, Got, Reply, Running, development, empty_app, limited, read, serve, serve_with};
use ironside_model::manifest::ActionOptions;
use ironside_worker::wire::{JobKind, JobVariant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

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

/// A form of one field that names the action.
fn form(name: &str) -> Vec<u8> {
    format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n\r\n--x--\r\n").into_bytes()
}

/// A form of so many bytes that names the action; `None` if that is too few for a form.
fn form_of(id: &str, length: usize) -> Option<Vec<u8>> {
    let field = "--x\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nFILL\r\n--x--";
    let whole = String::from_utf8(form(&format!("$ACTION_ID_{id}")))
        .ok()?
        .replace("--x--", field);
    let fill = length.checked_sub(whole.len() - 4)?;
    Some(whole.replace("FILL", &"z".repeat(fill)).into_bytes())
}

/// A call's body of so many bytes.
fn text_of(length: usize) -> Vec<u8> {
    format!("[\"{}\"]", "y".repeat(length - 4)).into_bytes()
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
            &form(&format!("$ACTION_ID_{ID}")),
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
            &form(&format!("$ACTION_ID_{ID}")),
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
        let mut posted = vec![("content-type", "Multipart/Form-Data; boundary=x")];
        posted.extend_from_slice(&headers);
        assert_eq!(
            server
                .send("POST", "/", &posted, &form(&format!("$ACTION_ID_{ID}")))
                .await
                .status,
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
        let (server, body) = (&server, text_of(length));
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
        let (server, body) = (&server, form_of(ID, length).unwrap());
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
        let (server, body) = (&server, text_of(length));
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
        chunks.extend_from_slice(format!("190\r\n{}\r\n", " ".repeat(400)).as_bytes());
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
    // Rendered for him, or for everybody; nothing was called.
    assert!(
        server
            .jobs()
            .iter()
            .all(|job| matches!(job.kind, JobKind::Page | JobKind::Prerender))
    );
}

async fn refused(server: &Running, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let got = server.send("POST", "/", headers, body).await;
    let reason = got.header("x-ironside-refused").unwrap_or_default().to_owned();
    (got.status, reason)
}

#[tokio::test]
async fn bodies_that_no_react_client_sends_never_reach_a_worker() {
    let server = development(app(), |_| Reply::new(200, "text/x-component", "ran")).await;
    let text = [("next-action", ID)];
    let multipart = [("next-action", ID), ("content-type", "multipart/form-data; boundary=x")];
    let posted = [("content-type", "multipart/form-data; boundary=x")];
    let two_types = [
        ("next-action", ID),
        ("content-type", "text/plain"),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    for (headers, body, status, reason) in [
        (&text as &[_], b"[\"$@0\"]".as_slice(), 400, "flight_cycle"),
        (&text, b"[\"$1:__proto__:then\"]", 400, "flight_path"),
        (&text, b"[\"$h1\"]", 400, "flight_dangling"),
        (&text, b"", 400, "flight_json"),
        (&text, b"{", 400, "flight_json"),
        (&text, b"[\"$n9999\"", 400, "flight_json"),
        (&text, &b"[".repeat(10_000), 413, "flight_depth"),
        (&multipart, b"--x--", 400, "flight_no_root"),
        (&multipart, b"--x", 400, "flight_truncated"),
        (&multipart, b"no multipart", 400, "flight_multipart"),
        (&posted, b"--x--", 400, "flight_marker"),
        (&two_types, b"[]", 400, "flight_boundary"),
        (&posted, &form("$ACTION_ID_x"), 400, "bad_action_id"),
        (&posted, &form(&format!("$ACTION_ID_{UNREACHABLE}")), 409, "unknown_action"),
        (&posted, &form("$ACTION_REF_1"), 400, "flight_marker"),
    ] {
        assert_eq!(
            refused(&server, headers, body).await,
            (status, reason.to_owned()),
            "{}",
            body.escape_ascii()
        );
    }
    let function = |id: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"1\"\r\n\r\n{{\"id\":\"{id}\",\"bound\":null}}\r\n--x\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n[\"$h1\"]\r\n--x--\r\n"
        )
    };
    assert_eq!(
        refused(&server, &multipart, function(UNREACHABLE).as_bytes()).await,
        (400, "flight_unknown_function".to_owned())
    );
    assert!(server.jobs().is_empty());
    assert_eq!(
        server.send("POST", "/", &multipart, function(ID).as_bytes()).await.status,
        200
    );
    // In production nobody is told which rule it was.
    let server = self::server().await;
    let got = server.send("POST", "/", &text, b"[\"$@0\"]").await;
    assert_eq!((got.status, got.header("x-ironside-refused")), (400, None));
}

#[tokio::test]
async fn what_passes_reaches_the_worker_as_it_came_and_its_memory_is_given_back() {
    let server = serve_with(app(), |_, body| {
        Box::pin(async move {
            let read = read(body).await.map(|bytes| bytes.len().to_string());
            Reply::new(200, "text/x-component", read.unwrap_or_default()).done()
        })
    })
    .await;
    for length in [2, 100, 9_000, 70_000, 500_000] {
        let body = format!("[\"{}\"]", "y".repeat(length));
        let got = server.send("POST", "/", &[("next-action", ID)], body.as_bytes()).await;
        assert_eq!(got.text(), body.len().to_string());
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let got = server
            .send(
                "POST",
                "/",
                &[("next-action", ID), ("transfer-encoding", "chunked")],
                chunked.as_bytes(),
            )
            .await;
        assert_eq!(got.text(), body.len().to_string());
    }
}

#[tokio::test]
async fn an_action_may_have_a_limit_of_its_own() {
    const SMALL: &str = "40dddddddddddddddddddddddddddddddddddddddd";
    const LARGE: &str = "40eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
    let mut app = app()
        .action(SMALL, true)
        .action(LARGE, true)
        .config(|config| config.action_body_limit = 1000);
    for (id, limit) in [(SMALL, 100), (LARGE, 5000)] {
        app.actions.get_mut(id).unwrap().options = Some(ActionOptions {
            body_limit: Some(limit),
            concurrent: false,
        });
    }
    let server = serve(app, |_| Reply::new(200, "text/x-component", "ran")).await;
    for (id, length, status) in [
        (SMALL, 100, 200),
        (SMALL, 101, 413),
        (ID, 1000, 200),
        (ID, 1001, 413),
        (LARGE, 5000, 200),
        (LARGE, 5001, 413),
    ] {
        let got = server.send("POST", "/", &[("next-action", id)], &text_of(length)).await;
        assert_eq!(got.status, status, "{id} {length}");
        let posted = [("content-type", "multipart/form-data; boundary=x")];
        if let Some(body) = form_of(id, length) {
            assert_eq!(
                server.send("POST", "/", &posted, &body).await.status,
                status,
                "form {id} {length}"
            );
        }
    }
}

#[tokio::test]
async fn bodies_that_never_end_are_given_up_and_hold_no_worker() {
    let limits = ironside_server::Limits {
        action_upload: std::time::Duration::from_millis(300),
        ..ironside_server::Limits::default()
    };
    let server = limited(app(), limits, |_| Reply::new(200, "text/x-component", "ran")).await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut connection = server.connect().await;
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nNext-Action: {ID}\r\nContent-Length: 1000\r\n\r\n[1,");
        connection.write_all(head.as_bytes()).await.unwrap();
        waiting.push(connection);
    }
    assert_eq!(call(&server, "/", ID, &[]).await.status, 200);
    for mut connection in waiting {
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
    assert_eq!(server.jobs().len(), 1);
}

/// Says when it is dropped.
struct Leaving(mpsc::UnboundedSender<&'static str>);

impl Drop for Leaving {
    fn drop(&mut self) {
        // Whoever waited for it may be gone.
        let _ = self.0.send("left");
    }
}

#[tokio::test]
async fn an_action_whose_client_leaves_is_ended_with_http_1_and_with_http_2() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = serve_with(app(), move |_, _| {
        let leaving = Leaving(tell.clone());
        Box::pin(async move {
            leaving.0.send("begun").unwrap();
            let never = std::future::pending().await;
            drop(leaving);
            never
        })
    })
    .await;
    let mut connection = server.connect().await;
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\nNext-Action: {ID}\r\nContent-Length: 2\r\n\r\n[]");
    connection.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(told.recv().await, Some("begun"));
    drop(connection);
    assert_eq!(told.recv().await, Some("left"));

    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = http::Request::post("http://h/").header("next-action", ID).body(()).unwrap();
    let (answer, mut body) = client.send_request(request, false).unwrap();
    body.send_data("[]".into(), true).unwrap();
    assert_eq!(told.recv().await, Some("begun"));
    body.send_reset(h2::Reason::CANCEL);
    drop(answer);
    assert_eq!(told.recv().await, Some("left"));
}

#[tokio::test]
async fn an_action_has_a_deadline_even_if_its_page_names_none() {
    let server = server().await;
    call(&server, "/", ID, &[]).await;
    call(&server, "/no/such/page", ID, &[]).await;
    for job in server.jobs() {
        assert_eq!(job.deadline, Some(std::time::Duration::from_secs(300)));
    }
}
