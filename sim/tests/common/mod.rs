//! Random networks, designs, states and samples for the tests, all drawn from a seed.
#![allow(dead_code, reason = "every test uses another part of it")]

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::HashSet;
use std::ops::RangeInclusive;
use wheatstone_sim::network::{
    Boundary, DiodeClamp, EdgeKind, NetworkBuilder, NodeId, NodeKind, crossbar, lattice, layered,
};
use wheatstone_sim::{
    Configuration, Design, EdgeGenerator, Features, Format, LearningSchedule, Network, NoiseGenerator, Nudge,
    Omega, Rules, Sample, Sense, State, Target, Temperature, Waves,
};

/// A seeded stream of draws.
pub struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number in a range.
    pub fn within(&mut self, range: RangeInclusive<i64>) -> i64 {
        let (low, high) = range.into_inner();
        let span = u64::try_from(high - low + 1).expect("a range that is not empty");
        low + i64::try_from(self.0.next_u64() % span).expect("below the span")
    }

    /// An index below a length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.within(0..=i64::try_from(length).expect("a length") - 1)).expect("an index")
    }

    /// Any 32 bits.
    pub fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub fn one_in(&mut self, n: i64) -> bool {
        self.within(1..=n) == 1
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// All indices below `n` in a random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.index(last + 1));
        }
        order
    }
}

/// The edge kinds of a random network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    Linear,
    Transistor,
    Mixed,
}

/// What a random graph is like.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    pub nodes: usize,
    /// Edges beyond a spanning tree.
    pub extra_edges: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub kinds: Kinds,
    /// Put diodes on some of the nodes.
    pub diodes: bool,
    pub bipartite: bool,
    /// Learning shifts of the groups.
    pub alpha: (i64, i64),
}

pub fn node_id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).expect("few nodes"))
}

/// A connected random graph with random ports; a node's number says nothing about its place.
pub fn random_network(draw: &mut Draw, graph: Graph) -> Network {
    let n = graph.nodes;
    let ids = draw.permutation(n);
    let sides: Vec<bool> = (0..n).map(|i| if i < 2 { i == 1 } else { draw.one_in(2) }).collect();
    let mut pairs: Vec<[usize; 2]> = vec![[0, 1]];
    for i in 2..n {
        let others: Vec<usize> = (0..i).filter(|&j| sides[j] != sides[i]).collect();
        pairs.push([i, draw.pick(&others)]);
    }
    let mut seen: HashSet<(usize, usize)> = pairs.iter().map(|&[a, b]| (a.min(b), a.max(b))).collect();
    for _ in 0..graph.extra_edges {
        let (a, b) = (draw.index(n), draw.index(n));
        let fits = if graph.bipartite { sides[a] != sides[b] } else { a != b };
        if fits && seen.insert((a.min(b), a.max(b))) {
            pairs.push(if draw.one_in(2) { [a, b] } else { [b, a] });
        }
    }
    let mut net = NetworkBuilder::new("random");
    let ports: Vec<NodeId> = draw.permutation(n).into_iter().map(node_id).collect();
    let (inputs, rest) = ports.split_at(graph.inputs.min(n - 1));
    let outputs = &rest[..graph.outputs.min(rest.len())];
    for i in 0..n {
        let clamp = match graph.diodes && !inputs.contains(&node_id(i)) && draw.one_in(2) {
            true => draw.pick(&DiodeClamp::ALL[1..]),
            false => DiodeClamp::None,
        };
        net.node(clamp);
    }
    let groups: Vec<_> = (0..3)
        .map(|i| {
            let alpha = draw.within(graph.alpha.0..=graph.alpha.1);
            net.group(format!("group{i}"), i8::try_from(alpha).expect("a small shift"))
        })
        .collect();
    for [a, b] in pairs {
        let kind = match graph.kinds {
            Kinds::Linear => EdgeKind::Linear,
            Kinds::Transistor => EdgeKind::Transistor,
            Kinds::Mixed => draw.pick(EdgeKind::ALL),
        };
        net.edge(node_id(ids[a]), node_id(ids[b]), kind, draw.pick(&groups));
    }
    net.inputs(inputs.to_vec()).outputs(outputs.to_vec()).build().expect("a valid random network")
}

