//! A description of every frame, as data. `cargo xtask gen` writes the TypeScript side from it, and its hash in HELLO makes
//! sure that both halves were made from the same definition.

use std::fmt::Write;

/// What a field is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 0 or 1 in one byte.
    Bool,
    /// One byte.
    U8,
    /// Two bytes, little-endian like all numbers.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes, at most 2⁵³ − 1.
    U53,
    /// Eight bytes, IEEE 754.
    F64,
    /// u16 length, ASCII.
    Ascii {
        /// Most bytes.
        max: usize,
    },
    /// u16 length, UTF-8.
    Text {
        /// Most bytes.
        max: usize,
    },
    /// u32 length, bytes.
    Bytes {
        /// Most bytes.
        max: usize,
    },
    /// Bytes to the end of the frame.
    Tail {
        /// Most bytes.
        max: usize,
    },
    /// u32 size of what follows, u16 count, then per header u16 name length, u16 value length, name, value (Latin-1).
    Headers {
        /// Whether JavaScript scans them only when asked.
        lazy: bool,
    },
    /// A [`Type::Bool`], then the value if it is 1.
    Optional(&'static Type),
    /// u16 count, then the items.
    List {
        /// What an item is.
        item: &'static Type,
        /// Most items.
        max: usize,
    },
    /// One byte that stands for a word.
    Enum(&'static EnumType),
    /// The fields one after the other.
    Struct(&'static StructType),
    /// One byte that says which variant, then its fields.
    Union(&'static UnionType),
}

/// Words that are sent as their index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnumType {
    /// The name in both languages.
    pub name: &'static str,
    /// What it says.
    pub docs: &'static [&'static str],
    /// Words by number, without gaps.
    pub words: &'static [&'static str],
}

/// Fields in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StructType {
    /// The name in both languages.
    pub name: &'static str,
    /// What it is.
    pub docs: &'static [&'static str],
    /// Its fields.
    pub fields: &'static [FieldType],
}

/// One of several structs, told apart by a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnionType {
    /// The name in both languages.
    pub name: &'static str,
    /// What it is.
    pub docs: &'static [&'static str],
    /// The TypeScript property that holds the variant's word.
    pub tag: &'static str,
    /// Variants by number, without gaps. Their names are the words.
    pub variants: &'static [StructType],
}

/// A field of a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldType {
    /// The Rust name (`snake_case`).
    pub name: &'static str,
    /// What it holds.
    pub docs: &'static [&'static str],
    /// How it is written.
    pub kind: &'static Type,
}

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the Rust process to a worker.
    FrontToWorker,
    /// From a worker to the Rust process; bit 7 of the type is set.
    WorkerToFront,
}

/// A frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSchema {
    /// The type byte.
    pub code: u8,
    /// Who sends it.
    pub direction: Direction,
    /// Most payload bytes.
    pub max: usize,
    /// The payload.
    pub payload: &'static StructType,
}

/// `snake_case` to `camelCase`.
pub fn camel_case(name: &str) -> String {
    let mut upper = false;
    name.chars()
        .filter_map(|letter| {
            if letter == '_' {
                upper = true;
                return None;
            }
            Some(if std::mem::take(&mut upper) {
                letter.to_ascii_uppercase()
            } else {
                letter
            })
        })
        .collect()
}

/// The hash of all frames' wire form (not of their documentation), as 16 hex digits.
pub fn schema_hash(frames: &[FrameSchema]) -> String {
    let mut text = String::new();
    for frame in frames {
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "{}:{}:", frame.code, frame.max);
        describe_struct(frame.payload, &mut text);
    }
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
}

fn describe_struct(structure: &StructType, text: &mut String) {
    let _ = write!(text, "{}{{", structure.name);
    for field in structure.fields {
        let _ = write!(text, "{}:", field.name);
        describe(field.kind, text);
        text.push(';');
    }
    text.push('}');
}

fn describe(kind: &Type, text: &mut String) {
    match kind {
        Type::Optional(inner) => {
            text.push('?');
            describe(inner, text);
        }
        Type::List { item, max } => {
            let _ = write!(text, "[{max}]");
            describe(item, text);
        }
        Type::Enum(words) => {
            let _ = write!(text, "{}{:?}", words.name, words.words);
        }
        Type::Struct(structure) => describe_struct(structure, text),
        Type::Union(union) => {
            let _ = write!(text, "{}({})", union.name, union.tag);
            union.variants.iter().for_each(|variant| describe_struct(variant, text));
        }
        plain => {
            let _ = write!(text, "{plain:?}");
        }
    }
}
