//! Golden frames: for each frame one file with encoded frames one after the other, and one with what they decode to. The
//! bytes are made from the description alone, so the typed codecs of both languages are tested against a third party.

use ironside_worker::wire::sample::{Size, sample};
use ironside_worker::wire::schema::{FrameSchema, camel_case};
use ironside_worker::wire::{FRAMES, FrameHeader};
use serde_json::{Value, json};

/// Bytes of long fields in the largest samples; the limits themselves are tested in Rust.
const BUDGET: usize = 6 * 1024;

/// File names and contents.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    FRAMES
        .iter()
        .flat_map(|frame| {
            let (bytes, values) = frames(frame);
            let name = file_name(frame.payload.name);
            let mut text = serde_json::to_string_pretty(&Value::Array(values)).unwrap_or_default();
            text.push('\n');
            [(format!("{name}.bin"), bytes), (format!("{name}.json"), text.into_bytes())]
        })
        .collect()
}

/// `AfterDone` to `after-done`.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for letter in camel_case(name).chars() {
        if letter.is_ascii_uppercase() && !file.is_empty() {
            file.push('-');
        }
        file.push(letter.to_ascii_lowercase());
    }
    file
}

fn frames(frame: &FrameSchema) -> (Vec<u8>, Vec<Value>) {
    let mut bytes = Vec::new();
    let mut values = Vec::new();
    // Several typical values, so that each variant of a union comes up.
    let sizes = [Size::Minimal, Size::Limit].into_iter().chain([Size::Typical; 8]);
    for (number, size) in (1_u16..).zip(sizes) {
        let made = sample(frame, size, u64::from(number), BUDGET);
        let job = u32::from(number) * 0x0101_0101;
        FrameHeader {
            len: u32::try_from(made.payload.len()).unwrap_or(0),
            code: frame.code,
            flags: 0,
            seq: number,
            job,
        }
        .write(&mut bytes);
        bytes.extend_from_slice(&made.payload);
        values.push(json!({ "job": job, "seq": number, "frame": made.json }));
    }
    (bytes.to_vec(), values)
}
