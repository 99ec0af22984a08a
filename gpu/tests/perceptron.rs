//! The ordinary network learns, on the processor and on the adapter there is.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "adapter/mod.rs"]
mod device;

use std::time::Duration;
use wheatstone_gpu::perceptron::{
    BatchSearch, Examples, Machine, Optimiser, Perceptron, PerceptronConfig, PerceptronError, best_batch,
};
use wheatstone_sim::EdgeGenerator;

/// Three overlapping clouds of points in four dimensions, as the iris flowers are.
fn clouds(seed: u16, rows: u16) -> Examples {
    let mut generator = EdgeGenerator::new(seed);
    let mut draw = || {
        generator.fires(16);
        f32::from(generator.state()) / 65_536.0 - 0.5
    };
    let centres = [[0.0, 1.0, -1.0, -1.0], [0.8, -0.5, 0.3, 0.2], [1.5, 0.1, 1.0, 1.2]];
    let class = |row: u16| row % 3;
    let points = (0..rows).map(|row| {
        let centre = centres[usize::from(class(row))];
        // The sum of three draws is nearly normal.
        centre.iter().map(|c| c + 0.6 * (draw() + draw() + draw())).collect()
    });
    Examples::new(&points.collect::<Vec<_>>(), &(0..rows).map(class).collect::<Vec<_>>()).unwrap()
}

fn config(optimiser: Optimiser, learning_rate: f64, batch: usize) -> PerceptronConfig {
    PerceptronConfig { sizes: vec![4, 16, 3], optimiser, learning_rate, batch, seed: 3 }
}

fn learns_on(machine: &Machine) {
    let (train, test) = (clouds(77, 120), clouds(4242, 60));
    for config in [config(Optimiser::Sgd, 0.1, 8), config(Optimiser::Adam, 0.02, 16)] {
        let mut perceptron = Perceptron::new(machine, config, &train).unwrap();
        let first = perceptron.loss(&train).unwrap();
        let timing = perceptron.run_epoch().unwrap();
        assert_eq!(timing.samples, 120);
        let second = perceptron.loss(&train).unwrap();
        for _ in 0..25 {
            perceptron.run_epoch().unwrap();
        }
        let last = perceptron.loss(&train).unwrap();
        assert!(first > second && second > last, "{first}, {second}, {last} on {}", machine.name());
        let accuracy = perceptron.accuracy(&test).unwrap();
        assert!(accuracy > 0.95, "{accuracy} on {}", machine.name());
    }
}

#[test]
fn it_learns_on_the_processor() {
    learns_on(&Machine::processor());
}

#[test]
fn it_learns_on_the_adapter() {
    let Some(adapter) = device::adapter() else { return };
    learns_on(&Machine::adapter(&adapter).unwrap());
}

/// Exclusive or: without rectifiers no weights answer it.
#[test]
fn it_is_not_linear() {
    let corners = [vec![0.0, 0.0], vec![0.0, 1.0], vec![1.0, 0.0], vec![1.0, 1.0]];
    let examples = Examples::new(&corners, &[0, 1, 1, 0]).unwrap();
    let config = PerceptronConfig { sizes: vec![2, 16, 2], ..config(Optimiser::Adam, 0.02, 4) };
    let mut perceptron = Perceptron::new(&Machine::processor(), config, &examples).unwrap();
    perceptron.run_steps(400).unwrap();
    assert_eq!(perceptron.accuracy(&examples).unwrap(), 1.0);
}

#[test]
fn both_machines_begin_alike_and_stay_close() {
    let Some(adapter) = device::adapter() else { return };
    let train = clouds(77, 20);
    let machines = [Machine::processor(), Machine::adapter(&adapter).unwrap()];
    let mut both = machines.map(|m| Perceptron::new(&m, config(Optimiser::Sgd, 0.1, 4), &train).unwrap());
    assert_eq!(both[0].parameters().unwrap(), both[1].parameters().unwrap());
    for perceptron in &mut both {
        perceptron.run_epoch().unwrap();
    }
    let [a, b] = both.map(|perceptron| perceptron.parameters().unwrap());
    assert_eq!(a.len(), 4 * 16 + 16 + 16 * 3 + 3);
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?}\n{b:?}");
}

