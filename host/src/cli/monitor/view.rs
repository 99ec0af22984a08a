//! A watched run in a terminal: nothing but a function of its state.

use super::state::{Link, Monitor};
use crate::cli::score_text::{score_text, test_text};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, LegendPosition, Paragraph};
use wheatstone_learn::metrics::{EpochMetrics, Score};

/// Draws everything.
pub fn draw(frame: &mut Frame, monitor: &Monitor) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(6),
        Constraint::Length(8),
        Constraint::Length(1),
    ]);
    let [head, curve, figures, foot] = rows.areas(frame.area());
    frame.render_widget(Line::from(title(monitor)).bold(), head);
    draw_curve(frame, curve, monitor);
    match monitor.link() {
        None => draw_epoch(frame, figures, monitor),
        Some(link) => {
            let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(figures);
            draw_epoch(frame, left, monitor);
            draw_link(frame, right, link);
        }
    }
    let foot_text =
        if monitor.finished() { "the run is done; q leaves" } else { "q leaves; the run goes on" };
    frame.render_widget(Line::from(foot_text).dim(), foot);
}

fn title(monitor: &Monitor) -> String {
    let done = monitor.metrics().last().map_or(0, |epoch| epoch.epoch);
    let rate = match monitor.rate() {
        Some(rate) if !monitor.finished() => format!(", {rate:.0} samples/s"),
        _ => String::new(),
    };
    format!("{} in {}: epoch {done} of {}{rate}", monitor.name(), monitor.folder(), monitor.epochs())
}

/// What is drawn of a score: accuracy in percent, or the logarithm of the error.
fn height(score: Score, accuracy: bool) -> Option<f64> {
    let height = if accuracy { 100.0 * score.accuracy? } else { score.mse.log10() };
    height.is_finite().then_some(height)
}

fn draw_curve(frame: &mut Frame, area: Rect, monitor: &Monitor) {
    let metrics = monitor.metrics();
    let accuracy = metrics.iter().any(|epoch| epoch.train.accuracy.is_some());
    let curve = |score: fn(&EpochMetrics) -> Option<Score>| -> Vec<(f64, f64)> {
        let point = |epoch: &EpochMetrics| Some((f64::from(epoch.epoch), height(score(epoch)?, accuracy)?));
        metrics.iter().filter_map(point).collect()
    };
    let (train, test) = (curve(|epoch| Some(epoch.train)), curve(|epoch| epoch.test));
    let heights = || train.iter().chain(&test).map(|point| point.1);
    let lowest = heights().fold(f64::INFINITY, f64::min);
    let highest = heights().fold(f64::NEG_INFINITY, f64::max);
    let title = if accuracy { "right answers (%)" } else { "mean squared error (V^2)" };
    let block = Block::bordered().title(title);
    if lowest > highest {
        return frame.render_widget(Paragraph::new("no epoch has been measured yet").block(block), area);
    }
    let (low, high) = if accuracy { ((lowest - 1.0).floor(), 100.0) } else { (lowest - 0.1, highest + 0.1) };
    let label =
        |height: f64| if accuracy { format!("{height:.0}") } else { format!("{:.1e}", 10f64.powf(height)) };
    let last = f64::from(monitor.epochs().max(1));
    let dataset = |name, points, colour| {
        Dataset::default()
            .name(name)
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(colour))
            .data(points)
    };
    let mut datasets = vec![dataset("training", &train, Color::Blue)];
    if !test.is_empty() {
        datasets.push(dataset("test", &test, Color::Yellow));
    }
    let chart = Chart::new(datasets)
        .block(block)
        .legend_position(Some(LegendPosition::BottomRight))
        .x_axis(
            Axis::default().title("epoch").bounds([0.0, last]).labels(["0".to_owned(), format!("{last}")]),
        )
        .y_axis(Axis::default().bounds([low, high]).labels([
            label(low),
            label(f64::midpoint(low, high)),
            label(high),
        ]));
    frame.render_widget(chart, area);
}

