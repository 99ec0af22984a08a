//! Networks on their way to rest, beside the exact spectrum and the free energy.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::ops::ControlFlow;
use std::sync::Arc;
use wheatstone_learn::trajectory::{Protocol, TrajectoryError, follow, work};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, lattice};
use wheatstone_sim::{Design, Features, Format, Initial, Nudge, Omega, Rules, State, Temperature};

fn square(side: u32, omega: u8, edge: EdgeKind, features: Features) -> (Arc<Design>, State) {
    let corners = [0, side - 1, side * (side - 1), side * side - 1].map(NodeId);
    let network = lattice(side as usize, side as usize, Boundary::Open, edge);
    let network = network.inputs(corners).outputs([NodeId(side + 1)]).build().unwrap();
    let omega = Omega::new(omega).unwrap();
    let rules = Rules { omega, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
    let design = Design::new(network, Format::WIDE, rules).unwrap().with_features(features).unwrap();
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.5 }], 3);
    (Arc::new(design), state)
}

#[test]
fn the_power_falls_by_the_spectral_radius() {
    for (side, omega) in [(8, 8), (8, 12), (12, 8), (12, 12)] {
        let (design, state) = square(side, omega, EdgeKind::Linear, Features::PLAIN);
        let found = follow(&design, &state, [&[0; 4], &[25_000, -25_000, 12_000, 3000]], 800, &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
        let (measured, exact) = (found.measured_radius.unwrap(), found.exact_radius);
        assert!((measured - exact).abs() <= 2e-3, "{side} at {omega}/8: {measured} against {exact}");
        assert_eq!(found.excess.len(), 1601);
        assert!(found.excess[1600] < 1e-2 * found.excess[0]);
        // The modes are parts of the whole, and the slowest one is what is left.
        let parts: f64 = found.modes.iter().map(|mode| mode[0]).sum();
        assert!(parts > 0.0 && parts < found.excess[0] * (1.0 + 1e-9), "{parts} of {}", found.excess[0]);
        if omega == 8 {
            let late = 200;
            assert!(found.modes[0][late] > 0.5 * found.excess[late], "{side}: the slowest mode is the last");
            assert_eq!(found.rises, 0, "Gauss-Seidel never raises the power");
        }
    }
}

#[test]
fn work_obeys_jarzynskis_equality() {
    let features = Features { temperature: Some(Temperature(150_000_000_000)), ..Features::PLAIN };
    let (design, state) = square(4, 8, EdgeKind::Linear, features);
    for (jumps, between, size) in [(1, 1, 1500), (4, 1, 3000), (16, 2, 4000)] {
        let to = [size, -size, size / 2, -7 * size / 10];
        let protocol = Protocol { jumps, between, before: 60, trials: 6000 };
        let found =
            work(&design, &state, [&[0; 4], &to], protocol, &mut |_| ControlFlow::Continue(())).unwrap();
        let off = (found.estimate - found.free_energy).abs();
        assert!(off <= 3.0 * found.error, "{jumps} jumps: {found:?}");
        // The second law: work on average is more than the free energy, the more the faster.
        assert!(found.mean > found.free_energy + 2.0 * found.error, "{jumps} jumps: {found:?}");
        assert_eq!(found.trials, 12_000);
    }
}

#[test]
fn what_has_no_exact_equilibrium_is_refused() {
    let (design, state) = square(4, 8, EdgeKind::Transistor, Features::PLAIN);
    let found = follow(&design, &state, [&[0; 4], &[100; 4]], 20, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(found, Err(TrajectoryError::NotLinear(_))));
    let (design, state) = square(4, 8, EdgeKind::Linear, Features::PLAIN);
    assert!(matches!(
        follow(&design, &state, [&[0; 3], &[100; 4]], 20, &mut |_| ControlFlow::Continue(())),
        Err(TrajectoryError::Sample(_))
    ));
}
