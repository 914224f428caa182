//! How URLs are matched: the rules one by one, and a comparison with a matcher that is too simple to be wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ironside_model::manifest::{PatternPart, Route, RouteKind, SegmentConfig, SegmentKind, SegmentNode};
use ironside_model::pattern::{path_segments, pattern_path};
use ironside_model::route_table::{ParamKind, RouteTable};
use ironside_model::segment::FolderName;
use proptest::prelude::*;

fn pattern(path: &str) -> Vec<PatternPart> {
    path_segments(path)
        .unwrap()
        .iter()
        .map(|name| FolderName::parse(name).unwrap().url_part().unwrap())
        .collect()
}

fn route(pattern: Vec<PatternPart>, from: Option<&str>) -> Route {
    Route {
        kind: RouteKind::Page,
        path: pattern_path(&pattern),
        pattern,
        intercepts_from: from.map(self::pattern),
        tree: None,
        file: None,
        config: SegmentConfig::default(),
        static_params: false,
    }
}

/// The pattern that matched and its parameters, as text.
fn look(paths: &[(&str, Option<&str>)], url: &str, from: Option<&str>) -> Option<String> {
    let routes: Vec<Route> = paths.iter().map(|(path, from)| route(pattern(path), *from)).collect();
    let found = RouteTable::new(&routes).match_path(url, from)?;
    let mut text = routes[found.route.0 as usize].path.clone();
    for param in found.params {
        text.push_str(&format!(" {}={}", param.name, param.values.join(",")));
    }
    Some(text)
}

fn plain(paths: &[&str], url: &str) -> Option<String> {
    let paths: Vec<_> = paths.iter().map(|path| (*path, None)).collect();
    look(&paths, url, None)
}

#[test]
fn the_more_exact_pattern_wins_at_each_level() {
    let paths = [
        "/",
        "/a",
        "/[x]",
        "/[...all]",
        "/a/b",
        "/a/[y]",
        "/a/[...rest]",
        "/o/[[...opt]]",
    ];
    for (url, expected) in [
        ("/", "/"),
        ("/a", "/a"),
        ("/z", "/[x] x=z"),
        ("/z/1", "/[...all] all=z,1"),
        ("/a/b", "/a/b"),
        ("/a/c", "/a/[y] y=c"),
        ("/a/c/d", "/a/[...rest] rest=c,d"),
        ("/o", "/o/[[...opt]] opt="),
        ("/o/1/2", "/o/[[...opt]] opt=1,2"),
    ] {
        assert_eq!(plain(&paths, url).as_deref(), Some(expected), "{url}");
    }
}

#[test]
fn a_better_start_that_leads_nowhere_is_given_up() {
    assert_eq!(plain(&["/a/b", "/[x]/c"], "/a/c").as_deref(), Some("/[x]/c x=a"));
    assert_eq!(plain(&["/a/b/c", "/[...all]"], "/a/b").as_deref(), Some("/[...all] all=a,b"));
    assert_eq!(plain(&["/a/b"], "/a"), None);
}

#[test]
fn a_catch_all_needs_a_segment_and_an_optional_one_does_not() {
    assert_eq!(plain(&["/docs/[...path]"], "/docs"), None);
    assert_eq!(plain(&["/[[...path]]"], "/").as_deref(), Some("/[[...path]] path="));
}

#[test]
fn values_stay_encoded_and_static_parts_are_compared_decoded() {
    assert_eq!(plain(&["/[x]"], "/caf%c3%a9%2F").as_deref(), Some("/[x] x=caf%c3%a9%2F"));
    assert_eq!(plain(&["/%5Fopen"], "/_open").as_deref(), Some("/_open"));
    assert_eq!(plain(&["/grüße"], "/gr%C3%BC%c3%9Fe").as_deref(), Some("/grüße"));
    assert_eq!(plain(&["/a/b"], "/a%2Fb"), None);
}

#[test]
fn odd_paths_match_nothing() {
    for url in ["", "a", "//", "/a//b", "//a"] {
        assert_eq!(plain(&["/", "/a", "/[[...all]]"], url), None, "{url}");
    }
}

