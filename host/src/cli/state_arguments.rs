//! A trained network as an argument, with voltages for its inputs.

use super::failure::Result;
use clap::Args;
use std::path::PathBuf;
use thiserror::Error;
use wheatstone_learn::conversion::is_checkpoint;
use wheatstone_learn::run::read_checkpoint;
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{Checkpoint, Design, State, Wave, categorize};

/// A network in a state.
#[derive(Args, Debug)]
pub struct StateArguments {
    /// Run folder or checkpoint
    run: PathBuf,
}

/// What holds no network in a state, or voltages that do not fit it.
#[derive(Debug, Error)]
enum StateArgumentsError {
    #[error("{path} is no run folder and no checkpoint; name one, as `wheatstone train` leaves it")]
    NoState { path: String },
    #[error("{option}: there are {found} voltages, and the network has {expected} inputs; give one for each")]
    Volts { option: &'static str, found: usize, expected: usize },
    #[error("{option}: {volts} is no voltage; give numbers from -1 to 1")]
    Range { option: &'static str, volts: f64 },
}

categorize! {
    StateArgumentsError {
        Usage: NoState, Volts, Range;
    }
}

impl StateArguments {
    /// The network and its state.
    pub fn read(&self) -> Result<(Design, State)> {
        if !is_checkpoint(&self.run) {
            return Err(StateArgumentsError::NoState { path: self.run.display().to_string() }.into());
        }
        let file = if self.run.is_dir() { self.run.join("checkpoint.bin") } else { self.run.clone() };
        let Checkpoint { design, state, .. } = read_checkpoint(&file)?;
        Ok((design, state))
    }

    /// Voltages in LSB for the inputs, as an option gives them in volts; if it gives none, those the network was shown last.
    pub fn inputs(
        &self,
        design: &Design,
        state: &State,
        option: &'static str,
        volts: &[f64],
    ) -> Result<Vec<i32>> {
        let (inputs, format) = (design.network().inputs(), design.format());
        if volts.is_empty() {
            let shown = |node: &NodeId| format.voltage(state.u(Wave::Free)[node.index()]);
            return Ok(inputs.iter().map(|node| i32::try_from(shown(node)).unwrap_or(0)).collect());
        }
        let (found, expected) = (volts.len(), inputs.len());
        if found != expected {
            return Err(StateArgumentsError::Volts { option, found, expected }.into());
        }
        if let Some(&volts) = volts.iter().find(|volts| volts.is_nan() || volts.abs() > 1.0) {
            return Err(StateArgumentsError::Range { option, volts }.into());
        }
        Ok(volts.iter().map(|&volts| format.quantise_volts(volts)).collect())
    }
}
