//! What a worker prints: each line goes to the log with the worker's number, and the last lines are kept for the message that
//! says why it did not start.

use crate::job::WorkerId;
use crate::limiter::Limiter;
use crate::lock::locked;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::time::Instant;

/// The longest line; the rest of it is a line of its own.
const MAX_LINE: u64 = 64 * 1024;
/// How much is kept.
const MAX_TAIL: usize = 8 * 1024;

/// The end of what a process printed.
#[derive(Debug, Default)]
pub(crate) struct OutputTail(Mutex<String>);

impl OutputTail {
    fn push(&self, line: &str) {
        let mut text = locked(&self.0);
        text.push_str(line);
        text.push('\n');
        if text.len() > MAX_TAIL {
            let from = (text.len() - MAX_TAIL..text.len())
                .find(|&at| text.is_char_boundary(at))
                .unwrap_or(0);
            text.drain(..from);
        }
    }

    pub(crate) fn text(&self) -> String {
        locked(&self.0).clone()
    }
}

/// Which of its two streams a process printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Printed {
    Stdout,
    Stderr,
}

/// Logs the lines of `stream` until it ends.
pub(crate) async fn log_lines(worker: WorkerId, printed: Printed, stream: impl AsyncRead + Unpin, tail: Arc<OutputTail>) {
    let mut limiter = Limiter::new();
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        tail.push(text);
        let Some(dropped) = limiter.admit(Instant::now(), text.len()) else {
            continue;
        };
        if dropped > 0 {
            tracing::warn!(%worker, dropped, "a worker printed too much; lines were dropped");
        }
        match printed {
            Printed::Stdout => tracing::info!(target: "ironside::application", %worker, "{text}"),
            Printed::Stderr => tracing::warn!(target: "ironside::application", %worker, "{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_the_output_is_kept() {
        let tail = Arc::new(OutputTail::default());
        let text = format!("{}\nlast: é\n", "é".repeat(MAX_TAIL));
        log_lines(WorkerId(1), Printed::Stderr, text.as_bytes(), Arc::clone(&tail)).await;
        assert!(tail.text().len() <= MAX_TAIL);
        assert!(tail.text().ends_with("last: é\n"));
    }
}
