//! Losses of crossbars fall as those of stochastic gradient descent do; a study that is stopped goes on to the same bits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};
use wheatstone_learn::scaling::{Plan, Progress, ScalingError};

fn plan() -> Plan {
    Plan {
        covariance: 6,
        teacher: 8,
        features: 1024,
        sizes: vec![8, 16, 32, 64, 128, 256],
        samples: 20_000,
        rows: vec![16, 32, 64, 128],
        row_features: 128,
        rate: 3,
        seeds: 6,
    }
}

#[test]
fn losses_fall_as_theory_says() {
    let mut progress = Progress::new(plan()).unwrap();
    progress.advance(&|| {}, &|| true).unwrap();
    let found = progress.found();
    println!(
        "time {:?} edges {:?} compute {:?} rows {:?} worst {} {}",
        found.time(),
        found.edges(),
        found.compute(),
        found.rows(),
        found.worst_in_time(),
        found.worst_in_edges()
    );
    for (law, [measured, exact]) in [
        ("time", found.time()),
        ("edges", found.edges()),
        ("compute", found.compute()[0]),
        ("rows", found.rows()),
    ] {
        assert!((measured - exact).abs() <= 0.05, "{law}: {measured} {exact}");
        assert!(measured > 0.2, "{law}: {measured}");
    }
    assert!(found.worst_in_edges() <= 0.05, "{:?}", found.at_the_end(&found.fresh).collect::<Vec<_>>());
    assert!(found.worst_in_time() <= 0.3, "{}", found.worst_in_time());
}

#[test]
fn a_study_that_is_stopped_goes_on_to_the_same_bits() {
    let small = Plan {
        sizes: vec![4, 8],
        features: 16,
        rows: vec![3, 9],
        row_features: 8,
        samples: 500,
        seeds: 3,
        ..plan()
    };
    let mut whole = Progress::new(small.clone()).unwrap();
    whole.advance(&|| {}, &|| true).unwrap();
    assert_eq!(whole.finished(), small.count());
    let mut parts = Progress::new(small).unwrap();
    for _ in 0..100 {
        let asked = AtomicUsize::new(0);
        let stopped = parts.advance(&|| {}, &|| asked.fetch_add(1, Ordering::Relaxed) < 12);
        // As a file would keep it.
        parts = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
        match stopped {
            Ok(()) => break,
            Err(error) => assert!(matches!(error, ScalingError::Stopped), "{error}"),
        }
        assert!(parts.finished() < whole.finished());
    }
    assert_eq!(parts, whole);
}

#[test]
fn settings_out_of_bounds_are_told() {
    for (wrong, field) in [
        (Plan { covariance: 0, ..plan() }, "--covariance"),
        (Plan { sizes: vec![8, 2000], ..plan() }, "--sizes"),
        (Plan { samples: 3, ..plan() }, "--samples"),
        (Plan { rows: vec![8], ..plan() }, "--rows"),
    ] {
        let error = Progress::new(wrong).unwrap_err();
        assert!(error.to_string().starts_with(field), "{error}");
    }
}
