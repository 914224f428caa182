//! Sizes and times as people compare them.

/// `870 B`, `1.2 kB`, `34.5 MB`.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

const UNITS: [(&str, u64); 4] = [("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("min", 60)];

/// A time that somebody has set: `90 s`, `5 min`, `2 h`, `1 y`.
pub(crate) fn duration(seconds: u64) -> String {
    for (unit, length) in UNITS {
        if seconds >= length && seconds.is_multiple_of(length) {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}

/// A time that has passed: `12 s`, `3 min`, `2 h`, rounded down.
pub(crate) fn passed(seconds: u64) -> String {
    // The first two of a unit are told in the next smaller one: 90 s says more than 1 min.
    let unit = UNITS.iter().find(|(_, length)| seconds >= length * 2);
    match unit {
        Some((unit, length)) => format!("{} {unit}", seconds / length),
        None => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_the_unit_that_people_would_use() {
        assert_eq!(
            [0, 870, 1_234, 34_500_000, 5_000_000_000].map(size),
            ["0 B", "870 B", "1.2 kB", "34.5 MB", "5.0 GB"]
        );
        assert_eq!([90, 300, 7_200, 31_536_000].map(duration), ["90 s", "5 min", "2 h", "1 y"]);
        assert_eq!(
            [0, 90, 150, 86_399, 200_000].map(passed),
            ["0 s", "90 s", "2 min", "23 h", "2 d"]
        );
    }
}
