//! How a bench divides its rows, so that nothing is chosen on the rows that figures are told of.
//!
//! The configuration's test rows are looked at once in a run, when its training has ended. The other rows are divided anew for every run:
//! most are learned, and goals, settings and the end of training are decided on the rest, the validation rows. The
//! experiment of a run does not know which rows are for the test.

use super::BenchError;
use std::sync::Arc;
use wheatstone_learn::config::RunConfig;
use wheatstone_learn::data::Targets;
use wheatstone_learn::data::split::{Split, plain_splits, stratified_splits};
use wheatstone_learn::evaluation;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;
use wheatstone_sim::State;

/// Share of the rows that are not for the test on which goals and settings are decided.
pub const VALIDATION: f64 = 0.25;

/// A part of the rows that a baseline is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Rows on which goals, settings and the end of training are decided.
    Validation,
    /// Rows that are looked at once, when a run has ended.
    Test,
}

impl Part {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }
}

/// The runs of a bench, each with rows of its own to learn.
pub struct Division {
    runs: Vec<Experiment>,
    test: Vec<usize>,
}

impl Division {
    /// Divides the rows of an experiment for so many runs, whose seeds follow the configuration's. Where it holds out no rows, every
    /// run learns all of them and is judged on the same.
    ///
    /// # Errors
    /// [`BenchError`] if the rows are too few, or the network depends on which rows it learns.
    pub fn new(experiment: &Experiment, runs: usize) -> Result<Division, BenchError> {
        let Experiment { config, dataset, split, .. } = experiment;
        let splits = if split.test.is_empty() {
            vec![split.clone(); runs]
        } else {
            let places = match dataset.targets() {
                Targets::Classes { names, .. } => {
                    let labels: Vec<usize> =
                        split.train.iter().filter_map(|&row| dataset.label(row)).collect();
                    stratified_splits(&labels, names, runs, VALIDATION, config.seed)?
                }
                Targets::Values { .. } => plain_splits(split.train.len(), runs, VALIDATION, config.seed)?,
            };
            let rows = |places: &[usize]| places.iter().map(|&place| split.train[place]).collect();
            places.iter().map(|one| Split { train: rows(&one.train), test: rows(&one.test) }).collect()
        };
        let runs = (0..).zip(splits).map(|(run, split)| {
            let config = RunConfig { seed: config.seed.wrapping_add(run), ..config.clone() };
            Experiment::with_split(config, Arc::clone(dataset), split)
        });
        let runs: Vec<Experiment> = runs.collect::<Result<_, _>>()?;
        match runs.iter().position(|run| run.design != experiment.design) {
            Some(run) => Err(BenchError::Designs { name: config.name.clone(), run: run + 1 }),
            None => Ok(Division { runs, test: split.test.clone() }),
        }
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What a run, from 0, learns: its held-out rows are those of [`Part::Validation`].
    ///
    /// # Panics
    /// If there is no such run.
    pub fn run(&self, run: usize) -> &Experiment {
        &self.runs[run]
    }

    /// The rows of a part in a run.
    pub fn rows(&self, run: usize, part: Part) -> &[usize] {
        match part {
            Part::Test if !self.test.is_empty() => &self.test,
            _ => self.run(run).judged_rows().1,
        }
    }

    /// How well a network in some state answers a part of a run's rows.
    ///
    /// # Errors
    /// [`BenchError`] if it is no state of the network.
    pub fn score(&self, run: usize, part: Part, state: &State) -> Result<Score, BenchError> {
        let experiment = self.run(run);
        Ok(evaluation::score(experiment, &mut experiment.model(state)?, self.rows(run, part))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use wheatstone_learn::preset::Preset;

    fn experiment(preset: &str) -> Experiment {
        Experiment::prepare(Preset::find(preset).unwrap().config().unwrap()).unwrap()
    }

    #[test]
    fn test_rows_stay_and_the_others_are_divided_anew() {
        let experiment = experiment("iris");
        let division = Division::new(&experiment, 6).unwrap();
        assert_eq!(division.len(), 6);
        let mut seen = BTreeSet::new();
        for run in 0..6 {
            let Split { train, test: validation } = &division.run(run).split;
            assert_eq!((train.len(), validation.len()), (90, 30));
            assert_eq!(division.rows(run, Part::Validation), validation);
            assert_eq!(division.rows(run, Part::Test), experiment.split.test);
            let mut all: Vec<usize> = [&**train, validation, &experiment.split.test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..150).collect::<Vec<_>>(), "each row once");
            for class in 0..3 {
                assert_eq!(
                    validation.iter().filter(|&&row| experiment.class(row) == Some(class)).count(),
                    10
                );
            }
            seen.insert(validation.clone());
        }
        assert_eq!(seen.len(), 6, "a division for every run");
    }

    #[test]
    fn a_task_that_holds_out_nothing_is_judged_on_what_is_learned() {
        let division = Division::new(&experiment("xor"), 6).unwrap();
        for part in [Part::Validation, Part::Test] {
            assert_eq!(division.rows(5, part), division.run(5).split.train);
        }
    }
}
