//! How fast the engines are, as ratios taken in one run: `cargo bench -p wheatstone-sim --bench ratios`.
//!
//! What is compared runs in turns, a few dozen rounds, in processor time of one thread, or by the clock on the wall where several
//! threads are compared; each is judged by its fastest round, which other work on the machine disturbs least. The medians are in the
//! JSON beside it. Figures in absolute units are this machine's.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may panic")]

mod common;

use common::plain::Plain;
use common::roofline::{self, KERNELS};
use common::subjects::{self, Subject};
use rustix::time::{ClockId, clock_gettime};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::num::NonZeroUsize;
use wheatstone_sim::{Engine, Fast, Format, Reference, Replicas, Sample, VectorWidth};

/// One of those that run in turns.
struct Turn<'a> {
    name: String,
    run: Box<dyn FnMut() + 'a>,
}

fn turn<'a>(name: impl Into<String>, run: impl FnMut() + 'a) -> Turn<'a> {
    Turn { name: name.into(), run: Box::new(run) }
}

/// Seconds a call, by name: of the fastest round, and of the median one.
type Times = BTreeMap<String, (f64, f64)>;

/// How turns are timed: by which clock, in how many rounds, and how many seconds a turn takes at least.
#[derive(Clone, Copy)]
struct Timing {
    clock: ClockId,
    rounds: usize,
    turn: f64,
}

/// Other programs' turns do not count.
const PROCESSOR: Timing = Timing { clock: ClockId::ThreadCPUTime, rounds: 60, turn: 3e-3 };

/// They do count: many short rounds, so that in some of them all threads have a processor.
const WALL: Timing = Timing { clock: ClockId::Monotonic, rounds: 3000, turn: 3e-4 };

/// Seconds on a clock.
fn now(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs all in turns, in processor time.
fn measure(turns: Vec<Turn>) -> Times {
    measure_by(PROCESSOR, turns)
}

/// Runs all in turns.
fn measure_by(Timing { clock, rounds: count, turn: least }: Timing, mut turns: Vec<Turn>) -> Times {
    let calls: Vec<u32> = turns
        .iter_mut()
        .map(|turn| {
            (turn.run)();
            let mut calls = 1;
            loop {
                let start = now(clock);
                (0..calls).for_each(|_| (turn.run)());
                let taken = now(clock) - start;
                if taken >= least / 4.0 || calls > 1 << 28 {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "at least 1, and beyond 32 bits it saturates"
                    )]
                    let calls = (f64::from(calls) * least / taken).ceil().max(1.0) as u32;
                    break calls;
                }
                calls *= 4;
            }
        })
        .collect();
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); turns.len()];
    for _ in 0..count {
        for ((turn, &calls), times) in turns.iter_mut().zip(&calls).zip(&mut rounds) {
            let start = now(clock);
            (0..calls).for_each(|_| (turn.run)());
            times.push((now(clock) - start) / f64::from(calls));
        }
    }
    let judge = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        (times[0], times[times.len() / 2])
    };
    turns.into_iter().zip(rounds).map(|(turn, times)| (turn.name, judge(times))).collect()
}

/// A line of the table.
#[derive(serde::Serialize)]
struct Line {
    what: String,
    /// The figure, as measured; of the fastest rounds.
    found: f64,
    /// The same of the median rounds.
    median: f64,
    unit: &'static str,
    /// At least, if this is judged.
    target: Option<f64>,
}

#[derive(Default)]
struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// `rate` gives the figure from seconds by name.
    fn add(
        &mut self,
        what: &str,
        unit: &'static str,
        target: Option<f64>,
        times: &Times,
        rate: impl Fn(&dyn Fn(&str) -> f64) -> f64,
    ) {
        let fastest = rate(&|name| times[name].0);
        let median = rate(&|name| times[name].1);
        let verdict = match target {
            Some(target) if fastest >= target => format!("   target {target}: reached"),
            Some(target) => format!("   target {target}: MISSED"),
            None => String::new(),
        };
        println!("{what:<66} {fastest:>9.3} {unit:<18}{verdict}");
        self.lines.push(Line { what: what.to_owned(), found: fastest, median, unit, target });
    }
}

fn fast(subject: &Subject, width: VectorWidth) -> Fast {
    Fast::with_width(subject.design.clone(), subject.configuration, subject.state(1), width).unwrap()
}

