//! Where things are in the repository.

use std::path::PathBuf;

/// The root of the repository.
///
/// Cargo says where the package is when it runs it; the path known at compile time serves a binary that was
/// started by hand.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}
