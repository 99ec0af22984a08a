//! What was learned: a network in its last state, with the encoding of its data.

use crate::arrays::{Rows, matrix, vector};
use crate::data::as_json;
use crate::errors::OrRaise;
use crate::network::Network;
use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use wheatstone_learn::config::RunConfig;
use wheatstone_learn::data::dataset::TargetNames;
use wheatstone_learn::data::{Answer, Encoder};
use wheatstone_learn::device;
use wheatstone_learn::device::Device;
use wheatstone_learn::evaluation::Start;
use wheatstone_learn::metrics::{EpochMetrics, Evaluation};
use wheatstone_learn::run::{RunFolder, RunWriter};
use wheatstone_learn::snapshot::{conductances, power, voltages};
use wheatstone_sim::{Checkpoint, Sample, Wave, hex};

/// A trained network: it answers rows, and can be kept and read again.
#[pyclass(frozen, module = "wheatstone._core")]
pub struct Model {
    pub config: RunConfig,
    pub encoder: Encoder,
    pub checkpoint: Checkpoint,
    pub metrics: Vec<EpochMetrics>,
    pub evaluation: Option<Evaluation>,
}

/// What is kept of a model beside its checkpoint.
#[derive(Serialize, Deserialize)]
struct Rest {
    config: RunConfig,
    encoder: Encoder,
    metrics: Vec<EpochMetrics>,
    evaluation: Option<Evaluation>,
}

fn unreadable(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("these bytes are no trained network of this version: {error}; train again"))
}

/// Class of each row, if classes were learned; and scores or values, one row after the other.
type Answers = (Option<Vec<u64>>, Vec<f64>);

impl Model {
    /// Each row is read from the voltages that training ended with, so that answers do not depend on one another.
    fn read(&self, rows: &Rows) -> PyResult<Answers> {
        let design = Arc::new(self.checkpoint.design.clone());
        let format = design.format();
        let mut model = device::Model::new(design, self.checkpoint.state.clone()).or_raise()?;
        let targets = vec![None; self.encoder.outputs()];
        let (mut classes, mut numbers) = (Vec::new(), Vec::new());
        let sample = |row| -> PyResult<Sample> {
            let inputs = self.encoder.encode_features(format, rows.row(row)).or_raise()?;
            Ok(Sample { inputs, targets: targets.clone() })
        };
        let samples = (0..rows.count()).map(sample).collect::<PyResult<Vec<_>>>()?;
        let answers = model.read(&samples, self.config.read_steps, Start::Fixed).or_raise()?;
        for answer in &answers {
            match self.encoder.decode(format, answer).or_raise()? {
                Answer::Class { index, scores } => {
                    classes.push(index as u64);
                    numbers.extend(scores);
                }
                Answer::Values(values) => numbers.extend(values),
            }
        }
        Ok((self.is_classifier().then_some(classes), numbers))
    }
}