fn reference(subject: &Subject) -> Reference {
    Reference::new(subject.design.clone(), subject.configuration, subject.state(1)).unwrap()
}

fn plain(subject: &Subject) -> Plain {
    Plain::new(&subject.design, subject.configuration, &subject.state(1))
}

/// The baseline computes the same bits.
fn check(subject: &Subject) {
    let (mut plain, mut reference) = (plain(subject), reference(subject));
    let mut engines: Vec<Fast> =
        VectorWidth::available().into_iter().map(|width| fast(subject, width)).collect();
    for sample in subject.samples.iter().take(5) {
        plain.train(sample);
        reference.train(sample).unwrap();
        assert_eq!(plain.state(), reference.state(), "{}", subject.name);
        for engine in &mut engines {
            engine.train(sample).unwrap();
            assert_eq!(engine.state(), reference.state(), "{} {}", subject.name, engine.width());
        }
    }
}

fn roofs(report: &mut Report) {
    let words = roofline::Words::new();
    let (a, b) = words.operands();
    let arrays = [("L1", 1 << 11), ("L2", 1 << 15), ("DRAM", 1 << 24)].map(|(name, n)| (name, vec![1u64; n]));
    let mut turns = Vec::new();
    for width in VectorWidth::available() {
        for kernel in &KERNELS {
            turns.push(turn(format!("{} {width}", kernel.name), move || {
                black_box((kernel.run)(width, black_box(a), black_box(b)));
            }));
        }
    }
    for (name, array) in &arrays {
        turns.push(turn(*name, move || {
            black_box(roofline::read(black_box(array)));
        }));
    }
    let times = measure(turns);
    for width in VectorWidth::available() {
        for kernel in &KERNELS {
            let name = format!("{} {width}", kernel.name);
            report.add(&format!("roof: {name} multiply-add"), "G/s", None, &times, |t| {
                1024.0 * kernel.per_word / t(&name) / 1e9
            });
        }
    }
    for (name, array) in &arrays {
        report.add(&format!("roof: reading {name}"), "GB/s", None, &times, |t| {
            array.len() as f64 * 8.0 / t(name) / 1e9
        });
    }
}

/// A lattice of 1024 nodes that relaxes, and the roof of the instructions it is made of.
fn lattices(report: &mut Report) {
    for (format, name) in [(Format::COMPACT, "compact"), (Format::WIDE, "wide")] {
        let subject = subjects::lattice_1024(format, name);
        check(&subject);
        let steps = f64::from(subject.configuration.steps);
        let sample = &subject.samples[0];
        let words = roofline::Words::new();
        let (a, b) = words.operands();
        let mut engines: Vec<Fast> =
            VectorWidth::available().into_iter().map(|w| fast(&subject, w)).collect();
        let (mut reference, mut plain) = (reference(&subject), plain(&subject));
        let mut turns = Vec::new();
        // Finding the width out takes as long as a dot product.
        let width = VectorWidth::best();
        for kernel in &KERNELS {
            turns.push(turn(kernel.name, move || {
                black_box((kernel.run)(width, black_box(a), black_box(b)));
            }));
        }
        for engine in &mut engines {
            engine.present(sample).unwrap();
            let name = engine.width().name();
            turns.push(turn(name, move || {
                engine.relax(sample).unwrap();
            }));
        }
        turns.push(turn("reference", || {
            reference.relax(sample).unwrap();
        }));
        plain.present(sample);
        turns.push(turn("plain", || (0..subject.configuration.steps).for_each(|_| plain.step())));
        let times = measure(turns);
        let best = VectorWidth::best().name();
        for width in VectorWidth::available() {
            let width = width.name();
            report.add(
                &format!("lattice 1024 {name}: edge-relaxations, {width}"),
                "G/s",
                None,
                &times,
                |t| steps * subject.edge_relaxations() / t(width) / 1e9,
            );
        }
        // Of the contract: a product for each edge, one for the sum of conductances, one for the gain.
        let products = steps * (subject.edge_relaxations() + 2.0 * subject.updates());
        let roof = |kernel: &roofline::Kernel| 1024.0 * kernel.per_word;
        let [int16, int32, double] = &KERNELS;
        for (kernel, target) in [(int16, (name == "compact").then_some(45.0)), (int32, None), (double, None)]
        {
            let what = format!("lattice 1024 {name}: multiply-adds, share of the {} roof", kernel.name);
            report.add(&what, "%", target, &times, |t| {
                100.0 * (products / t(best)) / (roof(kernel) / t(kernel.name))
            });
        }
        report.add(&format!("lattice 1024 {name}: times the reference"), "x", None, &times, |t| {
            t("reference") / t(best)
        });
        report.add(&format!("lattice 1024 {name}: times the plain loop"), "x", None, &times, |t| {
            t("plain") / t(best)
        });
    }
}

