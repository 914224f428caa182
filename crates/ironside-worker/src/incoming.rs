//! What a worker sends, frame by frame: checked against the state of its job, then handed on.

use crate::call::{Call, Reply};
use crate::connection::{CloseReason, Connection, Vitals};
use crate::exchange::Exchange;
use crate::fault::{FaultKind, ProtocolFault};
use crate::frame_reader::{FrameReader, ReadEnd};
use crate::front::{LogRecord, MetricRecord, SpanRecord};
use crate::lock::locked;
use crate::wire::{self, Frame, FrameHeader, HEADER_LEN, RecordField};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Calls of one job without an answer.
const CALLS_PER_JOB: u32 = 64;
/// Calls of one worker without an answer, and their bytes.
const CALLS: usize = 1024;
const CALL_BYTES: usize = 16 * 1024 * 1024;

/// Reads frames until the worker is gone or breaks a rule.
pub(crate) async fn read_all(connection: Arc<Connection>, mut reader: FrameReader) {
    loop {
        let end = match reader.next().await {
            Ok((header, payload)) => {
                connection.heard();
                match handle(&connection, header, &payload) {
                    Ok(()) => continue,
                    Err(kind) => ReadEnd::Fault(ProtocolFault {
                        kind,
                        code: header.code,
                        job: header.job,
                    }),
                }
            }
            Err(end) => end,
        };
        match end {
            ReadEnd::Closed => connection.close(CloseReason::Gone),
            ReadEnd::Fault(fault) => {
                tracing::error!(worker = %connection.id, pid = connection.pid, %fault, "a worker broke the protocol and is killed");
                connection.close(CloseReason::Fault)
            }
        };
        return;
    }
}

/// Where a job has come to after a frame.
#[derive(PartialEq)]
enum Progress {
    Open,
    /// OUTCOME announced after-work.
    After,
    /// That was the last frame.
    Done,
}

pub(crate) fn handle(connection: &Arc<Connection>, header: FrameHeader, payload: &Bytes) -> Result<(), FaultKind> {
    let live = || connection.job(header.job).ok_or(FaultKind::UnknownJob);
    let progress = match header.code {
        HEAD => {
            let frame: wire::Head<'_> = wire::decode(payload)?;
            let exchange = live()?;
            exchange.on_head(&frame, payload.slice_ref(frame.body))?;
            match frame.outcome {
                Some(outcome) => ended(&exchange, outcome)?,
                None => Progress::Open,
            }
        }
        CHUNK => {
            let frame: wire::Chunk<'_> = wire::decode(payload)?;
            live()?.on_chunk(frame.channel, payload.slice_ref(frame.bytes))?;
            Progress::Open
        }
        OUTCOME => ended(&*live()?, wire::decode(payload)?)?,
        AFTER_DONE => {
            let exchange = live()?;
            let done: wire::AfterDone<'_> = wire::decode(payload)?;
            exchange.on_after_done()?;
            connection.after_pending.fetch_sub(1, Ordering::AcqRel);
            connection.front.after_done(exchange.info.clone(), done.into());
            Progress::Done
        }
        REQUEST_CREDIT => {
            let credit: wire::RequestCredit = wire::decode(payload)?;
            live()?.on_request_credit(credit.bytes)?;
            Progress::Open
        }
        CALL => {
            let frame: wire::CallFrame<'_> = wire::decode(payload)?;
            call(
                connection,
                &live()?,
                header.seq,
                Call::from_wire(frame.call, payload),
                payload.len(),
            );
            Progress::Open
        }
        _ => {
            report(connection, header, payload)?;
            Progress::Open
        }
    };
    match progress {
        Progress::Open => {}
        Progress::After => {
            connection.after_pending.fetch_add(1, Ordering::AcqRel);
        }
        Progress::Done => connection.forget(header.job),
    }
    Ok(())
}

fn ended(exchange: &Exchange, outcome: wire::Outcome<'_>) -> Result<Progress, FaultKind> {
    Ok(if exchange.on_outcome(outcome)? {
        Progress::After
    } else {
        Progress::Done
    })
}

/// Frames of the connection, and records.
fn report(connection: &Connection, header: FrameHeader, payload: &Bytes) -> Result<(), FaultKind> {
    match header.code {
        PONG => pong(connection, &wire::decode(payload)?),
        LOG | SPAN | METRIC => {
            let size = HEADER_LEN + payload.len();
            let Some(dropped) = locked(&connection.records).admit(Instant::now(), size) else {
                return Ok(());
            };
            if dropped > 0 {
                tracing::warn!(worker = %connection.id, dropped, "a worker reported too much; records were dropped");
            }
            record(connection, header, payload)
        }
        FATAL => {
            let fatal: wire::Fatal<'_> = wire::decode(payload)?;
            let request = connection
                .job(header.job)
                .map(|exchange| exchange.info.job.request_id.clone());
            tracing::error!(
                worker = %connection.id, pid = connection.pid, request, stack = fatal.stack,
                "a worker gives up: {}", fatal.message
            );
            Ok(())
        }
        _ => Err(FaultKind::State("HELLO and READY come once, before all other frames")),
    }
}

