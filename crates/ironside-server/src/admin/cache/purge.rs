//! Invalidating from outside: what `revalidateTag(tag, { expire: 0 })` and `revalidatePath` do in the application, and everything.

use super::Refusal;
use crate::front;
use crate::shared::reason::shown_tag;
use crate::site::Site;
use http::StatusCode;
use ironside_cache::freshness::Freshness;
use ironside_cache::metrics::Event;
use ironside_cache::{Inspected, Invalidation};
use ironside_model::tag::{PathScope, check_tag};
use serde::{Deserialize, Serialize};

/// What is to go. Exactly one of `tag`, `path` and `all`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Purge {
    /// Everything with this tag.
    pub tag: Option<String>,
    /// What answers this URL; with a `type`, every URL of this page or below this layout.
    pub path: Option<String>,
    /// `page` or `layout`, as the second argument of `revalidatePath`.
    #[serde(rename = "type")]
    pub scope: Option<String>,
    /// Everything.
    pub all: bool,
}

/// What has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// What was invalidated: `tag posts`, `page /blog/[slug]`, `everything`.
    pub invalidated: String,
    /// Entries that could be served before, and cannot any more.
    pub entries: usize,
    /// Why other servers could not be told, if that is so.
    pub untold: Option<String>,
    /// Whether it also holds after a restart: it could be written down, or nothing is kept on disk.
    pub lasting: bool,
}

/// One of the things that can be purged.
enum What {
    Tag(String),
    Path(String),
    Everything,
}

pub(super) async fn purge(site: &Site, asked: Purge) -> Result<Purged, Refusal> {
    let what = what(&asked)?;
    let deployment = &site.deployment;
    let hit = |inspected: &Inspected| {
        let carries = match &what {
            What::Tag(tag) | What::Path(tag) => inspected.summary.tags.iter().any(|own| **own == **tag),
            What::Everything => true,
        };
        carries && !matches!(inspected.freshness, Freshness::Dead(_))
    };
    let entries = deployment
        .cache
        .inventory()
        .await
        .iter()
        .filter(|inspected| hit(inspected))
        .count();
    let unwritten = deployment.cache.metrics().get(Event::LogFailed);
    let told = match &what {
        What::Tag(tag) | What::Path(tag) => deployment.cache.invalidate_everywhere(tag, Invalidation::Expire).await,
        What::Everything => {
            deployment.known_dynamic.clear();
            deployment.cache.expire_everything().await
        }
    };
    let invalidated = match &what {
        What::Tag(tag) => format!("tag {tag}"),
        What::Path(tag) => shown_tag(tag),
        What::Everything => "everything".to_owned(),
    };
    tracing::info!(entries, "the cache was purged by an operator: {invalidated}");
    Ok(Purged {
        invalidated,
        entries,
        untold: told.err().map(|error| error.to_string()),
        lasting: deployment.cache.metrics().get(Event::LogFailed) == unwritten,
    })
}

fn what(asked: &Purge) -> Result<What, Refusal> {
    let scope = match asked.scope.as_deref() {
        None => PathScope::Url,
        Some("page") => PathScope::Page,
        Some("layout") => PathScope::Layout,
        Some(other) => {
            return Err(Refusal::new(format!("there is no type {other:?} of paths")).hint("it is page or layout"));
        }
    };
    match (&asked.tag, &asked.path, asked.all) {
        (Some(tag), None, false) if asked.scope.is_none() => match check_tag(tag) {
            Ok(()) => Ok(What::Tag(tag.clone())),
            Err(error) => Err(Refusal::new(error.to_string())),
        },
        (None, Some(path), false) => path_tag(path, scope),
        (None, None, true) if asked.scope.is_none() => Ok(What::Everything),
        (None, None, false) => Err(Refusal::new("it isn't said what is to be purged").hint("give a tag, a path, or say all")),
        (_, None, _) if asked.scope.is_some() => Err(Refusal::new("a type is said of a path, and there is none")),
        _ => Err(Refusal::new("only one of tag, path and all can be purged at a time")),
    }
}

fn path_tag(path: &str, scope: PathScope) -> Result<What, Refusal> {
    if !path.starts_with('/') {
        return Err(Refusal::new(format!("{path:?} is not a path")).hint("a path begins with /, such as /blog"));
    }
    if scope == PathScope::Url && path.contains("/[") {
        return Err(
            Refusal::new(format!("{path} is the pattern of a route, and no entry answers it as it is"))
                .hint("say what it is of: --type page for its pages, --type layout for everything below it")
                .status(StatusCode::UNPROCESSABLE_ENTITY),
        );
    }
    Ok(What::Path(front::tag_of_path(path, scope)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(asked: Purge) -> String {
        match what(&asked) {
            Err(refusal) => refusal.error,
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn exactly_one_thing_is_purged_and_it_has_to_make_sense() {
        let purge = Purge::default;
        assert!(refused(purge()).contains("what is to be purged"));
        let tag = || Some("a".to_owned());
        let path = |path: &str| Some(path.to_owned());
        assert!(
            refused(Purge {
                tag: tag(),
                all: true,
                ..purge()
            })
            .contains("only one")
        );
        assert!(
            refused(Purge {
                tag: tag(),
                scope: path("page"),
                ..purge()
            })
            .contains("of a path")
        );
        assert!(
            refused(Purge {
                tag: Some(String::new()),
                ..purge()
            })
            .contains("empty")
        );
        assert!(
            refused(Purge {
                path: path("blog"),
                ..purge()
            })
            .contains("not a path")
        );
        assert!(
            refused(Purge {
                path: path("/blog/[slug]"),
                ..purge()
            })
            .contains("pattern")
        );
        assert!(
            refused(Purge {
                path: path("/blog/[slug]"),
                scope: path("pages"),
                ..purge()
            })
            .contains("no type")
        );
        assert!(matches!(
            what(&Purge {
                path: path("/blog/[slug]"),
                scope: path("page"),
                ..purge()
            }),
            Ok(What::Path(_))
        ));
        assert!(matches!(what(&Purge { all: true, ..purge() }), Ok(What::Everything)));
    }
}
