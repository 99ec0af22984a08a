//! The cell contract as properties of random networks: a second implementation, energy, symmetries, bounds.
//!
//! # Why energy falls
//! Hold a node's neighbours at `v_j` and write, in LSB of `u`, `E(u) = sum g_e (u - v_j 2^GV)^2`; a nudging current adds
//! its own square, cut to one side by a target's sense. `E` is convex with `E'' <= 2 D`. The node does not know its own
//! `u` but `v`, with `eps = |u - v 2^GV|`, at most `2^(GV-1)` (0 without guard bits) unless `v` is saturated. It moves by
//! `delta = w/D S' + rho`, where `S' = S 2^GV` is the current at `v`, `w = D q / 2^(s+3)` and `|rho| <= 1/2`. The
//! current at `u` differs from `S'` by at most `D eps`, so
//! ```text
//! dE <= D delta^2 - 2 delta S' + 2 |delta| D eps <= D [ -delta^2 (2/w - 1) + 2 |delta| (1/(2w) + eps) ],
//! ```
//! or, times `q` and without a fraction,
//! ```text
//! q dE <= q D delta^2 - 2^(s+4) delta^2 + |delta| (2^(s+3) + 2 q D eps).
//! ```
//! The first part is negative for every `w < 2`; the second is the slack of rounding. A diode or the saturation of `u`
//! goes only part of the way, and `E` is convex, so the rise is then at most that bound or 0.
//!
//! At the level of `v` there is no `eps`. A change of `v` by `d` LSB needs a change of `u` of at least
//! `(|d| - 1) 2^GV + 1`, so with linear edges the network's dissipated power `P` obeys at every update
//! ```text
//! q 2^GV dP <= q 2^GV D d^2 - |d| 2^(s+4) ((|d| - 1) 2^GV + 1/2).
//! ```
//! A flicker of one LSB may raise it by `D` at most; for `w <= 1` larger moves never do.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

mod common;
mod naive;

use common::{
    Case, Draw, Kinds, Spread, cases, design_on, featured, frozen, has_turn, node_id, probed, random_sample,
    random_state,
};
use naive::Naive;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::sync::Arc;
use wheatstone_sim::engine::StartError;
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NetworkBuilder, NodeKind, crossbar};
use wheatstone_sim::{
    Checkpoint, Configuration, Design, Engine, Format, GainTable, LearningSchedule, Network, Nudge, Omega,
    Reference, Sample, Sense, State, Target, Wave, dissipated_power,
};

const ALL: &[Kinds] = &[Kinds::Linear, Kinds::Transistor, Kinds::Mixed];
const LINEAR: &[Kinds] = &[Kinds::Linear];

fn config(cases: u32) -> ProptestConfig {
    let failures = FileFailurePersistence::Direct("proptest-regressions/contract.txt");
    ProptestConfig { cases, failure_persistence: Some(Box::new(failures)), ..ProptestConfig::default() }
}

fn engine(design: &Design, configuration: Configuration, state: State) -> Reference {
    Reference::new(Arc::new(design.clone()), configuration, state).expect("a state of this design")
}

/// The nodes that a step from this phase updates, with their wave.
fn turns(design: &Design, phase: u8) -> Vec<(usize, usize)> {
    let ids = design.network().node_ids();
    ids.flat_map(|id| [0, 1].map(|wave| (id, wave)))
        .filter(|&(id, wave)| has_turn(design, id, wave, phase))
        .map(|(id, wave)| (id.index(), wave))
        .collect()
}

/// Whether a node relaxes at its turn, instead of following its free voltage.
fn relaxes(naive: &Naive, node: usize, wave: usize) -> bool {
    !(wave == 1
        && naive.targets[node].is_some()
        && matches!(naive.design.rules().nudge, Nudge::Clamped { .. }))
}

