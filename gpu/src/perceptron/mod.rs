//! An ordinary network to compare with: a multilayer perceptron trained by back-propagation.
//!
//! It is written with burn, and runs on a graphics adapter or on the processor, where it stands for what a programmer
//! would use without a GPU. Rectifiers between the layers, cross entropy at the end, the optimiser of choice. It has
//! nothing to do with the resistor network but the data it is given.

mod examples;
mod machine;
mod search;

pub use examples::{Examples, ExamplesError};
pub use machine::{Machine, MachineError};
pub use search::{BatchSearch, BatchTrial, best_batch};

use crate::Timing;
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Int, Tensor, TensorData, activation};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::fmt;
use std::time::Instant;
use thiserror::Error;
use wheatstone_sim::{categorize, epoch_order};

/// How weights follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Optimiser {
    /// Plain stochastic gradient descent, without momentum.
    Sgd,
    /// Adam with its usual constants (Kingma and Ba, arXiv 1412.6980, 2014).
    Adam,
}

/// What a perceptron is and how it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct PerceptronConfig {
    /// Features, units of each hidden layer, classes.
    pub sizes: Vec<usize>,
    /// How weights follow their gradients.
    pub optimiser: Optimiser,
    /// Learning rate, above 0.
    pub learning_rate: f64,
    /// Examples a step, at least 1; the last step of an epoch takes what is left.
    pub batch: usize,
    /// Decides the first weights and the order of every epoch.
    pub seed: u64,
}

/// A perceptron that cannot be built or trained.
#[derive(Debug, Error)]
pub enum PerceptronError {
    /// A setting is out of bounds.
    #[error("{field} = {value} is not possible: {remedy}")]
    Setting {
        /// Which one.
        field: &'static str,
        /// What was asked for.
        value: String,
        /// What to give.
        remedy: &'static str,
    },
    /// The examples do not fit the layers.
    #[error("the examples have {found} {what} and the perceptron {expected}; give it layers of these sizes")]
    Fit {
        /// `features` or `classes`.
        what: &'static str,
        /// In the examples.
        found: usize,
        /// Of the perceptron.
        expected: usize,
    },
    /// The machine failed.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

categorize! {
    PerceptronError {
        inner: Machine;
        BadInput: Setting, Fit;
    }
}

/// A perceptron on a machine, with the examples it learns.
pub struct Perceptron {
    machine: Machine,
    config: PerceptronConfig,
    layers: Vec<Linear>,
    optimiser: ModuleOptimizer,
    loss: CrossEntropyLoss,
    /// All examples, in their own order.
    features: Tensor<2>,
    classes: Tensor<1, Int>,
    /// The same in the order of the epoch.
    epoch: Option<(Tensor<2>, Tensor<1, Int>)>,
    examples: usize,
    epochs: u32,
    /// Examples of the epoch that are done.
    done: usize,
}

impl fmt::Debug for Perceptron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Perceptron { machine, config, epochs, done, .. } = self;
        write!(f, "Perceptron {{ {config:?} on {}, {epochs} epochs and {done} examples }}", machine.name())
    }
}

impl Perceptron {
    /// A perceptron that has learnt nothing, its examples on the machine.
    ///
    /// Weights are drawn evenly between -w and w with w = sqrt(6 / inputs of the layer) (He et al., arXiv 1502.01852,
    /// 2015), from ChaCha8: the same on every machine. Biases begin at 0.
    ///
    /// # Errors
    /// [`PerceptronError`] names the setting out of bounds, or how examples and layers differ.
    pub fn new(
        machine: &Machine,
        config: PerceptronConfig,
        examples: &Examples,
    ) -> Result<Perceptron, PerceptronError> {
        check(&config, examples)?;
        let device = machine.learning();
        let mut random = ChaCha8Rng::seed_from_u64(config.seed);
        let layers =
            config.sizes.windows(2).map(|pair| layer(pair[0], pair[1], &mut random, &device)).collect();
        let optimiser = match config.optimiser {
            Optimiser::Sgd => SgdConfig::new().init(),
            Optimiser::Adam => AdamConfig::new().init(),
        };
        let (features, classes) = machine::load(examples, &device);
        let perceptron = Perceptron {
            machine: machine.clone(),
            layers,
            optimiser,
            loss: CrossEntropyLossConfig::new().init(&device),
            features,
            classes,
            epoch: None,
            examples: examples.len(),
            epochs: 0,
            done: 0,
            config,
        };
        machine.wait()?;
        Ok(perceptron)
    }

