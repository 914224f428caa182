//! `cargo xtask demo`: the example application at http://localhost:3000, with nothing else to install.

use crate::{run::Repository, setup};
use anyhow::Result;

/// Sets everything up and serves until it is interrupted.
pub(crate) fn serve(repository: &Repository) -> Result<()> {
    setup::all(repository)?;
    let example = repository.root.join("examples/shop");
    install(repository)?;
    let binary = repository.binary();
    let binary = binary.to_string_lossy();
    repository.command(&binary, &["build"]).args([&example]).run()?;
    repository.command(&binary, &["start"]).args([&example]).run()
}

/// The example's own npm packages.
pub(crate) fn install(repository: &Repository) -> Result<()> {
    let example = repository.root.join("examples/shop");
    if !example.join("node_modules").is_dir() {
        // Not `npm ci`: a lock file without addresses lacks the optional packages of other platforms, which `ci` objects to.
        repository
            .command("npm", &["install", "--no-audit", "--no-fund", "--no-save"])
            .dir(&example)
            .run()?;
    }
    Ok(())
}
