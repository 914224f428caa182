//! Writes what is generated from the frame declarations: `packages/protocol/src/generated.ts` and the golden frames in
//! `packages/protocol/golden`. `cargo xtask gen` runs it; with `--check` it only says whether the files are current.

mod golden;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let check = env::args().any(|argument| argument == "--check");
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/protocol");
    let mut files = vec![(packages.join("src/generated.ts"), typescript::module().into_bytes())];
    files.extend(
        golden::files()
            .into_iter()
            .map(|(name, bytes)| (packages.join("golden").join(name), bytes)),
    );
    match stale(&files).and_then(|stale| {
        if check {
            Ok(stale)
        } else {
            write(&stale).map(|()| Vec::new())
        }
    }) {
        Ok(left) if left.is_empty() => ExitCode::SUCCESS,
        Ok(left) => {
            for (path, _) in left {
                report(&format!("{} is not current. Run `cargo xtask gen`", path.display()));
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

type File = (PathBuf, Vec<u8>);

/// The files whose contents on disk are others.
fn stale(files: &[File]) -> io::Result<Vec<&File>> {
    let mut stale = Vec::new();
    for file in files {
        match fs::read(&file.0) {
            Ok(bytes) if bytes == file.1 => {}
            Ok(_) => stale.push(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => stale.push(file),
            Err(error) => return Err(error),
        }
    }
    Ok(stale)
}

fn write(files: &[&File]) -> io::Result<()> {
    for (path, bytes) in files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn report(line: &str) {
    eprintln!("error: {line}");
}
