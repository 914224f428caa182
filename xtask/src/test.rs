//! `cargo xtask test`: what CI checks, in the order in which failures are cheapest to learn of.

use crate::{conformance, demo, run::Repository, setup, tidy};
use anyhow::{Result, bail};

/// All parts, or the named one.
pub(crate) fn run(repository: &Repository, parts: &[String]) -> Result<()> {
    match parts.split_first() {
        None => {
            setup::packages(repository)?;
            lint(repository)?;
            unit(repository)?;
            setup::binary(repository)?;
            browser(repository)?;
            e2e(repository)?;
            node(repository, "tests/security/", &[])?;
            node(repository, "tests/chaos/", &[])?;
            conformance::run(repository, &[])
        }
        Some((part, rest)) => match part.as_str() {
            "lint" => lint(repository),
            "unit" => unit(repository),
            "e2e" => {
                browser(repository)?;
                e2e(repository)
            }
            "security" => node(repository, "tests/security/", rest),
            "chaos" => node(repository, "tests/chaos/", rest),
            "conformance" => {
                browser(repository)?;
                conformance::run(repository, rest)
            }
            other => bail!("there is no part {other:?}: lint, unit, e2e, security, chaos or conformance"),
        },
    }
}

/// Everything that reads the sources and runs nothing.
pub(crate) fn lint(repository: &Repository) -> Result<()> {
    repository.command("cargo", &["fmt", "--all", "--check"]).run()?;
    tidy::check(repository)?;
    repository.command("npx", &["tsc", "-p", "packages/tsconfig.json"]).run()?;
    repository
        .command(
            "cargo",
            &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"],
        )
        .run()
}

/// The same, repaired where the tools can.
pub(crate) fn fix(repository: &Repository) -> Result<()> {
    repository
        .command(
            "cargo",
            &[
                "clippy",
                "--release",
                "--workspace",
                "--all-targets",
                "--fix",
                "--allow-dirty",
                "--allow-staged",
            ],
        )
        .run()?;
    repository.command("cargo", &["fmt", "--all"]).run()
}

/// Rust's and TypeScript's own tests. Those that need a built binary or a browser are in `e2e`.
fn unit(repository: &Repository) -> Result<()> {
    setup::packages(repository)?;
    repository.command("npx", &["vitest", "run", "--root", "packages"]).run()?;
    setup::generate(repository, true)?;
    if repository.command("cargo", &["nextest", "--version"]).output().is_ok() {
        repository
            .command("cargo", &["nextest", "run", "--release", "--workspace"])
            .run()
    } else {
        repository.command("cargo", &["test", "--release", "--workspace"]).run()
    }
}

/// The built binary, over HTTP and in a real browser, on the example and on broken and minimal applications.
fn e2e(repository: &Repository) -> Result<()> {
    demo::install(repository)?;
    node(repository, "tests/e2e/", &[])
}

/// The `*.test.mjs` files of a folder, one after the other, or the named ones. They run the binary that `setup` left.
fn node(repository: &Repository, folder: &str, named: &[String]) -> Result<()> {
    let files = if named.is_empty() {
        vec![folder.to_owned()]
    } else {
        named.iter().map(|name| format!("{folder}{name}.test.mjs")).collect()
    };
    repository
        .command("node", &["--test", "--test-concurrency=1"])
        .args(files)
        .env("IRONSIDE", repository.binary())
        .run()
}

/// Chromium, from Debian's packages where they can be installed.
fn browser(repository: &Repository) -> Result<()> {
    if std::path::Path::new("/usr/bin/chromium").exists() || std::env::var_os("CHROMIUM").is_some() {
        return Ok(());
    }
    repository.command("apt-get", &["update", "-q"]).run()?;
    repository.command("apt-get", &["install", "-y", "-q", "chromium"]).run()
}
