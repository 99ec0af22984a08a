use super::super::cross_check::CrossCheck;
use super::super::measurement::Basis;
use super::super::nvml::GpuError;
use super::super::source::{Description, Resolution, Scope};
use super::*;
use crate::quantity::Kind;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wheatstone_measure::{TurnOrder, statistics};

/// A machine in virtual time: it takes power at rest, more while somebody works, and drifts.
struct Machine {
    now: Cell<Duration>,
    /// Joules so far.
    meter: Cell<f64>,
    idle_watts: f64,
    /// Growth of all powers in a second, as a fraction.
    drift: f64,
    noise: RefCell<Noise>,
}

/// Bursts: most blocks are quiet, some are not.
struct Noise {
    rng: ChaCha8Rng,
    scale: f64,
}

impl Noise {
    fn next(&mut self) -> f64 {
        let uniform = (f64::from(self.rng.next_u32()) + 0.5) / 2f64.powi(32);
        // Student's t with two degrees of freedom: no variance.
        let p = uniform - 0.5;
        self.scale * 2.0 * p / (2.0 * (0.25 - p * p)).sqrt()
    }
}

impl Machine {
    fn new() -> Rc<Machine> {
        Machine::noisy(0, 0.0, 0.0)
    }

    fn noisy(seed: u64, scale: f64, drift: f64) -> Rc<Machine> {
        let noise = Noise { rng: ChaCha8Rng::seed_from_u64(seed), scale };
        Rc::new(Machine {
            now: Cell::default(),
            meter: Cell::default(),
            idle_watts: 10.0,
            drift,
            noise: RefCell::new(noise),
        })
    }

    fn spend(&self, watts: f64, seconds: f64) {
        let now = self.now.get();
        let drifted = watts * (1.0 + self.drift * now.as_secs_f64());
        self.meter.set(self.meter.get() + drifted * seconds);
        self.now.set(now + Duration::from_secs_f64(seconds));
    }

    /// Somebody who takes a time and a power above rest.
    fn baseline(self: &Rc<Self>, name: &str, unit_seconds: f64, watts: f64) -> Baseline<'static> {
        let machine = Rc::clone(self);
        Baseline::new(name, move |units| {
            let factor = (1.0 + machine.noise.borrow_mut().next()).max(0.01);
            machine.spend(machine.idle_watts + watts * factor, unit_seconds * units as f64);
            Ok(())
        })
    }

    fn source(self: &Rc<Self>, scope: Scope, share: f64) -> Box<dyn EnergySource> {
        let description = Description {
            name: scope.to_string(),
            scope,
            kind: Kind::Measured,
            method: String::new(),
            accuracy_source: String::new(),
        };
        let resolution = Resolution { step: Joule(0.0), update: Duration::ZERO, accuracy: 0.0 };
        Box::new(Meter { machine: Rc::clone(self), description, resolution, share, fails_at: None })
    }
}

impl Clock for Rc<Machine> {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, duration: Duration) {
        self.spend(self.idle_watts, duration.as_secs_f64());
    }
}

struct Meter {
    machine: Rc<Machine>,
    description: Description,
    resolution: Resolution,
    share: f64,
    fails_at: Option<Duration>,
}

impl EnergySource for Meter {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn resolution(&self) -> Resolution {
        self.resolution
    }

    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError> {
        if self.fails_at.is_some_and(|time| at >= time) {
            return Err(SourceError::Ended { name: "meter".to_owned(), reason: "unplugged".to_owned() });
        }
        Ok(Mark { at, counted: Joule(self.machine.meter.get() * self.share) })
    }

    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        self.resolution.counted("meter", from, to)
    }
}

fn plan() -> Plan {
    let seconds = Duration::from_secs;
    Plan { warm_up: seconds(2), block: seconds(6), settle: seconds(1), idle: seconds(4), ..Plan::default() }
}

fn go(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn energies_and_times_come_out_as_the_machine_has_them() {
    let machine = Machine::new();
    let mut baselines = [machine.baseline("a", 0.001, 20.0), machine.baseline("b", 0.004, 5.0)];
    let mut sources = [machine.source(Scope::CpuPackages, 1.0)];
    let measured = measure(&mut baselines, &mut sources, &plan(), &machine, &mut go).unwrap();
    let near =
        |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-6, "{found}, {expected}");
    near(measured.time(0).unwrap().value, 0.001);
    near(measured.energy(0, 0, Basis::Total).unwrap().value, 0.030);
    near(measured.energy(0, 0, Basis::AboveIdle).unwrap().value, 0.020);
    near(measured.energy(1, 0, Basis::Total).unwrap().value, 0.060);
    near(measured.energy(1, 0, Basis::AboveIdle).unwrap().value, 0.020);
    let quantity = measured.energy(1, 0, Basis::AboveIdle).unwrap();
    assert_eq!((&*quantity.unit, quantity.kind), ("J", Kind::Measured));
    assert_eq!(&*measured.time(1).unwrap().unit, "s");
    assert_eq!(measured.rounds[1].len(), 9);
}

