//! Compression over the wire: which encoding, of what, flushed when, and what caches are told.

use crate::support::{App, Got, Reply, Running, empty_app, head, serve, serve_with, streamed};
use ironside_model::manifest::Asset;
use ironside_server::{Done, Pieces};
use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The bytes as they were, as far as they came.
fn decoded(encoding: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn Read + '_> = match encoding {
        Some("gzip") => Box::new(flate2::read::GzDecoder::new(bytes)),
        Some("br") => Box::new(brotli::Decompressor::new(bytes, 4096)),
        Some("zstd") => Box::new(zstd::stream::read::Decoder::new(bytes).unwrap()),
        Some(other) => panic!("{other}"),
        None => Box::new(bytes),
    };
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read) = reader.read(&mut buffer) {
        if read == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..read]);
    }
    all
}

fn text(got: &Got) -> String {
    String::from_utf8(decoded(got.header("content-encoding"), &got.body)).unwrap()
}

async fn server() -> Running {
    let app = empty_app().handler("/[kind]", &["GET", "HEAD"]);
    serve(app, |job| {
        let body = "words and words ".repeat(200);
        match job.path.as_str() {
            "/json" => Reply::new(200, "application/json", body).header("etag", "\"own\""),
            "/png" => Reply::new(200, "image/png", body),
            "/packed" => Reply::new(200, "text/plain", "packed").header("content-encoding", "gzip"),
            "/fixed" => Reply::text(body).header("cache-control", "public, no-transform"),
            "/short" => Reply::text("short"),
            "/part" => Reply::new(206, "text/plain", body).header("content-range", "bytes 0-9/99"),
            "/varied" => Reply::text(body).header("vary", "Cookie"),
            _ => Reply::text(body),
        }
    })
    .await
}

#[tokio::test]
async fn the_client_gets_the_encoding_that_it_likes_best() {
    let server = server().await;
    let plain = server.get("/text").await;
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        (None, Some("accept-encoding"))
    );
    for (accepts, expected) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("br", Some("br")),
        ("gzip", Some("gzip")),
        ("gzip;q=0.9, br", Some("br")),
        ("zstd;q=0, br;q=0.1", Some("br")),
        ("*", Some("zstd")),
        ("deflate", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
    ] {
        let got = server.get_with("/text", &[("accept-encoding", accepts)]).await;
        assert_eq!(got.header("content-encoding"), expected, "{accepts}");
        assert_eq!(text(&got), plain.text(), "{accepts}");
        assert_eq!(got.header("vary"), Some("accept-encoding"), "{accepts}");
    }
}

#[tokio::test]
async fn what_is_packed_small_partial_or_not_to_be_touched_goes_out_as_it_is() {
    let server = server().await;
    for (path, encoding) in [
        ("/png", None),
        ("/packed", Some("gzip")),
        ("/fixed", None),
        ("/short", None),
        ("/part", None),
    ] {
        let got = server.get_with(path, &[("accept-encoding", "gzip, br, zstd")]).await;
        assert_eq!(got.header("content-encoding"), encoding, "{path}");
        assert!(path != "/packed" || got.text() == "packed");
    }
    let json = server.get_with("/json", &[("accept-encoding", "br")]).await;
    assert_eq!(
        (json.header("content-encoding"), json.header("etag")),
        (Some("br"), Some("W/\"own\""))
    );
    let varied = server.get_with("/varied", &[("accept-encoding", "br")]).await;
    assert_eq!(varied.header("vary").unwrap().to_ascii_lowercase(), "cookie, accept-encoding");
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let server = server().await;
    for path in ["/text", "/json", "/png", "/files/hello.txt"] {
        let headers = [("accept-encoding", "br")];
        let (get, head) = (
            server.get_with(path, &headers).await,
            server.send("HEAD", path, &headers, b"").await,
        );
        for name in ["content-type", "content-encoding", "vary", "etag", "cache-control"] {
            assert_eq!(get.header(name), head.header(name), "{path} {name}");
        }
        assert!(head.body.is_empty() && head.complete);
    }
}