/// Training with all widths, the reference and the plain loop.
fn training(subject: &Subject) -> Times {
    check(subject);
    let mut engines: Vec<Fast> = VectorWidth::available().into_iter().map(|w| fast(subject, w)).collect();
    let (mut reference, mut plain) = (reference(subject), plain(subject));
    let samples = &subject.samples;
    let mut turns = Vec::new();
    for engine in &mut engines {
        let mut next = samples.iter().cycle();
        turns.push(turn(engine.width().name(), move || {
            black_box(engine.train(next.next().unwrap()).unwrap());
        }));
    }
    let (mut next, mut then) = (samples.iter().cycle(), samples.iter().cycle());
    turns.push(turn("reference", move || {
        black_box(reference.train(next.next().unwrap()).unwrap());
    }));
    turns.push(turn("plain", move || plain.train(then.next().unwrap())));
    measure(turns)
}

fn digits(report: &mut Report) {
    let times = training(&subjects::digits());
    for width in VectorWidth::available() {
        let width = width.name();
        report.add(&format!("digits: a training sample, {width}"), "us", None, &times, |t| t(width) * 1e6);
    }
    let best = VectorWidth::best().name();
    report
        .add("digits: training, times the reference", "x", Some(20.0), &times, |t| t("reference") / t(best));
    report.add("digits: training, times the plain loop", "x", None, &times, |t| t("plain") / t(best));
}

/// 202,240 edges, most of them to inputs: in words, and in doubles, which an accumulator of 33 bits needs.
fn images(report: &mut Report) {
    let subjects = [
        (subjects::images(Format::WIDE, "images wide"), "wide"),
        (subjects::images(Format::COMPACT, "images compact"), "compact"),
        (
            subjects::images(Format::new(16, 8, 15, 18).unwrap(), "images 16/8/15/18"),
            "16/8/15/18, in doubles",
        ),
    ];
    let mut names = Vec::new();
    let mut turns = Vec::new();
    for (subject, name) in &subjects {
        check(subject);
        for width in VectorWidth::available() {
            let mut engine = fast(subject, width);
            let mut next = subject.samples.iter().cycle();
            let name = format!("{name}, {width}");
            names.push(name.clone());
            turns.push(turn(name, move || {
                black_box(engine.train(next.next().unwrap()).unwrap());
            }));
        }
    }
    let times = measure(turns);
    for name in &names {
        report.add(&format!("images: a training sample, {name}"), "us", None, &times, |t| t(name) * 1e6);
    }
    let best = VectorWidth::best();
    report.add("images: training in words, times that in doubles", "x", Some(3.0), &times, |t| {
        t(&format!("16/8/15/18, in doubles, {best}")) / t(&format!("wide, {best}"))
    });
}

/// One network of images that trains, on one thread and on two.
fn threads(report: &mut Report) {
    let shapes = [
        ("28 x 28, 128 hidden", 1570, 128),
        ("28 x 28, 512 hidden", 1570, 512),
        ("14 x 14, 64 hidden", 394, 64),
    ];
    for (name, inputs, hidden) in shapes {
        let subject = subjects::images_on(inputs, hidden, Format::WIDE, name);
        let mut turns = Vec::new();
        for threads in [1, 2] {
            let (design, state) = (subject.design.clone(), subject.state(1));
            let count = NonZeroUsize::new(threads).unwrap();
            let mut engine =
                Fast::with_threads(design, subject.configuration, state, VectorWidth::best(), count).unwrap();
            let mut next = subject.samples.iter().cycle();
            turns.push(turn(threads.to_string(), move || {
                black_box(engine.train(next.next().unwrap()).unwrap());
            }));
        }
        let times = measure_by(WALL, turns);
        for threads in ["1", "2"] {
            let what = format!("{name}: a training sample, threads {threads}");
            report.add(&what, "us", None, &times, |t| t(threads) * 1e6);
        }
        report.add(&format!("{name}: training, two threads for one"), "x", None, &times, |t| t("1") / t("2"));
    }
}

