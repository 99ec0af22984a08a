//! The kernel against the reference engine: whole states after training, every register.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;
#[path = "adapter/mod.rs"]
mod device;

use common::{Draw, Graph, Kinds, Spread};
use std::sync::Arc;
use wheatstone_gpu::kernel::Memory;
use wheatstone_gpu::{Adapter, KernelError, NetworkKernel};
use wheatstone_sim::network::{Boundary, EdgeKind, Network, NodeId, crossbar, lattice, layered};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, Sample,
    State, epoch_order,
};

/// What a replica must come to.
fn expected(
    design: &Arc<Design>,
    configuration: Configuration,
    samples: &[Sample],
    state: State,
    order: &[u32],
) -> State {
    let mut model = Reference::new(Arc::clone(design), configuration, state).unwrap();
    for &sample in order {
        model.train(&samples[sample as usize]).unwrap();
    }
    model.state()
}

/// Trains replicas from these states twice, each in its own order, and compares every register with the model's.
fn compare(
    name: &str,
    kernel: &mut NetworkKernel,
    samples: &[Sample],
    mut states: Vec<State>,
    configurations: &[Configuration],
) {
    let design = Arc::new(kernel.design().clone());
    for (round, &configuration) in (0u32..).zip(configurations) {
        let orders: Vec<Vec<u32>> =
            (0..).zip(&states).map(|(replica, _)| epoch_order(replica, round, samples.len())).collect();
        let timing = kernel.train(configuration, &orders).unwrap();
        assert_eq!(timing.samples, (samples.len() * states.len()) as u64);
        let found = kernel.states().unwrap();
        for (replica, (state, order)) in states.iter_mut().zip(&orders).enumerate() {
            *state = expected(&design, configuration, samples, state.clone(), order);
            let difference = found[replica].first_difference(state);
            assert!(
                difference.is_none(),
                "{name}, round {round}, replica {replica}: {}",
                difference.unwrap()
            );
            assert_eq!(found[replica], *state);
        }
    }
}

/// A shape as a preset has it, on random samples.
struct Shape {
    name: &'static str,
    network: Network,
    omega: u8,
    nudge: Nudge,
    lowest_rail: f64,
    initial: Initial,
    steps: u32,
}

fn shapes() -> Vec<Shape> {
    let uniform = |low, high| Initial::Uniform { low, high };
    let regression = lattice(4, 4, Boundary::Periodic, EdgeKind::Transistor)
        .inputs([1, 7, 9].map(NodeId).to_vec())
        .outputs(vec![NodeId(0)])
        .build()
        .unwrap();
    vec![
        Shape {
            name: "iris",
            network: layered(&[10, 16, 3], EdgeKind::Linear).unwrap(),
            omega: 8,
            nudge: Nudge::Current { beta: 2, centred: false },
            lowest_rail: 0.0,
            initial: uniform(0.0, 0.1),
            steps: 8,
        },
        Shape {
            name: "wine",
            network: crossbar(28, 3, EdgeKind::Linear).unwrap().with_alpha(&[-2]).unwrap(),
            omega: 8,
            nudge: Nudge::Clamped { eta: 2 },
            lowest_rail: 0.0,
            initial: uniform(0.1, 0.5),
            steps: 8,
        },
        Shape {
            name: "breast-cancer",
            network: crossbar(62, 2, EdgeKind::Linear).unwrap().with_alpha(&[-2]).unwrap(),
            omega: 8,
            nudge: Nudge::Clamped { eta: 2 },
            lowest_rail: 0.0,
            initial: uniform(0.1, 0.5),
            steps: 8,
        },
        Shape {
            name: "xor",
            network: layered(&[6, 16, 1], EdgeKind::Linear).unwrap(),
            omega: 8,
            nudge: Nudge::Clamped { eta: 1 },
            lowest_rail: 0.0,
            initial: uniform(0.0, 0.4),
            steps: 8,
        },
        Shape {
            name: "nonlinear-regression",
            network: regression,
            omega: 15,
            nudge: Nudge::Clamped { eta: 1 },
            lowest_rail: -0.5,
            initial: uniform(0.3, 0.5),
            steps: 64,
        },
    ]
}

fn design(shape: &Shape, format: Format) -> Arc<Design> {
    let rules = Rules {
        omega: Omega::new(shape.omega).unwrap(),
        nudge: shape.nudge,
        g_min: 1,
        lowest_rail: format.quantise_volts(shape.lowest_rail),
    };
    Arc::new(Design::new(shape.network.clone(), format, rules).unwrap())
}

