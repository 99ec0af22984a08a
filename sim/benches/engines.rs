//! Engines side by side: `cargo bench -p wheatstone-sim --bench engines`.
//!
//! Throughput is in elements a second: multiply-adds for the roofs, edge-relaxations for what relaxes (an update of one wave
//! of a node counts each of its edges), training samples for what trains. `ratios` compares them in one run.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "criterion's macros")]

mod common;

use common::plain::Plain;
use common::roofline::{self, KERNELS};
use common::subjects::{self, Subject};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wheatstone_sim::{Engine, Fast, Format, Reference, Replicas, Sample, VectorWidth};

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(x: f64) -> Throughput {
    Throughput::Elements(x as u64)
}

fn roofs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("roof");
    let words = roofline::Words::new();
    let (a, b) = words.operands();
    for kernel in &KERNELS {
        group.throughput(whole(1024.0 * kernel.per_word));
        for width in VectorWidth::available() {
            group.bench_function(BenchmarkId::new(kernel.name, width), |bench| {
                bench.iter(|| (kernel.run)(width, black_box(a), black_box(b)));
            });
        }
    }
    for (name, length) in [("read L1", 1usize << 11), ("read L2", 1 << 15), ("read DRAM", 1 << 24)] {
        let array = vec![1u64; length];
        group.throughput(Throughput::Bytes(8 * length as u64));
        group.bench_function(name, |bench| bench.iter(|| roofline::read(black_box(&array))));
    }
    group.finish();
}

/// Every engine trains or relaxes a network.
fn engines(criterion: &mut Criterion, subject: &Subject, trains: bool) {
    let what = if trains { "train" } else { "relax" };
    let mut group = criterion.benchmark_group(format!("{what} {}", subject.name));
    let relaxations = f64::from(subject.configuration.steps) * subject.edge_relaxations();
    group.throughput(if trains { Throughput::Elements(1) } else { whole(relaxations) });
    let (design, configuration) = (&subject.design, subject.configuration);
    let state = subject.state(1);
    let mut samples = subject.samples.iter().cycle();
    let mut act = |engine: &mut dyn Engine| {
        let sample = samples.next().unwrap();
        if trains { engine.train(sample).unwrap() } else { engine.relax(sample).unwrap() }
    };
    let mut reference = Reference::new(design.clone(), configuration, state.clone()).unwrap();
    group.bench_function("reference", |bench| bench.iter(|| act(&mut reference)));
    for width in VectorWidth::available() {
        let mut fast = Fast::with_width(design.clone(), configuration, state.clone(), width).unwrap();
        group.bench_function(BenchmarkId::new("fast", width), |bench| bench.iter(|| act(&mut fast)));
    }
    let mut plain = Plain::new(design, configuration, &state);
    group.bench_function("plain", |bench| {
        bench.iter(|| {
            let sample = samples.next().unwrap();
            if trains {
                plain.train(sample);
            } else {
                plain.present(sample);
                (0..configuration.steps).for_each(|_| plain.step());
            }
        });
    });
    group.finish();
}

fn lattices(criterion: &mut Criterion) {
    engines(criterion, &subjects::lattice_1024(Format::COMPACT, "lattice 1024 compact"), false);
    engines(criterion, &subjects::lattice_1024(Format::WIDE, "lattice 1024 wide"), false);
}

fn digits(criterion: &mut Criterion) {
    engines(criterion, &subjects::digits(), true);
}

fn small(criterion: &mut Criterion) {
    subjects::small().iter().for_each(|subject| engines(criterion, subject, true));
}

fn replicas(criterion: &mut Criterion) {
    for (format, name) in [(Format::COMPACT, "compact"), (Format::WIDE, "wide")] {
        let subject = subjects::random_graph(format, name);
        let mut group = criterion.benchmark_group(format!("relax 32 replicas of a random graph, {name}"));
        group.throughput(whole(32.0 * f64::from(subject.configuration.steps) * subject.edge_relaxations()));
        let states: Vec<_> = (0..32).map(|seed| subject.state(seed)).collect();
        let samples: Vec<Option<&Sample>> = subject.samples[..32].iter().map(Some).collect();
        for width in VectorWidth::available() {
            let design = subject.design.clone();
            let mut replicas =
                Replicas::with_width(design, subject.configuration, states.clone(), width).unwrap();
            group.bench_function(BenchmarkId::new("replicas", width), |bench| {
                bench.iter(|| replicas.relax(&samples).unwrap());
            });
        }
        group.finish();
    }
}

criterion_group!(all, roofs, lattices, digits, small, replicas);
criterion_main!(all);
