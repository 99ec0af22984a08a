//! Batches: runs of one design trained together, one in each vector lane. They differ in seeds and splits.
//!
//! Each run ends in the same bits as it would alone.

use crate::device::DeviceError;
use crate::experiment::Experiment;
use crate::training::{Progress, TrainingError};
use wheatstone_sim::{Replicas, Sample, State, Tally, epoch_order};

/// A run of the batch, in its lane of the vectors.
struct Lane<'e> {
    experiment: &'e Experiment,
    samples: Vec<Sample>,
    /// Of the epoch it is in.
    order: Vec<u32>,
    /// Of that epoch, where somebody wants to know.
    tally: Option<Tally>,
}

impl Lane<'_> {
    fn new(experiment: &Experiment) -> Result<Lane<'_>, TrainingError> {
        let samples = experiment.samples(&experiment.split.train)?;
        Ok(Lane { experiment, samples, order: Vec::new(), tally: None })
    }

    fn total(&self) -> u64 {
        u64::from(self.experiment.config.epochs) * self.samples.len() as u64
    }

    /// The epoch that the sample after `trained` others is in, and its place there; `None` if the run is over.
    fn place(&self, trained: u64) -> Option<(u32, usize)> {
        let rows = self.samples.len() as u64;
        let (epoch, place) = (u32::try_from(trained / rows).ok()?, usize::try_from(trained % rows).ok()?);
        (trained < self.total()).then_some((epoch, place))
    }

    /// Which sample comes after so many of the run, unless it is over.
    fn index(&self, trained: u64) -> Option<usize> {
        self.place(trained).map(|(_, place)| self.order[place] as usize)
    }

    fn enter(&mut self, epoch: u32) {
        self.order = epoch_order(self.experiment.config.seed, epoch, self.samples.len());
    }

    /// Counts the answer to a sample.
    fn count(&mut self, index: usize, answer: &[i32]) {
        let Some(tally) = &mut self.tally else { return };
        let Experiment { encoder, split, .. } = self.experiment;
        let class = self.experiment.class(split.train[index]);
        tally.count(encoder.coding(), &self.samples[index].targets, class, answer);
    }
}

/// How many runs of the experiment's design a batch should have at most; see [`Replicas::group_size`].
pub fn size(experiment: &Experiment) -> usize {
    Replicas::group_size(&experiment.design)
}

/// Runs of one design that are trained together, sample by sample.
pub struct Batch<'e> {
    lanes: Vec<Lane<'e>>,
    replicas: Replicas,
    trained: u64,
}

