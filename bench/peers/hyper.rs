//! A bare hyper server: the limit of HTTP/1.1 on this machine. It answers given paths with given bytes and headers, and
//! does nothing else: no routing, no limits, no log.
//!
//! `bare-hyper -p PORT FOLDER`: each `NAME.json` in the folder describes one answer: `path`, `headers` as pairs; its body
//! is `NAME.body`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(serde::Deserialize)]
struct Described {
    path: String,
    headers: Vec<(String, String)>,
}

struct Ready {
    headers: HeaderMap,
    body: Bytes,
}

fn read(folder: &Path) -> Result<HashMap<String, Ready>, Error> {
    let mut answers = HashMap::new();
    for item in std::fs::read_dir(folder)? {
        let file = item?.path();
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let described: Described = serde_json::from_slice(&std::fs::read(&file)?)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &described.headers {
            headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        let body = std::fs::read(file.with_extension("body"))?.into();
        answers.insert(described.path, Ready { headers, body });
    }
    Ok(answers)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, _, port, folder] = arguments.as_slice() else {
        return Err("usage: bare-hyper -p PORT FOLDER".into());
    };
    let answers = Arc::new(read(Path::new(folder))?);
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let found = answers.get(request.uri().path());
                let mut response = Response::new(Full::new(found.map(|ready| ready.body.clone()).unwrap_or_default()));
                match found {
                    Some(ready) => *response.headers_mut() = ready.headers.clone(),
                    None => *response.status_mut() = StatusCode::NOT_FOUND,
                }
                let known = request.headers().get(header::IF_NONE_MATCH);
                if known.is_some() && known == response.headers().get(header::ETAG) {
                    *response.status_mut() = StatusCode::NOT_MODIFIED;
                    *response.body_mut() = Full::default();
                }
                std::future::ready(Ok::<_, Infallible>(response))
            });
            // A client that leaves is no error.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
