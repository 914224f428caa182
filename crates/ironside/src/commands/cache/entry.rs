//! An entry's parts as they are shown in lists and explanations.

use crate::quantities::passed;
use ironside_server::admin::cache::EntryView;

/// Letters of a value's name that are shown: it is a hash.
const HASH: usize = 12;

/// What it is called: a path, or the beginning of a hash.
pub(super) fn name(entry: &EntryView) -> &str {
    match entry.route {
        Some(_) => &entry.name,
        None => entry.name.get(..HASH).unwrap_or(&entry.name),
    }
}

/// `in 48 s`, `12 s ago`, `never`.
pub(super) fn moment(seconds_left: Option<i64>) -> String {
    match seconds_left {
        None => "never".to_owned(),
        Some(left) if left > 0 => format!("in {}", passed(left.unsigned_abs())),
        Some(left) => format!("{} ago", passed(left.unsigned_abs())),
    }
}

/// Columns of text under their heads, as wide as they have to be; the last one as long as it is.
pub(super) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect::<Vec<_>>();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}
