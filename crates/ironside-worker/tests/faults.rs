//! Workers that die, hang or lie. Each costs the jobs that it was carrying and nothing else.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod support;

use http::Method;
use ironside_worker::wire::{PROTOCOL_VERSION, schema_hash};
use ironside_worker::{Answer, Blame, JobBody, Piece, Pool, PoolOptions, StartError, WorkerConfig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::Arc;
use std::time::Duration;
use support::{TestFront, is_alive, job, node_options_of, start, start_mode, text};

#[tokio::test]
async fn a_worker_that_breaks_a_rule_is_replaced() {
    let test = start(|_| {}).await;
    for path in [
        "/second-head",
        "/chunk-first",
        "/second-outcome",
        "/unknown-job",
        "/frame-after-end",
        "/overrun",
        "/unknown-type",
        "/front-type",
        "/flags",
        "/too-large",
        "/left-over",
        "/bad-utf8",
        "/bad-word",
        "/bad-pong",
        "/second-ready",
    ] {
        let before = test.pool.stats().restarts;
        // The job that the fault belongs to may have ended well before; what counts is that the worker goes.
        let answer = test.get(path).await;
        if let Err(failure) = &answer {
            assert_eq!(
                (failure.reason(), failure.blame(), failure.may_retry()),
                ("worker_fault", Blame::Worker, false),
                "{path}"
            );
        }
        drop(answer);
        test.until(path, |test| test.pool.stats().restarts > before).await;
        test.text("/hello").await;
    }
}

#[tokio::test]
async fn an_answer_that_http_does_not_allow_fails_its_job_only() {
    let test = start(|_| {}).await;
    for path in ["/bad-status", "/bad-reason", "/bad-name", "/bad-value", "/many-headers"] {
        let failure = test.get(path).await.unwrap_err();
        assert_eq!(
            (failure.reason(), failure.blame()),
            ("bad_response", Blame::Application),
            "{path}"
        );
    }
    for (path, sent) in [("/too-long", 0), ("/too-short", 4)] {
        let Answer::Response(mut response) = test.get(path).await.unwrap() else {
            panic!("no response")
        };
        let mut bytes = 0;
        let failure = loop {
            match response.body.next().await.unwrap() {
                Ok(piece) => bytes += piece.len(),
                Err(failure) => break failure,
            }
        };
        assert_eq!((failure.reason(), bytes), ("bad_response", sent), "{path}");
    }
    test.text("/hello").await;
    assert_eq!(test.pool.stats().restarts, 0);
}

#[tokio::test]
async fn a_dead_worker_is_replaced_and_only_its_jobs_fail() {
    let test = Arc::new(start(|options| options.workers = 2).await);
    test.until("both are ready", |test| test.pool.stats().workers.len() == 2)
        .await;
    let victim = test.pool.stats().workers[0].clone();
    let mut jobs = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let test = Arc::clone(&test);
        // A POST must not be tried again.
        jobs.spawn(async move {
            let mut waiting = job("/wait");
            waiting.method = Method::POST;
            waiting.deadline = Some(Duration::from_secs(3));
            test.pool.run(waiting, JobBody::Empty).await.unwrap_err()
        });
    }
    test.until("each has three", |test| {
        test.pool.stats().workers.iter().all(|worker| worker.jobs == 3)
    })
    .await;
    kill(Pid::from_raw(victim.pid.cast_signed()), Signal::SIGKILL).unwrap();
    let mut reasons: Vec<_> = jobs.join_all().await.iter().map(|failure| failure.reason()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "deadline",
            "deadline",
            "deadline",
            "worker_gone",
            "worker_gone",
            "worker_gone"
        ]
    );
    test.until("there are two again", |test| test.pool.stats().workers.len() == 2)
        .await;
    assert!(test.pool.stats().workers.iter().all(|worker| worker.id != victim.id));
}

#[tokio::test]
async fn a_worker_that_is_killed_again_and_again_is_back_each_time() {
    let test = start(|_| {}).await;
    for _ in 0..6 {
        let pid = test.pool.stats().workers[0].pid;
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
        test.until("it has been noticed", |test| {
            test.pool.stats().workers.iter().all(|worker| worker.pid != pid)
        })
        .await;
        assert_ne!(test.text("/hello").await, format!("hello from {pid}"));
    }
}

#[tokio::test]
async fn a_safe_job_without_a_head_is_tried_once_more() {
    let test = start(|_| {}).await;
    std::fs::write(test.folder.path().join("state"), "").unwrap();
    test.text("/die-once").await;
    assert_eq!(test.pool.stats().restarts, 1);
    // It dies again and again: one more try and no more.
    assert_eq!(test.get("/exit").await.unwrap_err().reason(), "worker_gone");
    test.text("/hello").await;
    assert_eq!(test.pool.stats().restarts, 3);
}

