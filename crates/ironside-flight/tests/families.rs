//! Families of bodies, fed in pieces of several sizes: what React's clients write passes, and what only an attacker writes
//! doesn't, whatever its length and mixture.

use ironside_flight::{Admitted, Boundary, Budget, Firewall, Marker, Refusal};

const BOUNDARY: &str = "----WebKitFormBoundary0123456789abcdef";

fn boundary() -> Boundary {
    Boundary::of(&format!("multipart/form-data; boundary={BOUNDARY}"))
        .expect("it is well formed")
        .expect("it names a boundary")
}

/// A form of fields; a name with `@` in front is a file.
fn form(fields: &[(String, String)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in fields {
        let (name, file) = match name.strip_prefix('@') {
            Some(name) => (name, "; filename=\"blob\"\r\nContent-Type: application/octet-stream"),
            None => (name.as_str(), ""),
        };
        body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}

fn run(make: impl Fn() -> Firewall, body: &[u8]) -> Result<Admitted, Refusal> {
    let whole = once(make(), body, usize::MAX);
    for size in [1, 7, 64] {
        if body.len() / size < 5000 {
            assert_eq!(
                once(make(), body, size),
                whole,
                "in pieces of {size}: {}",
                body.escape_ascii()
            );
        }
    }
    whole
}

fn once(mut firewall: Firewall, body: &[u8], size: usize) -> Result<Admitted, Refusal> {
    let pieces: Vec<&[u8]> = body.chunks(size).collect();
    for piece in &pieces {
        firewall.feed(piece)?;
    }
    firewall.finish(&pieces)
}

fn text(body: &str) -> Result<Admitted, Refusal> {
    run(|| Firewall::text(Budget::default()), body.as_bytes())
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn reply(fields: &[(&str, &str)]) -> Result<Admitted, Refusal> {
    run(|| Firewall::reply(&boundary(), Budget::default()), &form(&owned(fields)))
}

fn posted(fields: &[(&str, &str)]) -> Result<Admitted, Refusal> {
    run(|| Firewall::form(&boundary(), Budget::default()), &form(&owned(fields)))
}

#[test]
fn what_react_writes_passes() {
    for body in [
        "[]",
        r#"["$$text","$undefined",null,true,-1.5e-7,{"a":[[]],"__proto__":1,"then":2}]"#,
        r#"[{"self":"$0:0"}]"#,
        r#"[{"a":1},"$0:0",["$0:0"]]"#,
        r#"[{"":[1]},"$0:0:"]"#,
        r#"["$T","$0:0"]"#,
        "[\"\\u00e4\u{e4}\u{1f600}\\ud83d\\ude00\\ud800\"]",
        r#"[{"a":{"b":"$0:0"},"c":"$0:0:a"}]"#,
    ] {
        assert!(text(body).is_ok(), "{body}: {:?}", text(body));
    }
    for fields in [
        &[("1", r#"[["k",{"a":1}]]"#), ("0", r#"["$Q1","$0:0"]"#)] as &[_],
        &[("1", r#"[["k",{"a":1}]]"#), ("0", r#"["$Q1","$1:0:1"]"#)],
        &[("1", r#"[["k","$0:0"]]"#), ("0", r#"[{"a":1},"$Q1"]"#)],
        &[("0", r#"["$@1","$@1"]"#), ("1", r#"{"z":1}"#)],
        &[("0", r#"[{"a":1},"$@1"]"#), ("1", r#""$0:0""#)],
        &[("0", r#"["$@1"]"#), ("1", r#"{"list":["$1","$1:list"],"self":"$1"}"#)],
        &[("@1", "12345678"), ("0", r#"["$g1","$0:0"]"#)],
        &[("_1_a", "x"), ("@_1_b", "y"), ("0", r#"["$K1"]"#)],
        &[("0", r#"["$K1"]"#)],
        &[
            ("0", r#"["$x1",{"a":1}]"#),
            ("S1", r#""$0:1""#),
            ("@2", "z"),
            ("S1", r#"{"w":["$o2"]}"#),
            ("S1", "C5"),
        ],
        &[("0", r#"["$r1"]"#), ("@2", "z"), ("S1", r#""$o2""#), ("S1", "C")],
        &[("2", "[1]"), ("1", r#"{"id":"40ab","bound":"$@2"}"#), ("0", r#"["$h1"]"#)],
        &[("1", r#"{"id":"40ab","bound":null}"#), ("0", r#"["$h1","$h1"]"#)],
    ] {
        assert!(reply(fields).is_ok(), "{fields:?}: {:?}", reply(fields));
    }
}

#[test]
fn forms_name_their_action() {
    let by_id = posted(&[
        ("$ACTION_ID_40ab", ""),
        ("title", "$@x not looked at"),
        ("@file", "\u{1}\u{2}"),
    ])
    .unwrap();
    assert_eq!(by_id.marker, Some(Marker::Id("40ab".into())));
    let described = [
        ("$ACTION_REF_1", ""),
        ("$ACTION_1:0", r#"{"id":"60cd","bound":"$@1"}"#),
        ("$ACTION_1:1", r#"[{"a":1},"$undefined"]"#),
        ("$ACTION_KEY", "k0123"),
        ("title", "t"),
    ];
    assert_eq!(posted(&described).unwrap().marker, Some(Marker::Described("60cd".into())));
    let buttons = [
        ("$ACTION_1:0", r#"{"id":"60cd","bound":null}"#),
        ("$ACTION_2:0", r#"{"id":"60ce","bound":null}"#),
        ("$ACTION_3:0", r#"{"id":"60cf","bound":null}"#),
        ("$ACTION_ID_40ab", ""),
        ("$ACTION_REF_2", "pressed"),
    ];
    let pressed = posted(&buttons);
    assert_eq!(pressed.clone().unwrap().marker, Some(Marker::Described("60ce".into())));
    assert_eq!(pressed.unwrap().named, ["40ab", "60ce"]);
    for (fields, refusal) in [
        (&[("title", "t")] as &[_], Refusal::Marker),
        (&[("$ACTION_REF_1", "")], Refusal::Marker),
        (&[("$ACTION_ID_a", ""), ("$ACTION_1:1", "[]")], Refusal::Marker),
        (&[("$ACTION_ID_a", ""), ("$ACTION_1:0", "[]")], Refusal::Descriptor),
        (&[("$ACTION_1:0", r#"{"id":"60cd","bound":null}"#)], Refusal::Marker),
        (
            &[("$ACTION_REF_1", ""), ("$ACTION_1:0", r#"{"bound":null,"id":"60cd"}"#)],
            Refusal::Descriptor,
        ),
        (
            &[
                ("$ACTION_REF_1", ""),
                ("$ACTION_1:0", r#"{"id":"60cd","bound":null,"$$promise":1}"#),
            ],
            Refusal::Descriptor,
        ),
        (
            &[("$ACTION_REF_1", ""), ("$ACTION_1:0", r#"{"id":"60cd","bound":"$@0"}"#)],
            Refusal::Descriptor,
        ),
        (
            &[("$ACTION_REF_1", ""), ("$ACTION_1:0", r#"{"id":"60cd","bound":"$@7"}"#)],
            Refusal::Dangling,
        ),
        (
            &[("$ACTION_REF_1", ""), ("$ACTION_REF_1", ""), ("$ACTION_1:0", "{}")],
            Refusal::DuplicateField,
        ),
        (
            &[("$ACTION_REF_1", ""), ("$ACTION_REF_2", ""), ("$ACTION_REF_3", "")],
            Refusal::Marker,
        ),
        (
            &[("$ACTION_ID_a", ""), ("$ACTION_ID_b", ""), ("$ACTION_ID_c", "")],
            Refusal::Marker,
        ),
        (&[("@$ACTION_ID_a", "")], Refusal::UnknownField),
        (&[("$ACTION_OTHER", "")], Refusal::UnknownField),
    ] {
        assert_eq!(posted(fields), Err(refusal), "{fields:?}");
    }
    let many = "1,".repeat(1000) + "1";
    let bound = |list: &str| {
        let list = format!("[{list}]");
        posted(&[
            ("$ACTION_REF_1", ""),
            ("$ACTION_1:0", r#"{"id":"60cd","bound":"$@1"}"#),
            ("$ACTION_1:1", &list),
        ])
    };
    assert_eq!(bound(&many), Err(Refusal::Bound));
    assert!(bound(&many[2..]).is_ok());
    let mut flood = vec![("$ACTION_ID_40ab".to_owned(), String::new())];
    flood.extend((0..100_000).map(|n| (format!("$ACTION_{n}:0"), "{}".to_owned())));
    assert_eq!(
        run(|| Firewall::form(&boundary(), Budget::default()), &form(&flood)),
        Err(Refusal::Marker)
    );
}

#[test]
fn cycles_of_every_length_and_mixture_are_refused() {
    let kinds = ["$@", "$Q", "$W", "$i", "$", "$h", "$x", "$K"];
    for length in 1..=64_u32 {
        for (place, first) in kinds.iter().enumerate() {
            for mixed in [false, true] {
                for wrap in ["REF", "[REF]", "[{\"a\":[REF]}]", "[[1,REF]]"] {
                    if length == 1 && *first == "$" && wrap != "REF" {
                        // An object that holds itself, which is fine.
                        continue;
                    }
                    let kind = |step: u32| if mixed { kinds[(place + step as usize) % 5] } else { first };
                    let mut fields = vec![("0".to_owned(), format!("[\"{}1\"]", kind(0)))];
                    for step in 1..=length {
                        let next = format!("\"{}{:x}\"", kind(step), step % length + 1);
                        let row = wrap.replace("REF", &next);
                        fields.push((step.to_string(), row));
                    }
                    let refused = run(|| Firewall::reply(&boundary(), Budget::default()), &form(&fields));
                    assert!(refused.is_err(), "{fields:?}");
                    if matches!(*first, "$@" | "$") && !mixed {
                        assert_eq!(refused, Err(Refusal::Cycle), "{fields:?}");
                    }
                }
            }
        }
    }
    for body in [
        r#"["$0"]"#,
        r#"["$@0"]"#,
        r#"["$0:0"]"#,
        r#"["$0:1","$0:0"]"#,
        r#"[{"a":"$0:0:a"}]"#,
    ] {
        assert_eq!(text(body), Err(Refusal::Cycle), "{body}");
    }
    for fields in [
        &[("1", r#"[["x","$0:0"]]"#), ("0", r#"[{"m":"$Q1"}]"#)] as &[_],
        &[("1", r#"[["s","$0:0"]]"#), ("0", r#"["$Q1"]"#)],
        &[("0", r#"["$@1"]"#), ("1", r#"{"p":"$@1"}"#)],
        &[("0", r#"["$@1"]"#), ("1", r#""$1""#)],
        &[("0", r#"[{"g":"$x1"}]"#), ("S1", r#""$0:0""#), ("S1", "C")],
        &[("1", r#"{"id":"a","bound":"$@2"}"#), ("2", r#"["$h1"]"#), ("0", r#"["$h1"]"#)],
    ] {
        assert_eq!(reply(fields), Err(Refusal::Cycle), "{fields:?}");
    }
}

#[test]
fn references_lead_only_to_what_is_there() {
    for (fields, refusal) in [
        (&[("0", r#"["$1"]"#)] as &[_], Refusal::Dangling),
        (&[("0", r#"["$Q7"]"#)], Refusal::Dangling),
        (&[("0", r#"["$B1"]"#), ("1", "\"text\"")], Refusal::Dangling),
        (&[("0", r#"["$o1"]"#), ("1", "\"text\"")], Refusal::Dangling),
        (&[("0", r#"["$Q1"]"#), ("1", "{}")], Refusal::Dangling),
        (&[("0", r#"["$1"]"#), ("@1", "{}")], Refusal::Dangling),
        (&[("0", r#"["$l1"]"#), ("@1", "12345")], Refusal::Dangling),
        (&[("0", r#"["$K1"]"#), ("1", "[]")], Refusal::Dangling),
        (&[("0", r#"["$x1"]"#)], Refusal::Dangling),
        (&[("0", r#"["$h1"]"#), ("1", r#"{"id":1,"bound":null}"#)], Refusal::Descriptor),
        (
            &[("0", r#"["$h1"]"#), ("1", r#"{"id":"a","id":"b","bound":null}"#)],
            Refusal::Descriptor,
        ),
        (&[("0", r#"["$h1"]"#), ("1", r#"{"id":"a","bound":[]}"#)], Refusal::Descriptor),
        (&[("0", r#"["$Q1","$Q1"]"#), ("1", "[]")], Refusal::TakenTwice),
        (&[("0", r#"["$Q1","$W1"]"#), ("1", "[]")], Refusal::TakenTwice),
        (&[("0", r#"["$Q1","$1"]"#), ("1", "[]")], Refusal::TakenTwice),
        (&[("0", r#"["$i1"]"#), ("1", r#"["$1"]"#)], Refusal::TakenTwice),
        (&[("0", r#"["$o1","$o1"]"#), ("@1", "")], Refusal::TakenTwice),
        (&[("0", r#"["$r1","$r1"]"#), ("S1", "C")], Refusal::TakenTwice),
        (&[("0", r#"["$R1"]"#), ("S1", "1")], Refusal::Stream),
        (&[("0", r#"["$r1"]"#), ("S1", "1"), ("S1", "C")], Refusal::Stream),
        (
            &[("0", r#"["$r1"]"#), ("@2", ""), ("S1", r#""$o2""#), ("S1", "C")],
            Refusal::Stream,
        ),
        (&[("0", r#"["$R1"]"#), ("S1", "C"), ("S1", "1")], Refusal::Stream),
        (&[("0", "[]"), ("0", "[]")], Refusal::DuplicateField),
        (&[("0", "[]"), ("@0", "[]")], Refusal::DuplicateField),
        (&[("0", "[]"), ("S0", "C")], Refusal::DuplicateField),
        (&[("0", "[]"), ("x", "1")], Refusal::UnknownField),
        (&[("0", "[]"), ("00", "1")], Refusal::UnknownField),
        (&[("1", "[]")], Refusal::NoRoot),
        (&[("@0", "[]")], Refusal::NoRoot),
        (&[("0", "{}")], Refusal::NoRoot),
    ] {
        assert_eq!(reply(fields), Err(refusal), "{fields:?}");
    }
    for (body, refusal) in [
        (r#"[{},"$0:0:__proto__"]"#, Refusal::Path),
        (r#"[{},"$0:0:constructor:constructor"]"#, Refusal::Path),
        (r#"[{},"$0:0:then"]"#, Refusal::Path),
        (r#"[{},"$0:0:toString"]"#, Refusal::Path),
        (r#"[{},"$0:0:hasOwnProperty"]"#, Refusal::Path),
        (r#"[[],"$0:0:length"]"#, Refusal::Path),
        (r#"[[1],"$0:0:0"]"#, Refusal::Path),
        (r#"["text","$0:0"]"#, Refusal::Path),
        (r#"["text","$0:0:length"]"#, Refusal::Path),
        (r#"["$D1","$0:0"]"#, Refusal::Path),
        (r#"[[[]],"$0:0:00"]"#, Refusal::Path),
        (r#"[{"a":{}},"$0:0:b"]"#, Refusal::Path),
        (r#"[{"a":{},"a":{}},"$0:0:a"]"#, Refusal::Path),
        (r#"[{"a":"$0:1"},{"b":{}},"$0:0:a:b"]"#, Refusal::Path),
        (r#"["\u0024F1"]"#, Refusal::Token),
        (r#"["$\u00401"]"#, Refusal::Dangling),
        (r#"["$F99"]"#, Refusal::Token),
    ] {
        assert_eq!(text(body), Err(refusal), "{body}");
    }
}

#[test]
fn budgets_hold() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(text(&nested(500)).is_ok());
    assert_eq!(text(&nested(501)), Err(Refusal::Depth));
    assert_eq!(text(&"[".repeat(100_000)), Err(Refusal::Depth));
    assert!(text(&format!("[[{}0]]", "0,".repeat(900_000))).is_ok());
    assert_eq!(text(&format!("[[{}0]]", "0,".repeat(1_000_000))), Err(Refusal::Slots));
    for one in ["[],", "{},", "\"$T\","] {
        assert!(text(&format!("[[{}0]]", one.repeat(99_998))).is_ok());
        assert_eq!(text(&format!("[[{}0]]", one.repeat(100_000))), Err(Refusal::Slots));
    }
    assert!(text(&format!("[{}0]", "0,".repeat(999))).is_ok());
    assert_eq!(text(&format!("[{}0]", "0,".repeat(1000))), Err(Refusal::Arguments));
    assert!(text(&format!("[\"$n{}\"]", "9".repeat(300))).is_ok());
    assert_eq!(text(&format!("[\"$n{}\"]", "9".repeat(301))), Err(Refusal::Digits));
    assert_eq!(text(&format!("[\"$n{}\"]", "9".repeat(100_000))), Err(Refusal::References));
    assert_eq!(text(&format!("[\"$D{}\"]", "9".repeat(100))), Err(Refusal::Digits));
    assert_eq!(
        text(&format!("[[],[{}0]]", "\"$0:0\",".repeat(30_001))),
        Err(Refusal::References)
    );
    let mut doubling = vec![("0".to_owned(), r#"["$1"]"#.to_owned())];
    doubling.extend((1..60).map(|n| (n.to_string(), format!("{{\"a\":\"${:x}\",\"b\":\"${:x}\"}}", n + 1, n + 1))));
    doubling.push(("60".into(), "{}".into()));
    assert_eq!(
        run(|| Firewall::reply(&boundary(), Budget::default()), &form(&doubling)),
        Err(Refusal::Expanded)
    );
    let inside: String = (1..60).map(|n| format!(",[\"$0:{}\",\"$0:{}\"]", n - 1, n - 1)).collect();
    assert_eq!(text(&format!("[[]{inside}]")), Err(Refusal::Expanded));
    let mut chain: Vec<_> = (0..2000).map(|n| (n.to_string(), format!("[\"${:x}\"]", n + 1))).collect();
    chain.push(("2000".into(), "[]".into()));
    assert_eq!(
        run(|| Firewall::reply(&boundary(), Budget::default()), &form(&chain)),
        Err(Refusal::Depth)
    );
    let many: Vec<_> = (0..10_001).map(|n| (format!("_1_{n}"), String::new())).collect();
    assert_eq!(
        run(|| Firewall::reply(&boundary(), Budget::default()), &form(&many)),
        Err(Refusal::Parts)
    );
}

#[test]
fn what_is_no_json_is_refused() {
    for body in [
        "",
        " ",
        "garbage",
        "{",
        "[",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "[1 2]",
        "[]]",
        "[] []",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[-]",
        "[tru]",
        "[nulll]",
        "['a']",
        "[\"a]",
        "[\"\\x\"]",
        "[\"\\u12g4\"]",
        "[\"\n\"]",
        "[NaN]",
        "[Infinity]",
        "//\n[]",
        "[1}",
        "{\"a\":1]",
        "\u{feff}[]",
    ] {
        assert_eq!(text(body), Err(Refusal::Json), "{body:?}");
    }
    for bytes in [
        b"[\"\xff\"]".as_slice(),
        b"[\"\xc0\x80\"]",
        b"[\"\xed\xa0\x80\"]",
        b"[\"\xf4\x90\x80\x80\"]",
        b"[\"\xe2\x82\"]",
    ] {
        assert_eq!(
            run(|| Firewall::text(Budget::default()), bytes),
            Err(Refusal::Utf8),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn the_scanner_and_another_parser_agree_on_what_json_is() {
    use proptest::prelude::*;
    let strategy = proptest::collection::vec(
        prop_oneof![
            Just("["),
            Just("]"),
            Just("{"),
            Just("}"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\n\""),
            Just("\"\\u00e4\""),
            Just("1"),
            Just("-0.5e+0"),
            Just("-"),
            Just("01"),
            Just("true"),
            Just("null"),
            Just(" "),
            Just("\""),
            Just("\\"),
            Just("é"),
        ],
        0..12,
    );
    proptest!(ProptestConfig::with_cases(20_000), |(pieces in strategy)| {
        let body = format!("[{}]", pieces.concat());
        let other = serde_json::from_str::<serde_json::Value>(&body).is_ok();
        prop_assert_eq!(text(&body).is_ok(), other, "{}", body);
    });
}
