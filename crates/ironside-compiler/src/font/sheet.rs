//! What a font becomes: the rules of its stylesheet, and the object that the call gives.

use super::options::{Face, FontOptions};
use crate::style::Preload;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// A font that is ready to be written.
#[derive(Debug)]
pub(super) struct FontSheet {
    /// What stylesheets call the font.
    pub(super) family: String,
    pub(super) options: FontOptions,
    /// The file that paths of font files are relative to.
    pub(super) from: PathBuf,
    pub(super) preload: Preload,
}

impl FontSheet {
    /// The stylesheet. Its `url()`s are as the options have the paths.
    pub(super) fn css(&self, hash: u64) -> String {
        let (name, options) = (&self.family, &self.options);
        let mut css: String = options.faces.iter().map(|face| font_face(name, face, options)).collect();
        if let Some(system) = &options.stand_in {
            css.push_str(&format!(
                "@font-face {{font-family: '{name} Fallback'; src: local(\"{system}\")}}\n"
            ));
        }
        let families = families(name, options);
        let (weight, style) = whole(options);
        let mut rules = vec![format!("font-family: {families}")];
        rules.extend(weight.map(|weight| format!("font-weight: {weight}")));
        rules.extend(style.map(|style| format!("font-style: {style}")));
        css.push_str(&format!(".__className_{hash:08x} {{{}}}\n", rules.join("; ")));
        if let Some(variable) = &options.variable {
            css.push_str(&format!(".__variable_{hash:08x} {{{variable}: {families}}}\n"));
        }
        css
    }

    /// The made module: `{className, style, variable}`.
    pub(super) fn module(&self, hash: u64) -> String {
        let options = &self.options;
        let mut style = Map::from_iter([("fontFamily".to_owned(), Value::from(families(&self.family, options)))]);
        let (weight, font_style) = whole(options);
        if let Some(number) = weight.and_then(|weight| weight.parse::<u32>().ok()) {
            style.insert("fontWeight".to_owned(), number.into());
        }
        if let Some(font_style) = font_style {
            style.insert("fontStyle".to_owned(), font_style.into());
        }
        let mut font = json!({ "className": format!("__className_{hash:08x}"), "style": style });
        if options.variable.is_some() {
            font["variable"] = format!("__variable_{hash:08x}").into();
        }
        format!("export default {font};\n")
    }
}

fn font_face(name: &str, face: &Face, options: &FontOptions) -> String {
    let path = face.path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\a ");
    let mut rules = vec![
        format!("font-family: '{name}'"),
        format!("src: url(\"{path}\") format(\"{}\")", face.format),
        format!("font-display: {}", options.display),
    ];
    rules.extend(
        face.weight
            .as_ref()
            .or(options.weight.as_ref())
            .map(|weight| format!("font-weight: {weight}")),
    );
    rules.extend(
        face.style
            .as_ref()
            .or(options.style.as_ref())
            .map(|style| format!("font-style: {style}")),
    );
    rules.extend(face.unicode_range.as_ref().map(|range| format!("unicode-range: {range}")));
    rules.extend(options.declarations.iter().map(|(name, value)| format!("{name}: {value}")));
    format!("@font-face {{{}}}\n", rules.join("; "))
}

fn families(name: &str, options: &FontOptions) -> String {
    let own = format!("'{name}'");
    let stand_in = options.stand_in.as_ref().map(|_| format!("'{name} Fallback'"));
    [own]
        .into_iter()
        .chain(stand_in)
        .chain(options.fallback.iter().cloned())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Weight and style of what has the font's class: those that the whole font has, but not the range of a variable font.
fn whole(options: &FontOptions) -> (Option<&str>, Option<&str>) {
    let (mut weight, mut style) = (options.weight.as_deref(), options.style.as_deref());
    if let [face] = &options.faces[..] {
        weight = face.weight.as_deref().or(weight);
        style = face.style.as_deref().or(style);
    }
    let single = |value: &&str| !value.trim().contains(' ');
    (weight.filter(single), style.filter(single))
}
