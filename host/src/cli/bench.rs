//! `wheatstone bench`

use super::arguments::ConfigArguments;
use super::failure::{OrFailed, Result};
use super::output::Output;
use super::{interrupt, numbers, progress, table};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wheatstone::bench::{
    self, Baseline, BenchError, Budget, Comparison, Course, Division, Goal, Network, NoPlace, Part, Python,
    Results, Row, Wanted,
};
use wheatstone::device::{self, Around, DeviceUrl};
use wheatstone::energy::meter::{LogOptions, SerialOptions, Tolerance};
use wheatstone::energy::{self, Scope, Search, SystemClock};
use wheatstone::quantity::{Kind, Missing, Quantity};
use wheatstone_hdl::Board;
use wheatstone_learn::data::Targets;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::run::{new_folder, write_whole};
use wheatstone_link::Stop;
use wheatstone_measure::{LoadWatch, Machine};

/// A baseline has at least so many epochs to reach the goal.
const LEAST_EPOCHS: u32 = 200;

/// Measure time and energy of a training step, at equal error
///
/// Every baseline is trained from the start until it answers validation rows as well as asked; then all are timed and metered in
/// turns. Test rows are looked at once. Without a board, the chip is simulated. What is missing is listed with why. Nothing is kept if it is interrupted.
#[derive(Args, Debug)]
pub struct Bench {
    #[command(flatten)]
    config: ConfigArguments,
    /// Share of the validation rows to be answered right, 0 to 1. Default: one standard error below what the network
    /// reaches on them when trained as configured
    #[arg(long, value_name = "SHARE", value_parser = share)]
    accuracy: Option<f64>,
    /// Seconds for all of it but the simulated chip: at most 35 % for choosing settings and 25 % for runs to the goal, and the
    /// rest for measuring in turns
    #[arg(long, value_name = "SECONDS", default_value = "240", value_parser = numbers::seconds, allow_negative_numbers = true)]
    budget: Duration,
    /// Seconds each baseline is measured; give 60 or more where a meter is slow. Default: what the budget leaves, from 1 to 10
    #[arg(long, value_parser = numbers::seconds, allow_negative_numbers = true)]
    seconds: Option<Duration>,
    /// Runs from the start, each on rows and from a seed of its own, for the samples to the goal; 6 are the fewest with an interval of 95 %
    #[arg(long, default_value_t = 6, value_parser = numbers::whole::<6, 1000>)]
    runs: u64,
    /// Python with PyTorch, scikit-learn or JAX, whose learners are the baselines
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// Part of the name of the graphics adapter to use. Default: the first, a real one before one in software
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    adapter: String,
    /// Board whose chip is simulated
    #[arg(long, default_value_t = Board::default(), value_parser = Board::open)]
    board: Board,
    /// A board to measure as well: serial:PATH, or serial: for the only one
    #[arg(long, value_name = "URL", value_parser = serial)]
    device: Option<DeviceUrl>,
    /// Log of a meter, being written while the bench runs: see docs/energy-method.md
    #[arg(long, value_name = "FILE", requires = "meter_accuracy")]
    meter_log: Option<PathBuf>,
    /// How far the named meters may be off, as a share of what they read, by their data sheets: 0.01 is 1 %
    #[arg(long, value_name = "SHARE", value_parser = share)]
    meter_accuracy: Option<f64>,
    /// Seconds to add to the log's times to have seconds since 1970 by this machine's calendar
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0.0,
        requires = "meter_log",
        value_parser = finite,
        allow_negative_numbers = true
    )]
    meter_offset: f64,
    /// Where the named meters are: in the board's supply, or at the wall in front of everything
    #[arg(long, value_enum, default_value = "board")]
    meter_at: MeterAt,
    /// Serial port of a meter
    #[arg(long, value_name = "PATH", requires = "meter_accuracy")]
    meter_port: Option<String>,
    /// Its baud rate
    #[arg(long, value_name = "BAUD", default_value_t = 115_200, requires = "meter_port", value_parser = clap::value_parser!(u32).range(1..))]
    meter_baud: u32,
    /// Folder in which each bench gets one of its own, for results and report
    #[arg(long, value_name = "FOLDER", default_value = "runs/bench")]
    out: PathBuf,
}

