//! `wheatstone cross-validate`

use super::arguments::ConfigArguments;
use super::eval::say_summary;
use super::failure::{OrFailed, Result};
use super::output::Output;
use super::score_text::{errors_text, outputs_text};
use super::{interrupt, progress, table};
use clap::Args;
use clap::builder::TypedValueParser;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use wheatstone_learn::cross_validation::{self, RunResult, Scheme, mean_and_sd};
use wheatstone_learn::data::{Dataset, Targets};
use wheatstone_learn::metrics::OutputScore;
use wheatstone_learn::run::write_whole;

/// Train on many splits and seeds; score rows held out
///
/// Data sets without rows to hold out, and those with test rows of their own, are trained once a seed as configured.
#[derive(Args, Debug)]
pub struct CrossValidate {
    #[command(flatten)]
    config: ConfigArguments,
    /// Stratified folds a seed
    #[arg(long, default_value_t = 5, value_parser = count(2))]
    folds: usize,
    /// Stratified random splits a seed, instead of folds
    #[arg(long, conflicts_with = "folds", value_parser = count(1))]
    splits: Option<usize>,
    /// Share of the rows each random split holds out
    #[arg(long, default_value_t = 0.2, requires = "splits", value_parser = share, allow_negative_numbers = true)]
    test_fraction: f64,
    /// Number of seeds, counted up from the configuration's
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MOST as u64))]
    seeds: u64,
    /// Write the rows of every split to this JSON file
    #[arg(long, value_name = "FILE")]
    write_splits: Option<PathBuf>,
    /// Threads; default: one a core
    #[arg(long, value_parser = count(1))]
    threads: Option<usize>,
}

/// The most folds, splits and seeds: more are a slip of the keyboard, and hold a split each in memory.
const MOST: u32 = 10_000;

/// A number of folds, splits or threads.
fn count(least: u32) -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u32).range(i64::from(least)..=i64::from(MOST)).map(|count| count as usize)
}

/// A share of the rows that leaves some on either side.
fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if 0.0 < share && share < 1.0 => Ok(share),
        _ => Err("a share of the rows is a number between 0 and 1".to_owned()),
    }
}

#[derive(Serialize)]
struct Summary {
    preset: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_sd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r2_mean: Option<f64>,
    /// How well each output is met, the mean of the runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs_mean: Vec<OutputScore>,
    mse_mean: f64,
    mse_first: f64,
    runs: Vec<RunResult>,
}

impl CrossValidate {
    pub fn run(&self, output: &Output) -> Result<()> {
        let (config, dataset) = self.config.resolve()?;
        say_summary(&dataset, output);
        let seeds: Vec<u64> = (0..self.seeds).map(|i| config.seed.wrapping_add(i)).collect();
        let scheme = self.scheme(config.data.test_fraction, &dataset);
        if let Some(path) = &self.write_splits {
            write_splits(path, scheme, &dataset, &seeds)?;
        }
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().or_failed_to("--threads")?;
        }
        interrupt::listen()?;
        let bar = progress::bar(*output, 0, 0);
        let tick = || {
            bar.inc(1);
            !interrupt::requested()
        };
        let sizes = |samples: u64| bar.set_length(samples);
        let runs = cross_validation::run(&config, &dataset, scheme, &seeds, &sizes, &tick)?;
        bar.finish_and_clear();
        let summary = summarise(config.name, runs);
        output.result(&summary, || text(&summary))
    }

    fn scheme(&self, test_fraction: f64, dataset: &Dataset) -> Scheme {
        if dataset.test_from().is_some() || test_fraction == 0.0 {
            return Scheme::AsConfigured;
        }
        match self.splits {
            Some(count) => Scheme::Splits { count, test_fraction: self.test_fraction },
            None => Scheme::Folds(self.folds),
        }
    }
}

fn write_splits(path: &Path, scheme: Scheme, dataset: &Dataset, seeds: &[u64]) -> Result<()> {
    let mut all = Vec::new();
    for &seed in seeds {
        for (fold, split) in cross_validation::splits(scheme, dataset, seed)?.into_iter().enumerate() {
            all.push(json!({ "seed": seed, "fold": fold, "train": split.train, "test": split.test }));
        }
    }
    let kind = match dataset.targets() {
        Targets::Classes { .. } => "classification",
        Targets::Values { .. } => "regression",
    };
    let file = json!({ "data": dataset.name(), "kind": kind, "splits": all });
    Ok(write_whole(path, file.to_string().as_bytes())?)
}

fn summarise(preset: String, runs: Vec<RunResult>) -> Summary {
    let accuracies: Option<Vec<f64>> = runs.iter().map(|r| r.accuracy).collect();
    let accuracy = accuracies.map(|values| mean_and_sd(&values));
    let determinations: Option<Vec<f64>> = runs.iter().map(|r| r.r2).collect();
    let mean = |value: fn(&RunResult) -> f64| mean_and_sd(&runs.iter().map(value).collect::<Vec<_>>()).0;
    Summary {
        preset,
        accuracy_mean: accuracy.map(|(mean, _)| mean),
        accuracy_sd: accuracy.map(|(_, sd)| sd),
        r2_mean: determinations.map(|values| mean_and_sd(&values).0),
        outputs_mean: outputs_mean(&runs),
        mse_mean: mean(|r| r.mse),
        mse_first: mean(|r| r.mse_first),
        runs,
    }
}

fn outputs_mean(runs: &[RunResult]) -> Vec<OutputScore> {
    let Some(first) = runs.first() else { return Vec::new() };
    let of_output = |(place, output): (usize, &OutputScore)| {
        let scores: Vec<&OutputScore> = runs.iter().filter_map(|run| run.outputs.get(place)).collect();
        let mean = |values: Vec<f64>| mean_and_sd(&values).0;
        let determinations: Option<Vec<f64>> = scores.iter().map(|score| score.r2).collect();
        OutputScore {
            name: output.name.clone(),
            rmse: mean(scores.iter().map(|score| score.rmse).collect()),
            r2: determinations.map(mean),
        }
    };
    first.outputs.iter().enumerate().map(of_output).collect()
}

fn text(summary: &Summary) -> String {
    let mut table = table::plain(["seed", "fold", "right", "R^2", "RMSE", "mse / V^2", "before"]);
    for run in &summary.runs {
        table.add_row([
            run.seed.to_string(),
            run.fold.to_string(),
            run.accuracy.map_or(String::new(), |a| format!("{:.2} %", 100.0 * a)),
            run.r2.map_or(String::new(), |r2| format!("{r2:.3}")),
            errors_text(&run.outputs),
            format!("{:.3e}", run.mse),
            format!("{:.3e}", run.mse_first),
        ]);
    }
    let mean = match (summary.accuracy_mean, summary.accuracy_sd) {
        (Some(mean), Some(sd)) => {
            format!("{:.2} % right, standard deviation {:.2} %", 100.0 * mean, 100.0 * sd)
        }
        _ => format!(
            "{}mean squared error {:.3e} V^2, {:.3e} V^2 before training",
            outputs_text(summary.r2_mean, &summary.outputs_mean),
            summary.mse_mean,
            summary.mse_first
        ),
    };
    format!("{table}\n\n{mean} over {} runs", summary.runs.len())
}