#[test]
fn blocks_are_as_long_as_planned_and_warm_up_counts_for_nothing() {
    let machine = Machine::new();
    let spender = Rc::clone(&machine);
    let (mut calls, mut worked) = (0, 0.0);
    let slow_start = Baseline::new("slow at first", |units| {
        // A hundred watts until two seconds of work have warmed it, half a watt then.
        let watts = if worked < 1.9 { 100.0 } else { 0.5 };
        spender.spend(spender.idle_watts + watts, 0.01 * units as f64);
        worked += 0.01 * units as f64;
        calls += 1;
        Ok(())
    });
    let mut sources = [machine.source(Scope::CpuPackages, 1.0)];
    let measured = measure(&mut [slow_start], &mut sources, &plan(), &machine, &mut go).unwrap();
    let quantity = measured.energy(0, 0, Basis::AboveIdle).unwrap();
    assert!((quantity.high - 0.005).abs() < 1e-9, "{quantity:?}");
    for round in &measured.rounds[0] {
        assert!(round.time >= Duration::from_secs(12) && round.time < Duration::from_secs(14), "{round:?}");
    }
    assert!(calls > 100, "calls are short enough to be interrupted: {calls}");
}

/// The share of experiments whose interval for the ratio of two equal baselines holds 1.
fn share_held(order: TurnOrder, drift: f64, experiments: u64) -> f64 {
    let held = (0..experiments).filter(|&seed| {
        let machine = Machine::noisy(seed, 0.05, drift);
        let mut baselines = [machine.baseline("a", 0.25, 20.0), machine.baseline("b", 0.25, 20.0)];
        let mut sources = [machine.source(Scope::CpuPackages, 1.0)];
        let plan = Plan {
            rounds: 9,
            order,
            warm_up: Duration::ZERO,
            block: Duration::from_secs(1),
            settle: Duration::ZERO,
            idle: Duration::from_secs(1),
        };
        let measured = measure(&mut baselines, &mut sources, &plan, &machine, &mut go).unwrap();
        let energy = |round: &Round| Some(round.energy[0].value.0 / round.work as f64);
        let [a, b] = [0, 1].map(|baseline| measured.rounds[baseline].iter().map(energy).collect::<Vec<_>>());
        let ratio = statistics::ratio(&a, &b).unwrap();
        ratio.low <= 1.0 && 1.0 <= ratio.high
    });
    held.count() as f64 / experiments as f64
}

#[test]
fn interleaved_baselines_are_told_apart_only_by_what_they_are() {
    // n = 9: 96.1 % by the binomial; chance moves a share of 2000 experiments by 0.4 %. Noise is heavy-tailed in all of
    // them.
    for (order, drift) in [(TurnOrder::Mirrored, 0.0), (TurnOrder::Mirrored, 0.01), (TurnOrder::Rotated, 0.0)]
    {
        let share = share_held(order, drift, 2000);
        assert!((0.945..=0.975).contains(&share), "{order:?}, drift {drift}: {share}");
    }
}

#[test]
fn one_after_the_other_drift_is_taken_for_a_difference() {
    let still = share_held(TurnOrder::Sequential, 0.0, 2000);
    assert!((0.945..=0.975).contains(&still), "{still}");
    let drifting = share_held(TurnOrder::Sequential, 0.01, 200);
    assert!(drifting < 0.05, "{drifting}");
}

#[test]
fn rest_is_what_it_was_beside_the_round() {
    // Everything grows by a tenth in a hundred seconds, the price of the work included.
    let machine = Machine::noisy(0, 0.0, 0.001);
    let mut baselines = [machine.baseline("a", 0.05, 20.0)];
    let mut sources = [machine.source(Scope::Wall, 1.0)];
    let measured = measure(&mut baselines, &mut sources, &plan(), &machine, &mut go).unwrap();
    for round in &measured.rounds[0] {
        // Work takes three times the power of rest at that time, whenever that is.
        let [total, rest] = [round.energy[0].value.0, round.idle_energy[0].value.0];
        assert!((total / rest - 3.0).abs() < 0.01, "{round:?}");
    }
    for pair in measured.rounds[0].windows(2) {
        let [before, after] =
            [&pair[0], &pair[1]].map(|round| round.idle_energy[0].value.0 / round.time.as_secs_f64());
        assert!(before < after, "{pair:?}");
    }
}

