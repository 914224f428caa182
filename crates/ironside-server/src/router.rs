//! Where a URL leads: rewrites, files and routes, in Next's order. The only place that decides it, for requests of clients
//! as for redirects of actions.

use crate::forwarded;
use crate::not_found_page::NotFoundPage;
use crate::public_files::PublicFiles;
use crate::rejection::Rejection;
use crate::routes::RouteInfo;
use crate::rules::config::{RewriteRule, Rewritten as RuleTarget, Rules};
use crate::rules::{Asked, RuleError};
use crate::target::Target;
use crate::upstream::{External, ExternalError};
use crate::url::{self, Canonical, UrlError};
use crate::{exchange::Rewritten, query};
use ironside_model::manifest::{Manifest, Route, RouteKind};
use ironside_model::route_table::{RouteId, RouteMatch, RouteTable};
use ironside_worker::{Param, Resolution};
use std::borrow::Cow;
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub struct Router {
    manifest: Arc<Manifest>,
    table: RouteTable,
    /// By route id.
    pub routes: Vec<RouteInfo>,
    /// The page for URLs that nothing answers, if the application has one.
    pub not_found: Option<NotFoundPage>,
    /// Rules of `next.config` and of the proxy.
    pub rules: Rules,
    public: PublicFiles,
}

/// What a URL leads to.
#[derive(Debug, PartialEq)]
pub struct Resolved {
    /// What answers.
    pub target: Target,
    /// Where a rewrite led, if one did.
    pub rewritten: Option<Rewritten>,
}

impl Resolved {
    fn outside(external: Box<External>) -> Self {
        Self {
            target: Target::Outside(external),
            rewritten: None,
        }
    }
}

/// What became of a rewrite.
enum Followed {
    /// It doesn't apply.
    No,
    /// It changed the path.
    Inside,
    /// It leads to another site.
    Out(Box<External>),
}

/// The path while rewrites change it.
struct Walk<'a> {
    path: Cow<'a, str>,
    added: String,
    moved: bool,
}

impl Router {
    /// A router over an application.
    ///
    /// # Errors
    /// When a rule of `next.config` has a mistake.
    pub fn new(manifest: Arc<Manifest>, public: PublicFiles) -> Result<Self, RuleError> {
        let rules = Rules::new(&manifest)?;
        Ok(Self {
            table: RouteTable::of(&manifest),
            routes: RouteInfo::of(&manifest),
            not_found: NotFoundPage::of(&manifest),
            rules,
            public,
            manifest,
        })
    }

    /// The route that a canonical path of the application leads to, without rewrites and files.
    #[must_use]
    pub fn matching(&self, path: &str) -> Option<RouteMatch> {
        self.table.match_path(path, None)
    }

    /// What is known about a matched route.
    #[must_use]
    pub fn info(&self, matched: &RouteMatch) -> Option<&RouteInfo> {
        match &self.not_found {
            Some(page) if matched.route == RouteId::NOT_FOUND => Some(&page.info),
            _ => self.routes.get(usize::try_from(matched.route.0).ok()?),
        }
    }

    /// The matched route as the manifest has it.
    #[must_use]
    pub fn route_of(&self, matched: &RouteMatch) -> Option<&Route> {
        match &self.not_found {
            Some(page) if matched.route == RouteId::NOT_FOUND => Some(&page.route),
            _ => self.manifest.routes.get(usize::try_from(matched.route.0).ok()?),
        }
    }

    /// Whether some route answers this method, which is none of the usual ones.
    #[must_use]
    pub fn has_extension(&self, method: &str) -> bool {
        self.routes.iter().any(|info| info.extensions.iter().any(|own| own == method))
    }

