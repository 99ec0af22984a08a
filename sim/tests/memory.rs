//! What the fast engine takes in memory, beyond the design, for a lattice of a million edges.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Arc;
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, lattice};
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sample,
    Sense, State, Target,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// At most 32 bytes an edge and 64 a node, after construction and after everything a run does; twice the state besides while
/// it is constructed.
#[test]
fn a_million_edges_take_little_memory() {
    for format in [Format::WIDE, Format::COMPACT] {
        let net = lattice(707, 707, Boundary::Open, EdgeKind::Linear);
        let network =
            net.inputs([0, 706].map(NodeId)).outputs([NodeId(499_848), NodeId(250_000)]).build().unwrap();
        let (nodes, edges) = (network.nodes().len(), network.edges().len());
        assert!(edges > 998_000);
        let rules = Rules {
            omega: Omega::new(15).unwrap(),
            nudge: Nudge::Clamped { eta: 1 },
            g_min: 1,
            lowest_rail: 0,
        };
        let design = Arc::new(Design::new(network, format, rules).unwrap());
        let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
        let quasistatic =
            Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let allowed = isize::try_from(32 * edges + 64 * nodes).unwrap();

        let region = Region::new(ALLOCATOR);
        let held = |region: &Region<System>| {
            let change = region.change();
            isize::try_from(change.bytes_allocated).unwrap()
                - isize::try_from(change.bytes_deallocated).unwrap()
        };
        let mut engine = Fast::new(Arc::clone(&design), quasistatic, state).unwrap();
        // The state was handed over and is gone: what it took counts against what the engine took.
        let state_bytes = isize::try_from(16 * nodes + 10 * edges).unwrap();
        let constructed = held(&region) + state_bytes;
        assert!(constructed <= allowed, "{format}: {constructed} bytes of {allowed}");

        let target = Some(Target { voltage: 100, sense: Sense::Equal });
        let sample = Sample { inputs: vec![500, -500], targets: vec![target, None] };
        engine.train(&sample).unwrap();
        let desynchronous = LearningSchedule::Desynchronous { rarity: 2 };
        engine.configure(Configuration { learning: desynchronous, ..quasistatic }).unwrap();
        engine.train(&sample).unwrap();
        let run = held(&region) + state_bytes;
        assert!(run <= allowed, "{format}: {run} bytes of {allowed} after training");
        println!(
            "{format}: {:.1} bytes an edge and node pair of {:.1}; {:.1} after desynchronous training",
            constructed as f64 / edges as f64,
            allowed as f64 / edges as f64,
            run as f64 / edges as f64,
        );
    }
}
