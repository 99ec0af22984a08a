//! `wheatstone tune`

use super::arguments::ConfigArguments;
use super::eval::say_summary;
use super::failure::{Interrupted, OrFailed, Result};
use super::output::Output;
use super::{interrupt, numbers, progress, table};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::Instant;
use wheatstone_learn::config::RunConfig;
use wheatstone_learn::sweep::{FOUND, SweepError, Tuned, Tuning, TuningError, TuningObserver};
use wheatstone_sim::FileStem;

/// Share of the time after which nothing new is tried: the rest is for judging the best few again.
const SEARCH: f64 = 0.75;

/// Search settings that suit a data set, on validation rows
///
/// Begins from what `train` would do with the same arguments, and tries variations of it on parts of the training rows; test rows take
/// no part. Writes config.toml for `train --config`. The same command goes on where it was interrupted; with more minutes it searches
/// on.
#[derive(Args, Debug)]
pub struct Tune {
    #[command(flatten)]
    config: ConfigArguments,
    /// Minutes the search takes, all calls together
    #[arg(long, default_value_t = 10.0, value_parser = numbers::minutes)]
    minutes: f64,
    /// The most rounds of 8 settings; if there is time for all of them, the result is the same on every machine
    #[arg(long, value_parser = numbers::count)]
    rounds: Option<u32>,
    /// Folder for the search. Default: runs/DATA-tuned, by the name of the data
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Threads; default: one a core
    #[arg(long, value_parser = numbers::count)]
    threads: Option<u32>,
}

#[derive(Serialize)]
struct Summary {
    config: String,
    settings: Map<String, Value>,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_score: Option<f64>,
    draws: usize,
    rounds: usize,
    tried: usize,
    seconds: f64,
}

impl Tune {
    pub fn run(&self, output: &Output) -> Result<()> {
        interrupt::listen()?;
        let (base, dataset) = self.config.resolve()?;
        say_summary(&dataset, output);
        if let Some(threads) = self.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize);
            pool.build_global().or_failed_to("--threads")?;
        }
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => Path::new("runs").join(format!("{}-tuned", name(&base)?)),
        };
        let mut tuning = Tuning::open(&folder, &base)?;
        let begun = Instant::now();
        let bar = progress::stages(*output);
        bar.set_message("trying settings");
        let rounds = self.rounds.map_or(usize::MAX, |rounds| rounds as usize);
        let clock = Clock { begun, before: tuning.seconds(), most: 60.0 * self.minutes, bar: &bar };
        let found = tuning.run(rounds, &clock);
        bar.finish_and_clear();
        tuning.spend(begun.elapsed().as_secs_f64())?;
        match found {
            Err(TuningError::Sweep(SweepError::Interrupted)) => {
                let go_on = format!("the same command goes on in {}", folder.display());
                Err(Interrupted(go_on).into())
            }
            found => {
                let summary = summary(found?, &folder, tuning.seconds());
                output.result(&summary, || text(&summary))
            }
        }
    }
}

/// Says whether there is time, and shows how far the search is.
struct Clock<'b> {
    begun: Instant,
    /// Seconds: those of earlier calls, and all there are.
    before: f64,
    most: f64,
    bar: &'b ProgressBar,
}

impl Clock<'_> {
    fn left(&self) -> f64 {
        self.most - self.before - self.begun.elapsed().as_secs_f64()
    }
}

impl TuningObserver for Clock<'_> {
    fn goes_on(&self) -> bool {
        !interrupt::requested()
    }

    fn searches(&self) -> bool {
        self.left() > (1.0 - SEARCH) * self.most
    }

    fn judges(&self) -> bool {
        self.left() > 0.0
    }

    fn on_round(&self, rounds: usize, tried: usize, best: Option<f64>) {
        let best = best.map_or_else(|| "none yet".to_owned(), |best| format!("{best:.4}"));
        let left = self.left().max(0.0);
        self.bar.set_message(format!("round {rounds}, {tried} tried, best {best}, {left:.0} s left"));
    }
}

/// What is tuned: the data file, or else what the configuration is called.
fn name(base: &RunConfig) -> Result<FileStem> {
    let stem = base.data.source.path().and_then(Path::file_stem).and_then(|stem| stem.to_str());
    Ok(FileStem::new("name", stem.unwrap_or(&base.name))?)
}

fn summary(found: Tuned, folder: &Path, seconds: f64) -> Summary {
    let Tuned { settings, score, base_score, draws, rounds, tried, config: _ } = found;
    let config = folder.join(FOUND).display().to_string();
    Summary { config, settings, score, base_score, draws, rounds, tried, seconds }
}

fn text(summary: &Summary) -> String {
    let Summary { config, settings, score, base_score, draws, tried, .. } = summary;
    let base = base_score.map_or_else(String::new, |base| format!(", {base:.4} before"));
    let mut facts: Vec<(&str, String)> = vec![
        ("settings tried", tried.to_string()),
        ("score", format!("{score:.4} on validation rows, the mean of {draws} draws{base}")),
    ];
    facts.extend(settings.iter().map(|(key, value)| (key.as_str(), value.to_string())));
    if settings.is_empty() {
        facts.push(("settings", "those it began from are the best found".to_owned()));
    }
    let facts = table::facts(facts);
    format!("{facts}\ntrain with them: wheatstone train --config {config}")
}
