//! Running the tasks of a sweep: on all cores, in the lanes of vectors where only seeds differ, beside any number of other processes.
//!
//! A process takes the locks of the runs that it trains together and leaves out those that others hold, so that nothing is trained
//! twice at once. It skips what is done and goes on with what is begun. Which processes trained which tasks, and in which order,
//! changes no bit.

use super::task::{FAILURE, Failure};
use super::{Sweep, Task};
use crate::batch::{self, Batch};
use crate::config::DataSource;
use crate::data::Dataset;
use crate::evaluation::{self, EvaluationError};
use crate::experiment::{Experiment, ExperimentError, load_dataset};
use crate::metrics::Evaluation;
use crate::run::{DataDigest, METRICS, RunError, RunWriter, SNAPSHOTS, WriteError, remove_leftovers};
use crate::training::{Next, Observer, Progress, Trainer, TrainingError};
use rayon::prelude::*;
use std::fs;
use std::io;
use std::ops::Range;
use std::panic::resume_unwind;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use thiserror::Error;
use wheatstone_sim::{Categorized, Checkpoint, State, categorize};

/// Threads that keep what runs have come to.
const KEEPERS: usize = 16;

/// Part I of N of the tasks, I counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// All of them.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// Which of so many tasks. All shards together are all of them, and tasks that differ in their seeds lie beside each other.
    pub fn range(self, tasks: usize) -> Range<usize> {
        let border = |number: u32| {
            let place = tasks as u128 * u128::from(number) / u128::from(self.of);
            usize::try_from(place).unwrap_or(tasks)
        };
        border(self.number - 1)..border(self.number)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts =
            text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((number, of)) if 1 <= number && number <= of => Ok(Shard { number, of }),
            _ => Err("give it as I/N with I from 1 to N, for example 3/10".to_owned()),
        }
    }
}

/// What has become of the tasks of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Trained to their end by this process.
    pub trained: usize,
    /// Done before.
    pub done: usize,
    /// Held by other processes.
    pub held: usize,
    /// Failed; their folders say why.
    pub failed: usize,
}

/// A sweep that cannot go on.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The folder of a run cannot be written or read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Told to stop; what was being trained has checkpoints.
    #[error("interrupted")]
    Interrupted,
}

categorize! {
    SweepError {
        inner: Run;
        Interrupted: Interrupted;
    }
}

/// Why one task cannot be trained.
#[derive(Debug, Error)]
enum TaskFailure {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Training(#[from] TrainingError),
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    #[error(transparent)]
    Run(RunError),
}

categorize! {
    TaskFailure {
        inner: Experiment, Training, Evaluation, Run;
    }
}

/// Watches the tasks of a shard, from any thread. Every method does nothing unless it is written; `()` watches nothing.
pub trait SweepObserver: Sync {
    /// Asked again and again whether to go on.
    fn goes_on(&self) -> bool {
        true
    }

    /// Told of every task that needs no more work here.
    fn on_task(&self) {}

