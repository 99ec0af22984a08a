//! Arrays with bit-serial edges against the reference engine.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::sync::Arc;
use wheatstone_hdl::{ArrayOptions, ArraySimulation, Multiplier, Technology};
use wheatstone_sim::network::{Boundary, EdgeKind, Network, NodeId, crossbar, lattice};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, Sample,
    Sense, State, Target,
};

const SERIAL: ArrayOptions = ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Serial };

fn nudges() -> [Nudge; 3] {
    [
        Nudge::Clamped { eta: 1 },
        Nudge::Current { beta: 2, centred: false },
        Nudge::Current { beta: 2, centred: true },
    ]
}

/// A small deterministic source of numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number of `low..=high`, the ends themselves in one case of eight each.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        match self.next() % 8 {
            0 => low,
            1 => high,
            _ => low + (self.next() << 20 ^ self.next()).cast_signed().rem_euclid(high - low + 1),
        }
    }
}

fn network(kind: EdgeKind, alpha: i32) -> Network {
    let alpha = i8::try_from(alpha).unwrap();
    crossbar(2, 1, kind).unwrap().with_alpha(&[alpha]).unwrap()
}

fn design(network: Network, format: Format, nudge: Nudge, g_min: u32, lowest_rail: i32) -> Arc<Design> {
    let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min, lowest_rail };
    Arc::new(Design::new(network, format, rules).unwrap())
}

/// Both engines in the same state.
fn engines(design: &Arc<Design>, configuration: Configuration, state: State) -> (Reference, ArraySimulation) {
    let model = Reference::new(Arc::clone(design), configuration, state.clone()).unwrap();
    let array = ArraySimulation::new(Arc::clone(design), SERIAL, configuration, state).unwrap();
    assert_eq!(array.state(), model.state());
    (model, array)
}

fn samples(design: &Design, numbers: &mut Numbers) -> Sample {
    let one = i64::from(design.format().one_volt());
    let mut voltage = || i32::try_from(numbers.within(-one, one)).unwrap();
    let inputs = design.network().inputs().iter().map(|_| voltage()).collect();
    let targets = design.network().outputs().iter().map(|_| Some(voltage())).collect::<Vec<_>>();
    let targets = targets
        .into_iter()
        .map(|v| {
            v.map(|voltage| Target {
                voltage,
                sense: Sense::ALL[usize::try_from(numbers.next() % 3).unwrap()],
            })
        })
        .collect();
    Sample { inputs, targets }
}

/// Steps, learning steps and training samples give the model's bits, both nudges, both presets, on crossbar and lattice.
#[test]
fn networks_relax_and_learn_as_the_model_does() {
    let lattice = |kind| {
        let lattice = lattice(3, 3, Boundary::Open, kind);
        lattice.inputs([NodeId(0), NodeId(2)]).outputs([NodeId(8), NodeId(6)]).build().unwrap()
    };
    let mut numbers = Numbers(1);
    for network in [
        crossbar(2, 1, EdgeKind::Linear).unwrap(),
        lattice(EdgeKind::Linear).with_alpha(&[-5]).unwrap(),
        crossbar(2, 1, EdgeKind::Transistor).unwrap(),
        lattice(EdgeKind::Transistor).with_alpha(&[-5]).unwrap(),
    ] {
        for format in [Format::WIDE, Format::COMPACT] {
            for nudge in nudges() {
                for learning in [
                    LearningSchedule::Quasistatic,
                    LearningSchedule::Continuous { every: 2 },
                    LearningSchedule::Desynchronous { rarity: 1 },
                    LearningSchedule::Desynchronous { rarity: 8 },
                ] {
                    let design = design(network.clone(), format, nudge, 1, -3);
                    let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
                    let configuration = Configuration { steps: 5, learning, alpha_offset: 1 };
                    let (mut model, mut array) = engines(&design, configuration, start);
                    let sample = samples(&design, &mut numbers);
                    model.present(&sample).unwrap();
                    array.present(&sample).unwrap();
                    for step in 0..3 {
                        model.step();
                        array.step();
                        assert_eq!(array.state(), model.state(), "step {step} {nudge:?} {format}");
                    }
                    for time in 0..2 {
                        model.learn();
                        array.learn();
                        assert_eq!(array.state(), model.state(), "learn {time} {learning:?} {format}");
                    }
                    for _ in 0..3 {
                        let sample = samples(&design, &mut numbers);
                        assert_eq!(array.train(&sample).unwrap(), model.train(&sample).unwrap());
                        assert_eq!(array.state(), model.state(), "train {learning:?} {nudge:?} {format}");
                    }
                    assert!(!array.is_stuck());
                    assert_eq!(array.scan_read(), model.state(), "scan");
                    let sample = samples(&design, &mut numbers);
                    assert_eq!(array.train(&sample).unwrap(), model.train(&sample).unwrap());
                    assert_eq!(array.state(), model.state(), "after the scan");
                }
            }
        }
    }
}

