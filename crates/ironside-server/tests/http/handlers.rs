//! Route handlers over the wire: methods, streams, encodings, failures.

use crate::support::{App, Reply, Stream, empty_app, head, read, serve, serve_with, streamed};
use bytes::Bytes;
use ironside_server::{Done, Pieces};
use ironside_worker::JobFailure;
use ironside_worker::wire::JobKind;
use std::io::Read as _;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn methods_follow_the_exports() {
    let server = serve(
        empty_app()
            .handler("/all", &["GET", "POST", "dynamic"])
            .handler("/post", &["POST"])
            .handler("/own", &["GET", "OPTIONS", "HEAD"]),
        |job| Reply::text(job.method.as_str().to_owned()).header("x-method", job.method.as_str()),
    )
    .await;
    assert_eq!(server.get("/all").await.text(), "GET");
    let head = server.send("HEAD", "/all", &[], b"").await;
    assert_eq!(
        (head.status, head.header("x-method"), head.complete),
        (200, Some("HEAD"), true)
    );
    let options = server.send("OPTIONS", "/all", &[], b"").await;
    assert_eq!(
        (options.status, options.header("allow"), options.body.len()),
        (204, Some("GET, HEAD, OPTIONS, POST"), 0)
    );
    assert_eq!(
        server.send("OPTIONS", "/post", &[], b"").await.header("allow"),
        Some("OPTIONS, POST")
    );
    for (method, path) in [("DELETE", "/all"), ("GET", "/post"), ("HEAD", "/post")] {
        let refused = server.send(method, path, &[], b"").await;
        assert_eq!((refused.status, refused.body.len()), (405, 0), "{method} {path}");
        assert!(refused.header("allow").is_some());
    }
    assert_eq!(server.send("OPTIONS", "/own", &[], b"").await.text(), "OPTIONS");
    for method in ["PROPFIND", "TRACE", "PURGE", "get"] {
        assert_eq!(server.send(method, "/all", &[], b"").await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn bodies_pass_as_they_are_and_no_cache_header_is_added() {
    let server = serve_with(empty_app().handler("/echo", &["POST"]), |job, body| {
        Box::pin(async move {
            assert_eq!(job.kind, JobKind::Handler);
            let body = read(body).await.unwrap();
            Reply::new(201, "application/octet-stream", body)
                .header("content-length", "3")
                .done()
        })
    })
    .await;
    let sent: Vec<u8> = (0..300_000u32).map(|i| i.to_le_bytes()[0]).collect();
    let got = server.send("POST", "/echo", &[], &sent).await;
    assert_eq!((got.status, got.header("cache-control"), got.complete), (201, None, true));
    assert!(got.body == sent, "a length that the code made up must not cut the body off");
    let chunked = b"3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n";
    assert_eq!(
        server
            .send(
                "POST",
                "/echo",
                &[("transfer-encoding", "chunked"), ("trailer", "x-t")],
                chunked
            )
            .await
            .text(),
        "abc"
    );
}

/// A server whose only handler streams what the test sends.
async fn streaming(content_type: &'static str) -> (crate::support::Running, Stream) {
    let (source, stream) = streamed();
    let source = Mutex::new(Some(source));
    let server = serve_with(empty_app().handler("/stream", &["GET"]), move |_, _| {
        let source = source.lock().unwrap().take().expect("one request");
        let head = head(200, &[("content-type", content_type.to_owned())]);
        Box::pin(async move {
            Ok(Done::Response {
                head,
                body: Pieces::new(source),
            })
        })
    })
    .await;
    (server, stream)
}

async fn read_until(connection: &mut tokio::net::TcpStream, seen: &mut Vec<u8>, wanted: &[u8]) {
    while !seen.windows(wanted.len()).any(|window| window == wanted) {
        let mut buffer = [0; 4096];
        let count = connection.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the connection ended before {:?}", String::from_utf8_lossy(wanted));
        seen.extend_from_slice(&buffer[..count]);
    }
}

#[tokio::test]
async fn each_piece_leaves_before_the_next_is_made() {
    let (server, stream) = streaming("text/event-stream").await;
    let mut connection = server.connect().await;
    connection
        .write_all(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut seen = Vec::new();
    for text in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        stream.text(text);
        read_until(&mut connection, &mut seen, text.as_bytes()).await;
    }
    drop(stream.send);
    connection.read_to_end(&mut seen).await.unwrap();
    let got = crate::support::parse(&seen, false).unwrap();
    assert!(got.complete);
}

#[tokio::test]
async fn compression_does_not_hold_pieces_back() {
    let (server, stream) = streaming("text/event-stream").await;
    let mut connection = server.connect().await;
    connection
        .write_all(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut seen = Vec::new();
    read_until(&mut connection, &mut seen, b"\r\n\r\n").await;
    for (count, text) in ["data: 1\n\n", "data: 2\n\n"].into_iter().enumerate() {
        stream.text(text);
        loop {
            let body = crate::support::parse(&seen, false).unwrap().body;
            let mut plain = Vec::new();
            let _ = flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain);
            if plain.windows(text.len()).any(|window| window == text.as_bytes()) {
                break;
            }
            let mut buffer = [0; 4096];
            let read = connection.read(&mut buffer).await.unwrap();
            assert!(read > 0, "the connection ended before piece {count}");
            seen.extend_from_slice(&buffer[..read]);
        }
    }
}

#[tokio::test]
async fn a_stream_that_fails_midway_ends_visibly() {
    let (server, stream) = streaming("text/plain").await;
    stream.text("first half,");
    stream.send.send(Err(JobFailure::WorkerGone { retry: false })).unwrap();
    let got = server.get("/stream").await;
    assert_eq!((got.status, got.text().as_str(), got.complete), (200, "first half,", false));
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_work() {
    let (server, stream) = streaming("text/plain").await;
    let mut connection = server.connect().await;
    connection
        .write_all(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    stream.text("first");
    let mut seen = Vec::new();
    read_until(&mut connection, &mut seen, b"first").await;
    drop(connection);
    assert!(stream.dropped.await.is_err(), "the body is dropped");
}

#[tokio::test]
async fn what_gets_smaller_is_compressed_for_who_takes_it() {
    let server = serve(empty_app().handler("/[what]", &["GET"]), |job| {
        let large = Bytes::from("abc ".repeat(1000));
        match job.params[0].values[0].as_str() {
            "json" => Reply::new(200, "application/json", large)
                .header("etag", "\"x\"")
                .header("vary", "accept"),
            "small" => Reply::new(200, "application/json", "{}"),
            "own" => Reply::new(200, "application/json", large).header("content-encoding", "gzip"),
            "kept" => Reply::new(200, "text/plain", large).header("cache-control", "no-transform"),
            "image" => Reply::new(200, "image/png", large),
            _ => Reply {
                headers: Vec::new(),
                ..Reply::text(large)
            },
        }
    })
    .await;
    let gzip = [("accept-encoding", "gzip")];
    let packed = server.get_with("/json", &gzip).await;
    assert_eq!(
        (packed.header("content-encoding"), packed.header("etag")),
        (Some("gzip"), Some("W/\"x\""))
    );
    assert_eq!(packed.header("vary"), Some("accept, accept-encoding"));
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_string(&mut plain)
        .unwrap();
    assert_eq!(plain.len(), 4000);
    assert_eq!(server.get("/json").await.header("content-encoding"), None);
    assert_eq!(
        server
            .get_with("/json", &[("accept-encoding", "br")])
            .await
            .header("content-encoding"),
        Some("br")
    );
    for path in ["/small", "/kept", "/image", "/untyped"] {
        assert_eq!(server.get_with(path, &gzip).await.header("content-encoding"), None, "{path}");
    }
    let own = server.get_with("/own", &[("accept-encoding", "identity")]).await;
    assert_eq!((own.header("content-encoding"), own.body.len()), (Some("gzip"), 4000));
    let head = server.send("HEAD", "/json", &gzip, b"").await;
    assert_eq!((head.header("content-encoding"), head.complete), (Some("gzip"), true));
}

#[tokio::test]
async fn a_failure_before_the_head_is_a_bare_500() {
    let server = serve_with(empty_app().handler("/a", &["GET"]), |_, _| {
        Box::pin(async { Err::<Done, _>(JobFailure::Thrown(Box::default())) })
    })
    .await;
    let got = server.get("/a").await;
    assert_eq!((got.status, got.body.len()), (500, 0));
}

#[tokio::test]
async fn a_static_handler_runs_once_and_a_dynamic_one_each_time() {
    let mut app = empty_app()
        .handler("/fixed", &["GET"])
        .handler("/live", &["GET"])
        .handler("/both", &["GET", "POST"]);
    for route in &mut app.routes {
        if route.path != "/live" {
            route.config.dynamic = Some("force-static".into());
        }
    }
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = serve(app, move |job| {
        assert!(job.path != "/fixed" || (job.query.is_empty() && job.headers.len() == 1));
        Reply::new(
            203,
            "application/json",
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string(),
        )
    })
    .await;
    let (a, b) = (server.get("/fixed?x=1").await, server.get("/fixed?x=2").await);
    assert_eq!((a.status, a.text(), b.header("x-nextjs-cache")), (203, b.text(), Some("HIT")));
    assert_eq!(b.header("cache-control"), Some("s-maxage=31536000"));
    let refused = server.send("POST", "/fixed", &[], b"x").await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    for path in ["/live", "/both"] {
        assert_ne!(server.get(path).await.text(), server.get(path).await.text(), "{path}");
    }
}

#[tokio::test]
async fn pieces_of_a_payload_never_reach_the_client() {
    let server = serve(empty_app().handler("/a", &["GET"]), |_| {
        Reply::text("body").payload("secret payload")
    })
    .await;
    let got = server.get("/a").await;
    assert_eq!((got.text().as_str(), got.complete), ("body", true));
}
