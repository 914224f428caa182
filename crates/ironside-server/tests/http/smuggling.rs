//! Requests that two servers could read in two ways: each is refused, its connection closed, and what hides behind it reaches
//! nobody.

use crate::support::{App, Reply, Running, empty_app, serve};

async fn server() -> Running {
    serve(empty_app().handler("/a", &["GET", "POST"]), |job| {
        Reply::text(job.query.clone())
    })
    .await
}

const HIDDEN: &str = "GET /a?hidden HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn every_ambiguous_head_is_refused_with_400_and_the_connection_closed() {
    let server = server().await;
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 0\r\nContent-Length: 0",
        "Content-Length: 0\r\nContent-Length: 40",
        "Content-Length: +0",
        "Content-Length: 0, 0",
        "Content-Length: 0x0",
        "Content-Length: ",
        "Content-Length: -1",
        "Content-Length: 0 0",
        "Content-Length: 184467440737095516160",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked",
        "Transfer-Encoding: chunked\r\n , identity",
        "X: a\r\n Transfer-Encoding: chunked",
        "X: a\n",
        "X: a\nContent-Length: 5",
        "X: a\rTransfer-Encoding: chunked",
        "Content-Length : 0",
        "Content\tLength: 0",
        " Content-Length: 0",
        ": empty",
        "no colon",
        "X\0: a",
        "X: a\0b",
        "Host: other",
        "Host: h",
    ] {
        let request = format!("POST /a?seen HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n0\r\n\r\n{HIDDEN}");
        let got = server.raw_all(request.as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 400"), "{headers:?}: {got}");
        assert_eq!(got.matches("HTTP/1.1").count(), 1, "{headers:?}: {got}");
    }
    assert!(server.jobs().is_empty());
    assert_eq!(server.get("/a?alive").await.text(), "alive");
}

#[tokio::test]
async fn request_lines_have_one_form() {
    let server = server().await;
    for (line, statuses) in [
        ("GET  /a HTTP/1.1", &[400][..]),
        ("GET /a  HTTP/1.1", &[400]),
        ("GET\t/a\tHTTP/1.1", &[400]),
        (" GET /a HTTP/1.1", &[400]),
        ("GET /a", &[400]),
        ("GET /a HTTP/1.2", &[400, 505]),
        ("GET /a HTTP/2.0", &[400, 505]),
        ("GET /a HTTP/0.9", &[400, 505]),
        ("GET /a http/1.1", &[400]),
        ("GET /a b HTTP/1.1", &[400]),
        ("GET /a#b HTTP/1.1", &[400]),
        ("GET a HTTP/1.1", &[400]),
        ("GET ?a HTTP/1.1", &[400]),
        ("GET http:///a HTTP/1.1", &[400]),
        ("GET http://evil.example/a HTTP/1.1", &[400]),
        ("GET http://h@evil.example/a HTTP/1.1", &[400]),
        ("GET http://evil.example@h/a HTTP/1.1", &[400]),
        ("GET //evil.example/a HTTP/1.1", &[308]),
        ("G\u{20ac}T /a HTTP/1.1", &[400]),
        ("G{T /a HTTP/1.1", &[400]),
        ("TRACE /a HTTP/1.1", &[405, 501]),
        ("TRACK /a HTTP/1.1", &[405, 501]),
        ("CONNECT h:443 HTTP/1.1", &[400, 405, 501]),
        ("CONNECT /a HTTP/1.1", &[400, 405, 501]),
        ("JUNK /a HTTP/1.1", &[405, 501]),
        ("get /a HTTP/1.1", &[405, 501]),
    ] {
        let request = format!("{line}\r\nHost: h\r\nConnection: close\r\n\r\n");
        let got = server
            .raw(request.as_bytes())
            .await
            .unwrap_or_else(|| panic!("no answer: {line}"));
        assert!(statuses.contains(&got.status), "{line}: {}", got.status);
    }
    assert!(server.jobs().is_empty());
}

#[tokio::test]
async fn the_host_is_one_and_is_a_host() {
    let server = server().await;
    for hosts in [
        "",
        "Host:\r\n",
        "Host: h\r\nHost: h\r\n",
        "Host: h, h\r\n",
        "Host: user@h\r\n",
        "Host: h/a\r\n",
        "Host: h h\r\n",
        "Host: h:99999\r\n",
        "Host: h:port\r\n",
        "Host: [::1\r\n",
        "Host: http://h\r\n",
    ] {
        let got = server
            .raw(format!("GET /a HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        assert_eq!(got.status, 400, "{hosts:?}");
    }
    assert!(server.jobs().is_empty());
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let server = server().await;
    for chunks in [
        "-1\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "g\r\n",
        "ffffffffffffffffff\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
    ] {
        let request = format!("POST /a?seen HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{HIDDEN}");
        let got = server.raw_all(request.as_bytes()).await;
        assert!(!got.contains("hidden"), "{chunks:?}: {got}");
        assert!(got.matches("HTTP/1.1").count() <= 1, "{chunks:?}: {got}");
    }
    assert!(server.jobs().iter().all(|job| job.query == "seen"));
}

#[tokio::test]
async fn an_upgrade_that_nobody_serves_is_an_ordinary_request() {
    let server = server().await;
    for upgrade in ["websocket", "h2c", "TLS/1.0"] {
        let request = format!(
            "GET /a?plain HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: {upgrade}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Sec-WebSocket-Version: 13\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        );
        let got = server.raw(request.as_bytes()).await.unwrap();
        assert_eq!((got.status, got.text().as_str()), (200, "plain"), "{upgrade}");
    }
    let elsewhere = "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(server.raw(elsewhere.as_bytes()).await.unwrap().status, 400);
}

#[tokio::test]
async fn blank_lines_before_a_request_are_passed_over() {
    let server = server().await;
    let request = format!("\r\n\r\nPOST /a?1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi\r\n{HIDDEN}");
    let got = server
        .raw_all(
            &[
                request.as_bytes(),
                b"GET /a?2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            ]
            .concat(),
        )
        .await;
    assert_eq!(got.matches("HTTP/1.1 200").count(), 3, "{got}");
}