fn samples(design: &Design, count: usize) -> Vec<Sample> {
    let mut draw = Draw::new(11);
    (0..count).map(|_| common::random_sample(&mut draw, design, Spread::Even, true)).collect()
}

#[test]
fn shapes_of_the_presets_learn_to_the_same_bits() {
    let Some(adapter) = device::adapter() else { return };
    for shape in shapes() {
        for format in [Format::WIDE, Format::COMPACT] {
            let design = design(&shape, format);
            let samples = samples(&design, 24);
            let states: Vec<State> =
                (0..3).map(|seed| State::initial(&design, &[shape.initial], seed)).collect();
            let mut kernel =
                NetworkKernel::new(&adapter, Arc::clone(&design), &samples, states.clone()).unwrap();
            let with = |learning, alpha_offset| Configuration { steps: shape.steps, learning, alpha_offset };
            let configurations = [
                with(LearningSchedule::Quasistatic, 3),
                with(LearningSchedule::Continuous { every: 3 }, 1),
                with(LearningSchedule::Continuous { every: shape.steps }, 0),
                with(LearningSchedule::Desynchronous { rarity: 2 }, 0),
            ];
            compare(shape.name, &mut kernel, &samples, states, &configurations);
        }
    }
}

/// Every kind of edge, nudge, mode and colouring, formats of every width, registers anywhere in their range.
#[test]
fn random_networks_compute_the_same_bits() {
    let Some(adapter) = device::adapter() else { return };
    for seed in 0..40u64 {
        let mut draw = Draw::new(seed);
        let nodes = draw.index(20) + 2;
        let graph = Graph {
            nodes,
            extra_edges: draw.index(3 * nodes),
            inputs: draw.index(4) + 1,
            outputs: draw.index(3) + 1,
            kinds: draw.pick(&[Kinds::Linear, Kinds::Transistor, Kinds::Mixed]),
            diodes: draw.one_in(2),
            bipartite: draw.one_in(2),
            alpha: draw.pick(&[(-12, 4), (-24, 16)]),
        };
        let network = common::random_network(&mut draw, graph);
        let mut width = |low, high| u32::try_from(draw.within(low..=high)).unwrap();
        let format = match seed % 5 {
            0 => Format::WIDE,
            1 => Format::COMPACT,
            2 => Format::new(width(4, 20), width(0, 12), width(4, 20), width(0, 20)).unwrap(),
            3 => Format::new(20, 12, 20, 20).unwrap(),
            _ => Format::new(4, width(0, 3), width(4, 20), width(0, 20)).unwrap(),
        };
        let nudge = match draw.index(3) {
            0 => Nudge::Clamped { eta: u8::try_from(draw.index(9)).unwrap() },
            kind => Nudge::Current { beta: u8::try_from(draw.index(7)).unwrap(), centred: kind == 1 },
        };
        let omega = Omega::new(u8::try_from(draw.within(4..=15)).unwrap()).unwrap();
        let rail = i32::try_from(draw.within(-40_000..=40_000)).unwrap();
        let design = Arc::new(common::design_on(network, format, omega, nudge, (rail, draw.pick(&[1, 9]))));
        let spread = draw.pick(&[Spread::Even, Spread::Extreme]);
        let samples: Vec<Sample> =
            (0..6).map(|_| common::random_sample(&mut draw, &design, spread, true)).collect();
        let states: Vec<State> = (0..3).map(|_| common::random_state(&mut draw, &design, spread)).collect();
        // Little memory makes registers live in storage buffers.
        let bytes = draw.pick(&[16_384, 16_384, 3_000, 1_500]);
        let kernel =
            NetworkKernel::with_memory(&adapter, Arc::clone(&design), &samples, states.clone(), bytes);
        let mut kernel = kernel.unwrap();
        let mut configuration = || Configuration {
            steps: u32::try_from(draw.index(9)).unwrap() + 1,
            learning: match draw.index(3) {
                0 => LearningSchedule::Quasistatic,
                1 => LearningSchedule::Continuous { every: u32::try_from(draw.index(4)).unwrap() + 1 },
                _ => LearningSchedule::Desynchronous { rarity: u8::try_from(draw.index(3)).unwrap() + 1 },
            },
            alpha_offset: u8::try_from(draw.index(4)).unwrap(),
        };
        let configurations = [configuration(), configuration()];
        compare(&format!("seed {seed}, {}", design.format()), &mut kernel, &samples, states, &configurations);
    }
}

