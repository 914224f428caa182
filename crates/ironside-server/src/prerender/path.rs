//! From a route's pattern and parameters to the path of its URL: what a build renders, it renders for that path.

use ironside_model::manifest::PatternPart;
use ironside_model::pattern::{canonical_segment, encode_segment};
use ironside_worker::Param;

/// The canonical path, or nothing if a parameter is missing.
pub(super) fn path_of(pattern: &[PatternPart], params: &[Param]) -> Option<String> {
    let mut path = String::new();
    for part in pattern {
        match part {
            PatternPart::Static(text) => {
                path.push('/');
                path.push_str(&encode_segment(text));
            }
            PatternPart::Dynamic(name) | PatternPart::CatchAll(name) | PatternPart::OptionalCatchAll(name) => {
                let values = &params.iter().find(|param| param.name == *name)?.values;
                for value in values {
                    path.push('/');
                    path.push_str(&canonical_segment(value));
                }
            }
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    Some(path)
}