/// Where a meter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MeterAt {
    Board,
    Wall,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("give a number of seconds".to_owned()),
    }
}

fn serial(text: &str) -> Result<DeviceUrl, String> {
    match text.parse() {
        Ok(url @ DeviceUrl::Serial(_)) => Ok(url),
        Ok(_) => Err("only a board is worth measuring beside the model: serial:PATH".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Bench {
    pub fn run(&self, output: &Output) -> Result<()> {
        let experiment = self.config.experiment()?;
        let (date, mut machine) = (wheatstone_measure::date(), Machine::here());
        machine.gpus = energy::nvml::surroundings();
        if self.accuracy.is_some() && matches!(experiment.dataset.targets(), Targets::Values { .. }) {
            return Err(BenchError::NoClasses { name: experiment.config.name.clone() }.into());
        }
        let division = Division::new(&experiment, usize::try_from(self.runs).unwrap_or(usize::MAX))?;
        interrupt::listen()?;
        let name = &experiment.config.name;
        output.say(&format!("measuring {name}, in about {} s", self.budget.as_secs_f64()));
        let spinner = progress::stages(*output);
        let mut watch = |stage: &str| {
            spinner.set_message(stage.to_owned());
            !interrupt::requested()
        };
        let clock = SystemClock::start();
        let budget = Budget::start(&clock, self.budget);
        let goal = match self.accuracy {
            Some(share) => Goal::Accuracy(share),
            None => bench::own_goal(&division, &mut watch)?,
        };
        let course = Course {
            goal,
            runs: division.len(),
            epoch: division.run(0).split.train.len() as u64,
            epochs: experiment.config.epochs.max(LEAST_EPOCHS),
            budget,
            turns: self.seconds,
        };
        let (comparison, versions) = self.measure(&experiment, &division, course, clock, &mut watch)?;
        spinner.finish_and_clear();
        for warning in comparison.warnings() {
            output.say(&format!("warning: {warning}"));
        }
        let results = Results {
            preset: experiment.config.name.clone(),
            goal,
            validation_rows: division.rows(0, Part::Validation).len(),
            test_rows: experiment.split.test.len(),
            versions,
            date,
            version: env!("WHEATSTONE_VERSION").to_owned(),
            build: env!("WHEATSTONE_BUILD").to_owned(),
            machine,
            effort: comparison.effort,
            baselines: comparison.baselines,
            rows: comparison.rows,
            meters: comparison.meters,
            missing: comparison.missing,
        };
        let folder = new_folder(&self.out, &results.preset)?;
        put(&folder, &results)?;
        output.result(&results, || text(&results, &folder))
    }

    fn measure(
        &self,
        experiment: &Experiment,
        division: &Division,
        course: Course,
        clock: SystemClock,
        watch: bench::OnStage,
    ) -> Result<(Comparison, BTreeMap<String, String>)> {
        let stop = Stop::when(interrupt::requested);
        let (mut sources, mut missing) = (Vec::new(), Vec::new());
        for found in energy::find_sources(&self.search(clock), clock) {
            match found {
                Ok(source) => sources.push(source),
                Err(absent) => missing.push(absent),
            }
        }
        let python = Python::new(&self.python, stop.clone())
            .or_failed_to("cannot write to the system's folder of temporary files")?;
        let wanted = Wanted { python: &python, adapter: &self.adapter, budget: course.budget };
        let mut baselines: Vec<Box<dyn Baseline>> = vec![Box::new(Network::in_model(division)?)];
        if let Some(url) = &self.device {
            let state = experiment.initial_state();
            let device = device::open(
                url,
                &experiment.design,
                &state,
                NonZeroUsize::MIN,
                stop.clone(),
                Around::default(),
            )?;
            baselines.push(Box::new(Network::new(division, device)?));
        }
        let others = bench::baselines(division, course.goal, &wanted, &mut sources, &clock, watch)?;
        missing.splice(0..0, others.missing);
        baselines.extend(others.found);
        let mut load = LoadWatch::start();
        let mut comparison = bench::run(&mut baselines, &mut sources, course, (&clock, &mut load), watch)?;
        comparison.missing.extend(missing);
        if self.device.is_none() {
            self.simulate(experiment, &mut comparison, stop, watch)?;
        }
        comparison.put_published();
        Ok((comparison, others.versions))
    }

    /// Where to look for meters.
    fn search(&self, clock: SystemClock) -> Search {
        let scope = match self.meter_at {
            MeterAt::Board => Scope::Supply("the board".to_owned()),
            MeterAt::Wall => Scope::Wall,
        };
        let accuracy = self.meter_accuracy.unwrap_or_default();
        let tolerance =
            Tolerance { max_gap: Duration::from_secs(2), accuracy, lag: Duration::from_millis(100) };
        let log = self.meter_log.iter().map(|file| LogOptions {
            file: file.clone(),
            scope: scope.clone(),
            offset_s: self.meter_offset - clock.started_at().as_secs_f64(),
            tolerance,
        });
        let serial = self.meter_port.iter().map(|port| {
            let options = SerialOptions { scope: scope.clone(), tolerance, patience: Duration::from_secs(5) };
            (port.clone(), self.meter_baud, options)
        });
        Search { logs: log.collect(), serial: serial.collect(), ..Search::default() }
    }

    /// The chip, where there is no board.
    fn simulate(
        &self,
        experiment: &Experiment,
        comparison: &mut Comparison,
        stop: Stop,
        watch: bench::OnStage,
    ) -> Result<(), BenchError> {
        watch("the chip, simulated");
        comparison.missing.push(Missing {
            name: "device, measured".to_owned(),
            why: "no board was named".to_owned(),
            remedy: "connect a board with this network's bitstream and give --device serial:".to_owned(),
        });
        match bench::check_place(experiment, self.board) {
            Ok(()) => comparison.put_chip(&bench::chip_cost(experiment, self.board, stop)?),
            Err(NoPlace { board, why }) => comparison.missing.push(Missing {
                name: "device, simulated".to_owned(),
                why: format!("the network has no place on {board}: {why}"),
                remedy: "choose a smaller network, or a larger --board".to_owned(),
            }),
        }
        Ok(())
    }
}

/// Writes results, pictures and report.
fn put(folder: &Path, results: &Results) -> Result<()> {
    let json = serde_json::to_string_pretty(results).or_failed()? + "\n";
    write_whole(&folder.join("results.json"), json.as_bytes())?;
    for picture in results.pictures() {
        write_whole(&folder.join(&picture.file_name), picture.svg.as_bytes())?;
    }
    let command = format!("wheatstone bench {}", results.preset);
    Ok(write_whole(&folder.join("report.html"), results.html(&command)?.as_bytes())?)
}

/// The table of what was found here; what others have published is in the report.
fn text(results: &Results, folder: &Path) -> String {
    let mut rows = table::plain(["baseline", "quantity", "value", "interval", "kind"]);
    for Row { baseline, metric, quantity, foreign_load, .. } in &results.rows {
        if quantity.kind == Kind::Published {
            continue;
        }
        let end = |value| Quantity { value, ..quantity.clone() }.to_string();
        let interval = match (end(quantity.low), end(quantity.high)) {
            (low, high) if low == high => String::new(),
            (low, high) => format!("{low} to {high}"),
        };
        let mark = if foreign_load.is_some() { ", disturbed" } else { "" };
        let (metric, kind) = (metric.replace('_', " "), format!("{}{mark}", quantity.kind));
        rows.add_row([baseline.clone(), metric, quantity.to_string(), interval, kind]);
    }
    let missing: Vec<String> = results.missing.iter().map(ToString::to_string).collect();
    let meters: String = results.meters.iter().map(|check| format!("\n{check}")).collect();
    format!(
        "{} on {}\ngoal, the same for all: {} of {}\n\n{rows}\n{meters}\n{}\n\nreport: {}",
        results.preset,
        results.machine_text(),
        results.goal,
        results.judged_rows(),
        missing.join("\n"),
        folder.join("report.html").display()
    )
}
