//! The fast engine computes the reference engine's bits: on every kind of network, in every format and mode, with every
//! vector width this machine has.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{
    Case, Draw, Kinds, Shape, Spread, cases, cases_on, featured, frozen, probed, random_configuration,
    random_sample, random_state,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use rayon::prelude::*;
use std::num::NonZeroUsize;
use std::sync::Arc;
use wheatstone_sim::engine::{Start, StartError};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules,
    Sample, State, VectorWidth,
};

const ALL: &[Kinds] = &[Kinds::Linear, Kinds::Linear, Kinds::Transistor, Kinds::Mixed];

fn config(cases: u32) -> ProptestConfig {
    let failures = FileFailurePersistence::Direct("proptest-regressions/fast.txt");
    ProptestConfig { cases, failure_persistence: Some(Box::new(failures)), ..ProptestConfig::default() }
}

/// Every width's engine, on one thread or several, and the reference, which make the same moves.
struct Together {
    design: Arc<Design>,
    reference: Reference,
    fast: Vec<Fast>,
}

impl Together {
    fn new(design: &Design, configuration: Configuration, state: &State) -> Together {
        Together::on_threads(&[1], design, configuration, state)
    }

    fn on_threads(
        threads: &[usize],
        design: &Design,
        configuration: Configuration,
        state: &State,
    ) -> Together {
        let design = Arc::new(design.clone());
        let fast = |(width, &threads): (_, &usize)| {
            let (design, threads) = (Arc::clone(&design), NonZeroUsize::new(threads).unwrap());
            let engine = Fast::with_threads(design, configuration, state.clone(), width, threads).unwrap();
            assert_eq!(engine.width(), width);
            engine
        };
        Together {
            reference: Reference::new(Arc::clone(&design), configuration, state.clone()).unwrap(),
            fast: VectorWidth::available()
                .into_iter()
                .flat_map(|width| threads.iter().map(move |threads| (width, threads)))
                .map(fast)
                .collect(),
            design,
        }
    }

    /// The same move of all, and what it returns.
    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        mut act: impl FnMut(&mut dyn Engine) -> T,
    ) {
        let expected = act(&mut self.reference);
        for fast in &mut self.fast {
            assert_eq!(act(fast), expected, "{what}, {}", fast.width());
        }
        self.compare(what);
    }

    fn compare(&self, what: &str) {
        let expected = self.reference.state();
        for fast in &self.fast {
            let state = fast.state();
            let difference = expected.first_difference(&state);
            assert!(state == expected, "{what}, {}: {difference:?}", fast.width());
            assert_eq!(fast.configuration(), self.reference.configuration());
        }
    }

    /// One move, drawn.
    fn any_move(&mut self, draw: &mut Draw) {
        let spread = draw.pick(&[Spread::Even, Spread::Even, Spread::Extreme, Spread::Small]);
        let design = Arc::clone(&self.design);
        let targets = !draw.one_in(4);
        let sample = random_sample(draw, &design, spread, targets);
        match draw.within(0..=12) {
            0..=3 => self.same("train", |engine| engine.train(&sample)),
            4 => self.same("relax", |engine| engine.relax(&sample)),
            5 => {
                let steps = u32::try_from(draw.within(0..=5)).unwrap();
                self.same("read", |engine| engine.read(&sample.inputs, steps));
            }
            6 => self.same("present", |engine| engine.present(&sample)),
            7 => self.same("step", |engine| engine.step()),
            8 => self.same("learn", |engine| engine.learn()),
            9 => {
                let configuration = random_configuration(draw);
                self.same("configure", |engine| engine.configure(configuration));
            }
            10 => {
                let state = random_state(draw, &design, spread);
                self.same("set_state", |engine| engine.set_state(state.clone()));
            }
            11 => {
                let steps = u32::try_from(draw.within(0..=3)).unwrap();
                let count = draw.pick(&[0, 1, 3, 20]);
                let samples: Vec<Sample> =
                    (0..count).map(|_| random_sample(draw, &design, spread, targets)).collect();
                let start = draw.pick(&[Start::Fixed, Start::Previous]);
                self.same("read_all", |engine| engine.read_all(&samples, steps, start));
            }
            _ => self.same("answer", |engine| engine.answer()),
        }
    }
}

