//! HTTP itself: keep-alive, pipelining, HTTP/1.0, HTTP/2 by prior knowledge, junk, limits, shutdown.

use crate::support::{App, Reply, Running, empty_app, head, read, serve, serve_in, serve_with, streamed};
use bytes::Bytes;
use ironside_server::{Done, Limits, Pieces};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn server() -> Running {
    serve(empty_app().handler("/a", &["GET", "POST"]), |job| {
        Reply::text(format!("{} {}", job.method, job.query))
    })
    .await
}

#[tokio::test]
async fn one_connection_carries_many_requests_in_order() {
    let server = server().await;
    let mut connection = server.connect().await;
    let requests = (0..3)
        .map(|i| format!("GET /a?{i} HTTP/1.1\r\nHost: h\r\n\r\n"))
        .collect::<String>();
    connection.write_all(requests.as_bytes()).await.unwrap();
    connection
        .write_all(b"POST /a?last HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        .await
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let order: Vec<usize> = ["GET 0", "GET 1", "GET 2", "POST last"]
        .iter()
        .map(|text| answer.find(text).expect(text))
        .collect();
    assert!(order.is_sorted(), "{answer}");
}

#[tokio::test]
async fn http_1_0_gets_a_whole_answer_without_chunks() {
    let server = server().await;
    let got = server.raw(b"GET /a?x HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(
        (got.status, got.header("transfer-encoding"), got.text().as_str()),
        (200, None, "GET x")
    );
}

#[tokio::test]
async fn junk_is_refused_and_reaches_nobody() {
    let server = server().await;
    let host = "Host: h\r\n";
    let close = "Connection: close\r\n";
    for (name, text) in [
        ("not HTTP", "GARBAGE\r\n\r\n".to_owned()),
        ("no host", format!("GET /a HTTP/1.1\r\n{close}\r\n")),
        ("two hosts", format!("GET /a HTTP/1.1\r\n{host}Host: evil\r\n{close}\r\n")),
        ("a host that is none", format!("GET /a HTTP/1.1\r\nHost: a/b\r\n{close}\r\n")),
        (
            "another host in the target",
            format!("GET http://evil.example/a HTTP/1.1\r\n{host}{close}\r\n"),
        ),
        (
            "two lengths",
            format!("POST /a HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
        ),
        (
            "a space before the colon",
            format!("GET /a HTTP/1.1\r\n{host}X-N : a\r\n\r\n"),
        ),
        (
            "a huge header",
            format!("GET /a HTTP/1.1\r\n{host}X-Big: {}\r\n\r\n", "a".repeat(1 << 20)),
        ),
        (
            "many headers",
            format!("GET /a HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(200)),
        ),
        (
            "a long URL",
            format!("GET /a?{} HTTP/1.1\r\n{host}{close}\r\n", "x".repeat(20_000)),
        ),
        ("everything", format!("OPTIONS * HTTP/1.1\r\n{host}{close}\r\n")),
        ("a tunnel", format!("CONNECT evil.example:443 HTTP/1.1\r\n{host}{close}\r\n")),
    ] {
        let got = server.raw(text.as_bytes()).await;
        assert!(got.as_ref().is_none_or(|got| got.status >= 400), "{name}: {got:?}");
    }
    assert!(server.jobs().is_empty());
    assert_eq!(server.get("/a?alive").await.text(), "GET alive");
}

#[tokio::test]
async fn nothing_hides_behind_a_body_whose_end_is_ambiguous() {
    let server = server().await;
    let hidden = "GET /a?hidden HTTP/1.1\r\nHost: h\r\n\r\n";
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
    ] {
        let request = format!("POST /a?seen HTTP/1.1\r\nHost: h\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        let got = server.raw(request.as_bytes()).await.unwrap();
        assert_eq!((got.status, got.header("connection")), (400, Some("close")), "{lengths}");
    }
    assert!(server.jobs().is_empty());
}

#[tokio::test]
async fn a_client_that_sends_before_it_reads_gets_its_answer_though_nobody_reads_the_body() {
    let server = serve_with(empty_app().handler("/a", &["POST"]), |job, _| {
        Box::pin(async move { Reply::text(job.query).done() })
    })
    .await;
    let length = 8 * 1024 * 1024;
    let mut connection = server.connect().await;
    for number in ["1", "2"] {
        let head = format!("POST /a?{number} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&vec![0; length]).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(format!("\r\n\r\n{number}").as_bytes()) {
            assert_ne!(
                connection.read_buf(&mut answer).await.unwrap(),
                0,
                "the connection was closed"
            );
        }
    }
}

#[tokio::test]
async fn an_absolute_target_of_this_host_is_answered() {
    let server = server().await;
    let got = server
        .raw(b"GET http://h/a?abs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    assert_eq!((got.status, got.text().as_str()), (200, "GET abs"));
}

#[tokio::test]
async fn http_2_works_without_tls_and_a_failed_stream_is_reset() {
    let (source, stream) = streamed();
    let source = std::sync::Mutex::new(Some(source));
    let server = serve_with(
        empty_app().handler("/a", &["GET"]).handler("/stream", &["GET"]),
        move |job, _| {
            let streaming = (job.path == "/stream").then(|| source.lock().unwrap().take()).flatten();
            Box::pin(async move {
                match streaming {
                    Some(source) => Ok(Done::Response {
                        head: head(200, &[]),
                        body: Pieces::new(source),
                    }),
                    None => Reply::text(format!("h2 {} {:?}", job.authority, job.headers.get("host"))).done(),
                }
            })
        },
    )
    .await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let get = |path: &str| http::Request::get(format!("http://shop.example{path}")).body(()).unwrap();
    let (answer, _) = client.send_request(get("/a"), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(
        body.data().await.unwrap().unwrap(),
        Bytes::from("h2 shop.example Some(\"shop.example\")")
    );
    let (answer, _) = client.send_request(get("/stream"), true).unwrap();
    stream.text("half");
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), Bytes::from("half"));
    stream.send.send(Err(ironside_worker::JobFailure::WorkerStuck)).unwrap();
    assert!(body.data().await.unwrap().unwrap_err().is_reset());
}

#[tokio::test]
async fn a_client_that_stops_midway_disturbs_nobody() {
    let server = server().await;
    let mut half_head = server.connect().await;
    half_head.write_all(b"GET /a HTTP/1.1\r\nHost: l").await.unwrap();
    let mut half_body = server.connect().await;
    half_body
        .write_all(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\npart")
        .await
        .unwrap();
    assert_eq!(server.get("/a?alive").await.text(), "GET alive");
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let limits = Limits {
        header_timeout: Duration::from_millis(100),
        body_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let server = serve_in(folder, limits, empty_app().handler("/a", &["POST"]), |_, body| {
        Box::pin(async move { Reply::text(format!("{:?}", read(body).await)).done() })
    })
    .await;
    for begun in ["", "PRI * HT", "GET /a HT", "GET /a HTTP/1.1\r\nHost: h\r\n"] {
        let mut connection = server.connect().await;
        connection.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{begun:?}");
    }
    let got = server
        .raw(b"POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 9\r\n\r\npart")
        .await
        .unwrap();
    assert_eq!(got.text(), "Err(Truncated)");
}

#[tokio::test]
async fn stopping_lets_requests_finish_and_takes_no_more() {
    let (source, stream) = streamed();
    let source = std::sync::Mutex::new(Some(source));
    let mut server = serve_with(empty_app().handler("/stream", &["GET"]), move |_, _| {
        let source = source.lock().unwrap().take().unwrap();
        Box::pin(async move {
            Ok(Done::Response {
                head: head(200, &[]),
                body: Pieces::new(source),
            })
        })
    })
    .await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    stream.text("first");
    let mut seen = vec![0; 16];
    busy.read_exact(&mut seen).await.unwrap();
    let address = server.address;
    let stopping = tokio::spawn(async move { server.stop().await });
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.unwrap();
    assert!(nothing.is_empty(), "idle connections are closed");
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stream.text("second");
    drop(stream);
    busy.read_to_end(&mut seen).await.unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("second") && seen.ends_with(b"0\r\n\r\n"));
    assert_eq!(stopping.await.unwrap().cut, 0);
}
