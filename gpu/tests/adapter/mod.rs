//! The adapter that tests run on.

use wheatstone_gpu::{Adapter, AdapterError, adapters};

/// The best adapter there is. Without any, a test that needs one skips itself with a message, except on an integrating
/// machine, which must have one.
pub fn adapter() -> Option<Adapter> {
    match adapters() {
        Ok(mut adapters) => Some(adapters.swap_remove(0)),
        Err(error @ AdapterError::None) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}; `cargo xtask setup` provides a software adapter"),
    }
}
