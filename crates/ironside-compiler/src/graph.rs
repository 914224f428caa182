//! The three graphs of an application and what is different about them.

use crate::{options::Mode, package::NODE_MODULES, plugin::virtual_module};
use ironside_bundler::{ChunkGroup, Entry, FileNames, GraphOptions, Inject, JsxOptions, ModuleGroupName, Platform, SourceMaps};
use std::{path::PathBuf, sync::Arc};

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphKind {
    /// Server components, route handlers, actions: what renders the payload.
    Rsc,
    /// Client components as they run on the server: what renders HTML.
    Ssr,
    /// Client components as they run in the browser.
    Browser,
}

/// The name of the `rsc` graph's entry for the worker; also its file, since `contracts.md` names it.
pub(crate) const WORKER: &str = "worker";
/// The name of the `ssr` graph's entry.
pub(crate) const SSR: &str = "ssr";
/// The name of the `browser` graph's entry.
pub(crate) const BROWSER: &str = "entry";

/// Packages that make up React; always together and always the same, whatever the application does.
const REACT: &[&str] = &["react", "react-dom", "scheduler", "react-server-dom-webpack"];

/// Shared code of packages below this size stays where it is used.
const MIN_SHARED_BYTES: u32 = 20_000;

impl GraphKind {
    /// The folder of its chunks, relative to the build folder.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Rsc => "server/rsc",
            Self::Ssr => "server/ssr",
            Self::Browser => "static/chunks",
        }
    }

    /// How people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rsc => "server code",
            Self::Ssr | Self::Browser => "client code",
        }
    }

    /// Whether its code runs in Node.
    #[must_use]
    pub fn is_server(self) -> bool {
        self != Self::Browser
    }

    /// The runtime's module that stands behind `ironside:references`.
    pub(crate) fn references(self) -> &'static str {
        match self {
            Self::Rsc => "@ironside/runtime/references.rsc.ts",
            Self::Ssr => "@ironside/runtime/references.ssr.ts",
            Self::Browser => "@ironside/client/references.browser.ts",
        }
    }

    /// The runtime's module that makes the application's elements, where it is not React's own.
    pub(crate) fn jsx_runtime(self) -> Option<&'static str> {
        (self == Self::Rsc).then_some("@ironside/runtime/jsx-runtime.rsc.ts")
    }

    fn loader(self) -> &'static str {
        match self {
            Self::Rsc => "@ironside/runtime/loader.rsc.ts",
            Self::Ssr => "@ironside/runtime/loader.ssr.ts",
            Self::Browser => "@ironside/client/loader.browser.ts",
        }
    }

    /// The runtime's own entry.
    pub(crate) fn runtime_entry(self) -> Entry {
        let (name, import) = match self {
            Self::Rsc => (WORKER, "@ironside/runtime/main.ts"),
            Self::Ssr => (SSR, "@ironside/runtime/ssr/entry.ts"),
            Self::Browser => (BROWSER, "@ironside/client/entry.tsx"),
        };
        Entry {
            name: name.into(),
            import: import.into(),
        }
    }
}

/// What all graphs of a build have in common.
#[derive(Debug, Clone)]
pub(crate) struct GraphSettings {
    pub(crate) root: PathBuf,
    pub(crate) runtime_dir: PathBuf,
    /// Where the build will lie when it is finished.
    pub(crate) build_folder: PathBuf,
    pub(crate) mode: Mode,
    /// Replaced expressions on the server, and in the browser.
    pub(crate) server_define: Vec<(String, String)>,
    pub(crate) browser_define: Vec<(String, String)>,
    pub(crate) browser_source_maps: bool,
}