#[pymethods]
impl Model {
    /// Opens the folder of a run.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Model> {
        py.detach(|| {
            let folder = RunFolder::open(&path).or_raise()?;
            let read = |name| std::fs::read(folder.file(name)).ok();
            let evaluation = read("evaluation.json").and_then(|text| serde_json::from_slice(&text).ok());
            Ok(Model {
                config: folder.config().or_raise()?,
                encoder: folder.encoder().or_raise()?,
                checkpoint: folder.checkpoint().or_raise()?,
                metrics: folder.metrics(u32::MAX).or_raise()?,
                evaluation,
            })
        })
    }

    /// Keeps it as the folder of a run, without the data it was trained on.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| {
            let mut writer = RunWriter::create(Some(&path), &self.config).or_raise()?;
            writer
                .put("encoding.json", &serde_json::to_vec(&self.encoder).map_err(unreadable)?)
                .or_raise()?;
            let network = self.checkpoint.design.network().to_json();
            writer.put("network.json", network.as_bytes()).or_raise()?;
            writer.put_metrics(self.metrics.clone()).or_raise()?;
            writer.put_checkpoint(&self.checkpoint).or_raise()?;
            self.evaluation.as_ref().map_or(Ok(()), |evaluation| writer.put_evaluation(evaluation)).or_raise()
        })
    }

    /// Answers rows: the index of each row's class, if classes were learned, and its scores in volts, or its values.
    #[expect(clippy::type_complexity, reason = "two arrays, for one caller")]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<(Option<Bound<'py, PyArray1<u64>>>, Bound<'py, PyArray2<f64>>)> {
        let rows = Rows::of(&x)?;
        if rows.columns() != self.encoder.feature_names().len() {
            let (found, expected) = (rows.columns(), self.encoder.feature_names().len());
            return Err(PyValueError::new_err(format!(
                "X has {found} features, but the network was trained on {expected}"
            )));
        }
        let (classes, numbers) = py.detach(|| self.read(&rows))?;
        let width = self.targets().len();
        Ok((classes.map(|classes| vector(py, classes)), matrix(py, numbers, width)?))
    }

    /// All of it as bytes, for `pickle`: a checkpoint and JSON.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyBytes>, String)> {
        let rest = Rest {
            config: self.config.clone(),
            encoder: self.encoder.clone(),
            metrics: self.metrics.clone(),
            evaluation: self.evaluation.clone(),
        };
        let rest = serde_json::to_string(&rest).map_err(unreadable)?;
        Ok((PyBytes::new(py, &self.checkpoint.to_bytes()), rest))
    }

    /// Reads what `to_bytes` wrote.
    #[staticmethod]
    fn from_bytes(checkpoint: &[u8], rest: &str) -> PyResult<Model> {
        let checkpoint = Checkpoint::from_bytes(checkpoint).map_err(unreadable)?;
        let Rest { config, encoder, metrics, evaluation } = serde_json::from_str(rest).map_err(unreadable)?;
        Ok(Model { config, encoder, checkpoint, metrics, evaluation })
    }

    #[getter]
    fn is_classifier(&self) -> bool {
        matches!(self.encoder.target_names(), TargetNames::Classes(_))
    }

    /// Names of the classes or values.
    #[getter]
    fn targets(&self) -> Vec<String> {
        let (TargetNames::Classes(names) | TargetNames::Values(names)) = self.encoder.target_names();
        names
    }

    #[getter]
    fn features(&self) -> Vec<String> {
        self.encoder.feature_names()
    }

    #[getter]
    fn config(&self) -> PyResult<String> {
        as_json(&self.config)
    }

    /// One record an epoch, as a list in JSON.
    #[getter]
    fn metrics(&self) -> PyResult<String> {
        serde_json::to_string(&self.metrics).map_err(unreadable)
    }

    /// The evaluation at the end as JSON, if the run came to its end.
    #[getter]
    fn evaluation(&self) -> PyResult<Option<String>> {
        self.evaluation.as_ref().map(serde_json::to_string).transpose().map_err(unreadable)
    }

    #[getter]
    fn samples(&self) -> u64 {
        self.checkpoint.samples
    }

    /// Digest of the state: equal digests mean equal bits in every cell.
    #[getter]
    fn digest(&self) -> String {
        hex::encode(&self.checkpoint.state.digest())
    }

    #[getter]
    fn network(&self) -> Network {
        Network { graph: self.checkpoint.design.network().clone() }
    }

    /// Conductances, free and clamped voltages, and power of both waves, as arrays by name.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Checkpoint { design, state, .. } = &self.checkpoint;
        let arrays = PyDict::new(py);
        arrays.set_item("conductances", vector(py, conductances(design, state).collect::<Vec<_>>()))?;
        arrays.set_item("free", vector(py, voltages(design, state, Wave::Free).collect::<Vec<_>>()))?;
        arrays.set_item("clamped", vector(py, voltages(design, state, Wave::Clamped).collect::<Vec<_>>()))?;
        arrays.set_item("power", vector(py, power(design, state).to_vec()))?;
        Ok(arrays)
    }
}