    /// Told once if the file system keeps no locks, so that another process may train the same tasks at the same time.
    fn on_no_locks(&self) {}
}

impl SweepObserver for () {}

impl Sweep {
    /// Trains the tasks of a shard that are not done.
    ///
    /// # Errors
    /// [`SweepError::Interrupted`] if it was told to stop, [`SweepError::Run`] as soon as a folder cannot be written; what was being
    /// trained then has checkpoints, where those can be written. A task that cannot be trained is no error: its folder says why, and
    /// the others are trained.
    pub fn run(&self, shard: Shard, observer: &dyn SweepObserver) -> Result<Ran, SweepError> {
        let tasks = &self.tasks()[shard.range(self.tasks().len())];
        let most = tasks.len().div_ceil(rayon::current_num_threads()).max(1);
        let replicas: Vec<&[Task]> =
            tasks.chunk_by(Task::is_replica_of).flat_map(|tasks| tasks.chunks(most)).collect();
        remove_leftovers(&self.folder);
        let runner = Runner {
            sweep: self,
            observer,
            data: Mutex::default(),
            ran: Mutex::default(),
            has_failed: AtomicBool::new(false),
            has_no_locks: AtomicBool::new(false),
        };
        runner.run_all(replicas)?;
        Ok(runner.ran.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What all threads share.
struct Runner<'s> {
    sweep: &'s Sweep,
    observer: &'s dyn SweepObserver,
    data: Mutex<Vec<(DataSource, Arc<Dataset>)>>,
    ran: Mutex<Ran>,
    /// Whether a thread has come to an error that ends the sweep.
    has_failed: AtomicBool,
    /// Whether the observer was told so.
    has_no_locks: AtomicBool,
}

/// A task that this process holds.
struct Held {
    writer: RunWriter,
    run: Prepared,
}

/// What a task trains, and from where.
struct Prepared {
    experiment: Arc<Experiment>,
    data: DataDigest,
    from: (Progress, State),
}

impl Held {
    fn trained(&self) -> u64 {
        self.run.from.0.trained
    }

    /// Whether both can be trained side by side.
    fn fits(&self, other: &Held) -> bool {
        self.trained() == other.trained() && self.run.experiment.design == other.run.experiment.design
    }

    /// Whether it was begun by itself, with metrics.
    fn has_metrics(&self) -> bool {
        self.run.from.0.records.is_some()
    }

    /// Writes a checkpoint, and before the first one what the run begins with.
    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        if !self.writer.has_begun() {
            self.writer.put_experiment(&self.run.experiment, self.run.data.clone())?;
        }
        self.writer.put_checkpoint(checkpoint)
    }
}

impl Prepared {
    fn checkpoint(&self, (progress, state): (Progress, State)) -> Checkpoint {
        progress.checkpoint(&self.experiment, &self.data, state)
    }
}

/// A run at its end.
struct Trained {
    task: Held,
    checkpoint: Checkpoint,
    evaluation: Result<Evaluation, TaskFailure>,
}

/// Gives a run to those who keep it; they are there as long as anybody trains.
fn hand_over(to: &SyncSender<Trained>, trained: Trained) {
    drop(to.send(trained));
}

impl Runner<'_> {
    /// Trains tasks on all cores, and keeps what they have come to on threads that mostly wait for the disk: it flushes the files
    /// of many runs as fast as those of one.
    fn run_all(&self, replicas: Vec<&[Task]>) -> Result<(), SweepError> {
        let (trained, waiting) = mpsc::sync_channel(0);
        let waiting = Mutex::new(waiting);
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        thread::scope(|scope| {
            let keep = || {
                let mut kept = Ok(());
                while let Ok(run) = next() {
                    kept = kept.and(self.known(self.keep(run)));
                }
                kept
            };
            let keepers: Vec<_> = (0..KEEPERS).map(|_| scope.spawn(keep)).collect();
            let run = |to: &mut SyncSender<Trained>, tasks| self.known(self.run(tasks, to));
            let ran = replicas.into_par_iter().try_for_each_with(trained, run);
            let kept =
                keepers.into_iter().map(|keeper| keeper.join().unwrap_or_else(|panic| resume_unwind(panic)));
            // That the others were stopped says less than why.
            kept.fold(ran, |all, one| match all {
                Ok(()) | Err(SweepError::Interrupted) => one.and(all),
                Err(SweepError::Run(_)) => all,
            })
        })
    }

    /// Lets all threads know of an error.
    fn known<T>(&self, result: Result<T, SweepError>) -> Result<T, SweepError> {
        result.inspect_err(|_| self.has_failed.store(true, Ordering::Relaxed))
    }

    fn goes_on(&self) -> bool {
        !self.has_failed.load(Ordering::Relaxed) && self.observer.goes_on()
    }

    /// Trains tasks that differ in their seeds, as many at a time as have room in the lanes.
    fn run(&self, tasks: &[Task], to: &SyncSender<Trained>) -> Result<(), SweepError> {
        let mut waiting = tasks.iter().peekable();
        while waiting.peek().is_some() {
            let (mut held, mut room): (Vec<Held>, usize) = (Vec::new(), 1);
            while held.len() < room
                && let Some(task) = waiting.next()
            {
                if !self.goes_on() {
                    return Err(SweepError::Interrupted);
                }
                if let Some(task) = self.hold(task)? {
                    room = batch::size(&task.run.experiment);
                    held.push(task);
                }
            }
            let (alone, mut side_by_side): (Vec<Held>, Vec<Held>) =
                held.into_iter().partition(Held::has_metrics);
            alone.into_iter().try_for_each(|task| self.train_alone(task, to))?;
            side_by_side.sort_by_key(Held::trained);
            while let Some(first) = side_by_side.first() {
                let together = side_by_side.iter().take_while(|task| task.fits(first)).count();
                let rest = side_by_side.split_off(together);
                self.train(side_by_side, to)?;
                side_by_side = rest;
            }
        }
        Ok(())
    }

