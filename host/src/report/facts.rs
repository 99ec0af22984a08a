//! Figures and tables of the report, as text.

use super::{Dataset, Report};
use crate::plot::grouped;
use wheatstone_learn::metrics::{Detail, EpochMetrics, Evaluation, OutputScore, Score, mean_r2};
use wheatstone_sim::hex;

/// Most outputs of a regression whose errors stand in large letters, and in the table of epochs.
const MOST_OUTPUTS: usize = 3;

/// Number of epochs in the table.
const LAST: usize = 10;

/// Standard errors to either side of a 95 % interval.
const Z_95: f64 = 1.959_964;

/// A result in large letters.
pub(super) struct Highlight {
    pub value: String,
    pub meaning: String,
}

/// The result in a few highlights: from the evaluation, or else from the last epoch.
pub(super) fn headline(report: &Report<'_>) -> Vec<Highlight> {
    let mut highlights = Vec::new();
    let mut put = |value: String, meaning: String| highlights.push(Highlight { value, meaning });
    let last = report.metrics.last();
    let result: Option<(Score, String)> = match (report.evaluation, last) {
        (Some(e), _) => Some((e.score, format!("{} {}", grouped(e.samples as u64), part_of(&e.part)))),
        (None, Some(EpochMetrics { test: Some(test), .. })) => Some((*test, part_of("test").to_owned())),
        (None, Some(e)) => Some((e.train, "training samples, each before its learning step".to_owned())),
        (None, None) => None,
    };
    if let Some((score, on)) = result {
        if let Some(accuracy) = score.accuracy {
            put(format!("{:.1} %", 100.0 * accuracy), format!("classified correctly, of {on}"));
            if let Some(e) = report.evaluation.filter(|e| e.samples > 0) {
                let (low, high) = wheatstone_measure::statistics::wilson(accuracy, e.samples as f64, Z_95);
                put(
                    format!("{:.1} \u{2013} {:.1} %", 100.0 * low, 100.0 * high),
                    "95 % interval of that accuracy (Wilson), from the number of samples alone".to_owned(),
                );
            }
        } else {
            for output in
                report.evaluation.map(Evaluation::outputs).unwrap_or_default().iter().take(MOST_OUTPUTS)
            {
                put(
                    small(output.rmse),
                    format!("root mean square error of {} on {on}, in its own units", output.name),
                );
            }
            put(
                format!("{}{} V", score.mse_bound(), small(score.mse.max(0.0).sqrt())),
                format!("root mean square error on {on}"),
            );
        }
        put(
            format!("{}{} V\u{b2}", score.mse_bound(), small(score.mse)),
            format!("mean squared error on {on}"),
        );
    }
    if let Some(e) = last {
        put(
            grouped(e.samples),
            format!(
                "samples trained in {} epochs, {} relaxing steps",
                grouped(e.epoch.into()),
                grouped(e.steps)
            ),
        );
    }
    if let Some(Detail::Confusion { classes, .. }) = report.evaluation.map(|e| &e.detail) {
        let classes = classes.len();
        if classes > 1 {
            put(
                format!("{classes}"),
                format!("classes; guessing alone gives about {:.1} %", 100.0 / classes as f64),
            );
        }
    }
    if let Some(r2) = report.evaluation.and_then(Evaluation::r2) {
        put(format!("{r2:.3}"), "R\u{b2}; the mean of the values gives 0".to_owned());
    }
    highlights
}

