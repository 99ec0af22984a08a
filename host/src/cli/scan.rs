//! `wheatstone scan`

use super::device::DeviceArguments;
use super::failure::{OrFailed, Result};
use super::output::Output;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wheatstone_learn::run::{read_checkpoint, write_whole};
use wheatstone_sim::{Checkpoint, State, hex};

/// Move a network's state between a device and a checkpoint
#[derive(Debug, Subcommand)]
pub enum Scan {
    Read(Read),
    Write(Write),
}

/// Read the state of a device into a checkpoint
#[derive(Args, Debug)]
pub struct Read {
    /// Checkpoint or run folder of the network that is on the device
    like: PathBuf,
    /// Checkpoint to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
}

/// Write the state of a checkpoint to a device
#[derive(Args, Debug)]
pub struct Write {
    /// Checkpoint or run folder
    checkpoint: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
}

/// What is printed.
#[derive(Serialize)]
struct Moved {
    device: String,
    digest: String,
    checkpoint: String,
}

impl Scan {
    pub fn run(&self, output: &Output) -> Result<()> {
        match self {
            Scan::Read(verb) => verb.run(output),
            Scan::Write(verb) => verb.run(output),
        }
    }
}

impl Read {
    fn run(&self, output: &Output) -> Result<()> {
        let (like, _) = checkpoint(&self.like)?;
        let mut device = self.device.open(&Arc::new(like.design.clone()), &like.state)?;
        let state = device.state()?;
        state
            .check(&like.design)
            .or_failed_to("the device holds no state of this network; write one first")?;
        let read = Checkpoint { state, ..like };
        write_whole(&self.out, &read.to_bytes())?;
        report(output, device.describe(), &read.state, &self.out)
    }
}

impl Write {
    fn run(&self, output: &Output) -> Result<()> {
        let (checkpoint, path) = checkpoint(&self.checkpoint)?;
        let mut device = self.device.open(&Arc::new(checkpoint.design.clone()), &checkpoint.state)?;
        device.set_state(&checkpoint.state)?;
        report(output, device.describe(), &checkpoint.state, &path)
    }
}

fn report(output: &Output, device: String, state: &State, path: &Path) -> Result<()> {
    let moved =
        Moved { device, digest: hex::encode(&state.digest()), checkpoint: path.display().to_string() };
    output.result(&moved, || format!("state {} of {}", moved.digest, moved.device))
}

/// The checkpoint of a file or run folder, and the file.
fn checkpoint(path: &Path) -> Result<(Checkpoint, PathBuf)> {
    let file = if path.is_dir() { path.join("checkpoint.bin") } else { path.to_owned() };
    Ok((read_checkpoint(&file)?, file))
}
