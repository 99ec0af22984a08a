//! Ordinary learners in Python (PyTorch, scikit-learn, JAX), each in a process of its own.
//!
//! The script `learners.py` ships inside this program. A process never sees a label that it is not to learn from: it answers rows, and
//! the answers are counted here.

use super::super::{Baseline, BenchError, Goal, OnStage};
use super::Baselines;
use super::search::{Search, Tunable, fastest};
use crate::quantity::Missing;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
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
        contender: &'a str,
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
    contenders: Vec<Offer>,
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
}

#[derive(Deserialize)]
struct Absent {
    name: String,
    /// What brings it, if a package does.
    package: Option<String>,
    why: String,
}

#[derive(Deserialize)]
struct Loaded {
    rows: usize,
}

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
    threads: usize,
}

/// The rows of a task as they are written for a process.
#[derive(Serialize)]
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

    fn task(&self) -> PathBuf {
        self.folder.path().join("task.json")
    }
}

/// Whatever this Python has, with batch 1 and with the batch that is fastest to the goal.
///
/// # Errors
/// [`BenchError::Interrupted`]; whatever else fails is missing.
pub fn baselines<'e>(
    experiment: &'e Experiment,
    goal: Goal,
    python: &Python,
    search: &Search,
    watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    let mut all = Baselines::default();
    let program = python.program.display();
    let install = |packages: &str| format!("run `{program} -m pip install {packages}`");
    let mut miss = |name: &str, why: String, remedy: String| {
        all.missing.push(Missing { name: name.to_owned(), why, remedy });
    };
    let (Targets::Classes { names, .. }, Goal::Accuracy(_)) = (experiment.dataset.targets(), goal) else {
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
    let Hello { versions, contenders, missing } = match hello {
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
    let written = write_task(experiment, names.len(), &python.task());
    let mut settings: BTreeMap<String, Settings> = BTreeMap::new();
    for offer in contenders {
        let made = match &written {
            Ok(()) => learners(experiment, goal, python, &offer, settings.get(&offer.method), search, watch),
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

/// What was chosen for batch 1 and for the best batch, which may be missing.
#[derive(Clone, Copy)]
struct Settings {
    one: Setting,
    many: Option<Setting>,
}

type Found<'e> = (Vec<Box<dyn Baseline + 'e>>, Option<Missing>, Settings);

/// The baselines of one process.
fn learners<'e>(
    experiment: &'e Experiment,
    goal: Goal,
    python: &Python,
    offer: &Offer,
    known: Option<&Settings>,
    search: &Search,
    watch: OnStage,
) -> Result<Found<'e>, BenchError> {
    let name = &offer.name;
    if !watch(&format!("{name}: starting")) {
        return Err(BenchError::Interrupted);
    }
    let mut worker = python.start(name)?;
    let Loaded { rows } = worker.ask(&Request::Load { task: &python.task() })?;
    let worker = Rc::new(RefCell::new(worker));
    let learner = |name: &str, setting| Learner {
        name: name.to_owned(),
        offer: offer.clone(),
        experiment,
        worker: Rc::clone(&worker),
        setting,
        started: Started { layers: Vec::new(), parameters: 0 },
    };
    let first = Setting { rate: offer.rates.first().copied().unwrap_or(0.001), batch: 1, threads: 1 };
    let settings = match known {
        Some(known) => *known,
        None => {
            let batches = offer.batches.iter().copied().filter(|&batch| batch <= rows as u64);
            let each = |batch| offer.rates.iter().map(move |&rate| Setting { rate, batch, threads: 1 });
            let mut trial = learner(&format!("{name} on trial"), first);
            let mut best = |settings: Vec<Setting>, watch: OnStage| -> Result<_, BenchError> {
                let Some((setting, time)) = fastest(&mut trial, settings, goal, None, search, watch)? else {
                    return Ok(None);
                };
                let wider = Setting { threads: all_threads(), ..setting };
                let wider = fastest(&mut trial, [wider], goal, Some(time), search, watch)?;
                Ok(Some(wider.map_or(setting, |(setting, _)| setting)))
            };
            // Where no rate comes to the goal in time, the first one is timed all the same.
            let one = best(each(1).collect(), watch)?.unwrap_or(first);
            Settings { one, many: best(batches.flat_map(each).collect(), watch)? }
        }
    };
    let mut found: Vec<Box<dyn Baseline + 'e>> = vec![Box::new(learner(name, settings.one))];
    let batch_name = format!("{name}-batch");
    let missing = match settings.many {
        Some(setting) => {
            found.push(Box::new(learner(&batch_name, setting)));
            None
        }
        None if offer.batches.is_empty() => None,
        None => Some(Missing {
            name: batch_name,
            why: format!(
                "no batch reached {goal} within {:.1?} or {} epochs",
                search.most_time, search.most_epochs
            ),
            remedy: "ask for a lower --accuracy, or for more --seconds".to_owned(),
        }),
    };
    for baseline in &mut found {
        baseline.restart(experiment.config.seed)?;
    }
    Ok((found, missing, settings))
}

/// One learner in a process.
struct Learner<'e> {
    name: String,
    offer: Offer,
    experiment: &'e Experiment,
    worker: Rc<RefCell<Worker>>,
    setting: Setting,
    started: Started,
}

impl Learner<'_> {
    fn ask<R: serde::de::DeserializeOwned>(&self, request: &Request) -> Result<R, BenchError> {
        Ok(self.worker.borrow_mut().ask(request)?)
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
        let s = if threads == 1 { "" } else { "s" };
        format!(
            "{}; layers {}, learning rate {rate}, batch {batch}, {threads} thread{s}",
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

    fn restart(&mut self, seed: u64) -> Result<(), BenchError> {
        let (learner, contender, setting) = (&*self.name, &*self.offer.name, self.setting);
        self.started = self.ask(&Request::Start { learner, contender, seed, setting })?;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let Trained { samples } =
            self.ask(&Request::Train { learner: &self.name, samples: samples.max(1) })?;
        Ok(samples)
    }

    fn score(&mut self) -> Result<Score, BenchError> {
        let Answered { answers } = self.ask(&Request::Answer { learner: &self.name, rows: "judged" })?;
        let rows = self.experiment.judged_rows().1;
        if answers.len() != rows.len() {
            let reason = format!("{} answered {} of {} rows", self.name, answers.len(), rows.len());
            return Err(BenchError::Task { reason });
        }
        let right =
            rows.iter().zip(&answers).filter(|&(&row, &answer)| self.experiment.class(row) == Some(answer));
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
        let accuracy = right.count() as f64 / rows.len() as f64;
        Ok(Score { accuracy: Some(accuracy), mse: f64::NAN, ..Score::default() })
    }
}

/// Writes the training rows with their classes and the others without, all standardised by the training rows.
fn write_task(experiment: &Experiment, classes: usize, path: &Path) -> std::io::Result<()> {
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
    let hidden = match &config.network.shape {
        Shape::Layered { hidden } => hidden.clone(),
        _ => {
            let nodes = design.network().nodes().iter();
            vec![nodes.filter(|node| node.kind.relaxes() && !node.kind.is_nudged()).count()]
        }
    };
    let hidden = hidden.into_iter().filter(|&size| size > 0);
    let task = Task {
        x: features(&split.train),
        y: split.train.iter().map(|&row| experiment.class(row).unwrap_or(0)).collect(),
        sizes: std::iter::once(scales.len()).chain(hidden).chain([classes]).collect(),
        asked: BTreeMap::from([("judged", features(experiment.judged_rows().1))]),
    };
    std::fs::write(path, serde_json::to_vec(&task)?)
}
