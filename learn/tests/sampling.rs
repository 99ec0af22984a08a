//! A network at a temperature fluctuates as physics says: equipartition, covariances and posteriors beside the exact ones.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::ops::ControlFlow;
use wheatstone_learn::equilibrium::NotLinear;
use wheatstone_learn::sampling::{Comparison, Plan, Sampled, SamplingError, Thermal};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, crossbar, lattice};
use wheatstone_sim::{
    Design, Features, Format, Initial, Network, Nudge, Omega, Rules, State, Temperature, Wave, Waves,
};

/// About 1400 LSB of noise at a node.
const TEMPERATURE: Temperature = Temperature(150_000_000_000);

fn square(side: usize, edge: EdgeKind) -> Network {
    let corners =
        [0, side - 1, side * (side - 1), side * side - 1].map(|n| NodeId(u32::try_from(n).unwrap()));
    let outputs = [NodeId(u32::try_from(side + 1).unwrap())];
    lattice(side, side, Boundary::Open, edge).inputs(corners).outputs(outputs).build().unwrap()
}

fn design(network: Network, omega: u8) -> (Design, State) {
    let omega = Omega::new(omega).unwrap();
    let rules = Rules { omega, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
    let design = Design::new(network, Format::WIDE, rules).unwrap();
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.5 }], 1);
    (design, state)
}

fn plan(samples: u64) -> Plan {
    Plan { temperature: TEMPERATURE, samples, every: 1, burn_in: 2000, seed: 7 }
}

fn sample(thermal: &Thermal, plan: &Plan) -> Sampled {
    thermal.sample(plan, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn compared(sampled: &Sampled, wave: Wave) -> &Comparison {
    sampled.waves[wave.index()].exact.as_ref().unwrap()
}

/// Both waves of a lattice under voltages at its corners.
fn fluctuations(side: usize, omega: u8, samples: u64, features: Features) -> [Comparison; 2] {
    let (design, state) = design(square(side, EdgeKind::Linear), omega);
    let design = design.with_features(features).unwrap();
    // Under-relaxed sweeps depend on the one before in every mode.
    let plan = Plan { every: if omega < 8 { 4 } else { 1 }, ..plan(samples) };
    let thermal = Thermal::new(&design, &state, vec![3000, -3000, 1500, 0], &plan).unwrap();
    sample(&thermal, &plan).waves.map(|wave| wave.exact.unwrap())
}

#[test]
fn covariances_are_the_inverse_laplacian_at_every_omega() {
    for (side, samples, omegas) in
        [(4, 300_000, &[4, 8, 12, 15][..]), (8, 200_000, &[8, 12, 15]), (16, 60_000, &[13])]
    {
        for &omega in omegas {
            for (wave, found) in fluctuations(side, omega, samples, Features::PLAIN).iter().enumerate() {
                let what = format!("{side}x{side}, omega {omega}/8, wave {wave}: {:?}", summary(found));
                assert!((found.equipartition - 1.0).abs() <= 0.003, "{what}");
                assert!(found.distance <= 1.3 * found.floor, "{what}");
                // The slowest modes of the largest lattice have had few independent samples.
                assert!(found.worst_variance.abs() <= if side < 16 { 0.04 } else { 0.06 }, "{what}");
                // Slow modes of small omegas give fewer independent means.
                assert!(found.mean_error <= 0.04, "{what}");
            }
        }
    }
}

fn summary(found: &Comparison) -> [f64; 5] {
    [found.equipartition - 1.0, found.distance, found.floor, found.worst_variance, found.mean_error]
}

/// The clamped wave of observed nodes is their posterior, the free one stays the prior.
#[test]
fn observed_nodes_give_the_posterior() {
    let (design, state) = design(square(8, EdgeKind::Linear), 12);
    let observed =
        [(9, 4000), (14, -2500), (27, 100), (36, 5100), (49, -6000), (54, 800), (20, -900), (43, 2222)];
    let observed = observed.map(|(node, v)| (NodeId(node), v));
    let plan = plan(1_000_000);
    let thermal =
        Thermal::observing(&design, &state, vec![3000, -3000, 1500, 0], &plan, (&observed, 2)).unwrap();
    let sampled = sample(&thermal, &plan);
    let [prior, posterior] = Wave::BOTH.map(|wave| compared(&sampled, wave));
    for (found, mean_error) in [(prior, 0.012), (posterior, 0.003)] {
        assert!((found.equipartition - 1.0).abs() <= 0.003, "{:?}", summary(found));
        assert!(found.distance <= 1.3 * found.floor, "{:?}", summary(found));
        assert!(found.mean_error <= mean_error, "{:?}", summary(found));
    }
    // An observation moves the mean and narrows the spread, far beyond what sampling leaves open.
    let row = sampled.nodes.iter().position(|&node| node == NodeId(49)).unwrap();
    assert!(posterior.mean[row] < prior.mean[row] - 1000.0);
    assert!(posterior.covariance[(row, row)] < 0.7 * prior.covariance[(row, row)]);
}

/// What is sampled does not depend on when the waves take their turns.
#[test]
fn waves_together_fluctuate_alike() {
    for found in fluctuations(4, 12, 200_000, Features { waves: Waves::Together, ..Features::PLAIN }) {
        assert!(found.distance <= 1.3 * found.floor, "{:?}", summary(&found));
    }
}

/// A plan of fewer samples is the beginning of a longer one, and the same seed gives the same bits.
#[test]
fn a_shorter_plan_is_the_beginning_of_a_longer_one() {
    let (design, state) = design(square(4, EdgeKind::Linear), 8);
    let thermal = |seed| Thermal::new(&design, &state, vec![0; 4], &Plan { seed, ..plan(2048) }).unwrap();
    let stopped = thermal(7).sample(&plan(2048), &mut |taken| match taken {
        1024 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let (stopped, short) = (stopped.unwrap(), sample(&thermal(7), &plan(1024)));
    assert_eq!(stopped.samples, 1024);
    for wave in 0..2 {
        assert_eq!(stopped.waves[wave].mean, short.waves[wave].mean);
        assert_eq!(stopped.waves[wave].covariance, short.waves[wave].covariance);
    }
    assert_ne!(sample(&thermal(8), &plan(1024)).waves[0].mean, short.waves[0].mean);
}

#[test]
fn what_has_no_exact_fluctuations_says_so() {
    let (design, state) = design(square(4, EdgeKind::Transistor), 8);
    let plan = plan(256);
    let thermal = Thermal::new(&design, &state, vec![0; 4], &plan).unwrap();
    let found = &sample(&thermal, &plan).waves[0].exact;
    assert!(matches!(found, Err(NotLinear::Part { what: "transistor edges" })), "{found:?}");
    let too_hot = Plan { temperature: Temperature(u64::MAX), ..plan };
    assert!(matches!(Thermal::new(&design, &state, vec![0; 4], &too_hot), Err(SamplingError::Design(_))));
    let (star, state) = self::design(crossbar(2, 1, EdgeKind::Linear).unwrap(), 8);
    let input = star.network().inputs()[0];
    let imposed = Thermal::observing(&star, &state, vec![0; 2], &plan, (&[(input, 5)], 2));
    assert!(matches!(imposed, Err(SamplingError::Imposed { .. })));
}
