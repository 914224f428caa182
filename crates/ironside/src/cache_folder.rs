//! The folder in which the cache outlives the server: `.ironside/cache`, unless the settings say otherwise. A server that can't
//! use it serves all the same, from memory, and says so once.

use crate::{commands::Context, settings::file};
use ironside_server::durable::{DiskOptions, Durability, Durable, DurableError, FolderError};

/// Opens the folder for a build. `now`: milliseconds since 1970.
pub(crate) fn open(context: &Context, deployment: &str, now: u64) -> Option<Durable> {
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
    match Durable::open(&folder, options, durability, now) {
        Ok(durable) => Some(durable),
        Err(error) => {
            context.printer.warn(&because(&error));
            None
        }
    }
}

fn because(error: &DurableError) -> String {
    let remedy = match error {
        DurableError::Folder(FolderError::InUse(_)) => {
            "stop the other server, or give this one a folder of its own: cache.folder"
        }
        DurableError::Folder(FolderError::NotWritable { .. }) => {
            "mend its permissions, name another one in cache.folder, or set cache.disk = false in ironside.toml"
        }
        DurableError::Read(_) => "remove the folder; it holds nothing that can't be made again",
    };
    let source = std::error::Error::source(error)
        .map(|source| format!(" ({source})"))
        .unwrap_or_default();
    format!("what is cached won't outlive this process: {error}{source}; {remedy}")
}
