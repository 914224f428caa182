//! Notices that a source has changed. The folders of all files that the last build read are watched, so that a file that is
//! added or renamed counts too; what the build itself writes does not.

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Editors write a file in several steps, and save several files at once.
const QUIET: Duration = Duration::from_millis(40);
/// Folders below the application that no source is in.
const IGNORED: [&str; 5] = [".ironside", ".next", ".git", "node_modules", ".data"];

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct SourceWatch {
    root: PathBuf,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changes: UnboundedReceiver<PathBuf>,
}

impl SourceWatch {
    /// Watches the application's folder and its `app` folder already, since a first build may know no files.
    pub(crate) fn new(root: &Path) -> notify::Result<Self> {
        let (sender, changes) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
                for path in event.paths {
                    // The receiver is gone when the command ends.
                    let _ = sender.send(path);
                }
            }
        })?;
        let mut watch = Self {
            root: root.to_owned(),
            watcher,
            folders: BTreeSet::new(),
            changes,
        };
        watch.follow(&BTreeSet::from([
            root.join("package.json"),
            root.join("app/page.tsx"),
            root.join("src/app/page.tsx"),
        ]));
        Ok(watch)
    }

    /// Also watches the folders of these files, and these folders.
    pub(crate) fn follow(&mut self, files: &BTreeSet<PathBuf>) {
        for file in files {
            let folder = if file.is_dir() { Some(file.as_path()) } else { file.parent() };
            let Some(folder) = folder.filter(|folder| folder.is_dir() && !self.is_ignored(folder)) else {
                continue;
            };
            if self.folders.insert(folder.to_owned()) {
                // A folder that has gone meanwhile is no error; its removal is a change of its parent.
                let _ = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            }
        }
    }

    /// Resolves when something has changed and then nothing more for a moment.
    pub(crate) async fn changed(&mut self) {
        loop {
            let Some(path) = self.changes.recv().await else {
                return std::future::pending().await;
            };
            if self.is_ignored(&path) {
                continue;
            }
            while let Ok(Some(_)) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
            return;
        }
    }

    fn is_ignored(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside
            .components()
            .any(|part| IGNORED.iter().any(|ignored| part.as_os_str() == *ignored))
    }
}
