//! What a graph became, as plain data.

use crate::{Problem, problem};
use rolldown::BundleOutput;
use rolldown_common::{ExportsKind, ModuleInfo, Output as RolldownOutput};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The folder of files that are no modules, in that of the graph.
pub(crate) const ASSETS: &str = "assets";

/// A finished graph. Chunks are sorted by file name, entries first.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The JavaScript files.
    pub chunks: Vec<Chunk>,
    /// Files that modules refer to by `new URL(…, import.meta.url)`.
    pub files: Vec<EmittedFile>,
    /// Every scanned module by its id, whether or not something of it is left.
    pub modules: BTreeMap<String, ModuleFacts>,
    /// What is wrong without keeping the graph from being made.
    pub warnings: Vec<Problem>,
    /// Files whose change makes a new build necessary.
    pub watched: BTreeSet<String>,
}

/// One JavaScript file.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The entry's name, or one made up from its modules.
    pub name: String,
    /// The file, relative to the graph's folder.
    pub file: String,
    /// The text.
    pub code: String,
    /// The source map as JSON.
    pub map: Option<String>,
    /// Whether it is an entry.
    pub is_entry: bool,
    /// Whether it is imported dynamically.
    pub is_dynamic_entry: bool,
    /// The module whose exports it has.
    pub facade: Option<String>,
    /// The names that it exports.
    pub exports: Vec<String>,
    /// The files of chunks that it imports statically, and external specifiers.
    pub imports: Vec<String>,
    /// The same for `import()`.
    pub dynamic_imports: Vec<String>,
    /// The modules that it consists of, in the order of evaluation.
    pub modules: Vec<ChunkModule>,
}

/// A module inside of a chunk.
#[derive(Debug, Clone)]
pub struct ChunkModule {
    /// The module's id.
    pub id: String,
    /// Exports of the module that something uses, so that they are part of the chunk. Says nothing about CommonJS.
    pub used_exports: Vec<String>,
    /// The size before minifying.
    pub bytes: usize,
}

/// A file that is neither a chunk nor a source map.
#[derive(Debug, Clone)]
pub struct EmittedFile {
    /// Relative to the graph's folder.
    pub file: String,
    /// The content.
    pub content: Vec<u8>,
}

/// How a module says what it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ModuleFormat {
    /// `import` and `export`.
    Esm,
    /// `module.exports`.
    CommonJs,
    /// Neither: a script, or a module that is not bundled.
    #[default]
    None,
}

/// A module's place in the graph.
#[derive(Debug, Clone, Default)]
pub struct ModuleFacts {
    /// Modules that it imports statically, in source order.
    pub imports: Vec<String>,
    /// Modules that it imports dynamically, in source order.
    pub dynamic_imports: Vec<String>,
    /// Modules that import it statically, sorted.
    pub importers: Vec<String>,
    /// Modules that import it dynamically, sorted.
    pub dynamic_importers: Vec<String>,
    /// Its exports; `*` stands for names of another module.
    pub exports: Vec<String>,
    /// See [`ModuleFormat`].
    pub format: ModuleFormat,
    /// Whether it is an entry.
    pub is_entry: bool,
}

impl Output {
    /// Adds files that chunks refer to by `new URL(…, import.meta.url)` and that rolldown leaves out of a graph that can be read
    /// again in part. `assets` are all that were asked for. Of two with one name, nobody can tell here which is meant.
    pub(crate) fn add_missing(&mut self, assets: &BTreeSet<String>) {
        for asset in assets {
            let path = Path::new(asset);
            let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else {
                continue;
            };
            let named_alike = |other: &&String| Path::new(other).file_name() == path.file_name();
            if assets.iter().filter(named_alike).count() > 1 {
                continue;
            }
            let (start, end) = (
                format!("{ASSETS}/{}-", stem.to_string_lossy()),
                format!(".{}", extension.to_string_lossy()),
            );
            let Some(file) = self.chunks.iter().find_map(|chunk| referred(&chunk.code, &start, &end)) else {
                continue;
            };
            if !self.files.iter().any(|known| known.file == file)
                && let Ok(content) = std::fs::read(path)
            {
                self.files.push(EmittedFile { file, content });
            }
        }
    }
}

