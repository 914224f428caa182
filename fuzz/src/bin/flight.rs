//! Fuzzes the Flight firewall. Bodies are written by a grammar that knows what React's decoder looks for, mutated, and fed in
//! pieces of random sizes; what the firewall accepts is decoded by React itself in a Node process (`fuzz/oracle/flight.mjs`) under
//! a limit of time and memory, and the parts that both multipart parsers see are compared. A finding is a body that is
//! accepted and then hangs, crashes, burns time, or is read in two ways; and a panic or a slow scan of the firewall itself.
//!
//! `cargo xtask fuzz flight --minutes N --seed N`. Findings are written to `fuzz/findings/flight`, files of
//! `fuzz/corpus/flight` are tried first and are mutated as well.
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]
#![allow(clippy::disallowed_methods, reason = "it has no settings but its arguments")]

use anyhow::{Context as _, Result, bail};
use ironside_flight::multipart::{Head, Parts, Reader};
use ironside_flight::{Boundary, Budget, Firewall, Refusal};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

const BOUNDARY: &str = "----WebKitFormBoundary0123456789abcdef";
const BATCH: usize = 400;
/// How long Node may take for a batch.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the firewall may take for one body, which is small.
const SLOW: Duration = Duration::from_millis(200);

/// What a body is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Reply,
    Posted,
}

impl Form {
    fn firewall(self) -> Result<Firewall, Refusal> {
        let boundary = Boundary::of(&Self::Reply.content_type())?.ok_or(Refusal::Boundary)?;
        Ok(match self {
            Self::Text => Firewall::text(Budget::default()),
            Self::Reply => Firewall::reply(&boundary, Budget::default()),
            Self::Posted => Firewall::form(&boundary, Budget::default()),
        })
    }

    fn content_type(self) -> String {
        match self {
            Self::Text => "text/plain;charset=UTF-8".into(),
            _ => format!("multipart/form-data; boundary={BOUNDARY}"),
        }
    }
}

/// SplitMix64.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end.max(1) as u64).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }
}

/// A part before it is written.
#[derive(Debug, Clone)]
struct Part {
    name: String,
    is_file: bool,
    text: String,
}

const KINDS: [&str; 27] = [
    "$", "$@", "$Q", "$W", "$i", "$h", "$K", "$B", "$A", "$O", "$o", "$U", "$S", "$s", "$L", "$l", "$G", "$g", "$M", "$m", "$V",
    "$R", "$r", "$X", "$x", "$F", "$P",
];
const SCALARS: [&str; 22] = [
    "null",
    "true",
    "0",
    "-1.5e3",
    "\"\"",
    "\"text\"",
    "\"$$\"",
    "\"$undefined\"",
    "\"$NaN\"",
    "\"$-0\"",
    "\"$Infinity\"",
    "\"$D2026-01-01T00:00:00.000Z\"",
    "\"$n123\"",
    "\"$T\"",
    "\"\\u0024@1\"",
    "[]",
    "{}",
    "[[]]",
    "1e999",
    "\"\\ud800\"",
    "\"$n-\"",
    "\"$Dx\"",
];
const NAMES: [&str; 12] = [
    "a",
    "b",
    "id",
    "bound",
    "then",
    "length",
    "__proto__",
    "constructor",
    "",
    "0",
    "1",
    "$$promise",
];
const ID: &str = "40aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Writes bodies.
#[derive(Debug)]
struct Writer<'a> {
    random: &'a mut Random,
    rows: usize,
    /// What each of them is.
    kinds: Vec<usize>,
    /// The one that is being written.
    current: usize,
}

