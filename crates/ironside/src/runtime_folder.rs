//! The runtime folder: the JavaScript half of Ironside and the pinned React, laid out as packages on disk, so that the
//! bundler reads them like any other source. See `docs/design/contracts.md` §2.

use crate::runtime_sources;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The file that says that a folder is complete.
const COMPLETE: &str = "complete";
/// The folder's own `package.json`.
const PACKAGE: &str = "{ \"private\": true, \"type\": \"module\" }\n";

/// Lays the runtime folder out from a checkout of the repository, anew each time: for work on Ironside itself, so that a change of
/// `packages/` needs no new binary.
///
/// # Errors
/// When something is missing there, or the folder can't be written.
pub(crate) fn lay_out_from(repository: &Path, dot_ironside: &Path) -> io::Result<PathBuf> {
    if let Some(name) = runtime_sources::missing(repository) {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("node_modules/{name} is missing in {}", repository.display()),
        ));
    }
    let folder = dot_ironside.join("runtime").join("source");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    for (name, path) in runtime_sources::files(repository)? {
        write(&folder, &name, &fs::read(path)?)?;
    }
    fs::write(folder.join("package.json"), PACKAGE)?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}

/// Lays the runtime folder out below `.ironside` of the application and returns its path. Does nothing if this binary's
/// folder is there already; removes those of other versions.
///
/// # Errors
/// When the folder can't be written.
pub(crate) fn lay_out(dot_ironside: &Path) -> io::Result<PathBuf> {
    let all = dot_ironside.join("runtime");
    let folder = all.join(embedded::HASH);
    if folder.join(COMPLETE).is_file() {
        return Ok(folder);
    }
    if all.is_dir() {
        fs::remove_dir_all(&all)?;
    }
    for (name, bytes) in embedded::FILES {
        write(&folder, name, bytes)?;
    }
    fs::write(folder.join("package.json"), PACKAGE)?;
    fs::write(folder.join(COMPLETE), "")?;
    Ok(folder)
}
