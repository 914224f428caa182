//! How much of everything a body may hold. The defaults are above what applications send and below what hurts; React's own
//! limits are the model where it has one (1,000,000 slots, 1,000 bound arguments, 300 digits).

/// See the module's documentation. Every number is the most that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Parts of a multipart body.
    pub parts: usize,
    /// Bytes of the head of one part.
    pub part_head: usize,
    /// Values in all rows together: items of arrays and values of objects.
    pub slots: usize,
    /// Arrays, objects and temporary references in all rows together. React's decoder keeps a note of each, at some
    /// microseconds a piece.
    pub containers: usize,
    /// Keys of objects in all rows together.
    pub keys: usize,
    /// References between rows.
    pub references: usize,
    /// Bytes of one reference with its path.
    pub reference_bytes: usize,
    /// Containers around one value, as written in one row, and also along references.
    pub depth: usize,
    /// Values that a walk through the arguments meets when it takes every reference for what it stands for.
    pub expanded: u64,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Arguments of a call.
    pub arguments: usize,
    /// Bound arguments of a server function.
    pub bound: usize,
    /// Digits of a BigInt, its sign counted.
    pub digits: usize,
    /// Characters of a date.
    pub date: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            parts: 10_000,
            part_head: 8 * 1024,
            slots: 1_000_000,
            containers: 100_000,
            keys: 1_000_000,
            references: 30_000,
            reference_bytes: 4 * 1024,
            depth: 500,
            expanded: 10_000_000,
            string_bytes: 64 * 1024 * 1024,
            arguments: 1000,
            bound: 1000,
            digits: 300,
            date: 64,
        }
    }
}
