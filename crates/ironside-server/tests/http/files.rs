//! Files over the wire: hashed assets and the public folder.

use crate::support::{Reply, empty_app, serve};
use ironside_model::manifest::Asset;

fn with_asset() -> ironside_model::manifest::Manifest {
    let mut app = empty_app();
    let asset = Asset {
        file: "static/a.js".into(),
        bytes: 1600,
        hash: "00112233".into(),
        content_type: "text/javascript; charset=utf-8".into(),
        encodings: vec!["br".into(), "gzip".into()],
    };
    app.assets.insert("/_next/static/a.js".into(), asset);
    app
}

#[tokio::test]
async fn assets_are_immutable_and_precompressed() {
    let server = serve(with_asset(), |_| Reply::text("page")).await;
    let plain = server.get("/_next/static/a.js").await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(plain.header("etag"), Some("\"00112233\""));
    assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(plain.body.len(), 1600);
    let packed = server
        .get_with("/_next/static/a.js", &[("accept-encoding", "gzip, br")])
        .await;
    assert_eq!(
        (packed.header("content-encoding"), packed.text().as_str()),
        (Some("br"), "brotli")
    );
    assert!(packed.header("vary").unwrap().contains("accept-encoding"));
    for etag in ["\"00112233\"", "\"00112233-br\"", "W/\"00112233\""] {
        let unchanged = server.get_with("/_next/static/a.js", &[("if-none-match", etag)]).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{etag}");
    }
    let part = server
        .get_with("/_next/static/a.js", &[("range", "bytes=0-6"), ("accept-encoding", "br")])
        .await;
    assert_eq!(
        (part.status, part.text().as_str(), part.header("content-range")),
        (206, "console", Some("bytes 0-6/1600"))
    );
    let head = server.send("HEAD", "/_next/static/a.js", &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.complete),
        (200, Some("1600"), true)
    );
    let post = server.send("POST", "/_next/static/a.js", &[], b"x").await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn a_missing_asset_is_a_short_text_and_asks_no_worker() {
    let server = serve(with_asset(), |_| Reply::text("page")).await;
    for path in [
        "/_next/static/b.js",
        "/_next/static/%2e%2e%2fmanifest.json",
        "/_next/x",
        "/_next/static/a.js.br",
    ] {
        let got = server.get(path).await;
        assert_eq!((got.status, got.text().contains("manifest")), (404, false), "{path}");
    }
    assert_eq!(server.get("/_next/static/b.js").await.text(), "Not Found");
    assert!(server.jobs().iter().all(|job| !job.path.starts_with("/_next/")));
}

