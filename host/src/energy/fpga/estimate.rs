//! From counts to joules.

use super::constants::{self, INTERNAL, NET, PRODUCT_ACTIVITY, PRODUCT_OF_DSP, PRODUCT_OF_LUTS, ROUTING};
use crate::energy::units::{Bounded, Joule};
use crate::quantity::Kind;
use serde::Serialize;
use std::ops::ControlFlow;
use thiserror::Error;
use wheatstone_hdl::activity::{Activity, Switching};
use wheatstone_hdl::{Array, ArraySimulation, Board, Multiplier, SimulationError, Technology};
use wheatstone_sim::{Configuration, Engine, Sample, SampleError, State, categorize};

/// What an estimate leaves out, for every place that shows one.
pub const EXCLUDES: &str =
    "the island and its clock, pins, the auxiliary supply, regulators, and the rest of the board; the host";

/// What the array is estimated to take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Name of the board that the array is estimated for.
    pub board: String,
    /// Samples trained in the simulation.
    pub samples: usize,
    /// Relaxing steps a sample.
    pub steps: u32,
    /// Simulated time a sample takes the array, in seconds: the mean, the fastest and the slowest. Delays are the
    /// documented ones, of the slow corner.
    pub seconds_per_sample: Bounded<f64>,
    /// Of the time.
    pub time_kind: Kind,
    /// Energy a sample takes, by where it goes.
    pub parts: Vec<Part>,
    /// Energy a sample takes. Between the bounds nothing is known; the value is their geometric mean.
    pub energy_per_sample: Bounded<Joule>,
    /// The same for one relaxing step, presenting and learning shared out.
    pub energy_per_step: Bounded<Joule>,
    /// Of all energies.
    pub kind: Kind,
}

/// A share of the energy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Where it goes.
    pub name: &'static str,
    /// What was counted, a sample; `None` for static energy.
    pub changes: Option<f64>,
    /// Energy a sample.
    pub energy: Bounded<Joule>,
}

/// An array whose energy cannot be estimated.
#[derive(Debug, Error)]
pub enum EstimateError {
    /// The board has no FPGA whose energy could be estimated.
    #[error("the board `{board}` has no FPGA to take energy; choose another")]
    NoDevice {
        /// The board that was asked for.
        board: Board,
    },
    /// An array for another device.
    #[error("the array is built for {} and the board `{board}` has another device; build it for {}", array.name(), board.technology().name())]
    Technology {
        /// The array's device.
        array: Technology,
        /// The board that was asked for.
        board: Board,
    },
    /// Nothing to train.
    #[error("there is no sample to train; give one at least, and more for a better mean")]
    NoSamples,
    /// The array cannot be simulated.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A sample does not fit.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The array came to no rest.
    #[error("the array stood still in the middle of sample {sample}; see `wheatstone hdl simulate`")]
    Stuck {
        /// Number of the sample, from 0.
        sample: usize,
    },
    /// Somebody stopped it.
    #[error("the estimate was interrupted after {done} samples")]
    Interrupted {
        /// Samples trained until then.
        done: usize,
    },
}

categorize! {
    EstimateError {
        inner: Simulation, Sample;
        BadInput: NoDevice, Technology, NoSamples;
        Failed: Stuck;
        Interrupted: Interrupted;
    }
}

