//! The loop `train` and `resume` share: samples, metrics, checkpoints, and what is left at the end.

use super::device::DeviceArguments;
use super::failure::{Failure, Interrupted, Result, TooFewEpochs};
use super::output::Output;
use super::score_text::{epoch_text, result_text};
use super::{cost, interrupt, learning_advice, numbers, progress, table};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use std::num::{NonZeroU64, NonZeroUsize};
use wheatstone::report::{self, Report};
use wheatstone_learn::baseline::{Baselines, Concern};
use wheatstone_learn::config::RunConfig;
use wheatstone_learn::data::DataSummary;
use wheatstone_learn::device::{Device, DeviceKind};
use wheatstone_learn::evaluation;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::{EpochMetrics, Evaluation, OutputScore, Score};
use wheatstone_learn::run::{CONFIG, DataDigest, REPORT, RunWriter};
use wheatstone_learn::training::{Next, Observer, Trainer};
use wheatstone_learn::untuned::Untuned;
use wheatstone_sim::{BoxedError, State, hex};

/// When metrics are taken.
#[derive(Args, Debug)]
pub struct MetricsInterval {
    /// Take metrics after every so many epochs only, and let the device train on in between
    #[arg(long, value_name = "EPOCHS", default_value_t = 1, value_parser = numbers::count)]
    pub metrics_every: u32,
}

/// Who trains one network together.
#[derive(Args, Debug)]
pub struct TrainingThreads {
    /// Threads that train the model's one network together; they pay where it learns large images and cores are idle. No bit depends
    /// on them
    #[arg(long, value_name = "N", default_value = "1", value_parser = numbers::threads)]
    pub threads: NonZeroUsize,
}

/// A run to be started or gone on with.
pub struct Run<'r> {
    pub experiment: &'r Experiment,
    pub device: &'r DeviceArguments,
    pub threads: &'r TrainingThreads,
    pub interval: &'r MetricsInterval,
    /// Samples between two snapshots, for a run that begins; one that goes on keeps them as it began.
    pub snapshots: Option<NonZeroU64>,
    pub output: Output,
}

impl Run<'_> {
    /// The device it is trained on.
    pub fn open(&self) -> Result<Box<dyn Device>> {
        let Experiment { design, .. } = self.experiment;
        self.device.open_on(design, &self.experiment.initial_state(), self.threads.threads)
    }
}

/// What `train` and `resume` print.
#[derive(Serialize)]
struct Summary<'a> {
    run: String,
    digest: String,
    seed: u64,
    samples: u64,
    steps: u64,
    nodes: usize,
    edges: usize,
    part: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a DataSummary>,
    #[serde(flatten)]
    score: Score,
    #[serde(skip_serializing_if = "Option::is_none")]
    r2: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<OutputScore>,
    baselines: Baselines,
    #[serde(skip_serializing_if = "Option::is_none")]
    concern: Option<Concern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    settings: RunConfig,
}

/// Starts a run in a folder that holds its configuration and nothing else.
pub fn start(run: &Run, mut writer: RunWriter, device: Box<dyn Device + '_>) -> Result<()> {
    let Run { experiment, interval, snapshots, output, .. } = run;
    if !writer.is_locked() {
        output.say("this file system keeps no locks: see to it that no other process writes this run");
    }
    let name = &experiment.config.name;
    output.say(&format!("training {name} on {} in {}", device.describe(), writer.path().display()));
    let mut trainer = Trainer::start(experiment, device)?;
    trainer.metrics_every(interval.metrics_every);
    if trainer.device().kind() == DeviceKind::Model {
        cost::tell(experiment, trainer.total(), *output);
    }
    if let Some(every) = *snapshots {
        writer.keep_snapshots(experiment, every)?;
        trainer.snapshots_every(every);
    }
    writer.put_experiment(experiment, trainer.data_digest().clone())?;
    writer.put_metrics(vec![trainer.before_training()?])?;
    writer.put_checkpoint(&trainer.last_known())?;
    train_and_finish(experiment, writer, trainer, *output)
}

