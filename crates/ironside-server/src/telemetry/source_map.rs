//! The part of a source map that log lines need: which line of the source a place in a chunk is made from.

use serde::Deserialize;

/// A decoded map.
#[derive(Debug)]
pub(crate) struct SourceMap {
    sources: Vec<String>,
    /// By line of the chunk, in the order of columns.
    lines: Vec<Vec<Mapping>>,
}

/// All numbers from 0.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    column: u32,
    source: u32,
    source_line: u32,
    source_column: u32,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sources: Vec<Option<String>>,
    mappings: String,
}

impl SourceMap {
    /// `None` if it is no source map.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let file: File = serde_json::from_slice(json).ok()?;
        let mut at = [0_i64; 4];
        let mut lines = Vec::new();
        for line in file.mappings.split(';') {
            at[0] = 0;
            let mut mappings = Vec::new();
            for segment in line.split(',').filter(|segment| !segment.is_empty()) {
                mappings.extend(next(segment, &mut at)?);
            }
            lines.push(mappings);
        }
        let sources = file.sources.into_iter().map(Option::unwrap_or_default).collect();
        Some(Self { sources, lines })
    }

    /// The source, line and column (from 1) of a line and column (from 1) of the chunk.
    pub(crate) fn find(&self, line: u32, column: u32) -> Option<(&str, u32, u32)> {
        let mappings = self.lines.get(line.checked_sub(1)? as usize)?;
        let column = column.saturating_sub(1);
        let found = mappings.partition_point(|mapping| mapping.column <= column).checked_sub(1)?;
        let mapping = mappings.get(found)?;
        let source = self.sources.get(mapping.source as usize)?;
        Some((
            source,
            mapping.source_line.saturating_add(1),
            mapping.source_column.saturating_add(1),
        ))
    }
}

/// Reads a segment: differences to the one before. `Some(None)` for one that has no source; `None` if it is broken.
#[allow(clippy::option_option, reason = "broken and empty are two things")]
fn next(segment: &str, at: &mut [i64; 4]) -> Option<Option<Mapping>> {
    let mut count = 0;
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in segment.bytes() {
        let digit = i64::from(digit(byte)?);
        if shift > 30 {
            return None;
        }
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 != 0 {
            continue;
        }
        // A fifth number is an index into names.
        if let Some(place) = at.get_mut(count) {
            *place += if value & 1 == 0 { value >> 1 } else { -(value >> 1) };
        }
        count += 1;
        (value, shift) = (0, 0);
    }
    if count < 4 {
        return Some(None);
    }
    let [column, source, source_line, source_column] = at.map(|number| u32::try_from(number).ok());
    Some(Some(Mapping {
        column: column?,
        source: source?,
        source_line: source_line?,
        source_column: source_column?,
    }))
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_leads_to_the_mapping_at_or_before_it() {
        // Line 2: column 0 → line 2, column 0; column 5 → line 2, column 15 of the second source.
        let map = SourceMap::read(br#"{"version":3,"sources":["a.ts","b.tsx"],"mappings":";AACA,KCAe"}"#).unwrap();
        assert_eq!(map.find(2, 1), Some(("a.ts", 2, 1)));
        assert_eq!(map.find(2, 5), Some(("a.ts", 2, 1)));
        assert_eq!(map.find(2, 6), Some(("b.tsx", 2, 16)));
        assert_eq!(map.find(2, 999), Some(("b.tsx", 2, 16)));
        assert_eq!(map.find(1, 1), None);
        assert_eq!(map.find(9, 1), None);
        assert_eq!(map.find(0, 0), None);
    }

    #[test]
    fn what_is_no_map_is_none() {
        for text in [
            "",
            "{}",
            r#"{"mappings":"!"}"#,
            r#"{"mappings":"gggggggggggggggA"}"#,
            r#"{"mappings":"DAAA","sources":["a"]}"#,
        ] {
            assert!(SourceMap::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
