//! With noise, coupled learning of clamped data is maximum likelihood: a student lattice learns the distribution a teacher fluctuates by.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::sync::Arc;
use wheatstone_learn::equilibrium::Equilibrium;
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, lattice};
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, Features, Format, Initial, LearningSchedule, Nudge, Omega, Rules,
    Sample, Sense, State, Target, Temperature, Wave,
};

const TEMPERATURE: Temperature = Temperature(150_000_000_000);

/// A 4x4 lattice whose corners are inputs at 0 V; every other node is an output, which data are clamped to.
fn design() -> Arc<Design> {
    let corners = [0, 3, 12, 15].map(NodeId);
    let visible = (0..16).map(NodeId).filter(|node| !corners.contains(node));
    let network =
        lattice(4, 4, Boundary::Open, EdgeKind::Linear).inputs(corners).outputs(visible).build().unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
    let features = Features { temperature: Some(TEMPERATURE), ..Features::PLAIN };
    Arc::new(Design::new(network, Format::WIDE, rules).unwrap().with_features(features).unwrap())
}

fn engine(design: &Arc<Design>, seed: u64) -> Fast {
    let state = State::initial(design, &[Initial::Uniform { low: 0.1, high: 0.5 }], seed);
    let configuration = Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    Fast::new(Arc::clone(design), configuration, state).unwrap()
}

/// The divergence of a student's distribution from the teacher's, in nats.
fn divergence(teacher: &Fast, student: &Fast) -> f64 {
    let of = |engine: &Fast| Equilibrium::of(engine.design(), &engine.state(), &[], Wave::Free).unwrap();
    let (teacher, student) = (of(teacher), of(student));
    let n = teacher.nodes.len();
    let product = student.laplacian() * teacher.inverse();
    let trace: f64 = (0..n).map(|i| product[(i, i)]).sum();
    0.5 * (trace - 12.0 + teacher.log_determinant() - student.log_determinant())
}

#[test]
fn a_student_learns_what_a_teacher_fluctuates_by() {
    let design = design();
    let mut teacher = engine(&design, 11);
    let none = Sample { inputs: vec![0; 4], targets: vec![None; 12] };
    teacher.present(&none).unwrap();
    teacher.steps(1000);
    let mut student = engine(&design, 12);
    let before = divergence(&teacher, &student);
    let mut divergences = Vec::new();
    for (alpha, samples) in [(-3i8, 20_000u32), (-5, 60_000), (-7, 150_000)] {
        // Other shifts are another design; the state goes on.
        let network = design.network().clone().with_alpha(&[alpha]).unwrap();
        let slower = Design::new(network, design.format(), design.rules()).unwrap();
        let slower = Arc::new(slower.with_features(design.features()).unwrap());
        student = Fast::new(slower, student.configuration(), student.state()).unwrap();
        for _ in 0..samples {
            teacher.steps(2 * 6);
            let target = |voltage| Some(Target { voltage, sense: Sense::Equal });
            let targets = teacher.answer().into_iter().map(target).collect();
            student.train(&Sample { inputs: vec![0; 4], targets }).unwrap();
        }
        divergences.push(divergence(&teacher, &student));
    }
    // 24 conductances estimated by so many samples are off by 24/2 nats over their number, if samples are independent.
    let floor = 12.0 / 150_000.0;
    let last = divergences[2];
    assert!(before > 0.3 && last < 1e-3 * before, "{before} {divergences:?}");
    assert!(last <= 5.0 * floor, "{divergences:?} against a floor of {floor}");
}
