//! Jobs on a real Node process that behaves.
#![allow(clippy::unwrap_used, clippy::missing_docs_in_private_items, missing_docs, reason = "tests")]

mod support;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, Method, StatusCode};
use ironside_worker::wire::{CacheKind, JobResult, ParamKind};
use ironside_worker::{Answer, BodyError, Call, Helper, HelperError, JobBody, JobFailure, Param, Piece, ProxyAction, Windows};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{all, job, node_options, start, text};

#[tokio::test]
async fn a_small_answer_is_complete_at_once() {
    let test = start(|_| {}).await;
    let Answer::Response(mut response) = test.get("/hello").await.unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.head.status, StatusCode::OK);
    assert_eq!(response.head.headers["content-type"], "text/plain");
    assert!(response.body.take_complete().unwrap().starts_with(b"hello from "));
    assert_eq!(response.body.outcome().unwrap().result, JobResult::Ok);
    assert!(response.body.next().await.is_none());
}

#[tokio::test]
async fn pieces_come_in_order_and_the_payload_apart() {
    let test = start(|_| {}).await;
    let Answer::Response(mut response) = test.get("/two-chunks").await.unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.head.status, StatusCode::CREATED);
    assert_eq!(
        response.head.reason.as_deref(),
        Some(&b"Fait \xe0 deux"[..]),
        "a status text is Latin-1 on the wire to the client"
    );
    let repeated: Vec<_> = response.head.headers.get_all("x-a").iter().collect();
    assert_eq!(repeated, [HeaderValue::from_static("1"), HeaderValue::from_static("2")]);
    assert!(
        !response.head.headers.contains_key("connection"),
        "headers of a connection are the front's"
    );
    let mut pieces = Vec::new();
    while let Some(piece) = response.body.next().await {
        pieces.push(piece.unwrap());
    }
    assert_eq!(
        pieces,
        [
            Piece::Body("one".into()),
            Piece::Payload("flight".into()),
            Piece::Body("two".into())
        ]
    );
    assert_eq!(response.body.outcome().unwrap().tags, ["t"]);
}

#[tokio::test]
async fn every_field_of_a_job_arrives() {
    let test = start(|_| {}).await;
    let mut wanted = job("/echo");
    wanted.method = Method::DELETE;
    wanted.authority = "example.com:8080".into();
    wanted.query = "q=é".into();
    wanted.client_address = "2001:db8::1".into();
    wanted.route = Some(3);
    wanted.params = vec![Param {
        name: "slug".into(),
        values: vec!["a".into(), "b%20c".into()],
        kind: ParamKind::CatchAll,
    }];
    wanted.target = "save".into();
    wanted.permit = Some(77);
    wanted.deadline = Some(Duration::from_secs(100));
    wanted.request_id = "r1".into();
    wanted.trace = "00-1-2-01".into();
    wanted.headers.insert("accept", HeaderValue::from_static("*/*"));
    let seen: serde_json::Value =
        serde_json::from_str(&text(test.pool.run(wanted, JobBody::Empty).await.unwrap()).await.unwrap()).unwrap();
    assert_eq!(seen["method"], "DELETE");
    assert_eq!(seen["authority"], "example.com:8080");
    assert_eq!(seen["query"], "q=é");
    assert_eq!(seen["clientAddress"], "2001:db8::1");
    assert_eq!(seen["route"], 3);
    assert_eq!(
        seen["params"],
        serde_json::json!([{ "name": "slug", "values": ["a", "b%20c"], "kind": 1 }])
    );
    assert_eq!((&seen["target"], &seen["permit"]), (&"save".into(), &77.into()));
    assert!(seen["deadline"].as_u64().unwrap() > 60_000);
    assert_eq!((&seen["requestId"], &seen["trace"]), (&"r1".into(), &"00-1-2-01".into()));
    assert_eq!(seen["hasBody"], false);
    // u32 size, u16 count, two lengths, name and value.
    assert_eq!(seen["headerBytes"], 4 + 2 + 4 + "accept*/*".len());
}

#[tokio::test]
async fn a_job_without_a_head_gives_its_outcome() {
    let test = start(|_| {}).await;
    let Answer::Finished(outcome) = test.get("/proxy").await.unwrap() else {
        panic!("a response")
    };
    let decision = outcome.proxy.unwrap();
    assert_eq!(decision.action, ProxyAction::Rewrite { url: "/other".into() });
    assert_eq!(decision.response_headers["x-p"], "v");
    let Answer::Finished(outcome) = test.get("/nowhere").await.unwrap() else {
        panic!("a response")
    };
    assert_eq!(outcome.result, JobResult::NotFound);
}

#[tokio::test]
async fn what_the_code_throws_is_told_before_and_after_the_head() {
    let test = start(|_| {}).await;
    let JobFailure::Thrown(error) = test.get("/throw").await.unwrap_err() else {
        panic!("another failure")
    };
    assert_eq!((error.digest.as_str(), error.message.as_str()), ("digest1", "boom"));
    let Answer::Response(mut response) = test.get("/throw-late").await.unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.body.next().await.unwrap().unwrap(), Piece::Body("part".into()));
    assert_eq!(response.body.next().await.unwrap().unwrap_err().reason(), "thrown");
    assert!(response.body.next().await.is_none());
}

