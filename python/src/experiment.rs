//! Experiments: a configuration with its data, and the training of it.

use crate::arrays::Rows;
use crate::data::{as_json, configuration};
use crate::errors::{OrRaise, raised};
use crate::model::Model;
use crate::network::Network;
use crate::signals::Signals;
use numpy::PyReadonlyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Instant;
use wheatstone_learn::data::{Dataset, Targets};
use wheatstone_learn::evaluation::evaluate;
use wheatstone_learn::experiment;
use wheatstone_learn::metrics::EpochMetrics;
use wheatstone_learn::run::RunWriter;
use wheatstone_learn::training::{Next, Observer, Trainer, TrainingError};
use wheatstone_sim::{BoxedError, Checkpoint, State, hex};

/// Everything a run is a pure function of.
#[pyclass(frozen, module = "wheatstone._core")]
pub struct Experiment {
    experiment: experiment::Experiment,
}

#[pymethods]
impl Experiment {
    /// Loads the data that a configuration names and builds its network.
    #[staticmethod]
    fn prepare(py: Python<'_>, config: &str) -> PyResult<Experiment> {
        let config = configuration(config)?;
        let experiment = py.detach(|| experiment::Experiment::prepare(config)).or_raise()?;
        Ok(Experiment { experiment })
    }

    /// Of arrays: classes as indices into `names`, or values with a column for each name. With a network, it learns instead of
    /// one of the configured shape.
    #[staticmethod]
    #[pyo3(signature = (config, name, x, features, names, labels, values, network))]
    #[expect(clippy::too_many_arguments, reason = "what a data set is made of, for one caller")]
    fn of_arrays(
        py: Python<'_>,
        config: &str,
        name: String,
        x: PyReadonlyArray2<'_, f64>,
        features: Vec<String>,
        names: Vec<String>,
        labels: Option<Vec<usize>>,
        values: Option<PyReadonlyArray2<'_, f64>>,
        network: Option<&Network>,
    ) -> PyResult<Experiment> {
        let config = configuration(config)?;
        let targets = match (labels, values) {
            (Some(labels), None) => Targets::Classes { names, labels },
            (None, Some(values)) => Targets::Values { names, rows: Rows::of(&values)?.into_values() },
            _ => return Err(PyValueError::new_err("give either classes or values to be learned")),
        };
        let rows = Dataset::new(name, features, Rows::of(&x)?.into_values(), targets).or_raise()?;
        let network = network.map(|network| network.graph.clone());
        let prepare = || match network {
            Some(network) => experiment::Experiment::with_network(config, rows, network),
            None => experiment::Experiment::from_dataset(config, rows),
        };
        Ok(Experiment { experiment: py.detach(prepare).or_raise()? })
    }

    /// The resolved configuration, as JSON.
    #[getter]
    fn config(&self) -> PyResult<String> {
        as_json(&self.experiment.config)
    }

    /// The same as the TOML file of a run folder.
    #[getter]
    fn toml(&self) -> String {
        self.experiment.config.to_toml()
    }

    /// What learns.
    #[getter]
    fn network(&self) -> Network {
        Network { graph: self.experiment.design.network().clone() }
    }

    /// Numbers of the rows that are learned and of those held out.
    #[getter]
    fn split(&self) -> (Vec<usize>, Vec<usize>) {
        (self.experiment.split.train.clone(), self.experiment.split.test.clone())
    }

    /// Digest of the state that training begins from.
    #[getter]
    fn initial_digest(&self) -> String {
        hex::encode(&self.experiment.initial_state().digest())
    }

    /// Trains to the end on the model in this process; with `out`, keeps a run folder there, with a snapshot after every
    /// `snapshots` samples. Returns what was learned, and the seconds that training and evaluating took.
    #[pyo3(signature = (out=None, metrics_every=1, snapshots=None))]
    fn train(
        &self,
        py: Python<'_>,
        out: Option<PathBuf>,
        metrics_every: u32,
        snapshots: Option<NonZeroU64>,
    ) -> PyResult<(Model, f64)> {
        py.detach(|| train(&self.experiment, out.as_deref(), metrics_every, snapshots))
    }
}

fn train(
    experiment: &experiment::Experiment,
    out: Option<&Path>,
    metrics_every: u32,
    snapshots: Option<NonZeroU64>,
) -> PyResult<(Model, f64)> {
    let began = Instant::now();
    let writer = out.map(|out| RunWriter::create(Some(out), &experiment.config)).transpose().or_raise()?;
    let model = experiment.model(&experiment.initial_state()).or_raise()?;
    let mut trainer = Trainer::start(experiment, Box::new(model)).or_raise()?;
    trainer.metrics_every(metrics_every);
    let mut keeper =
        Keeper { writer, metrics: vec![trainer.before_training().or_raise()?], signals: Signals::new() };
    if let Some(writer) = &mut keeper.writer {
        if let Some(every) = snapshots {
            writer.keep_snapshots(experiment, every).or_raise()?;
            trainer.snapshots_every(every);
        }
        writer.put_experiment(experiment, trainer.data_digest().clone()).or_raise()?;
        writer.put_metrics(keeper.metrics.clone()).or_raise()?;
        writer.put_checkpoint(&trainer.last_known()).or_raise()?;
    }
    let trained = trainer.run(&mut keeper);
    keeper.signals.into_result()?;
    trained.map_err(|error: TrainingError| raised(&error))?;
    let checkpoint = trainer.checkpoint().or_raise()?;
    let (part, rows) = experiment.judged_rows();
    let mut learned = experiment.model(&checkpoint.state).or_raise()?;
    let evaluation = evaluate(experiment, &mut learned, part, rows).or_raise()?;
    if let Some(writer) = &mut keeper.writer {
        writer.put_checkpoint(&checkpoint).or_raise()?;
        // Last, since it says that the run is done.
        writer.put_evaluation(&evaluation).or_raise()?;
    }
    let (config, encoder) = (experiment.config.clone(), experiment.encoder.clone());
    let model = Model { config, encoder, checkpoint, metrics: keeper.metrics, evaluation: Some(evaluation) };
    Ok((model, began.elapsed().as_secs_f64()))
}

/// Keeps metrics, and the folder of a run if there is one, and stops when Python raises.
struct Keeper {
    writer: Option<RunWriter>,
    metrics: Vec<EpochMetrics>,
    signals: Signals,
}

impl Observer for Keeper {
    fn on_progress(&mut self, _: u64) -> Next {
        if self.signals.allow() { Next::Train } else { Next::Stop }
    }

    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.metrics.push(metrics.clone());
        self.writer.as_mut().map_or(Ok(()), |writer| writer.on_metrics(trainer, metrics))
    }

    fn on_snapshot(&mut self, state: &State, samples: u64, steps: u64) -> Result<(), BoxedError> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.on_snapshot(state, samples, steps))
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.on_checkpoint(checkpoint))
    }
}
