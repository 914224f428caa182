//! Finding chunks: by the entry they were made from, by a module in them; and what they import.

use crate::graph::GraphKind;
use ironside_bundler::{Chunk, Output};
use std::collections::BTreeMap;

use super::BuildFile;

/// A finished graph, with its chunks by name.
#[derive(Debug)]
pub(crate) struct Chunks<'a> {
    pub(crate) kind: GraphKind,
    pub(crate) output: &'a Output,
    by_file: BTreeMap<&'a str, &'a Chunk>,
    by_entry: BTreeMap<&'a str, &'a Chunk>,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(kind: GraphKind, output: &'a Output) -> Self {
        let by_file = output.chunks.iter().map(|chunk| (chunk.file.as_str(), chunk)).collect();
        let entries = output.chunks.iter().filter(|chunk| chunk.is_entry);
        let by_entry = entries.map(|chunk| (chunk.name.as_str(), chunk)).collect();
        Self {
            kind,
            output,
            by_file,
            by_entry,
        }
    }

    /// The chunk of an entry, by the entry's name.
    pub(crate) fn entry(&self, name: &str) -> Option<&'a Chunk> {
        self.by_entry.get(name).copied()
    }

    /// The chunk that exports something of a module: the one that was made for it, or another one that it was put into.
    pub(crate) fn exporting(&self, module: &str, export: &str) -> Option<&'a Chunk> {
        let facade = self
            .output
            .chunks
            .iter()
            .find(|chunk| chunk.facade.as_deref() == Some(module));
        facade.or_else(|| {
            self.output
                .chunks
                .iter()
                .find(|chunk| chunk.modules.iter().any(|m| m.id == module) && chunk.exports.iter().any(|name| name == export))
        })
    }

    /// The chunk's file, relative to the build folder.
    pub(crate) fn path(&self, chunk: &Chunk) -> String {
        format!("{}/{}", self.kind.folder(), chunk.file)
    }

    /// The files of all chunks that it imports statically, directly or not, in the order of first mention.
    pub(crate) fn static_imports(&self, chunk: &'a Chunk) -> Vec<String> {
        let (mut seen, mut open) = (vec![chunk.file.as_str()], vec![chunk]);
        while let Some(current) = open.pop() {
            for import in &current.imports {
                let Some(imported) = self.by_file.get(import.as_str()) else {
                    continue;
                };
                if !seen.contains(&imported.file.as_str()) {
                    seen.push(&imported.file);
                    open.push(imported);
                }
            }
        }
        seen[1..]
            .iter()
            .map(|file| format!("{}/{file}", self.kind.folder()))
            .collect()
    }
}

/// The files of a graph. Browser source maps go where nobody serves them, unless they are meant to be public.
pub(crate) fn files(kind: GraphKind, output: Output, public_maps: bool) -> Vec<BuildFile> {
    let public = !kind.is_server();
    let mut files = Vec::new();
    for chunk in output.chunks {
        if let Some(map) = chunk.map {
            let folder = if public && !public_maps {
                "server/browser-maps"
            } else {
                kind.folder()
            };
            let path = format!("{folder}/{}.map", chunk.file);
            files.push(BuildFile {
                path,
                content: map.into_bytes(),
                public: public && public_maps,
            });
        }
        files.push(BuildFile {
            path: format!("{}/{}", kind.folder(), chunk.file),
            content: chunk.code.into_bytes(),
            public,
        });
    }
    let others = output.files.into_iter();
    files.extend(others.map(|f| BuildFile {
        path: format!("{}/{}", kind.folder(), f.file),
        content: f.content,
        public,
    }));
    files
}
