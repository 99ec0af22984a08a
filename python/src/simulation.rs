//! One network that learns samples given as voltages, sample by sample or step by step, and what it looks like on the way.

use crate::arrays::{Rows, matrix, vector};
use crate::errors::OrRaise;
use crate::network::Network;
use crate::signals::Signals;
use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::Deserialize;
use std::sync::Arc;
use wheatstone_learn::config::FormatChoice;
use wheatstone_learn::snapshot::{conductances, power, voltages};
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, Features, Initial, LearningSchedule, Nudge, Omega, Replicas, Rules,
    Sample, Sense, State, Target, Temperature, Wave, Waves, epoch_order, hex,
};

/// How a network learns, as JSON with the words of a configuration.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    format: FormatChoice,
    omega: Omega,
    steps: u32,
    nudge: Nudge,
    learning: LearningSchedule,
    alpha_offset: u8,
    g_min: u32,
    lowest_rail: f64,
    initial: Vec<Initial>,
    /// Whether every epoch has an order of its own, drawn from the seed; if not, samples come as they are given.
    shuffle: bool,
    /// Of the noise, in full conductances times (1 V)^2.
    temperature: Option<f64>,
    waves: Waves,
}

impl Settings {
    fn configuration(&self) -> Configuration {
        Configuration { steps: self.steps, learning: self.learning, alpha_offset: self.alpha_offset }
    }
}

/// How often a trajectory is taken, and how often.
#[derive(Clone, Copy)]
enum Unit {
    Samples,
    Steps,
}

/// A network in training.
#[pyclass(module = "wheatstone._core")]
pub struct Simulation {
    settings: Settings,
    samples: Vec<Sample>,
    run: Run,
}

/// Where a training is: so many samples, and so many steps of the next one.
struct Run {
    engine: Fast,
    seed: u64,
    trained: u64,
    step: u32,
    epoch: Option<(u32, Vec<u32>)>,
}

impl Run {
    /// The sample that is trained next or being trained.
    fn sample<'s>(&mut self, samples: &'s [Sample], settings: &Settings) -> &'s Sample {
        let count = samples.len() as u64;
        let place = usize::try_from(self.trained % count).unwrap_or(0);
        if !settings.shuffle {
            return &samples[place];
        }
        let epoch = u32::try_from(self.trained / count).unwrap_or(u32::MAX);
        let order = match self.epoch.take() {
            Some((known, order)) if known == epoch => order,
            _ => epoch_order(self.seed, epoch, samples.len()),
        };
        let index = order[place] as usize;
        self.epoch = Some((epoch, order));
        &samples[index]
    }

    /// One relaxing step, and the learning step after it if it is due.
    fn step(&mut self, samples: &[Sample], settings: &Settings) -> PyResult<()> {
        if self.step == 0 {
            let sample = self.sample(samples, settings);
            self.engine.present(sample).or_raise()?;
        }
        self.engine.step();
        self.step += 1;
        if self.step.is_multiple_of(settings.learning.period(settings.steps)) {
            self.engine.learn();
        }
        if self.step == settings.steps {
            (self.step, self.trained) = (0, self.trained + 1);
        }
        Ok(())
    }

    /// Up to the end of the next sample, or of the one that is begun.
    fn train(&mut self, samples: &[Sample], settings: &Settings) -> PyResult<()> {
        if self.step > 0 {
            while self.step > 0 {
                self.step(samples, settings)?;
            }
            return Ok(());
        }
        let sample = self.sample(samples, settings);
        self.engine.train(sample).or_raise()?;
        self.trained += 1;
        Ok(())
    }

    fn advance(
        &mut self,
        samples: &[Sample],
        settings: &Settings,
        (unit, count): (Unit, u64),
        signals: &mut Signals,
    ) -> PyResult<bool> {
        for _ in 0..count {
            if !signals.allow() {
                return Ok(false);
            }
            match unit {
                Unit::Samples => self.train(samples, settings)?,
                Unit::Steps => self.step(samples, settings)?,
            }
        }
        Ok(true)
    }
}

/// Snapshots one after the other.
#[derive(Default)]
struct Trajectory {
    samples: Vec<u64>,
    steps: Vec<u64>,
    conductances: Vec<f64>,
    voltages: [Vec<f64>; 2],
    power: Vec<f64>,
}

impl Trajectory {
    /// With room for so many snapshots: numbers are written once, where Python finds them.
    ///
    /// # Errors
    /// `MemoryError` if there is not so much memory.
    fn with_room(design: &Design, count: usize) -> PyResult<Trajectory> {
        let (nodes, edges) = (design.network().nodes().len(), design.network().edges().len());
        let room = |columns: usize| -> PyResult<Vec<f64>> {
            let mut values = Vec::new();
            let reserved =
                count.checked_mul(columns).is_some_and(|size| values.try_reserve_exact(size).is_ok());
            let message =
                || format!("{count} snapshots do not fit into memory; take fewer, or every so many");
            if reserved { Ok(values) } else { Err(PyMemoryError::new_err(message())) }
        };
        let voltages = [room(nodes)?, room(nodes)?];
        Ok(Trajectory { conductances: room(edges)?, voltages, power: room(2)?, ..Trajectory::default() })
    }