/// Many moves from a random state.
fn run(case: &Case, salt: u64) {
    run_on_threads(&[1], case, salt);
}

fn run_on_threads(threads: &[usize], case: &Case, salt: u64) {
    let mut draw = Draw::new(case.seed ^ salt);
    let spread = draw.pick(&[Spread::Even, Spread::Extreme, Spread::Small]);
    let mut state = random_state(&mut draw, &case.design, spread);
    if draw.one_in(3) {
        // Inputs off the grid of voltages, other in each wave.
        let (low, high) = case.design.format().u_range();
        let inputs = case.design.network().inputs();
        state.u.iter_mut().for_each(|u| inputs.iter().for_each(|i| u[i.index()] = draw.within(low..=high)));
    }
    let mut together = Together::on_threads(threads, &case.design, case.configuration, &state);
    together.compare("new");
    for _ in 0..16 {
        together.any_move(&mut draw);
    }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn fast_equals_the_reference_on_random_graphs(case in cases(ALL, false)) {
        run(&case, 11);
    }

    #[test]
    fn fast_equals_the_reference_on_lattices(case in cases_on(Shape::Lattice)) {
        run(&case, 12);
    }

    #[test]
    fn fast_equals_the_reference_with_features(case in featured(cases(ALL, false))) {
        run(&case, 14);
    }

    #[test]
    fn fast_equals_the_reference_with_frozen_groups(case in frozen(cases(ALL, false))) {
        run(&case, 17);
    }

    #[test]
    fn fast_equals_the_reference_on_lattices_with_frozen_groups(case in frozen(cases_on(Shape::Lattice))) {
        run(&case, 18);
    }

    #[test]
    fn fast_equals_the_reference_on_layers_with_frozen_groups(case in frozen(cases_on(Shape::Layers))) {
        run(&case, 19);
    }

    #[test]
    fn fast_equals_the_reference_on_lattices_with_features(case in featured(cases_on(Shape::Lattice))) {
        run(&case, 15);
    }

    #[test]
    fn fast_equals_the_reference_on_layers_with_features(case in featured(cases_on(Shape::Layers))) {
        run(&case, 16);
    }

    #[test]
    fn fast_equals_the_reference_with_other_nudges(case in frozen(probed(cases(ALL, false)))) {
        run(&case, 20);
    }

    #[test]
    fn fast_equals_the_reference_on_layers_with_other_nudges(case in probed(cases_on(Shape::Layers))) {
        run(&case, 21);
    }

    #[test]
    fn fast_equals_the_reference_on_lattices_with_other_nudges(case in probed(cases_on(Shape::Lattice))) {
        run(&case, 22);
    }

    #[test]
    fn fast_equals_the_reference_on_layers(case in cases_on(Shape::Layers)) {
        run(&case, 13);
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn fast_equals_the_reference_on_layers_on_several_threads(case in cases_on(Shape::Layers)) {
        run_on_threads(&[2, 3, 5], &case, 20);
    }
}

/// Engines run side by side, on any number of threads, as they would alone.
#[test]
fn threads_change_no_bit() {
    let mut runner = TestRunner::deterministic();
    let mut draw = || cases(ALL, false).new_tree(&mut runner).unwrap().current();
    let cases: Vec<Case> = (0..200).map(|_| draw()).collect();
    let trained = |case: &Case, start: &dyn Fn(State) -> Box<dyn Engine>| {
        let mut draw = Draw::new(case.seed);
        let mut engine = start(random_state(&mut draw, &case.design, Spread::Even));
        for _ in 0..8 {
            engine.train(&random_sample(&mut draw, &case.design, Spread::Even, true)).unwrap();
        }
        engine.state()
    };
    let reference = |case: &Case| {
        let design = Arc::new(case.design.clone());
        trained(case, &|state| {
            Box::new(Reference::new(Arc::clone(&design), case.configuration, state).unwrap())
        })
    };
    let fast = |case: &Case| {
        let design = Arc::new(case.design.clone());
        trained(case, &|state| Box::new(Fast::new(Arc::clone(&design), case.configuration, state).unwrap()))
    };
    let expected: Vec<State> = cases.iter().map(reference).collect();
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found: Vec<State> = pool.install(|| cases.par_iter().map(fast).collect());
        assert!(found == expected, "{threads} threads");
    }
}

