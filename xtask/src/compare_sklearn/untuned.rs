//! Thirty data sets, learnt with defaults only.
//!
//! Baselines are computed in one process of Python and kept in the folder of the sets, by what they are a function of: script,
//! packages and splits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::bounds::{Kind, Means, verdicts};
use super::{Args, answer};
use crate::invocation::Invocation;
use crate::{paths, venv};

const FOLDER: &str = "target/untuned";
const SCRIPT: &str = "xtask/baselines/untuned.py";
const PACKAGES: &str = "xtask/baselines/requirements.txt";
const CACHE: &str = "baselines.json";
const SPLITS: u32 = 3;

/// What the script prints of the sets it made.
#[derive(Debug, Deserialize)]
struct Made {
    sets: BTreeMap<String, Kind>,
}

/// The last line of `wheatstone cross-validate --json`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct CrossValidation {
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    accuracy: Option<f64>,
    r2: Option<f64>,
}

/// Scores of the baselines on one set, split by split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Baselines {
    linear: Vec<f64>,
    perceptron: Vec<f64>,
}

/// What the script prints of the baselines.
#[derive(Debug, Deserialize)]
struct Scored {
    scores: BTreeMap<String, Baselines>,
}

/// Baselines as they are kept: with all they are a function of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    script: String,
    packages: String,
    splits: String,
    baselines: Baselines,
}

/// Learns every set and prints how it went.
///
/// # Errors
/// Either side fails, or a bound is not kept.
pub fn run(args: &Args) -> Result<()> {
    let python = venv::BASELINES.python()?;
    let folder = paths::root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {FOLDER}"))?;
    let make = python.clone().args([SCRIPT, "make", FOLDER]);
    make.announce("make the data sets");
    let sets = chosen(answer::<Made>(&make)?.sets, &args.only)?;

    let ours = learn_all(args, &sets)?;
    let names: Vec<&str> = sets.iter().map(|(name, _)| name.as_str()).collect();
    let baselines = baselines(&python, &folder, &names)?;

    let mut means = Vec::new();
    println!("{:<24} {:>18} {:>18} {:>18}", "set", "wheatstone", "linear", "perceptron");
    for ((name, kind), ours) in sets.iter().zip(&ours) {
        let theirs = &baselines[name];
        let columns = [ours, &theirs.linear, &theirs.perceptron];
        ensure!(columns.iter().all(|c| c.len() == ours.len()), "{name}: other numbers of splits");
        let [ours, linear, perceptron] = columns.map(|column| mean(column));
        let cells = columns.map(|column| format!("{:.3} +- {:.3}", mean(column), deviation(column)));
        let of_set = Means { ours, linear, perceptron };
        let mark = match (kind.near(of_set), kind.above_floor(of_set)) {
            (_, false) => "below the floor",
            (false, true) => "far from the perceptron",
            (true, true) => "",
        };
        println!("{name:<24} {:>18} {:>18} {:>18} {mark}", cells[0], cells[1], cells[2]);
        means.push((name.as_str(), *kind, of_set));
    }
    let verdicts = verdicts(&means);
    for verdict in &verdicts {
        let word = if verdict.kept { "kept" } else { "NOT kept" };
        println!("{word}: {} ({})", verdict.bound, verdict.found);
    }
    let broken = verdicts.iter().filter(|verdict| !verdict.kept).count();
    ensure!(broken == 0, "{broken} of {} bounds are not kept", verdicts.len());
    Ok(())
}

/// The sets asked for, in the order of their names.
fn chosen(made: BTreeMap<String, Kind>, only: &[String]) -> Result<Vec<(String, Kind)>> {
    if let Some(unknown) = only.iter().find(|name| !made.contains_key(*name)) {
        let known: Vec<&str> = made.keys().map(String::as_str).collect();
        bail!("there is no set `{unknown}`; there are {}", known.join(", "));
    }
    Ok(made.into_iter().filter(|(name, _)| only.is_empty() || only.contains(name)).collect())
}