    /// What it is and how it is trained.
    pub fn config(&self) -> &PerceptronConfig {
        &self.config
    }

    /// Trains on every example once, or on those that are left of an epoch, and waits until the machine is done.
    ///
    /// # Errors
    /// [`PerceptronError::Machine`] if the machine failed.
    pub fn run_epoch(&mut self) -> Result<Timing, PerceptronError> {
        let left = self.examples - self.done;
        self.run_steps(left.div_ceil(self.config.batch))
    }

    /// Trains so many batches, epoch after epoch, and waits until the machine is done. Its first step on a GPU compiles
    /// its kernels: take one before you measure.
    ///
    /// # Errors
    /// [`PerceptronError::Machine`] if the machine failed.
    pub fn run_steps(&mut self, steps: usize) -> Result<Timing, PerceptronError> {
        let mut samples = 0;
        let begin = Instant::now();
        for _ in 0..steps {
            samples += self.step() as u64;
        }
        self.machine.wait()?;
        Ok(Timing { wall: begin.elapsed(), samples, waits: 1 })
    }

    /// Queues one step; returns its examples.
    fn step(&mut self) -> usize {
        let (features, classes) = match self.epoch.take() {
            Some(epoch) => epoch,
            None => self.shuffled(),
        };
        let end = self.examples.min(self.done + self.config.batch);
        let taken = end - self.done;
        let batch = features.clone().slice(self.done..end);
        let targets = classes.clone().slice(self.done..end);
        if end < self.examples {
            self.done = end;
            self.epoch = Some((features, classes));
        } else {
            self.done = 0;
            self.epochs += 1;
        }
        let loss = self.loss.forward(forward(&self.layers, batch), targets);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.layers);
        let layers = std::mem::take(&mut self.layers);
        self.layers = self.optimiser.step(self.config.learning_rate, layers, gradients);
        taken
    }

    /// All examples in the order of the present epoch.
    fn shuffled(&self) -> (Tensor<2>, Tensor<1, Int>) {
        let order: Vec<i32> = epoch_order(self.config.seed, self.epochs, self.examples)
            .into_iter()
            .map(|example| i32::try_from(example).unwrap_or(i32::MAX))
            .collect();
        let order =
            Tensor::<1, Int>::from_data(TensorData::new(order, [self.examples]), &self.features.device());
        (self.features.clone().select(0, order.clone()), self.classes.clone().select(0, order))
    }

    /// The share of examples answered correctly, 0 to 1.
    ///
    /// # Errors
    /// [`PerceptronError`] if the examples do not fit, or the machine failed.
    pub fn accuracy(&self, examples: &Examples) -> Result<f64, PerceptronError> {
        let (answers, classes) = self.answers(examples)?;
        let right = answers.argmax(1).flatten::<1>(0, 1).equal(classes).int().sum();
        let right: i32 = self.machine.numbers::<i32>(right.try_into_data())?.into_iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "fewer examples than 2^52")]
        let all = examples.len() as f64;
        Ok(f64::from(right) / all)
    }

    /// The mean cross entropy over examples, in nats.
    ///
    /// # Errors
    /// [`PerceptronError`] if the examples do not fit, or the machine failed.
    pub fn loss(&self, examples: &Examples) -> Result<f32, PerceptronError> {
        let (answers, classes) = self.answers(examples)?;
        let loss = CrossEntropyLossConfig::new().init(&answers.device()).forward(answers, classes);
        Ok(self.machine.numbers::<f32>(loss.try_into_data())?.into_iter().sum())
    }

    fn answers(&self, examples: &Examples) -> Result<(Tensor<2>, Tensor<1, Int>), PerceptronError> {
        check_fit(&self.config, examples)?;
        let (features, classes) = machine::load(examples, &self.machine.answering());
        Ok((forward(&self.layers.valid(), features), classes))
    }

    /// Every weight and bias, layer by layer; weights first, by input, then by output.
    ///
    /// # Errors
    /// [`PerceptronError::Machine`] if the machine failed.
    pub fn parameters(&self) -> Result<Vec<f32>, PerceptronError> {
        let mut parameters = Vec::new();
        for layer in &self.layers.valid() {
            parameters.extend(self.machine.numbers::<f32>(layer.weight.val().try_into_data())?);
            if let Some(bias) = &layer.bias {
                parameters.extend(self.machine.numbers::<f32>(bias.val().try_into_data())?);
            }
        }
        Ok(parameters)
    }
}

