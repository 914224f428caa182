//! What is loaded instead of a file: virtual modules, and stand-ins for files that are no code.

use super::{GraphHooks, document_renderer, virtual_module};
use crate::{
    asset::{MediaFile, is_asset},
    file_key::split_query,
    font,
    mdx::{MdxCompiler, is_mdx},
    package::NODE_MODULES,
    style::StyleCompiler,
};
use ironside_bundler::{Language, Loaded, Resolver};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Endings of stylesheets in other languages than CSS.
const PREPROCESSORS: &[&str] = &["less", "styl"];

/// Files that are no code: what stands for them in the graphs, and what they leave in the build.
#[derive(Debug)]
pub(crate) struct Stubs {
    /// `assetPrefix`, or else `basePath`.
    prefix: String,
    base_path: String,
    styles: StyleCompiler,
    mdx: MdxCompiler,
    media: Mutex<BTreeMap<String, MediaFile>>,
}

impl Stubs {
    pub(crate) fn new(prefix: String, base_path: String, styles: StyleCompiler, mdx: MdxCompiler) -> Self {
        Self {
            prefix,
            base_path,
            styles,
            mdx,
            media: Mutex::default(),
        }
    }

    /// Compiles stylesheets; each one once for all graphs.
    pub(crate) fn styles(&self) -> &StyleCompiler {
        &self.styles
    }

    /// The files that modules refer to, by their place in the build folder.
    pub(crate) fn media(&self) -> BTreeMap<String, MediaFile> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn asset(&self, path: &Path) -> Result<String, String> {
        let content = std::fs::read(path).map_err(|error| error.to_string())?;
        let file = MediaFile::new(path, content);
        let module = file.module(&self.prefix, &self.base_path);
        self.media
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.path.clone(), file);
        Ok(module)
    }
}

pub(super) async fn load(hooks: &GraphHooks, id: &str, resolver: Resolver<'_>) -> Option<Loaded> {
    if id.starts_with('\0') {
        // Of a font the stylesheet is needed, even if its class names are not.
        let given = hooks.text(id).map(|code| javascript(code, font::is_made(id).then_some(true)));
        return given.or_else(|| virtual_module::fixed(id));
    }
    if let Some(copied) = document_renderer::load(id) {
        return Some(copied);
    }
    let path = Path::new(split_query(id).0);
    if is_asset(path) {
        resolver.watch(&path.to_string_lossy());
        let code = hooks.stubs.asset(path).unwrap_or_else(|reason| refuse(hooks, id, reason));
        return Some(javascript(code, Some(false)));
    }
    if let Some(language) = path
        .extension()
        .and_then(|ending| ending.to_str())
        .filter(|ending| PREPROCESSORS.contains(ending))
    {
        let reason = format!("`.{language}` needs a preprocessor that is not built in; write CSS, or compile it with PostCSS");
        return Some(javascript(refuse(hooks, id, reason), None));
    }
    if is_mdx(path) && path == Path::new(id) {
        return Some(markup(hooks, path, resolver).await);
    }
    if is_script_with_jsx(path) && path == Path::new(id) {
        resolver.watch(id);
        return std::fs::read_to_string(path).ok().map(|code| Loaded {
            code,
            language: Language::Jsx,
            side_effects: None,
        });
    }
    if StyleCompiler::is_stylesheet(path) {
        return Some(style(hooks, path, resolver).await);
    }
    None
}

/// Whether JSX may stand in a file whose name doesn't say so. Applications write it in `.js`; packages are published compiled.
fn is_script_with_jsx(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("js" | "mjs")) && !path.to_string_lossy().contains(NODE_MODULES)
}

/// Notes that a file cannot be used, and lets the graph go on, so that everything else that is wrong is told as well.
fn refuse(hooks: &GraphHooks, id: &str, reason: String) -> String {
    hooks.collect().unusable.insert(id.to_owned(), reason);
    "export default {};".to_owned()
}

fn javascript(code: String, side_effects: Option<bool>) -> Loaded {
    Loaded {
        code,
        language: Language::JavaScript,
        side_effects,
    }
}

async fn markup(hooks: &GraphHooks, path: &Path, resolver: Resolver<'_>) -> Loaded {
    resolver.watch(&path.to_string_lossy());
    let code = hooks.stubs.mdx.compile(path).await.unwrap_or_else(|diagnostic| {
        hooks.collect().diagnostics.push(diagnostic);
        "export default () => null;".to_owned()
    });
    javascript(code, None)
}

/// The names of a CSS module's classes, or nothing. It is kept even if no name is used, since the rules may be.
async fn style(hooks: &GraphHooks, path: &Path, resolver: Resolver<'_>) -> Loaded {
    let code = match hooks.stubs.styles.stub(path).await {
        Ok(stub) => {
            for file in &stub.watched {
                resolver.watch(&file.to_string_lossy());
            }
            stub.code
        }
        Err(diagnostic) => {
            resolver.watch(&path.to_string_lossy());
            hooks.collect().diagnostics.push(diagnostic);
            "export default {};".to_owned()
        }
    };
    javascript(code, Some(true))
}
