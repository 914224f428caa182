//! What people, tools and the overlay get to see of one diagnostic.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use ironside_diagnostics::{Diagnostic, render};

const SOURCE: &str = "import x from 'y';\n'use server';\nexport async function f() { return x; }\n";

fn misplaced() -> Diagnostic {
    Diagnostic::error("directive-not-first", "`'use server'` has to be at the top of the file")
        .at("app/actions.ts", SOURCE, 19..32)
        .label("comes after a statement")
        .also(0..18, "this statement")
        .note("app/page.tsx imports it")
        .hint("move it to the first line")
        .link("https://example.com/directives")
}

#[test]
fn the_terminal_shows_frame_labels_notes_and_hint() {
    let expected = "\
error[directive-not-first]: `'use server'` has to be at the top of the file
 --> app/actions.ts:2:1
  |
1 | import x from 'y';
  | ------------------ this statement
2 | 'use server';
  | ^^^^^^^^^^^^^ comes after a statement
  |
  = note: app/page.tsx imports it
  = help: move it to the first line
  = note: see https://example.com/directives";
    assert_eq!(render::plain(&misplaced()), expected);
    assert!(render::colored(&misplaced()).contains("\u{1b}["));
}

#[test]
fn a_mark_that_nothing_explains_stands_among_its_lines() {
    let source = "a\nfunction Page() {\n  return <p>never closed;\n}\nb\nc\nd\n";
    let expected = "\
error[syntax-error]: unexpected token
 --> app/page.tsx:4:1
  |
2 | function Page() {
3 |   return <p>never closed;
4 | }
  | ^
5 | b
6 | c
  |";
    let diagnostic = Diagnostic::error("syntax-error", "unexpected token").at("app/page.tsx", source, 46..47);
    assert_eq!(render::plain(&diagnostic), expected);
}

#[test]
fn a_place_without_source_has_a_header_only() {
    let diagnostic = Diagnostic::warning("config", "unknown key")
        .at_line("next.config.mjs", 3, 7, None)
        .hint("remove it");
    assert_eq!(
        render::plain(&diagnostic),
        "warning[config]: unknown key\n--> next.config.mjs:3:7\n = help: remove it"
    );
    let diagnostic = Diagnostic::error("missing", "no root layout").at_file("app");
    assert!(
        render::plain(&diagnostic).contains("--> app"),
        "{}",
        render::plain(&diagnostic)
    );
    assert_eq!(diagnostic.to_string(), "error[missing] app: no root layout");
}

#[test]
fn control_characters_of_a_message_do_not_reach_the_terminal() {
    let diagnostic = Diagnostic::error("x", "bad \u{1b}[2J name").at("a\u{7}.ts", "let \u{1b}[31m = 1", 4..5);
    assert!(!render::plain(&diagnostic).contains(['\u{1b}', '\u{7}']));
}

#[test]
#[allow(clippy::reversed_empty_ranges, reason = "it has to be survived")]
fn ranges_outside_of_the_source_do_not_matter() {
    for span in [0..0, 0..9999, 9999..9999, 50..2, 3..4] {
        let diagnostic = Diagnostic::error("x", "m")
            .at("a.ts", "zwölf\n", span.clone())
            .also(span, "also");
        assert!(render::plain(&diagnostic).contains("error[x]: m"));
        assert!(render::json(&diagnostic).contains("\"code\":\"x\""));
    }
    assert!(render::plain(&Diagnostic::error("x", "m").at("a.ts", "", 0..5)).contains("a.ts"));
}

#[test]
fn json_has_place_and_frame_but_not_the_whole_source() {
    let value: serde_json::Value = serde_json::from_str(&render::json(&misplaced())).unwrap();
    assert_eq!(value["severity"], "error");
    assert_eq!(value["place"]["line"], 2);
    assert_eq!(value["place"].get("source"), None);
    assert_eq!(value["frame"][1]["text"], "'use server';");
    assert_eq!(
        value["frame"][1]["marks"][0],
        serde_json::json!({"start": 0, "end": 13, "primary": true, "label": "comes after a statement"})
    );
    assert_eq!(render::json_lines([&misplaced(), &misplaced()]).lines().count(), 2);
}

#[test]
fn the_overlay_puts_errors_first_and_its_page_escapes_the_source() {
    let source = "const a = '<script>alert(1)</script>';";
    let warning = Diagnostic::warning("w", "a <b> warning").at("app/<x>.tsx", source, 10..37);
    let overlay = render::overlay(&[warning.clone(), misplaced()]);
    assert_eq!(overlay.title, "Build failed");
    assert_eq!(overlay.entries[0].severity, "error");
    let page = render::overlay_page(&[warning]);
    assert!(
        !page.contains("<script") && !page.contains("<b>") && !page.contains("<x>"),
        "{page}"
    );
    assert!(page.contains("app/&lt;x&gt;.tsx:1:11"));
}

#[test]
fn the_summary_counts() {
    assert_eq!(render::summary(2, 1), "2 errors, 1 warning");
    assert_eq!(render::summary(0, 0), "");
}
