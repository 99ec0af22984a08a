//! Replicas side by side compute the bits of one reference engine each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{
    Case, Draw, Kinds, Shape, Spread, cases, cases_on, featured, frozen, probed, random_configuration,
    random_sample, random_state,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::sync::Arc;
use wheatstone_sim::network::{EdgeKind, NodeId, pinwheel};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Replicas,
    Rules, Sample, State, VectorWidth,
};

const ALL: &[Kinds] = &[Kinds::Linear, Kinds::Linear, Kinds::Transistor, Kinds::Mixed];

fn config(cases: u32) -> ProptestConfig {
    let failures = FileFailurePersistence::Direct("proptest-regressions/replicas.txt");
    ProptestConfig { cases, failure_persistence: Some(Box::new(failures)), ..ProptestConfig::default() }
}

/// One reference engine for each replica, and the replicas with every width.
struct Together {
    design: Arc<Design>,
    references: Vec<Reference>,
    replicas: Vec<Replicas>,
}

impl Together {
    fn new(design: &Design, configuration: Configuration, states: &[State]) -> Together {
        let design = Arc::new(design.clone());
        let reference =
            |state: &State| Reference::new(Arc::clone(&design), configuration, state.clone()).unwrap();
        let replicas =
            |width| Replicas::with_width(Arc::clone(&design), configuration, states.to_vec(), width).unwrap();
        Together {
            references: states.iter().map(reference).collect(),
            replicas: VectorWidth::available().into_iter().map(replicas).collect(),
            design,
        }
    }

    fn compare(&self, what: &str) {
        for replicas in &self.replicas {
            assert_eq!(replicas.len(), self.references.len());
            for (i, reference) in self.references.iter().enumerate() {
                let (expected, found) = (reference.state(), replicas.state(i));
                let difference = expected.first_difference(&found);
                assert!(expected == found, "{what}, {}, replica {i}: {difference:?}", replicas.width());
                assert_eq!(replicas.configuration(i), reference.configuration());
            }
        }
    }

    fn same_answers(&self, what: &str, expected: &[Option<Vec<i32>>], found: &[Vec<Option<Vec<i32>>>]) {
        for (replicas, found) in self.replicas.iter().zip(found) {
            assert_eq!(found, expected, "{what}, {}", replicas.width());
        }
        self.compare(what);
    }

    /// One move, drawn.
    fn any_move(&mut self, draw: &mut Draw) {
        let spread = draw.pick(&[Spread::Even, Spread::Even, Spread::Extreme, Spread::Small]);
        let busy = draw.pick(&[1, 1, 2, 3]);
        let design = Arc::clone(&self.design);
        let samples: Vec<Option<Sample>> = (self.references.iter())
            .map(|_| {
                let targets = !draw.one_in(4);
                (busy == 1 || draw.one_in(busy)).then(|| random_sample(draw, &design, spread, targets))
            })
            .collect();
        let shown: Vec<Option<&Sample>> = samples.iter().map(Option::as_ref).collect();
        let active = || samples.iter().map(Option::as_ref);
        match draw.within(0..=9) {
            0..=4 => {
                let one = |(r, s): (&mut Reference, Option<&Sample>)| s.map(|s| r.train(s).unwrap());
                let expected: Vec<_> = self.references.iter_mut().zip(active()).map(one).collect();
                let found: Vec<_> = self.replicas.iter_mut().map(|r| r.train(&shown).unwrap()).collect();
                self.same_answers("train", &expected, &found);
            }
            5 => {
                let one = |(r, s): (&mut Reference, Option<&Sample>)| s.map(|s| r.relax(s).unwrap());
                let expected: Vec<_> = self.references.iter_mut().zip(active()).map(one).collect();
                let found: Vec<_> = self.replicas.iter_mut().map(|r| r.relax(&shown).unwrap()).collect();
                self.same_answers("relax", &expected, &found);
            }
            6 => {
                let steps = u32::try_from(draw.within(0..=5)).unwrap();
                let inputs: Vec<Option<&[i32]>> = active().map(|s| s.map(|s| &s.inputs[..])).collect();
                let one = |(r, s): (&mut Reference, &Option<&[i32]>)| s.map(|s| r.read(s, steps).unwrap());
                let expected: Vec<_> = self.references.iter_mut().zip(&inputs).map(one).collect();
                let found: Vec<_> =
                    self.replicas.iter_mut().map(|r| r.read(&inputs, steps).unwrap()).collect();
                self.same_answers("read", &expected, &found);
            }
            7 => {
                let configuration = random_configuration(draw);
                self.references.iter_mut().for_each(|r| r.configure(configuration).unwrap());
                self.replicas.iter_mut().for_each(|r| r.configure(configuration).unwrap());
                self.compare("configure");
            }
            8 => {
                let replica = draw.index(self.references.len());
                let alpha_offset = u8::try_from(draw.within(0..=3)).unwrap();
                let configuration =
                    Configuration { alpha_offset, ..self.references[replica].configuration() };
                self.references[replica].configure(configuration).unwrap();
                self.replicas.iter_mut().for_each(|r| r.set_alpha_offset(replica, alpha_offset).unwrap());
                self.compare("set_alpha_offset");
            }
            _ => {
                let replica = draw.index(self.references.len());
                let state = random_state(draw, &design, spread);
                self.references[replica].set_state(state.clone()).unwrap();
                self.replicas.iter_mut().for_each(|r| r.set_state(replica, state.clone()).unwrap());
                self.compare("set_state");
            }
        }
    }
}

