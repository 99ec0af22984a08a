//! The loop `train` and `resume` share: samples, metrics, checkpoints, and what is left at the end.

use super::exit::Interrupted;
use super::output::Output;
use super::{interrupt, progress, table};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use wheatstone::data::DataSummary;
use wheatstone::device::DeviceKind;
use wheatstone::evaluation;
use wheatstone::experiment::Experiment;
use wheatstone::link::Statistics;
use wheatstone::metrics::{EpochMetrics, Evaluation, Score};
use wheatstone::report::{self, Report};
use wheatstone::run::{RunFolder, hex};
use wheatstone::training::Trainer;
use wheatstone_sim::State;

/// How often a checkpoint is written while training goes on.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);

/// How often a run stops to be looked at.
#[derive(Args, Debug)]
pub struct Pace {
    /// Take metrics after every so many epochs only, and let the device train on in between
    #[arg(long, value_name = "EPOCHS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub metrics_every: u32,
}

/// What `train` and `resume` print.
#[derive(Serialize)]
struct Summary<'a> {
    run: String,
    digest: String,
    samples: u64,
    steps: u64,
    nodes: usize,
    edges: usize,
    part: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a DataSummary>,
    #[serde(flatten)]
    score: Score,
}

/// Trains to the end, or until a signal comes. If the device fails, what is known of the run is left in a checkpoint.
pub fn run(
    experiment: &Experiment,
    folder: &RunFolder,
    mut trainer: Trainer,
    mut metrics: Vec<EpochMetrics>,
    output: Output,
) -> anyhow::Result<()> {
    interrupt::listen()?;
    let bar = progress::bar(output, trainer.trained(), trainer.total());
    let trained = train(folder, &mut trainer, &mut metrics, &bar);
    let go_on = format!("go on with `wheatstone resume {}`", folder.path().display());
    if let Err(error) = trained {
        bar.abandon();
        let known = trainer.last_known();
        folder.put_checkpoint(&known)?;
        return Err(error.context(format!("stopped; {} samples are saved, {go_on}", known.samples)));
    }
    if trainer.trained() < trainer.total() {
        bar.abandon();
        return Err(Interrupted(go_on).into());
    }
    bar.finish_and_clear();
    finish(experiment, folder, &mut trainer, &metrics, output)
}

fn train(
    folder: &RunFolder,
    trainer: &mut Trainer,
    metrics: &mut Vec<EpochMetrics>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut last_checkpoint = Instant::now();
    while trainer.trained() < trainer.total() && !interrupt::requested() {
        let epoch = trainer.train(&mut |trained| {
            bar.set_position(trained);
            if interrupt::requested() || last_checkpoint.elapsed() > CHECKPOINT_INTERVAL {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if let Some(epoch) = epoch {
            bar.set_message(describe(&epoch));
            folder.append_metrics(&epoch)?;
            metrics.push(epoch);
            if let Some(link) = trainer.device().link_statistics() {
                let json = link_json(trainer, link).to_string() + "\n";
                folder.put("link.json", json.as_bytes())?;
            }
        }
        if interrupt::requested() || last_checkpoint.elapsed() > CHECKPOINT_INTERVAL {
            folder.put_checkpoint(&trainer.checkpoint()?)?;
            last_checkpoint = Instant::now();
        }
    }
    Ok(())
}

/// What went over the link, for whoever watches the run.
fn link_json(trainer: &Trainer, link: Statistics) -> serde_json::Value {
    json!({
        "device": trainer.device().describe(),
        "samples": trainer.trained(),
        "total": trainer.total(),
        "bytes_sent": link.bytes_sent,
        "bytes_received": link.bytes_received,
        "retries": link.resent + link.asked_anew,
        "damaged": link.damaged,
    })
}

fn finish(
    experiment: &Experiment,
    folder: &RunFolder,
    trainer: &mut Trainer,
    metrics: &[EpochMetrics],
    output: Output,
) -> anyhow::Result<()> {
    let checkpoint = trainer.checkpoint()?;
    let state = &checkpoint.state;
    let (part, rows) = experiment.judged_rows();
    let evaluation = evaluation::evaluate(experiment, &mut experiment.model(state)?, part, rows)?;
    folder.put_checkpoint(&checkpoint)?;
    folder.put_evaluation(&evaluation)?;
    put_report(experiment, folder, trainer.device().kind(), metrics, &evaluation, state)?;
    let network = experiment.design.network();
    let summary = Summary {
        run: folder.path().display().to_string(),
        digest: hex(&state.digest()),
        samples: trainer.trained(),
        steps: trainer.steps(),
        nodes: network.nodes().len(),
        edges: network.edges().len(),
        part,
        data: experiment.dataset.summary(),
        score: evaluation.score,
    };
    output.result(&summary, || text(experiment, &evaluation, &summary))
}

/// Writes the report and the same pictures as files of their own.
fn put_report(
    experiment: &Experiment,
    folder: &RunFolder,
    device: DeviceKind,
    metrics: &[EpochMetrics],
    evaluation: &Evaluation,
    state: &State,
) -> anyhow::Result<()> {
    let Experiment { config, dataset, split, design, .. } = experiment;
    let citation = dataset.citation();
    let report = Report {
        title: &config.name,
        command: &format!("wheatstone train --config {}", folder.file("config.toml").display()),
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
        metrics,
        evaluation: Some(evaluation),
        design,
        state,
    };
    for picture in report.pictures() {
        folder.put(&picture.file_name, picture.svg.as_bytes())?;
    }
    folder.put("report.html", report.html()?.as_bytes())?;
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
            format!("{} on {} {} samples", score_text(evaluation.score), evaluation.samples, evaluation.part),
        ),
        ("state", summary.digest.clone()),
        ("run", summary.run.clone()),
        ("report", format!("{}/report.html", summary.run)),
    ];
    table::facts(rows).to_string()
}

/// A score in words.
pub fn score_text(score: Score) -> String {
    match score.accuracy {
        Some(accuracy) => format!("{:.2} % right", 100.0 * accuracy),
        None => format!("mean squared error {:.3e} V^2", score.mse),
    }
}

/// An epoch in a few words, for the progress bar.
fn describe(epoch: &EpochMetrics) -> String {
    let (part, score) = epoch.test.map_or(("training", epoch.train), |score| ("test", score));
    format!("| {part}: {}", score_text(score))
}