/// Our scores on every set, split by split, in the order of the sets.
fn learn_all(args: &Args, sets: &[(String, Kind)]) -> Result<Vec<Vec<f64>>> {
    let program = match &args.program {
        Some(program) => std::path::absolute(program)?,
        None => built()?,
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / usize::from(args.jobs)).max(1);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..args.jobs {
            scope.spawn(|| {
                while let Some((name, kind)) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let learnt = learn(args, &program, name, *kind, threads);
                    done.lock().unwrap_or_else(|e| e.into_inner()).insert(name, learnt);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|e| e.into_inner());
    sets.iter().map(|(name, _)| done.remove(name).context("a set was left out")?).collect()
}

fn learn(args: &Args, program: &Path, name: &str, kind: Kind, threads: usize) -> Result<Vec<f64>> {
    let learning = Invocation::new(program.display().to_string())
        .args(["cross-validate", "--data", &format!("{FOLDER}/{name}.csv"), "--target", "target"])
        .args(["--splits".to_owned(), args.splits.unwrap_or(SPLITS).to_string()])
        .args(["--test-fraction".to_owned(), args.test_fraction.to_string()])
        .args(["--seed".to_owned(), args.seed.to_string()])
        .args(["--threads".to_owned(), threads.to_string()])
        .args(["--write-splits", &format!("{FOLDER}/{name}.splits.json"), "--json", "--quiet"])
        .args(args.more.iter().map(String::as_str));
    learning.announce("learn untuned");
    let learnt: CrossValidation = answer(&learning)?;
    let score = |run: &Run| match kind {
        Kind::Classes => run.accuracy,
        Kind::Values => run.r2,
    };
    let scores: Option<Vec<f64>> = learnt.runs.iter().map(score).collect();
    scores.with_context(|| format!("{name} was not taken for {kind:?}"))
}

/// The baselines of every set; computed where they are not kept.
fn baselines(python: &Invocation, folder: &Path, names: &[&str]) -> Result<BTreeMap<String, Baselines>> {
    let read = |path: &str| {
        let path = paths::root().join(path);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (script, packages) = (read(SCRIPT)?, read(PACKAGES)?);
    let cache = folder.join(CACHE);
    // A file that is damaged counts as none.
    let text = fs::read_to_string(&cache).unwrap_or_default();
    let mut kept: BTreeMap<String, Kept> = serde_json::from_str(&text).unwrap_or_default();
    let mut wanted = Vec::new();
    for name in names {
        let splits = read(&format!("{FOLDER}/{name}.splits.json"))?;
        let known = kept.get(*name).is_some_and(|kept| {
            (&kept.script, &kept.packages, &kept.splits) == (&script, &packages, &splits)
        });
        if !known {
            wanted.push((*name, splits));
        }
    }
    if !wanted.is_empty() {
        let score = python.clone().args([SCRIPT, "score", FOLDER]).args(wanted.iter().map(|(name, _)| *name));
        score.announce("train the baselines");
        let mut scored = answer::<Scored>(&score)?.scores;
        for (name, splits) in wanted {
            let baselines = scored.remove(name).with_context(|| format!("no baselines of {name}"))?;
            let (script, packages) = (script.clone(), packages.clone());
            kept.insert(name.to_owned(), Kept { script, packages, splits, baselines });
        }
        fs::write(&cache, serde_json::to_string(&kept)?)
            .with_context(|| format!("cannot write {}", cache.display()))?;
    }
    kept.retain(|name, _| names.contains(&name.as_str()));
    Ok(kept.into_iter().map(|(name, kept)| (name, kept.baselines)).collect())
}

fn built() -> Result<PathBuf> {
    let build = Invocation::cargo("build --release --locked --package wheatstone");
    build.announce("build the program");
    build.run()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| paths::root().join("target"), PathBuf::from);
    Ok(target.join("release/wheatstone"))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Largest distance from the mean: with three splits a standard deviation says less.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_does_not_exist_is_named_with_those_that_do() {
        let made =
            || BTreeMap::from([("iris".to_owned(), Kind::Classes), ("moons".to_owned(), Kind::Classes)]);
        assert_eq!(chosen(made(), &[]).unwrap().len(), 2);
        assert_eq!(chosen(made(), &["moons".into()]).unwrap(), [("moons".into(), Kind::Classes)]);
        let error = chosen(made(), &["mons".into()]).unwrap_err().to_string();
        assert!(error.contains("`mons`") && error.contains("iris, moons"), "{error}");
    }

    #[test]
    fn spread_is_the_largest_distance_from_the_mean() {
        assert_eq!((mean(&[0.5, 1.0, 0.75]), deviation(&[0.5, 1.0, 0.75])), (0.75, 0.25));
    }
}
