//! Ctrl-C and SIGTERM ask a long run to stop; a second one ends it at once.

use anyhow::Context;
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen for signals.
pub fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// Whether a signal came.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}
