//! Packages that Node loads at run time instead of their being bundled, and why.
//!
//! Bundling a package breaks it if it finds files by its own place: native addons, WebAssembly, data. That shows only
//! when the code runs, so it has to be found out here.

use crate::{
    file_key::{relative, slashes},
    package::{NODE_MODULES, Package, Packages, split_specifier},
};
use ironside_model::manifest::{External, ExternalReason};
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Packages that have to stay outside although nothing in their files says so: they start workers, load plugins or read
/// files by names that they compute.
const KNOWN: &[&str] = &[
    "@electric-sql/pglite",
    "@prisma/client",
    "bullmq",
    "embedded-postgres",
    "esbuild",
    "eslint",
    "express",
    "firebase-admin",
    "import-in-the-middle",
    "jsdom",
    "knex",
    "mongodb",
    "mongoose",
    "pdfkit",
    "pino",
    "pino-pretty",
    "playwright",
    "playwright-core",
    "prettier",
    "prisma",
    "puppeteer",
    "puppeteer-core",
    "require-in-the-middle",
    "rollup",
    "thread-stream",
    "typeorm",
    "typescript",
    "webpack",
];

/// Helpers that only packages with native addons depend on.
const NATIVE_HELPERS: &[&str] = &[
    "@mapbox/node-pre-gyp",
    "bindings",
    "node-gyp-build",
    "node-pre-gyp",
    "prebuild-install",
    "node-addon-api",
];

/// Endings of files that cannot be code or documentation; a package that has them and asks for its own place reads them.
const DATA: &[&str] = &[
    "afm",
    "bin",
    "dat",
    "data",
    "db",
    "pfb",
    "proto",
    "tar",
    "traineddata",
    "ttf",
    "trie",
    "otf",
    "icc",
];

/// How many files of a package are looked at, and how much of its code.
const MAX_FILES: usize = 4_000;
const MAX_CODE_BYTES: u64 = 4 << 20;

/// A package that stays outside.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The package.
    pub package: Arc<Package>,
    /// Why.
    pub reason: ExternalReason,
}

/// Decides once for each package.
#[derive(Debug)]
pub struct Externals {
    root: PathBuf,
    chunk_folder: PathBuf,
    configured: BTreeSet<String>,
    bundled: BTreeSet<String>,
    packages: Arc<Packages>,
    decided: Mutex<FxHashMap<PathBuf, Option<ExternalReason>>>,
    used: Mutex<BTreeMap<String, External>>,
}

impl Externals {
    /// `configured` are `serverExternalPackages`, `bundled` are `transpilePackages`. Chunks will lie in `chunk_folder`.
    #[must_use]
    pub fn new(
        root: PathBuf,
        chunk_folder: PathBuf,
        configured: BTreeSet<String>,
        bundled: BTreeSet<String>,
        packages: Arc<Packages>,
    ) -> Self {
        let (decided, used) = Default::default();
        Self {
            root,
            chunk_folder,
            configured,
            bundled,
            packages,
            decided,
            used,
        }
    }

    /// Whether the file belongs to a package that stays outside.
    pub fn decide(&self, file: &Path) -> Option<Decision> {
        let package = self.packages.of_file(file)?;
        let known = {
            let decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
            decided.get(&package.root).copied()
        };
        let reason = known.unwrap_or_else(|| {
            let reason = self.reason(&package);
            self.decided
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(package.root.clone(), reason);
            reason
        })?;
        let external = External {
            package: package.name.clone(),
            version: package.version.clone(),
            reason,
        };
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(package.name.clone(), external);
        Some(Decision { package, reason })
    }

