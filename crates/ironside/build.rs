//! Puts the runtime folder into the binary: the sources of `packages/*` and the pinned React packages, which an
//! application's build needs (`docs/design/contracts.md` §2). Writes `embedded.rs` with one `include_bytes!` per file and a
//! hash over all of them.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Our own packages: the folder in `packages/` and the name under which the application sees it.
const OURS: [(&str, &str); 5] = [
    ("protocol", "@ironside/protocol"),
    ("runtime", "@ironside/runtime"),
    ("client", "@ironside/client"),
    ("next", "next"),
    ("ironside", "ironside"),
];

/// What a build needs from npm.
const PINNED: [&str; 4] = ["react", "react-dom", "react-server-dom-webpack", "scheduler"];

/// Parts of file names of the pinned packages that no graph of ours can reach.
const UNREACHABLE: [&str; 8] =
    [".bun", ".edge", "profiling", "test-utils", "webpack-plugin", "node-register", "node-loader", "README"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let root = fs::canonicalize(root)?;
    let mut files = BTreeMap::new();
    for (folder, name) in OURS {
        let package = root.join("packages").join(folder);
        println!("cargo::rerun-if-changed={}", package.display());
        collect(&package.join("package.json"), &format!("node_modules/{name}/package.json"), &mut files)?;
        collect(&package.join("src"), &format!("node_modules/{name}/src"), &mut files)?;
    }
    for name in PINNED {
        let package = root.join("node_modules").join(name);
        println!("cargo::rerun-if-changed={}", package.join("package.json").display());
        if !package.join("package.json").is_file() {
            println!("cargo::error=`node_modules/{name}` is missing. Run `npm ci` in {} first (`cargo xtask setup` does it).", root.display());
            return Ok(());
        }
        collect(&package, &format!("node_modules/{name}"), &mut files)?;
    }
    files.retain(|name, _| !UNREACHABLE.iter().any(|part| name.contains(part)));
    write(&files)
}

/// Adds the file, or all files below the folder, under the name that it has in the runtime folder.
fn collect(from: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            collect(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), files)?;
        }
    } else if from.is_file() {
        files.insert(name.to_owned(), from.to_owned());
    }
    Ok(())
}

/// FNV-1a, 64 bit: names a folder, protects nothing.
fn hash(bytes: &[u8], mut state: u64) -> u64 {
    for byte in bytes {
        state ^= u64::from(*byte);
        state = state.wrapping_mul(0x0100_0000_01b3);
    }
    state
}

fn write(files: &BTreeMap<String, PathBuf>) -> io::Result<()> {
    let mut out = Vec::new();
    let mut state = 0xcbf2_9ce4_8422_2325;
    writeln!(out, "pub(crate) static FILES: &[(&str, &[u8])] = &[")?;
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        state = hash(&fs::read(path)?, hash(name.as_bytes(), state));
        writeln!(out, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    writeln!(out, "];\npub(crate) const HASH: &str = \"{state:016x}\";")?;
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs"), out)
}