/// Goes on with a run from its last checkpoint, or starts it if there is none.
pub fn go_on(run: &Run, mut writer: RunWriter) -> Result<()> {
    let Run { experiment, interval, output, .. } = run;
    // What it was begun with stands there before its first checkpoint does.
    let snapshots = writer.origin()?.map_or(run.snapshots, |origin| origin.snapshots);
    let again = Run { snapshots, ..*run };
    if !writer.has_begun() {
        put_epochs(&writer, experiment.config.epochs)?;
        return start(&again, writer, run.open()?);
    }
    writer.check(experiment, &DataDigest::of(experiment))?;
    let checkpoint = writer.checkpoint()?;
    let mut trainer = Trainer::resume(experiment, run.open()?, checkpoint.clone())?;
    trainer.metrics_every(interval.metrics_every);
    if trainer.trained() > trainer.total() {
        let (trained, wanted) = (trainer.trained(), trainer.total());
        return Err(TooFewEpochs { trained, epochs: experiment.config.epochs, wanted }.into());
    }
    let metrics = writer.metrics(trainer.epoch())?;
    if trainer.records().is_some_and(|records| metrics.len() != records as usize) {
        output.say("metrics of some epochs are lost: training again from the beginning");
        drop(trainer);
        return start(&again, writer, run.open()?);
    }
    if let Some(every) = snapshots {
        if !writer.go_on_with_snapshots(experiment, &checkpoint)? {
            output.say("snapshots are lost: training again from the beginning");
            drop(trainer);
            return start(&again, writer, run.open()?);
        }
        trainer.snapshots_every(every);
    }
    if trainer.trained() == trainer.total() {
        output.say(&format!("{} has been trained to its end", writer.path().display()));
    }
    put_epochs(&writer, experiment.config.epochs)?;
    writer.put_metrics(metrics)?;
    train_and_finish(experiment, writer, trainer, *output)
}

/// Has the folder's configuration say how long the run is, if it is longer than that; to stop on the way makes it no shorter.
fn put_epochs(writer: &RunWriter, epochs: u32) -> Result<()> {
    let mut config = writer.config()?;
    if config.epochs < epochs {
        config.epochs = epochs;
        writer.put_config(&config)?;
    }
    Ok(())
}

/// Trains to the end, or until a signal comes. If something fails, what is known of the run is left in a checkpoint.
fn train_and_finish(
    experiment: &Experiment,
    mut writer: RunWriter,
    mut trainer: Trainer,
    output: Output,
) -> Result<()> {
    let bar = progress::bar(output, trainer.trained(), trainer.total());
    let trained = trainer.run(&mut (&mut writer, Shown { bar: &bar }));
    let go_on = format!("go on with `wheatstone resume {}`", writer.path().display());
    if let Err(error) = trained {
        bar.abandon();
        let known = trainer.last_known();
        return Err(match writer.put_checkpoint(&known) {
            Ok(()) => {
                Failure::from(error).context(format!("stopped; {} samples are saved, {go_on}", known.samples))
            }
            Err(_) => Failure::from(error).context(format!("stopped; what was saved last stands, {go_on}")),
        });
    }
    if trainer.trained() < trainer.total() {
        bar.abandon();
        return Err(Interrupted(go_on).into());
    }
    bar.finish_and_clear();
    finish(experiment, &mut writer, &mut trainer, output)
}

/// Shows how far a run is, and stops it when a signal comes.
struct Shown<'s> {
    bar: &'s ProgressBar,
}

impl Observer for Shown<'_> {
    fn on_progress(&mut self, trained: u64) -> Next {
        self.bar.set_position(trained);
        if interrupt::requested() { Next::Stop } else { Next::Train }
    }

    fn on_metrics(&mut self, _: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.bar.set_message(format!("| {}", epoch_text(metrics)));
        Ok(())
    }
}