/// Steps, learns and trains beside the second implementation, from states and samples that `salt` draws.
fn stays_equal(case: &Case, extreme: bool, salt: u64) -> Result<(), TestCaseError> {
    let mut draw = Draw::new(case.seed ^ salt);
    let spread = if extreme { Spread::Extreme } else { Spread::Even };
    let state = random_state(&mut draw, &case.design, spread);
    let mut naive = Naive::new(&case.design, case.configuration, &state);
    let mut engine = engine(&case.design, case.configuration, state);
    for targets in [true, true, false] {
        let sample = random_sample(&mut draw, &case.design, spread, targets);
        engine.present(&sample).unwrap();
        naive.present(&sample);
        for _ in 0..5 {
            engine.step();
            naive.step();
            prop_assert!(naive.matches(&engine.state()), "step");
        }
        engine.learn();
        naive.learn();
        prop_assert!(naive.matches(&engine.state()), "learn");
        engine.train(&sample).unwrap();
        naive.train(&sample);
        prop_assert!(naive.matches(&engine.state()), "train");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    /// The engine and the contract's second implementation agree after every primitive move.
    #[test]
    fn engine_equals_the_second_implementation(case in cases(ALL, false), extreme: bool) {
        let mut draw = Draw::new(case.seed ^ 1);
        let spread = if extreme { Spread::Extreme } else { Spread::Even };
        let state = random_state(&mut draw, &case.design, spread);
        let mut naive = Naive::new(&case.design, case.configuration, &state);
        let mut engine = engine(&case.design, case.configuration, state);
        for _ in 0..4 {
            let sample = random_sample(&mut draw, &case.design, spread, true);
            engine.present(&sample).unwrap();
            naive.present(&sample);
            prop_assert!(naive.matches(&engine.state()), "present");
            for _ in 0..4 {
                engine.step();
                naive.step();
                prop_assert!(naive.matches(&engine.state()), "step");
            }
            engine.learn();
            naive.learn();
            prop_assert!(naive.matches(&engine.state()), "learn");
        }
    }

    /// So they do where some groups are frozen, whose conductances stay.
    #[test]
    fn frozen_groups_equal_the_second_implementation(case in frozen(featured(cases(ALL, false)))) {
        let mut draw = Draw::new(case.seed ^ 8);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut naive = Naive::new(&case.design, case.configuration, &state);
        let mut engine = engine(&case.design, case.configuration, state.clone());
        for _ in 0..5 {
            let sample = random_sample(&mut draw, &case.design, Spread::Even, true);
            engine.train(&sample).unwrap();
            naive.train(&sample);
            prop_assert!(naive.matches(&engine.state()));
        }
        let network = case.design.network();
        for (edge, (before, after)) in network.edges().iter().zip(state.k.iter().zip(engine.state().k)) {
            prop_assert!(!network.groups()[edge.group.index()].frozen || *before == after);
        }
    }

    /// So they do with noise, or with both waves together.
    #[test]
    fn features_equal_the_second_implementation(case in featured(cases(ALL, false)), extreme: bool) {
        stays_equal(&case, extreme, 7)?;
    }

    /// So they do with a modulated nudge and with dithered conductances.
    #[test]
    fn other_nudges_equal_the_second_implementation(case in frozen(probed(cases(ALL, false))), extreme: bool) {
        stays_equal(&case, extreme, 9)?;
    }

    /// So they do after whole training samples, in every mode.
    #[test]
    fn training_equals_the_second_implementation(case in cases(ALL, false)) {
        let mut draw = Draw::new(case.seed ^ 2);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut naive = Naive::new(&case.design, case.configuration, &state);
        let mut engine = engine(&case.design, case.configuration, state);
        for _ in 0..5 {
            let sample = random_sample(&mut draw, &case.design, Spread::Even, true);
            engine.train(&sample).unwrap();
            naive.train(&sample);
            prop_assert!(naive.matches(&engine.state()));
        }
    }

    /// Energy never rises at a node's update by more than the slack derived above; linear edges.
    #[test]
    fn energy_falls_at_every_update(mut case in cases(LINEAR, false), extreme: bool) {
        // The free wave of a centred nudge is pushed away from its target: that adds no energy of its own sign.
        if let Nudge::Current { beta, .. } = case.design.rules().nudge {
            let nudge = Nudge::Current { beta, centred: false };
            let rules = wheatstone_sim::Rules { nudge, ..case.design.rules() };
            case.design = Design::new(case.design.network().clone(), case.design.format(), rules).unwrap();
        }
        let mut draw = Draw::new(case.seed ^ 3);
        let spread = if extreme { Spread::Extreme } else { Spread::Even };
        let state = random_state(&mut draw, &case.design, spread);
        let mut engine = engine(&case.design, case.configuration, state);
        engine.present(&random_sample(&mut draw, &case.design, spread, true)).unwrap();
        let guard = case.design.format().v_guard();
        for step in 0..40 {
            let before = engine.state();
            let mut naive = Naive::new(&case.design, case.configuration, &before);
            if step < 20 {
                let sample = random_sample(&mut draw, &case.design, spread, true);
                naive.present(&sample);
                engine.present(&sample).unwrap();
            } else {
                // From here on the network is left to settle: small moves, where rounding matters.
                let sample = Sample {
                    inputs: case.design.network().inputs().iter().map(|n| {
                        i32::try_from(naive.v(0, n.index())).unwrap()
                    }).collect(),
                    targets: case.design.network().outputs().iter().map(|_| None).collect(),
                };
                naive.present(&sample);
                engine.present(&sample).unwrap();
            }
            engine.step();
            let after = engine.state();
            for (node, wave) in turns(&case.design, before.phase) {
                if !relaxes(&naive, node, wave) {
                    continue;
                }
                let (u, u_next) = (naive.u[wave][node], i128::from(after.u[wave][node]));
                let (q, s) = naive.gain(wave, node);
                let (d, delta) = (naive.d(wave, node), naive.change(wave, node));
                let eps = (u - (naive.v(wave, node) << guard)).abs();
                let saturated = i64::try_from(naive.v(wave, node)).unwrap() == case.design.format().v_range().1;
                let widest = if guard == 0 { 0 } else { 1 << guard };
                prop_assert!(saturated || 2 * eps <= widest);
                let bound = q * d * delta * delta - ((delta * delta) << (s + 4))
                    + delta.abs() * ((1 << (s + 3)) + 2 * q * d * eps);
                let rise = q * (energy(&naive, wave, node, u_next) - energy(&naive, wave, node, u));
                prop_assert!(rise <= bound.max(0), "node {node}: {rise} > {bound}, delta {delta}");
            }
        }
    }

    /// The power all edges dissipate never rises at an update by more than a flicker of one LSB can; no nudge.
    #[test]
    fn dissipated_power_falls_at_every_update(case in cases(LINEAR, false)) {
        let mut draw = Draw::new(case.seed ^ 4);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut engine = engine(&case.design, case.configuration, state);
        let guard = case.design.format().v_guard();
        for _ in 0..40 {
            let before = engine.state();
            let naive = Naive::new(&case.design, case.configuration, &before);
            engine.step();
            let after = engine.state();
            for (node, wave) in turns(&case.design, before.phase) {
                let mut alone = before.clone();
                alone.u[wave][node] = after.u[wave][node];
                let wave_kind = Wave::BOTH[wave];
                let power = |state: &State| dissipated_power(&case.design, state, wave_kind) / 2;
                let rise = power(&alone) - power(&before);
                let moved = i128::from(case.design.format().voltage(after.u[wave][node])) - naive.v(wave, node);
                let (q, s) = naive.gain(wave, node);
                let d = naive.d(wave, node);
                // All of it times 2, for the half.
                let bound = ((2 * q * d * moved * moved) << guard)
                    - (moved.abs() << (s + 4)) * (((2 * moved.abs() - 2) << guard) + 1);
                prop_assert!((2 * q * rise) << guard <= bound.max(0), "node {node} by {moved}: {rise}");
                prop_assert!(moved.abs() != 1 || rise <= d);
                // Gauss-Seidel or less: q D <= 2^(s+3).
                prop_assert!(moved.abs() <= 1 || q * d > 1 << (s + 3) || rise <= 0);
            }
        }
    }

    /// Numbering the nodes differently changes no bit; ports and edges keep their order.
    #[test]
    fn relabelling_nodes_changes_no_bit(case in cases(ALL, true)) {
        let mut draw = Draw::new(case.seed ^ 5);
        let new_id = draw.permutation(case.design.network().nodes().len());
        let relabelled = rebuilt(&case.design, &new_id, |_| false);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut moved = state.clone();
        for wave in 0..2 {
            for (old, &new) in new_id.iter().enumerate() {
                moved.u[wave][new] = state.u[wave][old];
            }
        }
        let mut first = engine(&case.design, case.configuration, state);
        let mut second = engine(&relabelled, case.configuration, moved);
        for _ in 0..6 {
            let sample = random_sample(&mut draw, &case.design, Spread::Even, true);
            prop_assert_eq!(first.train(&sample).unwrap(), second.train(&sample).unwrap());
        }
        let (first, second) = (first.state(), second.state());
        prop_assert_eq!(&first.k, &second.k);
        prop_assert_eq!(&first.generators, &second.generators);
        for wave in 0..2 {
            for (old, &new) in new_id.iter().enumerate() {
                prop_assert_eq!(first.u[wave][old], second.u[wave][new]);
            }
        }
    }

    /// An edge has no direction.
    #[test]
    fn exchanging_ends_changes_no_bit(case in cases(ALL, false)) {
        let mut draw = Draw::new(case.seed ^ 6);
        let identity: Vec<usize> = (0..case.design.network().nodes().len()).collect();
        let flips: Vec<bool> = case.design.network().edges().iter().map(|_| draw.one_in(2)).collect();
        let exchanged = rebuilt(&case.design, &identity, |edge| flips[edge]);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut first = engine(&case.design, case.configuration, state.clone());
        let mut second = engine(&exchanged, case.configuration, state);
        for _ in 0..6 {
            let sample = random_sample(&mut draw, &case.design, Spread::Even, true);
            prop_assert_eq!(first.train(&sample).unwrap(), second.train(&sample).unwrap());
        }
        prop_assert_eq!(first.state(), second.state());
    }

    /// Accumulators stay inside their ranges, diodes hold, and a checkpoint's checks accept whatever training leaves.
    #[test]
    fn training_stays_in_range(case in cases(ALL, false), extreme: bool) {
        let mut draw = Draw::new(case.seed ^ 7);
        let spread = if extreme { Spread::Extreme } else { Spread::Even };
        let mut engine = engine(&case.design, case.configuration, random_state(&mut draw, &case.design, spread));
        for _ in 0..8 {
            engine.train(&random_sample(&mut draw, &case.design, spread, true)).unwrap();
            prop_assert_eq!(engine.state().check(&case.design), Ok(()));
        }
    }

    /// With equal drops in both waves no edge learns anything.
    #[test]
    fn equal_waves_teach_nothing(case in cases(ALL, false)) {
        let mut draw = Draw::new(case.seed ^ 8);
        let mut state = random_state(&mut draw, &case.design, Spread::Even);
        state.u[1] = state.u[0].clone();
        let mut engine = engine(&case.design, case.configuration, state.clone());
        engine.learn();
        prop_assert_eq!(engine.state().k, state.k);
    }

    /// A network at one voltage is at rest: nothing moves and nothing is learnt, whoever is satisfied.
    #[test]
    fn one_voltage_everywhere_is_rest(case in cases(ALL, false), v in -1000i64..1000) {
        let mut draw = Draw::new(case.seed ^ 9);
        let mut state = random_state(&mut draw, &case.design, Spread::Even);
        let clamps: Vec<_> = case.design.network().nodes().iter().map(|n| n.clamp).collect();
        let v = match (clamps.contains(&DiodeClamp::NonNegative), clamps.contains(&DiodeClamp::NonPositive)) {
            (true, true) => 0,
            (true, false) => v.abs(),
            (false, true) => -v.abs(),
            (false, false) => v,
        };
        let (low, high) = case.design.format().v_range();
        let v = v.clamp(low, high);
        state.u.iter_mut().for_each(|u| u.fill(case.design.format().accumulator(v)));
        let v = i32::try_from(v).unwrap();
        let senses = [None, Some(Sense::AtLeast), Some(Sense::AtMost), Some(Sense::Equal)];
        let sample = Sample {
            inputs: vec![v; case.design.network().inputs().len()],
            targets: case.design.network().outputs().iter()
                .map(|_| draw.pick(&senses).map(|sense| Target { voltage: v, sense })).collect(),
        };
        let mut engine = engine(&case.design, case.configuration, state.clone());
        for _ in 0..5 {
            engine.train(&sample).unwrap();
        }
        prop_assert_eq!(&engine.state().u, &state.u);
        prop_assert_eq!(&engine.state().k, &state.k);
    }

    /// A learning step touches no voltage and no phase; a relaxing step no conductance, and no input.
    #[test]
    fn steps_touch_only_what_they_say(case in cases(ALL, false)) {
        let mut draw = Draw::new(case.seed ^ 10);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut engine = engine(&case.design, case.configuration, state);
        engine.present(&random_sample(&mut draw, &case.design, Spread::Even, true)).unwrap();
        for _ in 0..8 {
            let before = engine.state();
            engine.step();
            let after = engine.state();
            prop_assert_eq!(&before.k, &after.k);
            prop_assert_eq!(&before.generators, &after.generators);
            let colours = case.design.network().colouring().count();
            prop_assert_eq!((before.phase + 1) % colours, after.phase);
            let turns = turns(&case.design, before.phase);
            for (node, definition) in case.design.network().nodes().iter().enumerate() {
                for wave in 0..2 {
                    if before.u[wave][node] != after.u[wave][node] {
                        prop_assert!(definition.kind != NodeKind::Input);
                        prop_assert!(turns.contains(&(node, wave)), "node {} out of turn", node);
                    }
                }
            }
            engine.learn();
            let learnt = engine.state();
            prop_assert_eq!(&learnt.u, &after.u);
            prop_assert_eq!(learnt.phase, after.phase);
        }
    }

    /// A state saved in the middle of a sample, as bytes, and restored elsewhere goes on to the same bits, once the
    /// sample's tokens are presented again.
    #[test]
    fn restoring_in_the_middle_changes_no_bit(case in cases(ALL, false), steps in 0usize..7) {
        let mut draw = Draw::new(case.seed ^ 11);
        let state = random_state(&mut draw, &case.design, Spread::Even);
        let mut first = engine(&case.design, case.configuration, state.clone());
        first.train(&random_sample(&mut draw, &case.design, Spread::Even, true)).unwrap();
        let sample = random_sample(&mut draw, &case.design, Spread::Even, true);
        first.present(&sample).unwrap();
        (0..steps).for_each(|_| first.step());

        let checkpoint = Checkpoint {
            design: case.design.clone(),
            configuration: case.configuration,
            samples: case.seed,
            steps: 99,
            remark: "ünïcode \"quoted\"\n".into(),
            state: first.state(),
        };
        let read = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
        prop_assert_eq!(&read, &checkpoint);
        let network = case.design.network();
        let bytes = first.state().to_bytes();
        let scanned = State::from_bytes(&bytes, network.nodes().len(), network.edges().len(), case.design.noisy_nodes()).unwrap();
        prop_assert_eq!(scanned.to_bytes(), bytes);
        prop_assert_eq!(scanned.digest(), first.state().digest());
        prop_assert_eq!(&scanned, &read.state);

        let mut second = engine(&case.design, case.configuration, state);
        second.set_state(scanned).unwrap();
        second.present(&sample).unwrap();
        for engine in [&mut first, &mut second] {
            (0..5).for_each(|_| engine.step());
            engine.learn();
            engine.train(&sample).unwrap();
        }
        prop_assert_eq!(first.state(), second.state());
    }

    /// Network files hold all of a network, in both syntaxes; and the digest does not see names.
    #[test]
    fn network_files_round_trip(case in cases(ALL, false), names in proptest::collection::hash_set(".{0,12}", 14), places: bool) {
        let network = case.design.network();
        prop_assert_eq!(&Network::from_toml(&network.to_toml()).unwrap(), network);
        prop_assert_eq!(&Network::from_json(&network.to_json()).unwrap(), network);

        let names: Vec<String> = names.into_iter().collect();
        let mut net = NetworkBuilder::new(names[0].clone());
        let groups: Vec<_> = network.groups().iter().map(|g| net.group(format!("{}'", g.name), g.alpha)).collect();
        for (node, name) in network.nodes().iter().zip(&names) {
            net.named_node(name.clone(), node.clamp);
        }
        for edge in network.edges() {
            net.edge(edge.ends[0], edge.ends[1], edge.kind, groups[edge.group.index()]);
        }
        if places {
            net.set_positions((0i32..).zip(network.nodes()).map(|(i, _)| [f64::from(i - 3), f64::from(i32::MIN + i) / 8.0]).collect());
        }
        let named = net.inputs(network.inputs().to_vec()).outputs(network.outputs().to_vec()).build().unwrap();
        prop_assert_eq!(&Network::from_toml(&named.to_toml()).unwrap(), &named);
        prop_assert_eq!(&Network::from_json(&named.to_json()).unwrap(), &named);
        prop_assert_eq!(named.digest(), network.digest());
    }

    /// Any widths with all the guard bits a degree permits: nothing overflows at the ends of all ranges (overflow checks
    /// are on), with the fastest and slowest learning.
    #[test]
    fn extremes_do_not_overflow(
        seed: u64,
        v in proptest::sample::select(vec![4u32, 5, 12, 16, 19, 20]),
        gv in proptest::sample::select(vec![0u32, 1, 8, 12]),
        k in proptest::sample::select(vec![4u32, 5, 10, 16, 19, 20]),
        gk in proptest::sample::select(vec![0u32, 1, 16, 20]),
        degree in 1usize..40,
        transistor: bool,
        omega in 4u8..=15,
        nudge in common::nudges(),
        rail in proptest::sample::select(vec![i32::MIN, 0, i32::MAX]),
        alpha in proptest::sample::select(vec![-24i8, -1, 0, 16]),
    ) {
        let mut draw = Draw::new(seed);
        let kind = if transistor { EdgeKind::Transistor } else { EdgeKind::Linear };
        let mut net = NetworkBuilder::new("star");
        let group = net.group("all", alpha);
        let centre = net.node(DiodeClamp::None);
        let rays: Vec<_> = (0..degree).map(|_| net.node(DiodeClamp::None)).collect();
        rays.iter().for_each(|&ray| net.edge(centre, ray, kind, group));
        let inputs = rays[..degree.div_ceil(2)].to_vec();
        let network = net.inputs(inputs).outputs([centre]).build().unwrap();
        let format = Format::new(v, gv, k, gk).unwrap();
        let design = design_on(network, format, Omega::new(omega).unwrap(), nudge, (rail, 1));
        let configuration = Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
        for _ in 0..4 {
            let state = random_state(&mut draw, &design, Spread::Extreme);
            let mut naive = Naive::new(&design, configuration, &state);
            let mut engine = engine(&design, configuration, state);
            let sample = random_sample(&mut draw, &design, Spread::Extreme, true);
            engine.train(&sample).unwrap();
            naive.train(&sample);
            prop_assert!(naive.matches(&engine.state()));
        }
    }
}

/// `E(u)` of a node with its neighbours held, its nudging current included.
fn energy(naive: &Naive, wave: usize, node: usize, u: i128) -> i128 {
    let guard = naive.design.format().v_guard();
    let edges = naive.edges_at(node).into_iter();
    let edges: i128 = edges.map(|(e, other)| naive.g(e) * (u - (naive.v(wave, other) << guard)).pow(2)).sum();
    let (Nudge::Current { beta, .. }, Some(target), 1) =
        (naive.design.rules().nudge, naive.targets[node], wave)
    else {
        return edges;
    };
    let drop = (i128::from(target.voltage) << guard) - u;
    let passed = match target.sense {
        Sense::Equal => drop,
        Sense::AtLeast => drop.max(0),
        Sense::AtMost => drop.min(0),
    };
    edges + ((passed * passed) << (naive.design.format().k_bits() - u32::from(beta)))
}

/// The same design with node `i` renamed `new_id[i]`, and the ends of some edges exchanged.
fn rebuilt(design: &Design, new_id: &[usize], exchange: impl Fn(usize) -> bool) -> Design {
    let network = design.network();
    let mut net = NetworkBuilder::new(network.name());
    for group in network.groups() {
        net.group(group.name.clone(), group.alpha);
    }
    let mut clamps = vec![DiodeClamp::None; new_id.len()];
    for (old, &new) in new_id.iter().enumerate() {
        clamps[new] = network.nodes()[old].clamp;
    }
    clamps.into_iter().for_each(|clamp| {
        net.node(clamp);
    });
    let moved = |node: wheatstone_sim::network::NodeId| node_id(new_id[node.index()]);
    for (index, edge) in network.edges().iter().enumerate() {
        let [a, b] = edge.ends.map(moved);
        let [a, b] = if exchange(index) { [b, a] } else { [a, b] };
        net.edge(a, b, edge.kind, edge.group);
    }
    let inputs: Vec<_> = network.inputs().iter().map(|&n| moved(n)).collect();
    let outputs: Vec<_> = network.outputs().iter().map(|&n| moved(n)).collect();
    Design::new(net.inputs(inputs).outputs(outputs).build().unwrap(), design.format(), design.rules())
        .unwrap()
}

/// Every entry of every omega's table, and gains far outside it, against a wider search.
#[test]
fn gain_tables_equal_a_wider_search() {
    for omega in 4..=15 {
        let table = GainTable::new(Omega::new(omega).unwrap());
        let sums =
            (0..5000).chain((5..50).flat_map(|n| [(1i64 << n) - 1, 1 << n, (1 << n) + 1, 23 << (n - 4)]));
        for d in sums {
            for k_bits in [4, 10, 16, 20] {
                let gain = table.gain(d, k_bits);
                assert_eq!((i128::from(gain.q), gain.s), naive::gain(d.into(), omega, k_bits), "D = {d}");
            }
        }
    }
}

/// The tables the contract prints.
#[test]
fn gain_tables_as_documented() {
    let document = include_str!("../../docs/cell-contract.md");
    for omega in [8, 15] {
        let table = GainTable::new(Omega::new(omega).unwrap());
        let row: Vec<String> = table.entries().iter().map(|(q, d)| format!("{q},{d}")).collect();
        let row = format!("| {omega}/8 | {} |", row.join(" | "));
        assert!(document.contains(&row), "docs/cell-contract.md lacks the line\n{row}");
    }
}

/// The largest degree a format admits runs at the extremes; one more is refused.
#[test]
fn the_largest_degree_does_not_overflow() {
    let configuration = Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    for (widths, degree) in [([20, 12, 20, 20], 5), ([16, 8, 16, 16], 32_765), ([20, 8, 20, 0], 125)] {
        let [v, gv, k, gk] = widths;
        let format = Format::new(v, gv, k, gk).unwrap();
        assert!(format.check_degree(degree).is_ok() && format.check_degree(degree + 1).is_err(), "{format}");
        for &kind in EdgeKind::ALL {
            let network = crossbar(degree, 1, kind).unwrap();
            let nudge = Nudge::Current { beta: 0, centred: true };
            let design = design_on(network, format, Omega::new(15).unwrap(), nudge, (i32::MIN, 1));
            assert_eq!(design.format(), format);
            let (low, high) = format.v_range();
            let (low, high) = (i32::try_from(low).unwrap(), i32::try_from(high).unwrap());
            for (inputs, output) in [(low, high), (high, low)] {
                let mut state =
                    State::initial(&design, &[wheatstone_sim::Initial::Uniform { low: 1.0, high: 1.0 }], 0);
                state.u.iter_mut().for_each(|u| u.fill(format.accumulator(output.into())));
                let target = Target { voltage: inputs, sense: Sense::Equal };
                let sample = Sample { inputs: vec![inputs; degree], targets: vec![Some(target)] };
                let mut naive = Naive::new(&design, configuration, &state);
                let mut engine = engine(&design, configuration, state);
                engine.train(&sample).unwrap();
                naive.train(&sample);
                assert!(naive.matches(&engine.state()));
            }
        }
    }
}

/// Learning stops at both ends of the range.
#[test]
fn learning_saturates() {
    let mut net = NetworkBuilder::new("two");
    let group = net.group("all", 16);
    let ids: Vec<_> = (0..2).map(|_| net.node(DiodeClamp::None)).collect();
    net.edge(ids[0], ids[1], EdgeKind::Linear, group);
    let network = net.inputs([ids[0]]).outputs([ids[1]]).build().unwrap();
    for (_, format) in Format::PRESETS {
        let design =
            design_on(network.clone(), format, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 3));
        let configuration =
            Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
        let mut state = random_state(&mut Draw::new(1), &design, Spread::Even);
        let wide = format.accumulator(1000);
        for (free, clamped, expected) in
            [(wide, 0, format.k_range(3).1), (0, wide, format.k_range(3).0), (0, 0, state.k[0])]
        {
            state.u = [vec![0, free], vec![0, clamped]];
            let mut engine = engine(&design, configuration, state.clone());
            engine.learn();
            assert_eq!(engine.state().k, [expected]);
        }
        assert_eq!(format.conductance(format.k_range(3).0), 3);
        assert_eq!(format.conductance(format.k_range(3).1), format.g_max());
    }
}