#[tokio::test]
async fn what_was_sent_before_a_death_is_delivered() {
    let test = start(|_| {}).await;
    let Answer::Response(mut response) = test.get("/head-then-die").await.unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.body.next().await.unwrap().unwrap(), Piece::Body("part".into()));
    let failure = response.body.next().await.unwrap().unwrap_err();
    assert_eq!((failure.reason(), failure.may_retry()), ("worker_gone", false));
}

#[tokio::test]
async fn an_abort_is_a_death_like_any_other() {
    let test = start(|_| {}).await;
    let mut aborting = job("/abort");
    aborting.method = Method::POST;
    assert_eq!(
        test.pool.run(aborting, JobBody::Empty).await.unwrap_err().reason(),
        "worker_gone"
    );
    test.text("/hello").await;
}

#[tokio::test]
async fn a_frame_that_is_cut_anywhere_is_a_death() {
    let test = start(|_| {}).await;
    for offset in [0, 1, 4, 11, 12, 13, 20] {
        let mut cut = job("/cut");
        cut.method = Method::POST;
        cut.query = offset.to_string();
        assert_eq!(
            test.pool.run(cut, JobBody::Empty).await.unwrap_err().reason(),
            "worker_gone",
            "{offset}"
        );
        test.text("/hello").await;
    }
}

#[tokio::test]
async fn a_loop_without_end_is_killed() {
    let test = start(|options| {
        options.stuck_after = Duration::from_millis(500);
        options.heartbeat = Duration::from_millis(100);
    })
    .await;
    let failure = test.get("/loop").await.unwrap_err();
    assert_eq!((failure.reason(), failure.may_retry()), ("worker_stuck", false));
    test.text("/hello").await;
}

#[tokio::test]
async fn a_loop_ends_at_the_deadline_for_its_client() {
    let test = start(|_| {}).await;
    let mut looping = job("/loop");
    looping.deadline = Some(Duration::from_millis(100));
    assert_eq!(test.pool.run(looping, JobBody::Empty).await.unwrap_err().reason(), "deadline");
}

#[tokio::test]
async fn a_stopped_worker_is_left_to_whoever_stopped_it() {
    let test = start(|options| {
        options.stuck_after = Duration::from_millis(500);
        options.heartbeat = Duration::from_millis(50);
    })
    .await;
    let pid = test.pool.stats().workers[0].pid;
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGSTOP).unwrap();
    tokio::time::sleep(Duration::from_millis(1300)).await;
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGCONT).unwrap();
    assert_eq!(test.text("/hello").await, format!("hello from {pid}"));
}

#[tokio::test]
async fn a_worker_that_does_not_read_is_killed() {
    let test = start(|options| {
        options.stuck_after = Duration::from_millis(500);
        options.heartbeat = Duration::from_millis(100);
    })
    .await;
    assert_eq!(test.get("/never-read").await.unwrap_err().reason(), "worker_stuck");
    test.text("/hello").await;
}

#[tokio::test]
async fn a_worker_whose_heap_fills_up_is_replaced_without_losing_jobs() {
    let test = start_mode("heap-full", |options| options.heartbeat = Duration::from_millis(50))
        .await
        .unwrap();
    for _ in 0..50 {
        test.text("/hello").await;
    }
    test.until("it was replaced", |test| test.pool.stats().restarts >= 1).await;
    test.text("/hello").await;
}

#[tokio::test]
async fn children_of_a_worker_die_with_it() {
    let test = start(|_| {}).await;
    let child: u32 = test.text("/grandchild").await.parse().unwrap();
    assert!(is_alive(child));
    let mut dying = job("/exit");
    dying.method = Method::POST;
    assert!(test.pool.run(dying, JobBody::Empty).await.is_err());
    test.until("the child dies", |_| !is_alive(child)).await;
}

