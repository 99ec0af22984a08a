use super::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_hdl::ArrayOptions;
use wheatstone_hdl::activity::Products;
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sense, Target};

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found:e} and not {expected:e}");
}

fn board(name: &str) -> Board {
    name.parse().unwrap()
}

#[test]
fn counts_cost_what_the_constants_say() {
    let switching = Switching {
        nets: 1000,
        channels: 400,
        pins: 2000,
        fires: 20,
        clocked_tiles: 60,
        delay_luts: 300,
        products: BTreeMap::from([([12, 12], Products { results: 10, operands: 30 })]),
    };
    let parts = Prices::new(board("hx8k-evn"), Multiplier::Parallel).parts(&switching, 2.0);
    let expected = [
        ("channels between cells", 200.0, 20e-12, 200e-12),
        ("nets within cells", 300.0, 30e-12, 300e-12),
        ("hidden in functions", 1000.0, 0.0, 800e-12),
        ("local clocks", 10.0, 1e-12, 40e-12),
        ("matched delays", 150.0, 15e-12, 150e-12),
        ("products", 5.0, 0.56e-12 * 144.0 * 5.0, 0.56e-12 * 2.0 * 144.0 * 1.5 * 15.0),
    ];
    for (part, (name, changes, low, high)) in parts.iter().zip(expected) {
        assert_eq!((part.name, part.changes), (name, Some(changes)));
        assert!((part.energy.low.0 - low).abs() < 1e-20, "{part:?}");
        near(part.energy.high.0, high);
        near(part.energy.value.0 + 1e-30, (low * high).sqrt() + 1e-30);
    }
    // DSP blocks lower the lower bound only; an ECP5 widens both.
    let product = |board| Prices::new(board, Multiplier::Parallel).product;
    near(product(board("icebreaker"))[0], 0.38e-12);
    near(product(board("ulx3s-25f"))[0], 0.38e-12 * 0.28);
    near(product(board("ulx3s-25f"))[1], 1.12e-12 * 4.2);
    near(Prices::new(board("ulx3s-25f"), Multiplier::Lut).product[0], 0.56e-12 * 0.28);
}

fn design() -> Arc<Design> {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(3, 2, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap())
}

fn array(technology: Technology) -> Array {
    Array::new(design(), ArrayOptions::from(technology)).unwrap()
}

fn state() -> State {
    State::initial(&design(), &[Initial::Uniform { low: 0.1, high: 0.9 }], 1)
}

const CONFIGURATION: Configuration =
    Configuration { steps: 4, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };

fn samples(swing: i32) -> Vec<Sample> {
    let target = |voltage| Some(Target { voltage, sense: Sense::Equal });
    let sample = |sign: i32| Sample {
        inputs: vec![sign * swing, -sign * swing / 3, sign * swing / 2],
        targets: vec![target(100), target(-50)],
    };
    (0..6).map(|i| sample(if i % 2 == 0 { 1 } else { -1 })).collect()
}

fn go(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn an_estimate_has_bounds_and_says_that_it_is_one() {
    let run = |samples: &[Sample]| {
        estimate(array(Technology::Ice40), board("icebreaker"), CONFIGURATION, state(), samples, go).unwrap()
    };
    let lively = run(&samples(900));
    assert_eq!((lively.kind, lively.time_kind), (Kind::Estimated, Kind::Simulated));
    assert_eq!((lively.samples, lively.steps, lively.board.as_str()), (6, 4, "icebreaker"));
    let energy = lively.energy_per_sample;
    assert!(0.0 < energy.low.0 && energy.low < energy.value && energy.value < energy.high, "{energy:?}");
    near(lively.energy_per_step.high.0 * 4.0, energy.high.0);
    near(lively.parts.iter().map(|part| part.energy.low.0).sum(), energy.low.0);
    let time = lively.seconds_per_sample;
    // Four steps and a learning step of cells whose data take tenths of a microsecond.
    assert!(
        time.low > 1e-7 && time.low <= time.value && time.value <= time.high && time.high < 1e-4,
        "{time:?}"
    );
    let still = lively.parts.iter().find(|part| part.name == "static").unwrap();
    near(still.energy.high.0, 0.3e-3 * time.value);
    // What does not change costs less, and takes the same time but for data that are still on their way at the end.
    let quiet = run(&samples(0));
    assert!(quiet.energy_per_sample.low.0 < 0.9 * energy.low.0, "{quiet:?}");
    assert!((quiet.seconds_per_sample.value / time.value - 1.0).abs() < 0.01, "{quiet:?}");
    assert_eq!(serde_json::to_value(&lively).unwrap()["kind"], "estimated");
}

#[test]
fn counting_changes_no_bit() {
    let samples = samples(900);
    let counted = estimate(array(Technology::Ecp5), board("ulx3s-85f"), CONFIGURATION, state(), &samples, go);
    assert!(counted.is_ok());
    let train = |observed: bool| {
        let mut simulation = ArraySimulation::of(array(Technology::Ecp5), CONFIGURATION, state()).unwrap();
        let activity = Activity::new(simulation.circuit());
        if observed {
            simulation.circuit_mut().observe(Some(activity.observer()));
        }
        for sample in &samples {
            simulation.train(sample).unwrap();
        }
        (simulation.state(), simulation.circuit().now_ps(), activity.take())
    };
    let (observed, alone) = (train(true), train(false));
    assert_eq!((observed.0, observed.1), (alone.0, alone.1));
    assert_eq!(alone.2, Switching::default());
    // Five nodes and six edges; every cell fires at every step at least.
    assert!(observed.2.fires >= 2 * 11 * 4 * 6, "{:?}", observed.2);
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let run = |array, board, samples: &[Sample]| {
        estimate(array, board, CONFIGURATION, state(), samples, go).unwrap_err().to_string()
    };
    let message = run(array(Technology::Generic), Board::generic(), &samples(1));
    assert!(message.contains("`generic` has no FPGA"), "{message}");
    let message = run(array(Technology::Ecp5), board("icebreaker"), &samples(1));
    assert!(message.contains("built for ecp5") && message.contains("build it for ice40"), "{message}");
    assert!(run(array(Technology::Ice40), board("hx8k-evn"), &[]).contains("no sample"));
    let stop = |done| if done == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stopped =
        estimate(array(Technology::Ice40), board("hx8k-evn"), CONFIGURATION, state(), &samples(1), stop);
    assert!(matches!(stopped, Err(EstimateError::Interrupted { done: 2 })));
}
