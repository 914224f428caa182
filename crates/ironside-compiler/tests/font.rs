//! `next/font/local` and `next/font/google` in whole builds: where the font goes, which segments load it, and that server and browser agree.

mod build_support;

use build_support::App;

const LAYOUT_FONT: &str =
    "import localFont from 'next/font/local';\nexport const sans = localFont({ src: './sans.woff2', variable: '--sans' });\n";

fn app() -> App {
    let app = App::new("whole");
    app.write("lib/sans.woff2", "wOF2 sans");
    app.write("lib/font.ts", LAYOUT_FONT);
    app
}

#[tokio::test]
async fn a_font_is_served_under_a_hashed_name_and_loaded_by_the_segments_that_use_it() {
    let app = app();
    app.write(
        "app/fonts/page.tsx",
        "import { sans } from '../../lib/font';\nexport default () => <p className={sans.className}>x</p>;",
    );
    let manifest = app.build().await.expect("builds").manifest;
    let segment = &manifest.segments["app/fonts/page.tsx"];
    let [font] = &segment.fonts[..] else {
        panic!("{:?}", segment.fonts)
    };
    assert!(
        font.starts_with("/_next/static/media/sans.") && font.ends_with(".woff2"),
        "{font}"
    );
    assert_eq!(manifest.assets[font].content_type, "font/woff2");
    let files = app.files();
    assert_eq!(files[&manifest.assets[font].file], b"wOF2 sans");
    let [sheet] = &segment.styles[..] else {
        panic!("{:?}", segment.styles)
    };
    let css = String::from_utf8_lossy(&files[&manifest.assets[sheet].file]).into_owned();
    assert!(
        css.contains("@font-face") && css.contains(&font.replace("/_next/static/", "../")),
        "{css}"
    );
    assert!(manifest.segments["app/page.tsx"].fonts.is_empty());
    let module = app.node(&format!(
        "import Page from './{}'; console.log(Page().props.className)",
        segment.chunk
    ));
    assert!(css.contains(&format!(".{module}{{")), "{module}: {css}");
}

#[tokio::test]
async fn client_components_and_the_server_have_the_same_class() {
    let app = app();
    app.write("components/label.tsx", "'use client';\nimport { sans } from '../lib/font';\nexport function Label() { return <b className={sans.variable}>x</b>; }");
    app.write("app/fonts/page.tsx", "import { Label } from '../../components/label';\nimport { sans } from '../../lib/font';\nexport default () => <p className={sans.variable}><Label /></p>;");
    let manifest = app.build().await.expect("builds").manifest;
    assert_eq!(manifest.segments["app/fonts/page.tsx"].fonts.len(), 1);
    let class = |folder: &str| {
        app.code(folder)
            .split("__variable_")
            .nth(1)
            .map(|rest| rest.chars().take(8).collect::<String>())
    };
    assert!(class("static").is_some());
    assert_eq!(class("static"), class("server/rsc"));
    assert_eq!(class("static"), class("server/ssr"));
}

#[tokio::test]
async fn a_font_that_is_not_there_is_told_with_the_module_that_wants_it() {
    let app = app();
    app.write("app/fonts/page.tsx", "import localFont from 'next/font/local';\nconst sans = localFont({ src: './missing.woff2' });\nexport default () => <p className={sans.className}>x</p>;");
    let said = app.failure().await;
    for part in ["app/fonts/page.tsx", "./missing.woff2", "does not exist"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn options_that_are_computed_are_refused_at_their_place() {
    let app = app();
    app.write("app/fonts/page.tsx", "import localFont from 'next/font/local';\nconst file = './a.woff2';\nconst sans = localFont({ src: file });\nexport default () => <p className={sans.className}>x</p>;");
    let said = app.failure().await;
    assert!(
        said.contains("error[local-font]") && said.contains("app/fonts/page.tsx:3:24"),
        "{said}"
    );
}

const INTER: &str = "import { Inter } from 'next/font/google';\nconst inter = Inter({ subsets: ['latin'] });\nexport default () => <p className={inter.className}>x</p>;";

#[tokio::test]
async fn a_font_of_google_is_no_reason_for_a_build_to_fail() {
    let app = app();
    app.write("app/fonts/page.tsx", INTER);
    let output = app.build().await.expect("builds");
    let warnings: Vec<&str> = output.warnings.iter().map(|warning| warning.message.as_str()).collect();
    let [warning] = warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.contains("not downloaded") && warning.contains("Inter"), "{warning}");
    let segment = &output.manifest.segments["app/fonts/page.tsx"];
    assert!(segment.fonts.is_empty());
    let css = String::from_utf8_lossy(&app.files()[&output.manifest.assets[&segment.styles[0]].file]).into_owned();
    assert!(css.contains("system-ui") && !css.contains("url("), "{css}");
}

#[tokio::test]
async fn a_font_of_google_is_taken_from_an_installed_package() {
    let app = app();
    app.write("app/fonts/page.tsx", INTER);
    app.write(
        "node_modules/@fontsource-variable/inter/metadata.json",
        r#"{"id":"inter","family":"Inter","subsets":["cyrillic","latin"],"weights":[100,900],"styles":["normal"],"category":"sans-serif"}"#,
    );
    app.write(
        "node_modules/@fontsource-variable/inter/unicode.json",
        r#"{"cyrillic":"U+0301,U+0400-045F","latin":"U+0000-00FF"}"#,
    );
    for subset in ["latin", "cyrillic"] {
        let file = format!("node_modules/@fontsource-variable/inter/files/inter-{subset}-wght-normal.woff2");
        app.write(&file, &format!("wOF2 {subset}"));
    }
    let output = app.build().await.expect("builds");
    assert!(output.warnings.is_empty(), "{:?}", output.warnings);
    let (manifest, files) = (output.manifest, app.files());
    let segment = &manifest.segments["app/fonts/page.tsx"];
    let [font] = &segment.fonts[..] else {
        panic!("only the subset that is asked for is loaded ahead: {:?}", segment.fonts)
    };
    assert_eq!(files[&manifest.assets[font].file], b"wOF2 latin");
    let css = String::from_utf8_lossy(&files[&manifest.assets[&segment.styles[0]].file]).into_owned();
    assert_eq!(css.matches("unicode-range").count(), 2, "{css}");
    assert!(css.contains("font-weight:100 900") && css.contains("U+400-45F"), "{css}");
}
