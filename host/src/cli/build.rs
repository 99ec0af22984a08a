//! `wheatstone build`

use super::arguments::PortArguments;
use super::failure::{Failure, Interrupted, OrFailed, Result};
use super::hdl::TargetArguments;
use super::output::Output;
use super::{interrupt, progress};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;
use wheatstone::building::{BuildReport, BuildSummary};
use wheatstone_flow::build::{Means, Settings, build, default_folder};
use wheatstone_flow::manifest::{self, Manifest};
use wheatstone_flow::simulation::TrainingRun;
use wheatstone_flow::{BuildSpec, FlowError, Stage};
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions};
use wheatstone_hdl::{ArrayForm, ArrayOptions, Multiplier, Technology};
use wheatstone_learn::config::{Draft, FormatChoice, RunConfig};
use wheatstone_learn::experiment::{Experiment, ExperimentError};
use wheatstone_learn::network_file::read_network;
use wheatstone_learn::run::{CONFIG, write_whole};
use wheatstone_sim::network::formats::Graph;
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// Relaxing steps of a sample where no preset says how many.
const STEPS: u16 = 8;

/// Build a bitstream whose timing is proved after routing
///
/// Stages: Verilog, synthesis, place and route, check of relative timing, packing.
///
/// Needs yosys, nextpnr and the packer of the device; `cargo xtask setup` installs them. Results of the tools are kept by what
/// they were made of, so that the same build again takes seconds, and one that is broken off goes on where it was.
#[derive(Args, Debug)]
pub struct Build {
    /// Preset, or file with a network, in any format that `train --network` takes, under plain rules
    #[arg(long, value_name = "NETWORK|PRESET")]
    network: String,
    #[command(flatten)]
    ports: PortArguments,
    #[command(flatten)]
    target: TargetArguments,
    /// The form of the array
    #[arg(long, value_enum, default_value_t)]
    array: Choice,
    /// Fixed-point format: wide, compact, or widths V/GV/K/GK. Default: the preset's, or wide
    #[arg(long)]
    format: Option<FormatChoice>,
    /// Replaces one key of the preset, for example network.shape={layered={hidden=[4]}}; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Seed of placement
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=MOST_SEED))]
    seed: u64,
    /// First stage to make anew even if its result is in the cache: emit, synth, route, timing, simulate or pack
    #[arg(long, value_name = "STAGE")]
    from: Option<Stage>,
    /// Last stage
    #[arg(long, value_name = "STAGE", default_value_t = Stage::Pack)]
    until: Stage,
    /// Manifest of an earlier build of the same design, whose lengths of matched delays this one begins with
    #[arg(long, value_name = "MANIFEST")]
    delays: Option<PathBuf>,
    /// With an island that loads and counts samples while the array works: a sample then takes the array's time and little more
    #[arg(long)]
    streaming: bool,
    /// Trains the routed chip on that many samples in Icarus, with all its delays in every corner, beside the model
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u16).range(1..))]
    simulate: Option<u16>,
    /// Folder to write; default: build/BOARD/NETWORK-seedSEED
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Folder of the cache
    #[arg(long, value_name = "FOLDER", default_value = "build/cache")]
    cache: PathBuf,
}

/// The forms of an array, or whichever fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Folded where a board's multipliers are too few for a cell an edge, and the network folds; else spatial
    #[default]
    Auto,
    /// One cell for every node and edge
    Spatial,
    /// Tiles of eight lanes that walk memories
    Folded,
}

/// nextpnr takes 31 bits, and a build that places elsewhere counts up from here.
const MOST_SEED: u64 = 2_000_000_000;

