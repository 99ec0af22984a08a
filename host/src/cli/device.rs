//! How a device is named on the command line, the same for every verb that uses one.

use super::failure::Result;
use super::interrupt;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wheatstone::device::{self, Around, DeviceUrl};
use wheatstone::link::RecordingFile;
use wheatstone_learn::device::Device;
use wheatstone_link::Stop;
use wheatstone_sim::{Design, State};

/// Which device, and what goes around the link to it.
#[derive(Args, Debug)]
pub struct DeviceArguments {
    /// sim: the model; pty: a virtual board; rtl: the simulated gateware (rtl:spatial or rtl:folded: with that array); serial:PATH a board; serial: the only board
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
    pub fn open(&self, design: &Arc<Design>, state: &State) -> Result<Box<dyn Device>> {
        self.open_on(design, state, NonZeroUsize::MIN)
    }

    /// The same; so many threads share what the model does.
    pub fn open_on(
        &self,
        design: &Arc<Design>,
        state: &State,
        threads: NonZeroUsize,
    ) -> Result<Box<dyn Device>> {
        let recording = self.record.as_deref().map(RecordingFile::new).transpose()?;
        if let Some(recording) = &recording {
            recordings().push(recording.clone());
        }
        let around = Around { recording, trace: self.trace, faults: self.faults };
        Ok(device::open(&self.device, design, state, threads, Stop::when(interrupt::requested), around)?)
    }
}

/// Recordings that this process writes.
fn recordings() -> MutexGuard<'static, Vec<RecordingFile>> {
    static ALL: Mutex<Vec<RecordingFile>> = Mutex::new(Vec::new());
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all recordings, when the devices are gone.
pub fn close_recordings() -> Result<()> {
    Ok(recordings().drain(..).try_for_each(|recording| recording.close())?)
}
