//! HTTPS with a real certificate: both protocols by what the client offers, a certificate that is renewed while the server
//! runs, and clients that speak something else.

use crate::support::{App, Reply, Running, empty_app, parse, serve_under};
use ironside_server::{Limits, ServerOptions, TlsFiles};
use rcgen::{CertifiedKey, KeyPair};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["shop.example".to_owned()]).unwrap()
}

fn write(files: &TlsFiles, made: &CertifiedKey<KeyPair>) {
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
}

struct Secure {
    server: Running,
    files: TlsFiles,
    _folder: tempfile::TempDir,
}

async fn server(made: &CertifiedKey<KeyPair>, limits: Limits) -> Secure {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    write(&files, made);
    let options = ServerOptions {
        tls: Some(files.clone()),
        limits,
        ..ServerOptions::on_host("127.0.0.1", 0)
    };
    let app = empty_app().handler("/a", &["GET", "POST"]);
    let server = serve_under(options, app, |job, body| {
        Box::pin(async move {
            let body = crate::support::read(body).await.map_err(|error| error.to_string());
            let proto = job
                .headers
                .get("x-forwarded-proto")
                .map(|value| value.to_str().unwrap().to_owned());
            Reply::text(format!(
                "{:?} {} {proto:?} {:?}",
                job.scheme,
                job.authority,
                body.map(|body| body.len())
            ))
            .done()
        })
    })
    .await;
    Secure {
        server,
        files,
        _folder: folder,
    }
}

async fn connect(server: &Running, made: &CertifiedKey<KeyPair>, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("shop.example").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, server.connect().await)
        .await
}

async fn ask(mut stream: TlsStream<TcpStream>) -> String {
    let request = "POST /a HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(&[7; 100_000]).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes, false).unwrap().text()
}

#[tokio::test]
async fn the_client_chooses_between_http_2_and_http_1() {
    let made = certificate();
    let secure = server(&made, Limits::default()).await;
    let expected = "Https shop.example Some(\"https\") Ok(100000)";
    for protocols in [&["http/1.1"][..], &[]] {
        let stream = connect(&secure.server, &made, protocols).await.unwrap();
        assert_ne!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(ask(stream).await, expected, "{protocols:?}");
    }
    let stream = connect(&secure.server, &made, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = http::Request::post("https://shop.example/a").body(()).unwrap();
    let (answer, mut body) = client.send_request(request, false).unwrap();
    body.send_data(bytes::Bytes::from_static(&[7; 100_000]), true).unwrap();
    let mut answer = answer.await.unwrap().into_body();
    assert_eq!(answer.data().await.unwrap().unwrap(), expected);
}

#[tokio::test]
async fn nothing_in_common_ends_the_handshake() {
    let made = certificate();
    let secure = server(&made, Limits::default()).await;
    assert!(connect(&secure.server, &made, &["spdy/3"]).await.is_err());
    assert!(
        connect(&secure.server, &certificate(), &["h2"]).await.is_err(),
        "not our certificate"
    );
    assert!(ask(connect(&secure.server, &made, &[]).await.unwrap()).await.contains("Ok"));
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_damaged_one_is_not() {
    let (old, new) = (certificate(), certificate());
    let secure = server(&old, Limits::default()).await;
    let open = connect(&secure.server, &old, &[]).await.unwrap();
    write(&secure.files, &new);
    let tls = secure.server.tls.clone().unwrap();
    tls.reload().unwrap();
    assert!(connect(&secure.server, &old, &[]).await.is_err());
    assert!(ask(connect(&secure.server, &new, &[]).await.unwrap()).await.contains("Ok"));
    assert!(ask(open).await.contains("Ok"), "open connections stay as they are");
    fs::write(&secure.files.key, "half a fi").unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("key.pem"));
    assert!(ask(connect(&secure.server, &new, &[]).await.unwrap()).await.contains("Ok"));
}

#[tokio::test]
async fn plain_http_is_told_that_this_port_speaks_https() {
    let secure = server(&certificate(), Limits::default()).await;
    let got = secure
        .server
        .raw(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .await
        .unwrap();
    assert_eq!((got.status, got.complete), (400, true));
    assert!(got.text().contains("HTTPS"));
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_not_waited_for() {
    let made = certificate();
    let limits = Limits {
        header_timeout: Duration::from_millis(150),
        ..Limits::default()
    };
    let secure = server(&made, limits).await;
    for begun in [&b""[..], &[0x16, 3, 1], &[0x16, 3, 1, 2, 0, 1]] {
        let mut slow = secure.server.connect().await;
        slow.write_all(begun).await.unwrap();
        let mut nothing = Vec::new();
        let _ = slow.read_to_end(&mut nothing).await;
        assert!(!nothing.starts_with(b"HTTP/1.1 2"));
    }
    let mut silent = connect(&secure.server, &made, &[]).await.unwrap();
    let mut nothing = Vec::new();
    let _ = silent.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty());
    assert!(ask(connect(&secure.server, &made, &[]).await.unwrap()).await.contains("Ok"));
}