/// How voltages and conductances of a random state are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Evenly over the whole range.
    Even,
    /// At its ends only.
    Extreme,
    /// Near zero, as far as the range permits.
    Small,
}

/// One of the values nearest to zero.
fn small(draw: &mut Draw, low: i64, high: i64) -> i64 {
    let nearest = 0i64.clamp(low, high);
    draw.within((nearest - 9).max(low)..=(nearest + 9).min(high))
}

/// A state of that design, with any voltages the diodes permit.
pub fn random_state(draw: &mut Draw, design: &Design, spread: Spread) -> State {
    let network = design.network();
    let mut value = |(low, high): (i64, i64)| match spread {
        Spread::Even => draw.within(low..=high),
        Spread::Extreme => draw.pick(&[low, high]),
        Spread::Small => small(draw, low, high),
    };
    let u_range = design.format().u_range();
    let mut u = || -> Vec<i64> {
        let node = |node: &wheatstone_sim::network::Node| match node.clamp {
            DiodeClamp::NonNegative => (0, u_range.1),
            DiodeClamp::NonPositive => (u_range.0, 0),
            DiodeClamp::None => u_range,
        };
        network.nodes().iter().map(|x| value(node(x))).collect()
    };
    let mut both = [u(), u()];
    // An input shows both waves the same voltage, and that one exactly.
    for input in network.inputs() {
        let v = design.format().voltage(both[0][input.index()]);
        both.iter_mut().for_each(|u| u[input.index()] = design.format().accumulator(v));
    }
    let k_range = design.format().k_range(design.rules().g_min.into());
    let k = network.edges().iter().map(|_| value(k_range)).collect();
    let generators = network
        .edges()
        .iter()
        .map(|_| EdgeGenerator::new(u16::try_from(draw.within(1..=65_535)).expect("16 bits")))
        .collect();
    let phase = draw.within(0..=i64::from(network.colouring().count()) - 1);
    let noise = (0..design.noisy_nodes()).map(|_| NoiseGenerator::new(draw.word())).collect();
    State { u: both, k, generators, noise, phase: u8::try_from(phase).expect("a small phase") }
}

/// A sample for that design; `targets` says whether outputs get any.
pub fn random_sample(draw: &mut Draw, design: &Design, spread: Spread, targets: bool) -> Sample {
    let (low, high) = design.format().v_range();
    let voltage = |draw: &mut Draw| {
        let v = match spread {
            Spread::Even => draw.within(low..=high),
            Spread::Extreme => draw.pick(&[low, high]),
            Spread::Small => small(draw, low, high),
        };
        i32::try_from(v).expect("a voltage")
    };
    let inputs = design.network().inputs().iter().map(|_| voltage(draw)).collect();
    let targets = design
        .network()
        .outputs()
        .iter()
        .map(|_| {
            let sense = draw.pick(Sense::ALL);
            let voltage = voltage(draw);
            (targets && !draw.one_in(4)).then_some(Target { voltage, sense })
        })
        .collect();
    Sample { inputs, targets }
}

/// Any legal configuration of few steps.
pub fn random_configuration(draw: &mut Draw) -> Configuration {
    let small = |draw: &mut Draw, high| u32::try_from(draw.within(1..=high)).expect("in bounds");
    let learning = match draw.within(0..=2) {
        0 => LearningSchedule::Quasistatic,
        1 => LearningSchedule::Continuous { every: small(draw, 5) },
        _ => LearningSchedule::Desynchronous { rarity: u8::try_from(draw.within(1..=8)).expect("in bounds") },
    };
    let alpha_offset = u8::try_from(draw.within(0..=3)).expect("in bounds");
    Configuration { steps: small(draw, 9), learning, alpha_offset }
}

/// Everything a property test varies; the rest follows from `seed`.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub graph: Graph,
    pub design: Design,
    pub configuration: Configuration,
}

