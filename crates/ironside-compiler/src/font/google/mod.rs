//! `next/font/google`. A build asks no network, so fonts are not downloaded: the files come from a package of Fontsource if
//! the application has it installed, and otherwise the family's name is followed by families of the reader's system.

pub(super) mod family;
mod fontsource;
mod google_options;

use super::{
    FontFacts,
    options::{Face, FontOptions},
    sheet::FontSheet,
};
use crate::style::Preload;
use fontsource::Package;
pub(super) use google_options::GoogleOptions;
use ironside_diagnostics::Diagnostic;
use oxc::span::Span;
use std::path::{Path, PathBuf};

/// A call of a loader.
#[derive(Debug, Clone)]
pub(super) struct GoogleFont {
    pub(super) family: String,
    pub(super) options: GoogleOptions,
}

impl GoogleFont {
    /// A call without options.
    pub(super) fn plain(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            options: GoogleOptions::default(),
        }
    }

    /// The font with the files of an installed package; `None` if there is none that has it.
    pub(super) fn sheet(&self, module: &str) -> Option<FontSheet> {
        let package = fontsource::find(Path::new(module), &self.family, self.options.weights.is_empty())?;
        let faces = package.faces(&self.options);
        if faces.is_empty() {
            return None;
        }
        let stand_in = self
            .options
            .adjust
            .then(|| family::stand_in(&self.family, package.category.as_deref()));
        Some(FontSheet {
            family: self.family.clone(),
            options: self.font_options(faces, stand_in, self.options.fallback.clone()),
            from: package.folder.join("package.json"),
            preload: self.preloaded(&package),
        })
    }

    /// The name alone: readers who have the font see it, the others see what is most like it on their system.
    pub(super) fn sheet_without_files(&self, module: &str) -> FontSheet {
        let mut fallback = self.options.fallback.clone();
        fallback.extend(family::system_families(&self.family).iter().map(|&family| family.to_owned()));
        FontSheet {
            family: self.family.clone(),
            options: self.font_options(Vec::new(), None, fallback),
            from: PathBuf::from(module),
            preload: Preload::Nothing,
        }
    }

    fn font_options(&self, faces: Vec<Face>, stand_in: Option<String>, fallback: Vec<String>) -> FontOptions {
        let options = &self.options;
        let single = |list: &[String]| match list {
            [one] => Some(one.clone()),
            _ => None,
        };
        FontOptions {
            faces,
            weight: single(&options.weights),
            style: single(&options.styles),
            display: options.display.clone(),
            preload: options.preload,
            variable: options.variable.clone(),
            fallback,
            stand_in,
            declarations: Vec::new(),
        }
    }

    /// Of the files those of the subsets that the application asks for.
    fn preloaded(&self, package: &Package) -> Preload {
        if !self.options.preload {
            return Preload::Nothing;
        }
        Preload::These(package.files_of_subsets(&self.options))
    }
}

/// One warning for all fonts of a module that no files were found for.
pub(super) fn not_downloaded(missing: &[(String, Span)], facts: FontFacts<'_>) -> Option<Diagnostic> {
    let (_, span) = missing.first()?;
    let mut families: Vec<&str> = missing.iter().map(|(family, _)| family.as_str()).collect();
    families.dedup();
    let message = format!(
        "fonts are not downloaded while building: readers who do not have {} see a font of their system",
        families.join(", ")
    );
    let packages: Vec<String> = families.iter().map(|family| fontsource::variable_package(family)).collect();
    Some(
        Diagnostic::warning("google-font", message)
            .at(facts.shown, facts.source, span.start..span.end)
            .hint(format!(
                "`npm install {}` (or `@fontsource/…` for fonts that are not variable): the build takes the files from there; or use `next/font/local`",
                packages.join(" ")
            )),
    )
}