#[tokio::test]
async fn a_large_answer_waits_for_its_reader() {
    let test = start(|_| {}).await;
    let Answer::Response(mut response) = test.get("/stream").await.unwrap() else {
        panic!("no response")
    };
    // Nobody reads: the worker may send one window and no more. A byte more would be a fault and end it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(response.body.take_complete().is_none());
    assert_eq!(all(&mut response.body).await.unwrap().len(), 8 * 1024 * 1024);
}

#[tokio::test]
async fn a_body_is_only_read_as_fast_as_the_code_takes_it() {
    let test = start(|_| {}).await;
    let given = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&given);
    let parts = futures_util::stream::iter((0..400).map(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Bytes::from(vec![1; 10_000]))
    }));
    let mut upload = job("/upload-slow");
    upload.method = Method::POST;
    let answer = test.pool.run(upload, JobBody::Stream(Box::pin(parts))).await.unwrap();
    let seen: serde_json::Value = serde_json::from_str(&text(answer).await.unwrap()).unwrap();
    assert_eq!(seen["bytes"], 4_000_000);
    assert_eq!(seen["end"], 0);
    assert!(
        seen["most"].as_u64().unwrap() <= u64::from(Windows::default().request),
        "{seen}"
    );
    assert_eq!(given.load(Ordering::SeqCst), 400);
}

#[tokio::test]
async fn a_body_that_nobody_takes_is_not_read() {
    let test = start(|_| {}).await;
    let given = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&given);
    let endless = futures_util::stream::repeat_with(move || {
        counted.fetch_add(10_000, Ordering::SeqCst);
        Ok(Bytes::from(vec![1; 10_000]))
    });
    let body = JobBody::Stream(Box::pin(endless));
    let waiting = tokio::time::timeout(Duration::from_millis(300), test.pool.run(job("/ignore-cancel"), body)).await;
    assert!(waiting.is_err());
    assert!(given.load(Ordering::SeqCst) <= Windows::default().request as usize + 10_000);
}

