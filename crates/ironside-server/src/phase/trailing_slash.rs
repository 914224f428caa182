//! One of `/a` and `/a/` is a redirect to the other, for any method, unless `next.config` wants none. Behind this phase paths have no slash at their end,
//! so that rules and routes see one form; the application sees what the client asked for.

use super::canonical_url::with_query;
use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::response::Answer;
use crate::site::Site;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let config = &site.deployment.manifest.config;
    if exchange.inside
        && !config.skip_trailing_slash_redirect
        && let Some(to) = redirect(&exchange.full_path, &exchange.path, config.trailing_slash)
    {
        let location = with_query(&to, &exchange.query);
        return Step::answer(Answer::moved(&location, "trailing_slash"));
    }
    if exchange.path.len() > 1 && exchange.path.ends_with('/') {
        exchange.path.pop();
        exchange.ends_with_slash = true;
    }
    Step::Continue
}

/// Where to, if this form is not the wanted one. Files and the server's own paths never have a slash at their end.
fn redirect(full_path: &str, path: &str, wanted: bool) -> Option<String> {
    if full_path == "/" || path.starts_with("/_next/") || path.starts_with("/.well-known/") {
        return None;
    }
    let is_file = || {
        path.trim_end_matches('/')
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'))
    };
    match (full_path.ends_with('/'), wanted && !is_file()) {
        (true, false) => Some(full_path.trim_end_matches('/').to_owned()),
        (false, true) => Some(format!("{full_path}/")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_leads_to_the_wanted_one() {
        for (path, without, with) in [
            ("/", None, None),
            ("/a", None, Some("/a/")),
            ("/a/", Some("/a"), None),
            ("/a.txt", None, None),
            ("/a.txt/", Some("/a.txt"), Some("/a.txt")),
            ("/_next/static/x.js", None, None),
            ("/.well-known/x", None, None),
        ] {
            assert_eq!(redirect(path, path, false).as_deref(), without, "{path} without");
            assert_eq!(redirect(path, path, true).as_deref(), with, "{path} with");
        }
        assert_eq!(redirect("/docs/", "/", false).as_deref(), Some("/docs"));
        assert_eq!(redirect("/docs", "/", true).as_deref(), Some("/docs/"));
    }
}
