//! What a training step takes on the adapter there is: the resistor network with one replica and with many, and an
//! ordinary network at several batch sizes, on the adapter and on the processor.
//!
//! `cargo bench -p wheatstone-gpu [-- NAME]`, where NAME is part of an adapter's name. Every line says what it was
//! measured on; figures of a *software* adapter say nothing about a GPU. Each is the median of five stretches after one
//! that is not counted, in which a GPU compiles.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::sync::Arc;
use wheatstone_gpu::perceptron::{Examples, Machine, Optimiser, Perceptron, PerceptronConfig};
use wheatstone_gpu::{Adapter, NetworkKernel, Timing, adapter_named};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{
    Configuration, Design, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sample, Sense, State,
    Target, epoch_order,
};

/// The median of five after one that is not counted.
fn median(mut measure: impl FnMut() -> Timing) -> f64 {
    measure();
    let mut times: Vec<f64> = (0..5).map(|_| measure().microseconds_a_sample().unwrap()).collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

/// The shape and the rules of the preset `iris`: 10 inputs, 16 diode nodes, 3 outputs.
fn resistor_network(adapter: &Adapter) {
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Current { beta: 2, centred: false },
        g_min: 1,
        lowest_rail: 0,
    };
    let network = layered(&[10, 16, 3], EdgeKind::Linear).unwrap();
    let design = Arc::new(Design::new(network, Format::WIDE, rules).unwrap());
    let voltage = |i: i32| (i * 7919) % 30_000;
    let samples: Vec<Sample> = (0..120)
        .map(|i| Sample {
            inputs: (0..10).map(|j| voltage(10 * i + j)).collect(),
            targets: (0..3)
                .map(|j| Some(Target { voltage: voltage(i + j) / 20, sense: Sense::Equal }))
                .collect(),
        })
        .collect();
    let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let most = NetworkKernel::most_replicas(adapter, &design).unwrap().min(16_384);
    println!("resistor network 10-16-3, {}, 8 steps a sample, at most {most} replicas:", design.format());
    let mut replicas = 1;
    while replicas <= most {
        let initial = Initial::Uniform { low: 0.0, high: 0.1 };
        let states: Vec<State> =
            (0..replicas).map(|seed| State::initial(&design, &[initial], seed.into())).collect();
        let mut kernel = NetworkKernel::new(adapter, Arc::clone(&design), &samples, states).unwrap();
        let epochs = if adapter.is_software() { 1 } else { 20 };
        let order: Vec<u32> = (0..epochs).flat_map(|epoch| epoch_order(1, epoch, samples.len())).collect();
        let orders = vec![order; replicas as usize];
        let time = median(|| kernel.train(configuration, &orders).unwrap());
        println!(
            "  {replicas:>6} replicas: {time:>9.3} us a sample, {:>9.3} us a sample of each",
            time * f64::from(replicas)
        );
        replicas *= if adapter.is_software() { 16 } else { 4 };
        if adapter.is_software() && replicas > 256 {
            break;
        }
    }
}

/// A network of ten features, 16 units and three classes, on machine-made examples.
fn perceptron(machine: &Machine) {
    println!("perceptron 10-16-3, plain gradient descent, on {}:", machine.name());
    let rows: Vec<Vec<f32>> =
        (0..1024u16).map(|i| (0..10).map(|j| f32::from((i * 31 + j * 17) % 64) / 64.0).collect()).collect();
    let classes: Vec<u16> = (0..1024).map(|i| i % 3).collect();
    let examples = Examples::new(&rows, &classes).unwrap();
    for batch in [1, 64, 1024] {
        let config = PerceptronConfig {
            sizes: vec![10, 16, 3],
            optimiser: Optimiser::Sgd,
            learning_rate: 0.01,
            batch,
            seed: 1,
        };
        let mut perceptron = Perceptron::new(machine, config, &examples).unwrap();
        let time = median(|| perceptron.run_steps(64).unwrap());
        println!("  batch {batch:>5}: {:>10.1} us a step, {time:>9.3} us a sample", time * batch as f64);
    }
}

fn main() {
    if cfg!(debug_assertions) {
        println!(
            "this build is for tests: burn is not optimised in it, figures of perceptrons are far too high"
        );
    }
    let wish = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    match adapter_named(&wish) {
        Ok(adapter) => {
            println!("adapter: {adapter}");
            resistor_network(&adapter);
            match Machine::adapter(&adapter) {
                Ok(machine) => perceptron(&machine),
                Err(error) => println!("not measured: {error}"),
            }
        }
        Err(error) => println!("not measured: {error}"),
    }
    perceptron(&Machine::processor());
}
