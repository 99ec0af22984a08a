//! The progress of long work on standard error: a bar where that is a terminal, else a line now and then, as logs want it.

use super::output::{Output, tell};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bar over `total` samples, of which `done` are done already and do not count for the time left.
pub fn bar(output: Output, done: u64, total: u64) -> ProgressBar {
    counting(output, done, total, "samples")
}

/// The same over so many of something else.
pub fn counting(output: Output, done: u64, total: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!(
        "{{elapsed_precise}} {{bar:30}} {{percent:>3}}% {{human_pos}}/{{human_len}} {what}, {{left}} left {{msg}}",
    ));
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
    // A sample of a simulated chip may take minutes.
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

fn target(output: Output) -> ProgressDrawTarget {
    match (output.quiet(), io::stderr().is_terminal()) {
        (true, _) => ProgressDrawTarget::hidden(),
        (false, true) => ProgressDrawTarget::stderr_with_hz(8),
        (false, false) => ProgressDrawTarget::term_like_with_hz(Box::new(Log::begin()), 1),
    }
}

/// How often a log is told of long work.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// A terminal that is none: of all that would be drawn on it, a line every [`LOG_EVERY`].
#[derive(Debug)]
struct Log {
    begun: Instant,
    next: Mutex<Duration>,
}

impl Log {
    fn begin() -> Log {
        Log { begun: Instant::now(), next: Mutex::new(LOG_EVERY) }
    }

    /// What to write of `text` at that time since the beginning.
    fn line(&self, now: Duration, text: &str) -> Option<String> {
        let text = text.trim();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now >= *next && !text.is_empty();
        due.then(|| {
            *next = now + LOG_EVERY;
            text.to_owned()
        })
    }
}

impl TermLike for Log {
    fn width(&self) -> u16 {
        400
    }

    fn move_cursor_up(&self, _lines: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _lines: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if let Some(line) = self.line(self.begun.elapsed(), text) {
            tell(&line);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What is being done, for work that has stages and no samples to count.
pub fn stages(output: Output) -> ProgressBar {
    let spinner = if io::stderr().is_terminal() { " {spinner}" } else { "" };
    let style = ProgressStyle::with_template(&format!("{{elapsed_precise}}{spinner} {{msg}}"));
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
    fn a_log_has_a_line_every_half_minute() {
        let log = Log::begin();
        let times = [29, 30, 31, 59, 75, 104, 105];
        let said = times.map(|second| log.line(Duration::from_secs(second), " placing ").is_some());
        assert_eq!(said, [false, true, false, false, true, false, true]);
        assert_eq!(log.line(Duration::from_secs(135), "    "), None, "what fills up a line is none");
        assert_eq!(log.line(Duration::from_secs(135), " routing ").as_deref(), Some("routing"));
    }

    #[test]
    fn a_bar_that_goes_to_a_log_is_not_hidden() {
        let log = Log { begun: Instant::now(), next: Mutex::new(Duration::ZERO) };
        let bar = ProgressBar::with_draw_target(Some(4), ProgressDrawTarget::term_like(Box::new(log)));
        assert!(!bar.is_hidden(), "a bar that draws nothing would tell nothing");
        bar.set_position(3);
    }

    #[test]
    fn the_time_left_is_in_proportion() {
        let minute = Duration::from_secs(60);
        assert_eq!(time_left(minute, 25, 100), Some(Duration::from_secs(180)));
        assert_eq!(time_left(minute, 100, 100), Some(Duration::ZERO));
        assert_eq!(time_left(minute, 0, 100), None);
    }
}
