//! `ironside cache list`.

use super::desk::Desk;
use super::entry::{columns, moment, name};
use crate::cli::cache::ListArgs;
use crate::commands::Context;
use crate::exit::Failure;
use crate::quantities::{passed, size};
use ironside_server::admin::cache::{EntryView, List, Listing};

/// Entries that are listed for a person who doesn't say how many.
const SHOWN: usize = 50;

pub(super) async fn run(context: &Context, args: &ListArgs) -> Result<(), Failure> {
    let desk = Desk::open(context).await?;
    let limit = match args.limit {
        Some(0) => None,
        Some(limit) => Some(limit),
        None if args.json => None,
        None => Some(SHOWN),
    };
    let asked = List {
        tag: args.tag.clone(),
        path: args.path.clone(),
        kind: args.kind.clone(),
        limit,
    };
    let listing: Listing = desk.ask("list", &asked).await?;
    if args.json {
        context.printer.result(&super::json(&desk, &listing)?);
        return Ok(());
    }
    if listing.total == 0 {
        let filtered = asked.tag.is_some() || asked.path.is_some() || asked.kind.is_some();
        context.printer.result(match filtered {
            true => "nothing of that is stored",
            false => "nothing is stored",
        });
        return Ok(());
    }
    const HEAD: [&str; 9] = ["Kind", "What", "State", "Size", "Age", "Renewed", "Gone", "Where", "Tags"];
    let rows: Vec<Vec<String>> = listing.entries.iter().map(row).collect();
    context.printer.result(&columns(&HEAD, &rows));
    if listing.total > listing.entries.len() {
        context.printer.info(&format!(
            "{} of {} entries: --limit 0 lists all, --path, --tag and --kind some",
            listing.entries.len(),
            listing.total
        ));
    }
    Ok(())
}

fn row(entry: &EntryView) -> Vec<String> {
    let what = match entry.status {
        None | Some(200) => name(entry).to_owned(),
        Some(status) => format!("{} ({status})", name(entry)),
    };
    vec![
        entry.kind.clone(),
        what,
        entry.reason.clone(),
        size(entry.bytes),
        passed(entry.age),
        moment(entry.revalidate_in),
        moment(entry.expire_in),
        entry.places.join(", "),
        entry.tags.join(", "),
    ]
}
