//! The folder in which the cache outlives the server: `.ironside/cache`, unless the settings say otherwise. A server that can't
//! use it serves all the same, from memory, and says so once.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
    settings::file,
};
use ironside_server::durable::{DiskOptions, Durability, Durable, DurableError, FolderError};

/// What came of opening it.
#[derive(Default)]
pub(crate) struct Opened {
    /// The folder, if there is one and it can be used.
    pub(crate) durable: Option<Durable>,
    /// Why it can't be used, though the settings want it.
    pub(crate) trouble: Option<String>,
}

/// Opens the folder for a build. `now`: milliseconds since 1970.
pub(crate) fn open(context: &Context, deployment: &str, now: u64) -> Opened {
    match try_open(context, deployment, now) {
        None => Opened::default(),
        Some(Ok(durable)) => Opened {
            durable: Some(durable),
            trouble: None,
        },
        Some(Err(error)) => {
            let trouble = told(&error);
            context.printer.warn(&format!(
                "what is cached won't outlive this process: {trouble}; {}",
                remedy(&error)
            ));
            Opened {
                durable: None,
                trouble: Some(trouble),
            }
        }
    }
}

/// Opens it to look into it while no server runs. `None`: nothing is kept on disk.
pub(crate) fn open_alone(context: &Context, deployment: &str, now: u64) -> Result<Option<Durable>, Failure> {
    match try_open(context, deployment, now) {
        None => Ok(None),
        Some(Ok(durable)) => Ok(Some(durable)),
        Some(Err(DurableError::Folder(FolderError::InUse(_)))) => Err(Failure::new(
            Exit::Environment,
            "a server uses the cache of this application, and does not answer on its admin socket",
        )
        .hint("it was started with admin.enabled = false, IRONSIDE_ADMIN=0 or another admin.socket, or is starting or stopping just now")),
        Some(Err(error)) => {
            let hint = remedy(&error);
            Err(Failure::new(Exit::Environment, "the cache on disk can't be opened").because(error).hint(hint))
        }
    }
}

fn try_open(context: &Context, deployment: &str, now: u64) -> Option<Result<Durable, DurableError>> {
    let settings = &context.sources.file.cache;
    if settings.disk == Some(false) {
        return None;
    }
    let folder = settings
        .folder
        .as_ref()
        .map_or_else(|| context.dot_ironside().join("cache"), |folder| context.dir.join(folder));
    let mut options = DiskOptions::new(deployment.into());
    if let Some(size) = settings.disk_size {
        options.max_bytes = size.0;
    }
    let durability = match settings.durability {
        Some(file::CacheDurability::Power) => Durability::Power,
        _ => Durability::Process,
    };
    Some(Durable::open(&folder, options, durability, now))
}

fn remedy(error: &DurableError) -> &'static str {
    match error {
        DurableError::Folder(FolderError::InUse(_)) => {
            "stop the other server, or give this one a folder of its own: cache.folder"
        }
        DurableError::Folder(FolderError::NotWritable { .. }) => {
            "mend its permissions, name another one in cache.folder, or set cache.disk = false in ironside.toml"
        }
        DurableError::Read(_) => "remove the folder; it holds nothing that can't be made again",
    }
}

/// The error with what caused it.
fn told(error: &DurableError) -> String {
    let source = std::error::Error::source(error)
        .map(|source| format!(" ({source})"))
        .unwrap_or_default();
    format!("{error}{source}")
}
