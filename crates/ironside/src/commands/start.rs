//! `ironside start`: serves a build until it is told to stop, then lets requests end.

use crate::{
    admin::AdminTask,
    commands::Context,
    exit::Failure,
    open_files,
    serving::{self, Ready},
    settings::{Bodies, Listen, StartSettings},
};
use ironside_server::{Limits, ListenAddress, Server, ServerOptions};
use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long workers may go on after the last connection has ended (`after()` callbacks).
const WORKER_GRACE: Duration = Duration::from_secs(10);
/// How long those that were being answered still have when no worker could be started.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Serves until SIGINT or SIGTERM. What needs no worker (stored pages, files, redirects) is answered as soon as the port is open;
/// the rest waits for the first worker. If none can be started, that is the end.
pub(crate) async fn run(context: &Context, settings: &StartSettings) -> Result<(), Failure> {
    let began = Instant::now();
    check_port(&settings.listen)?;
    let (Ready { deployment, pool }, first) = serving::begin(context, &serving::build_dir(context), settings.workers, false)?;
    let server = Server::bind(options(settings), deployment, pool.clone()).map_err(|error| serving::bind_failure(&error))?;
    announce(context, &settings.listen, server.local_addr(), settings.tls.is_some());
    let certificate = tokio::spawn(serving::reread_certificate(server.tls()));
    let admin = AdminTask::open(context, settings.admin.as_ref(), &server)?;
    if let Some(admin) = &admin {
        admin.announce(context);
    }
    let leave = CancellationToken::new();
    let serving = server.serve(async {
        tokio::select! {
            () = serving::asked_to_stop() => leave.cancel(),
            () = leave.cancelled() => {}
        }
    });
    tokio::pin!(serving);
    let early = tokio::select! {
        drained = &mut serving => Some(drained),
        // No worker is there yet, and those that wait for one are told so.
        () = leave.cancelled() => {
            pool.drain(Duration::ZERO).await;
            Some(serving.as_mut().await)
        }
        started = first.ready() => match started {
            Ok(()) => None,
            Err(error) => {
                leave.cancel();
                pool.drain(Duration::ZERO).await;
                let _ = timeout(LAST_ANSWERS, serving).await;
                return Err(serving::start_failure(error));
            }
        },
    };
    let drained = match early {
        Some(drained) => drained,
        None => {
            say_ready(context, settings.workers.count, began);
            serving.await
        }
    };
    certificate.abort();
    let cut = drained.cut + pool.drain(WORKER_GRACE).await;
    if let Some(admin) = admin {
        admin.end().await;
    }
    if cut > 0 {
        context
            .printer
            .warn(&format!("{cut} requests took too long and were cut off"));
    }
    Ok(())
}

fn say_ready(context: &Context, workers: usize, began: Instant) {
    let workers = if workers == 1 {
        "1 worker".into()
    } else {
        format!("{workers} workers")
    };
    context
        .printer
        .done(&format!("Ready in {} ms with {workers}", began.elapsed().as_millis()));
}

fn options(settings: &StartSettings) -> ServerOptions {
    let mut options = server_options(&settings.listen);
    options.trusted_proxies.clone_from(&settings.trusted_proxies);
    options.rewrites.clone_from(&settings.rewrites);
    options.tls.clone_from(&settings.tls);
    options.limits = settings.limits.clone();
    apply(&settings.bodies, &mut options.limits);
    let possible = open_files::make_room_for(options.limits.connections);
    if possible < options.limits.connections {
        tracing::warn!(
            possible,
            wanted = options.limits.connections,
            "this process may not open more connections: raise its limit of open files (ulimit -n)"
        );
        options.limits.connections = possible;
    }
    options
}

/// Puts the settings of bodies among the server's limits.
pub(crate) fn apply(bodies: &Bodies, limits: &mut Limits) {
    limits.handler_body = bodies.handler;
    limits.heartbeat = bodies.heartbeat;
    if let Some(proxy) = bodies.proxy {
        limits.proxy_body = proxy;
    }
}

/// Where the command line says to listen.
pub(crate) fn server_options(listen: &Listen) -> ServerOptions {
    match &listen.host {
        Some(host) => ServerOptions::on_host(host, listen.port),
        None => ServerOptions::on_port(listen.port),
    }
}

/// A port that is taken is told before workers are started in vain. The answer that counts is the one when it is opened.
pub(crate) fn check_port(listen: &Listen) -> Result<(), Failure> {
    let options = server_options(listen);
    if let ListenAddress::Everywhere { port } = options.address
        && port != 0
        && let Err(error) = TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port)))
        && error.kind() == std::io::ErrorKind::AddrInUse
    {
        let error = ironside_server::ListenError::PortInUse { port };
        return Err(serving::bind_failure(&error.into()));
    }
    Ok(())
}

/// The addresses to open in a browser.
pub(crate) fn announce(context: &Context, listen: &Listen, address: SocketAddr, is_secure: bool) {
    let host = match &listen.host {
        None => "localhost".to_owned(),
        Some(host) if host.contains(':') => format!("[{}]", host.trim_matches(['[', ']'])),
        Some(host) => host.clone(),
    };
    let scheme = if is_secure { "https" } else { "http" };
    context
        .printer
        .field("Address", &format!("{scheme}://{host}:{}", address.port()));
}
