//! The admin listener beside a server that runs: opened before the server answers, closed after its last request, so that it can be
//! asked while the server stops.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
};
use ironside_server::{Admin, AdminOptions, Server};
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// See the module's documentation.
pub(crate) struct AdminTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
    socket: Option<String>,
    address: Option<SocketAddr>,
}

impl AdminTask {
    /// Opens it, if it is wanted.
    pub(crate) fn open(options: Option<&AdminOptions>, server: &Server) -> Result<Option<Self>, Failure> {
        let Some(options) = options else {
            return Ok(None);
        };
        let admin = Admin::bind(options, server.current(), server.house()).map_err(|error| {
            Failure::new(Exit::Environment, "the admin listener can't be opened")
                .because(error)
                .hint(
                    "the path of a socket has about 100 bytes at most; admin.socket and admin.listen in ironside.toml set others",
                )
        })?;
        let address = admin.local_addr();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move { admin.serve(stopped.cancelled_owned()).await });
        Ok(Some(Self {
            stop,
            task,
            socket: options.socket.as_ref().map(|path| path.display().to_string()),
            address,
        }))
    }

    /// Says where it is.
    pub(crate) fn announce(&self, context: &Context) {
        let address = self.address.map(|address| format!("http://{address}"));
        for place in self.socket.iter().chain(&address) {
            context.printer.field("Admin", place);
        }
    }

    /// Closes it.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}