#[test]
fn an_intercepting_route_is_only_for_navigation_from_its_place() {
    let paths = [("/photo/[id]", None), ("/photo/[id]", Some("/feed"))];
    let table = RouteTable::new(&paths.map(|(path, from)| route(pattern(path), from)));
    let found = |from| table.match_path("/photo/7", from).unwrap().route.0;
    assert_eq!(found(None), 0);
    assert_eq!(found(Some("/feed")), 1);
    assert_eq!(found(Some("/feed/deep")), 1);
    assert_eq!(found(Some("/feeder")), 0);
    assert_eq!(found(Some("/")), 0);
    assert_eq!(found(Some("not a path")), 0);
}

#[test]
fn an_intercepting_route_at_the_root_is_for_navigation_from_everywhere() {
    let paths = [("/photo/[id]", None), ("/photo/[id]", Some("/"))];
    assert_eq!(look(&paths, "/photo/7", Some("/a/b")).as_deref(), Some("/photo/[id] id=7"));
}

#[test]
fn an_intercepting_route_gets_the_parameters_of_the_place_it_is_shown_in() {
    let paths = [("/photo/[id]", None), ("/photo/[id]", Some("/[user]/feed"))];
    assert_eq!(
        look(&paths, "/photo/7", Some("/ann/feed")).as_deref(),
        Some("/photo/[id] id=7 user=ann")
    );
}

#[test]
fn parameters_of_a_slots_own_folders_are_bound() {
    let slot = SegmentNode {
        segment: "[...rest]".into(),
        param: Some(PatternPart::CatchAll("rest".into())),
        files: [(SegmentKind::Page, "app/@side/[...rest]/page.tsx".to_owned())].into(),
        ..SegmentNode::default()
    };
    let mut with_slot = route(pattern("/a/[id]"), None);
    with_slot.tree = Some(SegmentNode {
        slots: [("side".to_owned(), slot)].into(),
        ..SegmentNode::default()
    });
    let params = RouteTable::new(&[with_slot]).match_path("/a/1", None).unwrap().params;
    assert_eq!(params.len(), 2);
    assert_eq!(params[1].name, "rest");
    assert_eq!(params[1].values, ["a", "1"]);
    assert_eq!(params[1].kind, ParamKind::CatchAll);
}

/// Whether a pattern matches, and how exact it is at each segment: the smaller the better.
fn naive(pattern: &[PatternPart], url: &[&str]) -> Option<Vec<u8>> {
    let mut rank = Vec::new();
    let mut rest = url;
    for part in pattern {
        match part {
            PatternPart::Static(name) if rest.first() == Some(&name.as_str()) => rank.push(0),
            PatternPart::Dynamic(_) if !rest.is_empty() => rank.push(1),
            PatternPart::CatchAll(_) if !rest.is_empty() => {
                rank.push(2);
                return Some(rank);
            }
            PatternPart::OptionalCatchAll(_) => {
                rank.push(3);
                return Some(rank);
            }
            _ => return None,
        }
        rest = &rest[1..];
    }
    rest.is_empty().then_some(rank)
}

fn any_pattern() -> impl Strategy<Value = Vec<PatternPart>> {
    let part = prop_oneof![
        3 => prop::sample::select(vec!["a", "b", "c"]).prop_map(|name| PatternPart::Static(name.into())),
        1 => Just(PatternPart::Dynamic("x".into())),
    ];
    let end = prop_oneof![
        4 => Just(None),
        1 => Just(Some(PatternPart::CatchAll("rest".into()))),
        1 => Just(Some(PatternPart::OptionalCatchAll("opt".into()))),
    ];
    (prop::collection::vec(part, 0..4), end).prop_map(|(mut parts, end)| {
        parts.extend(end);
        parts
    })
}

proptest! {
    #[test]
    fn matching_agrees_with_trying_every_pattern(
        patterns in prop::collection::hash_set(any_pattern(), 0..12),
        url in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..5),
    ) {
        let routes: Vec<Route> = patterns.into_iter().map(|pattern| route(pattern, None)).collect();
        let path = format!("/{}", url.join("/"));
        let found = RouteTable::new(&routes).match_path(&path, None).map(|found| routes[found.route.0 as usize].path.clone());
        let expected = routes
            .iter()
            .filter_map(|route| Some((naive(&route.pattern, &url)?, route.path.clone())))
            .min()
            .map(|(_, path)| path);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_path_makes_matching_fail_badly(path in ".*", from in prop::option::of(".*")) {
        let routes = [route(pattern("/[a]/b"), None), route(pattern("/[[...all]]"), Some("/[a]"))];
        let _ = RouteTable::new(&routes).match_path(&path, from.as_deref());
    }
}
