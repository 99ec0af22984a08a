//! Designs that together have every kind of cell, and the tools their Verilog is given to.
#![allow(dead_code, reason = "each test uses its part")]
use std::path::Path;
use std::sync::Arc;
use wheatstone_hdl::delays::{CellId, DelayLine};
use wheatstone_hdl::{Array, ArrayOptions, Multiplier, Technology};
use wheatstone_sim::network::{
    Boundary, DiodeClamp, EdgeKind, NetworkBuilder, NodeId, crossbar, lattice, layered, pinwheel,
};
use wheatstone_sim::{
    Configuration, Design, Format, Initial, LearningSchedule, Network, Nudge, Omega, Rules, Sample, Sense,
    State, Target,
};
use wheatstone_tools::{Program, Tool};

/// A design, how it learns and what it is built of.
pub struct Case {
    pub name: &'static str,
    pub options: ArrayOptions,
    pub design: Arc<Design>,
    pub configuration: Configuration,
}

impl Case {
    /// A state to start from.
    pub fn start(&self) -> State {
        let initial = Initial::Uniform { low: 0.05, high: 0.9 };
        let groups = self.design.network().groups().len();
        State::initial(&self.design, &vec![initial; groups], 7)
    }

    /// The `number`-th sample: voltages all over the range, and targets of every sense.
    pub fn sample(&self, number: u64) -> Sample {
        let mut random = Random(number * 977 + 5);
        let network = self.design.network();
        let (low, high) = self.design.format().v_range();
        let mut voltage = || i32::try_from(random.between(low, high)).unwrap();
        let inputs = network.inputs().iter().map(|_| voltage()).collect();
        let voltages: Vec<i32> = network.outputs().iter().map(|_| voltage()).collect();
        let senses = [Some(Sense::Equal), Some(Sense::AtLeast), Some(Sense::AtMost), None];
        let senses = senses.into_iter().cycle().skip(usize::try_from(number % 4).unwrap());
        let target = |(voltage, sense): (i32, Option<Sense>)| sense.map(|sense| Target { voltage, sense });
        Sample { inputs, targets: voltages.into_iter().zip(senses).map(target).collect() }
    }
}

/// The same array with a recovery delay in every edge, a pulse extension and a request delay in every node, of one to four LUTs.
pub fn drawn_out(array: &Array) -> Array {
    let mut lengths = array.delays().clone();
    for (cell, luts) in array.cell_modules().into_keys().zip((1..=4).cycle()) {
        let lines: &[DelayLine] = match cell {
            CellId::Node(_) => &[DelayLine::PulseExtension, DelayLine::Request],
            CellId::Edge(_) | CellId::Tile(_) | CellId::Root => &[DelayLine::Recovery],
        };
        lines.iter().for_each(|&line| lengths.set(cell.line(line), luts));
    }
    let options = ArrayOptions { technology: array.technology(), multiplier: array.multiplier() };
    Array::with_delays(Arc::clone(array.design()), options, &lengths).unwrap()
}

/// Sebastiano Vigna's splitmix64: numbers that differ enough, the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).cast_unsigned()).cast_signed()
    }
}

/// A bipartite network with linear and transistor edges at one node, diodes, and three learning shifts.
fn mixed() -> Network {
    let mut net = NetworkBuilder::new("mixed");
    let groups = [net.group("slow", -3), net.group("even", 0), net.group("fast", 2)];
    let [a, b, h, i, y, z] = [
        DiodeClamp::None,
        DiodeClamp::None,
        DiodeClamp::NonNegative,
        DiodeClamp::NonPositive,
        DiodeClamp::None,
        DiodeClamp::NonNegative,
    ]
    .map(|clamp| net.node(clamp));
    for (number, (from, to, kind)) in [
        (a, h, EdgeKind::Linear),
        (h, b, EdgeKind::Transistor),
        (a, i, EdgeKind::Transistor),
        (b, i, EdgeKind::Linear),
        (h, y, EdgeKind::Transistor),
        (y, i, EdgeKind::Linear),
        (z, h, EdgeKind::Linear),
        (i, z, EdgeKind::Linear),
    ]
    .into_iter()
    .enumerate()
    {
        net.edge(from, to, kind, groups[number % 3]);
    }
    net.inputs([a, b]).outputs([y, z]).build().unwrap()
}

fn ports(net: NetworkBuilder, inputs: &[u32], outputs: &[u32]) -> Network {
    let ids = |list: &[u32]| list.iter().map(|&id| NodeId(id)).collect::<Vec<_>>();
    net.inputs(ids(inputs)).outputs(ids(outputs)).build().unwrap()
}

