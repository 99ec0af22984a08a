//! Static timing before anything is placed: how long the data of every cell take, from documented delays.
//!
//! The bundling constraint of a cell: its flip-flops are clocked when a request has come through join and matched
//! delay; by then the data launched by the same fire as that request must have arrived. A request starts in a phase
//! flip-flop, data in data flip-flops, both one clock-to-output delay after the fire. So
//!
//! ```text
//! join + matched delay + clock-to-q  >=  MARGIN * (slowest data path + setup)
//! ```
//!
//! where the slowest data path runs from any flip-flop, of this cell or of a neighbour, through combinational leaves
//! to a flip-flop of this cell. What the array interface imposes is stable long before.

use crate::bus::Direction;
use crate::delays::CellId;
use crate::leaf::{Behaviour, Leaf};
use crate::module::{Module, Part};
use crate::technology::Technology;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Matched delays are longer than the data they wait for by this factor, in percent.
const MARGIN_PERCENT: u64 = 125;

/// What bounds a cell's matched delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellTiming {
    /// The cell's name in the array.
    pub cell: String,
    /// Name of the cell's Verilog module.
    pub module: String,
    /// Slowest data path into one of its flip-flops, setup included, in picoseconds.
    pub data_ps: u64,
    /// Path and port of the flip-flop it ends in.
    pub endpoint: String,
    /// A request's way without the matched delay: clock-to-output and join, in picoseconds.
    pub control_ps: u64,
    /// The matched delay it has, in picoseconds.
    pub matched_ps: u64,
}

impl CellTiming {
    /// The matched delay the margin asks for, in picoseconds.
    fn required_ps(&self) -> u64 {
        (self.data_ps * MARGIN_PERCENT).div_ceil(100).saturating_sub(self.control_ps)
    }
}

/// Timing of every cell of an [array's module](crate::Array::module) under the present delays of its leaves.
pub fn analyse(array: &Module, technology: Technology) -> Vec<CellTiming> {
    let setup_ps = technology.setup_ps();
    let mut drivers: HashMap<usize, Arc<Leaf>> = HashMap::new();
    array.for_each_leaf(&mut |_, leaf| {
        for port in leaf.outputs() {
            drivers.insert(port.bus.id(), Arc::clone(leaf));
        }
    });
    let mut arrivals = Arrivals { drivers, known: HashMap::new() };
    let cells = array.parts().iter().filter_map(|(name, part)| match part {
        Part::Module(module) => Some((name, module)),
        Part::Leaf(_) => None,
    });
    cells.map(|(name, module)| arrivals.cell(name, module, setup_ps)).collect()
}

/// LUTs of the matched delays that satisfy the margin, by the name of a cell's module.
pub fn matched_lengths(array: &Module, technology: Technology) -> BTreeMap<String, u32> {
    let lut_ps = technology.lut_ps();
    let mut lengths = BTreeMap::new();
    for cell in analyse(array, technology) {
        let luts = u32::try_from(cell.required_ps().div_ceil(lut_ps)).unwrap_or(u32::MAX).max(1);
        let longest = lengths.entry(cell.module).or_insert(luts);
        *longest = luts.max(*longest);
    }
    lengths
}

/// Gives the matched delays of a [folded array's module](crate::tile::FoldedArray::module) such lengths that a cell's fires come
/// as far apart as `cycles_ps` says, in picoseconds. A cycle that is shorter than its other parts becomes as long as they are.
pub fn set_cycles(array: &Module, cycles_ps: &BTreeMap<CellId, u64>) {
    for (id, cell) in array.cells() {
        let Some(&cycle) = cycles_ps.get(&id) else { continue };
        let (mut others, mut lut) = (0, 0);
        cell.for_each_leaf(&mut |path, leaf| match (path, leaf.behaviour()) {
            (_, Behaviour::MatchedDelay { lut_ps }) => lut = *lut_ps,
            // The join is passed at the pulse's end and before the next one.
            (path, _) if path.starts_with("join_") => others += 2 * leaf.delay_ps(),
            ("tick_register" | "back_register" | "pause", _) => others += leaf.delay_ps(),
            _ => {}
        });
        cell.for_each_leaf(&mut |_, leaf| {
            if matches!(leaf.behaviour(), Behaviour::MatchedDelay { .. }) {
                leaf.set_delay_ps(cycle.saturating_sub(others + lut).max(1));
            }
        });
    }
}