impl Writer<'_> {
    fn value(&mut self, depth: usize) -> String {
        match self.random.below(if depth > 4 { 6 } else { 12 }) {
            0..=2 => (*self.random.pick(&SCALARS)).to_owned(),
            3..=5 => self.reference(),
            6..=8 => {
                let items: Vec<_> = (0..self.random.below(4)).map(|_| self.value(depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let items: Vec<_> = (0..self.random.below(4))
                    .map(|_| format!("\"{}\":{}", self.random.pick(&NAMES), self.value(depth + 1)))
                    .collect();
                format!("{{{}}}", items.join(","))
            }
        }
    }

    fn reference(&mut self) -> String {
        // Mostly to rows that come later and in the way that fits them, or hardly anything would be accepted.
        let any = self.random.one_in(8);
        let first = if any { 0 } else { self.current + 1 };
        if first > self.rows {
            return "1".into();
        }
        let row = first + self.random.below(self.rows + 1 - first);
        let fitting: &[&str] = match self.kinds.get(row) {
            _ if any => &KINDS,
            Some(0) => &KINDS[7..21],
            Some(1) => &["$K"],
            Some(2) => &KINDS[21..25],
            Some(3) => &["$h", "$h", "$", "$@"],
            Some(4) => &["$Q", "$W", "$i"],
            _ => &["$", "$@"],
        };
        let kind = *self.random.pick(fitting);
        let mut text = format!("{kind}{row:x}");
        if kind == "$" && self.random.one_in(2) {
            for _ in 0..=self.random.below(3) {
                let names: &[&str] = if self.random.one_in(4) {
                    &NAMES
                } else {
                    &["0", "1", "a", "b"]
                };
                text.push(':');
                text.push_str(self.random.pick::<&str>(names));
            }
        }
        format!("\"{text}\"")
    }

    /// The parts of one reply behind a prefix. Rows refer to each other; who is referred to how decides what it is.
    fn reply(&mut self, prefix: &str, root: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let row = |name: String, text: String| Part {
            name,
            is_file: false,
            text,
        };
        for id in 1..=self.rows {
            let name = format!("{prefix}{id}");
            self.current = id;
            match self.kinds.get(id).copied().unwrap_or(8) {
                0 => parts.push(Part {
                    name,
                    is_file: true,
                    text: "x".repeat(8 * self.random.below(3)),
                }),
                1 => parts.push(row(format!("{prefix}_{id}_a"), "entry".into())),
                2 => {
                    for _ in 0..self.random.below(3) {
                        parts.push(row(format!("{prefix}S{id}"), self.value(3)));
                    }
                    let last = if self.random.one_in(3) { self.value(3) } else { String::new() };
                    parts.push(row(format!("{prefix}S{id}"), format!("C{last}")));
                }
                3 => {
                    let bound = if self.random.one_in(2) {
                        "null".into()
                    } else {
                        format!("\"$@{:x}\"", self.random.below(self.rows + 1))
                    };
                    parts.push(row(name, format!("{{\"id\":\"{ID}\",\"bound\":{bound}}}")));
                }
                4 => parts.push(row(name, format!("[[\"k\",{}],[{},1]]", self.value(2), self.value(2)))),
                _ => parts.push(row(name, self.value(1))),
            }
        }
        parts.push(row(format!("{prefix}0"), root.to_owned()));
        parts
    }

    fn body(&mut self) -> (Form, Vec<Part>) {
        self.rows = self.random.below(6);
        self.kinds = (0..=self.rows)
            .map(|row| if row == 0 { 8 } else { self.random.below(9) })
            .collect();
        self.current = 0;
        match self.random.below(8) {
            0 => {
                self.rows = 0;
                let root = self.root();
                (
                    Form::Text,
                    vec![Part {
                        name: String::new(),
                        is_file: false,
                        text: root,
                    }],
                )
            }
            1 => {
                let mut parts = vec![Part {
                    name: "$ACTION_REF_1".into(),
                    is_file: false,
                    text: String::new(),
                }];
                let root = format!("{{\"id\":\"{ID}\",\"bound\":\"$@1\"}}");
                parts.extend(self.reply("$ACTION_1:", &root));
                parts.push(Part {
                    name: "$ACTION_KEY".into(),
                    is_file: false,
                    text: "k".into(),
                });
                parts.push(Part {
                    name: "title".into(),
                    is_file: false,
                    text: "t".into(),
                });
                (Form::Posted, parts)
            }
            _ => {
                let root = self.root();
                (Form::Reply, self.reply("", &root))
            }
        }
    }

    fn root(&mut self) -> String {
        let items: Vec<_> = (0..self.random.below(6)).map(|_| self.value(1)).collect();
        format!("[{}]", items.join(","))
    }
}

/// A change of the parts as a whole.
fn mutate(parts: &mut Vec<Part>, random: &mut Random) {
    if parts.is_empty() {
        return;
    }
    let (one, other) = (random.below(parts.len()), random.below(parts.len()));
    match random.below(6) {
        0 => parts.swap(one, other),
        1 => {
            let copy = parts[one].clone();
            parts.push(copy);
        }
        2 => drop(parts.remove(one)),
        3 => parts[one].is_file = !parts[one].is_file,
        4 => parts[one].name = parts[other].name.clone(),
        _ => {
            // The same shape many times over: what grows faster than the body shows.
            let text = parts[one].text.clone();
            if text.len() < 2000 && text.starts_with('[') {
                parts[one].text = format!("[{}]", vec![text; 1 + random.below(300)].join(","));
            }
        }
    }
}

fn write(form: Form, parts: &[Part]) -> Vec<u8> {
    if form == Form::Text {
        return parts.first().map(|part| part.text.clone().into_bytes()).unwrap_or_default();
    }
    let mut body = String::new();
    for Part { name, is_file, text } in parts {
        let file = if *is_file {
            "; filename=\"blob\"\r\nContent-Type: application/octet-stream"
        } else {
            ""
        };
        body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n");
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}

/// A change of some bytes.
fn garble(body: &mut Vec<u8>, random: &mut Random) {
    const BYTES: &[u8] = b"$@:\"\\[]{},\r\n-01aAQWKhx\x00\xff\xef";
    for _ in 0..=random.below(3) {
        if body.is_empty() {
            return;
        }
        let at = random.below(body.len());
        match random.below(4) {
            0 => body[at] = *random.pick(BYTES),
            1 => body.insert(at, *random.pick(BYTES)),
            2 => drop(body.remove(at)),
            _ => {
                let end = (at + random.below(40)).min(body.len());
                let copy = body[at..end].to_vec();
                let to = random.below(body.len());
                body.splice(to..to, copy);
            }
        }
    }
}

fn scan(form: Form, body: &[u8], random: &mut Random) -> Result<(), Refusal> {
    let size = if random.one_in(2) {
        body.len().max(1)
    } else {
        1 + random.below(100)
    };
    let pieces: Vec<&[u8]> = body.chunks(size).collect();
    let mut firewall = form.firewall()?;
    for piece in &pieces {
        firewall.feed(piece)?;
    }
    let admitted = firewall.finish(&pieces)?;
    if admitted.functions.iter().chain(&admitted.named).any(|id| id != ID) {
        return Err(Refusal::UnknownFunction);
    }
    Ok(())
}

/// The parts as the firewall's reader sees them.
#[derive(Debug, Default)]
struct Seen(Vec<(String, bool, usize)>);

impl Parts for Seen {
    fn begin(&mut self, head: &Head<'_>, _: usize) -> Result<(), Refusal> {
        self.0.push((head.name.to_string(), head.is_file, 0));
        Ok(())
    }
    fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if let Some(last) = self.0.last_mut() {
            last.2 += bytes.len();
        }
        Ok(())
    }
    fn end(&mut self) -> Result<(), Refusal> {
        Ok(())
    }
}

fn entries(form: Form, body: &[u8]) -> Result<String> {
    if form == Form::Text {
        return Ok("null".into());
    }
    let boundary = Boundary::of(&form.content_type())?.context("a boundary")?;
    let mut seen = Seen::default();
    Reader::new(&boundary, 8192).feed(body, &mut seen)?;
    let list = seen.0.into_iter().map(|(name, is_file, size)| {
        let size = if is_file {
            serde_json::Value::from(size)
        } else {
            serde_json::Value::Null
        };
        serde_json::json!([name, is_file, size])
    });
    Ok(serde_json::Value::Array(list.collect()).to_string())
}

/// Node with React in it.
#[derive(Debug)]
struct Judge {
    child: Child,
    input: ChildStdin,
    verdicts: Receiver<String>,
}

impl Judge {
    fn start() -> Result<Self> {
        let mut child = Command::new("node")
            .args([
                "--conditions=react-server",
                "--max-old-space-size=256",
                "fuzz/oracle/flight.mjs",
            ])
            .env("NODE_ENV", "production")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node could not be started")?;
        let input = child.stdin.take().context("its input")?;
        let output: ChildStdout = child.stdout.take().context("its output")?;
        let (send, verdicts) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input, verdicts })
    }

    /// Judges a batch; an error is a finding about the whole of it.
    fn judge(&mut self, batch: &[(Form, Vec<u8>)]) -> Result<serde_json::Value> {
        let mut frames = Vec::new();
        for (form, body) in batch {
            let mark = if *form == Form::Posted { 'F' } else { 'R' };
            let kind = format!("{mark}{}", form.content_type());
            let entries = entries(*form, body)?;
            for length in [kind.len(), entries.len(), body.len()] {
                frames.extend_from_slice(&u32::try_from(length)?.to_le_bytes());
            }
            frames.extend_from_slice(kind.as_bytes());
            frames.extend_from_slice(entries.as_bytes());
            frames.extend_from_slice(body);
        }
        frames.extend_from_slice(&[0; 12]);
        self.input.write_all(&frames).context("Node has ended")?;
        self.input.flush()?;
        let line = self
            .verdicts
            .recv_timeout(PATIENCE)
            .context("no verdict: it hangs or has crashed")?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Debug, Default)]
