//! How a design is laid out on a device: sizes, where its registers are kept, how many lanes share a node's edges.

use super::KernelError;
use wgpu::Limits;
use wheatstone_sim::network::{EdgeKind, NodeId};
use wheatstone_sim::{Design, Format, Unsupported};

/// Colours beyond which the last one may be shared by neighbours, whose order within a step then matters.
const MOST_COLOURS: u8 = 254;

/// Where a register is kept while samples are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In the memory of its workgroup, next to the arithmetic.
    Workgroup,
    /// In a storage buffer: the device's memory, behind its caches.
    Storage,
}

/// A design laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The slot in wave F of every node, by id: inputs in port order, then the others by id.
    pub(crate) slots: Vec<u32>,
    /// The nodes that are not inputs, by id.
    pub(crate) relaxing: Vec<usize>,
    pub(crate) inputs: u32,
    pub(crate) outputs: u32,
    pub(crate) edges: u32,
    /// Words of an edge accumulator.
    pub(crate) k_words: u32,
    /// Invocations of a workgroup; a power of two.
    pub(crate) workgroup: u32,
    /// Invocations that share the edges of one node; a power of two.
    pub(crate) lanes: u32,
    pub(crate) split: Split,
    pub(crate) u: Memory,
    pub(crate) k: Memory,
}

/// How a current's product of `x` below `2^V` and `y` is divided: `y` into its lower `bits` and the rest, so that `terms`
/// products of either kind add up in a signed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) bits: u32,
    pub(crate) terms: u32,
}

impl Split {
    fn of(format: Format, transistors: bool) -> Split {
        let most_g = u32::try_from(format.g_max()).unwrap_or(u32::MAX);
        let half_range = 1 << (format.v_bits() - 1);
        let most_y = 2 * (most_g + if transistors { half_range } else { 0 });
        let bits = (u32::BITS - most_y.leading_zeros()).div_ceil(2);
        Split { bits, terms: 1 << (31 - format.v_bits() - bits) }
    }
}

impl Plan {
    /// Lays a design out for a device with these limits.
    pub(crate) fn new(design: &Design, limits: &Limits) -> Result<Plan, KernelError> {
        design.features().require_plain("the kernel on a GPU")?;
        design.rules().nudge.require_drops("the kernel on a GPU")?;
        if design.network().has_frozen() {
            return Err(Unsupported { feature: "frozen groups", by: "the kernel on a GPU" }.into());
        }
        let network = design.network();
        let colours = network.colouring().count();
        if colours > MOST_COLOURS {
            return Err(KernelError::Colours { colours, most: MOST_COLOURS });
        }
        let mut slots = vec![0; network.nodes().len()];
        for (slot, input) in (0..).zip(network.inputs()) {
            slots[input.index()] = slot;
        }
        let inputs = small(network.inputs().len());
        let is_relaxing = |&node: &usize| network.nodes()[node].kind.relaxes();
        let relaxing: Vec<usize> = (0..slots.len()).filter(is_relaxing).collect();
        for (slot, &node) in (inputs..).zip(&relaxing) {
            slots[node] = slot;
        }
        let format = design.format();
        let mut plan = Plan {
            inputs,
            outputs: small(network.outputs().len()),
            edges: small(network.edges().len()),
            k_words: if format.k_bits() + format.k_guard() > 32 { 2 } else { 1 },
            workgroup: 0,
            lanes: 0,
            split: Split::of(
                format,
                network.edges().iter().any(|edge| match edge.kind {
                    EdgeKind::Linear => false,
                    EdgeKind::Transistor => true,
                }),
            ),
            u: Memory::Storage,
            k: Memory::Storage,
            slots,
            relaxing,
        };
        plan.choose_lanes(design, limits);
        plan.place(limits)?;
        Ok(plan)
    }

    /// A step should keep every invocation busy and nobody with more than a handful of edges.
    fn choose_lanes(&mut self, design: &Design, limits: &Limits) {
        let network = design.network();
        let most = limits
            .max_compute_invocations_per_workgroup
            .min(limits.max_compute_workgroup_size_x)
            .clamp(32, 256);
        let turns = super::tables::turns(design, self).iter().map(Vec::len).max().unwrap_or(0).max(1);
        let incidences: usize =
            self.relaxing.iter().map(|&node| network.incidences(NodeId(small(node))).len()).sum();
        let mean_degree = incidences / self.relaxing.len().max(1);
        // Four edges an invocation.
        let wanted = small(turns * mean_degree / 4).max(small(turns)).max(32).next_power_of_two();
        self.workgroup = wanted.min(1 << most.ilog2());
        let share = (self.workgroup / small(turns)).max(1);
        self.lanes = (1 << share.ilog2()).min(small(network.max_degree()).max(1).next_power_of_two());
    }

    /// Voltages, gains and partial sums must be near; conductances come next, since they are read most, then `u`.
    fn place(&mut self, limits: &Limits) -> Result<(), KernelError> {
        let available = limits.max_compute_workgroup_storage_size;
        let needed = 4 * (self.slots() + self.relaxing() + 2 * self.parts() + 2);
        if needed > available {
            return Err(KernelError::WorkgroupMemory { needed, available });
        }
        let mut rest = available - needed;
        for (place, words) in
            [(&mut self.k, self.k_words * self.edges), (&mut self.u, 2 * small(self.relaxing.len()))]
        {
            if u64::from(words) * 4 <= rest.into() {
                *place = Memory::Workgroup;
                rest -= words * 4;
            }
        }
        Ok(())
    }

    pub(crate) fn relaxing(&self) -> u32 {
        small(self.relaxing.len())
    }

    /// Voltages in workgroup memory.
    pub(crate) fn slots(&self) -> u32 {
        self.inputs + 2 * self.relaxing()
    }

    /// Partial sums in workgroup memory, of two words each.
    pub(crate) fn parts(&self) -> u32 {
        if self.lanes > 1 { self.workgroup } else { 1 }
    }

    /// Words of one sample: its inputs, and two for each output.
    pub(crate) fn sample_words(&self) -> usize {
        self.inputs as usize + 2 * self.outputs as usize
    }

    /// Words of one replica's node accumulators, edge accumulators and generators.
    pub(crate) fn replica_words(&self) -> [usize; 3] {
        let edges = self.edges as usize;
        [2 * self.relaxing.len(), self.k_words as usize * edges, edges]
    }
}

/// A count of nodes or edges, which their ids keep below 2^32.
pub(super) fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_current_never_overflows() {
        for v in 4..=20 {
            for k in 4..=20 {
                for transistors in [false, true] {
                    let format = Format::new(v, 0, k, 0).unwrap();
                    let Split { bits, terms } = Split::of(format, transistors);
                    let x = (1i64 << v) - 1;
                    let y = 2 * (format.g_max() + if transistors { 1 << (v - 1) } else { 0 });
                    for part in [(1i64 << bits) - 1, y >> bits] {
                        assert!(i64::from(terms) * x * part <= i32::MAX.into(), "{format}, {transistors}");
                    }
                }
            }
        }
    }
}