/// The preset `digits` in little memory: conductances in the storage buffer, and several edges for each lane.
#[test]
fn a_large_network_keeps_conductances_in_storage() {
    let Some(adapter) = device::adapter() else { return };
    let shape = Shape {
        name: "digits",
        network: layered(&[130, 64, 10], EdgeKind::Linear).unwrap().with_alpha(&[5, 5]).unwrap(),
        omega: 8,
        nudge: Nudge::Current { beta: 2, centred: true },
        lowest_rail: 0.0,
        initial: Initial::HalfNormal { scale: 0.25 },
        steps: 8,
    };
    let design = design(&shape, Format::WIDE);
    let samples = samples(&design, 4);
    let states: Vec<State> = (0..2).map(|seed| State::initial(&design, &[shape.initial], seed)).collect();
    let mut kernel =
        NetworkKernel::with_memory(&adapter, Arc::clone(&design), &samples, states.clone(), 16_384).unwrap();
    assert_eq!(kernel.memory(), (Memory::Workgroup, Memory::Storage));
    let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
    compare(shape.name, &mut kernel, &samples, states, &[configuration]);
}

/// Compares replicas of a shape, which learn `count` samples quasistatically.
fn compare_shape(adapter: &Adapter, shape: &Shape, design: &Arc<Design>, count: usize, replicas: u64) {
    let samples = samples(design, count);
    let states: Vec<State> =
        (0..replicas).map(|seed| State::initial(design, &[shape.initial], seed)).collect();
    let mut kernel = NetworkKernel::new(adapter, Arc::clone(design), &samples, states.clone()).unwrap();
    let configuration =
        Configuration { steps: shape.steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    compare(shape.name, &mut kernel, &samples, states, &[configuration]);
}

/// With sixteen voltages an output often stands where its target is, or one beside it.
#[test]
fn a_target_met_exactly_nudges_nothing() {
    let Some(adapter) = device::adapter() else { return };
    let shape = Shape {
        name: "sixteen voltages",
        network: crossbar(3, 6, EdgeKind::Linear).unwrap(),
        omega: 8,
        nudge: Nudge::Clamped { eta: 0 },
        lowest_rail: 0.0,
        initial: Initial::Uniform { low: 0.2, high: 1.0 },
        steps: 5,
    };
    let design = design(&shape, Format::new(4, 3, 8, 4).unwrap());
    compare_shape(&adapter, &shape, &design, 60, 4);
}

/// So much conductance at one node that its gain shifts by more than a word.
#[test]
fn a_node_of_many_wide_edges_computes_the_same_bits() {
    let Some(adapter) = device::adapter() else { return };
    let shape = Shape {
        name: "many wide edges",
        network: crossbar(600, 1, EdgeKind::Linear).unwrap(),
        omega: 8,
        nudge: Nudge::Current { beta: 0, centred: true },
        lowest_rail: 0.0,
        initial: Initial::Uniform { low: 0.5, high: 1.0 },
        steps: 4,
    };
    let design = design(&shape, Format::new(20, 5, 20, 20).unwrap());
    assert!(design.gains().gain(600 << 19, 20).s > 28);
    compare_shape(&adapter, &shape, &design, 3, 2);
}

/// More edges than fit into an incidence of one word.
#[test]
fn a_network_of_many_edges_computes_the_same_bits() {
    let Some(adapter) = device::adapter() else { return };
    let shape = Shape {
        name: "many edges",
        network: layered(&[260, 256], EdgeKind::Linear).unwrap(),
        omega: 8,
        nudge: Nudge::Clamped { eta: 1 },
        lowest_rail: 0.0,
        initial: Initial::Uniform { low: 0.0, high: 0.1 },
        steps: 2,
    };
    let design = design(&shape, Format::COMPACT);
    assert!(design.network().edges().len() > 1 << 16);
    compare_shape(&adapter, &shape, &design, 1, 1);
}

/// The voltages of 33,000 nodes fit nowhere.
#[test]
fn a_network_of_too_many_nodes_is_refused() {
    let Some(adapter) = device::adapter() else { return };
    let network = layered(&[2, 33_000], EdgeKind::Linear).unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let design = Arc::new(Design::new(network, Format::COMPACT, rules).unwrap());
    let samples = samples(&design, 1);
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
    match NetworkKernel::new(&adapter, design, &samples, vec![state]) {
        Err(KernelError::WorkgroupMemory { needed, available }) => assert!(needed > available),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_trained_changes_nothing_and_states_can_be_replaced() {
    let Some(adapter) = device::adapter() else { return };
    let design = design(&shapes()[3], Format::COMPACT);
    let samples = samples(&design, 3);
    let mut draw = Draw::new(5);
    let mut states =
        || -> Vec<State> { (0..2).map(|_| common::random_state(&mut draw, &design, Spread::Even)).collect() };
    let (first, second) = (states(), states());
    let mut kernel = NetworkKernel::new(&adapter, Arc::clone(&design), &samples, first.clone()).unwrap();
    let configuration = Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    assert_eq!(kernel.train(configuration, &[vec![], vec![]]).unwrap().waits, 0);
    assert_eq!(kernel.states().unwrap(), first);
    kernel.train(configuration, &[vec![1, 0], vec![2, 2]]).unwrap();
    assert_ne!(kernel.states().unwrap(), first);
    kernel.set_states(&second).unwrap();
    assert_eq!(kernel.states().unwrap(), second);
    kernel.train(configuration, &[vec![1], vec![0]]).unwrap();
    let expect =
        |replica: usize, order| expected(&design, configuration, &samples, second[replica].clone(), order);
    assert_eq!(kernel.states().unwrap(), [expect(0, &[1]), expect(1, &[0])]);
}

/// Many dispatches, whose lengths the clock decides, give the bits of one.
#[test]
fn how_work_is_cut_changes_no_bit() {
    let Some(adapter) = device::adapter() else { return };
    let shape = &shapes()[1];
    let design = design(shape, Format::WIDE);
    let samples = samples(&design, 10);
    let state = State::initial(&design, &[shape.initial], 9);
    let mut kernel =
        NetworkKernel::new(&adapter, Arc::clone(&design), &samples, vec![state.clone()]).unwrap();
    let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let order: Vec<u32> = (0..200).flat_map(|epoch| epoch_order(4, epoch, 10)).collect();
    let timing = kernel.train(configuration, std::slice::from_ref(&order)).unwrap();
    assert!(timing.waits > 1, "{timing:?}");
    assert!(timing.microseconds_a_sample().unwrap() > 0.0);
    assert_eq!(kernel.states().unwrap(), [expected(&design, configuration, &samples, state, &order)]);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let Some(adapter) = device::adapter() else { return };
    let shape = &shapes()[3];
    let design = design(shape, Format::WIDE);
    let samples = samples(&design, 2);
    let state = State::initial(&design, &[shape.initial], 1);
    let new = |samples: &[Sample], states| NetworkKernel::new(&adapter, Arc::clone(&design), samples, states);
    let says = |error: KernelError, part: &str| assert!(error.to_string().contains(part), "{error}");
    says(new(&[], vec![state.clone()]).unwrap_err(), "without samples");
    says(new(&samples, vec![]).unwrap_err(), "without replicas");
    says(new(&[Sample::default()], vec![state.clone()]).unwrap_err(), "sample 0: ");
    let mut damaged = state.clone();
    damaged.k[0] = -1;
    says(new(&samples, vec![state.clone(), damaged]).unwrap_err(), "replica 1: ");
    let most = NetworkKernel::most_replicas(&adapter, &design).unwrap();
    says(new(&samples, vec![state.clone(); most as usize + 1]).unwrap_err(), "train fewer at a time");

    let mut kernel = new(&samples, vec![state.clone(), state]).unwrap();
    let good = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    says(kernel.train(Configuration { steps: 0, ..good }, &[vec![], vec![]]).unwrap_err(), "steps = 0");
    says(kernel.train(good, &[vec![0]]).unwrap_err(), "1 orders for 2 replicas");
    says(kernel.train(good, &[vec![0], vec![]]).unwrap_err(), "order of replica 1 has 0");
    says(kernel.train(good, &[vec![0], vec![2]]).unwrap_err(), "names sample 2");
    says(kernel.set_states(&[]).unwrap_err(), "0 states for 2 replicas");
    if adapter.is_software() {
        let long = Configuration { steps: 100_000, ..good };
        says(kernel.train(long, &[vec![0], vec![0]]).unwrap_err(), "one sample of 100000 steps");
    }
}