#[tokio::test]
async fn compression_can_be_switched_off() {
    let app = empty_app()
        .handler("/text", &["GET"])
        .config(|config| config.compress = false);
    let server = serve(app, |_| Reply::text("words and words ".repeat(200))).await;
    std::fs::write(server.folder.path().join("public/files/hello.txt"), "x".repeat(5000)).unwrap();
    for path in ["/text", "/files/hello.txt"] {
        let got = server.get_with(path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!((got.header("content-encoding"), got.header("vary")), (None, None), "{path}");
    }
}

#[tokio::test]
async fn every_event_arrives_when_it_is_made_whatever_the_encoding() {
    let types = ["text/event-stream", "application/x-ndjson"];
    for (encoding, content_type) in ["gzip", "br", "zstd"]
        .into_iter()
        .flat_map(|encoding| types.map(|one| (encoding, one)))
    {
        let (source, stream) = streamed();
        let source = std::sync::Mutex::new(Some(source));
        let server = serve_with(empty_app().handler("/events", &["GET"]), move |_, _| {
            let source = source.lock().unwrap().take().unwrap();
            Box::pin(async move {
                Ok(Done::Response {
                    head: head(200, &[("content-type", content_type.into())]),
                    body: Pieces::new(source),
                })
            })
        })
        .await;
        let mut client = server.connect().await;
        let request = format!("GET /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept-Encoding: {encoding}\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        for (piece, so_far) in [
            ("data: one\n\n", "data: one\n\n"),
            ("data: two\n\n", "data: one\n\ndata: two\n\n"),
            (": still here\n\n", "data: one\n\ndata: two\n\n: still here\n\n"),
        ] {
            stream.text(piece);
            // Nothing more is sent before this has arrived, so a byte that is held back is waited for in vain.
            loop {
                let got = crate::support::parse(&bytes, false);
                if got.is_some_and(|got| decoded(Some(encoding), &got.body) == so_far.as_bytes()) {
                    break;
                }
                assert_ne!(client.read_buf(&mut bytes).await.unwrap(), 0);
            }
        }
        drop(stream);
        client.read_to_end(&mut bytes).await.unwrap();
        let got = crate::support::parse(&bytes, false).unwrap();
        assert_eq!((got.header("content-encoding"), got.complete), (Some(encoding), true));
    }
}

#[tokio::test]
async fn a_shared_answer_is_told_apart_by_encoding_in_caches() {
    let server = serve(empty_app().candidate("/shared"), |_| {
        Reply::html("<p>words</p>".repeat(300)).payload("payload ".repeat(300))
    })
    .await;
    for accepts in ["br", "identity", "zstd", "br"] {
        let got = server.get_with("/shared", &[("accept-encoding", accepts)]).await;
        assert!(got.header("vary").unwrap().contains("accept-encoding"), "{accepts}");
        assert_eq!(
            got.header("content-encoding"),
            Some(accepts).filter(|name| *name != "identity")
        );
        assert_eq!(text(&got), "<p>words</p>".repeat(300));
        assert!(got.header("etag").unwrap().starts_with('"'));
    }
}

/// Text that gets smaller, but not to nothing.
fn long(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 20);
    let mut word = 1_u32;
    while text.len() < bytes {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(&(word >> 18).to_string());
        text.push(' ');
    }
    text
}

#[tokio::test]
async fn a_large_shared_answer_is_encoded_whoever_asks_and_however_many_at_once() {
    let page = long(300_000);
    let body = page.clone();
    let server = serve(empty_app().candidate("/large"), move |_| {
        Reply::html(body.clone()).payload("payload ".repeat(50_000))
    })
    .await;
    for accepts in ["br", "zstd", "gzip"] {
        let headers = [("accept-encoding", accepts)];
        let asked = std::iter::repeat_with(|| server.get_with("/large", &headers)).take(8);
        for got in futures_util::future::join_all(asked).await {
            assert_eq!(got.header("content-encoding"), Some(accepts));
            assert_eq!(got.header("content-length"), Some(got.body.len().to_string().as_str()));
            assert_eq!(text(&got), page);
        }
    }
    let navigation = [("accept-encoding", "br"), ("rsc", "1"), ("next-router-prefetch", "1")];
    let payload = server.get_with("/large?_rsc=HEAvJdHAQJrUAe2K", &navigation).await;
    assert!(text(&payload) == "payload ".repeat(50_000));
    assert_eq!(server.jobs().len(), 1);
}