/// Formats of every width, the presets more often.
pub fn formats() -> impl Strategy<Value = Format> {
    prop_oneof![
        Just(Format::WIDE),
        Just(Format::COMPACT),
        (4u32..=20, 0u32..=12, 4u32..=20, 0u32..=20)
            .prop_map(|(v, gv, k, gk)| Format::new(v, gv, k, gk).expect("inside the bounds")),
    ]
}

/// Nudges by kind and shift; the shift is reduced to what a format permits later.
pub fn nudges() -> impl Strategy<Value = Nudge> {
    prop_oneof![
        (0u8..=8).prop_map(|eta| Nudge::Clamped { eta }),
        (0u8..=6, any::<bool>()).prop_map(|(beta, centred)| Nudge::Current { beta, centred }),
    ]
    // One that is not drawn above does not compile.
    .prop_map(|nudge| match nudge {
        Nudge::Clamped { .. } | Nudge::Current { .. } => nudge,
        // Drawn by `probed`.
        Nudge::Modulated { .. } | Nudge::Dithered { .. } => nudge,
    })
}

pub fn learnings() -> impl Strategy<Value = LearningSchedule> {
    prop_oneof![
        Just(LearningSchedule::Quasistatic),
        (1u32..=5).prop_map(|every| LearningSchedule::Continuous { every }),
        (1u8..=8).prop_map(|rarity| LearningSchedule::Desynchronous { rarity }),
    ]
    // One that is not drawn above does not compile.
    .prop_map(|learning| match learning {
        LearningSchedule::Quasistatic
        | LearningSchedule::Continuous { .. }
        | LearningSchedule::Desynchronous { .. } => learning,
    })
}

/// A design on that network whose format has as many guard bits as the degree permits.
pub fn design_on(
    network: Network,
    format: Format,
    omega: Omega,
    nudge: Nudge,
    rail_and_floor: (i32, u32),
) -> Design {
    let mut format = format;
    while format.check_degree(network.max_degree()).is_err() {
        format = Format::new(format.v_bits(), format.v_guard() - 1, format.k_bits(), format.k_guard())
            .expect("fewer guard bits are still inside the bounds");
    }
    let nudge = match nudge {
        Nudge::Current { beta, centred } => {
            Nudge::Current { beta: beta.min(u8::try_from(format.k_bits()).expect("few bits")), centred }
        }
        Nudge::Clamped { eta } => {
            Nudge::Clamped { eta: eta.min(u8::try_from(format.v_bits()).expect("few bits")) }
        }
        Nudge::Modulated { beta, half, kappa } => {
            Nudge::Modulated { beta: beta.min(u8::try_from(format.k_bits()).expect("few bits")), half, kappa }
        }
        Nudge::Dithered { delta } => {
            Nudge::Dithered { delta: delta.min(u8::try_from(format.k_bits()).expect("few bits") - 1) }
        }
    };
    let (low, high) = format.v_range();
    let (rail, floor) = rail_and_floor;
    let rules = Rules {
        omega,
        nudge,
        g_min: floor.clamp(1, u32::try_from(format.g_max()).expect("a conductance")),
        lowest_rail: i32::try_from(i64::from(rail).clamp(low, high)).expect("a voltage"),
    };
    Design::new(network, format, rules).expect("a valid random design")
}

/// Random designs on random networks of at most 14 nodes.
pub fn cases(kinds: &'static [Kinds], bipartite: bool) -> impl Strategy<Value = Case> {
    let graph = (
        2usize..=14,
        0usize..=30,
        1usize..=4,
        1usize..=4,
        proptest::sample::select(kinds),
        any::<bool>(),
        if bipartite { Just(true).boxed() } else { any::<bool>().boxed() },
    );
    let rules = (formats(), 4u8..=15, nudges(), (any::<i32>(), 1u32..=64));
    let configuration = (1u32..=9, learnings(), 0u8..=3);
    (any::<u64>(), graph, rules, configuration).prop_map(|(seed, graph, rules, configuration)| {
        let (nodes, extra_edges, inputs, outputs, kinds, diodes, bipartite) = graph;
        let alpha = (-12, 4);
        let graph = Graph { nodes, extra_edges, inputs, outputs, kinds, diodes, bipartite, alpha };
        let (format, omega, nudge, rail_and_floor) = rules;
        let network = random_network(&mut Draw::new(seed), graph);
        let omega = Omega::new(omega).expect("4 to 15");
        let (steps, learning, alpha_offset) = configuration;
        Case {
            seed,
            graph,
            design: design_on(network, format, omega, nudge, rail_and_floor),
            configuration: Configuration { steps, learning, alpha_offset },
        }
    })
}

