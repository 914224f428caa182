//! Values made from the description of a frame alone: an encoder of its own, independent of the typed one, for golden
//! frames and property tests. What it writes, the typed codecs of both languages have to read.

use super::codec::{MAX_SAFE_INTEGER, hexadecimal};
use super::schema::{FieldType, FrameSchema, Type, camel_case};
use serde_json::{Map, Value};

/// How large the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Zeros, empty texts and lists, absent options.
    Minimal,
    /// Short texts, lists of two, everything present.
    Typical,
    /// As long as each field allows, while the frame's limit lasts.
    Limit,
}

/// One value of a frame: its payload and its form in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// What both languages have to decode it to.
    pub json: Value,
}

/// Makes a value of `frame` whose long fields take at most `budget` bytes together. Equal seeds give equal values.
pub fn sample(frame: &FrameSchema, size: Size, seed: u64, budget: usize) -> Sample {
    // Nested limits multiply far beyond the frame's limit; two thirds leave room for what surrounds the long fields.
    let mut maker = Maker {
        payload: Vec::new(),
        size,
        state: seed,
        budget: budget.min(frame.max * 2 / 3),
    };
    let json = maker.fields(frame.payload.fields);
    Sample {
        payload: maker.payload,
        json: Value::Object(json),
    }
}

struct Maker {
    payload: Vec<u8>,
    size: Size,
    state: u64,
    /// Bytes that long fields may still take.
    budget: usize,
}

impl Maker {
    /// The next number of a SplitMix64 sequence.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.random() % limit).unwrap_or(0)
    }

    fn fields(&mut self, fields: &[FieldType]) -> Map<String, Value> {
        fields
            .iter()
            .map(|field| (camel_case(field.name), self.value(field.kind)))
            .collect()
    }

    fn number(&mut self, bytes: usize, largest: u64) -> Value {
        let value = match self.size {
            Size::Minimal => 0,
            Size::Typical => self.random() & largest,
            Size::Limit => largest,
        };
        self.payload.extend(&value.to_le_bytes()[..bytes]);
        Value::from(value)
    }

    fn value(&mut self, kind: &Type) -> Value {
        match *kind {
            Type::Bool => {
                let value = self.size != Size::Minimal;
                self.payload.push(value.into());
                Value::from(value)
            }
            Type::U8 => self.number(1, u8::MAX.into()),
            Type::U16 => self.number(2, u16::MAX.into()),
            Type::U32 => self.number(4, u32::MAX.into()),
            Type::U53 => self.number(8, MAX_SAFE_INTEGER),
            Type::F64 => {
                let value = match self.size {
                    Size::Minimal => 0.0,
                    Size::Typical => 0.25,
                    Size::Limit => f64::MAX,
                };
                self.payload.extend(f64::to_le_bytes(value));
                Value::from(value)
            }
            Type::Ascii { max } => {
                let text = self.text(max, &["a", "/", "7", "~"]);
                self.short(text)
            }
            Type::Text { max } => {
                let text = self.text(max, &["a", "é", "€", "𝄞", "\u{0}"]);
                self.short(text)
            }
            Type::Bytes { max } => {
                let bytes = self.bytes(max);
                self.payload.extend(u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
                self.payload.extend(&bytes);
                Value::from(hexadecimal(&bytes))
            }
            Type::Tail { max } => {
                let bytes = self.bytes(max);
                self.payload.extend(&bytes);
                Value::from(hexadecimal(&bytes))
            }
            Type::Headers { .. } => self.headers(),
            Type::Optional(inner) => {
                let present = self.size != Size::Minimal;
                self.payload.push(present.into());
                if present { self.value(inner) } else { Value::Null }
            }
            Type::List { item, max } => self.list(item, max),
            Type::Enum(words) => {
                let index = match self.size {
                    Size::Minimal => 0,
                    Size::Typical => self.below(words.words.len()),
                    Size::Limit => words.words.len() - 1,
                };
                self.payload.push(u8::try_from(index).unwrap_or(0));
                Value::from(words.words[index])
            }
            Type::Struct(structure) => Value::Object(self.fields(structure.fields)),
            Type::Union(union) => {
                let index = match self.size {
                    Size::Minimal => 0,
                    Size::Typical | Size::Limit => self.below(union.variants.len()),
                };
                self.payload.push(u8::try_from(index).unwrap_or(0));
                let mut object = Map::new();
                object.insert(union.tag.to_owned(), Value::from(union.variants[index].name));
                object.extend(self.fields(union.variants[index].fields));
                Value::Object(object)
            }
        }
    }

    /// How long a field with the limit `max` becomes.
    fn length(&mut self, max: usize) -> usize {
        let wanted = match self.size {
            Size::Minimal => 0,
            Size::Typical => 1 + self.below(12.min(max)),
            Size::Limit => max,
        };
        let length = wanted.min(self.budget);
        self.budget -= length;
        length
    }

    fn text(&mut self, max: usize, alphabet: &[&str]) -> String {
        let length = self.length(max);
        let mut text = String::new();
        while text.len() < length {
            let letter = alphabet[self.below(alphabet.len())];
            text.push_str(if text.len() + letter.len() > length { "a" } else { letter });
        }
        text
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        (0..self.length(max)).map(|_| self.random().to_le_bytes()[0]).collect()
    }

    fn short(&mut self, text: String) -> Value {
        self.payload.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
        self.payload.extend(text.as_bytes());
        Value::from(text)
    }

    fn list(&mut self, item: &Type, max: usize) -> Value {
        let wanted = match self.size {
            Size::Minimal => 0,
            Size::Typical => 2.min(max),
            Size::Limit => max.min(40),
        };
        let count_at = self.payload.len();
        self.payload.extend([0, 0]);
        let mut items = Vec::new();
        while items.len() < wanted && self.budget > 0 {
            items.push(self.value(item));
        }
        let count = u16::try_from(items.len()).unwrap_or(0);
        self.payload[count_at..count_at + 2].copy_from_slice(&count.to_le_bytes());
        Value::Array(items)
    }

    fn headers(&mut self) -> Value {
        let (count, longest) = match self.size {
            Size::Minimal => (0_u16, 0),
            Size::Typical => (3, 16),
            Size::Limit => (64, 512),
        };
        let mut block = Vec::from(count.to_le_bytes());
        let mut pairs = Vec::new();
        for number in 0..count {
            let name = format!("x-{number}");
            let length = self.below(longest + 1).min(self.budget);
            self.budget -= length;
            let value: Vec<u8> = (0..length).map(|_| [b'v', b' ', 0xe9, b'"'][self.below(4)]).collect();
            block.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
            block.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
            block.extend(name.as_bytes());
            block.extend(&value);
            let text: String = value.iter().map(|byte| char::from(*byte)).collect();
            pairs.push(Value::Array(vec![Value::from(name), Value::from(text)]));
        }
        self.payload.extend(u32::try_from(block.len()).unwrap_or(0).to_le_bytes());
        self.payload.extend(block);
        Value::Array(pairs)
    }
}