struct Tally {
    bodies: u64,
    accepted: u64,
    decoded: u64,
    refusals: BTreeMap<&'static str, u64>,
    /// What React refused although the firewall had accepted it, by message.
    refused: BTreeMap<String, u64>,
    findings: u64,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let minutes: u64 = arguments
        .next()
        .map_or(Ok(1), |text| text.parse())
        .context("MINUTES is a number")?;
    let seed: u64 = arguments
        .next()
        .map_or(Ok(1), |text| text.parse())
        .context("SEED is a number")?;
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let mut random = Random(seed);
    let mut tally = Tally::default();
    let mut judge = Judge::start()?;
    let corpus = corpus()?;
    let mut batch = Vec::new();
    for (form, body) in &corpus {
        try_one(*form, body.clone(), &mut random, &mut tally, &mut batch)?;
    }
    let mut told = Instant::now();
    while Instant::now() < until {
        let (form, mut body) = if random.one_in(20) && !corpus.is_empty() {
            random.pick(&corpus).clone()
        } else {
            let (form, mut parts) = Writer {
                random: &mut random,
                rows: 0,
                kinds: Vec::new(),
                current: 0,
            }
            .body();
            for _ in 0..random.below(3) {
                mutate(&mut parts, &mut random);
            }
            (form, write(form, &parts))
        };
        if random.one_in(4) {
            garble(&mut body, &mut random);
        }
        try_one(form, body, &mut random, &mut tally, &mut batch)?;
        if batch.len() >= BATCH {
            decide(&mut judge, &mut batch, &mut tally)?;
        }
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            println!(
                "{} bodies, {} accepted, {} decoded, {} findings",
                tally.bodies, tally.accepted, tally.decoded, tally.findings
            );
        }
    }
    decide(&mut judge, &mut batch, &mut tally)?;
    println!("{tally:#?}");
    if tally.findings > 0 {
        bail!("{} findings: see fuzz/findings/flight", tally.findings);
    }
    Ok(())
}