    /// Follows rewrites and finds what answers. `from`: where a client navigation comes from.
    ///
    /// # Errors
    /// When a rewrite leads where the server can't go.
    pub fn resolve(&self, asked: Asked<'_>, from: Option<&str>) -> Result<Resolved, Rejection> {
        let mut walk = Walk {
            path: Cow::Borrowed(asked.path),
            added: String::new(),
            moved: false,
        };
        let rewrites = &self.rules.rewrites;
        for rule in &rewrites.before_files {
            if let Followed::Out(external) = walk.follow(rule, asked)? {
                return Ok(Resolved::outside(external));
            }
        }
        let plainly = asked.inside || walk.moved;
        if plainly && let Some(target) = self.file(&walk.path).or_else(|| self.route(&walk.path, from, true)) {
            return Ok(walk.arrive(target, asked));
        }
        if let Some(found) = self.try_each(&rewrites.after_files, &mut walk, asked, from)? {
            return Ok(found);
        }
        if (asked.inside || walk.moved)
            && let Some(target) = self.route(&walk.path, from, false)
        {
            return Ok(walk.arrive(target, asked));
        }
        if let Some(found) = self.try_each(&rewrites.fallback, &mut walk, asked, from)? {
            return Ok(found);
        }
        if asked.inside || walk.moved {
            Ok(walk.arrive(Target::NotFound, asked))
        } else {
            Err(Rejection::NotFound)
        }
    }