fn pong(connection: &Connection, pong: &wire::Pong) -> Result<(), FaultKind> {
    if pong.nonce != connection.nonce.load(Ordering::Acquire) || connection.answered.swap(true, Ordering::AcqRel) {
        return Err(FaultKind::State("PONG does not answer the last PING"));
    }
    *locked(&connection.vitals) = Vitals {
        lag: Duration::from_micros(pong.lag_us.into()),
        heap_used: pong.heap_used,
        heap_limit: pong.heap_limit,
        rss: pong.rss,
    };
    Ok(())
}

fn record(connection: &Connection, header: FrameHeader, payload: &Bytes) -> Result<(), FaultKind> {
    // A record may be written by code that outlives its job, so an ended job is no fault here.
    let job = connection.job(header.job).map(|exchange| exchange.info.clone());
    match header.code {
        LOG => {
            let log: wire::Log<'_> = wire::decode(payload)?;
            let (level, target, message) = (log.level, log.target.to_owned(), log.message.to_owned());
            connection.front.log(
                connection.id,
                LogRecord {
                    job,
                    level,
                    target,
                    message,
                    fields: owned(&log.fields),
                },
            );
        }
        SPAN => {
            let span: wire::Span<'_> = wire::decode(payload)?;
            let record = SpanRecord {
                job,
                name: span.name.to_owned(),
                id: span.id.to_owned(),
                parent: span.parent.to_owned(),
                start_us: span.start_us,
                end_us: span.end_us,
                attributes: owned(&span.attributes),
            };
            connection.front.span(connection.id, record);
        }
        _ => {
            let metric: wire::Metric<'_> = wire::decode(payload)?;
            let (name, kind, value) = (metric.name.to_owned(), metric.kind, metric.value);
            connection.front.metric(
                connection.id,
                MetricRecord {
                    name,
                    kind,
                    value,
                    labels: owned(&metric.labels),
                },
            );
        }
    }
    Ok(())
}

fn owned(fields: &[RecordField<'_>]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|field| (field.name.to_owned(), field.value.to_owned()))
        .collect()
}

/// Answers a call, now or when the front has the answer.
fn call(connection: &Arc<Connection>, exchange: &Arc<Exchange>, seq: u16, call: Call, bytes: usize) {
    let calls = connection.calls.fetch_add(1, Ordering::AcqRel) + 1;
    let in_flight = connection.call_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
    let counted = exchange.begin_call(CALLS_PER_JOB);
    let mut answer = PendingAnswer {
        connection: Arc::clone(connection),
        exchange: Arc::clone(exchange),
        seq,
        bytes,
        counted,
        sent: false,
    };
    if !counted || calls > CALLS || in_flight > CALL_BYTES {
        tracing::warn!(worker = %connection.id, operation = call.word(), "a worker asks too much at once; the call is refused");
        answer.send(&Reply::Refused {
            reason: "too many calls at once".to_owned(),
        });
        return;
    }
    let answering = connection.front.call(exchange.info.clone(), call);
    tokio::spawn(async move {
        let reply = answering.await;
        answer.send(&reply);
    });
}

/// A call that waits for its answer. It gets one in any case: code that waits for a REPLY that never comes would hang.
struct PendingAnswer {
    connection: Arc<Connection>,
    exchange: Arc<Exchange>,
    seq: u16,
    bytes: usize,
    counted: bool,
    sent: bool,
}

impl PendingAnswer {
    fn send(&mut self, reply: &Reply) {
        self.sent = true;
        let outbox = &self.connection.outbox;
        let job = self.exchange.info.id;
        if self.connection.job(job).is_none() {
            // The worker has forgotten the call; its number may stand for another one by now.
            return;
        }
        if let Err(error) = outbox.send(&reply.frame(), job, self.seq) {
            tracing::error!(worker = %self.connection.id, %error, "an answer does not fit into a frame");
            // A short ASCII text always fits.
            let _ = outbox.send(
                &Reply::Refused {
                    reason: error.to_string(),
                }
                .frame(),
                job,
                self.seq,
            );
        }
    }
}

impl Drop for PendingAnswer {
    fn drop(&mut self) {
        if !self.sent {
            self.send(&Reply::Refused {
                reason: "the server failed to answer".to_owned(),
            });
        }
        self.connection.calls.fetch_sub(1, Ordering::AcqRel);
        self.connection.call_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        if self.counted {
            self.exchange.calls.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

const HEAD: u8 = wire::Head::SCHEMA.code;
const CHUNK: u8 = wire::Chunk::SCHEMA.code;
const OUTCOME: u8 = wire::Outcome::SCHEMA.code;
const AFTER_DONE: u8 = wire::AfterDone::SCHEMA.code;
const REQUEST_CREDIT: u8 = wire::RequestCredit::SCHEMA.code;
const CALL: u8 = wire::CallFrame::SCHEMA.code;
const PONG: u8 = wire::Pong::SCHEMA.code;
const LOG: u8 = wire::Log::SCHEMA.code;
const SPAN: u8 = wire::Span::SCHEMA.code;
const METRIC: u8 = wire::Metric::SCHEMA.code;
const FATAL: u8 = wire::Fatal::SCHEMA.code;
