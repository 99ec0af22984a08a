//! The compute kernel learns the presets' real data bit for bit as the reference engine does.

#![cfg(feature = "gpu")]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use wheatstone_gpu::{AdapterError, NetworkKernel, adapters};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::preset::Preset;
use wheatstone_sim::{Engine, Reference, State, epoch_order};

/// Enough for every class to come, few enough for an adapter in software.
const SAMPLES: usize = 40;

/// Epoch after epoch, as training goes.
fn order(seed: u64, samples: usize) -> Vec<u32> {
    (0..).flat_map(|epoch| epoch_order(seed, epoch, samples)).take(SAMPLES).collect()
}

fn assert_equal_bits(preset: &str, format: &str) {
    let adapter = match adapters() {
        Ok(mut adapters) => adapters.swap_remove(0),
        Err(error @ AdapterError::None) if std::env::var_os("CI").is_none() => {
            return eprintln!("skipped: {error}");
        }
        Err(error) => panic!("{error}; `cargo xtask setup` provides a software adapter"),
    };
    let mut config = Preset::find(preset).unwrap().config().unwrap();
    config.format = format.parse().unwrap();
    let experiment = Experiment::prepare(config).unwrap();
    let samples = experiment.samples(&experiment.split.train).unwrap();
    let initial = &experiment.config.network.initial;
    let seeds = [1, 2, 3];
    let states: Vec<State> =
        seeds.iter().map(|&seed| State::initial(&experiment.design, initial, seed)).collect();
    let orders: Vec<Vec<u32>> = seeds.iter().map(|&seed| order(seed, samples.len())).collect();
    let mut kernel =
        NetworkKernel::new(&adapter, experiment.design.clone(), &samples, states.clone()).unwrap();
    kernel.train(experiment.configuration(0), &orders).unwrap();
    for (replica, (found, (state, order))) in
        kernel.states().unwrap().iter().zip(states.into_iter().zip(&orders)).enumerate()
    {
        let mut engine =
            Reference::new(experiment.design.clone(), experiment.configuration(0), state).unwrap();
        for &sample in order {
            engine.train(&samples[sample as usize]).unwrap();
        }
        assert_eq!(found.first_difference(&engine.state()), None, "{preset}, replica {replica}");
        assert_eq!(engine.state().digest(), found.digest(), "{preset}, replica {replica}, on {adapter}");
    }
}

#[test]
fn iris_has_the_same_bits_on_an_adapter() {
    assert_equal_bits("iris", "wide");
    assert_equal_bits("iris-continuous", "compact");
}

#[test]
fn wine_has_the_same_bits_on_an_adapter() {
    assert_equal_bits("wine", "wide");
    assert_equal_bits("wine-desynchronous", "compact");
}

#[test]
fn breast_cancer_has_the_same_bits_on_an_adapter() {
    assert_equal_bits("breast-cancer", "wide");
}

#[test]
fn transistors_have_the_same_bits_on_an_adapter() {
    assert_equal_bits("nonlinear-regression", "wide");
}