    fn push(&mut self, design: &Design, state: &State) {
        self.conductances.extend(conductances(design, state));
        for wave in Wave::BOTH {
            self.voltages[wave.index()].extend(voltages(design, state, wave));
        }
        self.power.extend(power(design, state));
    }

    fn into_arrays<'py>(self, py: Python<'py>, design: &Design) -> PyResult<Bound<'py, PyDict>> {
        let (nodes, edges) = (design.network().nodes().len(), design.network().edges().len());
        let arrays = PyDict::new(py);
        if !self.samples.is_empty() {
            arrays.set_item("samples", vector(py, self.samples))?;
            arrays.set_item("steps", vector(py, self.steps))?;
        }
        arrays.set_item("conductances", matrix(py, self.conductances, edges)?)?;
        let [free, clamped] = self.voltages;
        arrays.set_item("free", matrix(py, free, nodes)?)?;
        arrays.set_item("clamped", matrix(py, clamped, nodes)?)?;
        arrays.set_item("power", matrix(py, self.power, 2)?)?;
        Ok(arrays)
    }
}

fn unit(name: &str) -> PyResult<Unit> {
    match name {
        "samples" => Ok(Unit::Samples),
        "steps" => Ok(Unit::Steps),
        other => Err(PyValueError::new_err(format!("there is no unit `{other}`; say samples or steps"))),
    }
}

#[pymethods]
impl Simulation {
    /// Rows of voltages for the inputs and of wanted voltages for the outputs, in volts; NaN leaves an output free.
    #[new]
    fn new(
        network: &Network,
        settings: &str,
        seed: u64,
        volts: PyReadonlyArray2<'_, f64>,
        targets: PyReadonlyArray2<'_, f64>,
        sense: &str,
    ) -> PyResult<Simulation> {
        let settings: Settings =
            serde_json::from_str(settings).map_err(|error| PyValueError::new_err(error.to_string()))?;
        if settings.initial.is_empty() {
            return Err(PyValueError::new_err("initial holds nothing; give at least one entry"));
        }
        if settings.learning.period(settings.steps) > settings.steps {
            return Err(PyValueError::new_err("every exceeds steps, so that nothing would ever be learned"));
        }
        let format = settings.format.0;
        let rules = Rules {
            omega: settings.omega,
            nudge: settings.nudge,
            g_min: settings.g_min,
            lowest_rail: format.quantise_volts(settings.lowest_rail),
        };
        let temperature = settings
            .temperature
            .map(|value| Temperature::from_full_scale(value, format))
            .transpose()
            .or_raise()?;
        let design = Design::new(network.graph.clone(), format, rules).or_raise()?;
        let features = Features { temperature, waves: settings.waves };
        let design = Arc::new(design.with_features(features).or_raise()?);
        let sense = match sense {
            "equal" => Sense::Equal,
            "at_least" => Sense::AtLeast,
            "at_most" => Sense::AtMost,
            other => {
                let message = format!("there is no sense `{other}`; say equal, at_least or at_most");
                return Err(PyValueError::new_err(message));
            }
        };
        let (volts, targets) = (Rows::of(&volts)?, Rows::of(&targets)?);
        let sample = |row| Sample {
            inputs: volts.row(row).iter().map(|&volts| format.quantise_volts(volts)).collect(),
            targets: targets
                .row(row)
                .iter()
                .map(|&volts| {
                    (!volts.is_nan()).then(|| Target { voltage: format.quantise_volts(volts), sense })
                })
                .collect(),
        };
        let samples: Vec<Sample> = (0..volts.count()).map(sample).collect();
        samples
            .iter()
            .try_for_each(|sample| wheatstone_sim::engine::check_sample(&design, sample))
            .or_raise()?;
        let state = State::initial(&design, &settings.initial, seed);
        let engine = Fast::new(design, settings.configuration(), state).or_raise()?;
        let run = Run { engine, seed, trained: 0, step: 0, epoch: None };
        Ok(Simulation { settings, samples, run })
    }

    /// Trains on, without looking.
    fn advance(&mut self, py: Python<'_>, by: &str, count: u64) -> PyResult<()> {
        let unit = unit(by)?;
        let Simulation { settings, samples, run } = self;
        py.detach(|| {
            let mut signals = Signals::new();
            run.advance(samples, settings, (unit, count), &mut signals)?;
            signals.into_result()
        })
    }

