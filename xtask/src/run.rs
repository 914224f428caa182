//! The repository's folder, and running other programs in it: what is run is shown, and a failure names the command.

use anyhow::{Context as _, Result, bail};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the repository is.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
}

impl Repository {
    /// From the place of this crate's manifest, which cargo tells.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let root = Path::new(&manifest)
            .parent()
            .context("xtask has no parent folder")?
            .to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Self { root, target })
    }

    /// A program that will run in the repository's root.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Invocation {
        let mut command = Command::new(program);
        command.current_dir(&self.root).args(arguments);
        Invocation { command }
    }

    /// The binary that `setup` leaves.
    pub(crate) fn binary(&self) -> PathBuf {
        self.root.join("target/release/ironside")
    }
}

/// See [`Repository::command`].
#[derive(Debug)]
pub(crate) struct Invocation {
    command: Command,
}

impl Invocation {
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it with our own input and output.
    ///
    /// # Errors
    /// When it can't be started or fails.
    pub(crate) fn run(mut self) -> Result<()> {
        let shown = self.shown();
        eprintln!("$ {shown}");
        let status = self.command.status().with_context(|| format!("`{shown}` can't be started"))?;
        if !status.success() {
            bail!("`{shown}` failed ({status})");
        }
        Ok(())
    }

    /// Runs it and returns what it printed.
    ///
    /// # Errors
    /// When it can't be started or fails.
    pub(crate) fn output(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.command.output().with_context(|| format!("`{shown}` can't be started"))?;
        if !output.status.success() {
            bail!(
                "`{shown}` failed ({}): {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn shown(&self) -> String {
        let mut words = vec![self.command.get_program().to_string_lossy().into_owned()];
        words.extend(
            self.command
                .get_args()
                .map(|argument| argument.to_string_lossy().into_owned()),
        );
        words.join(" ")
    }
}
