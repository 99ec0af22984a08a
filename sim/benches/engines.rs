//! Engines side by side.
fn main() {}