/// Designs to run as a whole: every cell, nudge, learning mode and technology.
pub fn cases() -> Vec<Case> {
    let format = |v, gv, k, gk| Format::new(v, gv, k, gk).unwrap();
    let case = |name, technology, network: Network, format: Format, omega, nudge, rail, learning, steps| {
        let rules = Rules {
            omega: Omega::new(omega).unwrap(),
            nudge,
            g_min: if omega == 8 { 1 } else { 3 },
            lowest_rail: rail,
        };
        let design = Arc::new(Design::new(network, format, rules).unwrap());
        let options = ArrayOptions::from(technology);
        Case { name, options, design, configuration: Configuration { steps, learning, alpha_offset: 1 } }
    };
    let square = |kind| lattice(3, 3, Boundary::Open, kind);
    let deep = layered(&[3, 4, 2], EdgeKind::Linear).unwrap();
    let (clamped, current) = (|eta| Nudge::Clamped { eta }, |beta, centred| Nudge::Current { beta, centred });
    let desynchronous = LearningSchedule::Desynchronous { rarity: 2 };
    let mut cases = vec![
        case(
            "lattice of resistors",
            Technology::Ecp5,
            ports(square(EdgeKind::Linear), &[0, 2], &[4, 8]),
            Format::WIDE,
            15,
            clamped(1),
            0,
            LearningSchedule::Quasistatic,
            5,
        ),
        case(
            "crossbar with hinge targets",
            Technology::Ice40,
            crossbar(3, 4, EdgeKind::Linear).unwrap().with_alpha(&[-2]).unwrap(),
            Format::COMPACT,
            8,
            clamped(0),
            0,
            LearningSchedule::Quasistatic,
            4,
        ),
        case(
            "lattice of transistors",
            Technology::Generic,
            ports(square(EdgeKind::Transistor), &[0, 8], &[2, 4]).with_alpha(&[1]).unwrap(),
            Format::WIDE,
            12,
            clamped(3),
            -9000,
            LearningSchedule::Quasistatic,
            4,
        ),
        case(
            "layers with diodes",
            Technology::Ecp5,
            deep.clone().with_alpha(&[2, -1]).unwrap(),
            Format::COMPACT,
            8,
            current(2, true),
            0,
            LearningSchedule::Quasistatic,
            6,
        ),
        case(
            "desynchronous pinwheel",
            Technology::Generic,
            ports(pinwheel(EdgeKind::Linear), &[0, 2], &[5, 6]).with_alpha(&[-5]).unwrap(),
            format(14, 5, 11, 9),
            10,
            clamped(2),
            0,
            desynchronous,
            4,
        ),
        case(
            "transistors that learn all the time",
            Technology::Ice40,
            ports(lattice(2, 3, Boundary::Open, EdgeKind::Transistor), &[0, 5], &[3]),
            format(12, 0, 10, 14),
            8,
            current(1, false),
            -700,
            LearningSchedule::Continuous { every: 2 },
            5,
        ),
        case(
            "resistors and transistors",
            Technology::Ecp5,
            mixed(),
            Format::WIDE,
            8,
            clamped(2),
            -3000,
            LearningSchedule::Continuous { every: 3 },
            6,
        ),
        case(
            "resistors and transistors, nudged by a current",
            Technology::Generic,
            mixed(),
            Format::COMPACT,
            8,
            current(3, true),
            -300,
            desynchronous,
            5,
        ),
        case(
            "serial lattice",
            Technology::Ice40,
            ports(square(EdgeKind::Linear), &[0, 2], &[4, 8]).with_alpha(&[-1]).unwrap(),
            Format::COMPACT,
            12,
            clamped(1),
            0,
            LearningSchedule::Quasistatic,
            4,
        ),
        case(
            "serial layers with diodes",
            Technology::Generic,
            deep.with_alpha(&[3, -6]).unwrap(),
            Format::WIDE,
            8,
            current(2, true),
            0,
            desynchronous,
            3,
        ),
        case(
            "serial crossbar",
            Technology::Ecp5,
            crossbar(2, 2, EdgeKind::Linear).unwrap(),
            format(14, 0, 11, 9),
            8,
            clamped(2),
            0,
            LearningSchedule::Continuous { every: 2 },
            4,
        ),
        case(
            "serial resistors and transistors",
            Technology::Ecp5,
            mixed(),
            Format::COMPACT,
            8,
            clamped(1),
            -300,
            desynchronous,
            3,
        ),
    ];
    for case in &mut cases {
        if case.name.starts_with("serial") {
            case.options.multiplier = Multiplier::Serial;
        }
    }
    cases
}

