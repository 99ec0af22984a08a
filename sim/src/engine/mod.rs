//! Engines run a design. All of them compute the same bits.

mod fast;
mod reference;

pub use fast::{Fast, Replicas, VectorWidth};
pub use reference::Reference;

use crate::{Configuration, ConfigurationError, Design, Sample, State, StateError, Target, categorize};
use thiserror::Error;

/// An engine that cannot start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The configuration is out of bounds.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The state is not one of the design.
    #[error(transparent)]
    State(#[from] StateError),
}

categorize! {
    StartError {
        inner: Configuration, State;
    }
}

/// A sample that does not fit a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SampleError {
    /// Too few or too many voltages or targets.
    #[error("the sample has {found} {what} and the network {expected}; encode it for this network")]
    Length {
        /// `inputs` or `targets`.
        what: &'static str,
        /// In the sample.
        found: usize,
        /// In the network.
        expected: usize,
    },
    /// A voltage out of the format's range.
    #[error("{what}[{index}] = {value} is outside {low}..={high}; encode the sample in the design's format")]
    Range {
        /// `inputs` or `targets`.
        what: &'static str,
        /// Which of them.
        index: usize,
        /// Its voltage.
        value: i32,
        /// Smallest voltage.
        low: i64,
        /// Largest voltage.
        high: i64,
    },
}

categorize! {
    SampleError {
        BadInput: Length, Range;
    }
}

/// The voltages from which the answer to a sample is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Those of the state as it is, for every sample: an answer does not depend on the samples before it.
    Fixed,
    /// Those where the sample before ended, as in training.
    Previous,
}

/// Runs a design step by step. Implementors supply the primitive moves; how a training sample is made of them is
/// the same for all.
pub trait Engine {
    /// The design it runs.
    fn design(&self) -> &Design;

    /// The configuration in force.
    fn configuration(&self) -> Configuration;

    /// Changes the configuration, at rest.
    ///
    /// # Errors
    /// [`ConfigurationError`] names the field out of bounds; nothing is changed then.
    fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError>;

    /// A copy of the architectural state.
    fn state(&self) -> State;

    /// Replaces the architectural state.
    ///
    /// # Errors
    /// [`StateError`] if it is not a state of this design; nothing is changed then.
    fn set_state(&mut self, state: State) -> Result<(), StateError>;

    /// Imposes the sample's voltages on the inputs, in both waves, and sets the outputs' targets.
    ///
    /// # Errors
    /// [`SampleError`] if the sample does not fit the network; nothing is changed then.
    fn present(&mut self, sample: &Sample) -> Result<(), SampleError>;

    /// One relaxing step: every node updates one of its waves.
    fn step(&mut self);

    /// One learning step: every edge that learns updates its conductance. Under a modulated nudge nodes relax meanwhile.
    fn learn(&mut self);

    /// The free voltages of the outputs, in port order and LSB of `v`.
    fn answer(&self) -> Vec<i32>;

    /// Trains on one sample: presents it, relaxes and learns as configured. Returns the free answer the network had
    /// before its last learning step.
    ///
    /// # Errors
    /// [`SampleError`] if the sample does not fit the network; nothing is changed then.
    fn train(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        let Configuration { steps, learning, .. } = self.configuration();
        let (mut answer, period) = (Vec::new(), learning.period(steps));
        for step in 1..=steps {
            self.step();
            if step == steps {
                answer = self.answer();
            }
            if step % period == 0 {
                self.learn();
            }
        }
        Ok(answer)
    }

    /// Relaxes one sample as [`Engine::train`] does, targets included, but does not learn. Returns the free answer.
    ///
    /// # Errors
    /// [`SampleError`] if the sample does not fit the network; nothing is changed then.
    fn relax(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        for _ in 0..self.configuration().steps {
            self.step();
        }
        Ok(self.answer())
    }

    /// Reads the answer to one sample: presents its inputs with nobody nudged and relaxes `steps` steps from where
    /// the network stands. It does not learn.
    ///
    /// # Errors
    /// [`SampleError`] if the inputs do not fit the network; nothing is changed then.
    fn read(&mut self, inputs: &[i32], steps: u32) -> Result<Vec<i32>, SampleError> {
        let targets: Vec<Option<Target>> = vec![None; self.design().network().outputs().len()];
        self.present(&Sample { inputs: inputs.to_vec(), targets })?;
        for _ in 0..steps {
            self.step();
        }
        Ok(self.answer())
    }

    /// Reads the answers to the inputs of samples, as [`Engine::read`] does, each from where `start` says; if that is
    /// [`Start::Fixed`], the state is in the end what it was.
    ///
    /// # Errors
    /// [`SampleError`] if the inputs of one do not fit the network; some of those before it are read then.
    fn read_all(
        &mut self,
        samples: &[Sample],
        steps: u32,
        start: Start,
    ) -> Result<Vec<Vec<i32>>, SampleError> {
        let began = (start == Start::Fixed).then(|| self.state());
        let mut answers = Vec::with_capacity(samples.len());
        for sample in samples {
            let answer = self.read(&sample.inputs, steps);
            if let Some(state) = &began {
                let own = self.set_state(state.clone());
                debug_assert_eq!(own, Ok(()), "an engine's own state");
            }
            answers.push(answer?);
        }
        Ok(answers)
    }
}

/// Checks that a sample fits a design.
///
/// # Errors
/// [`SampleError`] names what does not fit.
pub fn check_sample(design: &Design, sample: &Sample) -> Result<(), SampleError> {
    let network = design.network();
    for (what, found, expected) in [
        ("inputs", sample.inputs.len(), network.inputs().len()),
        ("targets", sample.targets.len(), network.outputs().len()),
    ] {
        if found != expected {
            return Err(SampleError::Length { what, found, expected });
        }
    }
    let (low, high) = design.format().v_range();
    let outside = |value: i32| !(low..=high).contains(&value.into());
    if let Some(index) = sample.inputs.iter().position(|&value| outside(value)) {
        let value = sample.inputs[index];
        return Err(SampleError::Range { what: "inputs", index, value, low, high });
    }
    for (index, target) in sample.targets.iter().enumerate() {
        if let &Some(Target { voltage: value, .. }) = target
            && outside(value)
        {
            return Err(SampleError::Range { what: "targets", index, value, low, high });
        }
    }
    Ok(())
}
