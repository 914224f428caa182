//! What is loaded instead of a file: virtual modules, and stand-ins for files that are no code.

use super::{GraphHooks, virtual_module};
use crate::{
    asset::{MediaFile, is_asset},
    file_key::split_query,
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
    media: Mutex<BTreeMap<String, MediaFile>>,
}

impl Stubs {
    pub(crate) fn new(prefix: String, base_path: String) -> Self {
        Self { prefix, base_path, media: Mutex::default() }
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
    Ok(None)
}
