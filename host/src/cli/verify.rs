//! `wheatstone verify`

use super::arguments::ConfigArguments;
use super::device::DeviceArguments;
use super::failure::{Interrupted, Mismatch, Result};
use super::output::Output;
use super::{interrupt, progress};
use clap::Args;
use std::ops::ControlFlow;
use std::str::FromStr;
use thiserror::Error;
use wheatstone_learn::device::{BitFlip, Device};
use wheatstone_learn::verification::{self, Verified};
use wheatstone_sim::categorize;

/// Train device and model side by side; compare every bit
///
/// Exit code 6 if one differs; the first such register is named.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Samples to train; default: one epoch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Samples between two comparisons
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Flip the lowest bit of an edge's conductance on the device after some samples, to see that it is noticed
    #[arg(long, value_name = "SAMPLES:EDGE")]
    flip_bit: Option<Flip>,
}

/// When which edge goes wrong.
#[derive(Clone, Copy, Debug)]
struct Flip {
    after: u64,
    edge: usize,
}

/// A bit that would never flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoFlip {
    /// There is no such edge.
    #[error("--flip-bit: there is no edge {edge}; this network has the edges 0..={}", edges - 1)]
    Edge {
        /// What was asked for.
        edge: usize,
        /// How many there are.
        edges: usize,
    },
    /// The run is over by then.
    #[error(
        "--flip-bit: {after} is not in 1..={samples}, the samples of this run after which a bit can flip"
    )]
    After {
        /// What was asked for.
        after: u64,
        /// How many there are.
        samples: u64,
    },
}

categorize! {
    NoFlip {
        Usage: Edge, After;
    }
}

impl Flip {
    /// Whether it happens in a run of so many samples on a network of so many edges.
    fn check(self, samples: u64, edges: usize) -> Result<(), NoFlip> {
        let Flip { after, edge } = self;
        if edge >= edges {
            return Err(NoFlip::Edge { edge, edges });
        }
        if !(1..=samples).contains(&after) {
            return Err(NoFlip::After { after, samples });
        }
        Ok(())
    }
}

impl FromStr for Flip {
    type Err = String;

    fn from_str(text: &str) -> Result<Flip, String> {
        let parsed = text
            .split_once(':')
            .and_then(|(after, edge)| Some(Flip { after: after.parse().ok()?, edge: edge.parse().ok()? }));
        parsed.ok_or_else(|| "say after how many samples and which edge, as in 20:3".to_owned())
    }
}

impl Verify {
    pub fn run(&self, output: &Output) -> Result<()> {
        let experiment = self.config.experiment()?;
        let samples = self.samples.unwrap_or(experiment.split.train.len() as u64);
        if let Some(flip) = self.flip_bit {
            flip.check(samples, experiment.design.network().edges().len())?;
        }
        let mut device = self.device.open(&experiment.design, &experiment.initial_state())?;
        if let Some(Flip { after, edge }) = self.flip_bit {
            device = Box::new(BitFlip::new(device, after, edge));
        }
        output.say(&format!("verifying {} on {}", experiment.config.name, device.describe()));
        interrupt::listen()?;
        let bar = progress::bar(*output, 0, samples);
        let watch = &mut |equal| {
            bar.set_position(equal);
            if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let verified = verification::verify(&experiment, &mut *device, samples, self.every, watch)?;
        bar.finish_and_clear();
        if verified.equal && verified.samples < samples {
            return Err(Interrupted(format!("the first {} samples were equal", verified.samples)).into());
        }
        output.result(&verified, || text(&verified, &*device))?;
        match verified.first_difference {
            Some(difference) => Err(Mismatch(difference.to_string()).into()),
            None => Ok(()),
        }
    }
}

fn text(verified: &Verified, device: &dyn Device) -> String {
    match &verified.first_difference {
        None => {
            format!("{} samples: {} and the model agree in every bit", verified.samples, device.describe())
        }
        Some(difference) => format!("equal for {} samples, then: {difference}", verified.samples),
    }
}
