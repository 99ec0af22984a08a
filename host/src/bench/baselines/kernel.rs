//! The resistor network as one compute kernel, alone and with as many replicas as fill the adapter.

use super::super::{Baseline, BenchError, OnStage};
use std::time::{Duration, Instant};
use wheatstone_gpu::{Adapter, NetworkKernel};
use wheatstone_learn::evaluation;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;
use wheatstone_sim::{State, epoch_order};

/// An adapter is full when twice the replicas are not this much more learned in the same time.
const FULL: f64 = 1.1;

/// Samples of a trial.
const TRIAL: u64 = 64;

/// Replicas of the network on an adapter, each with conductances and orders from a seed of its own.
struct Kernel<'e> {
    name: String,
    adapter: String,
    experiment: &'e Experiment,
    kernel: NetworkKernel,
    seed: u64,
    trained: u64,
}

/// One replica, and as many as fill the adapter.
pub fn baselines<'e>(
    experiment: &'e Experiment,
    adapter: &Adapter,
    trial: Duration,
    watch: OnStage,
) -> Result<Vec<Box<dyn Baseline + 'e>>, BenchError> {
    let software = if adapter.is_software() { " (software)" } else { "" };
    let one = Kernel::new(experiment, adapter, format!("gpu-network{software}"), 1)?;
    let most = u64::from(NetworkKernel::most_replicas(adapter, &experiment.design)?);
    let mut replicas = 1;
    let mut rate = 0.0;
    while replicas <= most {
        if !watch(&format!("gpu-networks: {replicas} replicas")) {
            return Err(BenchError::Interrupted);
        }
        let mut kernel = Kernel::new(experiment, adapter, String::new(), replicas)?;
        kernel.train(TRIAL)?;
        let begun = Instant::now();
        kernel.train(TRIAL)?;
        let time = begun.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let reached = (TRIAL * replicas) as f64 / time.as_secs_f64();
        if reached < FULL * rate || time > trial {
            break;
        }
        (rate, replicas) = (reached, 2 * replicas);
    }
    let full = (replicas / 2).max(1);
    let many = Kernel::new(experiment, adapter, format!("gpu-networks{software}"), full)?;
    Ok(vec![Box::new(one), Box::new(many)])
}

impl<'e> Kernel<'e> {
    fn new(
        experiment: &'e Experiment,
        adapter: &Adapter,
        name: String,
        replicas: u64,
    ) -> Result<Kernel<'e>, BenchError> {
        let seed = experiment.config.seed;
        let samples = experiment.samples(&experiment.split.train)?;
        let states = states(experiment, seed, replicas);
        let kernel = NetworkKernel::new(adapter, experiment.design.clone(), &samples, states)?;
        Ok(Kernel { name, adapter: adapter.to_string(), experiment, kernel, seed, trained: 0 })
    }
}

/// The first states of replicas.
fn states(experiment: &Experiment, seed: u64, replicas: u64) -> Vec<State> {
    let initial = &experiment.config.network.initial;
    (0..replicas).map(|r| State::initial(&experiment.design, initial, seed.wrapping_add(r))).collect()
}

impl Baseline for Kernel<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&self) -> String {
        format!(
            "{} in format {} as one compute kernel, {} replicas side by side, on {}",
            self.experiment.design.network().name(),
            self.experiment.design.format(),
            self.replicas(),
            self.adapter
        )
    }

    fn parameters(&self) -> u64 {
        self.experiment.design.network().edges().len() as u64
    }

    fn replicas(&self) -> u64 {
        self.kernel.replicas() as u64
    }

    fn restart(&mut self, seed: u64) -> Result<(), BenchError> {
        self.kernel.set_states(&states(self.experiment, seed, self.replicas()))?;
        (self.seed, self.trained) = (seed, 0);
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let rows = self.experiment.split.train.len();
        let mut left = samples.max(1);
        while left > 0 {
            let epoch = u32::try_from(self.trained / rows as u64).unwrap_or(u32::MAX);
            let place = usize::try_from(self.trained % rows as u64).unwrap_or(0);
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(rows - place);
            let order =
                |r| epoch_order(self.seed.wrapping_add(r), epoch, rows)[place..place + count].to_vec();
            let orders: Vec<Vec<u32>> = (0..self.replicas()).map(order).collect();
            self.kernel.train(self.experiment.configuration(epoch), &orders)?;
            self.trained += count as u64;
            left -= count as u64;
        }
        Ok(samples.max(1))
    }

    fn score(&mut self) -> Result<Score, BenchError> {
        let states = self.kernel.states()?;
        let mut model = self.experiment.model(&states[0])?;
        Ok(evaluation::score(self.experiment, &mut model, self.experiment.judged_rows().1)?)
    }
}
