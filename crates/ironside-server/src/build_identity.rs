//! What tells a build from every other one. Its name does not: two builds of the same sources have the same, and `generateBuildId`
//! may give all of them one. Yet a route's number, which keys of cached answers are made of, means another route in another
//! build, and what a page showed before it was built anew is not to come back from the disk.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::xxh3_64;

/// The name of the build in a folder, with a mark of what it holds and when it was written: the same whenever this build is served.
///
/// # Errors
/// If its manifest can't be read.
pub fn build_identity(build_dir: &Path, name: &str) -> io::Result<String> {
    let path = build_dir.join("manifest.json");
    let content = xxh3_64(&fs::read(&path)?);
    let written = fs::metadata(&path)?
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(format!("{name}-{content:016x}-{:x}", written.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn it_is_the_same_until_the_build_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        let write = |text: &str, seconds| {
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
                .unwrap();
            build_identity(folder.path(), "named").unwrap()
        };
        let first = write("{}", 1_000);
        assert!(first.starts_with("named-"));
        assert_eq!(first, build_identity(folder.path(), "named").unwrap());
        assert_ne!(first, write("{}", 1_001), "the same sources, later");
        assert_ne!(first, write("{ }", 1_000), "others, at a time that was set back");
    }
}
