//! Watching a worker: heartbeat, deadlines, memory. Evidence is put together; no single sign kills a worker.

use crate::connection::{CloseReason, Connection};
use crate::evidence::{Evidence, look_at};
use crate::lock::locked;
use crate::options::PoolOptions;
use crate::roster::Roster;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Runs until the connection has ended.
pub(crate) async fn watch(connection: Arc<Connection>, roster: Arc<Roster>, options: Arc<PoolOptions>) {
    let mut ticks = interval(options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    let mut warned_stopped = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = connection.gone.raised() => return,
        }
        let now = Instant::now();
        // If our own tasks were held up, the worker's frames may just not have been read yet.
        let held_up = now.duration_since(last) > options.heartbeat * 2;
        last = now;
        let overdue = connection.check_deadlines(now);
        if !held_up {
            match verdict(&connection, &options, overdue) {
                Verdict::Fine => warned_stopped = false,
                Verdict::Retire(why) => retire(&connection, why),
                Verdict::Stuck(why) => {
                    if !kill_unless_stopped(&connection, why, &mut warned_stopped) {
                        return;
                    }
                }
            }
        }
        connection.ping();
        roster.pump();
    }
}

enum Verdict {
    Fine,
    /// It works, but should be replaced.
    Retire(&'static str),
    Stuck(&'static str),
}

fn verdict(connection: &Connection, options: &PoolOptions, overdue: bool) -> Verdict {
    let budget = options.stuck_after.max(connection.longest_job());
    if connection.is_overflowing() {
        return Verdict::Stuck("it does not read");
    }
    if connection.silence() > budget {
        return Verdict::Stuck("its event loop is silent");
    }
    if overdue {
        // A silent loop with a job far beyond its deadline is stuck; one that answers only has code that does not stop.
        return if connection.is_busy() {
            Verdict::Stuck("a job does not stop at its deadline")
        } else {
            Verdict::Retire("a job does not stop at its deadline")
        };
    }
    let vitals = *locked(&connection.vitals);
    if vitals.heap_limit > 0 && vitals.heap_used.saturating_mul(100) / vitals.heap_limit >= options.heap_limit_percent {
        return Verdict::Retire("its heap is nearly full");
    }
    if connection.is_worn_out() {
        Verdict::Retire("its job numbers run out")
    } else {
        Verdict::Fine
    }
}

fn retire(connection: &Connection, why: &str) {
    if !connection.retired.is_raised() {
        tracing::warn!(worker = %connection.id, pid = connection.pid, why, "a worker is replaced");
        connection.retired.raise();
    }
}

/// Says whether the worker lives on.
fn kill_unless_stopped(connection: &Connection, why: &str, warned: &mut bool) -> bool {
    let evidence = look_at(connection.pid);
    let silent_ms = crate::connection::millis(connection.silence());
    if evidence == Evidence::Stopped {
        if !std::mem::replace(warned, true) {
            tracing::warn!(worker = %connection.id, pid = connection.pid, silent_ms, "a worker was stopped by a signal or a debugger; it is left alone");
        }
        // When it goes on it gets the whole budget to catch up.
        connection.heard();
        return true;
    }
    tracing::error!(
        worker = %connection.id, pid = connection.pid, why, evidence = evidence.word(), silent_ms,
        "a worker is stuck and is killed"
    );
    connection.close(CloseReason::Stuck);
    false
}

/// How long [`CloseReason::Gone`] may lag behind the process's death: what it wrote before is still read.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(1);
