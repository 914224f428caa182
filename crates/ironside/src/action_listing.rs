//! Server Actions as a table for people and as JSON for programs: what the compiler has found in their text, put into the answers to
//! three questions. Does it look at its input? Does it look at who calls it? Does it invalidate anything? "No" means that no evidence was
//! found, not that there is a hole; each "yes" names its evidence, for people to judge.

use ironside_compiler::{
    action_survey::{ReferrerSide, SurveyedAction},
    directive::evidence::Call,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The form of the JSON; it grows with changes that break readers.
const FORM: u32 = 1;
/// Functions that are asked who somebody is, as applications and their libraries call them.
const USUAL_CHECKS: [&str; 19] = [
    "auth",
    "authenticate",
    "authorize",
    "checkAuth",
    "cookies",
    "currentUser",
    "getCurrentUser",
    "getIronSession",
    "getServerSession",
    "getSession",
    "getUser",
    "requireAuth",
    "requireSession",
    "requireUser",
    "validateRequest",
    "validateSession",
    "verifyAuth",
    "verifySession",
    "withAuth",
];
/// Methods of schemas: Standard Schema's own, and those of the libraries that people use.
const CHECKING: [&str; 9] = [
    "parse",
    "parseAsync",
    "safeParse",
    "safeParseAsync",
    "validate",
    "validateSync",
    "validateAsync",
    "assert",
    "parseWithZod",
];
const INVALIDATING: [&str; 4] = ["revalidatePath", "revalidateTag", "updateTag", "refresh"];

/// The names of functions that count as a look at the session.
#[derive(Debug)]
pub(crate) struct SessionNames(Vec<String>);

impl SessionNames {
    /// The usual ones and those of `actions.session-checks`.
    pub(crate) fn new(more: Option<&[String]>) -> Self {
        let usual = USUAL_CHECKS.iter().map(|name| (*name).to_owned());
        Self(usual.chain(more.unwrap_or_default().iter().cloned()).collect())
    }

    /// Whether the call is one of them: by the whole name, or by the method's (`auth.api.getSession`).
    fn has(&self, call: &Call) -> bool {
        let last = last_part(&call.name);
        self.0.iter().any(|name| *name == call.name || name == last)
    }
}

/// Why a question is answered with yes.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "by")]
enum Evidence<'a> {
    /// An option of `createAction`.
    CreateAction { option: &'a str },
    /// A call in the action's body, or in a function of the same file that it calls.
    Call(&'a Call),
}

impl Evidence<'_> {
    fn text(&self) -> String {
        match self {
            Self::CreateAction { option } => format!("createAction {option}"),
            Self::Call(call) => format!("{}()", call.name),
        }
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn option<'a>(action: &SurveyedAction, name: &'a str) -> Option<Evidence<'a>> {
    let options = action.evidence.created_with.as_ref()?;
    options
        .iter()
        .any(|given| given == name)
        .then_some(Evidence::CreateAction { option: name })
}

fn calls<'a>(action: &'a SurveyedAction, counts: impl Fn(&Call) -> bool) -> impl Iterator<Item = Evidence<'a>> {
    action
        .evidence
        .calls
        .iter()
        .filter(move |call| counts(call))
        .map(Evidence::Call)
}

fn validates(action: &SurveyedAction) -> Vec<Evidence<'_>> {
    // A schema is an object that is asked, or a function of a schema library that is given one.
    let counts = |call: &Call| {
        let is_method = call.name.contains('.') || call.module.is_some();
        is_method
            && CHECKING.contains(&last_part(&call.name))
            && !matches!(call.name.as_str(), "JSON.parse" | "Date.parse" | "URL.parse")
    };
    ["input", "args"]
        .into_iter()
        .filter_map(|name| option(action, name))
        .chain(calls(action, counts))
        .collect()
}

fn session<'a>(action: &'a SurveyedAction, names: &SessionNames) -> Vec<Evidence<'a>> {
    option(action, "auth")
        .into_iter()
        .chain(calls(action, |call| names.has(call)))
        .collect()
}

fn revalidates(action: &SurveyedAction) -> Vec<Evidence<'_>> {
    let counts = |call: &Call| INVALIDATING.contains(&call.name.as_str()) && call.module.as_deref() == Some("next/cache");
    calls(action, counts).collect()
}

/// What `ironside actions --json` prints.
pub(crate) fn json(actions: &[SurveyedAction], names: &SessionNames, all: bool) -> String {
    let (open, closed) = split(actions);
    let values = |list: &[&SurveyedAction]| -> Vec<Value> { list.iter().map(|action| value(action, names)).collect() };
    let mut report = json!({ "form": FORM, "actions": values(&open) });
    if all {
        report["unreachable"] = values(&closed).into();
    }
    format!("{report:#}")
}

