//! Whatever React's own client sends is accepted: values of every kind go through its `encodeReply` in Node.

use ironside_flight::{Boundary, Budget, Firewall, Refusal};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

const SEED: &str = "20260901";
const BODIES: &str = "3000";

#[test]
fn everything_that_encode_reply_writes_is_accepted() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = here.ancestors().nth(2).unwrap();
    let mut node = Command::new("node")
        .arg(here.join("tests/react/values.mjs"))
        .args([SEED, BODIES])
        .env("NODE_ENV", "production")
        .current_dir(repository)
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut output = BufReader::new(node.stdout.take().unwrap());
    let (mut read, mut rows, mut references) = (0, 0, 0);
    loop {
        let mut content_type = String::new();
        if output.read_line(&mut content_type).unwrap() == 0 {
            break;
        }
        let mut length = String::new();
        output.read_line(&mut length).unwrap();
        let mut body = vec![0; length.trim().parse().unwrap()];
        output.read_exact(&mut body).unwrap();
        let admitted = accept(content_type.trim(), &body);
        let admitted = admitted.unwrap_or_else(|refusal| panic!("{refusal:?}: {}", body.escape_ascii()));
        read += 1;
        rows += admitted.rows;
        references += admitted.references;
    }
    assert!(node.wait().unwrap().success());
    assert!(
        read > 2000 && rows > 5000 && references > 5000,
        "{read} bodies, {rows} rows, {references} references"
    );
}

fn accept(content_type: &str, body: &[u8]) -> Result<ironside_flight::Admitted, Refusal> {
    let mut firewall = match Boundary::of(content_type)? {
        Some(boundary) => Firewall::reply(&boundary, Budget::default()),
        None => Firewall::text(Budget::default()),
    };
    let pieces: Vec<&[u8]> = body.chunks(1000).collect();
    for piece in &pieces {
        firewall.feed(piece)?;
    }
    firewall.finish(&pieces)
}