#[tokio::test]
async fn a_large_answer_of_code_is_encoded_piece_by_piece() {
    let body = long(1_000_000);
    let all = body.clone();
    let server = serve(empty_app().handler("/large", &["GET"]), move |_| Reply::text(all.clone())).await;
    for accepts in ["br", "zstd", "gzip"] {
        let got = server.get_with("/large", &[("accept-encoding", accepts)]).await;
        assert_eq!((got.header("content-encoding"), got.complete), (Some(accepts), true));
        assert!(got.body.len() < body.len() * 3 / 4, "{accepts}");
        assert_eq!(text(&got), body, "{accepts}");
    }
}

#[tokio::test]
async fn assets_are_sent_in_the_variant_that_the_build_made() {
    let mut app = empty_app();
    let asset = Asset {
        file: "static/a.js".into(),
        bytes: 1600,
        hash: "00112233".into(),
        content_type: "text/javascript; charset=utf-8".into(),
        encodings: vec!["br".into(), "zstd".into(), "gzip".into()],
    };
    app.assets.insert("/_next/static/a.js".into(), asset);
    let server = serve(app, |_| Reply::text("")).await;
    for (ending, bytes) in [("zst", "zstandard"), ("gz", "gzipped")] {
        std::fs::write(server.folder.path().join(format!("build/static/a.js.{ending}")), bytes).unwrap();
    }
    for (accepts, encoding, bytes, etag) in [
        ("gzip, br, zstd", Some("br"), Some("brotli"), "\"00112233-br\""),
        ("gzip, br;q=0.5, zstd", Some("zstd"), Some("zstandard"), "\"00112233-zstd\""),
        ("gzip", Some("gzip"), Some("gzipped"), "\"00112233-gzip\""),
        ("identity", None, None, "\"00112233\""),
    ] {
        let got = server.get_with("/_next/static/a.js", &[("accept-encoding", accepts)]).await;
        assert_eq!(
            (got.header("content-encoding"), got.header("etag")),
            (encoding, Some(etag)),
            "{accepts}"
        );
        assert!(bytes.is_none_or(|bytes| got.text() == bytes));
        assert_eq!(got.header("vary"), Some("accept-encoding"));
        let again = server
            .get_with("/_next/static/a.js", &[("accept-encoding", accepts), ("if-none-match", etag)])
            .await;
        assert_eq!(
            (again.status, again.header("vary")),
            (304, Some("accept-encoding")),
            "{accepts}"
        );
    }
}

#[tokio::test]
async fn public_files_are_encoded_once_or_taken_as_they_stand_there() {
    let server = serve(empty_app(), |_| Reply::text("")).await;
    let public = server.folder.path().join("public/files");
    let content = "Hello from a public file. ".repeat(500);
    std::fs::write(public.join("hello.txt"), &content).unwrap();
    let plain = server.get("/files/hello.txt").await;
    assert_eq!(
        (plain.header("vary"), plain.header("accept-ranges")),
        (Some("accept-encoding"), Some("bytes"))
    );
    let etag = plain.header("etag").unwrap().trim_end_matches('"').to_owned();
    assert!(etag.starts_with('"'), "strong");
    for name in ["br", "zstd", "gzip"] {
        let got = server.get_with("/files/hello.txt", &[("accept-encoding", name)]).await;
        assert_eq!(got.header("content-encoding"), Some(name));
        assert_eq!(text(&got), content);
        assert_eq!(got.header("etag"), Some(format!("{etag}-{name}\"").as_str()));
        assert_eq!(got.header("content-length"), Some(got.body.len().to_string().as_str()));
        let again = [("accept-encoding", name), ("if-none-match", got.header("etag").unwrap())];
        assert_eq!(server.get_with("/files/hello.txt", &again).await.status, 304);
    }
    let part = [("accept-encoding", "br"), ("range", "bytes=0-4")];
    let part = server.get_with("/files/hello.txt", &part).await;
    assert_eq!((part.status, part.text().as_str()), (206, "Hello"));
}