fn try_one(form: Form, body: Vec<u8>, random: &mut Random, tally: &mut Tally, batch: &mut Vec<(Form, Vec<u8>)>) -> Result<()> {
    tally.bodies += 1;
    let began = Instant::now();
    let verdict = scan(form, &body, random);
    // A busy machine makes one scan slow, but hardly each of several.
    let is_slow = |random: &mut Random| {
        let began = Instant::now();
        let _ = scan(form, &body, random);
        began.elapsed() > SLOW
    };
    if began.elapsed() > SLOW && (0..5).all(|_| is_slow(random)) {
        finding(form, &body, "the scan is slow", tally)?;
    }
    match verdict {
        Ok(()) => {
            tally.accepted += 1;
            batch.push((form, body));
        }
        Err(refusal) => *tally.refusals.entry(refusal.word()).or_default() += 1,
    }
    Ok(())
}

fn decide(judge: &mut Judge, batch: &mut Vec<(Form, Vec<u8>)>, tally: &mut Tally) -> Result<()> {
    let batch = std::mem::take(batch);
    match judge.judge(&batch) {
        Ok(verdict) => read_verdict(&batch, &verdict, tally),
        Err(error) => {
            // Which of them it was is found one by one.
            *judge = Judge::start()?;
            for (form, body) in batch {
                match judge.judge(&[(form, body.clone())]) {
                    Ok(verdict) => read_verdict(&[(form, body)], &verdict, tally)?,
                    Err(_) => {
                        finding(form, &body, &format!("{error:#}"), tally)?;
                        *judge = Judge::start()?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn read_verdict(batch: &[(Form, Vec<u8>)], verdict: &serde_json::Value, tally: &mut Tally) -> Result<()> {
    tally.decoded += verdict["decoded"].as_u64().unwrap_or_default();
    if let Some(refused) = verdict["refused"].as_object() {
        for (message, count) in refused {
            *tally.refused.entry(message.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
    }
    for found in verdict["findings"].as_array().into_iter().flatten() {
        let at = usize::try_from(found["at"].as_u64().unwrap_or_default())?;
        let what = found["what"].as_str().unwrap_or_default();
        if let Some((form, body)) = batch.get(at) {
            finding(*form, body, what, tally)?;
        }
    }
    Ok(())
}

fn finding(form: Form, body: &[u8], what: &str, tally: &mut Tally) -> Result<()> {
    tally.findings += 1;
    println!(
        "FINDING {what}\n  {form:?} {}",
        body.escape_ascii().to_string().chars().take(2000).collect::<String>()
    );
    fs::create_dir_all("fuzz/findings/flight")?;
    fs::write(format!("fuzz/findings/flight/{:?}-{}", form, tally.findings), body)?;
    Ok(())
}

/// Files named `text-…`, `reply-…`, `form-…`; line ends in them are written as in the wire.
fn corpus() -> Result<Vec<(Form, Vec<u8>)>> {
    let folder = Path::new("fuzz/corpus/flight");
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let form = match entry.file_name().to_string_lossy().split('-').next() {
            Some("text") => Form::Text,
            Some("reply") => Form::Reply,
            Some("form") => Form::Posted,
            _ => continue,
        };
        found.push((form, fs::read(entry.path())?));
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(found)
}
