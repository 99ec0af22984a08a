//! `wheatstone monitor`

mod state;
mod view;

use super::interrupt;
use super::output::Output;
use super::score_text::{score_text, test_text};
use crate::cli::failure::{OrFailed, Result};
use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde_json::json;
use state::{Monitor, Reading};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use wheatstone_learn::metrics::EpochMetrics;
use wheatstone_learn::run::RunFolder;

/// How often the folder is read.
const INTERVAL: Duration = Duration::from_millis(250);

/// Watch a run while it trains
///
/// The key q leaves; the run goes on. Where standard output is no terminal, prints a line for every epoch instead, and ends when the run is done.
#[derive(Args, Debug)]
pub struct MonitorArguments {
    /// Run folder
    run: PathBuf,
    /// Print the epochs there are, and end
    #[arg(long)]
    once: bool,
}

impl MonitorArguments {
    pub fn run(&self, output: &Output) -> Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let monitor = Monitor::new(Reading::take(&folder)?);
        interrupt::listen()?;
        if self.once || output.json() || !io::stdout().is_terminal() {
            return self.lines(&folder, monitor, *output);
        }
        let mut terminal = ratatui::try_init().or_failed()?;
        let done = live(&mut terminal, &folder, monitor);
        ratatui::restore();
        done
    }

    fn lines(&self, folder: &RunFolder, mut monitor: Monitor, output: Output) -> Result<()> {
        let began = Instant::now();
        let mut printed: Option<u32> = None;
        loop {
            let new = |epoch: &&EpochMetrics| printed.is_none_or(|printed| epoch.epoch > printed);
            for epoch in monitor.metrics().iter().filter(new) {
                output.result(epoch, || line(epoch, monitor.epochs()))?;
            }
            printed = monitor.metrics().last().map_or(printed, |last| printed.max(Some(last.epoch)));
            if self.once || monitor.finished() || interrupt::requested() {
                break;
            }
            thread::sleep(INTERVAL);
            monitor.update(Reading::take(folder)?, began.elapsed());
        }
        if output.json() {
            let facts = json!({ "finished": monitor.finished(), "epochs": printed, "link": monitor.link() });
            output.result(&facts, String::new)?;
        }
        Ok(())
    }
}

fn live(terminal: &mut DefaultTerminal, folder: &RunFolder, mut monitor: Monitor) -> Result<()> {
    let began = Instant::now();
    while !interrupt::requested() {
        terminal.draw(|frame| view::draw(frame, &monitor)).or_failed()?;
        if event::poll(INTERVAL).or_failed()? && event::read().is_ok_and(|event| leaves(&event)) {
            break;
        }
        monitor.update(Reading::take(folder)?, began.elapsed());
    }
    Ok(())
}

/// Whether an event ends the view.
fn leaves(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else { return false };
    match code {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// An epoch in a line.
fn line(epoch: &EpochMetrics, epochs: u32) -> String {
    let test = test_text(epoch).map(|text| format!(", test {text}")).unwrap_or_default();
    let EpochMetrics { epoch, samples, train, .. } = epoch;
    format!("epoch {epoch}/{epochs}: {samples} samples, training {}{test}", score_text(*train))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_and_ctrl_c_leave() {
        let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
        assert!(leaves(&key(KeyCode::Char('q'), KeyModifiers::NONE)));
        assert!(leaves(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!leaves(&key(KeyCode::Char('c'), KeyModifiers::NONE)));
        assert!(!leaves(&Event::Resize(80, 24)));
    }
}