impl Build {
    pub fn run(&self, output: &Output) -> Result<()> {
        let (spec, config) = self.spec(*output)?;
        let steps = config.as_ref().map(|config| config.steps);
        let folder = self.out.clone().map_or_else(|| default_folder(&spec), Ok)?;
        let means = Means::find(spec.board)?;
        for warning in means.tools.warnings() {
            output.say(&format!("warning: {warning}"));
        }
        interrupt::listen()?;
        let settings = Settings {
            folder: folder.clone(),
            cache: self.cache.clone(),
            from: self.from,
            until: self.until,
            delays: self.delays.as_deref().map(Manifest::read).transpose()?.map(|manifest| manifest.delays),
            training: self.simulate.map(|samples| TrainingRun { samples, steps: simulated_steps(steps) }),
        };
        let bar = progress::stages(*output);
        let mut told = |stage: Stage, round: u32| bar.set_message(format!("{stage}, round {round}"));
        let done = build(&spec, &means, &settings, &mut told, &interrupt::requested);
        bar.finish_and_clear();
        let built = done.map_err(|error| match error {
            FlowError::Stopped { .. } => Interrupted(error.to_string()).into(),
            error => Failure::from(error),
        })?;
        let summary = BuildSummary::new(&spec, &built, &folder, steps);
        let arguments = self.arguments(&spec, built.seed);
        let command = format!("wheatstone build {}", arguments.join(" "));
        let report = BuildReport { spec: &spec, built: &built, summary: &summary, command: &command };
        write_whole(&folder.join("report.html"), report.html()?.as_bytes())?;
        let manifest = Manifest::new(&spec, &built, arguments).to_toml().or_failed()?;
        write_whole(&folder.join(manifest::FILE), manifest.as_bytes())?;
        if let Some(config) = config {
            write_whole(&folder.join(CONFIG), config.to_toml().as_bytes())?;
        }
        output.result(&summary, || summary.text())
    }

    /// What is to be built, and the configuration that trains it if it is a preset's.
    fn spec(&self, output: Output) -> Result<(BuildSpec, Option<RunConfig>)> {
        let (name, design, config) = self.design(output)?;
        let board = self.target.board;
        let edges = design.network().edges().len() as u64;
        let parallel = board.multiplier_sites().is_none_or(|sites| edges <= sites);
        let default = if parallel { Multiplier::Parallel } else { Multiplier::Serial };
        let multiplier = self.target.multiplier().unwrap_or(default);
        let spatial = ArrayOptions { technology: board.technology(), multiplier };
        let folded = FoldedOptions::for_board(board);
        let array = match self.array {
            Choice::Spatial => spatial.into(),
            Choice::Folded => {
                self.target.refuse_multiplier()?;
                folded.into()
            }
            Choice::Auto => {
                let chosen = self.target.multiplier().is_some() || board.technology() != Technology::Ecp5;
                let folds = || FoldedArray::new(Arc::clone(&design), folded).is_ok();
                if parallel || chosen || !folds() { spatial.into() } else { folded.into() }
            }
        };
        let island = IslandOptions { streaming: self.streaming, ..board.island_options() };
        let spec = BuildSpec { name, design, board, array, island, seed: self.seed };
        Ok((spec, config))
    }

    fn design(&self, output: Output) -> Result<(String, Arc<Design>, Option<RunConfig>)> {
        let path = PathBuf::from(&self.network);
        if path.extension().is_none() && !path.is_file() {
            let mut draft = Draft::preset(&self.network)?;
            if let Some(format) = self.format {
                draft.put("format", format)?;
            }
            for text in &self.overrides {
                draft.set(text)?;
            }
            let experiment = Experiment::prepare(draft.finish()?)?;
            return Ok((experiment.config.name.clone(), experiment.design, Some(experiment.config)));
        }
        let Graph { network, notes } = read_network(&path, &self.ports.ports())?;
        notes.iter().for_each(|note| output.say(&format!("note: {note}")));
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let format = self.format.map_or(Format::WIDE, |format| format.0);
        let name = network.name().to_owned();
        let design = Design::new(network, format, rules).map_err(ExperimentError::from)?;
        Ok((name, Arc::new(design), None))
    }

    /// What repeats the build, defaults spelled out and with the seed that was taken.
    fn arguments(&self, spec: &BuildSpec, seed: u64) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut put = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        put("network", self.network.clone());
        for (name, nodes) in self.ports.given() {
            put(name, nodes.to_owned());
        }
        put("board", spec.board.name().to_owned());
        put("format", spec.design.format().to_string());
        match spec.array {
            ArrayForm::Spatial(options) => put("multiplier", options.multiplier.name().to_owned()),
            ArrayForm::Folded(_) => put("array", "folded".to_owned()),
        }
        for text in &self.overrides {
            put("set", text.clone());
        }
        put("seed", seed.to_string());
        if spec.island.streaming {
            arguments.push("--streaming".to_owned());
        }
        arguments
    }
}

/// The steps of a sample in simulation.
fn simulated_steps(preset: Option<u32>) -> u16 {
    preset.map_or(STEPS, |steps| u16::try_from(steps).unwrap_or(u16::MAX))
}