/// An output whose sense is satisfied shows its free voltage in the clamped wave, to the last guard bit.
#[test]
fn a_satisfied_output_nudges_nothing() {
    let network = crossbar(3, 2, EdgeKind::Linear).unwrap();
    let design = design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 2 }, (0, 1));
    let configuration = Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut state = random_state(&mut Draw::new(5), &design, Spread::Even);
    state.phase = 0;
    let mut engine = engine(&design, configuration, state);
    let (low, high) = (Format::WIDE.v_range().0, Format::WIDE.v_range().1);
    let (low, high) = (i32::try_from(low).unwrap(), i32::try_from(high).unwrap());
    let targets = vec![
        Some(Target { voltage: low, sense: Sense::AtLeast }),
        Some(Target { voltage: high, sense: Sense::AtMost }),
    ];
    let sample = Sample { inputs: vec![12_345, -6_789, 31_000], targets };
    let k = engine.state().k;
    engine.present(&sample).unwrap();
    // The outputs have colour 1: the last of an odd number of steps is their turn in the clamped wave.
    (0..41).for_each(|_| engine.step());
    engine.learn();
    let state = engine.state();
    assert_eq!(state.k, k, "nothing is learnt");
    for output in design.network().outputs() {
        assert_eq!(state.u[0][output.index()], state.u[1][output.index()]);
    }
    // The opposite senses are not satisfied.
    let targets = vec![
        Some(Target { voltage: high, sense: Sense::AtLeast }),
        Some(Target { voltage: low, sense: Sense::AtMost }),
    ];
    engine.present(&Sample { targets, ..sample }).unwrap();
    (0..40).for_each(|_| engine.step());
    engine.learn();
    for output in design.network().outputs() {
        assert_ne!(engine.state().u[0][output.index()], engine.state().u[1][output.index()]);
    }
    assert_ne!(engine.state().k, k);
}

