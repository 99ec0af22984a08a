//! Signals that ask a long run to stop: Ctrl-C, SIGTERM, SIGHUP, and the two that a cluster's scheduler sends before its time
//! limit, SIGUSR1 and SIGUSR2. A second one ends the program at once.

#[cfg(unix)]
use super::failure::{OrFailed, Result};
use signal_hook::consts::signal::{SIGHUP, SIGUSR1, SIGUSR2};
use signal_hook::consts::signal::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The exit code of a program that a second signal ends.
const INTERRUPTED: i32 = 130;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Begins to listen for signals. It writes nothing when one comes, so that it works on a full disk as well.
pub fn listen() -> Result<()> {
    if REQUESTED.get().is_some() {
        return Ok(());
    }
    let requested = Arc::clone(REQUESTED.get_or_init(Arc::default));
    for signal in signals() {
        flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&requested))
            .and_then(|_| flag::register(signal, Arc::clone(&requested)))
            .or_failed_to("cannot listen for signals")?;
    }
    Ok(())
}

#[cfg(unix)]
fn signals() -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM, SIGUSR1, SIGUSR2];
    // Whoever started the program with `nohup` wants it to outlive the terminal.
    if !is_ignored(SIGHUP) {
        signals.push(SIGHUP);
    }
    signals
}

#[cfg(not(unix))]
fn signals() -> Vec<i32> {
    vec![SIGINT, SIGTERM]
}

/// Whether a signal was ignored when the program started, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// Whether a signal came.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|requested| requested.load(Ordering::SeqCst))
}