fn value(action: &SurveyedAction, names: &SessionNames) -> Value {
    json!({
        "id": action.id,
        "name": action.name,
        "file": action.file,
        "line": action.line,
        "column": action.column,
        "inline": action.inline,
        "captures": action.captures,
        "reach": action.reach,
        "referrers": action.referrers,
        "parameters": action.evidence.parameters,
        "createAction": action.evidence.created_with,
        "bodyLimit": action.options.as_ref().and_then(|options| options.body_limit),
        "concurrent": action.options.as_ref().is_some_and(|options| options.concurrent),
        "validates": validates(action),
        "session": session(action, names),
        "revalidates": revalidates(action),
    })
}

/// Those that can be called from outside, and the others.
fn split(actions: &[SurveyedAction]) -> (Vec<&SurveyedAction>, Vec<&SurveyedAction>) {
    actions.iter().partition(|action| !action.reach.is_empty())
}

/// What `ironside actions` prints.
pub(crate) fn table(actions: &[SurveyedAction], names: &SessionNames, all: bool) -> String {
    let (open, closed) = split(actions);
    let mut text = if open.is_empty() {
        "No Server Action can be called from outside.".to_owned()
    } else {
        rows(&open, names)
    };
    if all && !closed.is_empty() {
        let _ = write!(text, "\n\nNobody outside can call these:\n{}", rows(&closed, names));
    } else if !closed.is_empty() {
        let _ = write!(
            text,
            "\n\n{} more can't be called from outside; --all lists them.",
            closed.len()
        );
    }
    text
}

fn rows(actions: &[&SurveyedAction], names: &SessionNames) -> String {
    let header = ["Action", "Place", "Called by", "Takes", "Validates", "Session", "Revalidates"].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(actions.iter().map(|action| {
        [
            action.name.clone(),
            format!("{}:{}", action.file, action.line),
            referrers(action),
            takes(action),
            texts(&validates(action)),
            texts(&session(action, names)),
            texts(&revalidates(action)),
        ]
    }));
    aligned(&rows)
}

fn texts(evidence: &[Evidence<'_>]) -> String {
    if evidence.is_empty() {
        return "-".to_owned();
    }
    evidence.iter().map(Evidence::text).collect::<Vec<_>>().join(", ")
}

/// The first file and how many more.
fn referrers(action: &SurveyedAction) -> String {
    if action.inline {
        return "its own form".to_owned();
    }
    let Some(first) = action.referrers.first() else {
        return "-".to_owned();
    };
    let side = match first.side {
        ReferrerSide::Client => "client",
        ReferrerSide::Server => "server",
    };
    match action.referrers.len() - 1 {
        0 => format!("{side} {}", first.file),
        more => format!("{side} {} +{more}", first.file),
    }
}

fn takes(action: &SurveyedAction) -> String {
    if action.evidence.created_with.is_some() {
        return "input".to_owned();
    }
    match action.evidence.parameters {
        Some(declared) if declared.rest => format!("{}+", declared.count),
        Some(declared) => declared.count.to_string(),
        None => "?".to_owned(),
    }
}

/// Columns as wide as their widest cell.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, module: Option<&str>) -> Call {
        Call {
            name: name.into(),
            module: module.map(Into::into),
            line: 1,
        }
    }

    fn action(calls: &[(&str, Option<&str>)]) -> SurveyedAction {
        SurveyedAction {
            id: "40".into(),
            name: "save".into(),
            file: "app/actions.ts".into(),
            line: 3,
            column: 8,
            inline: false,
            captures: false,
            reach: Vec::new(),
            referrers: Vec::new(),
            options: None,
            evidence: ironside_compiler::directive::evidence::Evidence {
                calls: calls.iter().map(|(name, module)| call(name, *module)).collect(),
                ..Default::default()
            },
        }
    }

    #[test]
    fn evidence_is_what_is_called_and_not_what_merely_sounds_like_it() {
        let names = SessionNames::new(Some(&["whoIsIt".to_owned()]));
        let found = action(&[
            ("JSON.parse", None),
            ("schema.safeParse", None),
            ("revalidateTag", Some("./mine")),
            ("refresh", Some("next/cache")),
            ("whoIsIt", None),
            ("auth.api.getSession", None),
            ("parse", None),
        ]);
        assert_eq!(texts(&validates(&found)), "schema.safeParse()");
        assert_eq!(texts(&revalidates(&found)), "refresh()");
        assert_eq!(texts(&session(&found, &names)), "whoIsIt(), auth.api.getSession()");
        assert_eq!(texts(&session(&action(&[("author", None)]), &names)), "-");
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [["é".to_owned(), "x".to_owned()], ["bcd".to_owned(), "y".to_owned()]];
        assert_eq!(aligned(&rows), "é    x\nbcd  y");
    }

    #[test]
    fn actions_without_reach_are_listed_apart_and_only_on_demand() {
        let names = SessionNames::new(None);
        let list = [action(&[])];
        assert!(table(&list, &names, false).contains("1 more can't be called"));
        assert!(table(&list, &names, true).contains("Nobody outside"));
        let report: Value = serde_json::from_str(&json(&list, &names, true)).unwrap();
        assert_eq!(report["actions"], json!([]));
        assert_eq!(report["unreachable"][0]["name"], "save");
    }
}
