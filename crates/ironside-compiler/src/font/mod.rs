//! `next/font/local` and `next/font/google`: a call of them is read while its module is compiled, and nothing of it is left to run.
//!
//! [`apply`] replaces each `const name = localFont({…})` by an import of a made module, which holds class names and a
//! style, and gives the text of a made stylesheet beside it. The stylesheet has the extension `.css`, so that it goes the
//! way of all stylesheets: which segment needs it, in what order, and where the font files that it refers to are served.
//! Beside the syntax tree only installed packages are looked at ([`google`]); which graph a module belongs to makes no
//! difference.

mod find;
mod google;
mod options;
mod sheet;

use memchr::memmem;
use oxc::{allocator::Allocator, ast::ast::Program, span::Span};
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

use crate::style::MadeSheet;
use google::GoogleFont;
use ironside_diagnostics::Diagnostic;
use options::FontOptions;
use sheet::FontSheet;

/// What applications import.
const LOCAL: &str = "next/font/local";
/// Its named exports stand for families.
pub(crate) const GOOGLE: &str = "next/font/google";
/// Specifiers of made modules begin with it; their ids have a `\0` in front.
const SPECIFIER: &str = "ironside:font/";

/// What has to be known about a module beside its code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FontFacts<'f> {
    /// The file key: class names are made from it.
    pub(crate) key: &'f str,
    /// The file as messages call it.
    pub(crate) shown: &'f str,
    /// The module's id: paths of fonts are relative to it.
    pub(crate) module: &'f str,
    pub(crate) source: &'f str,
}

/// A font that a module declares.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredFont {
    /// The id of the made module, and of its stylesheet.
    pub(crate) id: String,
    /// The made module's text.
    pub(crate) code: String,
    pub(crate) sheet: MadeSheet,
}

/// The fonts of a module, and what its author should know about them.
#[derive(Debug, Default)]
pub(crate) struct DeclaredFonts {
    pub(crate) fonts: Vec<DeclaredFont>,
    pub(crate) warning: Option<Diagnostic>,
}

/// Whether it is worth looking.
pub(crate) fn is_mentioned(source: &[u8]) -> bool {
    memmem::find(source, b"next/font/").is_some()
}

/// The id of the made module with this specifier.
pub(crate) fn module_id(specifier: &str) -> Option<String> {
    specifier.starts_with(SPECIFIER).then(|| format!("\0{specifier}"))
}

/// Whether an id is that of a made module.
pub(crate) fn is_made(id: &str) -> bool {
    id.strip_prefix('\0')
        .is_some_and(|specifier| specifier.starts_with(SPECIFIER))
}

/// Replaces the calls. If something is wrong with one of them, the program is left as it was.
pub(crate) fn apply<'a>(
    program: &mut Program<'a>,
    allocator: &'a Allocator,
    facts: FontFacts<'_>,
) -> Result<DeclaredFonts, Vec<Diagnostic>> {
    let calls = find::calls(program, facts)?;
    let mut made = DeclaredFonts::default();
    let mut names = Vec::new();
    let mut missing = Vec::new();
    for call in calls {
        let hash = xxh3_64(format!("{}\0{}\0{}", facts.key, call.name, call.value).as_bytes()) >> 32;
        let specifier = format!("{SPECIFIER}{}-{hash:08x}.css", call.name);
        names.push((call.name.clone(), format!("$$font_{hash:08x}"), specifier.clone()));
        let sheet = match call.kind {
            FontKind::Local(options) => FontSheet {
                family: call.name,
                preload: options.preloaded(),
                options,
                from: PathBuf::from(facts.module),
            },
            FontKind::Google(font) => font.sheet(facts.module).unwrap_or_else(|| {
                missing.push((font.family.clone(), call.span));
                font.sheet_without_files(facts.module)
            }),
        };
        made.fonts.push(DeclaredFont {
            id: format!("\0{specifier}"),
            code: sheet.module(hash),
            sheet: MadeSheet {
                css: sheet.css(hash),
                from: sheet.from,
                preload: sheet.preload,
            },
        });
    }
    made.warning = google::not_downloaded(&missing, facts);
    find::replace(program, allocator, &names);
    Ok(made)
}

