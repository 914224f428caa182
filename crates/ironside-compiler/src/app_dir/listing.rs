//! The files of an application as they are on disk.

use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::FileKey;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Deeper folders than this are a loop of links.
const MAX_DEPTH: usize = 64;

/// What [`super::discover`] is to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppFiles {
    /// `app` or `src/app`.
    pub app: String,
    /// Sorted, relative to the root, with `/`.
    pub files: Vec<FileKey>,
    /// Every folder that was listed: a file that appears in one of them may change the routes.
    pub folders: Vec<PathBuf>,
    /// What is strange about the folders.
    pub warnings: Vec<Diagnostic>,
}

/// Lists the app folder below `root`, and the files beside it.
///
/// # Errors
/// If there is no such folder, or it can't be read.
pub fn list_files(root: &Path) -> Result<AppFiles, Diagnostic> {
    let (app, src_app) = (root.join("app").is_dir(), root.join("src/app").is_dir());
    let mut found = AppFiles {
        app: if app { "app" } else { "src/app" }.to_owned(),
        ..AppFiles::default()
    };
    if !app && !src_app {
        return Err(no_app(root));
    }
    if app && src_app {
        found.warnings.push(
            Diagnostic::warning(
                "two-app-folders",
                "there are two app folders; `app` is used and `src/app` is not",
            )
            .at_file("src/app")
            .hint("delete or move one of them"),
        );
    }
    let pages = found.app.replace("app", "pages");
    if let Some(page) = a_page_in(&root.join(&pages), 0) {
        let page = page.strip_prefix(root).unwrap_or(&page).to_string_lossy().into_owned();
        found.warnings.push(
            Diagnostic::warning(
                "pages-folder",
                format!("what is in `{pages}` is not served: it belongs to the Pages Router, which Ironside does not have"),
            )
            .at_file(page)
            .hint("move pages to `app/PATH/page.tsx`, and what is in `pages/api` to `app/api/PATH/route.ts`"),
        );
    }
    let mut walk = Walk {
        files: BTreeSet::new(),
        folders: Vec::new(),
    };
    let app = found.app.clone();
    let unreadable = |error: io::Error| {
        Diagnostic::error("unreadable-folder", format!("the app folder cannot be read: {error}"))
            .at_file(&app)
            .hint("check its permissions")
    };
    walk.folder(&root.join(&app), &app, 0).map_err(unreadable)?;
    for beside in ["", "src"] {
        walk.files_of(&root.join(beside), beside).map_err(unreadable)?;
    }
    found.files = walk.files.into_iter().collect();
    found.folders = walk.folders;
    Ok(found)
}

/// A file of the folder that the Pages Router would serve; those with a special meaning are nobody's loss.
fn a_page_in(folder: &Path, depth: usize) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return if depth < MAX_DEPTH {
                a_page_in(&path, depth + 1)
            } else {
                None
            };
        }
        let stem = path.file_stem()?.to_str()?;
        let ending = path.extension()?.to_str()?;
        let special = stem.starts_with('_') || stem.ends_with(".d") || ["404", "500"].contains(&stem);
        (!special && ["tsx", "ts", "jsx", "js"].contains(&ending)).then_some(path)
    })
}

fn no_app(root: &Path) -> Diagnostic {
    let diagnostic = Diagnostic::error("no-app-folder", format!("there is no app folder in {}", root.display()));
    if ["pages", "src/pages"].iter().any(|pages| root.join(pages).is_dir()) {
        diagnostic.hint("this looks like an application of the Pages Router, which Ironside doesn't serve; it needs app/page.tsx and app/layout.tsx")
    } else if !root.is_dir() {
        diagnostic.hint("the folder itself doesn't exist: check the path on the command line")
    } else {
        diagnostic.hint("create app/page.tsx and app/layout.tsx, or name another folder on the command line")
    }
}

struct Walk {
    files: BTreeSet<FileKey>,
    folders: Vec<PathBuf>,
}

impl Walk {
    /// Links are followed, as the application may be put together from them.
    fn folder(&mut self, path: &Path, key: &str, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        self.folders.push(path.to_path_buf());
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name == "node_modules" || name == ".git" {
                continue;
            }
            let key = format!("{key}/{name}");
            match fs::metadata(entry.path()) {
                // `.well-known` is a segment like any other.
                Ok(metadata) if metadata.is_dir() => self.folder(&entry.path(), &key, depth + 1)?,
                // Editors and systems leave hidden files behind.
                Ok(_) if name.starts_with('.') => {}
                Ok(_) => {
                    self.files.insert(key);
                }
                // A link that leads nowhere: editors leave such things behind.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn files_of(&mut self, path: &Path, key: &str) -> io::Result<()> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        self.folders.push(path.to_path_buf());
        for entry in entries {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string()
                && entry.path().is_file()
            {
                self.files.insert(if key.is_empty() { name } else { format!("{key}/{name}") });
            }
        }
        Ok(())
    }
}