/// The file name that begins and ends like this, with a hash between.
fn referred(code: &str, start: &str, end: &str) -> Option<String> {
    code.match_indices(start).find_map(|(at, _)| {
        let rest = code.get(at + start.len()..)?;
        let hash = rest.get(..rest.find(end)?)?;
        let is_hash = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_hash.then(|| format!("{start}{hash}{end}"))
    })
}

impl ModuleFacts {
    pub(crate) fn from_rolldown(info: &ModuleInfo) -> Self {
        let ids = |ids: &mut dyn Iterator<Item = &rolldown_common::ModuleId>| -> Vec<String> {
            ids.map(|id| id.as_str().to_owned()).collect()
        };
        Self {
            imports: ids(&mut info.imported_ids.iter()),
            dynamic_imports: ids(&mut info.dynamically_imported_ids.iter()),
            importers: ids(&mut info.importers.iter()),
            dynamic_importers: ids(&mut info.dynamic_importers.iter()),
            exports: info.exports.iter().map(ToString::to_string).collect(),
            format: match info.input_format {
                ExportsKind::Esm => ModuleFormat::Esm,
                ExportsKind::CommonJs => ModuleFormat::CommonJs,
                ExportsKind::None => ModuleFormat::None,
            },
            is_entry: info.is_entry,
        }
    }
}

pub(crate) fn from_rolldown(bundle: BundleOutput, modules: BTreeMap<String, ModuleFacts>, root: &Path) -> Output {
    let mut output = Output {
        modules,
        ..Output::default()
    };
    let mut maps = BTreeMap::new();
    for asset in bundle.assets {
        match asset {
            RolldownOutput::Chunk(chunk) => output.chunks.push(chunk_from(&chunk)),
            RolldownOutput::Asset(asset) => {
                let (file, content) = (asset.filename.to_string(), asset.source.as_bytes().to_vec());
                if file.ends_with(".map") {
                    maps.insert(file, content);
                } else {
                    output.files.push(EmittedFile { file, content });
                }
            }
        }
    }
    for chunk in &mut output.chunks {
        chunk.map = maps
            .remove(&format!("{}.map", chunk.file))
            .and_then(|map| String::from_utf8(map).ok());
    }
    output.warnings = bundle
        .warnings
        .into_iter()
        .map(|warning| problem::from_rolldown(warning, root))
        .collect();
    output
}

fn chunk_from(chunk: &rolldown_common::OutputChunk) -> Chunk {
    let strings = |values: &[arcstr::ArcStr]| values.iter().map(ToString::to_string).collect();
    let modules = chunk.modules.keys.iter().zip(&chunk.modules.values);
    let mut exports: Vec<String> = chunk.exports.iter().map(ToString::to_string).collect();
    exports.sort_unstable();
    Chunk {
        name: chunk.name.to_string(),
        file: chunk.filename.to_string(),
        code: chunk.code.clone(),
        map: None,
        is_entry: chunk.is_entry,
        is_dynamic_entry: chunk.is_dynamic_entry,
        facade: chunk.facade_module_id.as_ref().map(|id| id.as_str().to_owned()),
        exports,
        imports: strings(&chunk.imports),
        dynamic_imports: strings(&chunk.dynamic_imports),
        modules: modules
            .map(|(id, module)| ChunkModule {
                id: id.as_str().to_owned(),
                used_exports: module.rendered_exports.iter().map(ToString::to_string).collect(),
                bytes: module.rendered_length(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_and_a_hash() {
        let code = r#"new URL("assets/layout-64d9994d.wasm", import.meta.url); "assets/layout-x y.wasm""#;
        let found = |start, end| referred(code, start, end);
        assert_eq!(
            found("assets/layout-", ".wasm").as_deref(),
            Some("assets/layout-64d9994d.wasm")
        );
        assert_eq!(found("assets/other-", ".wasm"), None);
        assert_eq!(found("assets/layout-", ".woff"), None);
    }
}