#[test]
fn a_run_is_a_function_of_its_seed() {
    let train = clouds(77, 50);
    let run = |seed| {
        let config = PerceptronConfig { seed, ..config(Optimiser::Adam, 0.01, 7) };
        let mut perceptron = Perceptron::new(&Machine::processor(), config, &train).unwrap();
        let first = perceptron.parameters().unwrap();
        // 50 rows are seven steps of 7 and one of 1.
        assert_eq!(perceptron.run_steps(3).unwrap().samples, 21);
        assert_eq!(perceptron.run_epoch().unwrap().samples, 29);
        assert_eq!(perceptron.run_steps(8).unwrap().samples, 50);
        (first, perceptron.parameters().unwrap())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

/// The gradient of plain descent, by differences: one step of a full batch moves each weight against the loss.
#[test]
fn a_step_follows_the_gradient_of_the_loss() {
    let train = clouds(77, 30);
    let rate = 1e-3;
    let mut perceptron =
        Perceptron::new(&Machine::processor(), config(Optimiser::Sgd, rate, 30), &train).unwrap();
    let (before, loss) = (perceptron.parameters().unwrap(), perceptron.loss(&train).unwrap());
    perceptron.run_steps(1).unwrap();
    let (after, less) = (perceptron.parameters().unwrap(), perceptron.loss(&train).unwrap());
    // To first order the loss falls by the squared step over the rate.
    let square: f64 = before.iter().zip(&after).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let fall = f64::from(loss - less);
    assert!((fall / (square / rate) - 1.0).abs() < 0.05, "{fall}, {}", square / rate);
}

#[test]
fn the_search_tries_every_power_of_two() {
    let (train, test) = (clouds(77, 60), clouds(4242, 60));
    let search = BatchSearch { accuracy: 0.9, most_epochs: 40, most_time: Duration::from_secs(60) };
    let config = config(Optimiser::Adam, 0.02, 1);
    let (best, trials) = best_batch(&Machine::processor(), &config, &train, &test, search).unwrap();
    assert_eq!(trials.iter().map(|trial| trial.batch).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60]);
    let best = best.unwrap();
    assert!(best.best_accuracy >= 0.9 && best.epochs <= 40);
    assert!(trials.iter().filter_map(|trial| trial.time).all(|time| time >= best.time.unwrap()));
    let never = BatchSearch { accuracy: 1.1, most_epochs: 1, ..search };
    let (best, trials) = best_batch(&Machine::processor(), &config, &train, &test, never).unwrap();
    assert_eq!(best, None);
    assert!(
        trials.iter().all(|trial| trial.time.is_none() && trial.epochs == 1 && trial.best_accuracy > 0.0)
    );
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let train = clouds(77, 6);
    let new = |config: PerceptronConfig| Perceptron::new(&Machine::processor(), config, &train);
    let good = config(Optimiser::Sgd, 0.1, 1);
    for (config, part) in [
        (PerceptronConfig { sizes: vec![4], ..good.clone() }, "sizes = [4]"),
        (PerceptronConfig { sizes: vec![4, 0, 3], ..good.clone() }, "none of them empty"),
        (PerceptronConfig { batch: 0, ..good.clone() }, "batch = 0"),
        (PerceptronConfig { learning_rate: 0.0, ..good.clone() }, "learning_rate = 0"),
        (PerceptronConfig { learning_rate: f64::NAN, ..good.clone() }, "learning_rate = NaN"),
        (PerceptronConfig { sizes: vec![5, 3], ..good.clone() }, "4 features and the perceptron 5"),
        (PerceptronConfig { sizes: vec![4, 2], ..good.clone() }, "3 classes and the perceptron 2"),
    ] {
        let error: PerceptronError = new(config).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