/// Any features but none at all: a temperature from none to the format's highest, on a logarithmic scale, or waves together,
/// or both.
pub fn random_features(draw: &mut Draw, format: Format) -> Features {
    let highest = i64::try_from(Temperature::most(format).0).expect("at most 60 bits");
    let bits = draw.within(0..=i64::from(highest.ilog2()));
    let temperature = draw.within(0..=highest >> bits).unsigned_abs();
    let waves = draw.pick(&[Waves::Alternating, Waves::Together]);
    let noise = waves == Waves::Alternating || draw.one_in(2);
    Features { temperature: noise.then_some(Temperature(temperature)), waves }
}

/// The same cases with features.
pub fn featured(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    cases.prop_map(|case| {
        let features = random_features(&mut Draw::new(case.seed ^ 77), case.design.format());
        Case { design: case.design.with_features(features).expect("legal features"), ..case }
    })
}

/// The same cases with a modulated nudge, or with dithered conductances, and now and then features besides.
pub fn probed(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    cases.prop_map(|case| {
        let mut draw = Draw::new(case.seed ^ 79);
        let mut within = |low, high| u8::try_from(draw.within(low..=high)).expect("a small number");
        let nudge = match within(0, 1) {
            0 => Nudge::Modulated { beta: within(0, 6), half: within(2, 7), kappa: within(0, 3) },
            _ => Nudge::Dithered { delta: within(0, 19) },
        };
        let (format, rules) = (case.design.format(), case.design.rules());
        let g_min = i32::try_from(rules.g_min).expect("a small conductance").unsigned_abs();
        let rail_and_floor = (rules.lowest_rail, g_min);
        let design = design_on(case.design.network().clone(), format, rules.omega, nudge, rail_and_floor);
        let features = if draw.one_in(3) { random_features(&mut draw, format) } else { Features::PLAIN };
        Case { design: design.with_features(features).expect("legal features"), ..case }
    })
}

/// The same cases with some groups frozen, or the only one.
pub fn frozen(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    cases.prop_map(|case| {
        let mut draw = Draw::new(case.seed ^ 78);
        let network = case.design.network().clone();
        let names = network.groups().iter().map(|group| group.name.clone());
        let names: Vec<String> = names.filter(|_| draw.one_in(2)).collect();
        let network = network.with_frozen(&names).expect("names of groups");
        let design = Design::new(network, case.design.format(), case.design.rules()).expect("a legal design");
        Case { design: design.with_features(case.design.features()).expect("legal features"), ..case }
    })
}

/// A regular kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Open and periodic lattices, some with holes, ports anywhere.
    Lattice,
    /// Crossbars and layered networks.
    Layers,
}