/// Logits of a batch.
fn forward(layers: &[Linear], mut values: Tensor<2>) -> Tensor<2> {
    for (depth, layer) in layers.iter().enumerate() {
        if depth > 0 {
            values = activation::relu(values);
        }
        values = layer.forward(values);
    }
    values
}

fn layer(inputs: usize, outputs: usize, random: &mut ChaCha8Rng, device: &burn::tensor::Device) -> Linear {
    #[expect(clippy::cast_precision_loss, reason = "a float is wanted")]
    let width = (6.0 / inputs as f32).sqrt();
    #[expect(clippy::cast_precision_loss, reason = "24 bits are exact")]
    let mut draw = || ((random.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0) * width;
    let weights: Vec<f32> = (0..inputs * outputs).map(|_| draw()).collect();
    Linear {
        weight: Param::from_data(TensorData::new(weights, [inputs, outputs]), device),
        bias: Some(Param::from_data(TensorData::new(vec![0f32; outputs], [outputs]), device)),
    }
}

fn check(config: &PerceptronConfig, examples: &Examples) -> Result<(), PerceptronError> {
    let wrong = |field, value: String, remedy| Err(PerceptronError::Setting { field, value, remedy });
    if config.sizes.len() < 2 || config.sizes.contains(&0) {
        return wrong("sizes", format!("{:?}", config.sizes), "give two layers or more, none of them empty");
    }
    if config.batch == 0 {
        return wrong("batch", "0".into(), "give 1 or more");
    }
    if !(config.learning_rate > 0.0 && config.learning_rate.is_finite()) {
        return wrong("learning_rate", config.learning_rate.to_string(), "give a number above 0");
    }
    check_fit(config, examples)
}

fn check_fit(config: &PerceptronConfig, examples: &Examples) -> Result<(), PerceptronError> {
    let (inputs, classes) = (config.sizes[0], config.sizes[config.sizes.len() - 1]);
    if examples.features() != inputs {
        return Err(PerceptronError::Fit { what: "features", found: examples.features(), expected: inputs });
    }
    if examples.classes() > classes {
        return Err(PerceptronError::Fit { what: "classes", found: examples.classes(), expected: classes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_an_order_of_its_own() {
        let rows: Vec<Vec<f32>> = (0..20u8).map(|row| vec![f32::from(row)]).collect();
        let examples = Examples::new(&rows, &(0..20).collect::<Vec<_>>()).unwrap();
        let config = PerceptronConfig {
            sizes: vec![1, 20],
            optimiser: Optimiser::Sgd,
            learning_rate: 0.1,
            batch: 8,
            seed: 5,
        };
        let mut perceptron = Perceptron::new(&Machine::processor(), config, &examples).unwrap();
        for epoch in 0..3 {
            let (features, classes) = perceptron.shuffled();
            let expected: Vec<i32> = epoch_order(5, epoch, 20).into_iter().map(u32::cast_signed).collect();
            assert_eq!(perceptron.machine.numbers::<i32>(features.try_into_data()).unwrap(), expected);
            assert_eq!(perceptron.machine.numbers::<i32>(classes.try_into_data()).unwrap(), expected);
            assert_eq!([0, 1, 2].map(|_| perceptron.step()), [8, 8, 4]);
        }
    }
}
