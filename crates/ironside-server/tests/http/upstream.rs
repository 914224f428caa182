//! Rewrites to other sites: what names lead to, and TLS. The rest is tested through the binary, in `tests/e2e/rewrites.test.mjs`.

use crate::support::{Reply, Running, empty_app, serve_told};
use futures_util::future::BoxFuture;
use ironside_model::manifest::Manifest;
use ironside_server::ServerOptions;
use ironside_server::upstream::{Resolve, RewriteOptions};
use serde_json::json;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A name server that gives one list of addresses after the other, and then the last one for ever.
#[derive(Debug)]
struct Fickle {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Fickle {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers
            .iter()
            .map(|list| list.iter().map(|text| text.parse().unwrap()).collect())
            .collect();
        Arc::new(Self {
            answers,
            asked: AtomicUsize::new(0),
        })
    }
}

impl Resolve for Fickle {
    fn resolve(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let at = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.answers[at.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok(found) })
    }
}

/// A site that answers every connection's first request with `ok` and hangs up, and counts connections.
async fn site() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    .await;
            });
        }
    });
    (port, count)
}

fn app(rewrites: &[(&str, &str)]) -> Manifest {
    let list: Vec<_> = rewrites
        .iter()
        .map(|(source, destination)| json!({ "source": source, "destination": destination }))
        .collect();
    let mut app = empty_app();
    app.config.rewrites = json!({ "beforeFiles": list, "afterFiles": [], "fallback": [] });
    app
}

async fn serve(manifest: Manifest, rewrites: RewriteOptions) -> Running {
    let options = ServerOptions {
        rewrites,
        ..ServerOptions::on_port(0)
    };
    serve_told(tempfile::tempdir().unwrap(), options, manifest, |_, _| {
        Box::pin(async { Reply::html("page").done() })
    })
    .await
}

#[tokio::test]
async fn sec_53_a_public_name_that_turns_to_a_private_address_is_not_followed() {
    let (port, connections) = site().await;
    let manifest = app(&[
        ("/literal", &format!("http://api.partner.example:{port}/")),
        ("/to/:host", &format!("http://:host:{port}/")),
    ]);
    for private in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "64:ff9b::7f00:1",
        "0.0.0.0",
    ] {
        let resolver = Fickle::new(&[&[private]]);
        let server = serve(
            manifest.clone(),
            RewriteOptions {
                allow: vec![format!("*.shops.example:{port}"), format!("api.example:{port}")],
                resolver: resolver.clone(),
                ..RewriteOptions::default()
            },
        )
        .await;
        for path in ["/literal", "/to/a.shops.example", "/to/api.example"] {
            let got = server.get(path).await;
            assert_eq!(got.status, 502, "{path} at {private}");
            assert!(!got.text().contains(private), "{}", got.text());
        }
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 3);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn sec_53_the_address_that_was_judged_is_the_one_that_is_connected_to() {
    let (port, connections) = site().await;
    let manifest = app(&[("/literal", &format!("http://api.partner.example:{port}/"))]);
    // First an address that is let through and refuses, then the private one: each connection asks once and no more.
    let resolver = Fickle::new(&[&["127.0.0.2"], &["10.0.0.1", "127.0.0.1"], &["127.0.0.1"]]);
    let server = serve(
        manifest,
        RewriteOptions {
            private: vec!["127.0.0.2".into()],
            resolver: resolver.clone(),
            ..RewriteOptions::default()
        },
    )
    .await;
    for asked in 1..=3 {
        assert_eq!(server.get("/literal").await.status, 502);
        assert_eq!(resolver.asked.load(Ordering::SeqCst), asked);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_private_network_of_the_settings_and_a_name_of_the_own_network_are_followed() {
    let (port, connections) = site().await;
    let manifest = app(&[
        ("/public", &format!("http://api.partner.example:{port}/")),
        ("/local", &format!("http://backend:{port}/")),
    ]);
    let local = Fickle::new(&[&["127.0.0.1"]]);
    let server = serve(
        manifest.clone(),
        RewriteOptions {
            resolver: local.clone(),
            ..RewriteOptions::default()
        },
    )
    .await;
    assert_eq!(server.get("/local").await.text(), "ok");
    assert_eq!(server.get("/public").await.status, 502);
    let server = serve(
        manifest,
        RewriteOptions {
            private: vec!["127.0.0.0/8".into()],
            resolver: local,
            ..RewriteOptions::default()
        },
    )
    .await;
    assert_eq!(server.get("/public").await.text(), "ok");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

/// A site with TLS for `localhost`; returns its port and the certificate of its authority.
async fn tls_site() -> (u16, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let pem = made.cert.pem().into_bytes();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, pem)
}

#[tokio::test]
async fn tls_is_spoken_with_who_can_prove_its_name() {
    let (port, authority) = tls_site().await;
    let manifest = app(&[
        ("/named", &format!("https://localhost:{port}/")),
        ("/other", &format!("https://127.0.0.1:{port}/")),
    ]);
    let trusting = RewriteOptions {
        authorities: Some(authority),
        ..RewriteOptions::default()
    };
    let server = serve(manifest.clone(), trusting).await;
    assert_eq!(server.get("/named").await.text(), "secret");
    // The certificate is for another name.
    assert_eq!(server.get("/other").await.status, 502);
    let server = serve(manifest, RewriteOptions::default()).await;
    assert_eq!(server.get("/named").await.status, 502);
}
