//! The black-box suites in `../shared/conformance`, where that folder is there. `tests/conformance/SUITE.txt` lists what passes,
//! one test a line; the list only grows: a listed test that fails fails the run, a test that passes and isn't listed is
//! told, and added by `cargo xtask test conformance --update`.

use crate::run::Repository;
use anyhow::{Context as _, Result, bail};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SUITES: [&str; 4] = ["handlers", "actions", "conventions", "caching"];

/// Runs the named suites, or all.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let runner = repository.root.join("../shared/conformance/run.mjs");
    if !runner.is_file() {
        eprintln!("conformance: {} is not there, skipped", runner.display());
        return Ok(());
    }
    let update = arguments.iter().any(|argument| argument == "--update");
    let named: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let suites = if named.is_empty() { SUITES.to_vec() } else { named };
    let mut lost = Vec::new();
    for suite in suites {
        lost.extend(one(repository, &runner, suite, update)?);
    }
    if !lost.is_empty() {
        bail!("{} tests passed once and fail now:\n  {}", lost.len(), lost.join("\n  "));
    }
    Ok(())
}

/// Runs one suite and returns the listed tests that failed. What failed is run once more by itself: on a busy machine a
/// browser can be late once, and what is broken fails twice.
fn one(repository: &Repository, runner: &Path, suite: &str, update: bool) -> Result<Vec<String>> {
    let text = run_suite(repository, runner, suite, None)?;
    let mut passed = passed(&text);
    let list = list_file(repository, suite);
    let listed = read_list(&list)?;
    let failed: Vec<&str> = listed.difference(&passed).map(String::as_str).collect();
    if !failed.is_empty() {
        eprintln!("conformance {suite}: once more: {}", failed.join(" "));
        let again = run_suite(repository, runner, suite, Some(&failed.join("|")))?;
        passed.extend(self::passed(&again));
    }
    let lost: Vec<String> = listed.difference(&passed).map(|test| format!("{suite}: {test}")).collect();
    let gained: Vec<&String> = passed.difference(&listed).collect();
    eprintln!(
        "conformance {suite}: {} passed, {} of the list failed, {} are not in the list yet",
        passed.len(),
        lost.len(),
        gained.len()
    );
    if update && !gained.is_empty() {
        let all: BTreeSet<&String> = listed.union(&passed).collect();
        let text: String = all.into_iter().map(|test| format!("{test}\n")).collect();
        fs::write(&list, text).with_context(|| list.display().to_string())?;
    }
    if !lost.is_empty() {
        let output = suite_dir(repository, suite).with_extension("tap");
        fs::write(&output, text.as_bytes())?;
        eprintln!("conformance {suite}: the whole output is in {}", output.display());
    }
    Ok(lost)
}

/// What the runner printed, for all tests of a suite or those whose names match.
fn run_suite(repository: &Repository, runner: &Path, suite: &str, only: Option<&str>) -> Result<String> {
    let binary = repository.binary();
    eprintln!("$ node {} --suite {suite} --server {}", runner.display(), binary.display());
    let mut command = Command::new("node");
    command
        .arg(runner)
        .args(["--suite", suite, "--reporter", "tap", "--server"])
        .arg(&binary);
    command
        .arg("--dir")
        .arg(suite_dir(repository, suite))
        .stderr(std::process::Stdio::inherit());
    if let Some(only) = only {
        command.args(["--grep", only]);
    }
    let output = command.output().context("the suites' runner can't be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a suite's application is built.
fn suite_dir(repository: &Repository, suite: &str) -> PathBuf {
    repository.target.join("conformance").join(suite)
}

fn list_file(repository: &Repository, suite: &str) -> PathBuf {
    repository.root.join("tests/conformance").join(format!("{suite}.txt"))
}

fn read_list(path: &Path) -> Result<BTreeSet<String>> {
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The ids of the tests that passed, from TAP lines such as `ok 12 - ACT-012 a name`, minus those that were not run.
fn passed(tap: &str) -> BTreeSet<String> {
    let id = |line: &str, prefix: &str| -> Option<String> {
        let (_, name) = line.trim_start().strip_prefix(prefix)?.split_once(" - ")?;
        let id = name.split_whitespace().next()?;
        let test = id.len() == 7 && id.as_bytes()[3] == b'-' && !name.contains("# SKIP");
        test.then(|| id.to_owned())
    };
    let mut passed: BTreeSet<String> = tap.lines().filter_map(|line| id(line, "ok ")).collect();
    for failed in tap.lines().filter_map(|line| id(line, "not ok ")) {
        passed.remove(&failed);
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn only_tests_that_ran_and_passed_count() {
        let tap = "ok 1 - ACT-001 calls\nnot ok 2 - ACT-002 fails\n    ok 3 - ACT-003 nested\nok 4 - ACT-004 left out # SKIP\nok 5 - /path/file.mjs\n";
        assert_eq!(passed(tap).into_iter().collect::<Vec<_>>(), ["ACT-001", "ACT-003"]);
    }
}
