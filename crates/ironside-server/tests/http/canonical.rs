//! SEC-22, SEC-28: however a path is spelt, the proxy's matcher, the rules of next.config and the router see the same one. Whoever
//! reaches a guarded page has passed its guard.

use crate::support::{App, empty_app};
use http::HeaderMap;
use ironside_model::manifest::Proxy;
use ironside_server::rules::Asked;
use ironside_server::target::Target;
use ironside_server::url::{Canonical, canonicalise, decoded};
use ironside_server::{Deployment, DeploymentOptions};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

/// Everything below `/guarded` and `/one/[id]` is guarded, and nothing else.
fn deployment() -> Arc<Deployment> {
    let mut app = empty_app()
        .page("/guarded")
        .page("/guarded/[...rest]")
        .handler("/one/[id]", &["GET"])
        .page("/open")
        .page("/open/[...rest]")
        .config(|config| {
            config.headers = json!([{ "source": "/guarded/:path*", "headers": [{ "key": "x-guarded", "value": "1" }] }]);
        });
    app.proxy = Some(Proxy {
        file: "proxy.ts".into(),
        chunk: "p.mjs".into(),
        matchers: json!([{ "source": "/guarded/:path*" }, { "source": "/one/:id" }]),
    });
    let folder = tempfile::tempdir().unwrap();
    Deployment::load(DeploymentOptions::new(app, folder.path(), folder.path().join("public"))).unwrap()
}

fn is_guarded(target: &Target) -> bool {
    // The first three routes.
    target.matched().is_some_and(|matched| matched.route.0 < 3)
}

/// What a request for a path meets. `None` if it is refused, or redirected to another spelling first.
fn meets(deployment: &Deployment, path: &str) -> Option<(bool, bool, bool)> {
    let Ok(Canonical::Path(path)) = canonicalise(path) else {
        return None;
    };
    let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
    let headers = HeaderMap::new();
    let asked = Asked {
        path: trimmed,
        full_path: &path,
        inside: true,
        query: "",
        headers: &headers,
        host: "h",
    };
    let target = deployment.router.resolve(asked, None).ok()?.target;
    let ruled = deployment
        .router
        .rules
        .headers
        .iter()
        .any(|rule| !rule.headers(&asked).is_empty());
    Some((is_guarded(&target), deployment.router.rules.proxy_runs(&asked), ruled))
}

/// One letter of a path, spelt in any of the ways that some server understands.
fn spelling(letter: char) -> BoxedStrategy<String> {
    let code = letter as u32;
    prop_oneof![
        6 => Just(letter.to_string()),
        1 => Just(format!("%{code:02x}")),
        1 => Just(format!("%{code:02X}")),
        1 => Just(format!("%25{code:02x}")),
        1 => Just(letter.to_ascii_uppercase().to_string()),
    ]
    .boxed()
}

/// What may stand between and around segments.
fn between() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "/",
        "/",
        "/",
        "/",
        "/./",
        "/x/../",
        "/%2e/",
        "/%2e%2E/",
        "//",
        "\\",
        "/\\",
        "%2f",
        "%2F",
        "%5c",
        "/;/",
        ";a=b/",
        "/..;/",
        "./",
        "../",
        "/.%2e/",
        "%00/",
        "%20/",
        "/...",
        "?/",
        "/%2f../",
        "/ü/../",
        "/%C3%BC/../",
    ])
    .prop_map(str::to_owned)
}

fn spelt(name: &'static str) -> impl Strategy<Value = String> {
    name.chars()
        .map(spelling)
        .collect::<Vec<_>>()
        .prop_map(|letters| letters.concat())
}

fn path() -> impl Strategy<Value = String> {
    let segment = || {
        prop_oneof![
            spelt("guarded"),
            spelt("guarded"),
            spelt("one"),
            spelt("open"),
            spelt("7"),
            spelt("a.b")
        ]
    };
    (
        prop::collection::vec((between(), segment()), 1..5),
        prop::option::of(between()),
    )
        .prop_map(|(parts, end)| {
            parts
                .into_iter()
                .map(|(between, segment)| between + &segment)
                .collect::<String>()
                + &end.unwrap_or_default()
        })
        .prop_map(|path| path.split('?').next().unwrap_or_default().to_owned())
        .prop_map(|path| {
            if path.starts_with(['/', '\\']) {
                path
            } else {
                format!("/{path}")
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sec_28_what_reaches_a_guarded_page_has_passed_its_guard(path in path()) {
        thread_local!(static DEPLOYMENT: Arc<Deployment> = deployment());
        let met = DEPLOYMENT.with(|deployment| meets(deployment, &path));
        if let Some((guarded, proxy, ruled)) = met {
            prop_assert!(!guarded || proxy, "{path:?} reaches a guarded page past the proxy");
            let canonical = match canonicalise(&path) { Ok(Canonical::Path(path)) => path, _ => String::new() };
            prop_assert!(!guarded || ruled || canonical.starts_with("/one/"), "{path:?} reaches a guarded page past a rule");
        }
    }

    #[test]
    fn a_canonical_path_has_one_spelling_and_no_way_out(path in path()) {
        if let Ok(Canonical::Path(once) | Canonical::Redirect(once)) = canonicalise(&path) {
            prop_assert_eq!(canonicalise(&once), Ok(Canonical::Path(once.clone())));
            prop_assert!(once.starts_with('/') && !once.contains("//") && !once.contains('\\'));
            prop_assert!(once.split('/').all(|segment| segment != "." && segment != ".." && decoded(segment) != ".."));
            prop_assert!(once.is_ascii());
        }
    }
}

#[test]
fn sec_28_known_tricks_lead_nowhere_past_the_guard() {
    let deployment = deployment();
    for path in [
        "/guarded",
        "/guarded/",
        "/%67uarded",
        "/./guarded",
        "/x/../guarded",
        "/open/..%2fguarded",
        "/open/%2e%2e/guarded",
        "/guarded/.",
        "/guarded/..;/",
        "/guarded%2f",
        "/guarded;a=b",
        "/guarded.",
        "/guarded%20",
        "/GUARDED",
        "/guarded%00",
        "/one/a%2fb",
        "/one/%2e%2e%2f",
        "/one/..",
        "/one/.%2e/guarded/x",
        "/%2567uarded",
        "/guarded/a/../../guarded/b",
        "/guarded.rsc",
        "/guarded/x.rsc",
        "/_next/data/b/guarded.json",
    ] {
        if let Some((guarded, proxy, _)) = meets(&deployment, path) {
            assert!(!guarded || proxy, "{path}");
        }
    }
    // And the guard isn't passed over for those that it is for.
    for path in ["/guarded", "/guarded/a", "/%67uarded/a%2Fb", "/open/../guarded", "/one/%37"] {
        assert_eq!(
            meets(&deployment, path).map(|(guarded, proxy, _)| (guarded, proxy)),
            Some((true, true)),
            "{path}"
        );
    }
}