/// A continuous sample learns every `every` steps; a quasistatic or desynchronous one once, after its last.
#[test]
fn modes_learn_when_they_say() {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let design = design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 1));
    for (learning, steps, expected) in [
        (LearningSchedule::Quasistatic, 6, 1),
        (LearningSchedule::Continuous { every: 2 }, 6, 3),
        (LearningSchedule::Continuous { every: 4 }, 6, 1),
        (LearningSchedule::Continuous { every: 7 }, 6, 0),
        (LearningSchedule::Continuous { every: 6 }, 6, 1),
    ] {
        let configuration = Configuration { steps, learning, alpha_offset: 0 };
        let state = random_state(&mut Draw::new(6), &design, Spread::Even);
        let target = Some(Target { voltage: 20_000, sense: Sense::Equal });
        let sample = Sample { inputs: vec![-20_000, 20_000], targets: vec![target] };
        // Counted by hand: the same moves with `learn` called explicitly.
        let mut by_hand = engine(&design, configuration, state.clone());
        by_hand.present(&sample).unwrap();
        let mut learnt = 0;
        for step in 1..=steps {
            by_hand.step();
            let due = match learning {
                LearningSchedule::Continuous { every } => step % every == 0,
                _ => step == steps,
            };
            if due {
                by_hand.learn();
                learnt += 1;
            }
        }
        assert_eq!(learnt, expected);
        let mut engine = engine(&design, configuration, state);
        engine.train(&sample).unwrap();
        assert_eq!(engine.state(), by_hand.state(), "{learning:?}");
    }
}

