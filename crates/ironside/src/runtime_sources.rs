//! What the runtime folder is made of, and where it comes from in the repository. Read by the build script, which puts it
//! into the binary, and by the binary for `--runtime-source`.

use std::{
    collections::BTreeMap,
    fs, io,
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

/// What every build needs from npm.
const PINNED: [&str; 4] = ["react", "react-dom", "react-server-dom-webpack", "scheduler"];

/// Packages that draw pictures (`next/og`): satori lays out, resvg makes pixels, the fonts are those that are always there.
/// Each by its name, with the files of it that are needed beside `package.json` and the licence.
const DRAWING: [(&str, &[&str]); 22] = [
    (
        "@fontsource/geist-sans",
        &[
            "files/geist-sans-latin-400-normal.woff",
            "files/geist-sans-latin-700-normal.woff",
        ],
    ),
    ("@fontsource/noto-emoji", &["files/noto-emoji-emoji-400-normal.woff"]),
    (
        "@fontsource/noto-sans",
        &[
            "files/noto-sans-latin-ext-400-normal.woff",
            "files/noto-sans-cyrillic-400-normal.woff",
            "files/noto-sans-cyrillic-ext-400-normal.woff",
            "files/noto-sans-greek-400-normal.woff",
            "files/noto-sans-vietnamese-400-normal.woff",
        ],
    ),
    ("@resvg/resvg-wasm", &["index.mjs", "index_bg.wasm"]),
    ("@shuding/opentype.js", &["dist/opentype.js"]),
    ("base64-js", &["lib/b64.js"]),
    ("camelize", &["index.js"]),
    ("color-name", &["index.js"]),
    ("css-background-parser", &["index.js"]),
    ("css-box-shadow", &["index.js"]),
    ("css-color-keywords", &["index.js", "colors.json"]),
    ("css-gradient-parser", &["dist/index.js"]),
    ("css-to-react-native", &["index.js"]),
    ("escape-html", &["index.js"]),
    ("fflate", &["esm/index.mjs"]),
    ("hex-rgb", &["index.js"]),
    ("linebreak", &["dist/module.mjs"]),
    ("parse-css-color", &["dist/index.cjs.js"]),
    (
        "postcss-value-parser",
        &[
            "lib/index.js",
            "lib/parse.js",
            "lib/stringify.js",
            "lib/unit.js",
            "lib/walk.js",
        ],
    ),
    (
        "satori",
        &["layout.wasm", "dist/standalone.js", "dist/standalone.js.LEGAL.txt"],
    ),
    ("tiny-inflate", &["index.js"]),
    ("unicode-trie", &["index.js", "swap.js"]),
];

/// Parts of file names of the pinned packages that no graph of ours can reach.
const UNREACHABLE: [&str; 8] = [
    ".bun",
    ".edge",
    "profiling",
    "test-utils",
    "webpack-plugin",
    "node-register",
    "node-loader",
    "README",
];

/// Every file of the runtime folder by its name there, from a checkout of the repository with its npm packages.
pub(crate) fn files(root: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for (folder, name) in OURS {
        let package = root.join("packages").join(folder);
        collect(
            &package.join("package.json"),
            &format!("node_modules/{name}/package.json"),
            &mut files,
        )?;
        collect(&package.join("src"), &format!("node_modules/{name}/src"), &mut files)?;
    }
    for name in PINNED {
        collect(
            &root.join("node_modules").join(name),
            &format!("node_modules/{name}"),
            &mut files,
        )?;
    }
    files.retain(|name, _| !UNREACHABLE.iter().any(|part| name.contains(part)));
    for (name, parts) in DRAWING {
        let package = root.join("node_modules").join(name);
        let licence = fs::read_dir(&package)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|file| file.to_ascii_lowercase().starts_with("licen"));
        let parts = parts.iter().map(|part| (*part).to_owned()).chain(["package.json".to_owned()]);
        for part in parts.chain(licence) {
            collect(&package.join(&part), &format!("node_modules/{name}/{part}"), &mut files)?;
        }
    }
    Ok(files)
}

/// The folders of [`OURS`].
#[allow(dead_code, reason = "only the build script has to watch them")]
pub(crate) fn folders(root: &Path) -> Vec<PathBuf> {
    OURS.iter().map(|(folder, _)| root.join("packages").join(folder)).collect()
}

/// A package of [`PINNED`] or [`DRAWING`] that isn't installed.
pub(crate) fn missing(root: &Path) -> Option<&'static str> {
    let drawing = DRAWING.into_iter().map(|(name, _)| name);
    PINNED
        .into_iter()
        .chain(drawing)
        .find(|name| !root.join("node_modules").join(name).join("package.json").is_file())
}

/// Adds the file, or all files below the folder, under the name that it has in the runtime folder.
fn collect(from: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            collect(
                &entry.path(),
                &format!("{name}/{}", entry.file_name().to_string_lossy()),
                files,
            )?;
        }
    } else if from.is_file() {
        files.insert(name.to_owned(), from.to_owned());
    }
    Ok(())
}
