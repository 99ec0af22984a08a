//! The progress bar of long work: on standard error, and only where that is a terminal.

use super::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar over `total` samples, of which `done` are done already and do not count for the time left.
pub fn bar(output: Output, done: u64, total: u64) -> ProgressBar {
    let visible = std::io::stderr().is_terminal() && !output.quiet();
    let target = if visible { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {percent:>3}% {human_pos}/{human_len} samples, {eta} left {msg}",
    );
    let bar = ProgressBar::with_draw_target(Some(total), target);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_position(done);
    bar.reset_eta();
    bar
}
