//! Learning at every step: in phase, time halves as the rate doubles; in counter-phase there is a bias.

use std::sync::Arc;
use wheatstone_learn::experiment::load_dataset;
use wheatstone_learn::preset::Preset;
use wheatstone_learn::rate::{Plan, RateError, study};
use wheatstone_sim::Waves;

fn plan() -> Plan {
    Plan {
        alphas: vec![-11, -10, -9],
        etas: vec![0],
        waves: vec![Waves::Together],
        seeds: vec![1],
        samples: 4000,
        every: 16,
        goal: 1e-4,
    }
}

#[test]
fn in_phase_the_time_halves_as_the_rate_doubles() {
    let mut base = Preset::find("linear-regression").unwrap().config().unwrap();
    base.steps = 32;
    let dataset = Arc::new(load_dataset(&base.data.source).unwrap());
    let all = |plan: &Plan| study(&base, &dataset, plan, &|| {}, &|| true).unwrap();
    let strong = all(&plan());
    for pair in strong.windows(2) {
        let ratio = pair[0].time.unwrap() / pair[1].time.unwrap();
        assert!((1.8..=2.2).contains(&ratio), "{pair:?}");
    }
    // A weaker nudge learns the same more slowly by as much.
    let weak = all(&Plan { alphas: vec![-8, -7, -6], etas: vec![3], ..plan() });
    for (strong, weak) in strong.iter().zip(&weak) {
        let ratio = weak.time.unwrap() / strong.time.unwrap();
        assert!((0.7..=1.45).contains(&ratio), "{strong:?} {weak:?}");
    }
    let stopped = study(&base, &dataset, &plan(), &|| {}, &|| false);
    assert!(matches!(stopped, Err(RateError::Stopped)));
}

/// Waves of different ages on an edge: the error ends far above what the same network learns in phase.
#[test]
fn counter_phase_is_biased() {
    let mut base = Preset::find("linear-regression").unwrap().config().unwrap();
    base.steps = 32;
    let dataset = Arc::new(load_dataset(&base.data.source).unwrap());
    let waves = vec![Waves::Together, Waves::Alternating];
    let plan = Plan { alphas: vec![-3], etas: vec![3], waves, samples: 1920, ..plan() };
    let points = study(&base, &dataset, &plan, &|| {}, &|| true).unwrap();
    assert!(points[0].error * 50.0 <= points[1].error, "{points:?}");
}
