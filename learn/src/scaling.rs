//! Scaling of learning: loss against edges, training samples, rows of data and compute, of a crossbar that learns a linear teacher of
//! features whose variances fall by a power law, beside what stochastic gradient descent does exactly.
//!
//! Feature `j` has the variance `j^-a`, and its share of the teacher's output `j^-b`; both exponents are whole quarters, so that all powers come from
//! square roots and products alone and every machine computes the same bits. The student sees the first features only, each as `x` and `-x` on
//! two edges. Every training sample is a new one, but for the runs on a given number of rows. Losses are those of all possible
//! samples, relative to answering 0, from the conductances: nothing is estimated from a sample.

mod descent;
mod teacher;

use crate::device::DeviceError;
use descent::{mean_descent, second_moments};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use teacher::Teacher;
use thiserror::Error;
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, DesignError, Engine, Fast, Format, FormatError, Initial, LearningSchedule,
    NetworkError, Nudge, Omega, Rules, Sample, SampleError, Sense, StartError, State, Target, categorize,
};

/// What is studied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `a` in quarters: feature `j` has the variance `j^(-a/4)`, 1 to 16.
    pub covariance: u8,
    /// `b` in quarters: feature `j` makes up a share `j^(-b/4)` of the teacher's output, 1 to 16.
    pub teacher: u8,
    /// Features of the teacher.
    pub features: usize,
    /// Features that students see, each by two edges.
    pub sizes: Vec<usize>,
    /// Training samples of a run.
    pub samples: u64,
    /// Rows of data, of the runs that see no other ones.
    pub rows: Vec<usize>,
    /// Features of teacher and student of those runs.
    pub row_features: usize,
    /// The learning rate times the features' summed variance is `2^-rate`, to a factor of the square root of 2.
    pub rate: u8,
    /// Seeds 1 to this number; figures are means over them.
    pub seeds: u64,
}

/// A study that could not be made.
#[derive(Debug, Error)]
pub enum ScalingError {
    /// A setting is out of bounds.
    #[error("{field} = {value} is outside {low} to {high}; choose one inside these bounds")]
    Setting {
        /// Which.
        field: &'static str,
        /// What was asked for.
        value: u64,
        /// Smallest.
        low: u64,
        /// Largest.
        high: u64,
    },
    /// The crossbar is no network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The crossbar does not fit its format.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The format does not exist.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The engine does not take a state or sample.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The eigenvalues of some rows were not found.
    #[error("the eigenvalues of {rows} rows did not converge; choose another number of rows")]
    Eigenvalues {
        /// How many rows.
        rows: usize,
    },
    /// It was stopped.
    #[error("stopped before its end")]
    Stopped,
}

categorize! {
    ScalingError {
        inner: Network, Design, Format, Device;
        BadInput: Setting;
        Failed: Eigenvalues;
        Interrupted: Stopped;
    }
}

impl From<StartError> for ScalingError {
    fn from(error: StartError) -> ScalingError {
        ScalingError::Device(error.into())
    }
}

impl From<SampleError> for ScalingError {
    fn from(error: SampleError) -> ScalingError {
        ScalingError::Device(error.into())
    }
}

/// Guard bits and widths are those of `wide`; voltages are four times as fine, since what a teacher of many features answers is small.
const FORMAT: (u32, u32, u32, u32) = (18, 8, 16, 16);
/// Standard deviation of the first feature, in LSB of `v`.
const FIRST_FEATURE: f64 = 24_000.0;
/// What an output's edges conduct in all, in full conductances, unless they are too few to.
const CONDUCTANCE: f64 = 40.0;
/// Relaxing steps a sample: two Gauss-Seidel sweeps.
const STEPS: u32 = 4;