    /// Counts a task that needs no more work here.
    fn count(&self, count: impl FnOnce(&mut Ran)) {
        count(&mut self.ran.lock().unwrap_or_else(PoisonError::into_inner));
        self.observer.on_task();
    }

    /// Takes the lock of a task and makes its experiment; `None` if there is nothing to do.
    fn hold(&self, task: &Task) -> Result<Option<Held>, SweepError> {
        let Some(writer) = self.lock(task)? else { return Ok(None) };
        match self.prepare(task, &writer) {
            Ok(run) => Ok(Some(Held { writer, run })),
            Err(failure) => self.fail(&writer, &failure).map(|()| None),
        }
    }

    fn lock(&self, task: &Task) -> Result<Option<RunWriter>, SweepError> {
        let folder = self.sweep.folder(task);
        let done = || self.count(|ran| ran.done += 1);
        if folder.join(crate::run::EVALUATION).exists() {
            done();
            return Ok(None);
        }
        let writer = match RunWriter::create_unflushed(&folder, &task.configuration) {
            Err(RunError::Occupied { .. }) => RunWriter::open(&folder),
            made => made,
        };
        let writer = match writer {
            Err(RunError::Busy { .. }) => {
                self.count(|ran| ran.held += 1);
                return Ok(None);
            }
            opened => opened?,
        };
        if !writer.is_locked() && !self.has_no_locks.swap(true, Ordering::Relaxed) {
            self.observer.on_no_locks();
        }
        // Another process may have come to its end in the meantime.
        if writer.file(crate::run::EVALUATION).exists() {
            done();
            return Ok(None);
        }
        // What is half there after a failure of power is made anew.
        if !writer.has_begun() && writer.config().ok().as_ref() != Some(&task.configuration) {
            writer.put_config(&task.configuration)?;
        }
        Ok(Some(writer))
    }

    fn prepare(&self, task: &Task, writer: &RunWriter) -> Result<Prepared, TaskFailure> {
        let mut config = task.configuration.clone();
        let dataset = self.dataset(&config.data.source)?;
        config.data.source.resolve(&dataset);
        let experiment = Arc::new(Experiment::from_dataset(config, dataset)?);
        let data = DataDigest::of(&experiment);
        if !writer.has_begun() {
            let from = (Progress::default(), experiment.initial_state());
            return Ok(Prepared { experiment, data, from });
        }
        writer.check(&experiment, &data).map_err(TaskFailure::Run)?;
        let checkpoint = writer.checkpoint().map_err(TaskFailure::Run)?;
        let progress = Progress::of(&experiment, &data, &checkpoint)?;
        Ok(Prepared { experiment, data, from: (progress, checkpoint.state) })
    }

    /// The data of a source, read once.
    fn dataset(&self, source: &DataSource) -> Result<Arc<Dataset>, ExperimentError> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = data.iter().find(|(known, _)| known == source) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(load_dataset(source)?);
        data.push((source.clone(), Arc::clone(&read)));
        Ok(read)
    }

    /// Leaves in a task's folder why it has failed.
    fn fail(&self, writer: &RunWriter, failure: &TaskFailure) -> Result<(), SweepError> {
        let failure = Failure { category: failure.category(), message: failure.to_string() };
        let json = serde_json::to_vec(&failure).map_err(io::Error::from);
        let json = json.map_err(|error| RunError::from(WriteError::new(&writer.file(FAILURE), error)))?;
        writer.put(FAILURE, &json)?;
        self.count(|ran| ran.failed += 1);
        Ok(())
    }

    /// Trains tasks side by side to their end.
    fn train(&self, mut held: Vec<Held>, to: &SyncSender<Trained>) -> Result<(), SweepError> {
        let experiments: Vec<Arc<Experiment>> =
            held.iter().map(|task| Arc::clone(&task.run.experiment)).collect();
        let from = held.iter().map(|task| task.run.from.clone()).collect();
        let trained = Batch::go_on(&experiments.iter().map(Arc::as_ref).collect::<Vec<_>>(), from)
            .map_err(TaskFailure::from)
            .and_then(|batch| self.train_batch(batch, &mut held));
        let checkpoints = match trained {
            Ok(checkpoints) => checkpoints.ok_or(SweepError::Interrupted)?,
            Err(failure) => return held.iter().try_for_each(|task| self.fail(&task.writer, &failure)),
        };
        for ((task, checkpoint), experiment) in held.into_iter().zip(checkpoints).zip(&experiments) {
            let evaluation = evaluate(experiment, &checkpoint.state);
            hand_over(to, Trained { task, checkpoint, evaluation });
        }
        Ok(())
    }

