//! Ordinary learners in Python (PyTorch, scikit-learn, JAX), each in a process of its own.
//!
//! The script `learners.py` ships inside this program. A process never sees a label that it is not to learn from: it answers rows, and
//! the answers are counted here.

use super::super::{Baseline, BenchError, Division, Goal, OnStage, Part, Patience, Tuning};
use super::Baselines;
use super::search::{Tunable, fastest};
use crate::bench::budget::share;
use crate::energy::{EnergySource, spend};
use crate::quantity::Missing;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use tempfile::TempDir;
use wheatstone_learn::config::Shape;
use wheatstone_learn::data::Targets;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;
use wheatstone_link::Stop;
use wheatstone_measure::{Worker, WorkerError};

const SCRIPT: &str = include_str!("learners.py");

/// What is installed where nothing is there.
const PACKAGES: &str = "torch scikit-learn jax";

/// How many threads a learner may have beside one.
fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What is asked of a process.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Request<'a> {
    /// Answered by [`Hello`].
    Hello,
    /// Read the task at this path. Answered by [`Loaded`].
    Load { task: &'a Path },
    /// Make a learner, or begin anew with it. Answered by [`Started`].
    Start {
        learner: &'a str,
        baseline: &'a str,
        seed: u64,
        #[serde(flatten)]
        setting: Setting,
    },
    /// Learn so many samples more, rounded up to whole steps. Answered by [`Trained`].
    Train { learner: &'a str, samples: u64 },
    /// Answer some rows. Answered by [`Answered`].
    Answer { learner: &'a str, rows: &'a str },
}

#[derive(Deserialize)]
struct Hello {
    versions: BTreeMap<String, String>,
    baselines: Vec<Offer>,
    missing: Vec<Absent>,
}

/// A way to learn.
#[derive(Clone, Deserialize)]
struct Offer {
    name: String,
    /// What does the same steps; a setting that suits one of a method suits the others.
    method: String,
    description: String,
    /// Learning rates worth trying.
    rates: Vec<f64>,
    /// Batches beside 1.
    batches: Vec<u64>,
    /// Whether it works with as many threads as it is told.
    threads: bool,
}

#[derive(Deserialize)]
struct Absent {
    name: String,
    /// What brings it, if a package does.
    package: Option<String>,
    why: String,
}

#[derive(Deserialize)]
struct Loaded {}

#[derive(Deserialize)]
struct Started {
    layers: Vec<u64>,
    parameters: u64,
}

#[derive(Deserialize)]
struct Trained {
    samples: u64,
}

#[derive(Deserialize)]
struct Answered {
    answers: Vec<u16>,
}

/// What is chosen for a learner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Setting {
    rate: f64,
    batch: u64,
    /// `None` where the library decides.
    threads: Option<usize>,
}

/// The rows of a task as they are written for a process.
#[derive(Debug, PartialEq, Serialize)]
struct Task {
    /// Features of the training rows.
    x: Vec<Vec<f64>>,
    /// Their classes.
    y: Vec<u16>,
    /// Features, hidden units, classes.
    sizes: Vec<usize>,
    /// Features of rows that may be asked about.
    asked: BTreeMap<&'static str, Vec<Vec<f64>>>,
}

/// The Python that is asked, and the folder with the script and the task.
pub struct Python {
    program: PathBuf,
    folder: TempDir,
    stop: Stop,
}

impl Python {
    /// The interpreter of that name; processes end when `stop` says so.
    ///
    /// # Errors
    /// The script cannot be written to the system's folder of temporary files.
    pub fn new(program: &Path, stop: Stop) -> std::io::Result<Python> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("learners.py"), SCRIPT)?;
        Ok(Python { program: program.to_owned(), folder, stop })
    }

    fn start(&self, name: &str) -> Result<Worker, WorkerError> {
        let mut command = Command::new(&self.program);
        // Without `-B` it would leave compiled files behind.
        command.arg("-B").arg(self.folder.path().join("learners.py")).stderr(Stdio::piped());
        let stop = self.stop.clone();
        Ok(Worker::start(name, &mut command)?.until(move || stop.is_requested()))
    }

    /// The file of a run's rows.
    fn task(&self, run: usize) -> PathBuf {
        self.folder.path().join(format!("run-{run}.json"))
    }
}

