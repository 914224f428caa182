use super::*;
use http::HeaderMap;
use serde_json::json;

fn asked<'a>(path: &'a str, query: &'a str, headers: &'a HeaderMap) -> Asked<'a> {
    Asked {
        path,
        full_path: path,
        inside: true,
        query,
        headers,
        host: "shop.example",
    }
}

fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
    list.iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn redirects(list: Value) -> Result<Vec<RedirectRule>, RuleError> {
    compile(&list, "redirects()", RedirectRule::new)
}

fn location(rules: &[RedirectRule], path: &str, query: &str, sent: &HeaderMap) -> Option<(u16, String)> {
    let asked = asked(path, query, sent);
    rules
        .iter()
        .find_map(|rule| rule.answer(&asked, ""))
        .map(|(status, location)| (status.as_u16(), location))
}

#[test]
fn redirects_carry_captures_and_the_query_along() {
    let rules = redirects(json!([
        { "source": "/old/:id", "destination": "/api/params/:id", "permanent": true },
        { "source": "/moved/:rest*", "destination": "/api/catch/:rest*", "permanent": false },
        { "source": "/legacy", "destination": "/new", "statusCode": 301 },
        { "source": "/choose", "has": [{ "type": "query", "key": "to", "value": "(?<dest>a|b)" }], "destination": "/api/params/:dest", "permanent": false },
    ]))
    .unwrap();
    let none = HeaderMap::new();
    assert_eq!(
        location(&rules, "/old/7", "q=1", &none),
        Some((308, "/api/params/7?q=1".into()))
    );
    assert_eq!(
        location(&rules, "/moved/a/b", "", &none),
        Some((307, "/api/catch/a/b".into()))
    );
    assert_eq!(location(&rules, "/legacy", "", &none), Some((301, "/new".into())));
    assert_eq!(
        location(&rules, "/choose", "to=b", &none),
        Some((307, "/api/params/b?to=b".into()))
    );
    assert_eq!(location(&rules, "/choose", "to=c", &none), None);
}

#[test]
fn has_and_missing_look_at_headers_cookies_query_and_host() {
    let rules = redirects(json!([
        { "source": "/h", "has": [{ "type": "header", "key": "X-Want", "value": "(?<what>[a-z]+)" }],
          "missing": [{ "type": "query", "key": "plain" }], "destination": "/to/:what", "permanent": false },
        { "source": "/c", "has": [{ "type": "cookie", "key": "user_id" }], "destination": "/to/:userid", "permanent": false },
        { "source": "/host", "has": [{ "type": "host", "value": "shop\\.example" }], "destination": "/shop", "permanent": false },
    ]))
    .unwrap();
    let want = headers(&[("x-want", "hello")]);
    assert_eq!(location(&rules, "/h", "", &want), Some((307, "/to/hello".into())));
    assert_eq!(location(&rules, "/h", "plain=1", &want), None);
    assert_eq!(location(&rules, "/h", "", &HeaderMap::new()), None);
    assert_eq!(
        location(&rules, "/c", "", &headers(&[("cookie", "a=1; user_id=9")])),
        Some((307, "/to/9".into()))
    );
    assert_eq!(location(&rules, "/host", "", &HeaderMap::new()), Some((307, "/shop".into())));
}

#[test]
fn rewrites_say_where_they_lead() {
    let rules: Vec<RewriteRule> = compile(
        &json!([
            { "source": "/rw/:a/:b", "destination": "/api/echo?first=:a&second=:b" },
            { "source": "/plain/:a", "destination": "/page" },
            { "source": "/out/:a", "destination": "https://api.example/:a" },
        ]),
        "rewrites()",
        RewriteRule::new,
    )
    .unwrap();
    let none = HeaderMap::new();
    let to = |path: &str| rules.iter().find_map(|rule| rule.rewrite(&asked(path, "z=1", &none)));
    assert_eq!(
        to("/rw/1/2"),
        Some(Rewritten::Inside {
            path: "/api/echo".into(),
            query: "first=1&second=2".into()
        })
    );
    assert_eq!(
        to("/plain/1"),
        Some(Rewritten::Inside {
            path: "/page".into(),
            query: "a=1".into()
        })
    );
    assert_eq!(
        to("/out/x"),
        Some(Rewritten::External {
            url: "https://api.example/x?z=1".into(),
            chosen_by: ChosenBy::Configuration,
        })
    );
}

#[test]
fn header_rules_fill_their_values() {
    let rules: Vec<HeaderRule> = compile(
        &json!([{ "source": "/p/:id", "headers": [{ "key": "X-Id", "value": "id-:id" }] }]),
        "headers()",
        HeaderRule::new,
    )
    .unwrap();
    let none = HeaderMap::new();
    let all = rules[0].headers(&asked("/p/7", "", &none));
    assert_eq!(all, [(HeaderName::from_static("x-id"), HeaderValue::from_static("id-7"))]);
}

#[test]
fn mistakes_name_the_rule() {
    for (rule, problem) in [
        (json!([{ "destination": "/x", "permanent": true }]), "source"),
        (
            json!([{ "source": "x", "destination": "/x", "permanent": true }]),
            "begin with",
        ),
        (
            json!([{ "source": "/x", "destination": "x", "permanent": true }]),
            "begin with",
        ),
        (
            json!([{ "source": "/x", "destination": "/y", "statusCode": 200 }]),
            "statusCode",
        ),
        (
            json!([{ "source": "/x", "destination": "/y", "permanent": true, "has": [{ "type": "query", "key": "a", "value": "(" }] }]),
            "regular",
        ),
    ] {
        let error = redirects(rule.clone()).unwrap_err();
        assert!(
            error.to_string().contains("redirects()[0]") && error.to_string().contains(problem),
            "{rule}: {error}"
        );
    }
}
