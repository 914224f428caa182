//! What is loaded instead of a file: virtual modules, and stand-ins for files that are no code.

use super::{GraphHooks, virtual_module};
use crate::{
    asset::{MediaFile, is_asset},
    file_key::split_query,
    style::StyleCompiler,
};
use ironside_bundler::{Language, Loaded, Resolver};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Files that are no code: what stands for them in the graphs, and what they leave in the build.
#[derive(Debug)]
pub(crate) struct Stubs {
    /// `assetPrefix`, or else `basePath`.
    prefix: String,
    base_path: String,
    styles: StyleCompiler,
    media: Mutex<BTreeMap<String, MediaFile>>,
}

impl Stubs {
    pub(crate) fn new(prefix: String, base_path: String, styles: StyleCompiler) -> Self {
        Self { prefix, base_path, styles, media: Mutex::default() }
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
        self.media.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone(), file);
        Ok(module)
    }
}

pub(super) async fn load(hooks: &GraphHooks, id: &str, resolver: Resolver<'_>) -> Result<Option<Loaded>, String> {
    if id.starts_with('\0') {
        let text = hooks.text(id);
        let given = text.map(|code| Loaded { code, language: Language::JavaScript, side_effects: None });
        return Ok(given.or_else(|| virtual_module::fixed(id)));
    }
    let path = Path::new(split_query(id).0);
    if is_asset(path) {
        resolver.watch(&path.to_string_lossy());
        let code = hooks.stubs.asset(path)?;
        return Ok(Some(Loaded { code, language: Language::JavaScript, side_effects: Some(false) }));
    }
    if StyleCompiler::is_stylesheet(path) {
        return Ok(Some(style(hooks, path, resolver).await));
    }
    Ok(None)
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
    Loaded { code, language: Language::JavaScript, side_effects: Some(true) }
}