impl<'e> Batch<'e> {
    /// At the beginning of all runs, of which there is one at least.
    ///
    /// # Errors
    /// [`TrainingError`] if a run's rows do not fit its network.
    ///
    /// # Panics
    /// Without a run.
    pub fn start(experiments: &[&'e Experiment]) -> Result<Batch<'e>, TrainingError> {
        let states = experiments.iter().map(|experiment| experiment.initial_state()).collect();
        Batch::at(experiments, states, 0)
    }

    /// Where every run was after as many samples as any other.
    ///
    /// # Errors
    /// As [`Batch::start`].
    ///
    /// # Panics
    /// Without a run, or if one has no place to go on from.
    pub(crate) fn go_on(
        experiments: &[&'e Experiment],
        from: Vec<(Progress, State)>,
    ) -> Result<Batch<'e>, TrainingError> {
        let (places, states): (Vec<Progress>, Vec<State>) = from.into_iter().unzip();
        let mut batch = Batch::at(experiments, states, places[0].trained)?;
        for (lane, place) in batch.lanes.iter_mut().zip(places) {
            lane.tally = Some(place.tally);
        }
        Ok(batch)
    }

    fn at(
        experiments: &[&'e Experiment],
        states: Vec<State>,
        trained: u64,
    ) -> Result<Batch<'e>, TrainingError> {
        let mut lanes = experiments.iter().map(|e| Lane::new(e)).collect::<Result<Vec<_>, _>>()?;
        let design = experiments[0].design.clone();
        let mut replicas =
            Replicas::new(design, experiments[0].configuration(0), states).map_err(DeviceError::from)?;
        for (replica, lane) in lanes.iter_mut().enumerate() {
            if let Some((epoch, _)) = lane.place(trained) {
                lane.enter(epoch);
                let alpha_offset = lane.experiment.configuration(epoch).alpha_offset;
                replicas.set_alpha_offset(replica, alpha_offset).map_err(DeviceError::from)?;
            }
        }
        Ok(Batch { lanes, replicas, trained })
    }

    /// Whether every run has come to its end.
    pub fn is_done(&self) -> bool {
        self.lanes.iter().all(|lane| self.trained >= lane.total())
    }

    /// Trains a sample of each run that is not over, and returns of how many.
    ///
    /// # Errors
    /// As [`Batch::start`].
    pub fn train_one(&mut self) -> Result<usize, TrainingError> {
        for (replica, lane) in self.lanes.iter_mut().enumerate() {
            if let Some((epoch, 0)) = lane.place(self.trained) {
                lane.enter(epoch);
                lane.tally = lane.tally.map(|_| Tally::default());
                let alpha_offset = lane.experiment.configuration(epoch).alpha_offset;
                self.replicas.set_alpha_offset(replica, alpha_offset).map_err(DeviceError::from)?;
            }
        }
        let indices: Vec<_> = self.lanes.iter().map(|lane| lane.index(self.trained)).collect();
        let shown: Vec<_> = self
            .lanes
            .iter()
            .zip(&indices)
            .map(|(lane, index)| index.map(|index| &lane.samples[index]))
            .collect();
        let answers = self.replicas.train(&shown).map_err(DeviceError::from)?;
        let trained = shown.iter().flatten().count();
        for ((lane, index), answer) in self.lanes.iter_mut().zip(indices).zip(answers) {
            if let (Some(index), Some(answer)) = (index, answer) {
                lane.count(index, &answer);
            }
        }
        self.trained += 1;
        Ok(trained)
    }

    /// The states of the runs as they are.
    pub fn states(&self) -> Vec<State> {
        (0..self.replicas.len()).map(|replica| self.replicas.state(replica)).collect()
    }

    /// Where a run is.
    pub(crate) fn place(&self, run: usize) -> (Progress, State) {
        let lane = &self.lanes[run];
        let trained = self.trained.min(lane.total());
        let tally = lane.tally.unwrap_or_default();
        (Progress { trained, tally, records: None }, self.replicas.state(run))
    }
}

/// Trains runs of one design from beginning to end, and returns their last states: the bits that each has alone. `tick` is
/// called after every sample of every run and says whether to go on; if not, there are no states.
///
/// # Errors
/// [`TrainingError`] if a run's rows do not fit its network.
pub fn train(
    experiments: &[&Experiment],
    tick: &dyn Fn() -> bool,
) -> Result<Option<Vec<State>>, TrainingError> {
    if experiments.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut batch = Batch::start(experiments)?;
    while !batch.is_done() {
        let trained = batch.train_one()?;
        if !(0..trained).all(|_| tick()) {
            return Ok(None);
        }
    }
    Ok(Some(batch.states()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use crate::training::Trainer;
    use std::cell::Cell;
    use std::ops::ControlFlow;

    /// Runs with other seeds, and so with other rows, of which one has fewer.
    fn experiments(preset: &str) -> Vec<Experiment> {
        let with_seed = |seed: u16| {
            let mut config = Preset::find(preset).unwrap().config().unwrap();
            (config.seed, config.epochs) = (seed.into(), 12);
            let mut experiment = Experiment::prepare(config).unwrap();
            experiment.split.train.truncate(experiment.split.train.len() - usize::from(seed == 2));
            experiment
        };
        [1, 2, 3].map(with_seed).into()
    }

    #[test]
    fn a_run_ends_as_it_would_alone() {
        for preset in ["linear-regression", "nonlinear-regression", "xor", "iris-desynchronous"] {
            let experiments = experiments(preset);
            let together = train(&experiments.iter().collect::<Vec<_>>(), &|| true).unwrap().unwrap();
            for (experiment, state) in experiments.iter().zip(together) {
                let model = experiment.model(&experiment.initial_state()).unwrap();
                let mut trainer = Trainer::start(experiment, Box::new(model)).unwrap();
                trainer.train_until(trainer.total(), &mut |_| ControlFlow::Continue(())).unwrap();
                assert_eq!(trainer.state().unwrap(), state, "{preset}");
            }
        }
    }

    #[test]
    fn runs_go_on_side_by_side_from_any_sample_with_the_same_figures() {
        for preset in ["xor", "iris-desynchronous"] {
            let experiments = experiments(preset);
            let data: Vec<_> = experiments.iter().map(crate::run::DataDigest::of).collect();
            let all: Vec<_> = experiments.iter().collect();
            let begun = all.iter().map(|experiment| {
                let model = experiment.model(&experiment.initial_state()).unwrap();
                let mut trainer = Trainer::start(experiment, Box::new(model)).unwrap();
                trainer.train_until(7, &mut |_| ControlFlow::Continue(())).unwrap();
                trainer.checkpoint().unwrap()
            });
            let alone: Vec<_> = begun.collect();
            let from = |checkpoints: &[wheatstone_sim::Checkpoint]| -> Vec<(Progress, State)> {
                let place = |((e, data), c): (
                    (&Experiment, &crate::run::DataDigest),
                    &wheatstone_sim::Checkpoint,
                )| { (Progress::of(e, data, c).unwrap(), c.state.clone()) };
                experiments.iter().zip(&data).zip(checkpoints).map(place).collect()
            };
            // Seven samples alone, then side by side to one that is in the middle of an epoch again.
            let mut batch = Batch::go_on(&all, from(&alone)).unwrap();
            (7..30).for_each(|_| assert!(batch.train_one().unwrap() > 0));
            for (run, experiment) in experiments.iter().enumerate() {
                let model = experiment.model(&experiment.initial_state()).unwrap();
                let mut trainer = Trainer::start(experiment, Box::new(model)).unwrap();
                trainer.train_until(30, &mut |_| ControlFlow::Continue(())).unwrap();
                let expected = trainer.checkpoint().unwrap();
                let (progress, state) = batch.place(run);
                assert_eq!(state, expected.state, "{preset}");
                let expected = Progress::of(experiment, &data[run], &expected).unwrap();
                assert_eq!(
                    (progress.trained, progress.tally),
                    (expected.trained, expected.tally),
                    "{preset}"
                );
            }
        }
    }

    #[test]
    fn it_stops_when_told_and_tells_of_every_sample() {
        let experiments = experiments("linear-regression");
        let runs: Vec<_> = experiments.iter().collect();
        let ticks = Cell::new(0);
        let tick_until = |last: u64| {
            ticks.set(0);
            train(&runs, &|| {
                ticks.set(ticks.get() + 1);
                ticks.get() < last
            })
        };
        assert_eq!(tick_until(7).unwrap(), None);
        assert_eq!(ticks.get(), 7);
        assert!(tick_until(u64::MAX).unwrap().is_some());
        let samples: usize = experiments.iter().map(|e| 12 * e.split.train.len()).sum();
        assert_eq!(ticks.get(), samples as u64);
    }
}
