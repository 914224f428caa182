//! The byte scan that spares almost every module any further work.

use memchr::memmem;

/// Whether a module's text may hold a directive, rightly or wrongly written: some quote is followed by `use` and a word
/// that begins like `server`, `client` or `cache`, or by an escape. Wrong answers are always `true`.
pub fn mentions_directive(source: &[u8]) -> bool {
    let mut rest = source;
    while let Some(at) = memchr::memchr3(b'"', b'\'', b'`', rest) {
        rest = &rest[at + 1..];
        let text = skip(rest, |byte| byte.is_ascii_whitespace() || byte == b'-' || byte == b'_');
        if begins_like_directive(text) {
            return true;
        }
    }
    false
}

fn begins_like_directive(text: &[u8]) -> bool {
    match text {
        // An escape may stand for any letter. Strings that begin with one are rare enough to look at the tree.
        [b'\\', b'u' | b'x', ..] => holds_letters_of_use(text),
        [first, second, third, after @ ..] if [*first, *second, *third].eq_ignore_ascii_case(b"use") => {
            let word = skip(after, |byte| byte.is_ascii_whitespace() || byte == b'-' || byte == b'_');
            word.starts_with(b"\\")
                || word.first().is_some_and(|byte| matches!(byte, b's' | b'S' | b'c' | b'C')) && !is_strict(word)
        }
        // One of the letters may be missing, doubled or changed.
        _ => {
            let head = &text[..text.len().min(16)];
            [&b" server"[..], b" client", b" cache", b" sever"]
                .iter()
                .any(|word| memmem::find(head, word).is_some())
        }
    }
}

fn holds_letters_of_use(text: &[u8]) -> bool {
    let head = &text[..text.len().min(80)];
    memchr::memchr2(b's', b'S', head).is_some() || memmem::find(head, b"\\").is_some()
}

fn is_strict(word: &[u8]) -> bool {
    word.starts_with(b"strict")
}

fn skip(bytes: &[u8], which: impl Fn(u8) -> bool) -> &[u8] {
    let count = bytes.iter().take_while(|byte| which(**byte)).count();
    &bytes[count..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_directives_however_they_are_written() {
        for source in [
            "'use server'",
            "\"use client\";",
            "// x\n\n  'use cache'",
            "`use server`",
            "'Use  Server'",
            "'use-sever'",
            "'useserver'",
            r"'use\x20server'",
            r"'use \u0073erver'",
            r"'\u0075se server'",
            "('use server')",
            "' use server'",
        ] {
            assert!(mentions_directive(source.as_bytes()), "{source}");
        }
    }

    #[test]
    fn passes_over_code_without_directives() {
        for source in [
            "'use strict'; const used = 'user';",
            "import { useState } from 'react'; useServer()",
            "",
            "'",
            "'us",
            "'use",
        ] {
            assert!(!mentions_directive(source.as_bytes()), "{source}");
        }
    }
}
