//! Fuzzes the reader of multipart bodies of actions. The same bytes have the same parts in whatever pieces they come, and what
//! the reader takes is what a plain reader with all the bytes before it finds.
//!
//! `fuzz-multipart [MINUTES] [SEED]` from the repository's root.
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]
#![allow(clippy::disallowed_methods, reason = "it has no settings but its arguments")]

use anyhow::Result;
use ironside_flight::multipart::{Head, Parts, Reader};
use ironside_flight::{Boundary, Refusal};
use ironside_fuzz::{Dice, Session, mutate};

const BOUNDARY: &str = "xYz";
const LONGEST_HEAD: usize = 512;
const WORDS: [&[u8]; 22] = [
    b"\r\n--xYz",
    b"--xYz",
    b"\r\n--xYz\r\n",
    b"\r\n--xYz--",
    b"\r\n--xYz--\r\n",
    b"--",
    b"\r\n",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\r\n--xY",
    b"\r\n--xYzz",
    b"Content-Disposition: form-data; name=\"a\"\r\n\r\n",
    b"Content-Disposition: form-data; name=\"b\"; filename=\"f\"\r\n",
    b"Content-Type: text/plain\r\n\r\n",
    b"content-disposition:form-data;name=a\r\n\r\n",
    b"; filename*=utf-8''x",
    b"name=\"%22\"",
    b"\"",
    b"\0",
    b"\xff",
    b" ",
];

/// What was read: name, whether it is a file, contents, whether it has ended.
type Part = (String, bool, Vec<u8>, bool);

/// The parts that were read.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Found(Vec<Part>);

impl Parts for Found {
    fn begin(&mut self, head: &Head<'_>, _: usize) -> Result<(), Refusal> {
        self.0.push((head.name.clone().into_owned(), head.is_file, Vec::new(), false));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let part = self.0.last_mut().ok_or(Refusal::Multipart)?;
        part.2.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        let part = self.0.last_mut().ok_or(Refusal::Multipart)?;
        part.3 = true;
        Ok(())
    }
}

fn make(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    if dice.one_in(5) && !corpus.is_empty() {
        let mut body = dice.pick(corpus).clone();
        mutate(dice, &mut body, &WORDS);
        return body;
    }
    let mut body = Vec::new();
    for part in 0..dice.below(4) {
        body.extend_from_slice(if part == 0 { b"--xYz\r\n" } else { b"\r\n--xYz\r\n" });
        body.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        body.extend_from_slice(dice.pick::<&[u8]>(&[&b"a"[..], b"b%22", b"", b"\xc3\xa9", b"$ACTION_ID_x"]));
        body.extend_from_slice(dice.pick::<&[u8]>(&[&b"\"\r\n\r\n"[..], b"\"; filename=\"f\"\r\nContent-Type: x/y\r\n\r\n"]));
        for _ in 0..dice.below(6) {
            body.extend_from_slice(dice.pick::<&[u8]>(&WORDS));
        }
        for _ in 0..dice.below(30) {
            body.push(dice.byte());
        }
    }
    body.extend_from_slice(b"\r\n--xYz--\r\n");
    if dice.one_in(3) {
        mutate(dice, &mut body, &WORDS);
    }
    body
}

/// Reads the body in pieces. `None` if it is refused.
fn read(body: &[u8], mut piece: impl FnMut() -> usize) -> Option<Found> {
    let boundary = Boundary::of(&format!("multipart/form-data; boundary={BOUNDARY}")).ok()??;
    let mut reader = Reader::new(&boundary, LONGEST_HEAD);
    let mut found = Found::default();
    let mut rest = body;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(piece().clamp(1, rest.len()));
        reader.feed(now, &mut found).ok()?;
        rest = later;
    }
    reader.finish().ok()?;
    Some(found)
}

fn check(input: &[u8], dice: &mut Dice) {
    let whole = read(input, || usize::MAX);
    assert_eq!(read(input, || 1), whole, "byte by byte");
    assert_eq!(read(input, || 1 + dice.below(9)), whole, "in pieces");
    let Some(found) = whole else { return };
    assert!(found.0.iter().all(|part| part.3), "every part that began has ended");
    // A plain reader: everything between delimiters, behind the first empty line.
    let mut text = b"\r\n".to_vec();
    text.extend_from_slice(input);
    let delimiter = format!("\r\n--{BOUNDARY}").into_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while let Some(next) = position(&text[at..], &delimiter).map(|next| at + next) {
        plain.push((at, next));
        at = next + delimiter.len();
    }
    let contents: Vec<&[u8]> = plain
        .iter()
        .skip(1)
        .map(|(from, to)| {
            let part = &text[*from..*to];
            position(part, b"\r\n\r\n").map_or(&[][..], |head| &part[head + 4..])
        })
        .collect();
    let read: Vec<&[u8]> = found.0.iter().map(|part| part.2.as_slice()).collect();
    assert_eq!(read, contents, "the parts of a plain reader");
}

fn position(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = Session::begin("multipart", &arguments)?.run(make, check)?;
    println!("fuzz-multipart: {count} bodies, no finding");
    Ok(())
}