/// Trains samples on the simulated array and estimates its energy on a board. `watch` is shown how many samples are
/// done, and stops it with `Break`.
///
/// Whether the array fits the board is not asked here; [`area`](wheatstone_hdl::area) tells. The first sample should be
/// like the others: an array that begins far from equilibrium switches more.
///
/// # Errors
/// [`EstimateError`]
pub fn estimate(
    array: Array,
    board: Board,
    configuration: Configuration,
    state: State,
    samples: &[Sample],
    mut watch: impl FnMut(usize) -> ControlFlow<()>,
) -> Result<Estimate, EstimateError> {
    let power = constants::static_power(board).ok_or(EstimateError::NoDevice { board })?.watts();
    let technology = array.technology();
    if technology != board.technology() {
        return Err(EstimateError::Technology { array: technology, board });
    }
    let prices = Prices::new(board, array.multiplier());
    let mut simulation = ArraySimulation::of(array, configuration, state)?;
    let activity = Activity::new(simulation.circuit());
    simulation.circuit_mut().observe(Some(activity.observer()));
    let mut seconds: Vec<f64> = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        simulation.train(sample)?;
        if simulation.is_stuck() {
            return Err(EstimateError::Stuck { sample: number });
        }
        seconds.push(simulation.busy_ps() as f64 * 1e-12);
        if watch(number + 1).is_break() && number + 1 < samples.len() {
            return Err(EstimateError::Interrupted { done: number + 1 });
        }
    }
    if seconds.is_empty() {
        return Err(EstimateError::NoSamples);
    }
    let count = seconds.len() as f64;
    let seconds_per_sample = Bounded {
        value: seconds.iter().sum::<f64>() / count,
        low: seconds.iter().copied().fold(f64::INFINITY, f64::min),
        high: seconds.iter().copied().fold(0.0, f64::max),
    };
    let mut parts = prices.parts(&activity.take(), count);
    let energy = Bounded {
        value: power.value.0 * seconds_per_sample.value,
        low: power.low.0 * seconds_per_sample.value,
        high: power.high.0 * seconds_per_sample.value,
    };
    parts.push(Part { name: "static", changes: None, energy: energy.map(Joule) });
    let (low, high) = parts
        .iter()
        .fold((0.0, 0.0), |(low, high), part| (low + part.energy.low.0, high + part.energy.high.0));
    let energy_per_sample = between(low, high);
    let steps = f64::from(configuration.steps);
    Ok(Estimate {
        board: board.name().to_owned(),
        samples: seconds.len(),
        steps: configuration.steps,
        seconds_per_sample,
        time_kind: Kind::Simulated,
        parts,
        energy_per_sample,
        energy_per_step: energy_per_sample.map(|joule| joule / steps),
        kind: Kind::Estimated,
    })
}

/// Bounds of which nothing better is known.
fn between(low: f64, high: f64) -> Bounded<Joule> {
    Bounded { value: (low * high).sqrt(), low, high }.map(Joule)
}

/// What changes cost on a device.
#[derive(Clone, Copy, Debug)]
struct Prices {
    /// A change of a net, in J.
    net: [f64; 2],
    /// What is hidden behind a changed bit at an input.
    hidden: [f64; 2],
    /// A product, for each pair of bits.
    product: [f64; 2],
}

impl Prices {
    fn new(board: Board, multiplier: Multiplier) -> Prices {
        let device = constants::dynamic_energy(board).map_or([1.0, 1.0], |times| [times.low, times.high]);
        // Whether a product is made by a DSP block is synthesis's choice where there are some.
        let has_blocks =
            board.device().is_none_or(|device| device.multipliers > 0) && multiplier == Multiplier::Parallel;
        let cheapest = if has_blocks { PRODUCT_OF_DSP } else { PRODUCT_OF_LUTS };
        let net = [NET.low * ROUTING.low, NET.high * ROUTING.high];
        let hidden = [NET.low * INTERNAL.low, NET.high * INTERNAL.high];
        let product = [cheapest.low * PRODUCT_ACTIVITY.low, PRODUCT_OF_LUTS.high * PRODUCT_ACTIVITY.high];
        let scaled = |[low, high]: [f64; 2]| [low * device[0], high * device[1]];
        Prices { net: scaled(net), hidden: scaled(hidden), product: scaled(product) }
    }

    /// Where the energy of a sample goes, of so many that were counted together.
    fn parts(&self, switching: &Switching, samples: f64) -> Vec<Part> {
        let Switching { nets, channels, pins, fires, clocked_tiles, delay_luts, ref products } = *switching;
        let part = |name, changes: u64, [low, high]: [f64; 2]| Part {
            name,
            changes: Some(changes as f64 / samples),
            energy: between(low / samples, high / samples),
        };
        let each = |count: u64| self.net.map(|joules| joules * count as f64);
        let inside = self.hidden.map(|joules| joules * pins as f64);
        // A clock costs a net at least, and at most a branch for every tile as well.
        let clocks = [self.net[0] * fires as f64, self.net[1] * (fires + clocked_tiles) as f64];
        let (mut results, mut multiplying) = (0, [0.0, 0.0]);
        for (&[a, b], work) in products {
            let pairs = f64::from(a) * f64::from(b);
            // A product settles once for every result at least, and may start anew with every change of a factor.
            let depth = (f64::from(a + b) / 16.0).max(1.0);
            multiplying[0] += self.product[0] * pairs * work.results as f64;
            multiplying[1] += self.product[1] * pairs * depth * work.operands.max(work.results) as f64;
            results += work.results;
        }
        let within = nets.saturating_sub(channels);
        vec![
            part("channels between cells", channels, each(channels)),
            part("nets within cells", within, each(within)),
            part("hidden in functions", pins, inside),
            part("local clocks", fires, clocks),
            part("matched delays", delay_luts, each(delay_luts)),
            part("products", results, multiplying),
        ]
    }
}

#[cfg(test)]
mod tests;
