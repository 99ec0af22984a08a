//! The progress bar of long work: on standard error, and only where that is a terminal.

use super::output::Output;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::time::Duration;

/// A bar over `total` samples, of which `done` are done already and do not count for the time left.
pub fn bar(output: Output, done: u64, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {percent:>3}% {human_pos}/{human_len} samples, {left} left {msg}",
    );
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total), target(output));
    // The mean over the whole run: samples all cost the same, and the evaluations between epochs are spread evenly.
    bar.set_style(style.with_key("left", move |state: &ProgressState, text: &mut dyn Write| {
        let (samples, total) =
            (state.pos().saturating_sub(done), state.len().unwrap_or(0).saturating_sub(done));
        let left = time_left(state.elapsed(), samples, total).map(|left| HumanDuration(left).to_string());
        // Writing to memory cannot fail.
        let _ = text.write_str(left.as_deref().unwrap_or("?"));
    }));
    bar.set_position(done);
    bar
}

fn target(output: Output) -> ProgressDrawTarget {
    let visible = std::io::stderr().is_terminal() && !output.quiet();
    if visible { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() }
}

/// What is being done, for work that has stages and no samples to count.
pub fn stages(output: Output) -> ProgressBar {
    let style = ProgressStyle::with_template("{elapsed_precise} {spinner} {msg}");
    let bar = ProgressBar::with_draw_target(None, target(output));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The time `total` samples still need, after some of them took `elapsed`; unknown before the first.
fn time_left(elapsed: Duration, samples: u64, total: u64) -> Option<Duration> {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let ratio = (samples > 0).then(|| total.saturating_sub(samples) as f64 / samples as f64)?;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * ratio).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_in_proportion() {
        let minute = Duration::from_secs(60);
        assert_eq!(time_left(minute, 25, 100), Some(Duration::from_secs(180)));
        assert_eq!(time_left(minute, 100, 100), Some(Duration::ZERO));
        assert_eq!(time_left(minute, 0, 100), None);
    }
}
