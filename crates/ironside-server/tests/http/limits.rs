//! How long clients are waited for and how much they may send: each limit by a client that goes beyond it, and one beside it
//! that is served as if nothing were.

use crate::support::{App, Reply, Running, empty_app, head, read, serve_in, serve_under, streamed};
use ironside_server::{Done, Limits, Pieces, ServerOptions};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const SHORT: Duration = Duration::from_millis(150);

fn patient() -> Limits {
    Limits {
        header_timeout: SHORT,
        ..Limits::default()
    }
}

async fn server(limits: Limits) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let app = empty_app().handler("/a", &["GET", "POST"]);
    serve_in(folder, limits, app, |job, body| {
        Box::pin(async move { Reply::text(format!("{} {:?}", job.query, read(body).await.map(|body| body.len()))).done() })
    })
    .await
}

/// All that comes until the server closes the connection.
async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // Whether it ends or is reset makes no difference here.
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(connection: &mut TcpStream, query: &str) -> String {
    let request = format!("GET /a?{query} HTTP/1.1\r\nHost: h\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"Ok(0)") {
        assert_ne!(
            connection.read_buf(&mut answer).await.unwrap(),
            0,
            "the connection was closed"
        );
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_told_so() {
    let server = server(patient()).await;
    let mut slow = server.connect().await;
    let (mut reading, mut writing) = slow.split();
    let trickle = async {
        for byte in "GET /a HTTP/1.1\r\nHost: h\r\nX: ".bytes().chain(std::iter::repeat(b'x')) {
            if writing.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let mut answer = [0; 12];
    tokio::select! {
        read = reading.read_exact(&mut answer) => drop(read.unwrap()),
        () = trickle => panic!("the answer comes before the connection is closed"),
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(server.get("/a?x").await.text(), "x Ok(0)");
}

#[tokio::test]
async fn a_second_head_has_its_time_and_idleness_another() {
    let server = server(Limits {
        keep_alive: Duration::from_secs(60),
        ..patient()
    })
    .await;
    let mut connection = server.connect().await;
    ask(&mut connection, "1").await;
    tokio::time::sleep(SHORT * 2).await;
    ask(&mut connection, "2").await;
    connection.write_all(b"GET /a HTTP/1.1\r\n").await.unwrap();
    assert_eq!(rest(&mut connection).await, "");
    assert_eq!(server.closed(), [("head_timeout", 1)]);
}

/// Longer than it takes until a connection that is not used waits without buffers.
const RESTED: Duration = Duration::from_millis(1_300);

#[tokio::test]
async fn a_connection_that_rested_goes_on_as_before() {
    let server = server(Limits::default()).await;
    let mut connection = server.connect().await;
    for round in 0..3 {
        ask(&mut connection, "whole").await;
        tokio::time::sleep(RESTED).await;
        // A head in two pieces, with a body that comes with its second half, and another request behind it.
        connection
            .write_all(b"\r\nPOST /a?pieces HTTP/1.1\r\nHost: h\r\n")
            .await
            .unwrap();
        tokio::time::sleep(SHORT / 3).await;
        let second = "Content-Length: 5\r\n\r\nhelloGET /a?behind HTTP/1.1\r\nHost: h\r\n\r\n";
        connection.write_all(second.as_bytes()).await.unwrap();
        let mut answers = Vec::new();
        while !answers.ends_with(b"behind Ok(0)") {
            assert_ne!(connection.read_buf(&mut answers).await.unwrap(), 0, "closed in round {round}");
        }
        assert!(String::from_utf8_lossy(&answers).contains("pieces Ok(5)"));
        tokio::time::sleep(RESTED).await;
    }
    // What can be read in two ways is found as on a new connection.
    let ambiguous = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    connection.write_all(ambiguous.as_bytes()).await.unwrap();
    assert!(rest(&mut connection).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_connection_that_rests_is_closed_for_what_it_is_closed_for_otherwise() {
    let server = server(Limits {
        keep_alive: RESTED * 2,
        ..patient()
    })
    .await;
    let [mut idle, mut slow, mut large, mut leaving] = [
        server.connect().await,
        server.connect().await,
        server.connect().await,
        server.connect().await,
    ];
    for connection in [&mut idle, &mut slow, &mut large, &mut leaving] {
        ask(connection, "first").await;
    }
    tokio::time::sleep(RESTED).await;
    drop(leaving);
    slow.write_all(b"GET /a HTTP/1.1\r\n").await.unwrap();
    assert_eq!(rest(&mut slow).await, "");
    let head = format!("GET /a HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    // The server may close before it has all of it.
    let _ = large.write_all(head.as_bytes()).await;
    assert!(rest(&mut large).await.starts_with("HTTP/1.1 431"));
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(server.closed(), [("head_timeout", 1), ("idle", 1)]);
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer() {
    let (source, stream) = streamed();
    let source = std::sync::Mutex::new(Some(source));
    let limits = Limits {
        keep_alive: SHORT,
        ..Limits::default()
    };
    let app = empty_app().handler("/a", &["GET"]).handler("/slow", &["GET"]);
    let server = serve_in(tempfile::tempdir().unwrap(), limits, app, move |job, _| {
        let source = (job.path == "/slow").then(|| source.lock().unwrap().take().unwrap());
        Box::pin(async move {
            match source {
                Some(source) => Ok(Done::Response {
                    head: head(200, &[]),
                    body: Pieces::new(source),
                }),
                None => Reply::text("Ok(0)").done(),
            }
        })
    })
    .await;
    let mut idle = server.connect().await;
    ask(&mut idle, "").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut idle).await, "");
    tokio::time::sleep(SHORT).await;
    stream.text("late");
    drop(stream);
    assert!(rest(&mut busy).await.contains("late"));
}

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for() {
    let limits = Limits {
        body_rate: 1000,
        body_grace: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = server(limits).await;
    let mut slow = server.connect().await;
    let head = b"POST /a?slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n";
    slow.write_all(head).await.unwrap();
    let (mut reading, mut writing) = slow.split();
    let trickle = async {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut answer) => {}
        () = trickle => {}
    }
    assert!(String::from_utf8_lossy(&answer).contains("slow Err(Truncated)"));
    let whole = server.send("POST", "/a?fast", &[], &[0; 1000]).await;
    assert_eq!(whole.text(), "fast Ok(1000)");
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_connection_and_the_work_is_stopped() {
    let (source, stream) = streamed();
    let source = std::sync::Mutex::new(Some(source));
    let limits = Limits {
        write_timeout: SHORT,
        ..Limits::default()
    };
    let server = serve_in(
        tempfile::tempdir().unwrap(),
        limits,
        empty_app().handler("/a", &["GET"]),
        move |_, _| {
            let source = source.lock().unwrap().take().unwrap();
            Box::pin(async move {
                Ok(Done::Response {
                    head: head(200, &[]),
                    body: Pieces::new(source),
                })
            })
        },
    )
    .await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(server.address).await.unwrap();
    deaf.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    static PIECE: [u8; 1 << 20] = [b'x'; 1 << 20];
    for _ in 0..64 {
        let piece = ironside_worker::Piece::Body(bytes::Bytes::from_static(&PIECE));
        stream.send.send(Ok(piece)).unwrap();
    }
    assert!(stream.dropped.await.is_err(), "nobody wants the body any more");
    assert_eq!(server.closed(), [("write_timeout", 1)]);
}

#[tokio::test]
async fn heads_that_are_too_large_get_the_right_status() {
    let limits = Limits {
        headers: 20,
        header_bytes: 8 * 1024,
        url_bytes: 1000,
        ..Limits::default()
    };
    let server = server(limits).await;
    let fine = format!(
        "GET /a?{} HTTP/1.1\r\nHost: h\r\n{}Connection: close\r\n\r\n",
        "q".repeat(990),
        "X: y\r\n".repeat(18)
    );
    assert_eq!(server.raw(fine.as_bytes()).await.unwrap().status, 200);
    for (text, status) in [
        (
            format!("GET /a?{} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "q".repeat(1000)),
            414,
        ),
        (format!("GET /a HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(20)), 431),
        (format!("GET /a HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "y".repeat(9000)), 431),
        // It never ends.
        (format!("GET /a HTTP/1.1\r\nHost: h\r\nX: {}", "y".repeat(9000)), 431),
        (format!("GET /a?{} HTTP/1.1\r\nHost: h\r\n\r\n", "q".repeat(100_000)), 431),
    ] {
        let got = server.raw(text.as_bytes()).await.unwrap();
        assert_eq!(got.status, status, "{}", &text[..60.min(text.len())]);
    }
    assert!(server.jobs().len() == 1);
}

#[tokio::test]
async fn a_connection_carries_only_so_many_requests_and_says_which_is_the_last() {
    let server = server(Limits {
        requests: 3,
        ..Limits::default()
    })
    .await;
    let mut connection = server.connect().await;
    assert!(!ask(&mut connection, "1").await.contains("connection: close"));
    ask(&mut connection, "2").await;
    assert!(ask(&mut connection, "3").await.contains("connection: close"));
    assert_eq!(rest(&mut connection).await, "");
}

#[tokio::test]
async fn newcomers_take_the_places_of_those_that_are_idle() {
    let server = server(Limits {
        connections: 4,
        ..Limits::default()
    })
    .await;
    let mut used = server.connect().await;
    ask(&mut used, "used").await;
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(server.connect().await);
    }
    // Each of them comes to its turn, though nobody has left.
    for number in 0..6 {
        let mut late = server.connect().await;
        ask(&mut late, &number.to_string()).await;
        silent.push(late);
    }
    assert!(
        server
            .closed()
            .iter()
            .any(|(word, _)| *word == "crowded" || *word == "unopened")
    );
}

#[tokio::test]
async fn one_client_has_only_so_many_connections_unless_it_is_a_proxy() {
    let limits = Limits {
        connections_of_one: 2,
        ..Limits::default()
    };
    for (trusted, is_closed) in [("none", true), ("loopback", false)] {
        let options = ServerOptions {
            limits: limits.clone(),
            trusted_proxies: vec![trusted.into()],
            ..ServerOptions::on_host("127.0.0.1", 0)
        };
        let app = empty_app().handler("/a", &["GET"]);
        let server = serve_under(options, app, |_, _| Box::pin(async { Reply::text("Ok(0)").done() })).await;
        let (mut first, mut second, mut third) = (server.connect().await, server.connect().await, server.connect().await);
        ask(&mut first, "1").await;
        ask(&mut second, "2").await;
        if is_closed {
            assert_eq!(rest(&mut third).await, "");
            drop(first);
            // Its place is free as soon as the server has noticed.
            loop {
                let mut fourth = server.connect().await;
                fourth
                    .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    .await
                    .ok();
                if rest(&mut fourth).await.contains("200 OK") {
                    break;
                }
            }
        } else {
            ask(&mut third, "3").await;
        }
    }
}

#[tokio::test]
async fn who_expects_to_be_told_to_send_is_told_only_if_somebody_wants_it() {
    let server = server(Limits::default()).await;
    let mut connection = server.connect().await;
    let head = "POST /a?x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    connection.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"hello").await.unwrap();
    assert!(rest(&mut connection).await.ends_with("x Ok(5)"));
    for (expect, path, status) in [("100-continue", "/nothing/%zz", 400), ("magic", "/a", 417)] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: {expect}\r\n\r\n");
        let got = server.raw(head.as_bytes()).await.unwrap();
        assert_eq!(got.status, status, "{expect}");
    }
}
