//! Presets learn what they promise. The bounds lie below the figures of the README, which are means over more runs.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use wheatstone_learn::config::{Draft, FormatChoice};
use wheatstone_learn::cross_validation::{self, RunResult, Scheme, mean_and_sd};
use wheatstone_learn::experiment::load_dataset;
use wheatstone_sim::Format;

fn runs(preset: &str, format: Format, scheme: Scheme, seeds: u64, overrides: &[&str]) -> Vec<RunResult> {
    let mut draft = Draft::preset(preset).unwrap();
    draft.put("format", FormatChoice(format)).unwrap();
    overrides.iter().for_each(|text| draft.set(text).unwrap());
    let config = draft.finish().unwrap();
    let dataset = load_dataset(&config.data.source).unwrap();
    let seeds: Vec<u64> = (1..=seeds).collect();
    cross_validation::run(&config, &dataset, scheme, &seeds, &|_| {}, &|| true).unwrap()
}

fn accuracy(preset: &str, format: Format) -> f64 {
    let runs = runs(preset, format, Scheme::Folds(5), 1, &[]);
    mean_and_sd(&runs.iter().map(|r| r.accuracy.unwrap()).collect::<Vec<_>>()).0
}

#[test]
fn small_sets_are_classified_in_both_formats() {
    for (preset, bound) in [("iris", 0.95), ("wine", 0.965), ("breast-cancer", 0.96)] {
        for format in [Format::WIDE, Format::COMPACT] {
            let accuracy = accuracy(preset, format);
            assert!(accuracy >= bound, "{preset} in {format}: {accuracy}");
        }
    }
}

#[test]
fn edges_may_learn_while_relaxing_or_at_moments_of_their_own() {
    for preset in ["iris-continuous", "iris-desynchronous", "wine-continuous", "wine-desynchronous"] {
        let accuracy = accuracy(preset, Format::WIDE);
        assert!(accuracy >= 0.95, "{preset}: {accuracy}");
    }
}

#[test]
fn digits_are_read_after_a_few_epochs() {
    let scheme = Scheme::Splits { count: 1, test_fraction: 0.2 };
    let runs = runs("digits", Format::WIDE, scheme, 1, &["epochs=8", "annealing.every=2"]);
    assert!(runs[0].accuracy.unwrap() >= 0.96, "{runs:?}");
}

#[test]
fn diode_nodes_learn_exclusive_or() {
    let runs = runs("xor", Format::WIDE, Scheme::AsConfigured, 20, &[]);
    let label = 0.1;
    // The answer's distance from zero is half the margin; it must be at least half the wanted voltage.
    let solved = runs.iter().filter(|r| r.margin.unwrap() >= label).count();
    assert!(solved >= 19, "{solved} of 20");
}

#[test]
fn sixteen_edges_learn_two_linear_functions() {
    let runs = runs("linear-regression", Format::WIDE, Scheme::AsConfigured, 5, &[]);
    for run in runs {
        assert!(run.mse * 1e4 <= run.mse_first, "seed {}: {} to {}", run.seed, run.mse_first, run.mse);
    }
}

#[test]
fn transistor_edges_bend_where_no_straight_line_follows() {
    let runs = runs("nonlinear-regression", Format::WIDE, Scheme::AsConfigured, 1, &[]);
    assert!(runs[0].mse <= 1e-5, "the best straight line has 3.3e-4: {}", runs[0].mse);
}

#[test]
fn a_lattice_learns_to_respond_at_a_distance() {
    let runs = runs("allostery", Format::WIDE, Scheme::AsConfigured, 1, &[]);
    assert!(runs[0].mse < 1e-8 && runs[0].mse_first > 1e-3, "{runs:?}");
}

/// The median of some errors, and how many are at most the bound.
fn median_and_within(runs: &[RunResult], bound: f64) -> (f64, usize) {
    let mut errors: Vec<f64> = runs.iter().map(|run| run.mse).collect();
    errors.sort_by(f64::total_cmp);
    (errors[errors.len() / 2], errors.iter().filter(|error| **error <= bound).count())
}

/// Twenty relaxing steps a sample, of one wave: sixteen to rest, and one cycle of four. The bound is the sum over both outputs, which is twice
/// the mean over them.
#[test]
fn one_modulated_wave_learns_two_linear_functions() {
    let nudge = "nudge={kind=\"modulated\",beta=0,half=2}";
    let runs = runs("linear-regression", Format::WIDE, Scheme::AsConfigured, 5, &[nudge]);
    let (median, within) = median_and_within(&runs, 0.5e-8);
    assert!(within == 5, "{median} {runs:?}");
}

/// Ten relaxing steps a sample: six, and one cycle of four.
#[test]
fn one_modulated_wave_learns_iris() {
    let overrides = ["nudge={kind=\"modulated\",beta=2,half=2}", "steps=6"];
    let runs = runs("iris", Format::WIDE, Scheme::Folds(5), 1, &overrides);
    let (accuracy, _) = mean_and_sd(&runs.iter().map(|r| r.accuracy.unwrap()).collect::<Vec<_>>());
    assert!(accuracy >= 0.96, "{accuracy}");
}

/// Dithered conductances and one number that every edge is told; half of the seeds end below the bound.
#[test]
fn dithered_conductances_learn_two_linear_functions() {
    let overrides = ["nudge={kind=\"dithered\",delta=9}", "network.alpha=[6]", "omega=8"];
    let runs = runs("linear-regression", Format::WIDE, Scheme::AsConfigured, 5, &overrides);
    let (median, within) = median_and_within(&runs, 0.5e-6);
    assert!(within >= 3, "{median} {runs:?}");
}

/// The same on iris, within 600 epochs.
#[test]
fn dithered_conductances_learn_iris() {
    let nudge = "nudge={kind=\"dithered\",delta=9}";
    let overrides = [nudge, "epochs=600", "annealing={start=3,every=150}"];
    let runs = runs("iris", Format::WIDE, Scheme::Folds(5), 1, &overrides);
    let (accuracy, _) = mean_and_sd(&runs.iter().map(|r| r.accuracy.unwrap()).collect::<Vec<_>>());
    assert!(accuracy >= 0.96, "{accuracy}");
}
