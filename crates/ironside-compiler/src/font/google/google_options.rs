//! The argument of a loader of `next/font/google`.

use crate::font::options::{display, fallback, flag, is_value, variable};
use serde_json::{Map, Value};

/// See the module's documentation. What it doesn't name (`axes`) changes nothing here. Every text may stand in CSS as it is.
#[derive(Debug, Clone)]
pub(in crate::font) struct GoogleOptions {
    /// Empty: all that there are, as of a variable font.
    pub(super) weights: Vec<String>,
    pub(super) styles: Vec<String>,
    pub(super) subsets: Vec<String>,
    pub(super) display: String,
    pub(super) preload: bool,
    pub(super) variable: Option<String>,
    pub(super) fallback: Vec<String>,
    /// Whether a font of the system stands in until the files are there.
    pub(super) adjust: bool,
}

impl Default for GoogleOptions {
    fn default() -> Self {
        Self {
            weights: Vec::new(),
            styles: vec!["normal".to_owned()],
            subsets: Vec::new(),
            display: "swap".to_owned(),
            preload: true,
            variable: None,
            fallback: Vec::new(),
            adjust: true,
        }
    }
}

impl GoogleOptions {
    /// Reads the argument; the error is what is wrong with it.
    pub(in crate::font) fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(map) = value else {
            return Err("the options of a font have to be an object".to_owned());
        };
        let mut weights = list(map, "weight")?;
        weights.retain(|weight| weight != "variable");
        let mut styles = list(map, "style")?;
        if styles.is_empty() {
            styles.push("normal".to_owned());
        }
        Ok(Self {
            weights,
            styles,
            subsets: list(map, "subsets")?,
            display: display(map)?,
            preload: flag(map, "preload")?.unwrap_or(true),
            variable: variable(map)?,
            fallback: fallback(map)?,
            adjust: flag(map, "adjustFontFallback")?.unwrap_or(true),
        })
    }
}

/// A value, or a list of them; weights are often written as numbers.
fn list(map: &Map<String, Value>, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{name}` has to be a value as CSS knows it, or a list of them");
    let text = |value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(wrong()),
        };
        if is_value(&text) { Ok(text) } else { Err(wrong()) }
    };
    match map.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(text).collect(),
        Some(value) => Ok(vec![text(value)?]),
    }
}
