//! A routed chip that learns in Icarus with all its delays, and whether it learns what the model learns.

use crate::annotated::{Transcript, annotate, testbench};
use crate::check::{Corner, Policy};
use crate::error::{At, FlowError};
use crate::routed::Routed;
use crate::stage::Stage;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use wheatstone_hdl::{Board, Chip};
use wheatstone_tools::{Program, Tool, ToolError};

/// Room for what the island does around a sample, in microseconds.
const ISLAND_US: u64 = 100;

/// How much a chip is to learn in simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// Samples it trains on, one after the other.
    pub samples: u16,
    /// Relaxing steps of a sample.
    pub steps: u16,
}

/// What came of a training in one corner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulated {
    /// The corner of all delays.
    pub corner: Corner,
    /// Samples it trains on, one after the other.
    pub samples: u16,
    /// Relaxing steps of a sample.
    pub steps: u16,
    /// How often data moved within a flip-flop's setup or hold time, or a pulse was too narrow.
    pub violations: u64,
    /// The first byte on the serial line that was not the model's; absent if the chip learnt what the model did.
    pub difference: Option<String>,
}

impl Simulated {
    /// Whether every byte was the model's and no monitor complained.
    pub fn passed(&self) -> bool {
        self.difference.is_none() && self.violations == 0
    }
}

/// The corners in which a board's routed chip is simulated: all that nextpnr writes for its family.
pub fn corners(board: Board) -> &'static [Corner] {
    board.device().map_or(&[], |device| &device.family.corners)
}

/// The simulator: Icarus.
#[derive(Clone, Debug)]
pub struct Simulator {
    compiler: Tool,
    runner: Tool,
}

impl Simulator {
    /// The Icarus that is installed here.
    ///
    /// # Errors
    /// [`FlowError::Missing`] if there is none.
    pub fn find() -> Result<Simulator, FlowError> {
        let find = |program| Tool::find(program).map_err(FlowError::Missing);
        Ok(Simulator { compiler: find(Program::Iverilog)?, runner: find(Program::Vvp)? })
    }

    /// Has a routed chip train in one corner, in a folder for its files. `sample_us` is how long the array takes for a
    /// sample; it may take twice that. `stop` is asked many times a second whether to end.
    ///
    /// # Errors
    /// [`FlowError`] if the chip cannot be simulated; that it learns something else is no error here.
    #[expect(clippy::too_many_arguments, reason = "a chip, a training run, a place, a way to stop")]
    pub fn run(
        &self,
        chip: &Chip,
        board: Board,
        routed: &Routed,
        corner: Corner,
        training: TrainingRun,
        sample_us: u64,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Simulated, FlowError> {
        let TrainingRun { samples, steps } = training;
        let failed = |message: String| FlowError::Simulation { corner, message };
        let patience = u16::try_from(2 * sample_us + ISLAND_US).unwrap_or(u16::MAX);
        let transcript = Transcript::training(&chip.design, chip.options, steps, samples, patience)
            .map_err(|error| failed(error.to_string()))?;
        let verilog =
            annotate(routed, corner, &Policy::of(board)).map_err(|error| failed(error.to_string()))?;
        let [text, compiled, log] =
            ["v", "vvp", "log"].map(|kind| format!("simulate-{}.{kind}", corner.name()));
        let (path, log) = (folder.join(&text), folder.join(log));
        fs::write(&path, verilog + &testbench(&transcript, chip.options, &[], routed)).at(&path)?;
        let run = |tool: &Tool, arguments: &[&str]| {
            tool.run_logged(arguments, folder, &log, stop).map_err(|source| match source {
                ToolError::Stopped { .. } => FlowError::Stopped { stage: Stage::Simulate },
                source => FlowError::Tool { stage: Stage::Simulate, log: log.clone(), source },
            })
        };
        run(&self.compiler, &["-g2005", "-s", "bench", "-o", &compiled, &text])?;
        run(&self.runner, &["-n", &compiled])?;
        let said = fs::read_to_string(&log).at(&log)?;
        let violations = said.lines().find_map(|line| line.strip_prefix("violations ")?.parse().ok());
        let violations =
            violations.ok_or_else(|| failed(format!("the bench did not end; see {}", log.display())))?;
        let equal = said.lines().any(|line| line == "equal");
        let difference = said.lines().find(|line| line.contains("of the script"));
        let difference = (!equal).then(|| difference.unwrap_or("nothing was said").to_owned());
        Ok(Simulated { corner, samples, steps, violations, difference })
    }
}