/// A lattice of random extents, ports and diodes. One in three has edges missing, one in four several groups.
fn random_lattice(draw: &mut Draw, kind: EdgeKind) -> Network {
    let extent = |draw: &mut Draw| usize::try_from(draw.within(1..=20)).expect("an extent");
    let (rows, columns) = (extent(draw), extent(draw).max(2));
    let boundary = draw.pick(&[Boundary::Open, Boundary::Periodic]);
    // The builder's only network is its own: nodes with diodes are added to one of ours in its order.
    let plain = lattice(rows, columns, boundary, kind).inputs([node_id(0)]).outputs([node_id(1)]);
    let plain = plain.build().expect("a lattice");
    let nodes = rows * columns;
    let ports = draw.permutation(nodes);
    let inputs = usize::try_from(draw.within(1..=4)).expect("few").min(nodes - 1);
    let outputs = usize::try_from(draw.within(1..=4)).expect("few").min(nodes - inputs);
    let (diodes, holes, groups) = (draw.one_in(2), draw.one_in(3), if draw.one_in(4) { 3 } else { 1 });
    let mut net = NetworkBuilder::new("random lattice");
    let groups: Vec<_> = (0..groups)
        .map(|i| net.group(format!("group{i}"), i8::try_from(draw.within(-24..=16)).expect("a shift")))
        .collect();
    for i in 0..nodes {
        let clamp = match diodes && !ports[..inputs].contains(&i) && draw.one_in(2) {
            true => draw.pick(&DiodeClamp::ALL[1..]),
            false => DiodeClamp::None,
        };
        net.node(clamp);
    }
    let order = if draw.one_in(2) {
        draw.permutation(plain.edges().len())
    } else {
        (0..plain.edges().len()).collect()
    };
    for index in order {
        let [a, b] = plain.edges()[index].ends;
        // The first row and the first column connect everything.
        let spine = a.index() / columns == b.index() / columns && b.index() == a.index() + 1
            || a.index() % columns == 0 && b.index() == a.index() + columns;
        if spine || !holes || !draw.one_in(4) {
            let (a, b) = if draw.one_in(3) { (b, a) } else { (a, b) };
            net.edge(a, b, kind, draw.pick(&groups));
        }
    }
    let ids = |range: std::ops::Range<usize>| ports[range].iter().map(|&i| node_id(i)).collect::<Vec<_>>();
    net.inputs(ids(0..inputs)).outputs(ids(inputs..inputs + outputs)).build().expect("a valid lattice")
}

/// A crossbar or layered network with other learning shifts. One in eight is large.
fn random_layers(draw: &mut Draw, kind: EdgeKind) -> Network {
    let large = if draw.one_in(8) { 150 } else { 40 };
    let mut size = |high: i64| usize::try_from(draw.within(1..=high)).expect("a size");
    let sizes = [size(large), size(large), size(12), size(12)];
    let network = match draw.within(0..=2) {
        0 => crossbar(sizes[0], sizes[1], kind),
        1 => layered(&sizes[..3], kind),
        _ => layered(&sizes, kind),
    };
    let network = network.expect("layers");
    let mut alpha = || i8::try_from(draw.within(-24..=16)).expect("a shift");
    let alphas: Vec<i8> = network.groups().iter().map(|_| alpha()).collect();
    network.with_alpha(&alphas).expect("legal shifts")
}

/// Random designs on regular networks.
pub fn cases_on(shape: Shape) -> impl Strategy<Value = Case> {
    let rules = (formats(), 4u8..=15, nudges(), (any::<i32>(), 1u32..=64));
    let configuration = (1u32..=9, learnings(), 0u8..=3);
    (any::<u64>(), rules, configuration).prop_map(move |(seed, rules, configuration)| {
        let mut draw = Draw::new(seed);
        let kind = if draw.one_in(4) { EdgeKind::Transistor } else { EdgeKind::Linear };
        let network = match shape {
            Shape::Lattice => random_lattice(&mut draw, kind),
            Shape::Layers => random_layers(&mut draw, kind),
        };
        let (format, omega, nudge, rail_and_floor) = rules;
        let omega = Omega::new(omega).expect("4 to 15");
        let (steps, learning, alpha_offset) = configuration;
        let graph = Graph {
            nodes: network.nodes().len(),
            extra_edges: 0,
            inputs: network.inputs().len(),
            outputs: network.outputs().len(),
            kinds: if kind == EdgeKind::Linear { Kinds::Linear } else { Kinds::Transistor },
            diodes: false,
            bipartite: network.colouring().count() == 2,
            alpha: (-24, 16),
        };
        Case {
            seed,
            graph,
            design: design_on(network, format, omega, nudge, rail_and_floor),
            configuration: Configuration { steps, learning, alpha_offset },
        }
    })
}

/// Whether a node of that colour has its turn in that wave at that phase.
pub fn has_turn(design: &Design, node: NodeId, wave: usize, phase: u8) -> bool {
    let colouring = design.network().colouring();
    let colours = usize::from(colouring.count());
    design.network().nodes()[node.index()].kind != NodeKind::Input
        && (usize::from(colouring.colour(node)) + wave) % colours == usize::from(phase)
}
