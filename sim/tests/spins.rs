//! Arrays of spins: replicas side by side compute the plain array's bits, and both the thermal distribution.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Draw;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use wheatstone_sim::spins::{InverseTemperature, SpinArray, SpinGraph, SpinReplicas};

/// Any graph of up to 24 spins; in half of them couplings are too large for tables.
fn random_graph(draw: &mut Draw) -> Arc<SpinGraph> {
    let spins = 1 + draw.index(24);
    let largest = draw.pick(&[1, 3, 900]);
    let mut seen = HashSet::new();
    let mut couplings = Vec::new();
    for _ in 0..draw.index(80) {
        let (a, b) = (draw.index(spins), draw.index(spins));
        if a != b && seen.insert((a.min(b), a.max(b))) {
            let value = i32::try_from(draw.within(-largest..=largest)).unwrap();
            couplings.push((u32::try_from(a).unwrap(), u32::try_from(b).unwrap(), value));
        }
    }
    Arc::new(SpinGraph::new(spins, couplings).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replicas_equal_the_plain_array(seed: u64) {
        let mut draw = Draw::new(seed);
        let graph = random_graph(&mut draw);
        let beta = |draw: &mut Draw| InverseTemperature(draw.word() >> draw.pick(&[0, 4, 8, 12, 31]));
        let betas: Vec<_> = (0..1 + draw.index(9)).map(|_| beta(&mut draw)).collect();
        let mut replicas = SpinReplicas::new(Arc::clone(&graph), betas.clone(), || draw.word());
        let mut arrays: Vec<SpinArray> = (betas.into_iter().enumerate())
            .map(|(i, beta)| SpinArray::new(Arc::clone(&graph), beta, replicas.spins(i), replicas.generators(i)))
            .collect();
        for _ in 0..40 {
            replicas.sweep();
            for (i, array) in arrays.iter_mut().enumerate() {
                array.sweep();
                prop_assert_eq!(array.spins(), &replicas.spins(i)[..]);
                prop_assert_eq!(array.generators(), &replicas.generators(i)[..]);
            }
        }
    }
}

/// Mean energies of a small glass equal those of all its states, at several temperatures at once.
#[test]
fn energies_are_thermal() {
    let mut draw = Draw::new(3);
    let couplings = (0..12u32).flat_map(|i| [(i, (i + 1) % 12), (i, (i + 5) % 12)]);
    let couplings: Vec<_> = couplings.map(|(a, b)| (a, b, if draw.one_in(2) { 1 } else { -1 })).collect();
    let graph = Arc::new(SpinGraph::new(12, couplings).unwrap());
    let temperatures = [0.6, 1.0, 1.7, 4.0];
    let betas = temperatures.map(InverseTemperature::of_temperature).to_vec();
    let mut replicas = SpinReplicas::new(Arc::clone(&graph), betas, || draw.word());
    (0..500).for_each(|_| replicas.sweep());
    let (sweeps, mut sums) = (60_000, [0i64; 4]);
    for _ in 0..sweeps {
        replicas.sweep();
        sums.iter_mut().enumerate().for_each(|(i, sum)| *sum += replicas.energy(i));
    }
    for (temperature, sum) in temperatures.into_iter().zip(sums) {
        let (mut weights, mut energies) = (0.0, 0.0);
        for state in 0u32..1 << 12 {
            let energy = graph.energy(|spin| if state >> spin & 1 == 1 { 1 } else { -1 }) as f64;
            let weight = (-energy / temperature).exp();
            (weights, energies) = (weights + weight, energies + weight * energy);
        }
        let (found, exact) = (sum as f64 / f64::from(sweeps), energies / weights);
        assert!((found - exact).abs() < 0.006 * exact.abs() + 0.01, "{temperature}: {found} against {exact}");
    }
}
