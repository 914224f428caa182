//! Stacks of workers name places in the chunks of a build; people want those of their sources. Node could translate them, at
//! the price of every map in the memory of every worker; here a map is read when an error in its chunk is logged, once for
//! all workers.

use super::source_map::SourceMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// See the module's documentation.
#[derive(Debug)]
pub struct StackPlaces {
    build_dir: PathBuf,
    /// What a place in a chunk begins with.
    prefix: String,
    /// By the chunk's path in the build folder. Only what exists is in it, so it is as large as the build at most.
    maps: Mutex<BTreeMap<String, Arc<SourceMap>>>,
}

impl StackPlaces {
    /// For the chunks of this folder.
    pub(crate) fn new(build_dir: &Path) -> Self {
        // As the workers see it.
        let real = fs::canonicalize(build_dir).unwrap_or_else(|_| build_dir.to_path_buf());
        let prefix = format!("file://{}/server/", url_path(&real));
        Self {
            build_dir: real,
            prefix,
            maps: Mutex::default(),
        }
    }

    /// Whether there is something to translate. Cheap, unlike the translation.
    pub(crate) fn concern(&self, text: &str) -> bool {
        text.contains(&self.prefix)
    }

    /// The text with every place in a chunk replaced by that of the source. May read files.
    pub(crate) fn translated<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(&self.prefix) {
            let place = &rest[start + self.prefix.len()..];
            let Some((length, source)) = self.source_of(place) else {
                let kept = start + self.prefix.len();
                out.push_str(&rest[..kept]);
                rest = &rest[kept..];
                continue;
            };
            out.push_str(&rest[..start]);
            out.push_str(&source);
            rest = &place[length..];
        }
        if out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// Of `rsc/page.mjs:3:7` and whatever follows: how long it is, and the source's `app/page.tsx:9:1`.
    fn source_of(&self, place: &str) -> Option<(usize, String)> {
        let chunk_end = place.find(".mjs:")? + ".mjs".len();
        let chunk = &place[..chunk_end];
        let (line, line_length) = number(&place[chunk_end..])?;
        let (column, column_length) = number(&place[chunk_end + line_length..])?;
        let chunk = format!("server/{chunk}");
        let map = self.map_of(&chunk)?;
        let (source, line, column) = map.find(line, column)?;
        let folder = Path::new(&chunk).parent()?;
        let source = from_application(&folder.join(source));
        Some((chunk_end + line_length + column_length, format!("{source}:{line}:{column}")))
    }

    fn map_of(&self, chunk: &str) -> Option<Arc<SourceMap>> {
        // A worker is not trusted with the choice of a file.
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !Path::new(chunk).components().all(plain) {
            return None;
        }
        let known = self.maps.lock().unwrap_or_else(PoisonError::into_inner).get(chunk).cloned();
        if known.is_some() {
            return known;
        }
        let map = Arc::new(SourceMap::read(&fs::read(self.build_dir.join(format!("{chunk}.map"))).ok()?)?);
        self.maps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(chunk.to_owned(), Arc::clone(&map));
        Some(map)
    }
}

/// `:12` and how long it is.
fn number(text: &str) -> Option<(u32, usize)> {
    let digits = text.strip_prefix(':')?;
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    Some((digits[..length].parse().ok()?, length + 1))
}

/// Sources are named from the chunk's folder. The build folder is two levels below the application, and may have been moved
/// since; so the way up is left out, and what remains is the path from the application, or from what both have in common.
fn from_application(path: &Path) -> String {
    let mut parts: Vec<&std::ffi::OsStr> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(name) => parts.push(name),
            _ => {}
        }
    }
    parts.iter().collect::<PathBuf>().to_string_lossy().into_owned()
}

/// As Node writes a path into a `file:` URL.
fn url_path(path: &Path) -> String {
    const KEPT: percent_encoding::AsciiSet = percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'`')
        .add(b'{')
        .add(b'}')
        .add(b'%')
        .add(b'\\');
    percent_encoding::utf8_percent_encode(&path.to_string_lossy(), &KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> (tempfile::TempDir, StackPlaces, String) {
        let folder = tempfile::tempdir().unwrap();
        let rsc = folder.path().join(".ironside/my build/server/rsc");
        fs::create_dir_all(&rsc).unwrap();
        let map = r#"{"version":3,"sources":["../../../../app/page.tsx"],"mappings":";AACA,KACC"}"#;
        fs::write(rsc.join("page.mjs.map"), map).unwrap();
        fs::write(folder.path().join("secret.mjs.map"), map).unwrap();
        let build_dir = folder.path().join(".ironside/my build").canonicalize().unwrap();
        let url = format!("file://{}/server", build_dir.display()).replace(' ', "%20");
        (folder, StackPlaces::new(&build_dir), url)
    }

    #[test]
    fn places_in_chunks_become_places_in_sources() {
        let (_folder, places, url) = build();
        let stack =
            format!("Error: x\n    at Page ({url}/rsc/page.mjs:2:6)\n    at {url}/rsc/page.mjs:2:1\n    at node:internal/a:1:2");
        assert!(places.concern(&stack));
        assert_eq!(
            places.translated(&stack),
            "Error: x\n    at Page (app/page.tsx:3:2)\n    at app/page.tsx:2:1\n    at node:internal/a:1:2"
        );
    }

    #[test]
    fn what_has_no_map_stays() {
        let (_folder, places, url) = build();
        for place in [
            "rsc/other.mjs:1:2",
            "rsc/page.mjs:9:9",
            "rsc/page.mjs",
            "rsc/page.mjs:x",
            "../../../secret.mjs:2:1",
        ] {
            let text = format!("at {url}/{place}");
            assert_eq!(places.translated(&text), text);
        }
        assert!(!places.concern("Error: x\n    at /elsewhere.mjs:1:2"));
    }
}