fn draw_epoch(frame: &mut Frame, area: Rect, monitor: &Monitor) {
    let block = Block::bordered().title("last epoch");
    let Some(epoch) = monitor.metrics().last() else {
        return frame.render_widget(Paragraph::new("none yet").block(block), area);
    };
    let mut rows = vec![
        ("training", score_text(epoch.train)),
        ("test", test_text(epoch).unwrap_or_else(|| "none held out".into())),
        ("samples", epoch.samples.to_string()),
        ("steps", epoch.steps.to_string()),
        ("alpha offset", epoch.alpha_offset.to_string()),
    ];
    if let Some(power) = epoch.power {
        rows.push(("power", format!("free {:.4}, clamped {:.4}", power.free, power.clamped)));
    }
    draw_rows(frame, area, block, &rows);
}

fn draw_link(frame: &mut Frame, area: Rect, link: &Link) {
    let rows = [
        ("samples", format!("{} of {}", link.samples, link.total)),
        ("sent", format!("{} bytes", link.bytes_sent)),
        ("received", format!("{} bytes", link.bytes_received)),
        ("sent again", format!("{} frames", link.retries)),
        ("damaged", format!("{} frames", link.damaged)),
    ];
    draw_rows(frame, area, Block::bordered().title(link.device.clone()), &rows);
}

fn draw_rows(frame: &mut Frame, area: Rect, block: Block, rows: &[(&str, String)]) {
    let lines: Vec<Line> = rows.iter().map(|(name, value)| Line::from(format!("{name:13}{value}"))).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::reading;
    use super::super::state::{Monitor, Reading};
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn screen(monitor: &Monitor, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, monitor)).unwrap();
        terminal.backend().to_string()
    }

    #[track_caller]
    fn shows(screen: &str, fragments: &[&str]) {
        for fragment in fragments {
            assert!(screen.contains(fragment), "no `{fragment}` in:\n{screen}");
        }
    }

    #[test]
    fn a_run_on_a_board_shows_its_curve_counters_and_link() {
        let link = Link {
            device: "serial:/dev/ttyUSB0".into(),
            retries: 3,
            damaged: 2,
            bytes_sent: 12_345,
            bytes_received: 6789,
            samples: 1260,
            total: 2400,
        };
        let mut monitor = Monitor::new(reading(9));
        monitor.update(Reading { link: Some(link), ..reading(10) }, Duration::from_secs(1));
        let screen = screen(&monitor, 90, 30);
        shows(
            &screen,
            &[
                "iris in runs/iris-seed1: epoch 10 of 20, 180 samples/s",
                "right answers (%)",
                "training",
                "94.55 % right",
                "89.55 % right",
                "samples      1200",
                "steps        9600",
                "free 1.5000, clamped 1.7500",
                "serial:/dev/ttyUSB0",
                "1260 of 2400",
                "12345 bytes",
                "6789 bytes",
                "3 frames",
                "2 frames",
                "q leaves; the run goes on",
            ],
        );
        let braille = |c: char| ('\u{2801}'..='\u{28FF}').contains(&c);
        assert!(screen.chars().filter(|&c| braille(c)).count() > 40, "no curve in:\n{screen}");
    }

    #[test]
    fn a_run_that_has_not_begun_and_one_that_is_done_say_so() {
        let empty = Reading { metrics: Vec::new(), ..reading(0) };
        shows(
            &screen(&Monitor::new(empty), 80, 24),
            &["epoch 0 of 20", "no epoch has been measured yet", "none yet"],
        );
        let done = Monitor::new(Reading { evaluated: true, ..reading(20) });
        shows(&screen(&done, 80, 24), &["epoch 20 of 20", "the run is done"]);
    }

    #[test]
    fn a_regression_shows_its_error() {
        let mut reading = reading(5);
        for epoch in &mut reading.metrics {
            epoch.train.accuracy = None;
            epoch.test = None;
        }
        // A perfect answer has no logarithm.
        reading.metrics[3].train.mse = 0.0;
        shows(
            &screen(&Monitor::new(reading), 80, 24),
            &["mean squared error (V^2)", "1.0e-2", "none held out"],
        );
    }

    #[test]
    fn terminals_of_any_size_are_drawn_on() {
        let monitor = Monitor::new(Reading { link: Some(Link::default()), ..reading(7) });
        for (width, height) in [(1, 1), (10, 3), (20, 10), (40, 15), (300, 100)] {
            screen(&monitor, width, height);
        }
    }
}
