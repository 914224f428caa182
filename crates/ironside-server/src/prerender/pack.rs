//! Writing the pack and its index while a build renders.

use super::index::{AnswerRecord, DynamicRecord, FORMAT, Index, Lengths, Life, ListedRecord, Place, Span, ValueRecord};
use crate::response::compress;
use crate::shared::reason::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use ironside_cache::{Answer, EncodedBody, Encoding, Entry, Key};
use ironside_model::manifest::PrerenderedFiles;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bodies below this size are not worth an encoding.
const WORTH_ENCODING: usize = 1024;
/// Where the files are, in the build folder.
const FOLDER: &str = "prerendered";
/// What the pack is made of, in the order in which pages became ready.
const PARTS: &str = "pack.parts";

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct PackWriter {
    folder: PathBuf,
    file: BufWriter<File>,
    at: u64,
    index: Index,
}

/// An answer with its encodings, ready to be written.
pub(super) struct Packed {
    bytes: Vec<u8>,
    body: Lengths,
    payload: Option<Lengths>,
}

impl Packed {
    /// Compresses; takes a while.
    pub(super) fn new(answer: &Answer, compressed: bool) -> Self {
        let mut bytes = Vec::with_capacity(answer.body.identity().len() * 2);
        let content_type = answer.headers.iter().find(|(name, _)| **name == *"content-type");
        let of_type = |value: &[u8]| HeaderValue::from_bytes(value).is_ok_and(|value| compress::is_compressible(&value));
        let text = content_type.is_some_and(|(_, value)| of_type(value));
        let encoded = answer.headers.iter().any(|(name, _)| **name == *"content-encoding");
        let body = append(&mut bytes, &answer.body, compressed && text && !encoded);
        let payload = answer.payload.as_ref().map(|payload| append(&mut bytes, payload, compressed));
        Self { bytes, body, payload }
    }
}

fn append(bytes: &mut Vec<u8>, body: &EncodedBody, compressed: bool) -> Lengths {
    let identity = body.identity();
    bytes.extend_from_slice(identity);
    let mut lengths = Lengths {
        identity: identity.len(),
        ..Lengths::default()
    };
    if compressed && identity.len() >= WORTH_ENCODING {
        for (encoding, length) in [(Encoding::Gzip, &mut lengths.gzip), (Encoding::Brotli, &mut lengths.br)] {
            let made = compress::encode(encoding, identity);
            *length = made.len();
            bytes.extend_from_slice(&made);
        }
    }
    lengths
}

impl PackWriter {
    /// Begins a pack in a build folder.
    pub(super) fn create(build_dir: &Path, build: &str) -> io::Result<Self> {
        let folder = build_dir.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let file = File::create(folder.join(PARTS))?;
        Ok(Self {
            folder,
            file: BufWriter::with_capacity(1 << 18, file),
            at: 0,
            index: Index {
                format: FORMAT,
                build: build.to_owned(),
                answers: Vec::new(),
                values: Vec::new(),
                listed: Vec::new(),
                dynamic: Vec::new(),
            },
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Span> {
        self.file.write_all(bytes)?;
        let span = Span {
            at: self.at,
            length: bytes.len(),
            hash: xxh3_64(bytes),
        };
        self.at += bytes.len() as u64;
        Ok(span)
    }

    /// Adds an answer.
    pub(super) fn answer(&mut self, key: &Key, entry: &Entry, packed: &Packed) -> io::Result<()> {
        let (Some(place), Some(answer)) = (Place::of(key), entry.answer()) else {
            return Ok(());
        };
        let span = self.write(&packed.bytes)?;
        let latin = |value: &[u8]| value.iter().map(|byte| char::from(*byte)).collect();
        self.index.answers.push(AnswerRecord {
            place,
            life: Life::of(entry),
            status: answer.status,
            headers: answer
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), latin(value)))
                .collect(),
            etag: answer.etag.to_string(),
            span,
            body: packed.body,
            payload: packed.payload,
        });
        Ok(())
    }

    /// Adds a value that code has stored.
    pub(super) fn value(&mut self, key: &Key, entry: &Entry) -> io::Result<()> {
        let (Key::Value { kind, name, deployment }, Some(value)) = (key, entry.value()) else {
            return Ok(());
        };
        let span = self.write(value)?;
        self.index.values.push(ValueRecord {
            kind: (*kind).into(),
            name: STANDARD.encode(name),
            of_build: deployment.is_some(),
            life: Life::of(entry),
            span,
        });
        Ok(())
    }

    /// Notes that a key's answer is for one visitor, and why.
    pub(super) fn dynamic(&mut self, key: &Key, reason: Reason) {
        let reason = reason.word().to_owned();
        self.index
            .dynamic
            .extend(Place::of(key).map(|place| DynamicRecord { place, reason }));
    }

    /// Notes the parameters that a route answers.
    pub(super) fn listed(&mut self, record: ListedRecord) {
        self.index.listed.push(record);
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.at
    }

    /// Workers finish in any order; equal builds have equal files.
    fn put_in_order(&mut self) -> io::Result<()> {
        fn by_place(place: &Place) -> (u32, bool, &[(String, Vec<String>)]) {
            (place.route, place.page, &place.params)
        }
        let Index {
            answers,
            values,
            dynamic,
            ..
        } = &mut self.index;
        answers.sort_by(|a, b| by_place(&a.place).cmp(&by_place(&b.place)));
        dynamic.sort_by(|a, b| by_place(&a.place).cmp(&by_place(&b.place)));
        values.sort_by(|a, b| (a.kind, &a.name, a.of_build).cmp(&(b.kind, &b.name, b.of_build)));
        let parts = File::open(self.folder.join(PARTS))?;
        let mut pack = BufWriter::with_capacity(1 << 18, File::create(self.folder.join("pack"))?);
        let answers = answers.iter_mut().map(|record| &mut record.span);
        let mut at = 0;
        for span in answers.chain(values.iter_mut().map(|record| &mut record.span)) {
            let mut bytes = vec![0; span.length];
            parts.read_exact_at(&mut bytes, span.at)?;
            pack.write_all(&bytes)?;
            span.at = at;
            at += bytes.len() as u64;
        }
        pack.flush()?;
        fs::remove_file(self.folder.join(PARTS))
    }

    /// Writes the index and closes both files.
    pub(super) fn finish(mut self) -> io::Result<PrerenderedFiles> {
        self.file.flush()?;
        self.put_in_order()?;
        let text = serde_json::to_vec(&self.index).map_err(io::Error::other)?;
        fs::write(self.folder.join("index.json"), &text)?;
        Ok(PrerenderedFiles {
            index: format!("{FOLDER}/index.json"),
            index_hash: format!("{:016x}", xxh3_64(&text)),
            pack: format!("{FOLDER}/pack"),
        })
    }
}
