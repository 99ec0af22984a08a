//! How often an invocation goes round its loops.
//!
//! Mesa's llvmpipe leaves every loop of an invocation once they have gone round 65,535 times together, and says nothing. On
//! an adapter in software a dispatch therefore stays well below.

use super::plan::{Plan, small};
use wheatstone_sim::{Configuration, Design, LearningSchedule};

/// Rounds that are safe in software.
const SAFE: u64 = 30_000;

/// Most rounds of a kernel's loops, the last look of each included, which finds it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loops {
    /// Of a dispatch without samples.
    dispatch: u64,
    /// Of a sample without its steps and learning.
    sample: u64,
    step: u64,
    /// Of learning without draws.
    learning: u64,
    /// Edges of an invocation, each of which may draw.
    edges: u64,
}

impl Loops {
    /// The loops of `network.wgsl`.
    pub(super) fn of(design: &Design, plan: &Plan) -> Loops {
        let (workgroup, lanes) = (u64::from(plan.workgroup), u64::from(plan.lanes));
        let rounds = |items: u64, at_once: u64| items.div_ceil(at_once) + 1;
        let (nodes, edges) = (u64::from(plan.relaxing()), u64::from(plan.edges));
        let most_turns = super::tables::turns(design, plan).iter().map(Vec::len).max().unwrap_or(0);
        let node = rounds(u64::from(small(design.network().max_degree())), lanes) + lanes;
        let turns = rounds(u64::from(small(most_turns)), workgroup / lanes);
        let gains = rounds(nodes, workgroup / lanes) * (1 + node);
        let load = rounds(2 * nodes, workgroup) + rounds(u64::from(plan.k_words) * edges, workgroup);
        Loops {
            dispatch: 1 + 2 * load + gains,
            sample: 2 + rounds(u64::from(plan.inputs), workgroup),
            step: 1 + turns * (1 + node),
            learning: rounds(edges, workgroup) + gains,
            edges: edges.div_ceil(workgroup),
        }
    }

    /// Samples that a dispatch may have in software; none if one is too many.
    pub(super) fn samples(self, configuration: Configuration) -> u32 {
        let steps = u64::from(configuration.steps);
        let (times, draws) = match configuration.learning {
            LearningSchedule::Quasistatic => (1, 0),
            LearningSchedule::Continuous { every } => (steps / u64::from(every).max(1), 0),
            LearningSchedule::Desynchronous { rarity } => (1, u64::from(rarity) + 1),
        };
        let sample = self.sample + steps * self.step + times * (self.learning + self.edges * draws);
        u32::try_from(SAFE.saturating_sub(self.dispatch) / sample).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wgpu::Limits;
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{Format, Nudge, Omega, Rules};

    /// Counted by hand in `network.wgsl` for 28 inputs, 3 outputs and 84 edges, 8 lanes a node and 32 in all.
    #[test]
    fn a_crossbar_is_counted() {
        let network = crossbar(28, 3, EdgeKind::Linear).unwrap();
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 2 }, g_min: 1, lowest_rail: 0 };
        let design = Design::new(network, Format::WIDE, rules).unwrap();
        let plan = Plan::new(&design, &Limits::default()).unwrap();
        assert_eq!((plan.workgroup, plan.lanes), (32, 8));
        let loops = Loops::of(&design, &plan);
        // Four rounds of edges and the look that ends them, eight of partial sums.
        assert_eq!(loops, Loops { dispatch: 41, sample: 4, step: 29, learning: 32, edges: 3 });
        let configuration = |steps, learning| Configuration { steps, learning, alpha_offset: 0 };
        let samples = |steps, learning| loops.samples(configuration(steps, learning));
        assert_eq!(samples(8, LearningSchedule::Quasistatic), (30_000 - 41) / (4 + 8 * 29 + 32));
        assert_eq!(
            samples(8, LearningSchedule::Desynchronous { rarity: 2 }),
            (30_000 - 41) / (4 + 8 * 29 + 32 + 9)
        );
        assert_eq!(
            samples(8, LearningSchedule::Continuous { every: 2 }),
            (30_000 - 41) / (4 + 8 * 29 + 4 * 32)
        );
        assert_eq!(samples(2000, LearningSchedule::Quasistatic), 0);
    }
}