/// Whatever this Python has, with batch 1 and with the batch that is fastest to the goal.
///
/// # Errors
/// [`BenchError::Interrupted`]; whatever else fails is missing.
pub fn baselines<'e>(
    division: &'e Division,
    goal: Goal,
    python: &'e Python,
    sources: &mut [Box<dyn EnergySource>],
    patience: &Patience,
    watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    let mut all = Baselines::default();
    let program = python.program.display();
    let install = |packages: &str| format!("run `{program} -m pip install {packages}`");
    let mut miss = |name: &str, why: String, remedy: String| {
        all.missing.push(Missing { name: name.to_owned(), why, remedy });
    };
    let (Targets::Classes { names, .. }, Goal::Accuracy(_)) = (division.run(0).dataset.targets(), goal)
    else {
        miss(
            "torch, scikit-learn, jax",
            "they tell classes apart, and this is a regression".into(),
            "bench a classification".into(),
        );
        return Ok(all);
    };
    if !watch("what Python has") {
        return Err(BenchError::Interrupted);
    }
    let hello = python.start("python").and_then(|mut worker| worker.ask::<Hello>(&Request::Hello));
    let Hello { versions, baselines, missing } = match hello {
        Ok(hello) => hello,
        Err(WorkerError::Stopped { .. }) => return Err(BenchError::Interrupted),
        Err(error @ WorkerError::Start { .. }) => {
            miss(
                "torch, scikit-learn, jax",
                error.to_string(),
                "install Python 3.11 or newer, or name one by --python PATH".into(),
            );
            return Ok(all);
        }
        Err(error) => {
            miss("torch, scikit-learn, jax", error.to_string(), install(PACKAGES));
            return Ok(all);
        }
    };
    let wanted: Vec<&str> = missing.iter().filter_map(|absent| absent.package.as_deref()).collect();
    for Absent { name, package, why } in &missing {
        let remedy = match package {
            Some(_) => install(&wanted.join(" ")),
            None => "install it".to_owned(),
        };
        miss(name, why.clone(), remedy);
    }
    all.versions = versions;
    let written = (0..division.len()).try_for_each(|run| {
        let task = serde_json::to_vec(&task(division, run, names.len()))?;
        std::fs::write(python.task(run), task)
    });
    let mut settings: BTreeMap<String, Settings> = BTreeMap::new();
    let mut waiting: BTreeSet<String> = baselines.iter().map(|offer| offer.method.clone()).collect();
    for offer in baselines {
        let made = match &written {
            Ok(()) => {
                let known = settings.get(&offer.method);
                let now = patience.clock.now();
                let patience =
                    Patience { until: now + share(now, patience.until, waiting.len()), ..*patience };
                waiting.remove(&offer.method);
                learners(division, goal, python, &offer, known, sources, &patience, watch)
            }
            Err(error) => Err(BenchError::Task { reason: error.to_string() }),
        };
        match made {
            Ok((found, missing, chosen)) => {
                all.found.extend(found);
                all.missing.extend(missing);
                settings.insert(offer.method, chosen);
            }
            Err(BenchError::Interrupted | BenchError::Worker(WorkerError::Stopped { .. })) => {
                return Err(BenchError::Interrupted);
            }
            Err(error) => all.missing.push(Missing {
                name: offer.name,
                why: error.to_string(),
                remedy: "bring that package up to date, or name another Python by --python".to_owned(),
            }),
        }
    }
    Ok(all)
}

/// What was chosen for batch 1 and for the best batch, which may be missing, and what that took.
#[derive(Clone)]
struct Settings {
    one: Setting,
    many: Option<Setting>,
    tuning: Tuning,
}

type Found<'e> = (Vec<Box<dyn Baseline + 'e>>, Option<Missing>, Settings);