    /// The packages that something imports, by name.
    pub fn used(&self) -> Vec<External> {
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// What a chunk writes to import the file: the name if Node finds the same package from the build folder, otherwise
    /// the path to the file.
    pub fn specifier(&self, decision: &Decision, specifier: &str, file: &Path) -> String {
        let package = &decision.package;
        let found = self.packages.find(&package.name, &self.root);
        let same = found.is_some_and(|found| real(&found.root) == real(&package.root));
        let by_name = split_specifier(specifier).is_some_and(|(name, _)| name == package.name);
        if !same || !by_name {
            return slashes(&relative(file, &self.chunk_folder));
        }
        let subpath = split_specifier(specifier).map_or("", |(_, subpath)| subpath);
        if subpath.is_empty() || !package.json["exports"].is_null() {
            return specifier.to_owned();
        }
        // Without `exports`, Node wants the whole file name in an `import`.
        let inside = real(file)
            .strip_prefix(real(&package.root))
            .map(slashes)
            .unwrap_or_else(|_| subpath.to_owned());
        format!("{}/{inside}", package.name)
    }

    fn reason(&self, package: &Package) -> Option<ExternalReason> {
        if self.configured.contains(&package.name) {
            return Some(ExternalReason::Config);
        }
        if self.bundled.contains(&package.name) {
            return None;
        }
        if KNOWN.contains(&package.name.as_str()) {
            return Some(ExternalReason::Known);
        }
        if self.is_native(package) {
            return Some(ExternalReason::Native);
        }
        Files::of(package).reason()
    }

    fn is_native(&self, package: &Package) -> bool {
        let has = |name: &str| package.root.join(name).is_file();
        package.json["gypfile"] == Value::Bool(true)
            || has("binding.gyp")
            || package.names_in("dependencies").any(|name| NATIVE_HELPERS.contains(&name))
            || package.names_in("optionalDependencies").any(|name| {
                let dependency = self.packages.find(name, &package.root);
                dependency.is_some_and(|d| !d.json["os"].is_null() || !d.json["cpu"].is_null())
            })
    }
}

/// What lies in a package's folder, without packages of its own.
#[derive(Debug, Default)]
struct Files {
    native: bool,
    wasm: bool,
    data: bool,
    code: Vec<PathBuf>,
}

impl Files {
    fn of(package: &Package) -> Self {
        let mut files = Self::default();
        let (mut folders, mut left) = (vec![package.root.clone()], MAX_FILES);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let Some(rest) = left.checked_sub(1) else { return files };
                left = rest;
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && entry.file_name() != NODE_MODULES => folders.push(path),
                    Ok(kind) if kind.is_file() => files.add(path),
                    _ => {}
                }
            }
        }
        files
    }

    fn add(&mut self, path: PathBuf) {
        match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
            "node" => self.native = true,
            "wasm" => self.wasm = true,
            "js" | "cjs" | "mjs" => self.code.push(path),
            ending if DATA.contains(&ending) => self.data = true,
            _ => {}
        }
    }

    fn reason(&self) -> Option<ExternalReason> {
        if self.native {
            Some(ExternalReason::Native)
        } else if self.wasm && self.asks_for_its_place() {
            Some(ExternalReason::Wasm)
        } else if self.data && self.asks_for_its_place() {
            Some(ExternalReason::DataFile)
        } else {
            None
        }
    }

    /// Whether some of the code reads `__dirname` or `import.meta.url`.
    fn asks_for_its_place(&self) -> bool {
        let mut read = 0;
        self.code.iter().any(|file| {
            read += fs::metadata(file).map_or(0, |meta| meta.len());
            read <= MAX_CODE_BYTES
                && fs::read(file).is_ok_and(|code| {
                    ["__dirname", "import.meta.url", "__filename"]
                        .iter()
                        .any(|word| memchr::memmem::find(&code, word.as_bytes()).is_some())
                })
        })
    }
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap_or(root)).expect("folder");
        fs::write(path, text).expect("file");
    }

    fn externals(root: &Path) -> Externals {
        let chunks = root.join(".ironside/build/server/rsc");
        let configured = BTreeSet::from(["chosen".to_owned()]);
        Externals::new(root.to_path_buf(), chunks, configured, BTreeSet::new(), Arc::default())
    }

    #[test]
    fn packages_that_read_files_beside_their_code_stay_outside() {
        let root = tempfile::tempdir().expect("temporary folder");
        let root = root.path();
        for (file, text) in [
            ("node_modules/plain/index.js", "module.exports = __dirname"),
            ("node_modules/chosen/index.js", ""),
            ("node_modules/addon/build/a.node", ""),
            ("node_modules/gyp/package.json", r#"{"name":"gyp","gypfile":true}"#),
            ("node_modules/wasm/a.wasm", ""),
            ("node_modules/wasm/index.js", "new URL('./a.wasm', import.meta.url)"),
            ("node_modules/inlined/a.wasm", ""),
            ("node_modules/inlined/index.js", "WebAssembly.compile(bytes)"),
            ("node_modules/fonts/Helvetica.afm", ""),
            ("node_modules/fonts/index.js", "fs.readFileSync(__dirname + '/Helvetica.afm')"),
            (
                "node_modules/wrapper/package.json",
                r#"{"name":"wrapper","optionalDependencies":{"wrapper-linux":"1"}}"#,
            ),
            (
                "node_modules/wrapper-linux/package.json",
                r#"{"name":"wrapper-linux","os":["linux"]}"#,
            ),
        ] {
            write(root, file, text);
        }
        let externals = externals(root);
        let reason = |name: &str| {
            externals
                .decide(&root.join(NODE_MODULES).join(name).join("index.js"))
                .map(|decision| decision.reason)
        };
        assert_eq!(reason("plain"), None);
        assert_eq!(reason("inlined"), None);
        assert_eq!(reason("chosen"), Some(ExternalReason::Config));
        assert_eq!(reason("addon"), Some(ExternalReason::Native));
        assert_eq!(reason("gyp"), Some(ExternalReason::Native));
        assert_eq!(reason("wrapper"), Some(ExternalReason::Native));
        assert_eq!(reason("wasm"), Some(ExternalReason::Wasm));
        assert_eq!(reason("fonts"), Some(ExternalReason::DataFile));
        assert!(
            externals.decide(&root.join("lib/db.ts")).is_none(),
            "the application's own files are bundled"
        );
        assert_eq!(externals.used().len(), 6);
    }

    #[test]
    fn a_package_that_node_would_not_find_is_named_by_its_path() {
        let root = tempfile::tempdir().expect("temporary folder");
        let root = root.path();
        write(root, "node_modules/outer/node_modules/chosen/lib/a.js", "");
        let externals = externals(root);
        let file = root.join("node_modules/outer/node_modules/chosen/lib/a.js");
        let decision = externals.decide(&file).expect("is configured");
        assert_eq!(
            externals.specifier(&decision, "chosen/lib/a", &file),
            "../../../../node_modules/outer/node_modules/chosen/lib/a.js"
        );
        write(root, "node_modules/chosen/lib/a.js", "");
        let file = root.join("node_modules/chosen/lib/a.js");
        let decision = externals.decide(&file).expect("is configured");
        assert_eq!(externals.specifier(&decision, "chosen/lib/a", &file), "chosen/lib/a.js");
        assert_eq!(externals.specifier(&decision, "chosen", &file), "chosen");
    }
}