/// One rule `k' = clamp(k + round(p 2^alpha))` for every shift and offset, from random states with extreme ones among
/// them: both saturations, the rounding carry and sums of every width occur.
#[test]
fn every_shift_learns_as_the_model_does() {
    let formats =
        [Format::WIDE, Format::COMPACT, Format::new(4, 2, 4, 0).unwrap(), Format::new(7, 3, 12, 1).unwrap()];
    let mut numbers = Numbers(2);
    let (mut at_bottom, mut at_top, mut between) = (0, 0, 0);
    let kinds = |format| EdgeKind::ALL.iter().map(move |&kind| (format, kind));
    for (format, kind) in formats.into_iter().flat_map(kinds) {
        // The wide format is the slowest: every eighth shift will do.
        for alpha in (-24..=16).filter(|alpha| format != Format::WIDE || alpha % 8 == 0) {
            for (g_min, lowest_rail) in [[(1, 0), (5, -7)][usize::from(alpha % 2 == 0)]] {
                let nudge = Nudge::Clamped { eta: 1 };
                let design = design(network(kind, alpha), format, nudge, g_min, lowest_rail);
                let start = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.9 }], 1);
                let configuration =
                    Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
                let (mut model, mut array) = engines(&design, configuration, start);
                for offset in 0..4 {
                    let configuration = Configuration { alpha_offset: offset, ..configuration };
                    model.configure(configuration).unwrap();
                    array.configure(configuration).unwrap();
                    let mut state = model.state();
                    let (low, high) = format.u_range();
                    for node in 0..3 {
                        let input = design.network().inputs().contains(&NodeId(node));
                        for wave in 0..2 {
                            state.u[wave][node as usize] = if input {
                                let voltage = format.voltage(state.u[0][node as usize]);
                                let fresh = numbers.within(format.v_range().0, format.v_range().1);
                                format.accumulator(if wave == 0 { fresh } else { voltage })
                            } else {
                                numbers.within(low, high)
                            };
                        }
                    }
                    let (low, high) = format.k_range(g_min.into());
                    state.k.iter_mut().for_each(|k| *k = numbers.within(low, high));
                    state.phase = u8::try_from(numbers.next() % 2).unwrap();
                    model.set_state(state.clone()).unwrap();
                    array.set_state(state.clone()).unwrap();
                    model.learn();
                    array.learn();
                    let learnt = model.state();
                    assert_eq!(
                        array.state(),
                        learnt,
                        "{format} {kind:?} alpha {alpha} offset {offset} from {state:?}"
                    );
                    for (&before, &after) in state.k.iter().zip(&learnt.k) {
                        at_bottom += usize::from(after == low && before != low);
                        at_top += usize::from(after == high && before != high);
                        between += usize::from(after != before && after != low && after != high);
                    }
                    model.step();
                    array.step();
                    assert_eq!(
                        array.state(),
                        model.state(),
                        "step {format} {kind:?} alpha {alpha} offset {offset}"
                    );
                }
                assert!(!array.is_stuck());
            }
        }
    }
    assert!(at_bottom > 50 && at_top > 50 && between > 200, "{at_bottom} {at_top} {between}");
}
