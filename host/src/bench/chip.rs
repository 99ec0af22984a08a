//! How fast a chip would train: the gateware of island and array, simulated with documented delays.

use super::{Baseline, BenchError, Division, Network};
use crate::device::{BoardError, Linked};
use crate::energy::Bounded;
use crate::energy::fpga::{self, Estimate, EstimateError};
use crate::link::RtlTransport;
use crate::quantity::{Kind, Quantity};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use wheatstone_hdl::top::ArrayForm;
use wheatstone_hdl::{Array, ArrayOptions, Board, Multiplier, NotBuildable, SimulationError};
use wheatstone_learn::device::{Device, DeviceError};
use wheatstone_learn::experiment::Experiment;
use wheatstone_link::{SessionOptions, Stop};

/// Fewest LUTs an edge takes on any board: a linear one, `compact`, serial.
const LEAST_EDGE_LUTS: u64 = 173;

/// Samples that are timed.
const SAMPLES: u64 = 12;

/// How fast a chip trains, and what its array takes.
#[derive(Clone, Debug, PartialEq)]
pub struct ChipCost {
    /// What was simulated, in a sentence for people.
    pub description: String,
    /// Seconds from one sample's beginning to that of the next one: island and array.
    pub sample: Quantity,
    /// Seconds the array alone is at work on a sample, learning included.
    pub array: Quantity,
    /// Seconds of a relaxing step of the array alone, its share of the learning step included.
    pub relaxing_step: Quantity,
    /// Joules the array alone takes for a sample, between wide bounds.
    pub energy: Quantity,
    /// Bounds of the static power of the chip's core in W, where they are known.
    pub static_watts: Option<(f64, f64)>,
    /// Edges of the network.
    pub edges: f64,
}

/// Why a chip has no cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPlace {
    /// The board whose device is too small, or that has none.
    pub board: Board,
    /// Why its device cannot hold the network.
    pub why: String,
}

/// How an array for a board multiplies: by the device's multipliers if there is one for every edge, else bit by bit.
pub fn array_options(experiment: &Experiment, board: Board) -> ArrayOptions {
    let edges = experiment.design.network().edges().len() as u64;
    let parallel = board.multiplier_sites().is_none_or(|sites| edges <= sites);
    let multiplier = if parallel { Multiplier::Parallel } else { Multiplier::Serial };
    ArrayOptions { technology: board.technology(), multiplier }
}

/// Whether a board could hold the network at all; whether it can be routed is not asked.
///
/// # Errors
/// [`NoPlace`] says why not.
pub fn check_place(experiment: &Experiment, board: Board) -> Result<(), NoPlace> {
    let edges = experiment.design.network().edges().len() as u64;
    let built: Result<(), NotBuildable> = wheatstone_hdl::check_buildable(&experiment.design);
    let why = match (built, board.lut4_sites()) {
        (_, None) => "it has no device".to_owned(),
        (Err(error), _) => error.to_string(),
        (Ok(()), Some(sites)) if edges * LEAST_EDGE_LUTS > sites => {
            format!(
                "{edges} edges of at least {LEAST_EDGE_LUTS} LUTs each, and the device of {board} has {sites}"
            )
        }
        _ => return Ok(()),
    };
    Err(NoPlace { board, why })
}

/// Simulates the first samples of a run on a chip.
///
/// # Errors
/// [`BenchError`] if the design cannot be simulated, or somebody asked to stop.
pub fn chip_cost(experiment: &Experiment, board: Board, stop: Stop) -> Result<ChipCost, BenchError> {
    let options = array_options(experiment, board);
    let multiply = match options.multiplier {
        Multiplier::Serial => "bit by bit",
        _ => "with the device's multipliers",
    };
    let description = format!(
        "{} in format {}, edges multiplying {multiply}, simulated for {board} with documented delays before placement",
        experiment.design.network().name(),
        experiment.design.format(),
    );
    let estimate = estimate(experiment, options, board, &stop)?;
    let array = quantity(estimate.seconds_per_sample, "s", estimate.time_kind);
    Ok(ChipCost {
        description,
        #[expect(clippy::cast_precision_loss, reason = "a chip holds few")]
        edges: experiment.design.network().edges().len() as f64,
        sample: sample_time(experiment, options, board, stop)?,
        relaxing_step: array.scaled(1.0 / f64::from(estimate.steps)),
        array,
        energy: quantity(estimate.energy_per_sample.map(|joule| joule.0), "J", estimate.kind),
        static_watts: fpga::constants::static_power(board).map(|power| (power.low, power.high)),
    })
}

/// The array alone, from where the model stands after an epoch: an array that begins far from equilibrium switches more.
fn estimate(
    experiment: &Experiment,
    options: ArrayOptions,
    board: Board,
    stop: &Stop,
) -> Result<Estimate, BenchError> {
    let Experiment { design, split, .. } = experiment;
    let array = Array::new(Arc::clone(design), options).map_err(SimulationError::from)?;
    let division = Division::new(experiment, 1)?;
    let mut network = Network::in_model(&division)?;
    network.train(split.train.len() as u64)?;
    let shown = split.train.iter().copied().cycle().take(usize::try_from(SAMPLES).unwrap_or(1));
    let samples = experiment.samples(&shown.collect::<Vec<_>>())?;
    let watch = |_| if stop.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match fpga::estimate(array, board, experiment.configuration(1), network.state()?, &samples, watch) {
        Err(EstimateError::Interrupted { .. }) => Err(BenchError::Interrupted),
        estimate => Ok(estimate?),
    }
}