/// Draws every delay anew, between half and twice the documented one, from `seed`.
///
/// What no draw may break is the premise of bundled data: a request comes after its data. A matched delay that falls
/// short of what the new data paths need is lengthened to it, as a build would.
pub fn jitter(array: &Module, technology: Technology, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    array.for_each_leaf(&mut |_, leaf| {
        // 64/128 to 256/128 of the documented delay.
        let factor = 64 + u64::from(rng.next_u32() % 193);
        leaf.set_delay_ps((leaf.nominal_ps() * factor).div_ceil(128));
    });
    let timings: HashMap<String, CellTiming> =
        analyse(array, technology).into_iter().map(|timing| (timing.cell.clone(), timing)).collect();
    array.for_each_leaf(&mut |path, leaf| {
        if matches!(leaf.behaviour(), Behaviour::MatchedDelay { .. })
            && let Some(timing) = path.split('.').next().and_then(|cell| timings.get(cell))
        {
            let least = timing.data_ps.saturating_sub(timing.control_ps) + 1;
            leaf.set_delay_ps(leaf.delay_ps().max(least));
        }
    });
}

struct Arrivals {
    drivers: HashMap<usize, Arc<Leaf>>,
    /// Latest arrival by bus, in picoseconds after the fire that launched it.
    known: HashMap<usize, u64>,
}

impl Arrivals {
    fn at(&mut self, bus: usize) -> u64 {
        if let Some(&arrival) = self.known.get(&bus) {
            return arrival;
        }
        let Some(leaf) = self.drivers.get(&bus).cloned() else { return 0 };
        let arrival = match leaf.behaviour() {
            Behaviour::Register { .. } => leaf.delay_ps(),
            Behaviour::Clocked { asynchronous: false, .. } => leaf.delay_ps(),
            Behaviour::MatchedDelay { .. } => 0,
            Behaviour::Function(_) | Behaviour::Clocked { asynchronous: true, .. } => {
                let inputs = leaf.inputs().iter().map(|port| self.at(port.bus.id())).max();
                inputs.unwrap_or(0) + leaf.delay_ps()
            }
        };
        self.known.insert(bus, arrival);
        arrival
    }

    fn cell(&mut self, name: &str, module: &Module, setup_ps: u64) -> CellTiming {
        let mut timing = CellTiming {
            cell: name.to_owned(),
            module: module.name().to_owned(),
            data_ps: 0,
            endpoint: String::new(),
            control_ps: u64::MAX,
            matched_ps: 0,
        };
        let (mut join_ps, mut launch_ps) = (0, 0);
        module.for_each_leaf(&mut |path, leaf| {
            let data = match leaf.behaviour() {
                Behaviour::Register { falling: true, .. } => 0..0,
                Behaviour::Register { reset, .. } => 1..leaf.inputs().len() - usize::from(*reset),
                Behaviour::Clocked { clocks, .. } => *clocks..leaf.inputs().len(),
                Behaviour::MatchedDelay { .. } => {
                    timing.matched_ps = leaf.delay_ps();
                    0..0
                }
                Behaviour::Function(_) if path.starts_with("join_") => {
                    join_ps = leaf.delay_ps();
                    let drivers = leaf.inputs().iter().filter_map(|port| self.drivers.get(&port.bus.id()));
                    launch_ps = drivers.map(|flop| flop.delay_ps()).min().unwrap_or(0);
                    0..0
                }
                Behaviour::Function(_) => 0..0,
            };
            let mut arrives = |data_ps: u64, port: &str| {
                if data_ps > timing.data_ps {
                    timing.data_ps = data_ps;
                    timing.endpoint = format!("{name}.{path}.{port}");
                }
            };
            if leaf.internal_ps() > 0 {
                arrives(leaf.internal_ps() + setup_ps, "its own registers");
            }
            for port in &leaf.inputs()[data] {
                debug_assert_eq!(port.direction, Direction::Input);
                arrives(self.at(port.bus.id()) + setup_ps, &port.name);
            }
        });
        timing.control_ps = launch_ps + join_ps;
        timing
    }
}
