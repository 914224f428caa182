//! Puts the runtime folder into the binary: the sources of `packages/*` and the pinned React packages, which an
//! application's build needs (`docs/design/contracts.md` §2). Writes `embedded.rs` with one `include_bytes!` per file and a
//! hash over all of them.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script about folders by the environment"
)]

#[path = "src/runtime_sources.rs"]
mod runtime_sources;

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let root = fs::canonicalize(root)?;
    for folder in runtime_sources::folders(&root) {
        println!("cargo::rerun-if-changed={}", from_here(&root, &folder));
    }
    println!("cargo::rerun-if-changed=src/runtime_sources.rs");
    if let Some(name) = runtime_sources::missing(&root) {
        println!("cargo::rerun-if-changed={}", from_here(&root, &root.join("node_modules")));
        println!(
            "cargo::error=`node_modules/{name}` is missing. Run `npm ci` in {} first (`cargo xtask setup` does it).",
            root.display()
        );
        return Ok(());
    }
    write(&root, &runtime_sources::files(&root)?)
}

/// A path of the repository as seen from this package. Checkouts that share a target folder share what this script has written, so it
/// names no file of one of them in particular: the files of the checkout that is built are watched and read.
fn from_here(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    Path::new("../..").join(inside).display().to_string()
}

/// FNV-1a, 64 bit: names a folder, protects nothing.
fn hash(bytes: &[u8], mut state: u64) -> u64 {
    for byte in bytes {
        state ^= u64::from(*byte);
        state = state.wrapping_mul(0x0100_0000_01b3);
    }
    state
}

fn write(root: &Path, files: &BTreeMap<String, PathBuf>) -> io::Result<()> {
    let mut out = Vec::new();
    let mut state = 0xcbf2_9ce4_8422_2325;
    writeln!(out, "pub(crate) static FILES: &[(&str, &[u8])] = &[")?;
    for (name, path) in files {
        let here = from_here(root, path);
        println!("cargo::rerun-if-changed={here}");
        state = hash(&fs::read(path)?, hash(name.as_bytes(), state));
        let here = format!("/{here}");
        writeln!(
            out,
            "    ({name:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {here:?}))),"
        )?;
    }
    writeln!(out, "];\npub(crate) const HASH: &str = \"{state:016x}\";")?;
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    // A new file takes the place of the old one, so that a copy of this folder made with hard links keeps its own.
    let unfinished = folder.join("embedded.rs.new");
    fs::write(&unfinished, out)?;
    fs::rename(unfinished, folder.join("embedded.rs"))
}
