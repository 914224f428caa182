//! `next/font/local` in whole builds: where the font goes, which segments load it, and that server and browser agree.

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