/// Many moves from random states, in random phases.
fn run(case: &Case, count: usize, salt: u64) {
    let mut draw = Draw::new(case.seed ^ salt);
    let states: Vec<State> = (0..count)
        .map(|_| {
            let spread = draw.pick(&[Spread::Even, Spread::Extreme, Spread::Small]);
            let mut state = random_state(&mut draw, &case.design, spread);
            if !draw.one_in(4) {
                state.phase = 0;
            }
            state
        })
        .collect();
    let mut together = Together::new(&case.design, case.configuration, &states);
    together.compare("new");
    for _ in 0..10 {
        together.any_move(&mut draw);
    }
}

fn counts() -> impl Strategy<Value = usize> {
    proptest::sample::select(vec![1usize, 3, 16, 32, 33])
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn replicas_equal_the_reference_on_random_graphs(case in cases(ALL, false), count in counts()) {
        run(&case, count, 21);
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn replicas_equal_the_reference_on_lattices(case in cases_on(Shape::Lattice), count in counts()) {
        run(&case, count, 22);
    }

    #[test]
    fn replicas_equal_the_reference_with_frozen_groups(case in frozen(cases(ALL, false)), count in counts()) {
        run(&case, count, 25);
    }

    #[test]
    fn replicas_equal_the_reference_with_other_nudges(case in probed(cases(ALL, false)), count in 1usize..5) {
        run(&case, count, 27);
    }

    #[test]
    fn replicas_equal_the_reference_with_features(case in featured(cases(ALL, false)), count in 1usize..5) {
        run(&case, count, 24);
    }

    #[test]
    fn replicas_equal_the_reference_on_layers(case in cases_on(Shape::Layers), count in 1usize..5) {
        run(&case, count, 23);
    }
}

/// A run of a whole preset's length of training, with replicas that run out of samples at different times.
#[test]
fn replicas_run_out_of_samples_one_by_one() {
    let network =
        pinwheel(EdgeKind::Linear).inputs([NodeId(0), NodeId(2)]).outputs([NodeId(4)]).build().unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
    for format in [Format::WIDE, Format::COMPACT] {
        let design = Design::new(network.clone(), format, rules).unwrap();
        // An odd number of steps: whoever is idle falls out of phase.
        let configuration =
            Configuration { steps: 5, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let states: Vec<State> = (0..20)
            .map(|seed| State::initial(&design, &[Initial::HalfNormal { scale: 0.2 }], seed))
            .collect();
        let mut together = Together::new(&design, configuration, &states);
        let mut draw = Draw::new(9);
        for round in 0..20 {
            let samples: Vec<_> =
                (0..20).map(|_| random_sample(&mut draw, &design, Spread::Even, true)).collect();
            let shown: Vec<_> = samples.iter().enumerate().map(|(i, s)| (i >= round).then_some(s)).collect();
            for (reference, sample) in together.references.iter_mut().zip(&shown) {
                sample.map(|sample| reference.train(sample).unwrap());
            }
            together.replicas.iter_mut().for_each(|r| drop(r.train(&shown).unwrap()));
            together.compare("train");
        }
    }
}

/// Lane groups may be run by threads of the host.
#[test]
fn replicas_may_change_threads() {
    fn is_send<T: Send + 'static>() {}
    is_send::<Replicas>();
}
