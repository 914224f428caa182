//! The tracing span around each action, for programs that embed the server.

use crate::support::{App, Reply, empty_app, serve};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const ACTION: &str = "40aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

type Fields = BTreeMap<&'static str, String>;

/// Keeps the spans of actions.
#[derive(Debug, Default, Clone)]
struct Spans(Arc<Mutex<Vec<Fields>>>);

struct Collect<'f>(&'f mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == "ironside::action"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Collect(&mut fields));
        let mut all = self.0.lock().unwrap();
        all.push(fields);
        Id::from_u64(all.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut all = self.0.lock().unwrap();
        let place = usize::try_from(span.into_u64() - 1).unwrap();
        values.record(&mut Collect(&mut all[place]));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn an_action_has_one_span_with_its_name_place_and_outcome_and_nothing_that_it_was_sent() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(spans.clone());
    let server = serve(empty_app().page("/").action(ACTION, true), |_| {
        Reply::new(200, "text/x-component", "ran")
    })
    .await;
    let headers = [("next-action", ACTION), ("x-request-id", "r-1")];
    let got = server.send("POST", "/?q=hidden", &headers, b"[\"hidden\"]").await;
    assert_eq!(got.status, 200);
    assert_eq!(server.send("GET", "/", &[], b"").await.status, 200);
    let seen = spans.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let of = |name: &str| seen[0].get(name).map(String::as_str);
    assert_eq!(
        (of("name"), of("file"), of("outcome"), of("status")),
        (Some("save"), Some("app/actions.ts"), Some("ok"), Some("200"))
    );
    assert!(of("request_id").is_some_and(|id| !id.is_empty()));
    assert!(!format!("{seen:?}").contains("hidden"));
}
