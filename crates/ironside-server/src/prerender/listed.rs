//! `dynamicParams = false`: which parameters a route answers. The list was made by `generateStaticParams` at build, so an
//! unlisted URL costs a look into a set and reaches no worker.

use super::index::ListedRecord;
use ironside_model::pattern::canonical_segment;
use ironside_model::route_table::RouteMatch;
use rustc_hash::{FxHashMap, FxHashSet};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct ListedParams(FxHashMap<u32, Listed>);

#[derive(Debug)]
struct Listed {
    /// Values of one set after the other, in the order of the pattern.
    sets: FxHashSet<Vec<Vec<String>>>,
}

impl ListedParams {
    pub(super) fn new(records: Vec<ListedRecord>) -> Self {
        let listed = |record: ListedRecord| {
            let sets = record.sets.into_iter().collect();
            (record.route, Listed { sets })
        };
        Self(records.into_iter().map(listed).collect())
    }

    /// Whether the route answers listed parameters only, and these are not among them.
    #[must_use]
    pub fn excludes(&self, matched: &RouteMatch) -> bool {
        let Some(listed) = self.0.get(&matched.route.0) else {
            return false;
        };
        // After the pattern's own parameters come those that only a parallel slot binds.
        let Some(own) = listed.sets.iter().next().map(Vec::len) else {
            return true;
        };
        let values: Vec<Vec<String>> = matched
            .params
            .iter()
            .take(own)
            .map(|param| {
                param
                    .values
                    .iter()
                    .map(|value| canonical_segment(value).into_owned())
                    .collect()
            })
            .collect();
        !listed.sets.contains(&values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_model::route_table::{Param, ParamKind, RouteId};

    fn asked(route: u32, value: &str) -> RouteMatch {
        RouteMatch {
            route: RouteId(route),
            params: vec![Param {
                name: "id".into(),
                values: vec![value.into()],
                kind: ParamKind::Dynamic,
            }],
        }
    }

    #[test]
    fn only_what_is_listed_is_answered_in_whatever_spelling() {
        let listed = ListedParams::new(vec![
            ListedRecord {
                route: 1,
                sets: vec![vec![vec!["caf%C3%A9".into()]]],
            },
            ListedRecord { route: 2, sets: vec![] },
        ]);
        assert!(!listed.excludes(&asked(1, "caf%c3%a9")));
        assert!(listed.excludes(&asked(1, "cafe")));
        assert!(listed.excludes(&asked(2, "cafe")), "an empty list lists nothing");
        assert!(!listed.excludes(&asked(3, "cafe")), "a route without a list is open");
    }
}