/// The baselines of one process.
#[expect(clippy::too_many_arguments, reason = "what a search needs, once")]
fn learners<'e>(
    division: &'e Division,
    goal: Goal,
    python: &'e Python,
    offer: &Offer,
    known: Option<&Settings>,
    sources: &mut [Box<dyn EnergySource>],
    patience: &Patience,
    watch: OnStage,
) -> Result<Found<'e>, BenchError> {
    let name = &offer.name;
    if !watch(&format!("{name}: starting")) {
        return Err(BenchError::Interrupted);
    }
    let process = Rc::new(RefCell::new(Process { worker: python.start(name)?, loaded: None }));
    let learner = |name: &str, setting, tuning| Learner {
        name: name.to_owned(),
        offer: offer.clone(),
        division,
        python,
        process: Rc::clone(&process),
        setting,
        tuning,
        run: 0,
        started: Started { layers: Vec::new(), parameters: 0 },
    };
    let rows = division.run(0).split.train.len() as u64;
    let threads = offer.threads.then_some(1);
    let first = Setting { rate: offer.rates.first().copied().unwrap_or(0.001), batch: 1, threads };
    let settings = match known {
        Some(known) => known.clone(),
        None => {
            let batches = offer.batches.iter().copied().filter(|&batch| batch <= rows);
            let each = |batch| offer.rates.iter().map(move |&rate| Setting { rate, batch, threads });
            let mut trial = learner(&format!("{name} on trial"), first, Tuning::default());
            let mut best =
                |settings: Vec<Setting>, patience: &Patience, watch: OnStage| -> Result<_, BenchError> {
                    let Some((setting, time)) = fastest(&mut trial, settings, goal, None, patience, watch)?
                    else {
                        return Ok(None);
                    };
                    if threads.is_none() {
                        return Ok(Some(setting));
                    }
                    let wider = Setting { threads: Some(all_threads()), ..setting };
                    let wider = fastest(&mut trial, [wider], goal, Some(time), patience, watch)?;
                    Ok(Some(wider.map_or(setting, |(setting, _)| setting)))
                };
            let (found, tuning) = spend(sources, patience.clock, || {
                let now = patience.clock.now();
                let half = Patience { until: now + share(now, patience.until, 2), ..*patience };
                let one = best(each(1).collect(), &half, watch)?;
                Ok::<_, BenchError>((one, best(batches.flat_map(each).collect(), patience, watch)?))
            });
            let (one, many) = found?;
            let tuning = Tuning { time: tuning.time, energy: tuning.energy };
            // Where no rate comes to the goal in time, the first one is timed all the same.
            Settings { one: one.unwrap_or(first), many, tuning }
        }
    };
    let mut found: Vec<Box<dyn Baseline + 'e>> =
        vec![Box::new(learner(name, settings.one, settings.tuning.clone()))];
    let batch_name = format!("{name}-batch");
    let missing = match settings.many {
        Some(setting) => {
            found.push(Box::new(learner(&batch_name, setting, settings.tuning.clone())));
            None
        }
        None if offer.batches.is_empty() => None,
        None => Some(Missing {
            name: batch_name,
            why: format!(
                "no batch reached {goal} within {:.1?} or {} epochs",
                patience.time, patience.epochs
            ),
            remedy: "ask for a lower --accuracy, or give a larger --budget".to_owned(),
        }),
    };
    for baseline in &mut found {
        baseline.restart(0)?;
    }
    Ok((found, missing, settings))
}

/// A process in which learners of one kind live.
struct Process {
    worker: Worker,
    /// The run whose rows it has.
    loaded: Option<usize>,
}

/// One learner in a process.
struct Learner<'e> {
    name: String,
    offer: Offer,
    division: &'e Division,
    python: &'e Python,
    process: Rc<RefCell<Process>>,
    setting: Setting,
    tuning: Tuning,
    run: usize,
    started: Started,
}

impl Learner<'_> {
    fn ask<R: serde::de::DeserializeOwned>(&self, request: &Request) -> Result<R, BenchError> {
        Ok(self.process.borrow_mut().worker.ask(request)?)
    }
}

impl Tunable for Learner<'_> {
    type Setting = Setting;

    fn tune(&mut self, setting: Setting) {
        self.setting = setting;
    }
}

