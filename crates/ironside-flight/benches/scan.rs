//! What the firewall costs: on a typical call, on a form, and on a body that is as large as the default limit.
//! `cargo bench -p ironside-flight`
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark stops at the first surprise")]

use divan::{Bencher, counter::BytesCount};
use ironside_flight::{Boundary, Budget, Firewall};

fn main() {
    divan::main();
}

/// About 1 KB: an order with lines, dates and text.
fn call() -> Vec<u8> {
    let line = r#"{"sku":"WID-4711","name":"Widget, blue, 12 mm","count":12,"price":"19.95","added":"$D2026-03-01T10:20:30.000Z","note":"$undefined"}"#;
    let lines = [line; 6].join(",");
    format!(r#"["$undefined",{{"id":"ord_81723","customer":{{"name":"Ada Lovelace","mail":"ada@example.com"}},"lines":[{lines}],"total":"$n1234567"}}]"#).into_bytes()
}

fn boundary() -> Boundary {
    Boundary::of("multipart/form-data; boundary=----WebKitFormBoundaryAbCdEfGhIjKlMnOp")
        .unwrap()
        .unwrap()
}

fn part(name: &str, text: &str) -> String {
    format!("------WebKitFormBoundaryAbCdEfGhIjKlMnOp\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

/// About 1 KB: a form as an argument, as React sends it.
fn reply() -> Vec<u8> {
    let fields: String = ["title", "street", "city", "mail", "note"]
        .map(|name| part(&format!("_1_{name}"), "Some text that was typed"))
        .concat();
    let root = part("0", r#"[{"ok":false,"values":{}},"$K1"]"#);
    format!("{fields}{root}------WebKitFormBoundaryAbCdEfGhIjKlMnOp--\r\n").into_bytes()
}

fn run(mut firewall: Firewall, body: &[u8]) {
    firewall.feed(body).unwrap();
    firewall.finish(&[body]).unwrap();
}

#[divan::bench]
fn text_of_1_kb(bencher: Bencher<'_, '_>) {
    let body = call();
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| run(Firewall::text(Budget::default()), &body));
}

#[divan::bench]
fn form_of_1_kb(bencher: Bencher<'_, '_>) {
    let (body, boundary) = (reply(), boundary());
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| run(Firewall::reply(&boundary, Budget::default()), &body));
}

#[divan::bench]
fn shared_objects(bencher: Bencher<'_, '_>) {
    let items = vec!["{\"of\":\"$0:0:0\"}"; 400].join(",");
    let body = format!("[[{{\"name\":\"shared\"}},{items}]]").into_bytes();
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| run(Firewall::text(Budget::default()), &body));
}

#[divan::bench]
fn text_of_1_mb(bencher: Bencher<'_, '_>) {
    let item = "{\"id\":12345,\"name\":\"A name of some length, as they are\"}";
    let body = format!("[[{}]]", vec![item; 1_000_000 / (item.len() + 1)].join(",")).into_bytes();
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| run(Firewall::text(Budget::default()), &body));
}
