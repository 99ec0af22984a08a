//! The array against the reference engine: every token on every channel and the whole state after every sample, for
//! random networks under random delays.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;
mod designs;

use common::{Draw, Graph, Kinds, Spread};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::sync::Arc;
use wheatstone_hdl::verify::{SideBySide, side_by_side};
use wheatstone_hdl::{
    Array, ArrayOptions, Multiplier, Technology, check_buildable, check_buildable_in_luts, timing,
};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Nudge, Omega, Reference, Sample,
};

const PARALLEL: ArrayOptions =
    ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Parallel };
const LUT: ArrayOptions = ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Lut };
const SERIAL: ArrayOptions = ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Serial };

/// An array under its documented delays, or delays drawn from a seed, beside a model. Every other draw has pauses, stretches and leads.
fn start(
    design: &Arc<Design>,
    options: ArrayOptions,
    configuration: Configuration,
    seed: u64,
    jitter: Option<u64>,
) -> SideBySide {
    let mut draw = Draw::new(seed);
    let spread = if draw.one_in(3) { Spread::Extreme } else { Spread::Even };
    start_spread(design, options, configuration, (seed, spread), jitter)
}

fn start_spread(
    design: &Arc<Design>,
    options: ArrayOptions,
    configuration: Configuration,
    (seed, spread): (u64, Spread),
    jitter: Option<u64>,
) -> SideBySide {
    let mut draw = Draw::new(seed);
    let state = common::random_state(&mut draw, design, spread);
    let mut array = Array::new(Arc::clone(design), options).unwrap();
    if jitter.is_some_and(|seed| seed % 2 == 1) {
        array = designs::drawn_out(&array);
    }
    if let Some(seed) = jitter {
        timing::jitter(&array.module, array.technology(), seed);
    }
    side_by_side(array, configuration, state).unwrap()
}

/// Trains and reads on random samples until something differs.
fn run(pair: &mut SideBySide, design: &Design, samples: usize, seed: u64) -> Result<(), String> {
    let mut draw = Draw::new(seed ^ 0x5a5a);
    for i in 0..samples {
        let spread = draw.pick(&[Spread::Even, Spread::Extreme]);
        let sample: Sample = common::random_sample(&mut draw, design, spread, true);
        pair.train(&sample).unwrap();
        if i % 2 == 1 {
            pair.read(&sample.inputs, 3).unwrap();
        }
        if let Some(difference) = pair.difference() {
            return Err(difference.to_string());
        }
    }
    Ok(())
}

