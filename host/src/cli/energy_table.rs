//! `wheatstone energy-table`

use super::arguments::ConfigArguments;
use super::failure::Result;
use super::output::Output;
use super::{interrupt, progress, table};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use wheatstone::bench::energy_table::{Line, chip, measured, published};
use wheatstone::bench::{self, Results};
use wheatstone::energy::fpga::constants;
use wheatstone::quantity::{Missing, Quantity};
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
                let watts = constants::static_power(self.board).map(|power| (power.low, power.high));
                lines.extend(chip(&cost, watts));
            }
        }
        lines.extend(benches.iter().flat_map(measured));
        if !benches.iter().any(|results| !measured(results).is_empty()) {
            missing.push(Missing {
                name: "this processor, a GPU at batch 1, a board".to_owned(),
                why: "no bench with a meter was named".to_owned(),
                remedy:
                    "run `wheatstone bench` where there is a meter, and name its results.json by --results"
                        .to_owned(),
            });
        }
        lines.sort_by(|a, b| {
            let key = |line: &Line| (line.quantity.unit.clone(), line.extent);
            key(a).cmp(&key(b)).then(a.quantity.value.total_cmp(&b.quantity.value))
        });
        output.result(&json!({ "lines": lines, "missing": missing }), || text(&lines, &missing))
    }
}

fn text(lines: &[Line], missing: &[Missing]) -> String {
    let mut rows =
        table::plain(["", "energy", "interval", "times the least", "kind", "extent", "year", "source"]);
    for line in lines {
        let Quantity { value, low, high, ref unit, kind } = line.quantity;
        let (unit, what) = unit.split_once(' ').unwrap_or((unit, ""));
        let shown = |value| wheatstone::quantity::with_prefix(value, unit);
        let interval = if low == high { String::new() } else { format!("{} to {}", shown(low), shown(high)) };
        // Lines are in order, so the first that has a ratio is the least of its extent and unit.
        let times = lines.iter().find_map(|least| line.ratio(least).ok()).filter(|&times| times > 1.0);
        rows.add_row([
            line.name.clone(),
            format!("{} {what}", shown(value)),
            interval,
            times.map_or(String::new(), |times| format!("{times:.3e}")),
            kind.to_string(),
            line.extent.name().to_owned(),
            line.year.map_or(String::new(), |year| year.to_string()),
            line.source.clone(),
        ]);
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    format!("{rows}\n\n{}", missing.join("\n"))
}
