//! Nothing is chosen on the test rows: other labels there change no goal, no setting and no end of training.

use super::pupil::{Pupil, Virtual};
use super::*;
use crate::energy::{Clock, SystemClock};
use std::time::Duration;
use wheatstone_learn::config::RunConfig;
use wheatstone_learn::data::{Dataset, Targets};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::preset::Preset;

/// Iris with the classes of some rows passed on to the next class; the rows of the test stay those of the true classes.
fn iris(change: impl Fn(&Experiment) -> Vec<usize>) -> Experiment {
    let config = RunConfig { epochs: 8, ..Preset::find("iris").unwrap().config().unwrap() };
    let iris = Experiment::prepare(config.clone()).unwrap();
    let set = &iris.dataset;
    let Targets::Classes { names, labels } = set.targets() else { panic!("iris has classes") };
    let mut labels = labels.clone();
    for row in change(&iris) {
        labels[row] = (labels[row] + 1) % 3;
    }
    let values = (0..set.rows()).flat_map(|row| set.row(row).to_vec()).collect();
    let targets = Targets::Classes { names: names.clone(), labels };
    let changed = Dataset::new(set.name(), set.features().to_vec(), values, targets).unwrap();
    Experiment::with_split(config, changed, iris.split.clone()).unwrap()
}

/// However long it takes, within 40 epochs.
fn patient(epoch: u64, clock: &dyn Clock) -> Patience<'_> {
    Patience { epoch, epochs: 40, time: Duration::MAX, until: Duration::MAX, clock }
}

/// All that is decided before the test rows are looked at, and what they tell then.
fn decided(experiment: &Experiment) -> (Goal, Vec<u64>, Vec<f64>, Vec<String>) {
    let division = Division::new(experiment, 6).unwrap();
    let goal = own_goal(&division, &mut |_| true).unwrap();
    let clock = SystemClock::start();
    let mut network = Network::in_model(&division).unwrap();
    let learned = learn(&mut network, goal, 6, patient(90, &clock), &mut || true).unwrap();
    assert_eq!(learned.missed, None);
    // What a learner in Python is given, which is all that its settings can follow from.
    let tasks = (0..6).map(|run| baselines::python_task(&division, run)).collect();
    let tests = learned.tests.iter().map(|score| score.accuracy.unwrap()).collect();
    (goal, learned.samples, tests, tasks)
}

#[test]
fn labels_of_test_rows_change_nothing_that_is_chosen() {
    let (goal, samples, tests, tasks) = decided(&iris(|_| Vec::new()));
    let (other_goal, other_samples, other_tests, other_tasks) =
        decided(&iris(|iris| iris.split.test.clone()));
    assert_eq!((goal, &samples), (other_goal, &other_samples));
    assert!(tasks == other_tasks, "what Python is given");
    assert_ne!(tests, other_tests, "the test rows tell of it");

    // The same change on other rows is noticed everywhere.
    let (third_goal, third_samples, _, third_tasks) =
        decided(&iris(|iris| iris.split.train.iter().copied().step_by(3).collect()));
    assert!((goal, &samples) != (third_goal, &third_samples) && tasks != third_tasks);
}

#[test]
fn test_rows_are_answered_once_a_run() {
    let clock = Virtual::default();
    let mut pupil = Pupil::new(&clock, |_, trained, _| if trained < 4 { 0.0 } else { 1.0 });
    learn(&mut pupil, Goal::Accuracy(0.5), 6, patient(1, &clock), &mut || true).unwrap();
    let run = [Part::Validation, Part::Validation, Part::Validation, Part::Validation, Part::Test];
    assert_eq!(pupil.asked, run.repeat(6));
}
