//! Fuzzes the one reader of paths. Whatever comes in, what comes out has one form and means the same: the matcher of the proxy
//! and the router can't be shown two different paths.
//!
//! `fuzz-url [MINUTES] [SEED]` from the repository's root.
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]
#![allow(clippy::disallowed_methods, reason = "it has no settings but its arguments")]

use anyhow::Result;
use ironside_fuzz::{Dice, Session, mutate};
use ironside_server::url::{Canonical, canonicalise, decoded};

const WORDS: [&[u8]; 26] = [
    b"/",
    b"//",
    b"\\",
    b".",
    b"..",
    b"/./",
    b"/../",
    b"%2e",
    b"%2E%2e",
    b"%2f",
    b"%5c",
    b"%25",
    b"%252e",
    b"%00",
    b"%",
    b"%c3%a9",
    b"%ff",
    b"%ed%a0%80",
    b"\xc3\xa9",
    b";",
    b"?",
    b"#",
    b"secret",
    b"%73ecret",
    b"a",
    b" ",
];

fn make(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut path = if dice.one_in(4) && !corpus.is_empty() {
        dice.pick(corpus).clone()
    } else {
        let mut path = vec![b'/'];
        for _ in 0..dice.below(12) {
            path.extend_from_slice(dice.pick::<&[u8]>(&WORDS));
        }
        path
    };
    if dice.one_in(2) {
        mutate(dice, &mut path, &WORDS);
    }
    path
}

/// The same path with some of its plain letters written as `%XX`.
fn respelt(path: &str, dice: &mut Dice) -> String {
    let mut skip = 0;
    path.chars()
        .map(|letter| {
            if skip > 0 {
                skip -= 1;
                return letter.to_string();
            }
            if letter == '%' {
                skip = 2;
                return letter.to_string();
            }
            if letter.is_ascii_alphanumeric() && dice.one_in(2) {
                format!("%{:02x}", u32::from(letter))
            } else {
                letter.to_string()
            }
        })
        .collect()
}

fn check(input: &[u8], dice: &mut Dice) {
    let Ok(path) = std::str::from_utf8(input) else { return };
    let Ok(found) = canonicalise(path) else { return };
    let (Canonical::Path(canonical) | Canonical::Redirect(canonical)) = &found;
    assert!(
        canonical.starts_with('/') && !canonical.starts_with("//"),
        "a path of this site"
    );
    assert!(!canonical.contains("//") && !canonical.contains('\\'), "single slashes");
    assert!(
        !canonical.split('/').any(|segment| segment == "." || segment == ".."),
        "no dot segments"
    );
    assert_eq!(canonicalise(canonical), Ok(Canonical::Path(canonical.clone())), "one form");
    // A segment means itself: what it decodes to holds no way out of it that was not written as one.
    for segment in canonical.split('/') {
        let text = decoded(segment);
        assert!(text != "." && text != "..", "a dot segment in disguise");
    }
    // However plain letters are written, the path is the same. A fragment or query isn't part of it.
    let other = respelt(path, dice);
    assert_eq!(canonicalise(&other), Ok(found.clone()), "{other}");
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = Session::begin("url", &arguments)?.run(make, check)?;
    println!("fuzz-url: {count} paths, no finding");
    Ok(())
}
