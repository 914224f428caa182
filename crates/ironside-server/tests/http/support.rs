//! A server on a real socket, with workers that do what a test says, and a client that shows what came over the wire.
#![allow(unreachable_pub, reason = "modules of one test program share it")]

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ironside_model::manifest::{
    Action, AppConfig, Bootstrap, Manifest, PatternPart, Reach, Route, RouteKind, Segment, SegmentConfig, SegmentKind,
    SegmentNode,
};
use ironside_server::{
    Deployment, DeploymentOptions, Done, Drained, House, Limits, ListenAddress, PieceSource, Pieces, Server, ServerOptions, Tls,
    Workers,
};
use ironside_worker::wire::JobResult;
use ironside_worker::{Head, Job, JobBody, JobFailure, Outcome, Piece};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// An application without routes.
pub fn empty_app() -> Manifest {
    Manifest {
        format: ironside_model::manifest::MANIFEST_FORMAT,
        build: "build-1".into(),
        react: "19.3.1".into(),
        config: AppConfig::default(),
        routes: Vec::new(),
        not_found: Some(SegmentNode::default()),
        not_found_config: SegmentConfig::default(),
        global_error: None,
        segments: BTreeMap::new(),
        clients: BTreeMap::new(),
        actions: BTreeMap::new(),
        assets: BTreeMap::new(),
        bootstrap: Bootstrap::default(),
        externals: Vec::new(),
        proxy: None,
        instrumentation: None,
        prerendered: None,
    }
}

fn pattern(path: &str) -> Vec<PatternPart> {
    let part = |segment: &str| match segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(name) if name.starts_with("...") => PatternPart::CatchAll(name[3..].into()),
        Some(name) => PatternPart::Dynamic(name.into()),
        None => PatternPart::Static(segment.into()),
    };
    path.split('/').filter(|segment| !segment.is_empty()).map(part).collect()
}

fn route(kind: RouteKind, path: &str) -> Route {
    Route {
        kind,
        path: path.into(),
        pattern: pattern(path),
        intercepts_from: None,
        tree: None,
        file: None,
        config: SegmentConfig::default(),
        static_params: false,
    }
}

/// What tests build applications with.
pub trait App: Sized {
    /// A page that is dynamic by its configuration.
    fn page(self, path: &str) -> Self;
    /// A page that may turn out static.
    fn candidate(self, path: &str) -> Self;
    /// A route handler with these exports.
    fn handler(self, path: &str, exports: &[&str]) -> Self;
    /// An action that clients may call, or not.
    fn action(self, id: &str, reachable: bool) -> Self;
    /// `next.config`.
    fn config(self, change: impl FnOnce(&mut AppConfig)) -> Self;
}

impl App for Manifest {
    fn page(mut self, path: &str) -> Self {
        let config = SegmentConfig {
            dynamic: Some("force-dynamic".into()),
            ..SegmentConfig::default()
        };
        self.routes.push(Route {
            config,
            ..route(RouteKind::Page, path)
        });
        self
    }

    fn candidate(mut self, path: &str) -> Self {
        self.routes.push(Route {
            static_params: true,
            ..route(RouteKind::Page, path)
        });
        self
    }

    fn handler(mut self, path: &str, exports: &[&str]) -> Self {
        let file = format!("app{path}/route.ts");
        let segment = Segment {
            kind: SegmentKind::Route,
            chunk: "server/rsc/x.mjs".into(),
            exports: exports.iter().map(|name| (*name).to_owned()).collect(),
            styles: Vec::new(),
            fonts: Vec::new(),
            clients: Vec::new(),
            metadata_files: Vec::new(),
            copy: None,
            content_type: None,
        };
        self.segments.insert(file.clone(), segment);
        self.routes.push(Route {
            file: Some(file),
            ..route(RouteKind::Handler, path)
        });
        self
    }

    fn action(mut self, id: &str, reachable: bool) -> Self {
        let action = Action {
            file: "app/actions.ts".into(),
            line: 1,
            column: 1,
            name: "save".into(),
            chunk: "server/rsc/a.mjs".into(),
            export: "save".into(),
            sealed: false,
            reach: if reachable { vec![Reach::Browser] } else { Vec::new() },
            options: None,
        };
        self.actions.insert(id.into(), action);
        self
    }

    fn config(mut self, change: impl FnOnce(&mut AppConfig)) -> Self {
        change(&mut self.config);
        self
    }
}

/// An outcome of a job that went well.
pub fn went_well() -> Outcome {
    Outcome {
        result: JobResult::Ok,
        error: None,
        dynamic: None,
        tags: Vec::new(),
        revalidate: None,
        expire: None,
        stale: None,
        revalidations: Vec::new(),
        proxy: None,
        cpu_us: 0,
        wall_us: 0,
        after: false,
    }
}