/// Reading an answer nudges nobody and learns nothing.
#[test]
fn reading_does_not_learn() {
    let network = crossbar(3, 2, EdgeKind::Linear).unwrap();
    let design = design_on(network, Format::COMPACT, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 1));
    let configuration = Configuration { steps: 4, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
    let state = random_state(&mut Draw::new(7), &design, Spread::Even);
    let mut engine = engine(&design, configuration, state.clone());
    let answer = engine.read(&[100, -200, 300], 40).unwrap();
    assert_eq!(engine.state().k, state.k);
    assert_eq!(engine.state().generators, state.generators);
    assert_eq!(answer, engine.answer());
    let free: Vec<i64> = design.network().outputs().iter().map(|n| engine.state().u[0][n.index()]).collect();
    let clamped: Vec<i64> =
        design.network().outputs().iter().map(|n| engine.state().u[1][n.index()]).collect();
    assert!(
        free.iter().zip(&clamped).all(|(f, c)| f.abs_diff(*c) <= 256),
        "both waves relax to the same answer"
    );
}

/// What `configure` refuses, an engine does not start with either.
#[test]
fn configurations_are_checked() {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let design = design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 1));
    let state = random_state(&mut Draw::new(8), &design, Spread::Even);
    let good = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 3 };
    for (bad, message) in [
        (
            Configuration { steps: 0, ..good },
            "steps = 0 is outside 1..=4294967295; choose a value inside these bounds",
        ),
        (
            Configuration { alpha_offset: 4, ..good },
            "alpha_offset = 4 is outside 0..=3; choose a value inside these bounds",
        ),
        (
            Configuration { learning: LearningSchedule::Continuous { every: 0 }, ..good },
            "every = 0 is outside 1..=4294967295; choose a value inside these bounds",
        ),
        (
            Configuration { learning: LearningSchedule::Desynchronous { rarity: 9 }, ..good },
            "rarity = 9 is outside 1..=8; choose a value inside these bounds",
        ),
    ] {
        let mut engine = engine(&design, good, state.clone());
        assert_eq!(engine.configure(bad).unwrap_err().to_string(), message);
        assert_eq!(engine.configuration(), good);
        let design = Arc::new(design.clone());
        let state = state.clone();
        assert!(matches!(Reference::new(design, bad, state), Err(StartError::Configuration(_))), "{bad:?}");
    }
}