/// Every mode, nudge and kind, in both presets, on networks of up to 64 nodes, each under the documented delays and five
/// draws of them; the smaller ones with multipliers of LUTs and bit-serial ones as well.
#[test]
fn random_networks_under_random_delays() {
    let mut tokens = 0;
    for network_seed in 0..24u64 {
        let mut draw = Draw::new(1000 + network_seed);
        let nodes = if network_seed < 4 { 64 } else { draw.index(40) + 3 };
        let graph = Graph {
            nodes,
            extra_edges: draw.index(nodes * 2),
            inputs: draw.index(4) + 1,
            outputs: draw.index(4) + 1,
            kinds: [Kinds::Linear, Kinds::Transistor, Kinds::Mixed]
                [usize::try_from(network_seed % 3).unwrap()],
            diodes: network_seed % 2 == 0,
            bipartite: true,
            alpha: (-12, 4),
        };
        let format = [Format::WIDE, Format::COMPACT][usize::try_from(network_seed / 3 % 2).unwrap()];
        let nudge = draw.pick(&[
            Nudge::Clamped { eta: 0 },
            Nudge::Clamped { eta: 2 },
            Nudge::Current { beta: 2, centred: false },
            Nudge::Current { beta: 1, centred: true },
        ]);
        let learning = [
            LearningSchedule::Quasistatic,
            LearningSchedule::Continuous { every: 2 },
            LearningSchedule::Desynchronous { rarity: 1 },
            LearningSchedule::Desynchronous { rarity: 3 },
        ][usize::try_from(network_seed % 4).unwrap()];
        let network = common::random_network(&mut draw, graph);
        let omega = Omega::new(u8::try_from(draw.within(4..=15)).unwrap()).unwrap();
        let design = Arc::new(common::design_on(network, format, omega, nudge, (-20_000, 3)));
        check_buildable(&design).unwrap();
        let offset = u8::try_from(draw.within(0..=3)).unwrap();
        let configuration = Configuration { steps: 5, learning, alpha_offset: offset };
        let others = [(LUT, 6), (SERIAL, 7)].into_iter().filter(|_| nodes <= 20);
        for (options, jitter) in (0..=5).map(|jitter| (PARALLEL, jitter)).chain(others) {
            let mut pair =
                start(&design, options, configuration, network_seed, (jitter > 0).then_some(jitter));
            run(&mut pair, &design, 3, network_seed).unwrap_or_else(|difference| {
                panic!("network {network_seed}, delays {jitter}: {difference}");
            });
            tokens += pair.array().fires();
        }
    }
    eprintln!("{tokens} fires compared");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 120,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/equality.txt"))),
        ..ProptestConfig::default()
    })]

    /// Any design that can be built, shrunk to the first differing cell, step and value.
    #[test]
    fn any_design_equals_the_model(
        case in common::cases(&[Kinds::Linear, Kinds::Transistor, Kinds::Mixed], true),
        jitter in any::<u64>(),
        serial in proptest::bool::weighted(0.25),
    ) {
        // Read where a case never ends, and so cannot be shrunk.
        let format = case.design.format();
        eprintln!("{}: {:?}, {format}, {:?}, delays {jitter}, serial: {serial}", case.seed, case.graph, case.configuration);
        let design = Arc::new(case.design);
        let (options, buildable) = if serial {
            (SERIAL, check_buildable_in_luts(&design))
        } else {
            (PARALLEL, check_buildable(&design))
        };
        prop_assume!(buildable.is_ok());
        let mut pair = start(&design, options, case.configuration, case.seed, Some(jitter));
        let outcome = run(&mut pair, &design, 2, case.seed);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// Voltages much narrower than conductances: overdrives take longer to multiply than a small learning shift to learn.
#[test]
fn wide_conductances_relax_to_the_end_bit_by_bit() {
    let format = Format::new(6, 11, 18, 0).unwrap();
    let graph = Graph {
        nodes: 6,
        extra_edges: 4,
        inputs: 2,
        outputs: 1,
        kinds: Kinds::Transistor,
        diodes: false,
        bipartite: true,
        alpha: (4, 4),
    };
    let network = common::random_network(&mut Draw::new(5), graph);
    let nudge = Nudge::Clamped { eta: 1 };
    let design = Arc::new(common::design_on(network, format, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let mut pair = start_spread(&design, SERIAL, CONFIGURATION, (5, Spread::Even), None);
    run(&mut pair, &design, 3, 5).unwrap_or_else(|difference| panic!("{difference}"));
}

/// A small lattice of two inputs and an output, with any state.
fn small_design(format: Format) -> Arc<Design> {
    let mut draw = Draw::new(7);
    let graph = Graph {
        nodes: 7,
        extra_edges: 4,
        inputs: 2,
        outputs: 2,
        kinds: Kinds::Linear,
        diodes: true,
        bipartite: true,
        alpha: (-4, 0),
    };
    let network = common::random_network(&mut draw, graph);
    Arc::new(common::design_on(network, format, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 1 }, (0, 1)))
}

const CONFIGURATION: Configuration =
    Configuration { steps: 4, learning: LearningSchedule::Desynchronous { rarity: 1 }, alpha_offset: 0 };

/// A checkpoint goes from the model through the scan chain into the array, learns there, and comes back through the
/// scan chain into another model, which continues to the same bits as one that never left.
#[test]
fn a_checkpoint_moves_through_the_scan_chain_and_back() {
    for format in [Format::WIDE, Format::COMPACT] {
        let design = small_design(format);
        let mut draw = Draw::new(11);
        let state = common::random_state(&mut draw, &design, Spread::Even);
        let samples: Vec<Sample> =
            (0..6).map(|_| common::random_sample(&mut draw, &design, Spread::Even, true)).collect();
        let mut stayed = Reference::new(Arc::clone(&design), CONFIGURATION, state.clone()).unwrap();
        let mut model = Reference::new(Arc::clone(&design), CONFIGURATION, state).unwrap();
        for sample in &samples[..2] {
            stayed.train(sample).unwrap();
            model.train(sample).unwrap();
        }
        let other = common::random_state(&mut draw, &design, Spread::Extreme);
        let array = Array::new(Arc::clone(&design), Technology::Ecp5).unwrap();
        let mut array = wheatstone_hdl::ArraySimulation::of(array, CONFIGURATION, other).unwrap();
        array.scan_write(&model.state()).unwrap();
        assert_eq!(array.state(), model.state(), "what went in");
        for sample in &samples[2..4] {
            stayed.train(sample).unwrap();
            array.train(sample).unwrap();
        }
        let scanned = array.scan_read();
        assert_eq!(scanned, stayed.state(), "what came out");
        assert_eq!(array.scan_read(), scanned, "reading changes nothing");
        let mut model = Reference::new(Arc::clone(&design), CONFIGURATION, scanned).unwrap();
        for sample in &samples[4..] {
            assert_eq!(model.train(sample).unwrap(), stayed.train(sample).unwrap());
        }
        assert_eq!(model.state(), stayed.state());
    }
}

/// A matched delay shorter than the data it waits for: the comparison notices, cell by cell.
///
/// In a crossbar every current into an output leaves its edge in the same fire as the request, so that no cell has
/// time to spare.
#[test]
fn a_matched_delay_cut_short_is_noticed() {
    let network = crossbar(3, 2, EdgeKind::Linear).unwrap();
    let nudge = Nudge::Current { beta: 2, centred: false };
    let design = Arc::new(common::design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let array = Array::new(Arc::clone(&design), Technology::Ecp5).unwrap();
    let cells = timing::analyse(&array.module, array.technology());
    assert!(cells.iter().all(|cell| cell.control_ps + cell.matched_ps > cell.data_ps), "{cells:?}");
    for cell in cells.iter().filter(|cell| !cell.module.starts_with("input")) {
        let mut pair = start_spread(&design, PARALLEL, CONFIGURATION, (3, Spread::Even), None);
        let path = format!("{}.matched_delay", cell.cell);
        let (_, leaf) = pair.array().circuit().leaves().find(|(name, _)| *name == path).unwrap();
        leaf.set_delay_ps(cell.data_ps.saturating_sub(cell.control_ps) / 2);
        assert!(run(&mut pair, &design, 3, 3).is_err(), "{} fires too early unnoticed", cell.cell);
    }
}
