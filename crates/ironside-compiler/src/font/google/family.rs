//! Names of families, and what stands in for them.

/// The family that a named export of `next/font/google` stands for: `Roboto_Mono` is Roboto Mono.
pub(in crate::font) fn of_export(name: &str) -> String {
    name.replace('_', " ")
}

/// Words in names of families without which a serif font can't be told from others, since their names don't say it.
const SERIFS: &[&str] = &[
    "Alegreya",
    "Arvo",
    "Bitter",
    "Bodoni",
    "Cormorant",
    "Crimson",
    "Domine",
    "EB Garamond",
    "Fraunces",
    "Frank Ruhl",
    "Gelasio",
    "Instrument Serif",
    "Libre Baskerville",
    "Libre Caslon",
    "Literata",
    "Lora",
    "Lusitana",
    "Merriweather",
    "Newsreader",
    "Old Standard",
    "Playfair",
    "Prata",
    "Rokkitt",
    "Roboto Slab",
    "Serif",
    "Slab",
    "Spectral",
    "Tinos",
    "Vollkorn",
    "Zilla",
];
const MONOS: &[&str] = &[
    "Mono",
    "Code",
    "Courier",
    "Inconsolata",
    "Anonymous Pro",
    "Cousine",
    "VT323",
    "Press Start",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sans,
    Serif,
    Mono,
}

fn kind(family: &str) -> Kind {
    let has = |words: &[&str]| words.iter().any(|word| family.contains(word));
    if has(MONOS) {
        Kind::Mono
    } else if has(SERIFS) && !family.contains("Sans") {
        Kind::Serif
    } else {
        Kind::Sans
    }
}

/// Families of readers' systems that are most like it, the last one being generic.
pub(super) fn system_families(family: &str) -> &'static [&'static str] {
    match kind(family) {
        Kind::Sans => &["system-ui", "Arial", "sans-serif"],
        Kind::Serif => &["Georgia", "'Times New Roman'", "serif"],
        Kind::Mono => &["ui-monospace", "Menlo", "Consolas", "monospace"],
    }
}

/// The font that is shown while the files are loaded.
pub(super) fn stand_in(family: &str, category: Option<&str>) -> String {
    let serif = match category {
        Some(category) => category == "serif",
        None => kind(family) == Kind::Serif,
    };
    let font = if serif { "Times New Roman" } else { "Arial" };
    font.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_family_is_told_from_its_name() {
        for (family, expected) in [
            ("Inter", Kind::Sans),
            ("Source Sans 3", Kind::Sans),
            ("Noto Serif", Kind::Serif),
            ("Playfair Display", Kind::Serif),
            ("Geist Mono", Kind::Mono),
            ("Fira Code", Kind::Mono),
        ] {
            assert_eq!(kind(family), expected, "{family}");
        }
        assert_eq!(of_export("Roboto_Mono"), "Roboto Mono");
    }
}
