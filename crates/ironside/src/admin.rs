//! The admin listener beside a server that runs: opened before the server answers, closed after its last request, so that it can be
//! asked while the server stops.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
    settings::Admin as Wanted,
};
use ironside_server::{Admin, Server};
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// See the module's documentation.
pub(crate) struct AdminTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
    socket: Option<String>,
    address: Option<SocketAddr>,
    is_required: bool,
}

impl AdminTask {
    /// Opens it, if it is wanted. One that nobody has asked for is done without where that isn't possible.
    pub(crate) fn open(context: &Context, wanted: Option<&Wanted>, server: &Server) -> Result<Option<Self>, Failure> {
        let Some(Wanted { options, is_required }) = wanted else {
            return Ok(None);
        };
        let admin = match Admin::bind(options, server.current(), server.house()) {
            Ok(admin) => admin,
            Err(error) if *is_required => {
                return Err(Failure::new(Exit::Environment, "the admin listener can't be opened")
                    .because(error)
                    .hint(
                        "the path of a socket has about 100 bytes at most; admin.socket and admin.listen in ironside.toml set others",
                    ));
            }
            Err(error) => {
                context.printer.warn(&format!(
                    "{error}, so `ironside cache` can't ask this server; admin.socket in ironside.toml sets another one, admin.enabled = false closes it"
                ));
                return Ok(None);
            }
        };
        let address = admin.local_addr();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move { admin.serve(stopped.cancelled_owned()).await });
        Ok(Some(Self {
            stop,
            task,
            socket: options.socket.as_ref().map(|path| path.display().to_string()),
            address,
            is_required: *is_required,
        }))
    }

    /// Says where it is, if somebody has asked for it.
    pub(crate) fn announce(&self, context: &Context) {
        if !self.is_required {
            return;
        }
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
