//! `cargo xtask compare-sklearn`: the same splits of the same data, learnt by scikit-learn's models.

mod bounds;
mod preset;
mod untuned;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::invocation::Invocation;

/// Compare what is learnt without any setting with scikit-learn's models, on thirty data sets
///
/// Makes the sets, trains on each with defaults only, has a linear model and a multilayer perceptron with 16 hidden units learn
/// the same splits, prints all scores, and says which bounds are kept. With --preset: that preset's data, against logistic
/// regression. Installs scikit-learn at a pinned version into target/venv.
#[derive(clap::Args, Default)]
pub struct Args {
    /// A preset whose data is learn/data/PRESET.csv, instead of the sets
    #[arg(long)]
    preset: Option<String>,
    /// A set to compare instead of all; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "preset")]
    only: Vec<String>,
    /// The program that learns the sets; built first if left out
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    program: Option<PathBuf>,
    /// Sets that are learnt at a time, sharing the cores
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..), conflicts_with = "preset")]
    jobs: u8,
    /// Number of random splits into training and test rows; default: 3, of a preset 5
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    splits: Option<u32>,
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

/// Trains all on the same splits and prints a table.
///
/// # Errors
/// The data are missing, either side fails, their answers do not fit together, or a bound is not kept.
pub fn run(args: &Args) -> Result<()> {
    match &args.preset {
        Some(preset) => preset::run(args, preset),
        None => untuned::run(args),
    }
}

/// What the last line of an invocation's output says.
pub fn answer<T: for<'a> Deserialize<'a>>(invocation: &Invocation) -> Result<T> {
    last_line(&invocation.stdout()?).with_context(|| format!("`{invocation}` gave no usable answer"))
}

fn last_line<T: for<'a> Deserialize<'a>>(stdout: &str) -> Result<T> {
    let line = stdout.lines().rfind(|line| !line.trim().is_empty()).context("stdout is empty")?;
    serde_json::from_str(line).with_context(|| format!("the last line of stdout is `{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_the_last_line_whatever_came_before() {
        #[derive(Debug, Deserialize)]
        struct Mean {
            mean: f64,
        }
        let read: Mean = last_line("epoch 1\n{\"mean\":0.5,\"runs\":[]}\n\n").unwrap();
        assert_eq!(read.mean, 0.5);
        let error = format!("{:#}", last_line::<Mean>("done\n").unwrap_err());
        assert!(error.starts_with("the last line of stdout is `done`"), "{error}");
        assert!(last_line::<Mean>("").is_err());
    }
}
