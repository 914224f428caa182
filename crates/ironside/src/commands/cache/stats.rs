//! `ironside cache stats`.

use super::desk::Desk;
use super::entry::name;
use crate::cli::cache::StatsArgs;
use crate::commands::Context;
use crate::exit::Failure;
use crate::quantities::{passed, size};
use ironside_server::admin::cache::{CacheStats, DiskStats, RequestCount};
use std::collections::BTreeMap;

pub(super) async fn run(context: &Context, args: &StatsArgs) -> Result<(), Failure> {
    let desk = Desk::open(context).await?;
    let stats: CacheStats = desk.ask("stats", &serde_json::json!({})).await?;
    let text = if args.json {
        super::json(&desk, &stats)?
    } else {
        shown(&stats, desk.is_server())
    };
    context.printer.result(&text);
    Ok(())
}

fn shown(stats: &CacheStats, is_server: bool) -> String {
    let mut lines = Vec::new();
    let mut field = |label: &str, value: String| lines.push(format!("{label:<10}{value}"));
    let kinds = stats
        .entries
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect::<Vec<_>>();
    let total: usize = stats.entries.values().sum();
    field(
        "Entries",
        if kinds.is_empty() {
            "0".to_owned()
        } else {
            format!("{total}: {}", kinds.join(", "))
        },
    );
    if is_server {
        let memory = &stats.memory;
        field(
            "Memory",
            format!(
                "{} entries, {} of {}, {} evicted",
                memory.entries,
                size(memory.bytes),
                size(memory.max_bytes),
                memory.evictions
            ),
        );
    }
    let without = || match &stats.disk_trouble {
        Some(trouble) => format!("not used: {trouble}"),
        None => "off".to_owned(),
    };
    field("Disk", stats.disk.as_ref().map_or_else(without, disk));
    field("Build", format!("{} entries that nobody has asked for yet", stats.build));
    if let Some(oldest) = &stats.oldest {
        field("Oldest", format!("{} {}, {}", oldest.kind, name(oldest), passed(oldest.age)));
    }
    if is_server {
        field("Filling", stats.filling.to_string());
        field(
            "Dynamic",
            format!("{} URLs are known to be for one visitor each", stats.known_dynamic),
        );
        lines.push(String::new());
        lines.push(requests(&stats.requests));
        lines.push(events(&stats.events));
    }
    lines.join("\n").trim_end().to_owned()
}

fn disk(disk: &DiskStats) -> String {
    let mut text = format!("{} entries, {}", disk.entries, size(disk.bytes));
    for (count, word) in [(disk.lost, "lost"), (disk.damaged, "damaged"), (disk.errors, "errors")] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    if disk.paused {
        text.push_str("; left alone for a while after an error");
    }
    text
}

/// `hit 12: 12 fresh`.
fn requests(counts: &[RequestCount]) -> String {
    let outcomes = ["hit", "stale", "miss", "bypass"];
    let lines = outcomes.map(|outcome| {
        let of = counts.iter().filter(|count| count.outcome == outcome);
        let total: u64 = of.clone().map(|count| count.count).sum();
        let reasons = of
            .map(|count| format!("{} {}", count.count, count.reason))
            .collect::<Vec<_>>();
        let reasons = if reasons.is_empty() {
            String::new()
        } else {
            format!(" ({})", reasons.join(", "))
        };
        format!("  {outcome:<8}{total}{reasons}")
    });
    format!("Requests for pages and handlers since the start\n{}", lines.join("\n"))
}

/// What happened to entries, apart from what is told elsewhere.
fn events(events: &BTreeMap<String, u64>) -> String {
    let some = events.iter().filter(|(_, count)| **count > 0);
    let told = some.map(|(event, count)| format!("{count} {event}")).collect::<Vec<_>>();
    if told.is_empty() {
        return String::new();
    }
    format!(
        "What happened to entries, values of fetch and functions included\n  {}",
        told.join(", ")
    )
}