    /// Follows rewrites until one leads somewhere.
    fn try_each(
        &self,
        rules: &[RewriteRule],
        walk: &mut Walk<'_>,
        asked: Asked<'_>,
        from: Option<&str>,
    ) -> Result<Option<Resolved>, Rejection> {
        for rule in rules {
            match walk.follow(rule, asked)? {
                Followed::No => {}
                Followed::Out(external) => return Ok(Some(Resolved::outside(external))),
                Followed::Inside => {
                    if let Some(target) = self.anything(&walk.path, from) {
                        return Ok(Some(walk.arrive(target, asked)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn anything(&self, path: &str, from: Option<&str>) -> Option<Target> {
        self.file(path).or_else(|| self.route(path, from, false))
    }

    fn file(&self, path: &str) -> Option<Target> {
        if path.starts_with("/_next/") || path == "/_next" {
            let known = self.manifest.assets.contains_key(path);
            return Some(if known {
                Target::Asset { path: path.to_owned() }
            } else {
                Target::MissingAsset
            });
        }
        self.public.find(path).map(Target::PublicFile)
    }

    fn route(&self, path: &str, from: Option<&str>, fixed_only: bool) -> Option<Target> {
        let matched = self.table.match_path(path, from)?;
        let info = self.info(&matched)?;
        if fixed_only && !info.is_fixed {
            return None;
        }
        Some(match info.kind {
            RouteKind::Page => Target::Page(matched),
            RouteKind::Handler => Target::Handler(matched),
            RouteKind::Metadata => Target::Metadata(matched),
            RouteKind::MetadataFile => Target::MetadataFile(matched),
        })
    }

    /// How a URL that an action redirects to would be answered, for a client at `authority`. Whatever has no payload of its
    /// own, or would first meet a redirect or the proxy, is for the client to ask for: then it passes the phases. `from`: the
    /// path that a client comes from which stays in its document, for routes that intercept.
    #[must_use]
    pub fn resolution(&self, target: &str, authority: &str, headers: &http::HeaderMap, from: Option<&str>) -> Resolution {
        let base_path = self.manifest.config.base_path.as_str();
        let Some((path, query)) = self.own_path(target, authority, base_path) else {
            return Resolution::External { url: target.to_owned() };
        };
        let handler = || Resolution::Handler {
            path: path.clone(),
            query: query.clone(),
        };
        let Ok(Canonical::Path(canonical)) = url::canonicalise(&path) else {
            return handler();
        };
        let trimmed = if canonical.len() > 1 {
            canonical.trim_end_matches('/')
        } else {
            &canonical
        };
        let full_path = format!("{base_path}{trimmed}");
        let asked = Asked {
            path: trimmed,
            full_path: &full_path,
            inside: true,
            query: &query,
            headers,
            host: forwarded::split_port(authority).0,
        };
        let redirected = self
            .rules
            .redirects
            .iter()
            .any(|rule| rule.answer(&asked, base_path).is_some());
        if redirected || self.rules.proxy_runs(&asked) {
            return handler();
        }
        match self.resolve(asked, from) {
            Ok(Resolved {
                target: Target::Page(matched),
                rewritten,
            }) => Resolution::Route {
                route: matched.route.0,
                params: params(&matched),
                path: trimmed.to_owned(),
                query: rewritten.map_or(query, |rewritten| rewritten.query),
            },
            Ok(Resolved {
                target: Target::NotFound,
                ..
            }) => Resolution::None,
            _ => handler(),
        }
    }

    /// Path and query of a URL of this application, without `basePath`.
    fn own_path(&self, target: &str, authority: &str, base_path: &str) -> Option<(String, String)> {
        let target = target.split('#').next().unwrap_or_default();
        let absolute = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
        let local = match absolute {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                let (host, local) = rest.split_at(end);
                if !host.eq_ignore_ascii_case(authority) {
                    return None;
                }
                if local.starts_with('/') {
                    local.to_owned()
                } else {
                    format!("/{local}")
                }
            }
            None if target.starts_with('/') && !target.starts_with("//") && !target.starts_with("/\\") => target.to_owned(),
            None => return None,
        };
        let (path, query) = local.split_once('?').unwrap_or((&local, ""));
        let path = if absolute.is_some() {
            url::without_base(path, base_path)?
        } else {
            url::without_base(path, base_path).unwrap_or(path)
        };
        Some((path.to_owned(), query.to_owned()))
    }
}

impl Walk<'_> {
    /// Follows a rewrite, if it applies.
    fn follow(&mut self, rule: &RewriteRule, asked: Asked<'_>) -> Result<Followed, Rejection> {
        let here = Asked {
            path: &self.path,
            inside: asked.inside || self.moved,
            ..asked
        };
        let (path, added) = match rule.rewrite(&here) {
            None => return Ok(Followed::No),
            Some(RuleTarget::External { url, chosen_by }) => {
                let external = External::new(&url, chosen_by).map_err(|error| match error {
                    ExternalError::DotSegment => Rejection::BadUrl(UrlError::NotAPath),
                    _ => Rejection::NotFound,
                })?;
                return Ok(Followed::Out(Box::new(match self.added.as_str() {
                    "" => external,
                    added => external.with_query(added),
                })));
            }
            Some(RuleTarget::Inside { path, query }) => (path, query),
        };
        self.path = match url::canonicalise(&path).map_err(Rejection::BadUrl)? {
            Canonical::Path(path) | Canonical::Redirect(path) => Cow::Owned(path),
        };
        self.added = query::overlay(&added, &self.added);
        self.moved = true;
        Ok(Followed::Inside)
    }

    fn arrive(&mut self, target: Target, asked: Asked<'_>) -> Resolved {
        let rewritten = self.moved.then(|| Rewritten {
            query: query::overlay(&self.added, asked.query),
            path: std::mem::take(&mut self.path).into_owned(),
        });
        Resolved { target, rewritten }
    }
}

/// A match's parameters as a job carries them.
#[must_use]
pub fn params(matched: &RouteMatch) -> Vec<Param> {
    use ironside_model::route_table::ParamKind as Model;
    use ironside_worker::wire::ParamKind as Wire;
    let kind = |kind| match kind {
        Model::Dynamic => Wire::Dynamic,
        Model::CatchAll => Wire::CatchAll,
        Model::OptionalCatchAll => Wire::OptionalCatchAll,
    };
    matched
        .params
        .iter()
        .map(|param| Param {
            name: param.name.clone(),
            values: param.values.clone(),
            kind: kind(param.kind),
        })
        .collect()
}
