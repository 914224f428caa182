//! `cargo xtask fuzz TARGET [--minutes N] [--seed N]`: runs a fuzzing program of `fuzz/`. They are no part of the tests: they run as
//! long as they are told, and what they find becomes a test.

use crate::run::Repository;
use anyhow::{Context as _, Result, bail};

/// `flight` gives bodies of actions to the firewall and then to React, `form` reads multipart bodies in the runtime, `multipart`
/// those of actions before the firewall, `url` paths in the server.
const TARGETS: [&str; 4] = ["flight", "form", "multipart", "url"];

/// Runs the named target, for a minute unless told otherwise.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let Some((target, options)) = arguments.split_first() else {
        bail!("name a target: {}", TARGETS.join(", "));
    };
    if !TARGETS.contains(&target.as_str()) {
        bail!("there is no target {target:?}: {}", TARGETS.join(", "));
    }
    let (mut minutes, mut seed) = ("1", "1");
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().with_context(|| format!("{option} wants a number"))?;
        match option.as_str() {
            "--minutes" => minutes = value,
            "--seed" => seed = value,
            other => bail!("there is no option {other:?}: --minutes N, --seed N"),
        }
    }
    if target == "form" {
        return repository.command("node", &["fuzz/form.mjs", minutes, seed]).run();
    }
    let program = format!("fuzz-{target}");
    repository
        .command(
            "cargo",
            &[
                "run",
                "--release",
                "-p",
                "ironside-fuzz",
                "--bin",
                &program,
                "--",
                minutes,
                seed,
            ],
        )
        .run()
}