fn quantity(bounded: Bounded<f64>, unit: &'static str, kind: Kind) -> Quantity {
    let Bounded { value, low, high } = bounded;
    // Rounding may carry the mean of equal values beyond them.
    Quantity { value: value.clamp(low, high.max(low)), unit: unit.into(), kind, low, high }
}

/// The whole chip, spoken to through its pins. It trains from its reset state, since delays are the same for any data and
/// shifting a state in takes longer than the samples.
fn sample_time(
    experiment: &Experiment,
    options: impl Into<ArrayForm>,
    board: Board,
    stop: Stop,
) -> Result<Quantity, BenchError> {
    let mut transport = RtlTransport::new(Arc::clone(&experiment.design), options, board)
        .map_err(BoardError::from)
        .map_err(DeviceError::from)?;
    let begun = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&begun);
    transport.on_sample(Box::new(move |at| seen.borrow_mut().push(at.as_secs_f64())));
    let options = SessionOptions { stop: stop.clone(), ..SessionOptions::default() };
    let mut device =
        Linked::connect(transport, Arc::clone(&experiment.design), options).map_err(DeviceError::from)?;
    let shown = &experiment.split.train[..experiment.split.train.len().min(64)];
    let samples = experiment.with_classes(&experiment.samples(shown)?);
    device.set_samples(&mut samples.into_iter(), experiment.encoder.coding())?;
    let stretch = experiment.stretch(0, SAMPLES + 1);
    device.train(&stretch, &mut |_| {
        if stop.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let begun = begun.borrow();
    let times: Vec<f64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if stop.is_requested() { Err(BenchError::Interrupted) } else { Ok(simulated(&times)) }
}

/// The mean of simulated times between the shortest and the longest.
fn simulated(times: &[f64]) -> Quantity {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let low = times.iter().copied().fold(f64::INFINITY, f64::min);
    let high = times.iter().copied().fold(0.0, f64::max);
    quantity(Bounded { value: mean, low, high }, "s", Kind::Simulated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }
    use wheatstone_hdl::Technology;
    use wheatstone_hdl::tile::FoldedOptions;
    use wheatstone_learn::preset::Preset;

    fn experiment(preset: &str) -> Experiment {
        let mut config = Preset::find(preset).unwrap().config().unwrap();
        config.format.0 = wheatstone_sim::Format::COMPACT;
        Experiment::prepare(config).unwrap()
    }

    #[test]
    fn a_sample_takes_the_chip_longer_than_the_array() {
        let experiment = experiment("linear-regression");
        let chip_cost = chip_cost(&experiment, board("ulx3s-25f"), Stop::default()).unwrap();
        let clock = 1.0 / 25e6;
        assert!(chip_cost.array.low > 0.0 && chip_cost.array.high < chip_cost.sample.low, "{chip_cost:?}");
        // Times of the chip are whole clocks, and a sample is some tens of them.
        for time in [chip_cost.sample.low, chip_cost.sample.high] {
            let clocks = time / clock;
            assert!(
                (clocks - clocks.round()).abs() < 1e-3 && (20.0..100.0).contains(&clocks),
                "{chip_cost:?}"
            );
        }
        let steps = f64::from(experiment.config.steps);
        assert!(
            (chip_cost.relaxing_step.value * steps / chip_cost.array.value - 1.0).abs() < 1e-9,
            "{chip_cost:?}"
        );
        assert_eq!(chip_cost.sample.kind, Kind::Simulated);
        assert_eq!(chip_cost.energy.kind, Kind::Estimated);
        assert!(0.0 < chip_cost.energy.low && chip_cost.energy.high < 1e-3, "{chip_cost:?}");
        assert!(chip_cost.description.contains("the device's multipliers"), "{}", chip_cost.description);
    }

    /// Samples stream: the island loads and counts while the array works.
    #[test]
    fn a_sample_takes_little_longer_than_the_array() {
        let iris = experiment("iris");
        let chip_cost = chip_cost(&iris, board("ulx3s-85f"), Stop::default()).unwrap();
        let ratio = chip_cost.sample.value / chip_cost.array.value;
        assert!(1.0 < ratio && ratio <= 1.25, "{ratio}: {chip_cost:?}");
    }

    /// A folded array's time follows its memories: that of iris is some microseconds too, state and link as everywhere.
    #[test]
    fn a_sample_of_a_folded_array_takes_microseconds() {
        let iris = Experiment::prepare(Preset::find("iris").unwrap().config().unwrap()).unwrap();
        let folded = FoldedOptions::from(Technology::Ecp5);
        let sample = sample_time(&iris, folded, board("ulx3s-85f"), Stop::default()).unwrap();
        assert!(sample.value * 1e6 <= 3.2, "{sample:?}");
    }

    #[test]
    fn what_has_no_place_is_said() {
        let digits = experiment("digits");
        let error = check_place(&digits, board("ulx3s-85f")).unwrap_err();
        assert!(error.why.contains("8960 edges") && error.why.contains("83640"), "{}", error.why);
        let iris = experiment("iris");
        assert_eq!(check_place(&iris, board("ulx3s-85f")), Ok(()));
        assert_eq!(array_options(&iris, board("ulx3s-85f")).multiplier, Multiplier::Serial);
        assert_eq!(array_options(&iris, Board::generic()).multiplier, Multiplier::Parallel);
        assert_eq!(check_place(&iris, Board::generic()).unwrap_err().why, "it has no device");
    }
}
