//! HTTP/2 frame by frame: floods that cost a client nothing and a server much, streams that nobody reads, and heads that
//! don't fit.

use crate::support::{App, Reply, Running, empty_app, head, serve_under, streamed};
use ironside_server::{Done, Limits, Pieces, ServerOptions};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// `:method GET`, `:scheme http`, `:path /a`, `:authority h`.
const GET: &[u8] = &[0x82, 0x86, 0x04, 2, b'/', b'a', 0x41, 1, b'h'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A connection that has sent the preface and these settings.
async fn connect(server: &Running, settings: &[(u16, u32)]) -> TcpStream {
    let mut stream = server.connect().await;
    let payload: Vec<u8> = settings
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
        .collect();
    let preface = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        frame(SETTINGS, 0, 0, &payload).as_slice(),
    ]
    .concat();
    stream.write_all(&preface).await.unwrap();
    stream
}

/// Kinds and payloads of all frames until the connection ends.
async fn frames(stream: &mut TcpStream) -> Vec<(u8, u32, Vec<u8>)> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let (mut rest, mut frames) = (&bytes[..], Vec::new());
    while let Some((head, more)) = rest.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let Some((payload, more)) = more.split_at_checked(length) else {
            break;
        };
        frames.push((head[3], stream, payload.to_vec()));
        rest = more;
    }
    frames
}

async fn server(limits: Limits, trusted: &str) -> Running {
    let options = ServerOptions {
        limits,
        trusted_proxies: vec![trusted.into()],
        ..ServerOptions::on_host("127.0.0.1", 0)
    };
    let app = empty_app().handler("/a", &["GET"]);
    serve_under(options, app, |job, _| {
        Box::pin(async move {
            if job.query == "never" {
                std::future::pending::<()>().await;
            }
            Reply::text(format!("answer {}", job.headers.len())).done()
        })
    })
    .await
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let server = server(Limits::default(), "none").await;
    let mut attacker = connect(&server, &[]).await;
    for round in 0..2000_u32 {
        let stream = round * 2 + 1;
        let pair = [
            frame(HEADERS, END_STREAM | END_HEADERS, stream, GET),
            frame(RST_STREAM, 0, stream, &CANCEL),
        ]
        .concat();
        if attacker.write_all(&pair).await.is_err() {
            break;
        }
        // So that each request is begun before it is taken back.
        tokio::task::yield_now().await;
    }
    let seen = frames(&mut attacker).await;
    assert!(seen.len() < 2000 * 2);
    assert!(server.jobs().len() < 1500, "{} requests were begun", server.jobs().len());
    assert_eq!(server.get("/a").await.status, 200);
}

#[tokio::test]
async fn a_head_without_end_ends_the_connection() {
    let server = server(Limits::default(), "none").await;
    let mut attacker = connect(&server, &[]).await;
    let mut opening = GET.to_vec();
    opening.extend_from_slice(&[0x00, 1, b'x', 0x7f, 0x81, 0x7d]);
    opening.extend_from_slice(&[b'y'; 16_000]);
    attacker.write_all(&frame(HEADERS, END_STREAM, 1, &opening)).await.unwrap();
    let mut sent = 0;
    let piece = frame(CONTINUATION, 0, 1, &[0x82; 16_000]);
    while sent < 10_000 && attacker.write_all(&piece).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 10_000, "160 MB of one head were taken");
    assert!(server.jobs().is_empty());
    assert_eq!(server.get("/a").await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_gets_431_and_the_next_one_an_answer() {
    let server = server(
        Limits {
            header_bytes: 16 * 1024,
            ..Limits::default()
        },
        "none",
    )
    .await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = http::Request::get("http://h/a")
        .header("x-big", "y".repeat(20_000))
        .body(())
        .unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 431);
    let request = http::Request::get("http://h/a").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_one_by_one() {
    let server = server(
        Limits {
            streams: 2,
            ..Limits::default()
        },
        "none",
    )
    .await;
    let mut client = connect(&server, &[]).await;
    let never = [&[0x82, 0x86, 0x04, 8][..], b"/a?never", &[0x41, 1, b'h']].concat();
    for stream in [1, 3, 5] {
        client
            .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &never))
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    loop {
        client.read_buf(&mut seen).await.unwrap();
        // REFUSED_STREAM for the third.
        if seen
            .windows(13)
            .any(|window| *window == *frame(RST_STREAM, 0, 5, &[0, 0, 0, 7]))
        {
            break;
        }
    }
    assert_eq!(server.jobs().len(), 2);
}

