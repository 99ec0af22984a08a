//! The stages of a build, in their order.

use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use thiserror::Error;
use wheatstone_sim::categorize;

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Design to Verilog.
    Emit,
    /// Verilog to a netlist of the device's primitives: yosys.
    Synth,
    /// Netlist to places and wires: nextpnr.
    Route,
    /// Whether every request comes after its data on the routed chip.
    Timing,
    /// The routed chip learns in simulation with all its delays: Icarus. Only if that is asked for.
    Simulate,
    /// Places and wires to a bitstream: icepack or ecppack.
    Pack,
}

/// A name that is no stage's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no stage `{name}`; there are {}", Stage::ALL.map(Stage::name).join(", "))]
pub struct UnknownStage {
    /// The name that was asked for.
    pub name: String,
}

categorize!(UnknownStage: BadInput);

impl Stage {
    /// All of them, the first one first.
    pub const ALL: [Stage; 6] =
        [Stage::Emit, Stage::Synth, Stage::Route, Stage::Timing, Stage::Simulate, Stage::Pack];

    /// Its name on the command line, in reports and of its log.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Emit => "emit",
            Stage::Synth => "synth",
            Stage::Route => "route",
            Stage::Timing => "timing",
            Stage::Simulate => "simulate",
            Stage::Pack => "pack",
        }
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name);
        stage.ok_or_else(|| UnknownStage { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_known_by_its_name_and_they_are_in_order() {
        for stage in Stage::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
        }
        assert!(Stage::ALL.is_sorted());
        let message = "place".parse::<Stage>().unwrap_err().to_string();
        assert!(
            message.contains("`place`") && message.contains("emit, synth, route, timing, simulate, pack"),
            "{message}"
        );
    }
}
