//! `ironside cache explain URL`.

use super::desk::Desk;
use super::entry::{moment, name};
use crate::cli::cache::ExplainArgs;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::quantities::{duration, passed, size};
use ironside_model::route_table::RouteId;
use ironside_server::admin::cache::{EntryView, Explained, Explanation, KeyView};

pub(super) async fn run(context: &Context, args: &ExplainArgs) -> Result<(), Failure> {
    let headers = args.headers.iter().map(|header| parse(header)).collect::<Result<_, _>>()?;
    let desk = Desk::open(context).await?;
    let asked = Explanation {
        url: args.url.clone(),
        method: Some(args.method.clone()),
        headers,
        rsc: args.rsc,
        draft: args.draft,
    };
    let explained: Explained = desk.ask("explain", &asked).await?;
    let text = if args.json {
        super::json(&desk, &explained)?
    } else {
        shown(&explained)
    };
    context.printer.result(&text);
    Ok(())
}

fn parse(header: &str) -> Result<(String, String), Failure> {
    match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(
            Failure::new(Exit::Usage, format!("--header is {header:?}, which is not a header"))
                .hint("give its name, a colon and its value: --header \"Cookie: a=1\""),
        ),
    }
}

fn shown(told: &Explained) -> String {
    let mut lines = vec![format!("{} {} ({}): {}", told.method, told.url, told.form, told.about)];
    if let (Some(outcome), Some(reason), Some(because)) = (&told.outcome, &told.reason, &told.because) {
        lines.push(format!("{outcome}: {reason}. {}", sentence(because)));
    }
    lines.push(String::new());
    let mut field = |label: &str, value: String| lines.push(format!("  {label:<10}{value}"));
    if told.proxy {
        field(
            "proxy",
            "proxy.ts runs first; what it does with the request is not known here".to_owned(),
        );
    }
    if let Some(to) = &told.rewritten {
        field("rewritten", to.clone());
    }
    if let Some(phase) = &told.phase {
        field("phase", phase.clone());
    }
    if let Some(status) = told.status {
        field("status", status.to_string());
    }
    if let Some(to) = &told.location {
        field("location", to.clone());
    }
    if let Some(view) = &told.key {
        field("key", key(view));
    }
    if told.filling {
        field("now", "it is being made".to_owned());
    }
    for (label, value) in told.entry.iter().flat_map(about) {
        field(label, value);
    }
    lines.join("\n").trim_end().to_owned()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

fn key(key: &KeyView) -> String {
    let params = key
        .params
        .iter()
        .map(|param| format!(" · {}={}", param.name, param.values.join("/")));
    let route = match key.route {
        number if number == RouteId::NOT_FOUND.0 => "not-found".to_owned(),
        number => number.to_string(),
    };
    format!("{} {route}{} · build {}", key.kind, params.collect::<String>(), key.build)
}

fn about(entry: &EntryView) -> Vec<(&'static str, String)> {
    let lifetime = |at: Option<u64>, left: Option<i64>| match at {
        None => "never".to_owned(),
        Some(at) => format!("after {} ({})", duration(at), moment(left)),
    };
    let mut fields = vec![
        ("entry", format!("{}, {}", name(entry), size(entry.bytes))),
        ("where", entry.places.join(", ")),
        ("age", passed(entry.age)),
        ("renewed", lifetime(entry.revalidate, entry.revalidate_in)),
        ("gone", lifetime(entry.expire, entry.expire_in)),
    ];
    if let Some(status) = entry.status {
        fields.insert(1, ("status", status.to_string()));
    }
    if !entry.tags.is_empty() {
        fields.push(("tags", entry.tags.join(", ")));
    }
    if !entry.paths.is_empty() {
        fields.push(("paths", entry.paths.join(", ")));
    }
    fields
}
