//! `/metrics`: all counters in Prometheus' text format 0.0.4 (Prometheus documentation, "Exposition formats"). Names are in base units;
//! labels are constants of the program, or names out of the manifest, never anything that a client has sent.

use crate::shared::reason::Reason;
use crate::site::Site;
use crate::telemetry::histogram::{BOUNDS, Histogram};
use ironside_cache::store::StoreStats;
use ironside_worker::{PoolStats, WorkerState};
use std::fmt::{Display, Write as _};
use std::sync::atomic::Ordering;

/// The whole page.
pub(super) fn write(site: &Site) -> String {
    let mut page = Page::default();
    about_build(&mut page, site);
    about_requests(&mut page, site);
    about_actions(&mut page, site);
    about_cache(&mut page, site);
    if let Some(stats) = site.workers.stats() {
        about_workers(&mut page, &stats);
    }
    page.text
}

fn about_build(page: &mut Page, site: &Site) {
    page.family("ironside_build_info", "gauge", "What is running; always 1.");
    let build = &*site.deployment.manifest.build;
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("build", build),
        ("react", &site.deployment.manifest.react),
    ];
    page.sample("ironside_build_info", &labels, 1);
}

fn about_requests(page: &mut Page, site: &Site) {
    let metrics = &site.house.metrics;
    let name = "http_server_active_requests";
    page.family(name, "gauge", "Requests that are being answered.");
    page.sample(name, &[], metrics.active.load(Ordering::Relaxed));
    let name = "ironside_connections";
    page.family(name, "gauge", "Connections of clients that are open.");
    page.sample(name, &[], metrics.connections.load(Ordering::Relaxed));
    let name = "http_server_request_duration_seconds";
    page.family(name, "histogram", "Answers to their last byte, by the class of their status.");
    const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    for (class, histogram) in CLASSES.iter().zip(&metrics.requests) {
        page.histogram(name, &[("http_response_status_class", class)], histogram);
    }
    let name = "ironside_answers_total";
    page.family(name, "counter", "Answers, by why they are what they are.");
    for (reason, count) in metrics.answers.snapshot() {
        page.sample(name, &[("reason", reason)], count);
    }
}

fn about_actions(page: &mut Page, site: &Site) {
    let actions = &site.house.metrics.actions;
    let name = "ironside_action_duration_seconds";
    page.family(name, "histogram", "Server Actions from admission to the head of the answer.");
    for (action, outcome, histogram) in actions.snapshot() {
        page.histogram(name, &[("action", &action), ("outcome", outcome)], &histogram);
    }
    let name = "ironside_action_rejections_total";
    page.family(name, "counter", "Calls of Server Actions that were refused, by reason.");
    for (reason, count) in actions.rejections.snapshot() {
        page.sample(name, &[("reason", reason)], count);
    }
}

fn about_cache(page: &mut Page, site: &Site) {
    let cache = &site.deployment.cache;
    let name = "ironside_cache_requests_total";
    page.family(
        name,
        "counter",
        "Pages and handlers that were looked for among shared answers, by what came of it and why.",
    );
    for (word, count) in site.house.metrics.pages.snapshot() {
        let result = Reason::of(word).map_or("bypass", |reason| reason.outcome().word());
        page.sample(name, &[("result", result), ("reason", word)], count);
    }
    let name = "ironside_cache_events_total";
    page.family(
        name,
        "counter",
        "What happened to entries of the cache, values of the application included.",
    );
    for (event, count) in cache.metrics().iter() {
        page.sample(name, &[("event", event)], count);
    }
    let name = "ironside_cache_bytes";
    page.family(name, "gauge", "Bytes that entries of the cache take in memory.");
    page.sample(name, &[], cache.bytes());
    let name = "ironside_cache_entries";
    page.family(name, "gauge", "Entries of the cache, by where they are.");
    page.sample(name, &[("place", "memory")], cache.entries());
    let store = cache.store_stats();
    if let Some(store) = &store {
        page.sample(name, &[("place", "disk")], store.entries);
    }
    if store.is_some() || site.deployment.disk_trouble.is_some() {
        let name = "ironside_cache_disk_usable";
        page.family(
            name,
            "gauge",
            "0 if the cache's folder could not be opened at the start, so that nothing outlives the process.",
        );
        page.sample(name, &[], u8::from(store.is_some()));
    }
    let name = "ironside_cache_evictions_total";
    page.family(name, "counter", "Entries that had to leave memory for others.");
    page.sample(name, &[], cache.evictions());
    if let Some(store) = store {
        about_store(page, &store);
    }
}

