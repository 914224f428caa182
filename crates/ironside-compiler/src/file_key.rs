//! File keys: how a source file is called in ids and manifests, equal on every machine and with every package manager.

use crate::package::Packages;
use ironside_model::manifest::FileKey;
use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Makes file keys from module ids. The only place where a path becomes part of an id.
#[derive(Debug, Clone)]
pub struct FileKeys {
    root: PathBuf,
    packages: Arc<Packages>,
}

impl FileKeys {
    /// Keys are relative to the application's folder.
    #[must_use]
    pub fn new(root: PathBuf, packages: Arc<Packages>) -> Self {
        Self { root, packages }
    }

    /// The key of a module. A query stays part of it, since it may select another content.
    #[must_use]
    pub fn key(&self, id: &str) -> FileKey {
        let (path, query) = split_query(id);
        let key = match self.packages.of_file(Path::new(path)) {
            Some(package) => {
                let inside = Path::new(path).strip_prefix(&package.root).map(slashes).unwrap_or_default();
                format!("npm:{}@{}/{inside}", package.name, package.version)
            }
            None => slashes(&relative(Path::new(path), &self.root)),
        };
        key + query
    }

    /// The path of an application's file by its key. Keys of packages have none.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        (!key.starts_with("npm:")).then(|| self.root.join(split_query(key).0))
    }

    /// The path as it is shown in messages: relative to the application's folder.
    #[must_use]
    pub fn shown(&self, id: &str) -> String {
        slashes(&relative(Path::new(split_query(id).0), &self.root))
    }
}

/// A module id's path and its query with the question mark.
#[must_use]
pub fn split_query(id: &str) -> (&str, &str) {
    id.find('?').map_or((id, ""), |at| id.split_at(at))
}

/// `path` as seen from `base`; both absolute. On another drive the path stays as it is.
#[must_use]
pub fn relative(path: &Path, base: &Path) -> PathBuf {
    let (path_parts, base_parts): (Vec<_>, Vec<_>) = (path.components().collect(), base.components().collect());
    let common = path_parts.iter().zip(&base_parts).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return path.to_path_buf();
    }
    let up = base_parts[common..].iter().map(|_| Component::ParentDir);
    up.chain(path_parts[common..].iter().copied()).collect()
}

/// A path with `/`, whatever the platform writes.
#[must_use]
pub fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> FileKeys {
        FileKeys::new("/app".into(), Arc::default())
    }

    #[test]
    fn files_of_the_application_are_relative_to_its_folder() {
        assert_eq!(keys().key("/app/lib/db.ts"), "lib/db.ts");
        assert_eq!(keys().key("/shared/ui/Button.tsx"), "../shared/ui/Button.tsx");
        assert_eq!(keys().key("/app/a.svg?react"), "a.svg?react");
        assert_eq!(keys().path("lib/db.ts"), Some("/app/lib/db.ts".into()));
    }

    #[test]
    fn files_of_packages_are_called_by_name_and_version() {
        assert_eq!(
            keys().key("/app/node_modules/.pnpm/zod@3/node_modules/zod/a/b.js"),
            "npm:zod@0.0.0/a/b.js"
        );
        assert_eq!(keys().path("npm:zod@0.0.0/a/b.js"), None);
    }

    #[test]
    fn backslashes_become_slashes() {
        assert_eq!(slashes(Path::new(r"lib\db.ts")), "lib/db.ts");
    }
}