/// A table of epochs: headings, and the last epochs, oldest first, with the first one of all before them. What none of them has is left
/// out.
pub(super) fn last_epochs(metrics: &[EpochMetrics]) -> (Vec<String>, Vec<Vec<String>>) {
    type Cell<'c> = Box<dyn Fn(&EpochMetrics) -> Option<String> + 'c>;
    let from = metrics.len().saturating_sub(LAST);
    let first = metrics.first().filter(|_| from > 0);
    let epochs: Vec<&EpochMetrics> = first.into_iter().chain(&metrics[from..]).collect();
    let accuracy = |score: Option<Score>| Some(format!("{:.2} %", 100.0 * score?.accuracy?));
    let error =
        |score: Option<Score>| score.map(|score| format!("{}{}", score.mse_bound(), small(score.mse)));
    let mut columns: Vec<(String, Cell)> = vec![
        ("epoch".into(), Box::new(|e| Some(grouped(e.epoch.into())))),
        ("samples".into(), Box::new(|e| Some(grouped(e.samples)))),
        ("train accuracy".into(), Box::new(|e| accuracy(Some(e.train)))),
        ("train error / V\u{b2}".into(), Box::new(|e| error(Some(e.train)))),
        ("test accuracy".into(), Box::new(|e| accuracy(e.test))),
        ("test error / V\u{b2}".into(), Box::new(|e| error(e.test))),
        ("test R\u{b2}".into(), Box::new(|e| mean_r2(&e.test_outputs).map(|r2| format!("{r2:.3}")))),
    ];
    let outputs: &[OutputScore] = metrics.last().map_or(&[], |last| &last.test_outputs);
    for (place, output) in outputs.iter().enumerate().take(MOST_OUTPUTS) {
        let rmse = move |e: &EpochMetrics| e.test_outputs.get(place).map(|output| small(output.rmse));
        columns.push((format!("test RMSE of {}", output.name), Box::new(rmse)));
    }
    columns.push(("power, free".into(), Box::new(|e| e.power.map(|power| small(power.free)))));
    columns.push(("power, clamped".into(), Box::new(|e| e.power.map(|power| small(power.clamped)))));
    columns.retain(|(_, cell)| epochs.iter().any(|epoch| cell(epoch).is_some()));
    let row = |epoch: &&EpochMetrics| {
        columns.iter().map(|(_, cell)| cell(epoch).unwrap_or_else(|| "\u{2013}".to_owned())).collect()
    };
    let rows = epochs.iter().map(row).collect();
    (columns.iter().map(|(name, _)| name.clone()).collect(), rows)
}

/// What decided every bit, each with a name and whether it is code.
pub(super) fn provenance(report: &Report<'_>) -> Vec<(String, String, bool)> {
    let (network, format) = (report.design.network(), report.design.format());
    let mut facts = Vec::new();
    let mut put = |name: &str, value: String, code: bool| facts.push((name.to_owned(), value, code));
    put("Device", report.device.name().to_owned(), false);
    put("Network", network.name().to_owned(), false);
    put(
        "Size",
        format!(
            "{} nodes, of them {} inputs and {} outputs; {} edges in {} group{}",
            grouped(network.nodes().len() as u64),
            grouped(network.inputs().len() as u64),
            grouped(network.outputs().len() as u64),
            grouped(network.edges().len() as u64),
            network.groups().len(),
            if network.groups().len() == 1 { "" } else { "s" },
        ),
        false,
    );
    let meaning = "bits of voltage / its guard / conductance / its guard";
    put("Format", format!("{format} ({meaning})"), false);
    for (purpose, seed) in report.seeds {
        put(&format!("Seed of {purpose}"), seed.to_string(), true);
    }
    for (program, version) in report.versions {
        put(program, (*version).to_owned(), true);
    }
    put("Digest of the design", hex::encode(&report.design.digest()), true);
    put("Digest of the final state", hex::encode(&report.state.digest()), true);
    facts
}

/// How many samples there are.
pub(super) fn samples(dataset: &Dataset<'_>) -> String {
    let train = grouped(dataset.train as u64);
    match dataset.test {
        0 => format!("{train} for training, none held out"),
        test => format!("{train} for training, {} held out for testing", grouped(test as u64)),
    }
}

fn part_of(part: &str) -> &str {
    match part {
        "test" => "test samples, held out from training",
        "validation" => "validation samples, held out from training beside the test samples",
        "train" => "training samples (none were held out)",
        other => other,
    }
}

/// Four significant digits, with an exponent outside of what reads well without.
fn small(value: f64) -> String {
    let text = if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(
            ["0.0000", "0.0123", "1.230e−5"].map(str::to_owned),
            [small(0.0), small(0.0123), small(1.23e-5)]
        );
    }
}