/// Further designs whose leaves are at the ends of what can be built.
pub fn extremes() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &'static str, network: Network, format: (u32, u32, u32, u32), omega, nudge, rail| {
        let (v, gv, k, gk) = format;
        let rules = Rules { omega: Omega::new(omega).unwrap(), nudge, g_min: 1, lowest_rail: rail };
        let design = Design::new(network, Format::new(v, gv, k, gk).unwrap(), rules).unwrap();
        let configuration =
            Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
        let multiplier = if name.starts_with("serial") {
            Multiplier::Serial
        } else if name.starts_with("lut") {
            Multiplier::Lut
        } else {
            Multiplier::Parallel
        };
        let options = ArrayOptions { technology: Technology::Generic, multiplier };
        cases.push(Case { name, options, design: Arc::new(design), configuration });
    };
    let cross = |n, kind, alpha| crossbar(n, 1, kind).unwrap().with_alpha(&[alpha]).unwrap();
    let (linear, transistor) = (EdgeKind::Linear, EdgeKind::Transistor);
    add("lut", cross(2, linear, -4), (16, 8, 16, 16), 8, Nudge::Clamped { eta: 1 }, 0);
    add(
        "lut of the widest format",
        cross(2, transistor, -4),
        (20, 4, 20, 16),
        8,
        Nudge::Clamped { eta: 1 },
        -9,
    );
    add("smallest", cross(2, linear, -24), (4, 12, 4, 20), 4, Nudge::Clamped { eta: 16 }, 0);
    add("smallest transistors", cross(2, transistor, -24), (4, 0, 4, 0), 15, Nudge::Clamped { eta: 4 }, -8);
    add("largest", cross(3, linear, 16), (17, 12, 17, 20), 4, Nudge::Clamped { eta: 29 }, 0);
    add(
        "largest transistors",
        cross(3, transistor, 16),
        (17, 8, 16, 16),
        15,
        Nudge::Clamped { eta: 0 },
        -65536,
    );
    add(
        "narrow voltages",
        cross(5, linear, -1),
        (6, 3, 16, 12),
        9,
        Nudge::Current { beta: 16, centred: true },
        0,
    );
    add(
        "narrow conductances",
        cross(9, linear, 3),
        (16, 4, 5, 18),
        11,
        Nudge::Current { beta: 0, centred: false },
        0,
    );
    add(
        "wide gates",
        cross(2, transistor, 0),
        (5, 2, 16, 8),
        7,
        Nudge::Current { beta: 4, centred: true },
        15,
    );
    add("many edges", cross(33, linear, -8), (16, 8, 16, 16), 8, Nudge::Clamped { eta: 1 }, 0);
    add(
        "many transistors",
        cross(17, transistor, -8),
        (12, 8, 10, 14),
        8,
        Nudge::Current { beta: 10, centred: false },
        -2048,
    );
    add("serial, smallest", cross(2, linear, -24), (4, 12, 4, 20), 8, Nudge::Clamped { eta: 0 }, 0);
    add("serial, largest", cross(2, linear, 16), (20, 6, 20, 20), 8, Nudge::Clamped { eta: 0 }, 0);
    add(
        "serial, transistors",
        cross(2, transistor, -3),
        (16, 8, 16, 16),
        8,
        Nudge::Clamped { eta: 0 },
        -4000,
    );
    add("serial, narrow", cross(2, linear, 2), (6, 0, 16, 0), 8, Nudge::Clamped { eta: 0 }, 0);
    cases
}

/// A tool, or nothing and a message if it is missing; in continuous integration nothing may be missing.
pub fn tool(program: Program) -> Option<Tool> {
    match Tool::find(program) {
        Ok(tool) => Some(tool),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// Compiles a source with Icarus and returns what it prints when run.
pub fn icarus(source: &str, top: &str, folder: &Path) -> Option<String> {
    let (compiler, runner) = (tool(Program::Iverilog)?, tool(Program::Vvp)?);
    std::fs::write(folder.join("source.v"), source).unwrap();
    compiler.run(["-g2005", "-s", top, "-o", "compiled", "source.v"], folder).unwrap();
    Some(runner.run(["-N", "compiled"], folder).unwrap().stdout)
}

/// Whether Verilator says that an operand is wider than its place, or something that is not about width at all.
///
/// What is narrower is extended with its sign, as the language says and `leaves_icarus.rs` tries; spelling that out would
/// bury the arithmetic. What is wider loses bits.
pub fn loses_bits(line: &str) -> bool {
    let number = |after: &str, before: &str| -> Option<u32> {
        let (number, _) = line.split_once(after)?.1.split_once(before)?;
        number.split(' ').next_back()?.parse().ok()
    };
    let widths = number(" expects ", " bits").zip(number(" generates ", " bits"));
    widths.is_none_or(|(place, operand)| operand > place)
}
