//! `wheatstone energy-table`

use super::arguments::ConfigArguments;
use super::failure::Result;
use super::output::Output;
use super::{interrupt, progress, table};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use wheatstone::bench::energy_table::{HEADINGS, Line, cells, chip, own, published, sort};
use wheatstone::bench::{self, Results};
use wheatstone::quantity::{Kind, Missing};
use wheatstone_hdl::Board;
use wheatstone_link::Stop;

/// Show the joules of operations, answers and training steps
///
/// Every line has its kind (measured, simulated, estimated, published), its extent (device, chip, board, system), its source and the
/// year. Only lines of one extent and unit are compared.
#[derive(Args, Debug)]
pub struct EnergyTable {
    #[command(flatten)]
    config: ConfigArguments,
    /// Board whose chip is estimated
    #[arg(long, default_value_t = Board::default(), value_parser = Board::open)]
    board: Board,
    /// results.json of a bench whose metered figures are shown as well; can be repeated
    #[arg(long, value_name = "FILE")]
    results: Vec<PathBuf>,
}

impl EnergyTable {
    pub fn run(&self, output: &Output) -> Result<()> {
        let experiment = self.config.experiment()?;
        let mut benches = Vec::new();
        for file in &self.results {
            benches.push(Results::read(file)?);
        }
        interrupt::listen()?;
        let (mut lines, mut missing) = (published(), Vec::new());
        match bench::check_place(&experiment, self.board) {
            Err(absent) => missing.push(Missing {
                name: "this chip".to_owned(),
                why: format!("the network has no place on {}: {}", absent.board, absent.why),
                remedy: "choose a smaller network, or a larger --board".to_owned(),
            }),
            Ok(()) => {
                let spinner = progress::stages(*output);
                spinner.set_message("the chip, simulated");
                let cost = bench::chip_cost(&experiment, self.board, Stop::when(interrupt::requested))?;
                spinner.finish_and_clear();
                lines.extend(chip(&cost));
            }
        }
        let metered = benches.iter().flat_map(own).filter(|line| line.quantity.kind == Kind::Measured);
        let metered: Vec<Line> = metered.collect();
        if metered.is_empty() {
            missing.push(Missing {
                name: "this processor, a GPU at batch 1, a board".to_owned(),
                why: "no bench with a meter was named".to_owned(),
                remedy:
                    "run `wheatstone bench` where there is a meter, and name its results.json by --results"
                        .to_owned(),
            });
        }
        lines.extend(metered);
        sort(&mut lines);
        output.result(&json!({ "lines": lines, "missing": missing }), || text(&lines, &missing))
    }
}

fn text(lines: &[Line], missing: &[Missing]) -> String {
    let mut rows = table::plain(HEADINGS);
    for row in cells(lines) {
        rows.add_row(row);
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    format!("{rows}\n\n{}", missing.join("\n"))
}