impl Plan {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`ScalingError::Setting`] names the first that is out of bounds.
    pub fn check(&self) -> Result<(), ScalingError> {
        let size = |size: &usize| ("--sizes", *size as u64, 1, self.features as u64);
        let rows = |rows: &usize| ("--rows", *rows as u64, 2, 1 << 20);
        let bounds = [
            ("--covariance", u64::from(self.covariance), 1, 16),
            ("--teacher", u64::from(self.teacher), 1, 16),
            ("--features", self.features as u64, 2, 16_000),
            ("--row-features", self.row_features as u64, 2, 4096),
            ("--samples", self.samples, 100, 1 << 40),
            ("--rate", u64::from(self.rate), 1, 16),
            ("--seeds", self.seeds, 1, 1000),
            ("--sizes (how many)", self.sizes.len() as u64, 2, 64),
            ("--rows (how many)", self.rows.len() as u64, 2, 64),
        ];
        for (field, value, low, high) in
            bounds.into_iter().chain(self.sizes.iter().map(size)).chain(self.rows.iter().map(rows))
        {
            if !(low..=high).contains(&value) {
                return Err(ScalingError::Setting { field, value, low, high });
            }
        }
        Ok(())
    }

    /// The numbers of training samples at which losses are taken: eight in a doubling, and the last.
    pub fn records(&self) -> Vec<u64> {
        let eighth = 2f64.sqrt().sqrt().sqrt();
        let mut records = vec![1];
        let mut at = 1.0;
        while let Some(&last) = records.last()
            && last < self.samples
        {
            at *= eighth;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1")]
            let next = (at.round() as u64).min(self.samples);
            if next > last {
                records.push(next);
            }
        }
        records
    }

    /// All runs: every size and every number of rows, with every seed.
    fn runs(&self) -> Vec<Run> {
        let fresh = self.sizes.iter().map(|&size| (size, self.features, None));
        let given = self.rows.iter().map(|&rows| (self.row_features, self.row_features, Some(rows)));
        let all = fresh.chain(given).flat_map(|(size, features, rows)| {
            (1..=self.seeds).map(move |seed| Run { size, features, rows, seed })
        });
        all.collect()
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        (self.sizes.len() + self.rows.len()) * usize::try_from(self.seeds).unwrap_or(usize::MAX)
    }
}

/// One network that learns.
#[derive(Clone, Copy, Debug)]
struct Run {
    size: usize,
    features: usize,
    /// How many rows it sees again and again; `None` if every sample is a new one.
    rows: Option<usize>,
    seed: u64,
}

/// Losses of the network and of its theory, at every record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Curve {
    /// As bits, so that a file gives back the same numbers.
    measured: Vec<u64>,
    exact: Vec<u64>,
}

/// A study as far as it has come. Runs that are finished are kept; a run that is stopped begins again, and comes to the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// What is studied.
    pub plan: Plan,
    /// By number of the run.
    curves: BTreeMap<usize, Curve>,
}

impl Progress {
    /// Nothing done.
    ///
    /// # Errors
    /// [`ScalingError::Setting`] names a setting that is out of bounds.
    pub fn new(plan: Plan) -> Result<Progress, ScalingError> {
        plan.check()?;
        Ok(Progress { plan, curves: BTreeMap::new() })
    }

    /// How many runs are finished.
    pub fn finished(&self) -> usize {
        self.curves.len()
    }