#[tokio::test]
async fn public_files_have_validators_and_stretches() {
    let server = serve(empty_app(), |_| Reply::text("page")).await;
    let path = "/files/hello.txt";
    let plain = server.get(&format!("{path}?any=query")).await;
    assert_eq!((plain.status, plain.text().as_str()), (200, "Hello from a public file"));
    assert_eq!(plain.header("cache-control"), Some("public, max-age=0"));
    assert_eq!(plain.header("content-type"), Some("text/plain; charset=utf-8"));
    let (etag, date) = (plain.header("etag").unwrap(), plain.header("last-modified").unwrap());
    for headers in [("if-none-match", etag), ("if-modified-since", date), ("if-none-match", "*")] {
        assert_eq!(server.get_with(path, &[headers]).await.status, 304, "{headers:?}");
    }
    assert_eq!(
        server
            .get_with(path, &[("if-none-match", "\"x\""), ("if-modified-since", date)])
            .await
            .status,
        200
    );
    let last = server.get_with(path, &[("range", "bytes=-4")]).await;
    assert_eq!((last.status, last.text().as_str()), (206, "file"));
    let behind = server.get_with(path, &[("range", "bytes=500-")]).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, Some("bytes */24")));
    assert_eq!(
        server
            .get_with(path, &[("range", "bytes=0-4"), ("if-range", etag)])
            .await
            .status,
        206
    );
    assert_eq!(
        server
            .get_with(path, &[("range", "bytes=0-4"), ("if-range", "\"other\"")])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_large_file_arrives_whole_and_no_path_leads_out() {
    let server = serve(empty_app(), |_| Reply::new(404, "text/html", "nothing here")).await;
    std::fs::write(server.folder.path().join("public/files/hello.txt"), vec![7u8; 1_000_000]).unwrap();
    let large = server.get("/files/hello.txt").await;
    assert_eq!((large.body.len(), large.complete), (1_000_000, true));
    let middle = server.get_with("/files/hello.txt", &[("range", "bytes=200000-799999")]).await;
    assert_eq!((middle.status, middle.body.len()), (206, 600_000));
    std::fs::write(server.folder.path().join("secret.txt"), "secret").unwrap();
    for path in [
        "/files/../../secret.txt",
        "/files/%2e%2e/%2e%2e/secret.txt",
        "/files/..%2f..%2fsecret.txt",
        "/files/..%5c..%5csecret.txt",
        "/files",
        "/files/hello.txt%00",
    ] {
        let got = server.get(path).await;
        assert_eq!((got.status, got.text().contains("secret")), (404, false), "{path}");
    }
}

#[tokio::test]
async fn several_stretches_come_as_parts_of_one_answer() {
    let server = serve(empty_app(), |_| Reply::text("page")).await;
    // Small files are in memory, large ones are read while they are sent.
    for size in [20_000_usize, 3_000_000] {
        let content: Vec<u8> = (0..size).map(|at| b'a' + u8::try_from(at % 26).unwrap()).collect();
        std::fs::write(server.folder.path().join("public/files/hello.txt"), &content).unwrap();
        let got = server
            .get_with("/files/hello.txt", &[("range", "bytes=10-12, 5000-6999, -3")])
            .await;
        assert_eq!((got.status, got.complete), (206, true));
        let boundary = got
            .header("content-type")
            .unwrap()
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let mut expected = Vec::new();
        for (index, (first, last)) in [(10, 12), (5000, 6999), (size - 3, size - 1)].into_iter().enumerate() {
            let start = if index == 0 { "" } else { "\r\n" };
            let head = format!(
                "{start}--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {first}-{last}/{size}\r\n\r\n"
            );
            expected.extend_from_slice(head.as_bytes());
            expected.extend_from_slice(&content[first..=last]);
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert!(got.body == expected, "{}", got.text());
        assert_eq!(got.header("content-length"), Some(expected.len().to_string().as_str()));
        assert_eq!(got.header("content-range"), None);
        let head = server
            .send("HEAD", "/files/hello.txt", &[("range", "bytes=10-12")], b"")
            .await;
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn more_than_anybody_needs_is_answered_with_the_file() {
    let server = serve(empty_app(), |_| Reply::text("page")).await;
    for range in ["bytes=0-1,4-5", "bytes=0-,0-,0-", "bytes=0-0,2-2,4-4,6-6,8-8"] {
        let got = server.get_with("/files/hello.txt", &[("range", range)]).await;
        assert_eq!(
            (got.status, got.text().as_str()),
            (200, "Hello from a public file"),
            "{range}"
        );
    }
}

#[tokio::test]
async fn who_wants_a_file_in_one_state_only_is_told_when_it_has_another() {
    let server = serve(empty_app(), |_| Reply::text("page")).await;
    let path = "/files/hello.txt";
    let etag = server.get(path).await.header("etag").unwrap().to_owned();
    assert_eq!(server.get_with(path, &[("if-match", &etag)]).await.status, 200);
    assert_eq!(server.get_with(path, &[("if-match", "\"other\"")]).await.status, 412);
    std::fs::write(server.folder.path().join("public/files/hello.txt"), "Hello from another file").unwrap();
    assert_eq!(server.get_with(path, &[("if-match", &etag)]).await.status, 412);
    assert_eq!(server.get_with(path, &[("if-none-match", &etag)]).await.status, 200);
    let stale = server.get_with(path, &[("range", "bytes=0-4"), ("if-range", &etag)]).await;
    assert_eq!((stale.status, stale.text().as_str()), (200, "Hello from another file"));
}
