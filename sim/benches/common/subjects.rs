//! The networks that are measured, with their states and samples.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::Arc;
use wheatstone_sim::network::{
    Boundary, DiodeClamp, EdgeKind, NetworkBuilder, NodeId, lattice, layered, pinwheel,
};
use wheatstone_sim::{
    Configuration, Design, Format, Initial, LearningSchedule, Network, Nudge, Omega, Rules, Sample, Sense,
    State, Target,
};

/// A network to run.
#[derive(Clone)]
pub struct Subject {
    pub name: String,
    pub design: Arc<Design>,
    pub configuration: Configuration,
    pub initial: Vec<Initial>,
    pub samples: Vec<Sample>,
}

impl Subject {
    fn new(
        name: &str,
        network: Network,
        format: Format,
        (omega, nudge): (u8, Nudge),
        steps: u32,
        initial: Vec<Initial>,
    ) -> Subject {
        let rules = Rules { omega: Omega::new(omega).unwrap(), nudge, g_min: 1, lowest_rail: 0 };
        let design = Arc::new(Design::new(network, format, rules).unwrap());
        let samples = samples(&design, 64);
        let configuration = Configuration { steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        Subject { name: name.to_owned(), design, configuration, initial, samples }
    }

    /// The state a seed gives.
    pub fn state(&self, seed: u64) -> State {
        State::initial(&self.design, &self.initial, seed)
    }

    /// Edge-relaxations of one step: an update of one wave of a node counts each of its edges once.
    pub fn edge_relaxations(&self) -> f64 {
        let network = self.design.network();
        let relaxing = network.node_ids().filter(|n| !network.inputs().contains(n));
        let ends: usize = relaxing.map(|n| network.incidences(n).len()).sum();
        // A node updates each of its two waves once in two steps, with two colours.
        ends as f64 * 2.0 / f64::from(network.colouring().count())
    }

    /// Nodes updated in one step.
    pub fn updates(&self) -> f64 {
        let network = self.design.network();
        (network.nodes().len() - network.inputs().len()) as f64 * 2.0 / f64::from(network.colouring().count())
    }
}

const EVEN: Initial = Initial::Uniform { low: 0.1, high: 0.6 };
const CLAMPED: (u8, Nudge) = (15, Nudge::Clamped { eta: 2 });

/// Samples with voltages of all sizes.
fn samples(design: &Design, count: usize) -> Vec<Sample> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let half = 1i64 << (design.format().v_bits() - 1);
    let mut voltage = |part: i64| {
        let v = i64::from(rng.next_u32()) % half - half / 2;
        i32::try_from(v * 2 / part).unwrap()
    };
    let network = design.network();
    (0..count)
        .map(|_| Sample {
            inputs: network.inputs().iter().map(|_| voltage(1)).collect(),
            targets: network
                .outputs()
                .iter()
                .map(|_| Some(Target { voltage: voltage(4), sense: Sense::Equal }))
                .collect(),
        })
        .collect()
}

/// An open lattice of 32 x 32 nodes, its corners driven.
pub fn lattice_1024(format: Format, name: &str) -> Subject {
    let net = lattice(32, 32, Boundary::Open, EdgeKind::Linear);
    let corners = [0, 31, 992, 1023].map(NodeId);
    let network = net.inputs(corners).outputs([NodeId(495), NodeId(528)]).build().unwrap();
    Subject::new(name, network, format, CLAMPED, 64, vec![EVEN])
}

/// The digits preset's network, with made-up data of its shape.
pub fn digits() -> Subject {
    let network = layered(&[130, 64, 10], EdgeKind::Linear).unwrap().with_alpha(&[1, 1]).unwrap();
    let nudge = Nudge::Current { beta: 0, centred: true };
    let initial = [0.088, 0.124].map(|scale| Initial::HalfNormal { scale }).to_vec();
    Subject::new("digits", network, Format::WIDE, (8, nudge), 8, initial)
}

/// Images of 28 x 28 pixels on 128 hidden nodes, with made-up data: 202,240 edges.
pub fn images(format: Format, name: &str) -> Subject {
    images_on(1570, 128, format, name)
}

/// Images on so many inputs, two a pixel and two rails, and hidden nodes.
pub fn images_on(inputs: usize, hidden: usize, format: Format, name: &str) -> Subject {
    let network = layered(&[inputs, hidden, 10], EdgeKind::Linear).unwrap().with_alpha(&[1, 1]).unwrap();
    let nudge = Nudge::Current { beta: 0, centred: true };
    let initial = [0.025, 0.088].map(|scale| Initial::HalfNormal { scale }).to_vec();
    Subject::new(name, network, format, (8, nudge), 8, initial)
}

/// A random graph of 1000 nodes and 3000 edges.
pub fn random_graph(format: Format, name: &str) -> Subject {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut below = |n: u32| rng.next_u32() % n;
    let (nodes, edges) = (1000u32, 3000);
    let mut net = NetworkBuilder::new("random");
    let group = net.group("all", 0);
    let ids: Vec<NodeId> = (0..nodes).map(|_| net.node(DiodeClamp::None)).collect();
    // Odd nodes are joined with even ones only: two colours. A spanning tree comes first.
    let tree = (1..nodes).map(|i| {
        let earlier = i.div_ceil(2);
        [2 * below(earlier) + 1 - i % 2, i]
    });
    let mut pairs: std::collections::BTreeSet<[u32; 2]> = tree.map(|[a, b]| [a.min(b), a.max(b)]).collect();
    while pairs.len() < edges {
        let (a, b) = (2 * below(nodes / 2), 2 * below(nodes / 2) + 1);
        pairs.insert([a.min(b), a.max(b)]);
    }
    for &[a, b] in &pairs {
        net.edge(ids[a as usize], ids[b as usize], EdgeKind::Linear, group);
    }
    let network = net.inputs(ids[..8].to_vec()).outputs(ids[500..504].to_vec()).build().unwrap();
    Subject::new(name, network, format, CLAMPED, 16, vec![EVEN])
}

/// The networks of 16 and 9 nodes.
pub fn small() -> Vec<Subject> {
    let square = |boundary, name| {
        let net = lattice(4, 4, boundary, EdgeKind::Linear);
        let network = net.inputs([0, 3, 12].map(NodeId)).outputs([5, 10].map(NodeId)).build().unwrap();
        Subject::new(name, network, Format::WIDE, CLAMPED, 16, vec![EVEN])
    };
    let nine =
        pinwheel(EdgeKind::Linear).inputs([0, 2].map(NodeId)).outputs([4, 6].map(NodeId)).build().unwrap();
    vec![
        square(Boundary::Open, "4 x 4, open"),
        square(Boundary::Periodic, "4 x 4, periodic"),
        Subject::new("pinwheel", nine, Format::WIDE, CLAMPED, 16, vec![EVEN]),
    ]
}
