//! `cargo xtask setup`: from a fresh clone to a release binary.

use crate::run::Repository;
use anyhow::{Context as _, Result, bail};
use std::fs;

/// The oldest Node that works.
const NODE: (u32, u32) = (20, 9);

/// npm packages, then the binary.
pub(crate) fn all(repository: &Repository) -> Result<()> {
    packages(repository)?;
    binary(repository)
}

/// Checks Node and installs the npm packages of the workspace, unless they are those of the lock file already.
pub(crate) fn packages(repository: &Repository) -> Result<()> {
    let version = repository
        .command("node", &["--version"])
        .output()
        .context("Node isn't installed: version 20.9 or newer is needed")?;
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(|part| part.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < NODE {
        bail!(
            "Node {} is too old: version {}.{} or newer is needed",
            version.trim(),
            NODE.0,
            NODE.1
        );
    }
    let lock = fs::read(repository.root.join("package-lock.json")).context("package-lock.json")?;
    let mark = repository.root.join("node_modules/.ironside-lock");
    if fs::read(&mark).is_ok_and(|seen| seen == lock) {
        return Ok(());
    }
    repository.command("npm", &["ci", "--no-audit", "--no-fund"]).run()?;
    fs::write(mark, lock)?;
    Ok(())
}

/// The release binary, at `target/release/ironside` wherever cargo builds.
pub(crate) fn binary(repository: &Repository) -> Result<()> {
    // The whole workspace and not this package alone: cargo would compile shared dependencies once more for another
    // selection of features.
    repository.command("cargo", &["build", "--release", "--workspace"]).run()?;
    let built = repository.target.join("release/ironside");
    let wanted = repository.binary();
    if built != wanted {
        fs::create_dir_all(wanted.parent().context("target/release")?)?;
        // Not written in place: a server may be running from the old file.
        let fresh = wanted.with_extension("new");
        fs::copy(&built, &fresh).with_context(|| format!("copying {}", built.display()))?;
        fs::rename(&fresh, &wanted)?;
    }
    Ok(())
}

/// Writes the generated files, or only checks that they are current.
pub(crate) fn generate(repository: &Repository, check: bool) -> Result<()> {
    let mut arguments = vec![
        "run",
        "--quiet",
        "--release",
        "--package",
        "ironside-worker",
        "--example",
        "generate",
        "--",
    ];
    if check {
        arguments.push("--check");
    }
    repository.command("cargo", &arguments).run()
}
