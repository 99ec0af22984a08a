//! How well samples are answered, epoch by epoch.

use super::chart::{Chart, MAX_POINTS, Mark, Panel, Series};
use super::palette::{MUTED, SERIES};
use super::scale::{Axis, thin};
use wheatstone_learn::metrics::{EpochMetrics, Score};
use wheatstone_measure::statistics::wilson;

/// Accuracy against epochs for a classification, and [`error_curve`] for a regression.
///
/// Training samples are scored as they came, before each one's learning step; test samples after the epoch. At most
/// 1000 epochs are drawn. The axis begins at `chance`, the share that guessing reaches, or below it where an epoch is worse. Of fewer than
/// 400 test samples a 95 % interval of Wilson's is drawn about their share.
pub fn learning_curve(epochs: &[EpochMetrics], chance: Option<f64>, test_samples: usize) -> String {
    let percent = |score: &Score| score.accuracy.map(|a| 100.0 * a);
    let values = |e: &EpochMetrics| [percent(&e.train), e.test.as_ref().and_then(percent)];
    let found: Vec<f64> = epochs.iter().flat_map(values).flatten().collect();
    if found.is_empty() {
        return error_curve(epochs);
    }
    let chance = chance.map(|share| 100.0 * share);
    let lowest = found.iter().copied().fold(f64::INFINITY, f64::min);
    let mut y = Axis::linear("accuracy (%)", found.into_iter().chain(chance), 1.0);
    if let Some(chance) = chance.filter(|chance| lowest >= chance.floor()) {
        y.low = chance.floor();
    }
    (y.low, y.high) = (y.low.max(0.0), y.high.min(100.0));
    let y = Axis::between("accuracy (%)", y.low, y.high.max(y.low + 1.0), 1.0);
    let few = (1..FEW).contains(&test_samples);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let end = |pick: fn((f64, f64)) -> f64| {
        let ends = epochs.iter().filter_map(move |e| {
            let share = e.test?.accuracy.filter(|share| share.is_finite())?;
            Some((f64::from(e.epoch), 100.0 * pick(wilson(share, test_samples as f64, Z_95))))
        });
        thin(&ends.collect::<Vec<_>>(), MAX_POINTS).into_iter().copied().collect::<Vec<_>>()
    };
    let bounds = if few { vec![end(|ends| ends.0), end(|ends| ends.1)] } else { Vec::new() };
    curve("Accuracy against epochs", epochs, y, bounds, |_, score| percent(score))
}

/// With more test samples their share is narrow enough to stand alone.
const FEW: usize = 400;

/// Standard errors to either side of 95 %.
const Z_95: f64 = 1.96;

/// Mean squared error of the output voltages against epochs, on a logarithmic axis; zeros lie at its foot.
pub fn error_curve(epochs: &[EpochMetrics]) -> String {
    let found = epochs.iter().flat_map(|e| [Some(e.train.mse), e.test.map(|s| s.mse)]).flatten();
    let y = Axis::log("mean squared error (V\u{b2})", found);
    curve("Mean squared error against epochs", epochs, y, Vec::new(), |axis, score| {
        score.mse.is_finite().then(|| axis.log_place(score.mse))
    })
}

/// R^2 of each output of a regression on the test samples against epochs, of at most as many as there are colours; what is worse than -1
/// lies there.
pub fn determination_curve(epochs: &[EpochMetrics]) -> String {
    let outputs = epochs.last().map_or(&[][..], |last| &last.test_outputs);
    let series: Vec<Series> = outputs
        .iter()
        .zip(SERIES)
        .enumerate()
        .map(|(place, (output, colour))| {
            let r2 = |epoch: &EpochMetrics| epoch.test_outputs.get(place)?.r2.filter(|r2| r2.is_finite());
            let found: Vec<(f64, f64)> = epochs
                .iter()
                .filter_map(|epoch| Some((f64::from(epoch.epoch), r2(epoch)?.max(WORST))))
                .collect();
            let points: Vec<(f64, f64)> = thin(&found, MAX_POINTS).into_iter().copied().collect();
            Series { name: output.name.clone(), colour, mark: mark(points.len(), 2.0), points }
        })
        .collect();
    let lowest = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.0, f64::min);
    let y = Axis::between("R\u{b2} on the test samples", lowest, 1.0, 0.1);
    let panel = Panel { x: epoch_axis(epochs), y, height: 400, series };
    Chart { title: "R\u{b2} against epochs", note: None, panels: vec![panel] }.svg()
}

/// The least R^2 that is drawn: before training an output may be thousands of times as wrong as the mean.
const WORST: f64 = -1.0;

fn epoch_axis(epochs: &[EpochMetrics]) -> Axis {
    let (first, last) = epochs
        .first()
        .zip(epochs.last())
        .map_or((0.0, 1.0), |(a, b)| (f64::from(a.epoch), f64::from(b.epoch)));
    Axis::between("epoch", first, last.max(first + 1.0), 1.0)
}

/// A line of that width, with dots where they do not run into each other.
fn mark(points: usize, width: f64) -> Mark {
    if points <= 80 { Mark::Dotted(width) } else { Mark::Line(width) }
}

fn curve(
    title: &str,
    epochs: &[EpochMetrics],
    y: Axis,
    bounds: Vec<Vec<(f64, f64)>>,
    place: impl Fn(&Axis, &Score) -> Option<f64>,
) -> String {
    let drawn = thin(epochs, MAX_POINTS);
    let x = epoch_axis(epochs);
    let points = |score: fn(&EpochMetrics) -> Option<Score>| -> Vec<(f64, f64)> {
        let point = |e: &&EpochMetrics| Some((f64::from(e.epoch), place(&y, &score(e)?)?));
        drawn.iter().filter_map(point).collect()
    };
    let (train, test) = (points(|e| Some(e.train)), points(|e| e.test));
    let mut series = vec![Series {
        name: "training samples".to_owned(),
        colour: SERIES[0],
        mark: mark(drawn.len(), 1.5),
        points: train,
    }];
    if !test.is_empty() {
        let name = "test samples".to_owned();
        series.push(Series { name, colour: SERIES[1], mark: mark(drawn.len(), 2.0), points: test });
    }
    series.extend(bounds.into_iter().filter(|points| !points.is_empty()).map(|points| Series {
        name: "all such samples, 95 %".to_owned(),
        colour: MUTED,
        mark: Mark::Line(0.8),
        points: points.into_iter().map(|(epoch, percent)| (epoch, percent.clamp(y.low, y.high))).collect(),
    }));
    Chart { title, note: None, panels: vec![Panel { x, y, height: 400, series }] }.svg()
}
