//! Kymo.
fn main() {}
