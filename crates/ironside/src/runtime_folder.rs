//! The runtime folder: the JavaScript half of Ironside and the pinned React, laid out as packages on disk, so that the
//! bundler reads them like any other source. See `docs/design/contracts.md` §2.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The file that says that a folder is complete.
const COMPLETE: &str = "complete";

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
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    fs::write(folder.join("package.json"), "{ \"private\": true, \"type\": \"module\" }\n")?;
    fs::write(folder.join(COMPLETE), "")?;
    Ok(folder)
}