/// Input voltages that differ between the waves exist only in a state that was given; they stay until the next sample.
#[test]
fn inputs_of_a_given_state_stay() {
    for (inputs, outputs) in [(3, 2), (40, 9)] {
        let network = crossbar(inputs, outputs, EdgeKind::Linear).unwrap();
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 2 }, g_min: 1, lowest_rail: 0 };
        let design = Design::new(network, Format::WIDE, rules).unwrap();
        let configuration =
            Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let mut draw = Draw::new(5);
        let mut state = random_state(&mut draw, &design, Spread::Even);
        for (wave, u) in state.u.iter_mut().enumerate() {
            for input in design.network().inputs() {
                u[input.index()] = draw.within(-8_388_608 / (i64::try_from(wave).unwrap() + 1)..=8_388_607);
            }
        }
        let mut together = Together::new(&design, configuration, &state);
        for _ in 0..4 {
            together.same("step", |engine| engine.step());
            together.same("learn", |engine| engine.learn());
        }
        let sample = random_sample(&mut draw, &design, Spread::Even, true);
        together.same("train", |engine| engine.train(&sample));
    }
}

/// More inputs than the sums of words hold at once, voltages and conductances at the ends of their ranges.
#[test]
fn sums_over_many_inputs_are_exact() {
    let network = crossbar(33_001, 16, EdgeKind::Linear).unwrap().with_alpha(&[-4]).unwrap();
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Current { beta: 0, centred: true },
        g_min: 1,
        lowest_rail: 0,
    };
    let design = Design::new(network, Format::COMPACT, rules).unwrap();
    let configuration = Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut draw = Draw::new(6);
    for g in [0.0, 1.0] {
        let state = State::initial(&design, &[Initial::Uniform { low: g, high: g }], 1);
        let mut together = Together::on_threads(&[1, 2, 3, 5], &design, configuration, &state);
        let mut sample = random_sample(&mut draw, &design, Spread::Even, true);
        for v in [-2048, 2047] {
            sample.inputs.fill(v);
            together.same("train", |engine| engine.train(&sample));
        }
        let sample = random_sample(&mut draw, &design, Spread::Extreme, true);
        together.same("train", |engine| engine.train(&sample));
    }
}

/// What the reference refuses, the fast engine refuses in the same words, and nothing changes.
#[test]
fn what_does_not_fit_is_refused() {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 2 }, g_min: 1, lowest_rail: 0 };
    let design = Arc::new(Design::new(network, Format::WIDE, rules).unwrap());
    let good = Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let state = State::initial(&design, &[Initial::Uniform { low: 0.2, high: 0.8 }], 1);
    let mut together = Together::new(&design, good, &state);
    let none = |inputs: Vec<i32>| Sample { inputs, targets: vec![None] };
    for sample in [none(vec![1]), none(vec![1, 32_768]), Sample { inputs: vec![1, 2], targets: vec![] }] {
        together.same("train", |engine| engine.train(&sample).map_err(|e| e.to_string()));
        together.same("relax", |engine| engine.relax(&sample).map_err(|e| e.to_string()));
        together.same("present", |engine| engine.present(&sample).map_err(|e| e.to_string()));
    }
    together.same("read", |engine| engine.read(&[1], 1).map_err(|e| e.to_string()));
    together.same("configure", |engine| {
        engine.configure(Configuration { steps: 0, ..good }).map_err(|e| e.to_string())
    });
    let mut short = state.clone();
    short.k.pop();
    together.same("set_state", |engine| engine.set_state(short.clone()).map_err(|e| e.to_string()));
    let error = Fast::new(Arc::clone(&design), good, short).unwrap_err();
    assert!(matches!(error, StartError::State(_)));
    let error = Fast::new(design, Configuration { alpha_offset: 4, ..good }, state).unwrap_err();
    assert!(matches!(error, StartError::Configuration(_)));
}
