//! The argument of `localFont`.

use crate::style::Preload;
use serde_json::{Map, Value};

const KNOWN: &[&str] = &[
    "src",
    "weight",
    "style",
    "display",
    "preload",
    "variable",
    "fallback",
    "adjustFontFallback",
    "declarations",
];
const DISPLAYS: &[&str] = &["auto", "block", "swap", "fallback", "optional"];
/// Endings of font files, and what CSS calls their format.
const FORMATS: &[(&str, &str)] = &[
    ("woff2", "woff2"),
    ("woff", "woff"),
    ("ttf", "truetype"),
    ("otf", "opentype"),
    ("eot", "embedded-opentype"),
];

/// What a font is made of. Every text in it may stand in CSS as it is, or between quotes.
#[derive(Debug, Clone)]
pub(super) struct FontOptions {
    pub(super) faces: Vec<Face>,
    pub(super) weight: Option<String>,
    pub(super) style: Option<String>,
    pub(super) display: String,
    pub(super) preload: bool,
    /// `--name`.
    pub(super) variable: Option<String>,
    /// Families behind the font.
    pub(super) fallback: Vec<String>,
    /// A font of the reader's system that stands in while this one is loaded.
    pub(super) stand_in: Option<String>,
    /// Further descriptors of every `@font-face`.
    pub(super) declarations: Vec<(String, String)>,
}

/// A font file.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) weight: Option<String>,
    pub(super) style: Option<String>,
    /// The letters that are in it, if others are in other files.
    pub(super) unicode_range: Option<String>,
}

impl FontOptions {
    /// Of a local font all files are loaded at once, or none.
    pub(super) fn preloaded(&self) -> Preload {
        if self.preload { Preload::Everything } else { Preload::Nothing }
    }

    /// Reads the argument; the error is what is wrong with it.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(map) = value else {
            return Err("the argument of `localFont` has to be an object".to_owned());
        };
        if let Some(unknown) = map.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(format!("`localFont` knows no option `{unknown}`"));
        }
        let (weight, style) = (css_text(map, "weight")?, css_text(map, "style")?);
        let display = display(map)?;
        Ok(Self {
            faces: faces(map)?,
            weight,
            style,
            display,
            preload: flag(map, "preload")?.unwrap_or(true),
            variable: variable(map)?,
            fallback: fallback(map)?,
            stand_in: stand_in(map)?,
            declarations: declarations(map)?,
        })
    }
}

/// How letters look until the font is there.
pub(super) fn display(map: &Map<String, Value>) -> Result<String, String> {
    let display = text(map, "display")?.unwrap_or_else(|| "swap".to_owned());
    if DISPLAYS.contains(&display.as_str()) {
        Ok(display)
    } else {
        Err(format!("`display` has to be one of {}", DISPLAYS.join(", ")))
    }
}

fn faces(map: &Map<String, Value>) -> Result<Vec<Face>, String> {
    let wrong = || "`src` has to be the path of a font file, or a list of `{ path, weight, style }`".to_owned();
    match map.get("src") {
        Some(Value::String(path)) => Ok(vec![face(path, None, None)?]),
        Some(Value::Array(list)) if !list.is_empty() => list
            .iter()
            .map(|item| {
                let item = item.as_object().ok_or_else(wrong)?;
                let path = item.get("path").and_then(Value::as_str).ok_or_else(wrong)?;
                face(path, css_text(item, "weight")?, css_text(item, "style")?)
            })
            .collect(),
        _ => Err(wrong()),
    }
}

fn face(path: &str, weight: Option<String>, style: Option<String>) -> Result<Face, String> {
    let ending = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let known = FORMATS.iter().find(|(known, _)| *known == ending);
    let (_, format) = known.ok_or_else(|| format!("`{path}` is no font file: woff2, woff, ttf, otf and eot are known"))?;
    Ok(Face {
        path: path.to_owned(),
        format,
        weight,
        style,
        unicode_range: None,
    })
}

pub(super) fn variable(map: &Map<String, Value>) -> Result<Option<String>, String> {
    let Some(name) = text(map, "variable")? else { return Ok(None) };
    let valid = name
        .strip_prefix("--")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')));
    if valid {
        Ok(Some(name))
    } else {
        Err("`variable` has to be the name of a CSS variable, such as `--font-sans`".to_owned())
    }
}

pub(super) fn fallback(map: &Map<String, Value>) -> Result<Vec<String>, String> {
    let wrong = || "`fallback` has to be a list of font families".to_owned();
    match map.get("fallback") {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            let family = |item: &Value| {
                item.as_str()
                    .filter(|family| is_value(family))
                    .map(str::to_owned)
                    .ok_or_else(wrong)
            };
            list.iter().map(family).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn stand_in(map: &Map<String, Value>) -> Result<Option<String>, String> {
    match map.get("adjustFontFallback") {
        None => Ok(Some("Arial".to_owned())),
        Some(Value::Bool(false)) => Ok(None),
        Some(Value::String(name)) if name == "Arial" || name == "Times New Roman" => Ok(Some(name.clone())),
        Some(_) => Err("`adjustFontFallback` has to be 'Arial', 'Times New Roman' or false".to_owned()),
    }
}

fn declarations(map: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let wrong = || "`declarations` has to be a list of `{ prop, value }`".to_owned();
    let list = match map.get("declarations") {
        None => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or_else(wrong)?,
    };
    let pair = |item: &Value| {
        let prop = item
            .get("prop")
            .and_then(Value::as_str)
            .filter(|prop| is_value(prop) && !prop.contains(':'))
            .ok_or_else(wrong)?;
        let value = item
            .get("value")
            .and_then(Value::as_str)
            .filter(|value| is_value(value))
            .ok_or_else(wrong)?;
        Ok((prop.to_owned(), value.to_owned()))
    };
    list.iter().map(pair).collect()
}

pub(super) fn text(map: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match map.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{name}` has to be a string")),
    }
}

/// A value that is written into CSS. Weights are often written as numbers.
fn css_text(map: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    let found = match map.get(name) {
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => text(map, name)?,
    };
    match found {
        Some(value) if !is_value(&value) => Err(format!("`{name}` has to be a value as CSS knows it")),
        found => Ok(found),
    }
}

pub(super) fn flag(map: &Map<String, Value>, name: &str) -> Result<Option<bool>, String> {
    map.get(name)
        .map(|value| value.as_bool().ok_or_else(|| format!("`{name}` has to be true or false")))
        .transpose()
}

/// Whether a text stays inside of the declaration that it is written into.
pub(super) fn is_value(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains([';', '{', '}', '\n', '\\', '<']) && !text.contains("/*")
}