#[tokio::test]
async fn bodies_of_every_size_arrive_whole() {
    let test = start(|_| {}).await;
    for size in [0, 1, 65_536, 65_537, 1_000_000] {
        let mut upload = job("/upload");
        upload.method = Method::PUT;
        let answer = test.pool.run(upload, JobBody::Full(vec![7; size].into())).await.unwrap();
        let seen: serde_json::Value = serde_json::from_str(&text(answer).await.unwrap()).unwrap();
        assert_eq!((&seen["bytes"], &seen["end"]), (&size.into(), &0.into()));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told() {
    let test = start(|_| {}).await;
    for (error, status) in [(BodyError::Truncated, 1), (BodyError::OverLimit, 2)] {
        let parts = futures_util::stream::iter([Ok(Bytes::from_static(b"abc")), Err(error)]);
        let answer = test.pool.run(job("/upload"), JobBody::Stream(parts.boxed())).await.unwrap();
        let seen: serde_json::Value = serde_json::from_str(&text(answer).await.unwrap()).unwrap();
        assert_eq!((&seen["bytes"], &seen["end"]), (&3.into(), &status.into()));
    }
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_job() {
    let test = start(|_| {}).await;
    let Answer::Response(mut response) = test.get("/head-then-wait").await.unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.body.next().await.unwrap().unwrap(), Piece::Body("first".into()));
    drop(response);
    test.until("the job ends", |test| test.front.ended.lock().unwrap().len() == 1)
        .await;
    assert!(
        tokio::time::timeout(Duration::from_millis(100), test.get("/wait"))
            .await
            .is_err()
    );
    test.until("the second job ends", |test| test.front.ended.lock().unwrap().len() == 2)
        .await;
    assert_eq!(test.pool.stats().workers[0].jobs, 0);
}

#[tokio::test]
async fn a_deadline_fails_the_job_and_cancels_it() {
    let test = start(|_| {}).await;
    let mut slow = job("/wait");
    slow.deadline = Some(Duration::from_millis(50));
    assert_eq!(test.pool.run(slow, JobBody::Empty).await.unwrap_err().reason(), "deadline");
    test.until("the job ends", |test| test.front.ended.lock().unwrap().len() == 1)
        .await;

    let mut late = job("/head-then-wait");
    late.deadline = Some(Duration::from_millis(500));
    let Answer::Response(mut response) = test.pool.run(late, JobBody::Empty).await.unwrap() else {
        panic!("no response")
    };
    assert!(response.body.next().await.unwrap().is_ok());
    assert_eq!(response.body.next().await.unwrap().unwrap_err().reason(), "deadline");
}

#[tokio::test]
async fn calls_are_answered() {
    let test = start(|_| {}).await;
    assert_eq!(test.text("/cache-get").await, "\u{1}\u{5}\0\0\0value");
    let calls = test.front.calls.lock().unwrap();
    assert_eq!(
        *calls,
        [Call::CacheGet {
            kind: CacheKind::Function,
            key: "key".into(),
            tags: vec!["tag".into()]
        }]
    );
}

#[tokio::test]
async fn too_many_calls_at_once_are_refused() {
    let test = start(|_| {}).await;
    assert_eq!(test.text("/many-calls").await, r#"{"refused":36}"#);
}

#[tokio::test]
async fn after_work_is_reported_and_the_job_then_ends() {
    let test = start(|_| {}).await;
    let Answer::Finished(outcome) = test.get("/after").await.unwrap() else {
        panic!("a response")
    };
    assert!(outcome.after);
    test.until("after-work ends", |test| !test.front.after.lock().unwrap().is_empty())
        .await;
    assert_eq!(test.front.after.lock().unwrap()[0].errors[0].message, "late error");
    test.until("the job ends", |test| test.front.ended.lock().unwrap().len() == 1)
        .await;
}

#[tokio::test]
async fn log_records_reach_the_front_and_a_flood_is_cut() {
    let test = start(|_| {}).await;
    test.text("/log").await;
    {
        let logs = test.front.logs.lock().unwrap();
        assert_eq!((logs[0].message.as_str(), logs[0].target.as_str()), ("a line", "app"));
        assert_eq!(logs[0].job.as_ref().unwrap().job.path, "/log");
    }
    test.text("/log-flood").await;
    assert!(test.front.logs.lock().unwrap().len() < 3001);
    test.text("/hello").await;
}

#[tokio::test]
async fn the_worker_gets_no_foreign_descriptors_and_no_node_options() {
    let test = start(|options| {
        options.process.env.push(("NODE_OPTIONS".into(), "--no-warnings".into()));
        options.process.env.push(("NODE_CHANNEL_FD".into(), "9".into()));
        options.process.env.push(("KEPT".into(), "yes".into()));
    })
    .await;
    let env: serde_json::Value = serde_json::from_str(&test.text("/env").await).unwrap();
    assert_eq!(env["KEPT"], "yes");
    assert!(env.get("NODE_OPTIONS").is_none() && env.get("NODE_CHANNEL_FD").is_none());
}

#[tokio::test]
async fn more_jobs_than_places_wait_for_their_turn() {
    let test = Arc::new(start(|options| options.jobs_per_worker = 2).await);
    let mut jobs = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let test = Arc::clone(&test);
        jobs.spawn(async move { test.text("/hello").await });
    }
    assert_eq!(jobs.join_all().await.len(), 16);
}

#[tokio::test]
async fn a_full_queue_and_a_long_wait_are_refused() {
    let test = Arc::new(
        start(|options| {
            options.jobs_per_worker = 1;
            options.waiting_per_worker = 1;
            options.longest_wait = Duration::from_millis(200);
        })
        .await,
    );
    let busy = tokio::spawn({
        let test = Arc::clone(&test);
        async move { test.get("/wait").await }
    });
    test.until("the place is taken", |test| test.pool.stats().workers[0].jobs == 1)
        .await;
    let waits = tokio::spawn({
        let test = Arc::clone(&test);
        async move { test.get("/hello").await }
    });
    test.until("a job waits", |test| test.pool.stats().waiting == 1).await;
    let refused = test.get("/hello").await.unwrap_err();
    assert_eq!(refused.reason(), "queue_full");
    assert!(refused.retry_after().is_some());
    assert_eq!(waits.await.unwrap().unwrap_err().reason(), "queue_timeout");
    busy.abort();
    test.until("the place is free", |test| test.pool.stats().workers[0].jobs == 0)
        .await;
    test.text("/hello").await;
}

#[tokio::test]
async fn jobs_are_spread_over_the_workers() {
    let test = start(|options| options.workers = 2).await;
    test.until("both are ready", |test| test.pool.stats().workers.len() == 2)
        .await;
    let first = test.text("/hello").await;
    let second = test.text("/hello").await;
    assert_ne!(first, second, "of two idle workers the one that waited longer gets the job");
}

#[tokio::test]
async fn a_request_that_is_too_large_for_a_frame_fails_alone() {
    let test = start(|_| {}).await;
    let mut large = job("/hello");
    large.query = "x".repeat(70_000);
    assert_eq!(test.pool.run(large, JobBody::Empty).await.unwrap_err().reason(), "too_large");
    let stats = test.pool.stats();
    assert_eq!((stats.workers[0].jobs, stats.restarts), (0, 0));
    test.text("/hello").await;
}

#[tokio::test]
async fn a_helper_answers_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let helper = Helper::start(node_options(folder.path(), "")).await.unwrap();
    let answer = helper
        .call("double", &serde_json::json!({ "value": 21, "padding": "x".repeat(300_000) }))
        .await
        .unwrap();
    assert_eq!(answer, serde_json::json!({ "doubled": 42 }));
    let Err(HelperError::Thrown(error)) = helper.call("nonsense", &serde_json::json!({})).await else {
        panic!("no error")
    };
    assert_eq!(error.message, "there is no nonsense");
    assert!(matches!(
        helper.call("garbage", &serde_json::json!({})).await,
        Err(HelperError::Answer { .. })
    ));
}