    /// The checkpoints at the end; `None` if it was told to stop before.
    fn train_batch(
        &self,
        mut batch: Batch,
        held: &mut [Held],
    ) -> Result<Option<Vec<Checkpoint>>, TaskFailure> {
        let put_checkpoints = |batch: &Batch, held: &mut [Held]| {
            let put = |(lane, task): (usize, &mut Held)| {
                task.put_checkpoint(&task.run.checkpoint(batch.place(lane)))
            };
            held.iter_mut().enumerate().try_for_each(put).map_err(TaskFailure::Run)
        };
        while !batch.is_done() {
            batch.train_one()?;
            if !self.goes_on() {
                return put_checkpoints(&batch, held).map(|()| None);
            }
            if held.iter().any(|task| task.writer.wants_checkpoint()) {
                put_checkpoints(&batch, held)?;
            }
        }
        let last = held.iter().enumerate().map(|(lane, task)| task.run.checkpoint(batch.place(lane)));
        Ok(Some(last.collect()))
    }

    /// Goes on with a run that `train` has begun, as `resume` would.
    fn train_alone(&self, mut task: Held, to: &SyncSender<Trained>) -> Result<(), SweepError> {
        let Held { writer, run } = &mut task;
        let checkpoint = match self.go_on_alone(writer, &run.experiment) {
            Ok(checkpoint) => checkpoint.ok_or(SweepError::Interrupted)?,
            Err(failure) => return self.fail(writer, &failure),
        };
        let evaluation = evaluate(&run.experiment, &checkpoint.state);
        hand_over(to, Trained { task, checkpoint, evaluation });
        Ok(())
    }

    /// The checkpoint at the end; `None` if it was told to stop before.
    fn go_on_alone(
        &self,
        writer: &mut RunWriter,
        experiment: &Experiment,
    ) -> Result<Option<Checkpoint>, TaskFailure> {
        let checkpoint = writer.checkpoint().map_err(TaskFailure::Run)?;
        let model = experiment.model(&checkpoint.state).map_err(TrainingError::from)?;
        let mut trainer = Trainer::resume(experiment, Box::new(model), checkpoint.clone())?;
        let metrics = writer.metrics(trainer.epoch()).map_err(TaskFailure::Run)?;
        if trainer.records().is_some_and(|records| metrics.len() != records as usize) {
            return Err(lost(writer, METRICS));
        }
        if !writer.go_on_with_snapshots(experiment, &checkpoint).map_err(TaskFailure::Run)? {
            return Err(lost(writer, SNAPSHOTS));
        }
        writer.put_metrics(metrics).map_err(TaskFailure::Run)?;
        if let Some(every) = writer.snapshots_every() {
            trainer.snapshots_every(every);
        }
        trainer.run(&mut (writer, Stopper(self)))?;
        Ok(if trainer.trained() < trainer.total() { None } else { Some(trainer.checkpoint()?) })
    }

    /// Keeps what a run has come to.
    fn keep(&self, Trained { mut task, checkpoint, evaluation }: Trained) -> Result<(), SweepError> {
        task.put_checkpoint(&checkpoint)?;
        let evaluation = match evaluation {
            Ok(evaluation) => evaluation,
            Err(failure) => return self.fail(&task.writer, &failure),
        };
        drop(fs::remove_file(task.writer.file(FAILURE)));
        // Last, since it says that the run is done.
        task.writer.put_evaluation(&evaluation)?;
        self.count(|ran| ran.trained += 1);
        Ok(())
    }
}

/// A run that is to go on lacks what it has kept before: only training it from the beginning brings that back.
fn lost(writer: &RunWriter, file: &str) -> TaskFailure {
    TaskFailure::Run(RunError::Missing { path: writer.file(file).display().to_string() })
}

/// How a run does in its last state.
fn evaluate(experiment: &Experiment, state: &State) -> Result<Evaluation, TaskFailure> {
    let (part, rows) = experiment.judged_rows();
    let mut model = experiment.model(state).map_err(TrainingError::from)?;
    Ok(evaluation::evaluate(experiment, &mut model, part, rows)?)
}

/// Stops a run that is trained alone.
struct Stopper<'r, 's>(&'r Runner<'s>);

impl Observer for Stopper<'_, '_> {
    fn on_progress(&mut self, _: u64) -> Next {
        if self.0.goes_on() { Next::Train } else { Next::Stop }
    }
}