fn small(report: &mut Report) {
    for subject in subjects::small() {
        let times = training(&subject);
        let best = VectorWidth::best().name();
        report.add(&format!("{}: a training sample", subject.name), "us", None, &times, |t| t(best) * 1e6);
        report.add(&format!("{}: times the plain loop", subject.name), "x", Some(1.0), &times, |t| {
            t("plain") / t(best)
        });
        report.add(&format!("{}: times the reference", subject.name), "x", None, &times, |t| {
            t("reference") / t(best)
        });
    }
}

/// How many replicas run side by side.
const REPLICAS: usize = 32;

/// Replicas on a general graph.
fn replicas(report: &mut Report) {
    for (format, name, target) in [(Format::COMPACT, "compact", Some(8.0)), (Format::WIDE, "wide", None)] {
        let subject = subjects::random_graph(format, name);
        check(&subject);
        let states: Vec<_> = (0..REPLICAS as u64).map(|seed| subject.state(seed)).collect();
        let samples: Vec<Option<&Sample>> = subject.samples[..REPLICAS].iter().map(Some).collect();
        let of = |width| {
            let design = subject.design.clone();
            Replicas::with_width(design, subject.configuration, states.clone(), width).unwrap()
        };
        let mut all: Vec<Replicas> = VectorWidth::available().into_iter().map(of).collect();
        let (mut alone, mut plain) = (fast(&subject, VectorWidth::best()), plain(&subject));
        plain.present(&subject.samples[0]);
        let best = VectorWidth::best().name();
        let words = roofline::Words::new();
        let mut training = all[all.len() - 1].clone();
        let mut turns = Vec::new();
        for replicas in &mut all {
            let samples = &samples;
            turns.push(turn(replicas.width().name(), move || {
                black_box(replicas.relax(samples).unwrap());
            }));
        }
        turns.push(turn("training", || {
            black_box(training.train(&samples).unwrap());
        }));
        turns.push(turn("alone", || {
            black_box(alone.relax(&subject.samples[0]).unwrap());
        }));
        turns.push(turn("plain", || (0..subject.configuration.steps).for_each(|_| plain.step())));
        let kernel = if name == "compact" { &KERNELS[0] } else { &KERNELS[2] };
        let (width, (a, b)) = (VectorWidth::best(), words.operands());
        turns.push(turn("roof", move || {
            black_box((kernel.run)(width, black_box(a), black_box(b)));
        }));
        let times = measure(turns);
        let edges = f64::from(subject.configuration.steps) * subject.edge_relaxations();
        let count = REPLICAS as f64;
        for width in VectorWidth::available() {
            let width = width.name();
            report.add(
                &format!("random graph {name}, {REPLICAS} replicas: edge-relaxations, {width}"),
                "G/s",
                target.filter(|_| width == best),
                &times,
                |t| count * edges / t(width) / 1e9,
            );
        }
        report.add(
            &format!("random graph {name}: edge-relaxations of one engine"),
            "G/s",
            None,
            &times,
            |t| edges / t("alone") / 1e9,
        );
        report.add(
            &format!("random graph {name}: edge-relaxations of the plain loop"),
            "G/s",
            None,
            &times,
            |t| edges / t("plain") / 1e9,
        );
        let products = count * (edges + 2.0 * f64::from(subject.configuration.steps) * subject.updates());
        report.add(
            &format!(
                "random graph {name}, {REPLICAS} replicas: multiply-adds, share of the {} roof",
                kernel.name
            ),
            "%",
            None,
            &times,
            |t| 100.0 * (products / t(best)) / (1024.0 * kernel.per_word / t("roof")),
        );
        report.add(&format!("random graph {name}: a training sample of all"), "us", None, &times, |t| {
            t("training") * 1e6
        });
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    let mut report = Report::default();
    println!("vectors: {}", VectorWidth::best());
    for (name, run) in [
        ("roofs", roofs as fn(&mut Report)),
        ("lattices", lattices),
        ("digits", digits),
        ("images", images),
        ("threads", threads),
        ("small", small),
        ("replicas", replicas),
    ] {
        if wants(name) {
            run(&mut report);
        }
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let file = folder.join("ratios.json");
    let text = serde_json::to_string_pretty(&report.lines).unwrap();
    match std::fs::write(&file, text) {
        Ok(()) => println!("also in {}", file.display()),
        Err(error) => println!("{} cannot be written: {error}", file.display()),
    }
}
