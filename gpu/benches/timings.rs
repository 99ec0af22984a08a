//! What a training step takes on the adapter there is: the resistor network with one replica and with many.
//!
//! `cargo bench -p wheatstone-gpu [-- NAME]`, where NAME is part of an adapter's name. Every line says what it was
//! measured on; figures of a *software* adapter say nothing about a GPU. Each is the median of five stretches after one
//! that is not counted, in which a GPU compiles.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::sync::Arc;
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

fn main() {
    let wish = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    match adapter_named(&wish) {
        Ok(adapter) => {
            println!("adapter: {adapter}");
            resistor_network(&adapter);
        }
        Err(error) => println!("not measured: {error}"),
    }
}