fn about_store(page: &mut Page, store: &StoreStats) {
    let name = "ironside_cache_disk_bytes";
    page.family(name, "gauge", "Bytes that the cache takes on disk.");
    page.sample(name, &[], store.bytes);
    let name = "ironside_cache_disk_paused";
    page.family(name, "gauge", "1 while the cache on disk is left alone after an error.");
    page.sample(name, &[], u8::from(store.is_paused));
    let name = "ironside_cache_disk_total";
    page.family(name, "counter", "What happened to entries on disk.");
    for (event, count) in [
        ("written", store.written),
        ("read", store.read),
        ("lost", store.lost),
        ("damaged", store.damaged),
        ("error", store.errors),
    ] {
        page.sample(name, &[("event", event)], count);
    }
}

/// How a number of one worker is read.
type Gauge = fn(&ironside_worker::WorkerStats) -> f64;

fn about_workers(page: &mut Page, stats: &PoolStats) {
    let name = "ironside_workers";
    page.family(name, "gauge", "Worker processes, by what they are doing.");
    for state in [WorkerState::Ready, WorkerState::Busy, WorkerState::Draining] {
        let count = stats.workers.iter().filter(|worker| worker.state == state).count();
        page.sample(name, &[("state", state.word())], count);
    }
    let name = "ironside_worker_restarts_total";
    page.family(name, "counter", "Workers that were started in place of another one.");
    page.sample(name, &[], stats.restarts);
    let name = "ironside_jobs_total";
    page.family(name, "counter", "Jobs that were given to workers.");
    page.sample(name, &[], stats.jobs);
    let name = "ironside_queue_depth";
    page.family(name, "gauge", "Jobs that wait for a place on a worker.");
    page.sample(name, &[], stats.waiting);
    let gauges: [(&str, &str, Gauge); 4] = [
        ("ironside_worker_jobs", "Jobs that have not ended.", |worker| {
            to_float(worker.jobs as u64)
        }),
        ("ironside_worker_heap_bytes", "Bytes of heap in use.", |worker| {
            to_float(worker.heap_used)
        }),
        ("ironside_worker_resident_bytes", "Resident bytes of the process.", |worker| {
            to_float(worker.rss)
        }),
        (
            "ironside_worker_event_loop_delay_seconds",
            "The event loop's delay when it was last asked.",
            |worker| worker.lag.as_secs_f64(),
        ),
    ];
    for (name, help, value) in gauges {
        page.family(name, "gauge", help);
        for worker in &stats.workers {
            page.sample(name, &[("worker", &worker.id.to_string())], value(worker));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of jobs and bytes are far below 2^52")]
fn to_float(number: u64) -> f64 {
    number as f64
}

/// A page that is being written.
#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    /// Begins a metric; its samples have to follow.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a string cannot fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let _ = write!(
                self.text,
                "{}{label}=\"{}\"",
                if index == 0 { '{' } else { ',' },
                escaped(text)
            );
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let observed = histogram.read();
        let bucket = format!("{name}_bucket");
        let bounds = BOUNDS
            .iter()
            .map(|micros| seconds(*micros).to_string())
            .chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(observed.cumulative) {
            let mut all = labels.to_vec();
            all.push(("le", &bound));
            self.sample(&bucket, &all, count);
        }
        self.sample(&format!("{name}_sum"), labels, seconds(observed.sum));
        let total = observed.cumulative.last().copied().unwrap_or_default();
        self.sample(&format!("{name}_count"), labels, total);
    }
}

fn seconds(micros: u64) -> f64 {
    to_float(micros) / 1_000_000.0
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn labels_are_escaped_and_buckets_add_up() {
        let mut page = Page::default();
        page.sample("a_total", &[("x", "a\"b\\c\nd")], 3);
        assert_eq!(page.text, "a_total{x=\"a\\\"b\\\\c\\nd\"} 3\n");
        let mut page = Page::default();
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(30));
        histogram.observe(Duration::from_secs(60));
        page.histogram("t_seconds", &[("k", "v")], &histogram);
        for line in [
            "t_seconds_bucket{k=\"v\",le=\"0.025\"} 0",
            "t_seconds_bucket{k=\"v\",le=\"0.05\"} 1",
            "t_seconds_bucket{k=\"v\",le=\"+Inf\"} 2",
            "t_seconds_sum{k=\"v\"} 60.03",
            "t_seconds_count{k=\"v\"} 2",
        ] {
            assert!(page.text.lines().any(|found| found == line), "{line}\n{}", page.text);
        }
    }
}