    /// Makes the runs that are missing, on all cores. `on_run` is told after each; `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`ScalingError::Stopped`] if `go_on` said no: the runs that are finished are kept. Others if a network does not fit its format.
    pub fn advance(
        &mut self,
        on_run: &(dyn Fn() + Sync),
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ScalingError> {
        let plan = &self.plan;
        let missing: Vec<(usize, Run)> = plan
            .runs()
            .into_iter()
            .enumerate()
            .filter(|(number, _)| !self.curves.contains_key(number))
            .collect();
        let one = |(number, run): (usize, Run)| {
            let curve = learn(plan, run, go_on)?;
            on_run();
            Ok((number, curve))
        };
        let made: Vec<Result<(usize, Curve), ScalingError>> = missing.into_par_iter().map(one).collect();
        let mut failure = None;
        for result in made {
            match result {
                Ok((number, curve)) => drop(self.curves.insert(number, curve)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// What a finished study found; sizes and rows without a run are left out.
    pub fn found(&self) -> Found {
        let records = self.plan.records();
        let runs = self.plan.runs();
        let mean = |which: &dyn Fn(&Run) -> bool| {
            let curves: Vec<&Curve> = runs
                .iter()
                .enumerate()
                .filter(|(_, run)| which(run))
                .filter_map(|(number, _)| self.curves.get(&number))
                .collect();
            let of = |bits: &dyn Fn(&Curve) -> u64| {
                curves.iter().map(|curve| f64::from_bits(bits(curve))).sum::<f64>() / count(curves.len())
            };
            let losses =
                |at: usize| [of(&|curve: &Curve| curve.measured[at]), of(&|curve: &Curve| curve.exact[at])];
            (0..records.len()).map(losses).collect::<Vec<_>>()
        };
        let fresh = self
            .plan
            .sizes
            .iter()
            .map(|&size| (size, mean(&|run: &Run| run.rows.is_none() && run.size == size)));
        let given = self.plan.rows.iter().map(|&rows| (rows, mean(&|run: &Run| run.rows == Some(rows))));
        Found { fresh: fresh.collect(), given: given.collect(), records }
    }
}

/// Loss of the networks and of exact theory.
pub type Losses = [f64; 2];

/// An exponent of the networks and of exact theory.
pub type Exponents = [f64; 2];

/// Mean losses over the seeds, at every record.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Training samples at which losses were taken.
    pub records: Vec<u64>,
    /// By number of features seen; every sample a new one.
    pub fresh: Vec<(usize, Vec<Losses>)>,
    /// By number of rows; theory is the mean of stochastic gradient descent, which is gradient descent.
    pub given: Vec<(usize, Vec<Losses>)>,
}

/// Where learning has come a way and the transient of the first samples is over.
const FROM: u64 = 300;

impl Found {
    /// How the loss of the largest network falls with the samples, from 300 on.
    pub fn time(&self) -> Exponents {
        let losses = &self.largest().1;
        let points = self.records.iter().zip(losses).filter(|(at, _)| **at >= FROM);
        exponents(points.map(|(&at, &losses)| (real(at), losses)))
    }

    /// How the loss at the end falls with the features seen.
    pub fn edges(&self) -> Exponents {
        exponents(self.at_the_end(&self.fresh))
    }

    /// How the loss at the end falls with the rows of data.
    pub fn rows(&self) -> Exponents {
        exponents(self.at_the_end(&self.given))
    }

    /// How the best loss of any network falls with the compute, and how the size of that network grows.
    pub fn compute(&self) -> [Exponents; 2] {
        let envelope = self.envelope();
        let losses = exponents(envelope.iter().map(|best| (best.compute, best.losses)));
        let sizes = exponents(envelope.iter().map(|best| (best.compute, best.sizes)));
        [losses, sizes.map(|exponent| -exponent)]
    }

    /// The largest deviation of the largest network's loss from theory, relative, from 100 samples on.
    pub fn worst_in_time(&self) -> f64 {
        let points = self.records.iter().zip(&self.largest().1).filter(|(at, _)| **at >= 100);
        worst(points.map(|(_, &losses)| losses))
    }

    /// The same of the losses at the end, over all sizes.
    pub fn worst_in_edges(&self) -> f64 {
        worst(self.at_the_end(&self.fresh).map(|(_, losses)| losses))
    }

    /// The loss at the end: the mean of the last three records.
    pub fn at_the_end<'a>(
        &self,
        curves: &'a [(usize, Vec<Losses>)],
    ) -> impl Iterator<Item = (f64, Losses)> + use<'a> {
        curves.iter().map(|(size, losses)| {
            let last = &losses[losses.len().saturating_sub(3)..];
            let mean =
                |which: usize| last.iter().map(|losses| losses[which]).sum::<f64>() / count(last.len());
            (count(*size), [mean(0), mean(1)])
        })
    }

    /// The least loss at every compute, in features times samples, where a network has had at least 30 samples.
    pub fn envelope(&self) -> Vec<Best> {
        let least = self.fresh.iter().map(|(size, _)| *size as u64).min().unwrap_or(1);
        let last = self.records.last().copied().unwrap_or(1);
        let most = self.fresh.iter().map(|(size, _)| *size as u64).max().unwrap_or(1) * last;
        let mut compute = real(30 * least);
        let mut envelope = Vec::new();
        while compute <= real(most) {
            let at = |size: usize, losses: &[Losses], which: usize| {
                let samples = compute / count(size);
                (samples >= 30.0 && samples <= real(last))
                    .then(|| interpolated(&self.records, losses, which, samples))
            };
            let best = |which: usize| {
                let all =
                    self.fresh.iter().filter_map(|(size, losses)| Some((at(*size, losses, which)?, *size)));
                all.min_by(|a, b| a.0.total_cmp(&b.0))
            };
            if let (Some(measured), Some(exact)) = (best(0), best(1)) {
                envelope.push(Best {
                    compute,
                    losses: [measured.0, exact.0],
                    sizes: [measured.1, exact.1].map(count),
                });
            }
            compute *= 2f64.sqrt();
        }
        envelope
    }

    fn largest(&self) -> &(usize, Vec<Losses>) {
        let largest = self.fresh.iter().max_by_key(|(size, _)| *size);
        largest.unwrap_or_else(|| unreachable!("a plan has at least two sizes"))
    }
}

/// The best that any network does with so much compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Features seen times training samples.
    pub compute: f64,
    /// The loss, measured and exact.
    pub losses: Losses,
    /// Features that network sees, measured and exact.
    pub sizes: [f64; 2],
}

/// The loss between records, evenly on logarithmic scales.
fn interpolated(records: &[u64], losses: &[Losses], which: usize, at: f64) -> f64 {
    let next = records.partition_point(|&record| real(record) < at).clamp(1, records.len() - 1);
    let [a, b] = [next - 1, next].map(|i| (real(records[i]).ln(), losses[i][which].ln()));
    let share = (at.ln() - a.0) / (b.0 - a.0);
    (a.1 + share * (b.1 - a.1)).exp()
}

/// Exponents of a falling power law, by least squares on logarithmic scales.
fn exponents(points: impl Iterator<Item = (f64, [f64; 2])>) -> Exponents {
    let points: Vec<(f64, [f64; 2])> = points.map(|(x, y)| (x.ln(), y.map(f64::ln))).collect();
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count(points.len());
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    [0, 1].map(|which| -points.iter().map(|(x, y)| (x - mean_x) * y[which]).sum::<f64>() / spread)
}

fn worst(losses: impl Iterator<Item = Losses>) -> f64 {
    losses.map(|[measured, exact]| (measured / exact - 1.0).abs()).fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn count(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn real(value: u64) -> f64 {
    value as f64
}

/// A crossbar from pairs of inputs to one output, and where its edges go.
struct Student {
    design: Arc<Design>,
    /// By edge, the number of its input.
    ports: Vec<usize>,
    /// What its edges conduct in all at first, in LSB of `g`.
    conductance: f64,
    start: State,
}

impl Student {
    fn new(size: usize, seed: u64, alpha: i8) -> Result<Student, ScalingError> {
        let network = crossbar(2 * size, 1, EdgeKind::Linear)?.with_alpha(&[alpha])?;
        let port = |edge: &wheatstone_sim::network::Edge| {
            network.inputs().iter().position(|input| edge.ends.contains(input))
        };
        let ports = network.edges().iter().filter_map(port).collect();
        let (v, v_guard, k, k_guard) = FORMAT;
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let design = Design::new(network, Format::new(v, v_guard, k, k_guard)?, rules)?;
        // Edges begin at half of full conductance or less.
        let each = (CONDUCTANCE / count(2 * size)).min(0.5);
        let start = State::initial(&design, &[Initial::Uniform { low: 0.9 * each, high: 1.1 * each }], seed);
        let full = f64::from(1u32 << k);
        Ok(Student { design: Arc::new(design), ports, conductance: each * full * count(2 * size), start })
    }

    /// The weight of every feature: the share of its positive edge in what all conduct, less that of its negative one.
    fn weights(&self, state: &State) -> Vec<f64> {
        let format = self.design.format();
        let mut weights = vec![0; self.ports.len() / 2];
        let mut sum = 0;
        for (&port, &k) in self.ports.iter().zip(&state.k) {
            let g = format.conductance(k);
            weights[port / 2] += if port % 2 == 0 { g } else { -g };
            sum += g;
        }
        #[expect(clippy::cast_precision_loss, reason = "sums of conductances are below 2^53")]
        let all = weights.into_iter().map(|weight| weight as f64 / sum as f64).collect();
        all
    }
}

/// What a row's numbers impose: every feature with either sign, and the target.
fn sample(row: &[i32], target: i32) -> Sample {
    Sample {
        inputs: row.iter().flat_map(|&x| [x, -x]).collect(),
        targets: vec![Some(Target { voltage: target, sense: Sense::Equal })],
    }
}

/// Streams of a run's seed beside those of its initial state.
const ROWS: u64 = 3;
const ORDER: u64 = 4;

/// Trains one network and follows its theory.
fn learn(plan: &Plan, run: Run, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Curve, ScalingError> {
    let teacher = Teacher::new(plan.covariance, plan.teacher, run.features, FIRST_FEATURE, run.seed);
    let per_rate = |conductance: f64| conductance * 65_536.0 / 4.0;
    let conductance = Student::new(run.size, run.seed, 0)?.conductance;
    // An edge's accumulator changes by -4 x (T - v) 2^alpha, and a weight by 1/D of the conductance's change.
    let wanted = 0.5f64.powi(plan.rate.into()) * per_rate(conductance) / teacher.total_variance();
    #[expect(clippy::cast_possible_truncation, reason = "limited to the learning shifts there are")]
    let alpha = wanted.log2().round().clamp(-24.0, 16.0) as i8;
    let rate = 2f64.powi(alpha.into()) / per_rate(conductance);
    let student = Student::new(run.size, run.seed, alpha)?;
    let (records, begin) = (plan.records(), student.weights(&student.start));

    let mut draws = ChaCha8Rng::seed_from_u64(run.seed);
    draws.set_stream(ROWS);
    let mut order = draws.clone();
    order.set_stream(ORDER);
    let given: Option<Vec<(Vec<i32>, i32)>> =
        run.rows.map(|rows| (0..rows).map(|_| teacher.row(&mut draws)).collect());
    let exact = match &given {
        None => second_moments(&teacher, &begin, rate, &records),
        Some(rows) => mean_descent(&teacher, rows, &begin, rate, &records)
            .ok_or(ScalingError::Eigenvalues { rows: rows.len() })?,
    };

    let configuration =
        Configuration { steps: STEPS, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut engine = Fast::new(Arc::clone(&student.design), configuration, student.start.clone())?;
    let mut measured = Vec::with_capacity(records.len());
    for trained in 1..=plan.samples {
        let drawn = given.is_none().then(|| teacher.row(&mut draws));
        let (row, target) = match (&given, &drawn) {
            (Some(rows), _) => &rows[below(&mut order, rows.len())],
            (None, Some(row)) => row,
            (None, None) => unreachable!("a row is drawn where none is given"),
        };
        engine.train(&sample(&row[..run.size], *target))?;
        if records.get(measured.len()) == Some(&trained) {
            measured.push(teacher.loss(&student.weights(&engine.state())).to_bits());
        }
        if trained % 64 == 0 && !go_on() {
            return Err(ScalingError::Stopped);
        }
    }
    Ok(Curve { measured, exact: exact.into_iter().map(f64::to_bits).collect() })
}

/// An index below a length.
fn below(draws: &mut ChaCha8Rng, length: usize) -> usize {
    let index = (u64::from(draws.next_u32()) * length as u64) >> 32;
    usize::try_from(index).unwrap_or(0)
}