impl GraphSettings {
    /// The bundler's options for a graph with these entries beside the runtime's.
    pub(crate) fn options(&self, kind: GraphKind, mut entries: Vec<Entry>) -> GraphOptions {
        entries.insert(0, kind.runtime_entry());
        let production = self.mode == Mode::Production;
        let browser = kind == GraphKind::Browser;
        let inject = |name: &str, from: &str| Inject {
            name: name.into(),
            from: from.into(),
        };
        let mut injected = vec![
            inject("__webpack_require__", kind.loader()),
            inject("__webpack_chunk_load__", kind.loader()),
        ];
        if kind.is_server() {
            injected.extend(["__dirname", "__filename"].map(|name| inject(name, virtual_module::PLACE)));
        }
        GraphOptions {
            root: self.root.clone(),
            folder: self.build_folder.join(kind.folder()),
            entries,
            platform: if browser { Platform::Browser } else { Platform::Node },
            conditions: self.conditions(kind),
            define: if browser {
                self.browser_define.clone()
            } else {
                self.server_define.clone()
            },
            inject: injected,
            jsx: JsxOptions {
                development: !production,
                refresh: false,
            },
            minify: browser && production,
            source_maps: if browser && !self.browser_source_maps {
                SourceMaps::Hidden
            } else {
                SourceMaps::Linked
            },
            names: file_names(kind),
            groups: if browser { self.groups() } else { vec![] },
            incremental: kind == GraphKind::Rsc,
        }
    }

    /// `module` stands for code that is made for bundlers; some packages have nothing else that says where the border
    /// between server and client is.
    fn conditions(&self, kind: GraphKind) -> Vec<String> {
        let server = (kind == GraphKind::Rsc).then_some("react-server");
        server
            .into_iter()
            .chain(["module", self.mode.node_env()])
            .map(str::to_owned)
            .collect()
    }

    /// React and our own client code change only with a version of Ironside, so they are one file that stays in caches.
    /// Code of a package that several entries share is one file for each package.
    fn groups(&self) -> Vec<ChunkGroup> {
        let packages = self.runtime_dir.join(NODE_MODULES);
        let framework: ModuleGroupName = Arc::new(move |id| {
            let inside = std::path::Path::new(id).strip_prefix(&packages).ok();
            let ours = inside.is_some_and(|file| {
                let mut parts = file.components().map(|part| part.as_os_str());
                let first = parts.next().and_then(|part| part.to_str()).unwrap_or_default();
                REACT.contains(&first) || (first == "@ironside" && !file.ends_with("src/entry.tsx"))
            });
            (ours || id.starts_with("\0rolldown/runtime") || id.starts_with("rolldown:runtime")).then(|| "framework".into())
        });
        let shared: ModuleGroupName = Arc::new(|id| {
            let package = crate::package::name_in_path(id)?;
            Some(format!("npm-{}", package.trim_start_matches('@').replace('/', "-")))
        });
        vec![
            ChunkGroup {
                name: framework,
                priority: 10,
                min_bytes: None,
                min_share: None,
            },
            ChunkGroup {
                name: shared,
                priority: 1,
                min_bytes: Some(MIN_SHARED_BYTES),
                min_share: Some(2),
            },
        ]
    }
}

fn file_names(kind: GraphKind) -> FileNames {
    let ending = if kind.is_server() { "mjs" } else { "js" };
    let pattern = format!("[name]-[hash].{ending}");
    // The worker is started by its name, and nothing imports it, so its content needs no hash.
    let fixed = if kind == GraphKind::Rsc {
        vec![(WORKER.into(), "worker.mjs".into())]
    } else {
        vec![]
    };
    FileNames {
        entries: pattern.clone(),
        chunks: pattern,
        fixed,
    }
}

/// A file's key as part of a file name: `app/blog/[slug]/page.tsx` is `app-blog-slug-page`.
pub(crate) fn slug(key: &str) -> String {
    let path = key.strip_prefix("npm:").unwrap_or(key);
    let stem = path
        .rsplit_once('.')
        .map_or(path, |(stem, ending)| if ending.contains('/') { path } else { stem });
    let mut slug = String::new();
    for c in stem.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    // File systems take 255 bytes of a name; the end of a path tells more than its beginning.
    let start = slug.len().saturating_sub(80);
    slug[start..].trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_names_that_every_file_system_takes() {
        assert_eq!(slug("app/blog/[slug]/page.tsx"), "app-blog-slug-page");
        assert_eq!(
            slug("app/(shop)/@modal/(.)item/[...rest]/page.tsx"),
            "app-shop-modal-item-rest-page"
        );
        assert_eq!(slug("npm:@a/b@1.2.3/dist/index.js"), "a-b-1-2-3-dist-index");
        assert_eq!(slug("app/v1.2/page"), "app-v1-2-page");
        assert!(slug(&"long/".repeat(100)).len() <= 80);
    }
}
