//! `[actions]` and `[actions.limits]` of `ironside.toml`, laid over the server's defaults.

use super::file::{ActionLimits, Actions, FILE_NAME};
use crate::exit::{Exit, Failure};
use ironside_server::Limits;
use std::time::Duration;

/// Lays what the file says over `limits`.
///
/// # Errors
/// When a number is zero, which would refuse every call.
pub(super) fn apply(file: &Actions, limits: &mut Limits) -> Result<(), Failure> {
    let Actions {
        session_checks: _,
        timeout,
        upload_timeout,
        memory,
        limits:
            ActionLimits {
                parts,
                slots,
                containers,
                keys,
                references,
                depth,
                expanded,
                string_bytes,
                arguments,
                bound,
                digits,
            },
    } = file;
    let flight = &mut limits.flight;
    for (name, given, place) in [
        ("limits.parts", parts, &mut flight.parts),
        ("limits.slots", slots, &mut flight.slots),
        ("limits.containers", containers, &mut flight.containers),
        ("limits.keys", keys, &mut flight.keys),
        ("limits.references", references, &mut flight.references),
        ("limits.depth", depth, &mut flight.depth),
        ("limits.string-bytes", string_bytes, &mut flight.string_bytes),
        ("limits.arguments", arguments, &mut flight.arguments),
        ("limits.bound", bound, &mut flight.bound),
        ("limits.digits", digits, &mut flight.digits),
        ("memory", memory, &mut limits.action_memory),
    ] {
        set(name, *given, place)?;
    }
    set("limits.expanded", *expanded, &mut limits.flight.expanded)?;
    set("timeout", timeout.map(Duration::from_millis), &mut limits.action_time)?;
    set(
        "upload-timeout",
        upload_timeout.map(Duration::from_millis),
        &mut limits.action_upload,
    )
}

fn set<T: Default + PartialEq>(name: &str, given: Option<T>, place: &mut T) -> Result<(), Failure> {
    match given {
        Some(value) if value == T::default() => Err(Failure::new(
            Exit::Usage,
            format!("actions.{name} in {FILE_NAME} is 0, with which no action could be called"),
        )
        .hint("give a number from 1 on, or leave it out")),
        Some(value) => {
            *place = value;
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_says_is_laid_over_the_defaults() {
        let mut limits = Limits::default();
        let mut file = Actions {
            upload_timeout: Some(900),
            ..Actions::default()
        };
        file.limits.depth = Some(40);
        apply(&file, &mut limits).unwrap();
        assert_eq!((limits.flight.depth, limits.action_upload), (40, Duration::from_millis(900)));
        assert_eq!(limits.flight.slots, Limits::default().flight.slots);
        file.limits.slots = Some(0);
        let failure = apply(&file, &mut limits).unwrap_err();
        assert!(failure.message.contains("actions.limits.slots"), "{failure}");
    }
}
