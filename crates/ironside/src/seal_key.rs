//! The key that captured variables of inline actions are sealed with, and that the draft cookie comes from: from the
//! environment, or one of the application's own in `.ironside/seal-key`, so that all workers, restarts and builds have the same.

use crate::{
    env_vars::ACTIONS_ENCRYPTION_KEY,
    exit::{Exit, Failure},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ironside_worker::Secret;
use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

/// The file in `.ironside`.
const FILE: &str = "seal-key";
/// What AES-256 wants.
const LENGTH: usize = 32;

/// The keys, the sealing one first. With a comma the variable holds several: the first seals, all of them open, so that keys can
/// be changed without a moment at which old pages fail.
///
/// # Errors
/// When the variable holds no key, or the file can be neither read nor made.
pub(crate) fn keys(env: &BTreeMap<String, String>, dot_ironside: &Path) -> Result<Vec<Secret>, Failure> {
    if let Some(value) = env.get(ACTIONS_ENCRYPTION_KEY).filter(|value| !value.trim().is_empty()) {
        return value.split(',').map(|part| decode(part.trim()).map(Secret::new)).collect();
    }
    own(dot_ironside).map(|key| vec![Secret::new(key)])
}

fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    let key = STANDARD.decode(text).ok().filter(|key| matches!(key.len(), 16 | 24 | LENGTH));
    key.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("{ACTIONS_ENCRYPTION_KEY} is not the base64 text of 16, 24 or 32 bytes"),
        )
        .hint("make one with: openssl rand -base64 32")
    })
}

fn own(dot_ironside: &Path) -> Result<Vec<u8>, Failure> {
    let path = dot_ironside.join(FILE);
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{} can't be used", path.display()))
            .because(error)
            .hint(format!("let the server write there once, or set {ACTIONS_ENCRYPTION_KEY}"))
    };
    match fs::read_to_string(&path) {
        Ok(text) => return decode(text.trim()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut key = vec![0; LENGTH];
    getrandom::fill(&mut key)
        .map_err(|error| Failure::new(Exit::Environment, format!("the system gives no random numbers: {error}")))?;
    fs::create_dir_all(dot_ironside).map_err(failed)?;
    match create(&path, &STANDARD.encode(&key)) {
        Ok(()) => Ok(key),
        // Another process was faster: its key counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => decode(fs::read_to_string(&path).map_err(failed)?.trim()),
        Err(error) => Err(failed(error)),
    }
}

/// Whole or not at all, and for nobody else's eyes.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension(std::process::id().to_string());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&fresh)?.write_all(text.as_bytes())?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = keys(&BTreeMap::new(), dir.path()).unwrap();
        let again = keys(&BTreeMap::new(), dir.path()).unwrap();
        assert_eq!(first[0].expose(), again[0].expose());
        assert_eq!(first[0].expose().len(), LENGTH);
    }

    #[test]
    fn the_environment_may_hold_several_keys() {
        let env = BTreeMap::from([(
            ACTIONS_ENCRYPTION_KEY.to_owned(),
            format!("{}, {}", STANDARD.encode([1; 32]), STANDARD.encode([2; 16])),
        )]);
        let found = keys(&env, Path::new("/nowhere")).unwrap();
        assert_eq!(found.iter().map(|key| key.expose()[0]).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_repeating_it() {
        let env = BTreeMap::from([(ACTIONS_ENCRYPTION_KEY.to_owned(), "secret-but-wrong".to_owned())]);
        let failure = keys(&env, Path::new("/nowhere")).unwrap_err();
        assert!(failure.message.contains(ACTIONS_ENCRYPTION_KEY) && !failure.message.contains("secret-but-wrong"));
    }
}
