//! Golden frames, property tests and mutations: the typed codec against bytes that it did not make.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use ironside_worker::wire::reader::DecodeError;
use ironside_worker::wire::sample::{Size, sample};
use ironside_worker::wire::{
    AfterDone, Body, BodyEnd, CallFrame, Cancel, Chunk, Config, Credit, Drain, FRAMES, Fatal, Frame, FrameHeader, HEADER_LEN,
    Head, Hello, Invalidate, Job, Log, Metric, Outcome, Ping, Pong, Ready, ReplyFrame, RequestCredit, Span, decode, encode,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

/// What a payload decodes to, and what that encodes to again.
type Reread = Result<(Value, Vec<u8>), DecodeError>;

fn reread(code: u8, payload: &[u8], job: u32, seq: u16) -> Reread {
    fn typed<'a, F: Frame<'a>>(payload: &'a [u8], job: u32, seq: u16) -> Reread {
        let frame: F = decode(payload)?;
        let mut out = Vec::new();
        encode(&frame, job, seq, &mut out).unwrap();
        Ok((frame.json(), out.to_vec()))
    }
    macro_rules! by_code {
        ($($frame:ident),*) => {
            $( if code == $frame::SCHEMA.code { return typed::<$frame<'_>>(payload, job, seq); } )*
        };
    }
    by_code!(
        Config,
        Job,
        Body,
        BodyEnd,
        Cancel,
        Credit,
        ReplyFrame,
        Ping,
        Drain,
        Invalidate,
        Hello,
        Ready,
        Head,
        Chunk,
        Outcome,
        AfterDone,
        RequestCredit,
        CallFrame,
        Pong,
        Log,
        Span,
        Metric,
        Fatal
    );
    panic!("no frame has the type 0x{code:02x}")
}

#[test]
fn golden_frames_decode_and_encode_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/protocol/golden");
    let mut frames = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "bin") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let mut rest = &bytes[..];
        for value in expected {
            let header = FrameHeader::read(rest).unwrap();
            let (frame, after) = rest.split_at(HEADER_LEN + header.len as usize);
            let (json, again) = reread(header.code, &frame[HEADER_LEN..], header.job, header.seq).unwrap();
            assert_eq!(
                json!({ "job": header.job, "seq": header.seq, "frame": json }),
                value,
                "{}",
                path.display()
            );
            assert_eq!(again, frame, "{}", path.display());
            rest = after;
            frames += 1;
        }
        assert!(rest.is_empty());
    }
    assert_eq!(frames, FRAMES.len() * 10);
}

#[test]
fn values_at_the_limits_pass() {
    for frame in FRAMES {
        let made = sample(frame, Size::Limit, 1, usize::MAX);
        let (json, again) = reread(frame.code, &made.payload, 1, 0).unwrap();
        assert_eq!(json, made.json, "{}", frame.payload.name);
        assert_eq!(again[HEADER_LEN..], made.payload);
    }
}

#[test]
fn type_bytes_are_distinct_and_say_the_direction() {
    for (index, frame) in FRAMES.iter().enumerate() {
        assert!(
            FRAMES[..index].iter().all(|other| other.code != frame.code),
            "{}",
            frame.payload.name
        );
        assert_eq!(
            frame.code >= 0x80,
            frame.direction == ironside_worker::wire::schema::Direction::WorkerToFront
        );
    }
}

#[test]
fn a_frame_that_is_too_long_leaves_nothing_behind() {
    let mut out = b"before".to_vec();
    let long = "x".repeat(70_000);
    assert!(
        encode(
            &Fatal {
                message: "fine",
                stack: &long
            },
            0,
            0,
            &mut out
        )
        .is_err()
    );
    assert!(encode(&Body { bytes: long.as_bytes() }, 0, 0, &mut out).is_err());
    assert!(
        encode(
            &Hello {
                magic: 0,
                protocol: 0,
                schema: "é",
                pid: 0,
                node: "",
                runtime: ""
            },
            0,
            0,
            &mut out
        )
        .is_err()
    );
    assert_eq!(&out[..], b"before");
}

proptest! {
    #[test]
    fn any_value_survives_the_way_there_and_back(index in 0..FRAMES.len(), seed: u64, job: u32, seq: u16) {
        let frame = &FRAMES[index];
        let made = sample(frame, Size::Typical, seed, usize::MAX);
        let (json, again) = reread(frame.code, &made.payload, job, seq).unwrap();
        prop_assert_eq!(json, made.json);
        prop_assert_eq!(&again[HEADER_LEN..], &made.payload[..]);
        let header = FrameHeader { len: u32::try_from(made.payload.len()).unwrap(), code: frame.code, flags: 0, seq, job };
        prop_assert_eq!(FrameHeader::read(&again), Some(header));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(index in 0..FRAMES.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        // What is accepted has to mean one thing only: it encodes to the same bytes.
        if let Ok((_, again)) = reread(FRAMES[index].code, &bytes, 0, 0) {
            prop_assert_eq!(&again[HEADER_LEN..], &bytes[..]);
        }
    }

    #[test]
    fn changed_frames_are_decoded_or_refused(index in 0..FRAMES.len(), seed: u64, at: prop::sample::Index, byte: u8) {
        let frame = &FRAMES[index];
        let mut payload = sample(frame, Size::Typical, seed, usize::MAX).payload;
        let at = at.index(payload.len().max(1));
        if let Some(changed) = payload.get_mut(at) {
            *changed = byte;
        }
        if let Ok((_, again)) = reread(frame.code, &payload, 0, 0) {
            prop_assert_eq!(&again[HEADER_LEN..], &payload[..]);
        }
        // A payload that ends early is refused, unless its last field takes whatever is left.
        if !["Body", "Chunk", "Head"].contains(&frame.payload.name) {
            prop_assert!(reread(frame.code, &payload[..at], 0, 0).is_err() || at == payload.len());
        }
    }
}
