use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn exact(values: &[f64]) -> Vec<Bounded<f64>> {
    values.iter().copied().map(Bounded::exact).collect()
}

#[test]
fn ranks_and_coverages_are_those_of_the_tables() {
    // Published tables of intervals for the median: n, rank, confidence in percent.
    let table = [
        (6, 1, 96.9),
        (7, 1, 98.4),
        (8, 1, 99.2),
        (9, 2, 96.1),
        (10, 2, 97.9),
        (12, 3, 96.1),
        (15, 4, 96.5),
        (17, 5, 95.1),
        (20, 6, 95.9),
    ];
    for (n, expected, percent) in table {
        let (rank, coverage) = rank(n).unwrap();
        assert_eq!(rank, expected, "n = {n}");
        assert!((coverage * 100.0 - percent).abs() < 0.05, "n = {n}: {coverage}");
    }
    for n in 0..LEAST_VALUES {
        assert_eq!(rank(n), None);
    }
    let good: Vec<usize> = (6..=25).filter(|&n| rank(n).is_some_and(|(_, c)| c <= 0.97)).collect();
    assert_eq!(good, [6, 9, 12, 15, 17, 18, 20, 23, 25]);
}

#[test]
fn the_interval_lies_between_order_statistics() {
    let values = exact(&[9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0]);
    let interval = median_interval(&values).unwrap();
    assert_eq!((interval.low, interval.median, interval.high), (2.0, 5.0, 8.0));
    let even = median_interval(&exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 60.0])).unwrap();
    assert_eq!((even.low, even.median, even.high), (1.0, 3.5, 60.0));
    assert_eq!(median_interval(&values[..5]), Err(TooFew { found: 5 }));
}

#[test]
fn bounds_of_the_values_widen_the_interval() {
    let values: Vec<Bounded<f64>> = (1..=9).map(|v| Bounded::around(f64::from(v), 0.25)).collect();
    let interval = median_interval(&values).unwrap();
    assert_eq!((interval.low, interval.median, interval.high), (1.75, 5.0, 8.25));
}

/// Numbers of several distributions whose median is 0.
struct Noise(ChaCha8Rng);

impl Noise {
    fn uniform(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 2f64.powi(32)
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Neither its mean nor its variance exist.
    fn cauchy(&mut self) -> f64 {
        (std::f64::consts::PI * (self.uniform() - 0.5)).tan()
    }

    /// Skewed, as times are: nothing is faster than the machine, and some runs are much slower.
    fn skewed(&mut self) -> f64 {
        -self.uniform().ln() - std::f64::consts::LN_2
    }
}

#[test]
fn the_interval_holds_the_truth_in_95_of_100_experiments() {
    const EXPERIMENTS: u32 = 4000;
    type Draw = fn(&mut Noise) -> f64;
    let draws: [Draw; 3] = [Noise::normal, Noise::cauchy, Noise::skewed];
    for (name, draw) in ["normal", "cauchy", "skewed"].into_iter().zip(draws) {
        for n in [6, 9, 12, 15, 20] {
            let mut noise = Noise(ChaCha8Rng::seed_from_u64(n as u64));
            let held = (0..EXPERIMENTS).filter(|_| {
                let values: Vec<f64> = (0..n).map(|_| 100.0 + draw(&mut noise)).collect();
                let interval = median_interval(&exact(&values)).unwrap();
                interval.low <= 100.0 && 100.0 <= interval.high
            });
            let share = held.count() as f64 / f64::from(EXPERIMENTS);
            // Chance moves a share of 4000 experiments by 0.003.
            let (_, coverage) = rank(n).unwrap();
            assert!((share - coverage).abs() < 0.011, "{name}, n = {n}: {share} and not {coverage}");
            assert!((0.945..=0.977).contains(&share), "{name}, n = {n}: {share}");
        }
    }
}

#[test]
fn medians_of_odd_even_and_nothing() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    assert!(median(&[]).is_nan());
}

#[test]
fn what_slows_both_down_cancels() {
    let below = [1.0, 2.0, 5.0, 1.0, 9.0, 3.0, 1.0, 4.0].map(Some);
    let above = below.map(|time| Some(10.0 * time?));
    let interval = ratio(&above, &below[..6]).unwrap();
    assert_eq!((interval.low, interval.median, interval.high, interval.n), (10.0, 10.0, 10.0, 6));
    // Who has no turn in a block is not compared with what another block has slowed down.
    let pausing = [&above[..2], &[None], &above[3..]].concat();
    let interval = ratio(&pausing, &below).unwrap();
    assert_eq!((interval.low, interval.median, interval.high, interval.n), (10.0, 10.0, 10.0, 7));
}

#[test]
fn a_ratio_holds_the_truth_in_95_of_100_experiments_of_a_disturbed_machine() {
    let mut noise = Noise(ChaCha8Rng::seed_from_u64(7));
    let held = (0..4000).filter(|_| {
        // Bursts that last for a block slow both down; each has noise of its own.
        let mut block = || (1.0 + noise.skewed().max(0.0), 0.1 * noise.normal(), 0.1 * noise.normal());
        let blocks: Vec<(f64, f64, f64)> = (0..15).map(|_| block()).collect();
        let above: Vec<_> = blocks.iter().map(|(burst, noise, _)| Some(50.0 * burst * noise.exp())).collect();
        let below: Vec<_> = blocks.iter().map(|(burst, _, noise)| Some(10.0 * burst * noise.exp())).collect();
        let interval = ratio(&above, &below).unwrap();
        interval.low <= 5.0 && 5.0 <= interval.high
    });
    let share = held.count() as f64 / 4000.0;
    assert!((0.945..=0.977).contains(&share), "{share}");
}

#[test]
fn wilson_intervals_are_those_of_the_tables() {
    // 9 of 10 at 95 %: 0.596 to 0.982.
    let (low, high) = wilson(0.9, 10.0, 1.959_964);
    assert!((low - 0.596).abs() < 5e-4 && (high - 0.982).abs() < 5e-4, "{low} {high}");
    let (low, high) = wilson(1.0, 50.0, 1.959_964);
    assert!((low - 0.929).abs() < 5e-4 && high > 1.0 - 1e-9, "{low} {high}");
}