fn finish(
    experiment: &Experiment,
    writer: &mut RunWriter,
    trainer: &mut Trainer,
    output: Output,
) -> Result<()> {
    let checkpoint = trainer.checkpoint()?;
    let state = &checkpoint.state;
    let (part, rows) = experiment.judged_rows();
    let evaluation = evaluation::evaluate(experiment, &mut experiment.model(state)?, part, rows)?;
    writer.put_checkpoint(&checkpoint)?;
    let baselines = Baselines::of(&experiment.dataset, &experiment.split.train, rows);
    let concern = baselines.concern(&evaluation);
    let rules = Untuned::beside(&experiment.config, &experiment.dataset);
    let warning = concern.map(|concern| learning_advice::warning(concern, &experiment.config, &rules));
    let said = Said { baselines: &learning_advice::baselines_text(&baselines), warning: warning.as_deref() };
    put_report(experiment, writer, trainer.device().kind(), &evaluation, state, said)?;
    // Last, since it says that the run is done.
    writer.put_evaluation(&evaluation)?;
    let network = experiment.design.network();
    let summary = Summary {
        run: writer.path().display().to_string(),
        digest: hex::encode(&state.digest()),
        seed: experiment.config.seed,
        samples: trainer.trained(),
        steps: trainer.steps(),
        nodes: network.nodes().len(),
        edges: network.edges().len(),
        part,
        data: experiment.dataset.summary(),
        score: evaluation.score,
        r2: evaluation.r2(),
        outputs: evaluation.outputs(),
        baselines,
        concern,
        warning,
        settings: experiment.config.printable(),
    };
    if let Some(warning) = &summary.warning {
        output.say(&format!("warning: {warning}"));
    }
    output.result(&summary, || text(experiment, &evaluation, &summary))
}

/// What the report says beside the score.
struct Said<'a> {
    baselines: &'a str,
    warning: Option<&'a str>,
}

/// Writes the report and the same pictures as files of their own.
fn put_report(
    experiment: &Experiment,
    writer: &RunWriter,
    device: DeviceKind,
    evaluation: &Evaluation,
    state: &State,
    said: Said,
) -> Result<()> {
    let Experiment { config, dataset, split, design, .. } = experiment;
    let citation = dataset.citation();
    let report = Report {
        title: &config.name,
        command: &format!("wheatstone train --config {}", writer.file(CONFIG).display()),
        device,
        versions: &[("wheatstone", env!("CARGO_PKG_VERSION"))],
        seeds: &[("conductances, local generators, split and order", config.seed)],
        config_toml: &config.to_toml(),
        dataset: report::Dataset {
            name: dataset.name(),
            summary: &dataset.summary().map_or(String::new(), ToString::to_string),
            citation: citation.map_or("", |c| c.reference),
            licence: citation.and_then(|c| c.licence).unwrap_or(""),
            train: split.train.len(),
            test: split.test.len(),
        },
        metrics: writer.recorded(),
        evaluation: Some(evaluation),
        baselines: said.baselines,
        warning: said.warning,
        design,
        state,
    };
    for picture in report.pictures() {
        writer.put(&picture.file_name, picture.svg.as_bytes())?;
    }
    writer.put(REPORT, report.html()?.as_bytes())?;
    Ok(())
}

fn text(experiment: &Experiment, evaluation: &Evaluation, summary: &Summary) -> String {
    let network = experiment.design.network();
    let rows = [
        ("network", format!("{} ({} nodes, {} edges)", network.name(), summary.nodes, summary.edges)),
        ("format", experiment.design.format().to_string()),
        ("trained", format!("{} samples, {} relaxing steps", summary.samples, summary.steps)),
        (
            "result",
            format!("{} on {} {} samples", result_text(evaluation), evaluation.samples, evaluation.part),
        ),
        ("beside it", learning_advice::baselines_text(&summary.baselines)),
        ("state", summary.digest.clone()),
        ("run", summary.run.clone()),
        ("report", format!("{}/{REPORT}", summary.run)),
    ];
    table::facts(rows.into_iter().filter(|(_, value)| !value.is_empty())).to_string()
}
