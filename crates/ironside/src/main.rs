//! Skeleton.
fn main(){}
