//! Installed packages: which one a file belongs to, and what its `package.json` says.

use rustc_hash::FxHashMap;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The folder that packages are installed into.
pub const NODE_MODULES: &str = "node_modules";

/// An installed package.
#[derive(Debug)]
pub struct Package {
    /// Its name, with the scope.
    pub name: String,
    /// Its version; `0.0.0` if it has none.
    pub version: String,
    /// Its folder.
    pub root: PathBuf,
    /// The whole `package.json`; `null` if it cannot be read.
    pub json: Value,
}

impl Package {
    /// Whether `.js` files are ES modules.
    #[must_use]
    pub fn is_module_type(&self) -> bool {
        self.json["type"] == "module"
    }

    /// The names in `dependencies`, `optionalDependencies` or the like.
    pub fn names_in<'a>(&'a self, field: &str) -> impl Iterator<Item = &'a str> {
        self.json[field]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys().map(String::as_str))
    }
}

/// The packages that were asked for so far. Their `package.json` is read once.
#[derive(Debug, Default)]
pub struct Packages {
    by_root: Mutex<FxHashMap<PathBuf, Arc<Package>>>,
}

impl Packages {
    /// The package that a file is installed with, or `None` for a file of the application.
    pub fn of_file(&self, file: &Path) -> Option<Arc<Package>> {
        let (root, name) = package_root(file)?;
        Some(self.at(&root, &name))
    }

    /// The package in a folder.
    pub fn at(&self, root: &Path, name: &str) -> Arc<Package> {
        let mut by_root = self.by_root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(package) = by_root.get(root) {
            return Arc::clone(package);
        }
        let text = fs::read(root.join("package.json")).unwrap_or_default();
        let json: Value = serde_json::from_slice(&text).unwrap_or_default();
        let package = Arc::new(Package {
            name: json["name"].as_str().unwrap_or(name).to_owned(),
            version: json["version"].as_str().unwrap_or("0.0.0").to_owned(),
            root: root.to_path_buf(),
            json,
        });
        by_root.insert(root.to_path_buf(), Arc::clone(&package));
        package
    }

    /// The package that Node finds by this name from inside of a folder.
    pub fn find(&self, name: &str, from: &Path) -> Option<Arc<Package>> {
        let root = from
            .ancestors()
            .map(|folder| folder.join(NODE_MODULES).join(name))
            .find(|root| root.is_dir())?;
        Some(self.at(&root, name))
    }
}

/// The folder and the name of the package that a file below `node_modules` belongs to. With pnpm there are two folders of
/// that name in a path; the last one counts.
fn package_root(file: &Path) -> Option<(PathBuf, String)> {
    let parts: Vec<_> = file.components().collect();
    let at = parts.iter().rposition(|part| part.as_os_str() == NODE_MODULES)?;
    let first = parts.get(at + 1)?.as_os_str().to_str()?;
    let (end, name) = if first.starts_with('@') {
        (at + 3, format!("{first}/{}", parts.get(at + 2)?.as_os_str().to_str()?))
    } else {
        (at + 2, first.to_owned())
    };
    Some((parts[..end].iter().collect(), name))
}

/// The name of the package that a module id below `node_modules` belongs to.
#[must_use]
pub fn name_in_path(id: &str) -> Option<String> {
    package_root(Path::new(id)).map(|(_, name)| name)
}

/// A specifier's package name and the subpath behind it: `@scope/name/sub` is `@scope/name` and `sub`. `None` for paths,
/// URLs and names with a protocol.
#[must_use]
pub fn split_specifier(specifier: &str) -> Option<(&str, &str)> {
    if specifier.is_empty() || specifier.starts_with(['.', '/', '\\', '#', '\0']) || specifier.contains(':') {
        return None;
    }
    let end = if specifier.starts_with('@') {
        let slash = specifier.find('/')?;
        specifier[slash + 1..].find('/').map(|at| slash + 1 + at)
    } else {
        specifier.find('/')
    };
    Some(match end {
        Some(end) => (&specifier[..end], &specifier[end + 1..]),
        None => (specifier, ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_node_modules_in_a_path_says_the_package() {
        let root = |file| package_root(Path::new(file));
        assert_eq!(
            root("/a/node_modules/zod/lib/x.js"),
            Some(("/a/node_modules/zod".into(), "zod".into()))
        );
        assert_eq!(
            root("/a/node_modules/.pnpm/@b+c@1/node_modules/@b/c/i.js"),
            Some(("/a/node_modules/.pnpm/@b+c@1/node_modules/@b/c".into(), "@b/c".into()))
        );
        assert_eq!(root("/a/lib/x.js"), None);
    }

    #[test]
    fn specifiers_are_split_at_the_package_name() {
        assert_eq!(split_specifier("next/link"), Some(("next", "link")));
        assert_eq!(split_specifier("@a/b"), Some(("@a/b", "")));
        assert_eq!(split_specifier("@a/b/c/d"), Some(("@a/b", "c/d")));
        assert_eq!(
            split_specifier("@/lib/db"),
            Some(("@/lib", "db")),
            "an alias looks like a scope without a name"
        );
        for none in ["./a", "/a", "node:fs", "#internal", "https://a/b", "@alone"] {
            assert_eq!(split_specifier(none), None, "{none}");
        }
    }
}