impl Baseline for Learner<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&self) -> String {
        let Setting { rate, batch, threads } = self.setting;
        let layers: Vec<String> = self.started.layers.iter().map(ToString::to_string).collect();
        let threads = match threads {
            None => "threads as the library decides".to_owned(),
            Some(1) => "1 thread".to_owned(),
            Some(threads) => format!("{threads} threads"),
        };
        format!(
            "{}; layers {}, learning rate {rate}, batch {batch}, {threads}",
            self.offer.description,
            layers.join("-")
        )
    }

    fn parameters(&self) -> u64 {
        self.started.parameters
    }

    fn batch(&self) -> u64 {
        self.setting.batch
    }

    fn tuning(&self) -> Tuning {
        self.tuning.clone()
    }

    fn restart(&mut self, run: usize) -> Result<(), BenchError> {
        self.run = run;
        if self.process.borrow().loaded != Some(run) {
            let Loaded {} = self.ask(&Request::Load { task: &self.python.task(run) })?;
            self.process.borrow_mut().loaded = Some(run);
        }
        let seed = self.division.run(run).config.seed;
        let (learner, baseline, setting) = (&*self.name, &*self.offer.name, self.setting);
        self.started = self.ask(&Request::Start { learner, baseline, seed, setting })?;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let Trained { samples } =
            self.ask(&Request::Train { learner: &self.name, samples: samples.max(1) })?;
        Ok(samples)
    }

    fn score(&mut self, part: Part) -> Result<Score, BenchError> {
        let request = Request::Answer { learner: &self.name, rows: part.name() };
        let Answered { answers } = self.ask(&request)?;
        let (rows, experiment) = (self.division.rows(self.run, part), self.division.run(self.run));
        if answers.len() != rows.len() {
            let reason = format!("{} answered {} of {} rows", self.name, answers.len(), rows.len());
            return Err(BenchError::Task { reason });
        }
        let right =
            rows.iter().zip(&answers).filter(|&(&row, &answer)| experiment.class(row) == Some(answer));
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
        let accuracy = right.count() as f64 / rows.len() as f64;
        Ok(Score { accuracy: Some(accuracy), mse: f64::NAN, ..Score::default() })
    }
}

/// The rows of a run: those it learns with their classes and the others without, all standardised by those it learns.
fn task(division: &Division, run: usize, classes: usize) -> Task {
    let experiment = division.run(run);
    let Experiment { dataset, split, config, design, .. } = experiment;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
    let count = split.train.len() as f64;
    let mean = |value: &dyn Fn(&[f64]) -> f64| {
        split.train.iter().map(|&row| value(dataset.row(row))).sum::<f64>() / count
    };
    let scales: Vec<(f64, f64)> = (0..dataset.features().len())
        .map(|feature| {
            let centre = mean(&|row| row[feature]);
            let spread = mean(&|row| (row[feature] - centre).powi(2)).sqrt();
            (centre, if spread > 0.0 { spread } else { 1.0 })
        })
        .collect();
    let scaled = |&row: &usize| -> Vec<f64> {
        dataset.row(row).iter().zip(&scales).map(|(x, (centre, spread))| (x - centre) / spread).collect()
    };
    let features = |rows: &[usize]| rows.iter().map(scaled).collect();
    let asked = [Part::Validation, Part::Test].map(|part| (part.name(), features(division.rows(run, part))));
    let hidden = match &config.network.shape {
        Shape::Layered { hidden } => hidden.clone(),
        _ => {
            let nodes = design.network().nodes().iter();
            vec![nodes.filter(|node| node.kind.relaxes() && !node.kind.is_nudged()).count()]
        }
    };
    let hidden = hidden.into_iter().filter(|&size| size > 0);
    Task {
        x: features(&split.train),
        y: split.train.iter().map(|&row| experiment.class(row).unwrap_or(0)).collect(),
        sizes: std::iter::once(scales.len()).chain(hidden).chain([classes]).collect(),
        asked: BTreeMap::from(asked),
    }
}

/// What a process is given of a run, as text.
#[cfg(test)]
pub(crate) fn python_task(division: &Division, run: usize) -> String {
    let Targets::Classes { names, .. } = division.run(run).dataset.targets() else { return String::new() };
    serde_json::to_string(&task(division, run, names.len())).unwrap_or_default()
}
