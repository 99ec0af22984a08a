//! The resistor network itself as a baseline: in the model, or on a board.

use super::{Baseline, BenchError};
use std::ops::ControlFlow;
use wheatstone_learn::device::{Device, DeviceKind, Stretch};
use wheatstone_learn::evaluation;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;
use wheatstone_sim::State;

/// The network on a device.
pub struct Network<'e> {
    experiment: &'e Experiment,
    device: Box<dyn Device + 'e>,
    seed: u64,
    trained: u64,
}

impl<'e> Network<'e> {
    /// The network of an experiment before training.
    ///
    /// # Errors
    /// [`BenchError`] if the samples cannot be encoded, or the device cannot be reached.
    pub fn new(
        experiment: &'e Experiment,
        mut device: Box<dyn Device + 'e>,
    ) -> Result<Network<'e>, BenchError> {
        experiment.set_samples(&mut *device)?;
        let mut network = Network { experiment, device, seed: 0, trained: 0 };
        network.restart(experiment.config.seed)?;
        Ok(network)
    }

    /// Its state.
    ///
    /// # Errors
    /// [`BenchError`] if the device cannot be reached.
    pub fn state(&mut self) -> Result<State, BenchError> {
        Ok(self.device.state()?)
    }
}

impl Baseline for Network<'_> {
    fn name(&self) -> &str {
        match self.device.kind() {
            DeviceKind::Model => "model",
            _ => "device",
        }
    }

    fn describe(&self) -> String {
        let network = self.experiment.design.network();
        format!(
            "{} in format {}, {} relaxing steps a sample, on {}",
            network.name(),
            self.experiment.design.format(),
            self.experiment.config.steps,
            self.device.describe()
        )
    }

    fn parameters(&self) -> u64 {
        self.experiment.design.network().edges().len() as u64
    }

    fn restart(&mut self, seed: u64) -> Result<(), BenchError> {
        let Experiment { design, config, .. } = self.experiment;
        self.device.set_state(&State::initial(design, &config.network.initial, seed))?;
        (self.seed, self.trained) = (seed, 0);
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let stretch = Stretch { seed: self.seed, ..self.experiment.stretch(self.trained, samples.max(1)) };
        let trained = self.device.train(&stretch, &mut |_| ControlFlow::Continue(()))?.samples;
        self.trained += trained;
        Ok(trained)
    }

    fn score(&mut self) -> Result<Score, BenchError> {
        let mut model = self.experiment.model(&self.state()?)?;
        let (_, rows) = self.experiment.judged_rows();
        Ok(evaluation::score(self.experiment, &mut model, rows)?)
    }
}