/// An answer that a scripted worker gives.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub pieces: Vec<Piece>,
    pub outcome: Outcome,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            pieces: vec![Piece::Body(body.into())],
            outcome: went_well(),
        }
    }

    pub fn html(body: impl Into<Bytes>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::new(200, "text/plain", body)
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn payload(mut self, payload: impl Into<Bytes>) -> Self {
        self.pieces.push(Piece::Payload(payload.into()));
        self
    }

    pub fn outcome(mut self, change: impl FnOnce(&mut Outcome)) -> Self {
        change(&mut self.outcome);
        self
    }

    pub fn done(self) -> Result<Done, JobFailure> {
        let source = Listed {
            pieces: self.pieces.into_iter().map(Ok).collect(),
            outcome: self.outcome,
        };
        Ok(Done::Response {
            head: head(self.status, &self.headers),
            body: Pieces::new(source),
        })
    }
}

/// A head.
pub fn head(status: u16, list: &[(&'static str, String)]) -> Head {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).expect("a header's value"),
        );
    }
    Head {
        status: StatusCode::from_u16(status).expect("a status"),
        headers,
        reason: None,
    }
}

struct Listed {
    pieces: std::collections::VecDeque<Result<Piece, JobFailure>>,
    outcome: Outcome,
}

impl PieceSource for Listed {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        Poll::Ready(self.pieces.pop_front())
    }

    fn take_complete(&mut self) -> Option<Bytes> {
        match (self.pieces.len(), self.pieces.front()) {
            (1, Some(Ok(Piece::Body(bytes)))) => {
                let bytes = bytes.clone();
                self.pieces.clear();
                Some(bytes)
            }
            _ => None,
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        self.pieces.is_empty().then(|| self.outcome.clone())
    }
}

/// A body that a test sends piece by piece; `dropped` fires when nobody wants more of it.
pub struct Streamed {
    pieces: mpsc::UnboundedReceiver<Result<Piece, JobFailure>>,
    outcome: Outcome,
    _dropped: oneshot::Sender<()>,
}

/// The test's end of a streamed body.
pub struct Stream {
    pub send: mpsc::UnboundedSender<Result<Piece, JobFailure>>,
    pub dropped: oneshot::Receiver<()>,
}

impl Stream {
    pub fn text(&self, text: &'static str) {
        self.send
            .send(Ok(Piece::Body(Bytes::from_static(text.as_bytes()))))
            .expect("the body is still wanted");
    }
}

/// A streamed body and the test's end of it.
pub fn streamed() -> (Streamed, Stream) {
    let (send, pieces) = mpsc::unbounded_channel();
    let (sender, dropped) = oneshot::channel();
    (
        Streamed {
            pieces,
            outcome: went_well(),
            _dropped: sender,
        },
        Stream { send, dropped },
    )
}

impl PieceSource for Streamed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        self.pieces.poll_recv(context)
    }

    fn take_complete(&mut self) -> Option<Bytes> {
        None
    }

    fn outcome(&self) -> Option<Outcome> {
        Some(self.outcome.clone())
    }
}

type Script = dyn Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync;

/// Workers that do what a test says, and remember what they were asked.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Script>,
    pub seen: Arc<Mutex<Vec<Job>>>,
}

impl Workers for Scripted {
    fn run(&self, job: Job, body: JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> {
        self.seen.lock().expect("no test panics with it").push(job.clone());
        (self.script)(job, body)
    }
}

/// All bytes of a job's body.
pub async fn read(body: JobBody) -> Result<Vec<u8>, ironside_worker::BodyError> {
    match body {
        JobBody::Empty => Ok(Vec::new()),
        JobBody::Full(bytes) => Ok(bytes.to_vec()),
        JobBody::Stream(mut stream) => {
            let mut all = Vec::new();
            while let Some(bytes) = stream.next().await {
                all.extend_from_slice(&bytes?);
            }
            Ok(all)
        }
    }
}

/// A server that runs.
pub struct Running {
    pub address: SocketAddr,
    pub deployment: Arc<Deployment>,
    pub house: Arc<House>,
    pub tls: Option<Tls>,
    pub seen: Arc<Mutex<Vec<Job>>>,
    pub folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Drained>,
}

/// Serves an application whose jobs are answered at once by a function.
pub async fn serve(manifest: Manifest, script: impl Fn(&Job) -> Reply + Send + Sync + 'static) -> Running {
    serve_with(manifest, move |job, _| {
        let done = script(&job).done();
        Box::pin(async move { done })
    })
    .await
}

/// The same with bodies, failures and time.
pub async fn serve_with(
    manifest: Manifest,
    script: impl Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync + 'static,
) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("public/files")).expect("a folder");
    std::fs::create_dir_all(folder.path().join("build/static")).expect("a folder");
    std::fs::write(folder.path().join("public/files/hello.txt"), "Hello from a public file").expect("a file");
    std::fs::write(folder.path().join("build/static/a.js"), "console.log('a')".repeat(100)).expect("a file");
    std::fs::write(folder.path().join("build/static/a.js.br"), "brotli").expect("a file");
    serve_in(folder, Limits::default(), manifest, script).await
}