/// A sample or state that does not fit is refused, and nothing is changed.
#[test]
fn what_does_not_fit_is_refused() {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let design = design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 1));
    let state = random_state(&mut Draw::new(9), &design, Spread::Even);
    let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut engine = engine(&design, configuration, state.clone());
    let target = |voltage| Some(Target { voltage, sense: Sense::Equal });
    for (inputs, targets, message) in [
        (vec![1], vec![None], "the sample has 1 inputs and the network 2; encode it for this network"),
        (vec![1, 2], vec![], "the sample has 0 targets and the network 1; encode it for this network"),
        (
            vec![1, 32_768],
            vec![None],
            "inputs[1] = 32768 is outside -32768..=32767; encode the sample in the design's format",
        ),
        (
            vec![1, 2],
            vec![target(-32_769)],
            "targets[0] = -32769 is outside -32768..=32767; encode the sample in the design's format",
        ),
    ] {
        assert_eq!(engine.train(&Sample { inputs, targets }).unwrap_err().to_string(), message);
        assert_eq!(engine.state(), state);
    }
    let mut short = state.clone();
    short.k.pop();
    assert_eq!(
        engine.set_state(short).unwrap_err().to_string(),
        "the state has 1 conductances and the design 2; it belongs to another network"
    );
    let mut low = state.clone();
    low.k[1] = 65_535;
    assert_eq!(
        engine.set_state(low).unwrap_err().to_string(),
        "k[1] = 65535 is outside 65536..=4294967295; the state is damaged or of another format"
    );
    assert_eq!(engine.state(), state);
}
