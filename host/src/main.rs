//! The `wheatstone` command.
fn main() {}