    /// Trains `count` times `every` samples or steps, and returns what it looks like after each of these times.
    fn trajectory<'py>(
        &mut self,
        py: Python<'py>,
        by: &str,
        every: u64,
        count: u64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let unit = unit(by)?;
        let Simulation { settings, samples, run } = self;
        let trajectory = py.detach(|| {
            let moments = usize::try_from(count).unwrap_or(usize::MAX);
            let mut taken = Trajectory::with_room(run.engine.design(), moments)?;
            let mut signals = Signals::new();
            for _ in 0..count {
                if !run.advance(samples, settings, (unit, every), &mut signals)? {
                    break;
                }
                taken.samples.push(run.trained);
                taken.steps.push(run.trained * u64::from(settings.steps) + u64::from(run.step));
                taken.push(run.engine.design(), &run.engine.state());
            }
            signals.into_result().map(|()| taken)
        })?;
        trajectory.into_arrays(py, self.run.engine.design())
    }

    /// Conductances, free and clamped voltages, and power, as they are.
    #[expect(clippy::type_complexity, reason = "four arrays, for one caller")]
    fn snapshot<'py>(
        &self,
        py: Python<'py>,
    ) -> (
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
    ) {
        let engine = &self.run.engine;
        let mut taken = Trajectory::default();
        py.detach(|| taken.push(engine.design(), &engine.state()));
        let Trajectory { conductances, voltages: [free, clamped], power, .. } = taken;
        (vector(py, conductances), vector(py, free), vector(py, clamped), vector(py, power))
    }

    /// Trains every seed from its own beginning on that many samples, in the lanes of vectors. Returns the last states, one row
    /// for each seed; nothing changes here.
    fn batch<'py>(&self, py: Python<'py>, seeds: Vec<u64>, count: u64) -> PyResult<Bound<'py, PyDict>> {
        let design = Arc::new(self.run.engine.design().clone());
        let (settings, samples) = (&self.settings, &self.samples);
        let trajectory = py.detach(|| {
            let (mut taken, mut signals) = (Trajectory::with_room(&design, seeds.len())?, Signals::new());
            for group in seeds.chunks(Replicas::group_size(&design).max(1)) {
                let initial = |&seed: &u64| State::initial(&design, &settings.initial, seed);
                let states = group.iter().map(initial).collect();
                let mut replicas =
                    Replicas::new(Arc::clone(&design), settings.configuration(), states).or_raise()?;
                let rows = samples.len() as u64;
                let mut orders: Vec<Vec<u32>> = Vec::new();
                for trained in 0..count {
                    let place = usize::try_from(trained % rows).unwrap_or(0);
                    if settings.shuffle && place == 0 {
                        let epoch = u32::try_from(trained / rows).unwrap_or(u32::MAX);
                        orders = group.iter().map(|&seed| epoch_order(seed, epoch, samples.len())).collect();
                    }
                    let index = |lane: usize| orders.get(lane).map_or(place, |order| order[place] as usize);
                    let shown: Vec<_> = (0..group.len()).map(|lane| Some(&samples[index(lane)])).collect();
                    replicas.train(&shown).or_raise()?;
                    if !signals.allow() {
                        return signals.into_result().map(|()| taken);
                    }
                }
                (0..group.len()).for_each(|lane| taken.push(&design, &replicas.state(lane)));
            }
            Ok(taken)
        })?;
        trajectory.into_arrays(py, &design)
    }

    /// Answers rows of voltages, each from the voltages as they are now; nothing learns and nothing changes here.
    fn read<'py>(
        &self,
        py: Python<'py>,
        volts: PyReadonlyArray2<'py, f64>,
        steps: u32,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let rows = Rows::of(&volts)?;
        let design = Arc::new(self.run.engine.design().clone());
        let answers = py.detach(|| -> PyResult<Vec<f64>> {
            let (format, state) = (design.format(), self.run.engine.state());
            let configuration = self.settings.configuration();
            let mut engine = Fast::new(Arc::clone(&design), configuration, state.clone()).or_raise()?;
            let mut answers = Vec::new();
            for row in 0..rows.count() {
                engine.set_state(state.clone()).or_raise()?;
                let inputs: Vec<i32> =
                    rows.row(row).iter().map(|&volts| format.quantise_volts(volts)).collect();
                answers.extend(engine.read(&inputs, steps).or_raise()?.iter().map(|&v| format.to_volts(v)));
            }
            Ok(answers)
        })?;
        matrix(py, answers, design.network().outputs().len())
    }

    /// Samples trained to their end.
    #[getter]
    fn samples(&self) -> u64 {
        self.run.trained
    }

    /// Relaxing steps made in all.
    #[getter]
    fn steps(&self) -> u64 {
        self.run.trained * u64::from(self.settings.steps) + u64::from(self.run.step)
    }

    /// Digest of the state: equal digests mean equal bits in every cell.
    #[getter]
    fn digest(&self) -> String {
        hex::encode(&self.run.engine.state().digest())
    }

    /// The state as bytes, see `State::to_bytes`.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.run.engine.state().to_bytes())
    }
}