/// A call that was understood.
#[derive(Debug)]
struct FontCall {
    /// The constant that it is assigned to.
    name: String,
    /// The argument as it was read.
    value: serde_json::Value,
    kind: FontKind,
    span: Span,
}

#[derive(Debug)]
enum FontKind {
    Local(FontOptions),
    Google(GoogleFont),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::Preload;
    use oxc::{codegen::Codegen, parser::Parser, span::SourceType};

    fn compiled(source: &str) -> Result<(String, Vec<DeclaredFont>), String> {
        let allocator = Allocator::default();
        let mut program = Parser::new(&allocator, source, SourceType::tsx()).parse().program;
        let facts = FontFacts {
            key: "app/page.tsx",
            shown: "app/page.tsx",
            module: "/site/app/page.tsx",
            source,
        };
        match apply(&mut program, &allocator, facts) {
            Ok(made) => Ok((Codegen::new().build(&program).code, made.fonts)),
            Err(problems) => Err(problems
                .into_iter()
                .map(|problem| problem.message)
                .collect::<Vec<_>>()
                .join("\n")),
        }
    }

    #[test]
    fn a_call_becomes_an_import_and_a_stylesheet() {
        let source = "import localFont from 'next/font/local';\nexport const sans = localFont({ src: './a.woff2', weight: '400', variable: '--sans' });";
        let (code, fonts) = compiled(source).expect("compiles");
        let [font] = &fonts[..] else { panic!("{fonts:?}") };
        let specifier = font.id.trim_start_matches('\0');
        let hash = specifier.trim_start_matches("ironside:font/sans-").trim_end_matches(".css");
        assert_eq!(
            code,
            format!("import $$font_{hash} from \"{specifier}\";\nexport const sans = $$font_{hash};\n")
        );
        assert_eq!(
            font.code,
            format!(
                "export default {{\"className\":\"__className_{hash}\",\"style\":{{\"fontFamily\":\"'sans', 'sans Fallback'\",\"fontWeight\":400}},\
                 \"variable\":\"__variable_{hash}\"}};\n"
            )
        );
        assert_eq!(
            font.sheet.css,
            format!(
                "@font-face {{font-family: 'sans'; src: url(\"./a.woff2\") format(\"woff2\"); font-display: swap; font-weight: 400}}\n\
                 @font-face {{font-family: 'sans Fallback'; src: local(\"Arial\")}}\n\
                 .__className_{hash} {{font-family: 'sans', 'sans Fallback'; font-weight: 400}}\n\
                 .__variable_{hash} {{--sans: 'sans', 'sans Fallback'}}\n"
            )
        );
        assert_eq!(font.sheet.preload, Preload::Everything);
    }

    #[test]
    fn several_files_are_faces_of_one_font() {
        let source = "import font from 'next/font/local';\nconst serif = font({ src: [{ path: 'a.woff', weight: '400' }, { path: 'b.otf', weight: '700', style: 'italic' }],\n\
            display: 'optional', preload: false, adjustFontFallback: false, fallback: ['Georgia', 'serif'], declarations: [{ prop: 'ascent-override', value: '90%' }] } as const);";
        let (_, fonts) = compiled(source).expect("compiles");
        let css = &fonts[0].sheet.css;
        assert!(
            css.contains(
                "src: url(\"a.woff\") format(\"woff\"); font-display: optional; font-weight: 400; ascent-override: 90%}"
            ),
            "{css}"
        );
        assert!(
            css.contains(
                "src: url(\"b.otf\") format(\"opentype\"); font-display: optional; font-weight: 700; font-style: italic;"
            ),
            "{css}"
        );
        assert!(
            css.contains("{font-family: 'serif', Georgia, serif}\n") && !css.contains("Fallback") && !css.contains("--"),
            "{css}"
        );
        assert_eq!(fonts[0].sheet.preload, Preload::Nothing);
        assert!(
            !fonts[0].code.contains("variable") && !fonts[0].code.contains("fontWeight"),
            "{}",
            fonts[0].code
        );
    }

