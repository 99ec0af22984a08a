//! A device that goes wrong on purpose, to see that whoever checks it notices.

use super::{Device, DeviceError, DeviceKind, OnProgress, Stretch, Traffic, Trained};
use std::ops::ControlFlow;
use wheatstone_sim::{Design, OutputCoding, Sample, State};

/// A device in which the lowest bit of one conductance flips after a certain sample of the run.
pub struct BitFlip<'d> {
    device: Box<dyn Device + 'd>,
    samples: u64,
    after: u64,
    edge: usize,
}

impl<'d> BitFlip<'d> {
    /// Flips the lowest bit of `k` of that edge after `after` samples.
    pub fn new(device: Box<dyn Device + 'd>, after: u64, edge: usize) -> BitFlip<'d> {
        BitFlip { device, samples: 0, after, edge }
    }

    fn flip(&mut self) -> Result<(), DeviceError> {
        let mut state = self.device.state()?;
        if let Some(k) = state.k.get_mut(self.edge) {
            *k ^= 1;
        }
        self.device.set_state(&state)
    }
}

impl Device for BitFlip<'_> {
    fn describe(&self) -> String {
        format!(
            "{}, a bit of edge {} flipping after {} samples",
            self.device.describe(),
            self.edge,
            self.after
        )
    }

    fn kind(&self) -> DeviceKind {
        self.device.kind()
    }

    fn traffic(&self) -> Option<Traffic> {
        self.device.traffic()
    }

    fn design(&self) -> &Design {
        self.device.design()
    }

    fn set_state(&mut self, state: &State) -> Result<(), DeviceError> {
        self.device.set_state(state)
    }

    fn state(&mut self) -> Result<State, DeviceError> {
        self.device.state()
    }

    fn set_samples(
        &mut self,
        samples: &mut dyn Iterator<Item = (Sample, Option<u16>)>,
        coding: OutputCoding,
    ) -> Result<(), DeviceError> {
        self.samples = 0;
        let mut counted = samples.inspect(|_| self.samples += 1);
        self.device.set_samples(&mut counted, coding)
    }

    /// The tally of a stretch in which the bit flips is that of the samples after it.
    fn train(&mut self, stretch: &Stretch, on_progress: OnProgress) -> Result<Trained, DeviceError> {
        let before = u64::from(stretch.epoch) * self.samples + u64::from(stretch.place);
        if before >= self.after || before + stretch.count < self.after {
            return self.device.train(stretch, on_progress);
        }
        let first = Stretch { count: self.after - before, ..*stretch };
        self.device.train(&first, &mut |_| ControlFlow::Continue(()))?;
        self.flip()?;
        let rest = stretch.after(first.count, self.samples);
        let trained =
            if rest.count > 0 { self.device.train(&rest, on_progress)? } else { Trained::default() };
        Ok(Trained { samples: first.count + trained.samples, ..trained })
    }

    fn relax(
        &mut self,
        samples: &[Sample],
        steps: u32,
        impose_targets: bool,
    ) -> Result<Vec<Vec<i32>>, DeviceError> {
        self.device.relax(samples, steps, impose_targets)
    }
}
