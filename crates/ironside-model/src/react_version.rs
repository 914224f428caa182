//! Which versions of React may decode what clients send. React's server packages had holes from remote code execution
//! (CVE-2025-55182) to a series of hangs, of which the last known one was closed in 19.2.8.

/// The first version without known holes.
pub const FIRST_SAFE: &str = "19.2.8";

/// Whether a version has no known holes. What is no version is not safe.
#[must_use]
pub fn is_safe(version: &str) -> bool {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    let is_preview = release.len() != version.len();
    let numbers: Option<Vec<u32>> = release.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        // A preview comes before its release.
        Some([19, 2, 8]) => !is_preview,
        Some([major, minor, patch]) => [*major, *minor, *patch] > [19, 2, 8],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_holes_are_known() {
        for version in [
            "19.0.0",
            "19.1.1",
            "19.2.0",
            "19.2.3",
            "19.2.7",
            "19.2.8-canary-1",
            "18.3.1",
            "19",
            "",
            "latest",
        ] {
            assert!(!is_safe(version), "{version}");
        }
        for version in [FIRST_SAFE, "19.2.9", "19.3.0-canary-278794d7-20261002", "19.3.1", "20.0.0"] {
            assert!(is_safe(version), "{version}");
        }
    }
}
