//! The resistor network as one compute kernel, alone and with as many replicas as fill the adapter.

use super::super::{Baseline, BenchError, Division, Network, OnStage, Part};
use std::time::{Duration, Instant};
use wheatstone_gpu::{Adapter, NetworkKernel};
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
    adapter: Adapter,
    division: &'e Division,
    kernel: NetworkKernel,
    run: usize,
    trained: u64,
}

/// One replica, and as many as fill the adapter.
pub fn baselines<'e>(
    division: &'e Division,
    adapter: &Adapter,
    trial: Duration,
    watch: OnStage,
) -> Result<Vec<Box<dyn Baseline + 'e>>, BenchError> {
    let software = if adapter.is_software() { " (software)" } else { "" };
    check(division, adapter)?;
    let one = Kernel::new(division, adapter, format!("gpu-network{software}"), 1)?;
    let most = u64::from(NetworkKernel::most_replicas(adapter, &division.run(0).design)?);
    let mut replicas = 1;
    let mut rate = 0.0;
    while replicas <= most {
        if !watch(&format!("gpu-networks: {replicas} replicas")) {
            return Err(BenchError::Interrupted);
        }
        let mut kernel = Kernel::new(division, adapter, String::new(), replicas)?;
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
    let many = Kernel::new(division, adapter, format!("gpu-networks{software}"), full)?;
    Ok(vec![Box::new(one), Box::new(many)])
}

/// That the kernel learns the same bits as the model, on this adapter with this driver.
fn check(division: &Division, adapter: &Adapter) -> Result<(), BenchError> {
    let (mut kernel, mut model) =
        (Kernel::new(division, adapter, String::new(), 1)?, Network::in_model(division)?);
    kernel.train(TRIAL)?;
    model.train(TRIAL)?;
    if kernel.kernel.states()?[0].digest() == model.state()?.digest() {
        return Ok(());
    }
    Err(BenchError::Differs { adapter: adapter.to_string(), samples: TRIAL })
}

impl<'e> Kernel<'e> {
    fn new(
        division: &'e Division,
        adapter: &Adapter,
        name: String,
        replicas: u64,
    ) -> Result<Kernel<'e>, BenchError> {
        let kernel = kernel(adapter, division.run(0), replicas)?;
        Ok(Kernel { name, adapter: adapter.clone(), division, kernel, run: 0, trained: 0 })
    }

    fn experiment(&self) -> &'e Experiment {
        self.division.run(self.run)
    }
}

/// Replicas before training.
fn kernel(adapter: &Adapter, experiment: &Experiment, replicas: u64) -> Result<NetworkKernel, BenchError> {
    let Experiment { design, config, split, .. } = experiment;
    let state = |r| State::initial(design, &config.network.initial, config.seed.wrapping_add(r));
    let samples = experiment.samples(&split.train)?;
    Ok(NetworkKernel::new(adapter, design.clone(), &samples, (0..replicas).map(state).collect())?)
}

impl Baseline for Kernel<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&self) -> String {
        format!(
            "{} in format {} as one compute kernel, {} replicas side by side, on {}; its first {TRIAL} samples equal the model bit for bit",
            self.experiment().design.network().name(),
            self.experiment().design.format(),
            self.replicas(),
            self.adapter
        )
    }

    fn parameters(&self) -> u64 {
        self.experiment().design.network().edges().len() as u64
    }

    fn replicas(&self) -> u64 {
        self.kernel.replicas() as u64
    }

    fn restart(&mut self, run: usize) -> Result<(), BenchError> {
        (self.run, self.trained) = (run, 0);
        self.kernel = kernel(&self.adapter, self.experiment(), self.replicas())?;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let experiment = self.experiment();
        let rows = experiment.split.train.len();
        let mut left = samples.max(1);
        while left > 0 {
            let epoch = u32::try_from(self.trained / rows as u64).unwrap_or(u32::MAX);
            let place = usize::try_from(self.trained % rows as u64).unwrap_or(0);
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(rows - place);
            let order = |r| {
                epoch_order(experiment.config.seed.wrapping_add(r), epoch, rows)[place..place + count]
                    .to_vec()
            };
            let orders: Vec<Vec<u32>> = (0..self.replicas()).map(order).collect();
            self.kernel.train(experiment.configuration(epoch), &orders)?;
            self.trained += count as u64;
            left -= count as u64;
        }
        Ok(samples.max(1))
    }

    fn score(&mut self, part: Part) -> Result<Score, BenchError> {
        let states = self.kernel.states()?;
        self.division.score(self.run, part, &states[0])
    }
}
