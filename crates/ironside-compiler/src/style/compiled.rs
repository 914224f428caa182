//! A stylesheet file, read and compiled, with its references resolved but not followed.

use super::{
    MadeSheet, Preload, StyleCompiler,
    postcss::WatchedFolder,
    resolve::{Target, is_foreign, resolve, split_suffix},
    sass,
    sheet::{self, ClassName, Sheet, SheetSource, problem},
};
use crate::asset::MediaFile;
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::AssetPath;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct CompiledSheet {
    /// `@layer` statements that come before everything that is imported.
    pub(crate) before: String,
    pub(crate) imports: Vec<Import>,
    pub(crate) rest: String,
    /// Pictures and fonts, by their place in the build folder.
    pub(crate) media: BTreeMap<String, MediaFile>,
    /// Of these the ones that a page loads at once: fonts.
    pub(crate) preload: Vec<AssetPath>,
    /// Of a CSS module.
    pub(crate) names: BTreeMap<String, Vec<Class>>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) watched: Vec<PathBuf>,
    pub(crate) folders: Vec<WatchedFolder>,
}

#[derive(Debug)]
pub(crate) enum Import {
    /// To be put in place of the rule.
    File { path: PathBuf, around: Vec<String> },
    /// The browser loads it; the whole rule.
    Public(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Class {
    Final(String),
    Elsewhere { name: String, file: PathBuf },
}

/// Where stylesheets and media stand to each other in the build folder, so that a move of the whole changes nothing.
const MEDIA_FROM_CSS: &str = "../media/";

pub(crate) fn is_css_module(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        [".module.css", ".module.scss", ".module.sass"]
            .iter()
            .any(|end| name.ends_with(end))
    })
}

pub(crate) async fn compile(compiler: &StyleCompiler, path: &Path) -> Result<CompiledSheet, Diagnostic> {
    match compiler.made(path) {
        Some(made) => compile_made(compiler, &made),
        None => compile_file(compiler, path).await,
    }
}

/// PostCSS is for what applications write.
fn compile_made(compiler: &StyleCompiler, made: &MadeSheet) -> Result<CompiledSheet, Diagnostic> {
    let options = &compiler.options;
    let id = made.from.to_string_lossy();
    let (key, shown) = (options.keys.key(&id), options.keys.shown(&id));
    let source = SheetSource {
        key: &key,
        shown: &shown,
        css: &made.css,
        original: false,
        css_module: false,
        minify: options.minify,
    };
    let mut sheet = sheet::compile(source)?;
    let mut compiled = CompiledSheet {
        warnings: std::mem::take(&mut sheet.warnings),
        ..CompiledSheet::default()
    };
    let references = References {
        compiler,
        path: &made.from,
        source,
    };
    references.resolve_all(sheet, &mut compiled)?;
    compiled.preload = match &made.preload {
        Preload::Nothing => Vec::new(),
        Preload::Everything => compiled.media.values().map(|file| file.url.clone()).collect(),
        Preload::These(paths) => paths
            .iter()
            .map(|path| references.media(path).map(|file| file.url))
            .collect::<Result<_, _>>()?,
    };
    Ok(compiled)
}

