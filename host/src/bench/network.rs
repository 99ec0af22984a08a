//! The resistor network itself as a baseline: in the model, or on a board.

use super::{Baseline, BenchError, Division, Part};
use std::ops::ControlFlow;
use wheatstone_learn::device::{Device, DeviceKind};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;
use wheatstone_sim::State;

/// The network on a device.
pub struct Network<'e> {
    division: &'e Division,
    device: Box<dyn Device + 'e>,
    run: usize,
    trained: u64,
}

impl<'e> Network<'e> {
    /// The network before the first run.
    ///
    /// # Errors
    /// [`BenchError`] if the samples cannot be encoded, or the device cannot be reached.
    pub fn new(division: &'e Division, device: Box<dyn Device + 'e>) -> Result<Network<'e>, BenchError> {
        let mut network = Network { division, device, run: 0, trained: 0 };
        network.restart(0)?;
        Ok(network)
    }

    /// The network in a model in this process.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn in_model(division: &'e Division) -> Result<Network<'e>, BenchError> {
        let first = division.run(0);
        Network::new(division, Box::new(first.model(&first.initial_state())?))
    }

    /// Its state.
    ///
    /// # Errors
    /// [`BenchError`] if the device cannot be reached.
    pub fn state(&mut self) -> Result<State, BenchError> {
        Ok(self.device.state()?)
    }

    fn experiment(&self) -> &'e Experiment {
        self.division.run(self.run)
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
        let Experiment { design, config, .. } = self.experiment();
        format!(
            "{} in format {}, {} relaxing steps a sample, on {}",
            design.network().name(),
            design.format(),
            config.steps,
            self.device.describe()
        )
    }

    fn parameters(&self) -> u64 {
        self.experiment().design.network().edges().len() as u64
    }

    fn restart(&mut self, run: usize) -> Result<(), BenchError> {
        (self.run, self.trained) = (run, 0);
        let experiment = self.experiment();
        experiment.set_samples(&mut *self.device)?;
        self.device.set_state(&experiment.initial_state())?;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let stretch = self.experiment().stretch(self.trained, samples.max(1));
        let trained = self.device.train(&stretch, &mut |_| ControlFlow::Continue(()))?.samples;
        self.trained += trained;
        Ok(trained)
    }

    fn score(&mut self, part: Part) -> Result<Score, BenchError> {
        let state = self.state()?;
        self.division.score(self.run, part, &state)
    }
}
