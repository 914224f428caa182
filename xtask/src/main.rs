//! The project's own commands: `cargo xtask VERB`. One verb does one thing that a person or CI wants; `cargo xtask` alone
//! lists them. It runs other programs (cargo, npm, node) and reads the repository; it is no part of the product.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for the terminal: it prints, and cargo tells it about folders by the environment"
)]

mod conformance;
mod demo;
mod fuzz;
mod run;
mod setup;
mod test;
mod tidy;

use anyhow::{Result, bail};
use run::Repository;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask VERB

  setup        install npm packages, build the release binary to target/release/ironside
  demo         setup, then build examples/shop and serve it at http://localhost:3000
  test         everything that CI checks: lint, tidy, unit, HTTP, browser, security, chaos and conformance tests
               (parts: test lint | unit | e2e | security [FILE…] | chaos [FILE…] | conformance [SUITE…])
  lint         rustfmt, clippy, TypeScript's type check
  fix          rustfmt and clippy with their repairs applied
  tidy         the rules that no other tool knows: crate edges, module docs, names, generated files, paths
  gen          write the generated files: the protocol in TypeScript, golden frames
  fuzz         run a fuzzing program: fuzz form | url [--minutes N] [--seed N]
  bench        measure against peers in one run; see bench/README.md
  ready        fix, gen, then test: run it before you push";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let repository = Repository::find()?;
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", arguments),
    };
    match verb {
        "setup" => setup::all(&repository).map(|_| ()),
        "demo" => demo::serve(&repository),
        "test" => test::run(&repository, rest),
        "lint" => test::lint(&repository),
        "fix" => test::fix(&repository),
        "tidy" => tidy::check(&repository),
        "gen" => setup::generate(&repository, false),
        "fuzz" => fuzz::run(&repository, rest),
        "bench" => repository.command("node", &["bench/run.mjs"]).args(rest).run(),
        "ready" => {
            test::fix(&repository)?;
            setup::generate(&repository, false)?;
            test::run(&repository, &[])
        }
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no verb {other:?}\n\n{USAGE}"),
    }
}
