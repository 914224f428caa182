//! Bringing a worker up: start the process, HELLO, CONFIG, READY.

use crate::connection::Connection;
use crate::fault::ProtocolFault;
use crate::frame_reader::{FrameReader, ReadEnd};
use crate::front::Front;
use crate::incoming::read_all;
use crate::job::WorkerId;
use crate::options::{PoolOptions, Secret, StartError};
use crate::outbox::Outbox;
use crate::process::{Process, is_too_old, too_old};
use crate::spawner::Spawner;
use crate::wire::{self, Config, Frame, FrameHeader, Hello, MAGIC, PROTOCOL_VERSION, Ready, Variable, schema_hash};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A worker that is ready for jobs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) process: Process,
    pub(crate) connection: Arc<Connection>,
}

/// Starts a worker and waits until it is ready.
pub(crate) async fn boot(
    spawner: &Spawner,
    options: &PoolOptions,
    front: &Arc<dyn Front>,
    id: WorkerId,
) -> Result<Worker, StartError> {
    let (mut process, socket) = Process::start(spawner, &options.process, id).await?;
    let (reading, writing) = socket.into_split();
    let mut reader = FrameReader::new(reading);
    let outbox = Arc::new(Outbox::new());
    let writer = {
        let outbox = Arc::clone(&outbox);
        // When writing fails the process has died, which the reader notices.
        tokio::spawn(async move { outbox.write_to(writing).await })
    };
    let handshake = Handshake {
        options,
        outbox: &outbox,
        id,
        hello: false,
    };
    match handshake.run(&mut process, &mut reader).await {
        Ok(ready_ms) => {
            let connection = Arc::new(Connection::new(id, process.pid, outbox, Arc::clone(front), options.windows));
            tokio::spawn(read_all(Arc::clone(&connection), reader));
            tracing::debug!(worker = %id, pid = process.pid, ready_ms, "a worker is ready");
            Ok(Worker { process, connection })
        }
        Err(error) => {
            outbox.close();
            writer.abort();
            // The error that is reported is the first one; how the process takes its end does not matter.
            let _ = process.kill().await;
            Err(error)
        }
    }
}

struct Handshake<'a> {
    options: &'a PoolOptions,
    outbox: &'a Outbox,
    id: WorkerId,
    hello: bool,
}

impl Handshake<'_> {
    async fn run(mut self, process: &mut Process, reader: &mut FrameReader) -> Result<u32, StartError> {
        let limit = self.options.process.hello_timeout;
        let (header, payload) = self.expect(process, reader, limit).await?;
        check_hello(header, &payload, process)?;
        self.hello = true;
        self.send_config()?;
        let limit = self.options.process.ready_timeout;
        let (header, payload) = self.expect(process, reader, limit).await?;
        if header.code == wire::Fatal::SCHEMA.code {
            let fatal: wire::Fatal<'_> = wire::decode(&payload).map_err(|error| not_a_worker(&error, process))?;
            let output = format!("{}\n{}", fatal.stack, process.tail.text());
            return Err(StartError::Crashed {
                how: fatal.message.to_owned(),
                output,
            });
        }
        if header.code != Ready::SCHEMA.code {
            return Err(not_a_worker(
                &format!("frame 0x{:02x} came instead of READY", header.code),
                process,
            ));
        }
        let ready: Ready<'_> = wire::decode(&payload).map_err(|error| not_a_worker(&error, process))?;
        Ok(ready.boot_ms.saturating_add(ready.load_ms))
    }

    /// The next frame that is not about something else.
    async fn expect(
        &self,
        process: &mut Process,
        reader: &mut FrameReader,
        limit: Duration,
    ) -> Result<(FrameHeader, Bytes), StartError> {
        let next = timeout(limit, async {
            loop {
                match reader.next().await {
                    // Code that is loaded may log already, and nobody listens yet.
                    Ok((header, _))
                        if self.hello
                            && [wire::Log::SCHEMA.code, wire::Span::SCHEMA.code, wire::Metric::SCHEMA.code]
                                .contains(&header.code) => {}
                    next => return next,
                }
            }
        });
        match next.await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(ReadEnd::Fault(fault))) => Err(fault_error(&fault, process)),
            Ok(Err(ReadEnd::Closed)) => Err(self.crashed(process).await),
            Err(_) => Err(StartError::TimedOut {
                after: limit,
                output: process.tail.text(),
            }),
        }
    }

    async fn crashed(&self, process: &mut Process) -> StartError {
        let how = match timeout(Duration::from_secs(1), process.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it closed the protocol socket".to_owned(),
        };
        // Its last words may still be in the pipe.
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !self.hello
            && let Some(error) = too_old(&self.options.process).await
        {
            return error;
        }
        StartError::Crashed {
            how,
            output: process.tail.text(),
        }
    }

    fn send_config(&self) -> Result<(), StartError> {
        let config = &self.options.config;
        let frame = Config {
            deployment: &config.deployment,
            manifest: &config.manifest.to_string_lossy(),
            keys: config.keys.iter().map(Secret::expose).collect(),
            environment: config
                .environment
                .iter()
                .map(|(name, value)| Variable { name, value })
                .collect(),
            development: config.development,
            worker: self.id.0,
            stream_window: self.options.windows.request,
            jobs: u16::try_from(self.options.jobs_per_worker).unwrap_or(u16::MAX),
            form_memory: config.forms.memory,
            form_parts: config.forms.parts,
            form_text: config.forms.text,
            form_header: config.forms.header,
        };
        Ok(self.outbox.send(&frame, 0, 0)?)
    }
}

fn not_a_worker(problem: &impl ToString, process: &Process) -> StartError {
    StartError::NotAWorker {
        problem: problem.to_string(),
        output: process.tail.text(),
    }
}

fn fault_error(fault: &ProtocolFault, process: &Process) -> StartError {
    not_a_worker(fault, process)
}

/// HELLO begins alike in every version, so that a mismatch can be named.
fn check_hello(header: FrameHeader, payload: &[u8], process: &Process) -> Result<(), StartError> {
    let magic = payload.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
    if header.code != Hello::SCHEMA.code || magic != Some(MAGIC) {
        return Err(not_a_worker(
            &format!("frame 0x{:02x} came instead of HELLO", header.code),
            process,
        ));
    }
    let ours = format!("{PROTOCOL_VERSION}.{}", schema_hash());
    let protocol = payload.get(4..6).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    if protocol != PROTOCOL_VERSION {
        return Err(StartError::Mismatch {
            theirs: protocol.to_string(),
            ours,
        });
    }
    let hello: Hello<'_> = wire::decode(payload).map_err(|error| not_a_worker(&error, process))?;
    let theirs = format!("{}.{}", hello.protocol, hello.schema);
    if theirs != ours {
        return Err(StartError::Mismatch { theirs, ours });
    }
    if is_too_old(hello.node) {
        return Err(StartError::NodeTooOld {
            found: hello.node.to_owned(),
        });
    }
    Ok(())
}