#[tokio::test]
async fn a_stream_whose_window_stays_closed_is_not_waited_for() {
    let (source, stream) = streamed();
    let source = std::sync::Mutex::new(Some(source));
    let options = ServerOptions {
        limits: Limits {
            write_timeout: Duration::from_millis(200),
            ..Limits::default()
        },
        ..ServerOptions::on_host("127.0.0.1", 0)
    };
    let server = serve_under(options, empty_app().handler("/a", &["GET"]), move |_, _| {
        let source = source.lock().unwrap().take();
        Box::pin(async move {
            match source {
                Some(source) => Ok(Done::Response {
                    head: head(200, &[]),
                    body: Pieces::new(source),
                }),
                None => Reply::text("served").done(),
            }
        })
    })
    .await;
    // SETTINGS_INITIAL_WINDOW_SIZE: nothing may be sent on a stream.
    let mut deaf = connect(&server, &[(4, 0)]).await;
    deaf.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, GET))
        .await
        .unwrap();
    for _ in 0..8 {
        stream.text("something that nobody takes");
    }
    let reading = tokio::spawn(async move { frames(&mut deaf).await });
    assert!(stream.dropped.await.is_err(), "nobody wants the body any more");
    reading.await.unwrap();
    assert_eq!(server.closed(), [("write_timeout", 1)]);
    assert_eq!(server.get("/a").await.text(), "served");
}

#[tokio::test]
async fn an_idle_connection_is_told_to_go() {
    let server = server(
        Limits {
            keep_alive: Duration::from_millis(150),
            ..Limits::default()
        },
        "none",
    )
    .await;
    let mut client = connect(&server, &[]).await;
    client
        .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, GET))
        .await
        .unwrap();
    let seen = frames(&mut client).await;
    assert!(
        seen.iter().any(|(kind, stream, _)| (*kind, *stream) == (HEADERS, 1)),
        "{seen:?}"
    );
    assert!(seen.iter().any(|(kind, ..)| *kind == GOAWAY), "{seen:?}");
}

#[tokio::test]
async fn a_connection_carries_only_so_many_requests() {
    let server = server(
        Limits {
            requests: 2,
            ..Limits::default()
        },
        "none",
    )
    .await;
    let mut client = connect(&server, &[]).await;
    for stream in [1, 3] {
        client
            .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, stream, GET))
            .await
            .unwrap();
    }
    let seen = frames(&mut client).await;
    let answered = seen.iter().filter(|(kind, ..)| *kind == HEADERS).count();
    assert_eq!(answered, 2, "{seen:?}");
    assert!(seen.iter().any(|(kind, ..)| *kind == GOAWAY));
}

#[tokio::test]
async fn methods_and_hosts_are_checked_as_on_http_1() {
    let server = server(Limits::default(), "none").await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    for (method, uri, host, statuses) in [
        ("TRACE", "http://h/a", None, &[405, 501][..]),
        ("JUNK", "http://h/a", None, &[405, 501]),
        ("GET", "http://h/a", Some("evil.example"), &[400]),
        ("GET", "http://h/a", Some("h"), &[200]),
        ("GET", "http://h//evil.example", None, &[308]),
    ] {
        let mut request = http::Request::builder().method(method).uri(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        let status = answer.await.unwrap().status().as_u16();
        assert!(statuses.contains(&status), "{method} {uri} {host:?}: {status}");
    }
}