#[test]
fn a_source_too_slow_for_the_blocks_is_told_before_they_begin() {
    let machine = Machine::new();
    let mut baselines = [machine.baseline("a", 0.001, 20.0)];
    let mut slow = Meter {
        machine: Rc::clone(&machine),
        description: machine.source(Scope::Wall, 1.0).describe().clone(),
        resolution: Resolution { step: Joule(0.0), update: Duration::from_secs(1), accuracy: 0.0 },
        share: 1.0,
        fails_at: None,
    };
    let error = measure(&mut baselines, &mut [Box::new(slow)], &plan(), &machine, &mut go).unwrap_err();
    assert!(error.to_string().contains("20.00s at least"), "{error}");
    assert_eq!(machine.now.get(), Duration::ZERO);

    // A tenth of a second in 12 s of work, and in each of two idle blocks of 4 s.
    slow = Meter {
        machine: Rc::clone(&machine),
        description: machine.source(Scope::Wall, 1.0).describe().clone(),
        resolution: Resolution { step: Joule(0.0), update: Duration::from_millis(100), accuracy: 0.0 },
        share: 1.0,
        fails_at: None,
    };
    let measured = measure(&mut baselines, &mut [Box::new(slow)], &plan(), &machine, &mut go).unwrap();
    let total = measured.energy(0, 0, Basis::Total).unwrap();
    assert!((0.030..0.031).contains(&total.high) && (0.029..0.030).contains(&total.low), "{total:?}");
}

#[test]
fn a_measurement_can_be_interrupted_at_any_time() {
    for stop_at in [0, 1, 7, 100, 400] {
        let machine = Machine::new();
        let mut baselines = [machine.baseline("a", 0.001, 20.0)];
        let mut sources = [machine.source(Scope::Wall, 1.0)];
        let mut calls = 0;
        let mut stop = |_: &Progress| {
            calls += 1;
            if calls > stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let error = measure(&mut baselines, &mut sources, &plan(), &machine, &mut stop).unwrap_err();
        assert!(matches!(error, MeasureError::Interrupted { blocks: 18, .. }), "{error}");
        assert_eq!(calls, stop_at + 1);
    }
}

#[test]
fn what_goes_wrong_in_the_middle_ends_it_with_its_name() {
    let machine = Machine::new();
    let mut baselines = [machine.baseline("a", 0.001, 20.0)];
    let meter = Meter {
        machine: Rc::clone(&machine),
        description: machine.source(Scope::Wall, 1.0).describe().clone(),
        resolution: Resolution { step: Joule(0.0), update: Duration::ZERO, accuracy: 0.0 },
        share: 1.0,
        fails_at: Some(Duration::from_secs(30)),
    };
    let error = measure(&mut baselines, &mut [Box::new(meter)], &plan(), &machine, &mut go).unwrap_err();
    assert!(error.to_string().contains("unplugged"), "{error}");

    let mut broken =
        [Baseline::new("broken", |_| Err(BoxedError::new(GpuError::Failed("out of memory".into()))))];
    let error = measure(&mut broken, &mut [], &plan(), &machine, &mut go).unwrap_err();
    assert_eq!(error.to_string(), "broken: out of memory");

    let mut lazy = [Baseline::new("lazy", |_| Ok(()))];
    let error = measure(&mut lazy, &mut [], &plan(), &machine, &mut go).unwrap_err();
    assert!(matches!(error, MeasureError::NoTime { .. }), "{error}");
}

/// A GPU's counter, its sampled power and a meter at the wall, as a machine with a power supply that loses a tenth would have them.
fn cross_checked(gpu: f64, sampled: f64) -> Vec<CrossCheck> {
    let machine = Machine::new();
    let mut baselines = [machine.baseline("a", 0.001, 20.0), machine.baseline("b", 0.004, 5.0)];
    let card = || Scope::Gpu("card".to_owned());
    let mut sources =
        [machine.source(card(), gpu), machine.source(card(), sampled), machine.source(Scope::Wall, 1.0)];
    let measured = measure(&mut baselines, &mut sources, &plan(), &machine, &mut go).unwrap();
    measured.cross_checks().unwrap()
}

#[test]
fn meters_that_see_the_same_are_held_against_each_other() {
    let checks = cross_checked(0.6, 0.6);
    let pairs: Vec<(&str, &str)> = checks.iter().map(|check| (&*check.inner, &*check.outer)).collect();
    let (card, wall) = ("GPU board card", "wall");
    assert_eq!(pairs, [(card, card), (card, wall), (card, wall)]);
    assert!(checks.iter().all(|check| check.contradictions == 0 && check.rounds == 18), "{checks:?}");
    assert_eq!((checks[0].beyond, checks[0].same_scope), (0.0, true));
    // 40 % of 10 W at rest and 5 or 20 W at work.
    assert!((6.0..12.1).contains(&checks[1].beyond), "{:?}", checks[1]);
    assert!(checks[1].to_string().ends_with("they agree"), "{}", checks[1]);
}

#[test]
fn a_part_that_takes_more_than_the_whole_is_told() {
    let checks = cross_checked(1.2, 0.5);
    let contradictions: Vec<usize> = checks.iter().map(|check| check.contradictions).collect();
    // The two of the card differ, the counter is beyond the wall, the sampled power is not.
    assert_eq!(contradictions, [18, 18, 0]);
    assert!(checks[1].to_string().contains("contradict each other in 18 of 18 rounds"), "{}", checks[1]);
}
