//! `cargo xtask compare-sklearn --preset NAME`: the splits of a preset, learnt by scikit-learn's logistic regression.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::{Args, answer};
use crate::comparison::Comparison;
use crate::invocation::Invocation;
use crate::{paths, venv};

const SPLITS: u32 = 5;
const FILE: &str = "target/splits.json";
const SCRIPT: &str = "xtask/baselines/logistic_regression.py";

/// The last line of `wheatstone cross-validate --json`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct CrossValidation {
    accuracy_mean: f64,
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    accuracy: f64,
}

/// What the baseline's script prints.
#[derive(Debug, Deserialize)]
struct Baseline {
    accuracies: Vec<f64>,
}

/// Trains both on the same splits and prints a table.
///
/// # Errors
/// The data of the preset is missing, either side fails, or their answers do not fit together.
pub fn run(args: &Args, preset: &str) -> Result<()> {
    let data = format!("learn/data/{preset}.csv");
    if !paths::root().join(&data).is_file() {
        bail!("{data} does not exist, so preset `{preset}` has no data to share with a baseline");
    }
    let python = venv::BASELINES.python()?;

    let ours = cross_validate(args, preset);
    ours.announce("train wheatstone");
    let ours: CrossValidation = answer(&ours)?;

    let baseline = python.args([SCRIPT, data.as_str(), FILE]).args(scaling(preset).iter().copied());
    baseline.announce("train the baseline");
    let baseline: Baseline = answer(&baseline)?;

    print!("{}", pair(&ours, &baseline)?.table());
    Ok(())
}

fn cross_validate(args: &Args, preset: &str) -> Invocation {
    Invocation::cargo("run --release --locked -- cross-validate")
        .args([preset])
        .args(["--splits".to_owned(), args.splits.unwrap_or(SPLITS).to_string()])
        .args(["--test-fraction".to_owned(), args.test_fraction.to_string()])
        .args(["--seed".to_owned(), args.seed.to_string()])
        .args(["--write-splits", FILE, "--json"])
        .args(args.more.iter().map(String::as_str))
}

/// Pixels of the digits run from 0 to 16 and share one unit; other features are standardised.
fn scaling(preset: &str) -> &'static [&'static str] {
    if preset == "digits" { &["--divide-by", "16"] } else { &[] }
}

/// Split by split. The runs come in the order of the splits; their mean shows that none is left out, up to its rounding.
fn pair(ours: &CrossValidation, baseline: &Baseline) -> Result<Comparison> {
    let (runs, splits) = (ours.runs.len(), baseline.accuracies.len());
    ensure!(
        runs == splits,
        "wheatstone reports {runs} runs, the baseline {splits}: one of each is needed for a split"
    );
    let accuracies = ours.runs.iter().map(|run| run.accuracy);
    let mean = accuracies.clone().sum::<f64>() / runs as f64;
    ensure!(
        (mean - ours.accuracy_mean).abs() < 1e-3,
        "wheatstone reports a mean accuracy of {}, its runs have {mean}",
        ours.accuracy_mean
    );
    Ok(Comparison {
        baseline: "logistic regression",
        pairs: accuracies.zip(baseline.accuracies.iter().copied()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        let more = vec!["--quiet".into()];
        Args { splits: Some(3), test_fraction: 0.25, seed: 7, more, ..Args::default() }
    }

    #[test]
    fn arguments_reach_the_command() {
        assert_eq!(
            cross_validate(&args(), "iris").to_string(),
            "cargo run --release --locked -- cross-validate iris --splits 3 --test-fraction 0.25 --seed 7 \
             --write-splits target/splits.json --json --quiet"
        );
    }

    #[test]
    fn answers_that_do_not_fit_together_are_refused() {
        let runs = || vec![Run { accuracy: 0.8 }, Run { accuracy: 0.6 }];
        let ours = CrossValidation { accuracy_mean: 0.7, runs: runs() };
        let comparison = pair(&ours, &Baseline { accuracies: vec![0.5, 0.4] }).unwrap();
        assert_eq!(comparison.pairs, [(0.8, 0.5), (0.6, 0.4)]);
        assert!(pair(&ours, &Baseline { accuracies: vec![0.5] }).is_err());
        let wrong = CrossValidation { accuracy_mean: 0.9, runs: runs() };
        assert!(pair(&wrong, &Baseline { accuracies: vec![0.5, 0.4] }).is_err());
    }

    #[test]
    fn only_pixels_keep_their_common_unit() {
        assert_eq!(scaling("digits"), ["--divide-by", "16"]);
        assert!(scaling("iris").is_empty());
    }
}
