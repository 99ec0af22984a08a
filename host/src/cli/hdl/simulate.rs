//! `wheatstone hdl simulate`

use super::arguments::TargetArguments;
use crate::cli::arguments::ConfigArguments;
use crate::cli::failure::{Interrupted, Mismatch, Result};
use crate::cli::output::Output;
use crate::cli::{interrupt, progress};
use clap::Args;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wheatstone_hdl::verify::{Difference, SideBySide, side_by_side};
use wheatstone_hdl::{Array, timing, waves};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::run::{WholeFile, WriteError, read_checkpoint, write_whole};
use wheatstone_learn::training::{Trainer, check_same_design};
use wheatstone_sim::{Checkpoint, Engine, epoch_order};

/// Train the array in simulation, with delays, and compare every token and every bit with the model
///
/// Times are simulated from documented delays of the device, not measured.
#[derive(Args, Debug)]
pub struct Simulate {
    #[command(flatten)]
    config: ConfigArguments,
    /// Training samples to show
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    samples: u64,
    #[command(flatten)]
    target: TargetArguments,
    /// Draw every delay anew, between half and twice the documented one
    #[arg(long, value_name = "SEED")]
    jitter: Option<u64>,
    /// Write all waveforms to a VCD file
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Checkpoint to begin from, instead of the start of the run
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Where to leave a checkpoint, also when interrupted
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

/// What is printed.
#[derive(Serialize)]
struct Summary {
    equal: bool,
    samples: u64,
    steps: u64,
    fires: u64,
    events: u64,
    simulated_ns_per_step: f64,
    first_difference: Option<Difference>,
}

impl Simulate {
    pub fn run(&self, output: &Output) -> Result<()> {
        let experiment = self.config.experiment()?;
        let mut checkpoint = match &self.from {
            Some(path) => read_checkpoint(path)?,
            None => {
                let model = experiment.model(&experiment.initial_state())?;
                Trainer::start(&experiment, Box::new(model))?.last_known()
            }
        };
        check_same_design(&experiment, &checkpoint)?;
        let array = Array::new(Arc::clone(&experiment.design), self.target.options())?;
        if let Some(seed) = self.jitter {
            timing::jitter(&array.module, array.technology(), seed);
        }
        let mut pair = side_by_side(array, checkpoint.configuration, checkpoint.state.clone())?;
        let trace = self.trace.as_deref().map(|path| Trace::open(path, &mut pair)).transpose()?;
        interrupt::listen()?;
        let (shown, simulated_ps) = self.train(&experiment, &mut pair, &mut checkpoint, *output)?;
        if let Some(trace) = trace {
            trace.close(&mut pair)?;
        }
        if let Some(path) = &self.checkpoint {
            write_whole(path, &checkpoint.to_bytes())?;
        }
        if interrupt::requested() && shown < self.samples {
            let left = self.checkpoint.as_ref().map_or_else(
                || "give --checkpoint to be able to go on from here".to_owned(),
                |path| format!("go on with --from {}", path.display()),
            );
            return Err(Interrupted(format!("{shown} samples were equal; {left}")).into());
        }
        let relaxing = (shown * u64::from(experiment.config.steps)).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let summary = Summary {
            equal: pair.difference().is_none(),
            samples: shown,
            steps: pair.steps(),
            fires: pair.array().fires(),
            events: pair.array().circuit().events(),
            simulated_ns_per_step: simulated_ps as f64 / 1000.0 / relaxing as f64,
            first_difference: pair.difference().cloned(),
        };
        output.result(&summary, || text(&summary, pair.array().array()))?;
        match summary.first_difference {
            Some(difference) => Err(Mismatch(difference.to_string()).into()),
            None => Ok(()),
        }
    }

    /// Shows the samples; says how many, and how much time passed while the array worked.
    fn train(
        &self,
        experiment: &Experiment,
        pair: &mut SideBySide,
        checkpoint: &mut Checkpoint,
        output: Output,
    ) -> Result<(u64, u64)> {
        let samples = experiment.samples(&experiment.split.train)?;
        let count = samples.len() as u64;
        let (mut order, mut ordered_epoch) = (Vec::new(), None);
        let bar = progress::bar(output, 0, self.samples);
        let (mut shown, mut simulated_ps) = (0, 0);
        while shown < self.samples && !interrupt::requested() {
            let epoch = u32::try_from(checkpoint.samples / count).unwrap_or(u32::MAX);
            if ordered_epoch != Some(epoch) {
                order = epoch_order(experiment.config.seed, epoch, samples.len());
                ordered_epoch = Some(epoch);
                pair.configure(experiment.configuration(epoch))?;
            }
            let place = usize::try_from(checkpoint.samples % count).unwrap_or(0);
            pair.train(&samples[order[place] as usize])?;
            simulated_ps += pair.array().busy_ps();
            if pair.difference().is_some() {
                break;
            }
            shown += 1;
            checkpoint.samples += 1;
            checkpoint.steps += u64::from(experiment.config.steps);
            bar.inc(1);
        }
        bar.finish_and_clear();
        checkpoint.state = pair.model().state();
        checkpoint.configuration = pair.model().configuration();
        Ok((shown, simulated_ps))
    }
}

fn text(summary: &Summary, array: &Array) -> String {
    let Summary { samples, steps, fires, simulated_ns_per_step, first_difference, .. } = summary;
    let equal = match first_difference {
        None => "every token and every bit as in the model".to_owned(),
        Some(difference) => format!("differs from the model: {difference}"),
    };
    format!(
        "{samples} samples, {steps} steps, {fires} fires of {} cells: {equal}\n\
         {simulated_ns_per_step:.1} ns a relaxing step, learning included (simulated with documented delays, not measured)",
        array.fires.len()
    )
}

/// A waveform file being written; it takes its name only when it is whole.
struct Trace {
    path: PathBuf,
    file: WholeFile,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Trace {
    fn open(path: &Path, pair: &mut SideBySide) -> Result<Trace> {
        let write = |source| WriteError::new(path, source);
        let file = WholeFile::create(path)?;
        let writer: BufWriter<File> = BufWriter::new(file.file().try_clone().map_err(write)?);
        let failed = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&failed);
        let circuit = pair.array_mut().circuit_mut();
        let observer = waves::vcd(circuit, writer, move |error| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        });
        circuit.observe(Some(observer.map_err(write)?));
        Ok(Trace { path: path.to_owned(), file, failed })
    }

    fn close(self, pair: &mut SideBySide) -> Result<()> {
        // The observer flushes what it holds when it goes.
        pair.array_mut().circuit_mut().observe(None);
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map_or(Ok(()), |error| Err(WriteError::new(&self.path, error)))?;
        Ok(self.file.finish()?)
    }
}
