//! How a device is named on the command line, the same for every verb that uses one.

use super::interrupt;
use anyhow::Context;
use clap::Args;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use wheatstone::device::{self, Around, Device, DeviceUrl};
use wheatstone::link::Stop;
use wheatstone_sim::{Design, State};

/// Which device, and what goes around the link to it.
#[derive(Args, Debug)]
pub struct DeviceArguments {
    /// sim: the model; pty: a virtual board; rtl: the simulated gateware; serial:PATH a board; serial: the only board
    #[arg(long, value_name = "URL", default_value = "sim:")]
    device: DeviceUrl,
    /// Record what goes over the link as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Link")]
    record: Option<PathBuf>,
    /// Tell every frame of the link on standard error
    #[arg(long, help_heading = "Link")]
    trace: bool,
    /// Treat the link as a bad cable would, with faults drawn from this seed
    #[arg(long, value_name = "SEED", help_heading = "Link")]
    faults: Option<u64>,
}

impl DeviceArguments {
    /// Opens the device. One in software starts in `state`; a board keeps what it has.
    pub fn open(&self, design: &Arc<Design>, state: &State) -> anyhow::Result<Box<dyn Device>> {
        let create =
            |path: &PathBuf| File::create(path).with_context(|| format!("cannot write {}", path.display()));
        let recording = self.record.as_ref().map(create).transpose()?;
        let around = Around { recording, trace: self.trace, faults: self.faults };
        Ok(device::open(&self.device, design, state, Stop::when(interrupt::requested), around)?)
    }
}