#[tokio::test]
async fn dropping_the_pool_ends_its_processes() {
    let test = start(|options| options.workers = 2).await;
    test.until("both are ready", |test| test.pool.stats().workers.len() == 2)
        .await;
    let pids: Vec<_> = test.pool.stats().workers.iter().map(|worker| worker.pid).collect();
    let second = test.pool.clone();
    drop(test);
    assert!(pids.iter().all(|pid| is_alive(*pid)), "a clone keeps them");
    drop(second);
    for pid in pids {
        while is_alive(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn draining_lets_jobs_finish_and_cuts_the_others() {
    let test = Arc::new(start(|_| {}).await);
    let Answer::Response(mut streaming) = test.get("/stream").await.unwrap() else {
        panic!("no response")
    };
    let draining = tokio::spawn({
        let pool = test.pool.clone();
        async move { pool.drain(Duration::from_secs(30)).await }
    });
    test.until("it takes no jobs", |test| !test.pool.ready()).await;
    assert_eq!(test.get("/hello").await.unwrap_err().reason(), "not_ready");
    assert_eq!(support::all(&mut streaming.body).await.unwrap().len(), 8 * 1024 * 1024);
    assert_eq!(draining.await.unwrap(), 0);

    let test = Arc::new(start(|_| {}).await);
    let cut = tokio::spawn({
        let test = Arc::clone(&test);
        async move { test.get("/ignore-cancel").await.unwrap_err().reason() }
    });
    test.until("the job runs", |test| test.pool.stats().workers[0].jobs == 1)
        .await;
    assert_eq!(test.pool.drain(Duration::from_millis(50)).await, 1);
    assert_eq!(cut.await.unwrap(), "worker_gone");
}

async fn start_error(mode: &str, change: impl FnOnce(&mut PoolOptions)) -> StartError {
    match start_mode(mode, change).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_worker_that_does_not_start_says_why() {
    let crashed = start_error("exit", |_| {}).await.to_string();
    assert!(
        crashed.contains("exit status: 3") && crashed.contains("the build is broken"),
        "{crashed}"
    );
    assert!(matches!(start_error("garbage", |_| {}).await, StartError::NotAWorker { .. }));
    assert!(matches!(
        start_error("ready-first", |_| {}).await,
        StartError::NotAWorker { .. }
    ));
    assert!(matches!(start_error("old", |_| {}).await, StartError::NodeTooOld { found } if found == "v18.0.0"));
    let never = start_error("no-hello", |options| {
        options.process.hello_timeout = Duration::from_millis(300)
    })
    .await;
    assert!(matches!(never, StartError::TimedOut { .. }));
    let never = start_error("never-ready", |options| {
        options.process.ready_timeout = Duration::from_millis(100)
    })
    .await;
    assert!(matches!(never, StartError::TimedOut { .. }));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let error = start_error("", |options| options.process.node = "/nowhere/node".into()).await;
    assert!(matches!(error, StartError::NodeMissing { .. }), "{error}");
    let error = start_error("", |options| options.process.script = "/nowhere/worker.mjs".into()).await;
    assert!(matches!(error, StartError::ScriptMissing { .. }), "{error}");
    let error = start_error("", |options| options.process.directory = "/nowhere".into()).await;
    assert!(matches!(error, StartError::Spawn(_)), "{error}");
}

#[tokio::test]
async fn a_runtime_of_another_version_is_refused_by_name() {
    for (schema, version) in [
        (schema_hash().as_str(), PROTOCOL_VERSION + 1),
        ("0123456789abcdef", PROTOCOL_VERSION),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let options = PoolOptions::new(node_options_of(folder.path(), "", schema, version), WorkerConfig::default());
        let error = Pool::start(options, Arc::new(TestFront::default())).await.unwrap_err();
        assert!(matches!(error, StartError::Mismatch { .. }), "{error}");
        assert!(error.to_string().contains("Build the application again"));
    }
}

#[tokio::test]
async fn workers_that_stop_starting_make_the_pool_unhealthy_and_it_recovers() {
    let test = start(|_| {}).await;
    let script = test.folder.path().join("main.mjs");
    let good = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, "process.exit(1);").unwrap();
    kill(Pid::from_raw(test.pool.stats().workers[0].pid.cast_signed()), Signal::SIGKILL).unwrap();
    // Five failures in a row; the waiting job is told instead of waiting in vain.
    assert_eq!(test.get("/hello").await.unwrap_err().reason(), "not_ready");
    assert!(!test.pool.ready());
    std::fs::write(&script, good).unwrap();
    test.until("it is back", |test| test.pool.ready()).await;
    test.text("/hello").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_many_jobs_leaves_nothing_behind() {
    let test = Arc::new(start(|_| {}).await);
    for _ in 0..20 {
        let mut jobs = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let test = Arc::clone(&test);
            jobs.spawn(async move { test.get("/wait").await.map(drop) });
        }
        tokio::task::yield_now().await;
        jobs.abort_all();
        while jobs.join_next().await.is_some() {}
    }
    test.until("all places are free", |test| {
        test.pool.stats().workers.iter().all(|worker| worker.jobs == 0)
    })
    .await;
    assert_eq!(test.pool.stats().restarts, 0);
    assert!(text(test.get("/hello").await.unwrap()).await.is_ok());
}