async fn compile_file(compiler: &StyleCompiler, path: &Path) -> Result<CompiledSheet, Diagnostic> {
    let options = &compiler.options;
    let id = path.to_string_lossy();
    let (key, shown) = (options.keys.key(&id), options.keys.shown(&id));
    let text = fs::read(path).map_err(|error| {
        Diagnostic::error("unreadable-file", format!("the stylesheet cannot be read: {error}"))
            .at_file(&shown)
            .hint("check that it exists")
    })?;
    let text = String::from_utf8(text).map_err(|_| {
        Diagnostic::error("not-utf-8", "the stylesheet is not UTF-8 text")
            .at_file(&shown)
            .hint("save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let mut compiled = CompiledSheet::default();
    let mut css = text.clone();
    if sass::is_sass(path) {
        let made = sass::compile(options, path, &shown, &text).await?;
        css = made.css;
        compiled.watched = made.dependencies;
    }
    if let Some(postcss) = &compiler.postcss {
        let (processed, warnings) = postcss.run(path, &shown, &css).await?;
        css = processed.css;
        compiled.watched.extend(processed.dependencies);
        // What a build writes must not be a reason for the next one.
        let own = options.root.join(".ironside");
        compiled.folders = processed
            .folders
            .into_iter()
            .filter(|watched| !watched.folder.starts_with(&own))
            .collect();
        compiled.warnings = warnings;
    }
    let source = SheetSource {
        key: &key,
        shown: &shown,
        css: &css,
        original: css == text,
        css_module: is_css_module(path),
        minify: options.minify,
    };
    let mut sheet = sheet::compile(source)?;
    // Nobody can mend the stylesheets of packages.
    if !is_foreign(path) {
        compiled.warnings.append(&mut sheet.warnings);
    }
    References { compiler, path, source }.resolve_all(sheet, &mut compiled)?;
    Ok(compiled)
}

struct References<'a> {
    compiler: &'a StyleCompiler,
    path: &'a Path,
    source: SheetSource<'a>,
}

impl References<'_> {
    fn resolve_all(&self, sheet: Sheet, compiled: &mut CompiledSheet) -> Result<(), Diagnostic> {
        compiled.before = sheet.before;
        compiled.rest = sheet.rest;
        for import in sheet.imports {
            let place = (import.line, import.column);
            compiled
                .imports
                .push(match self.target(&import.specifier, "@import", place)? {
                    Some(path) => Import::File {
                        path,
                        around: import.around,
                    },
                    None => Import::Public(import.rule),
                });
        }
        for url in sheet.urls {
            let text = match self.target(&url.url, "url()", (url.line, url.column))? {
                Some(path) => {
                    let file = self.media(&path)?;
                    let name = file.path.rsplit('/').next().unwrap_or_default();
                    let text = format!("{MEDIA_FROM_CSS}{name}{}", split_suffix(&url.url).1);
                    compiled.watched.push(path);
                    compiled.media.insert(file.path.clone(), file);
                    text
                }
                None => url.url.clone(),
            };
            // Placeholders are always written in quotes.
            compiled.rest = compiled
                .rest
                .replace(&format!("\"{}\"", url.placeholder), &format!("\"{}\"", escape(&text)));
        }
        for (local, classes) in sheet.names {
            let classes = classes.into_iter().map(|class| self.class(class)).collect::<Result<_, _>>()?;
            compiled.names.insert(local, classes);
        }
        Ok(())
    }

    fn class(&self, class: ClassName) -> Result<Class, Diagnostic> {
        Ok(match class {
            ClassName::Final(name) => Class::Final(name),
            ClassName::Elsewhere { name, specifier } => match self.target(&specifier, "composes", (0, 0))? {
                Some(file) => Class::Elsewhere { name, file },
                None => Class::Final(name),
            },
        })
    }

    fn target(&self, specifier: &str, what: &str, place: (u32, u32)) -> Result<Option<PathBuf>, Diagnostic> {
        match resolve(specifier, self.path, &self.compiler.options.packages) {
            Target::File(path) => Ok(Some(path)),
            Target::Public => Ok(None),
            Target::Missing => {
                let place = (place.0 > 0).then_some(place);
                let diagnostic = problem(
                    self.source,
                    &format!("{what} leads to `{specifier}`, which does not exist"),
                    place,
                );
                Err(diagnostic.hint(match what {
                    "@import" => "check the path, or install the package that it names",
                    "url()" => "check the path; a file of the public folder is written from the root, such as url(/image.png)",
                    _ => "check the path",
                }))
            }
        }
    }

    fn media(&self, path: &Path) -> Result<MediaFile, Diagnostic> {
        let content = fs::read(path).map_err(|error| {
            problem(self.source, &format!("{} cannot be read: {error}", path.display()), None).hint("check its permissions")
        })?;
        Ok(MediaFile::new(path, content))
    }
}

/// What a text looks like between double quotes.
fn escape(url: &str) -> String {
    url.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\a ")
}