    #[test]
    fn what_cannot_be_read_without_running_it_is_refused() {
        for (source, message) in [
            ("const f = localFont({ src: path });", "literal"),
            ("const f = localFont();", "one object"),
            ("function f() { return localFont({ src: './a.woff2' }); }", "top level"),
            ("let f = localFont({ src: './a.woff2' });", "constant"),
            ("const f = localFont({});", "`src`"),
            ("const f = localFont({ src: './a.txt' });", "woff2"),
            ("const f = localFont({ src: './a.woff2', colour: 'red' });", "`colour`"),
            ("const f = localFont({ src: './a.woff2', variable: 'sans' });", "`variable`"),
            (
                "const f = localFont({ src: './a.woff2', weight: '400; } body { color: red' });",
                "`weight`",
            ),
            ("const f = localFont({ src: './a.woff2', display: 'later' });", "`display`"),
        ] {
            let problem = compiled(&format!("import localFont from 'next/font/local';\n{source}"))
                .map(|(code, _)| code)
                .expect_err(source);
            assert!(problem.contains(message), "{source}: {problem}");
        }
    }

    #[test]
    fn other_modules_are_left_alone() {
        let source = "import localFont from './next/font/local';\nconst f = localFont({ src: 1 });\n";
        assert!(compiled(source).is_ok_and(|(_, fonts)| fonts.is_empty()));
        assert!(is_mentioned(b"from 'next/font/local'") && is_mentioned(b"from 'next/font/google'"));
        assert!(!is_mentioned(b"from 'next/link'"));
    }

    #[test]
    fn fonts_of_google_become_classes_and_a_family_of_the_system_behind_the_name() {
        let source = "import { Inter, Roboto_Mono as Mono } from 'next/font/google';\n\
            export const inter = Inter({ subsets: ['latin'], variable: '--inter', display: 'swap' });\nconst mono = Mono({ weight: '700', fallback: ['Courier'] });";
        let (code, fonts) = compiled(source).expect("compiles");
        assert!(
            !code.contains("next/font") && code.contains("export const inter = $$font_"),
            "{code}"
        );
        let [inter, mono] = &fonts[..] else { panic!("{fonts:?}") };
        assert!(
            inter.sheet.css.contains("{--inter: 'Inter', system-ui, Arial, sans-serif}")
                && !inter.sheet.css.contains("@font-face"),
            "{}",
            inter.sheet.css
        );
        assert!(inter.code.contains("\"variable\":\"__variable_"), "{}", inter.code);
        assert!(
            mono.sheet
                .css
                .contains("{font-family: 'Roboto Mono', Courier, ui-monospace, Menlo, Consolas, monospace; font-weight: 700; font-style: normal}"),
            "{}",
            mono.sheet.css
        );
        assert!(mono.code.contains("\"fontWeight\":700"), "{}", mono.code);
    }

    #[test]
    fn a_font_of_google_needs_no_options_and_cannot_be_called_inside_of_a_function() {
        let source = "import { Inter } from 'next/font/google';\nconst inter = Inter();";
        assert_eq!(compiled(source).expect("compiles").1.len(), 1);
        for (source, message) in [
            (
                "import { Inter } from 'next/font/google';\nexport const f = () => Inter();",
                "top level",
            ),
            (
                "import * as fonts from 'next/font/google';\nconst f = fonts.Inter();",
                "top level",
            ),
            (
                "import { Inter } from 'next/font/google';\nconst f = Inter(options);",
                "literal",
            ),
            (
                "import { Inter } from 'next/font/google';\nconst f = Inter({ variable: 'inter' });",
                "`variable`",
            ),
        ] {
            let problem = compiled(source).map(|(code, _)| code).expect_err(source);
            assert!(problem.contains(message), "{source}: {problem}");
        }
    }
}
