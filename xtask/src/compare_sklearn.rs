//! `cargo xtask compare-sklearn`: the same splits, learnt by scikit-learn's logistic regression.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::comparison::Comparison;
use crate::invocation::Invocation;
use crate::{paths, venv};

const SPLITS: &str = "target/splits.json";
const SCRIPT: &str = "xtask/baselines/logistic_regression.py";

/// Compare with scikit-learn's logistic regression on the same splits
///
/// Installs scikit-learn at a pinned version into target/venv.
#[derive(clap::Args)]
pub struct Args {
    /// A preset whose data is learn/data/PRESET.csv
    #[arg(long, default_value = "digits")]
    preset: String,
    /// Number of random splits into training and test rows
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    splits: u32,
    /// Part of the rows that is only tested on, between 0 and 1
    #[arg(long, default_value_t = 0.2)]
    test_fraction: f64,
    /// Seed of the splits, the conductances and the order of samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// More arguments for `wheatstone cross-validate`, after `--`
    #[arg(last = true)]
    more: Vec<String>,
}

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
pub fn run(args: &Args) -> Result<()> {
    let data = format!("learn/data/{}.csv", args.preset);
    if !paths::root().join(&data).is_file() {
        bail!("{data} does not exist, so preset `{}` has no data to share with a baseline", args.preset);
    }
    let python = venv::BASELINES.python()?;

    let ours = cross_validate(args);
    ours.announce("train wheatstone");
    let ours: CrossValidation = answer(&ours)?;

    let baseline = python.args([SCRIPT, data.as_str(), SPLITS]).args(scaling(&args.preset).iter().copied());
    baseline.announce("train the baseline");
    let baseline: Baseline = answer(&baseline)?;

    print!("{}", pair(&ours, &baseline)?.table());
    Ok(())
}

fn cross_validate(args: &Args) -> Invocation {
    Invocation::cargo("run --release --locked -- cross-validate")
        .args([args.preset.clone()])
        .args(["--splits".to_owned(), args.splits.to_string()])
        .args(["--test-fraction".to_owned(), args.test_fraction.to_string()])
        .args(["--seed".to_owned(), args.seed.to_string()])
        .args(["--write-splits", SPLITS, "--json"])
        .args(args.more.iter().map(String::as_str))
}

/// Pixels of the digits run from 0 to 16 and share one unit; other features are standardised.
fn scaling(preset: &str) -> &'static [&'static str] {
    if preset == "digits" { &["--divide-by", "16"] } else { &[] }
}

fn answer<T: for<'a> Deserialize<'a>>(invocation: &Invocation) -> Result<T> {
    last_line(&invocation.stdout()?).with_context(|| format!("`{invocation}` gave no usable answer"))
}

fn last_line<T: for<'a> Deserialize<'a>>(stdout: &str) -> Result<T> {
    let line = stdout.lines().rfind(|line| !line.trim().is_empty()).context("stdout is empty")?;
    serde_json::from_str(line).with_context(|| format!("the last line of stdout is `{line}`"))
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
        Args { preset: "iris".into(), splits: 3, test_fraction: 0.25, seed: 7, more: vec!["--quiet".into()] }
    }

    #[test]
    fn arguments_reach_the_command() {
        assert_eq!(
            cross_validate(&args()).to_string(),
            "cargo run --release --locked -- cross-validate iris --splits 3 --test-fraction 0.25 --seed 7 \
             --write-splits target/splits.json --json --quiet"
        );
    }

    #[test]
    fn answer_is_the_last_line_whatever_came_before() {
        let stdout =
            "epoch 1\n{\"accuracy_mean\":0.5,\"runs\":[{\"seed\":1,\"fold\":0,\"accuracy\":0.5}]}\n\n";
        let read: CrossValidation = last_line(stdout).unwrap();
        assert_eq!(read.runs[0].accuracy, 0.5);
        let error = format!("{:#}", last_line::<CrossValidation>("done\n").unwrap_err());
        assert!(error.starts_with("the last line of stdout is `done`"), "{error}");
        assert!(last_line::<CrossValidation>("").is_err());
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