/// The same with limits of the test's own.
pub async fn limited(manifest: Manifest, limits: Limits, script: impl Fn(&Job) -> Reply + Send + Sync + 'static) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    serve_in(folder, limits, manifest, move |job, _| {
        let done = script(&job).done();
        Box::pin(async move { done })
    })
    .await
}

/// The same as `ironside dev` does it.
pub async fn development(manifest: Manifest, script: impl Fn(&Job) -> Reply + Send + Sync + 'static) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let options = DeploymentOptions {
        development: true,
        ..DeploymentOptions::new(manifest, folder.path().join("build"), folder.path().join("public"))
    };
    serve_deployment(folder, ServerOptions::on_port(0), options, move |job, _| {
        let done = script(&job).done();
        Box::pin(async move { done })
    })
    .await
}

/// The same with files and limits of the test's own.
pub async fn serve_in(
    folder: tempfile::TempDir,
    limits: Limits,
    manifest: Manifest,
    script: impl Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync + 'static,
) -> Running {
    let options = ServerOptions {
        limits,
        ..ServerOptions::on_port(0)
    };
    serve_told(folder, options, manifest, script).await
}

/// The same with all of a server's options, but for the address.
pub async fn serve_under(
    options: ServerOptions,
    manifest: Manifest,
    script: impl Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync + 'static,
) -> Running {
    serve_told(tempfile::tempdir().expect("a folder"), options, manifest, script).await
}

/// The same with files as well.
pub async fn serve_told(
    folder: tempfile::TempDir,
    told: ServerOptions,
    manifest: Manifest,
    script: impl Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync + 'static,
) -> Running {
    let options = DeploymentOptions::new(manifest, folder.path().join("build"), folder.path().join("public"));
    serve_deployment(folder, told, options, script).await
}

async fn serve_deployment(
    folder: tempfile::TempDir,
    told: ServerOptions,
    options: DeploymentOptions,
    script: impl Fn(Job, JobBody) -> BoxFuture<'static, Result<Done, JobFailure>> + Send + Sync + 'static,
) -> Running {
    let deployment = Deployment::load(options).expect("the application can be served");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let workers = Scripted {
        script: Arc::new(script),
        seen: seen.clone(),
    };
    let address = ListenAddress::Exact(([127, 0, 0, 1], 0).into());
    let options = ServerOptions { address, ..told };
    let server = Server::bind(options, deployment.clone(), workers).expect("a free port");
    let (stop, stopped) = oneshot::channel::<()>();
    let (address, house, tls) = (server.local_addr(), server.house(), server.tls());
    let serving = tokio::spawn(server.serve(async { drop(stopped.await) }));
    Running {
        address,
        deployment,
        house,
        tls,
        seen,
        folder,
        stop: Some(stop),
        serving,
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Got {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended as HTTP wants it.
    pub complete: bool,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Running {
    pub async fn get(&self, path: &str) -> Got {
        self.send("GET", path, &[], b"").await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        self.send("GET", path, headers, b"").await
    }

    /// Sends a request on a connection of its own.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Got {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes)
            .await
            .unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Sends bytes and reads the first answer until the connection closes.
    pub async fn raw(&self, bytes: &[u8]) -> Option<Got> {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        // A server that has refused may not read on.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        parse(&answer, bytes.starts_with(b"HEAD "))
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the server listens")
    }

    /// Sends bytes and reads everything until the connection closes.
    pub async fn raw_all(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may refuse before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Why connections were closed, and how often.
    pub fn closed(&self) -> Vec<(&'static str, u64)> {
        self.house.metrics.closed.snapshot()
    }

    /// The jobs of this kind that workers were given so far.
    pub fn jobs(&self) -> Vec<Job> {
        self.seen.lock().expect("no test panics with it").clone()
    }

    /// Stops the server and waits for its end.
    pub async fn stop(&mut self) -> Drained {
        drop(self.stop.take());
        (&mut self.serving).await.expect("the server does not panic")
    }
}

/// Reads an answer.
pub fn parse(bytes: &[u8], is_head: bool) -> Option<Got> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse::<usize>().ok());
    let (body, complete) = match length {
        _ if is_head => (Vec::new(), rest.is_empty()),
        Some(length) => (rest[..length.min(rest.len())].to_vec(), rest.len() >= length),
        None if chunked => dechunk(rest),
        None => (rest.to_vec(), true),
    };
    Some(Got {
        status,
        headers,
        body,
        complete,
    })
}

fn dechunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let Ok(size) = usize::from_str_radix(String::from_utf8_lossy(&rest[..line]).trim(), 16) else {
            break;
        };
        if size == 0 {
            return (body, true);
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else {
            break;
        };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    (body, false)
}
