//! What a build for a board left behind: its result for machines, and its report for people.

mod report;

pub use report::BuildReport;

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wheatstone_flow::BuildSpec;
use wheatstone_flow::build::Built;
use wheatstone_flow::simulation::Simulated;

/// How a build ended, in one object. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub struct BuildSummary {
    board: &'static str,
    name: String,
    format: String,
    multiplier: &'static str,
    seed: u64,
    nodes: usize,
    edges: usize,
    rounds: u32,
    folder: PathBuf,
    timing_checked: bool,
    worst_bundling_slack_ps: Option<i64>,
    worst_hold_slack_ps: Option<i64>,
    min_pulse_ps: Option<i64>,
    step_ns: Option<f64>,
    sample_ns: Option<f64>,
    island_mhz: Option<f64>,
    lut4: Option<u64>,
    lut4_sites: Option<u64>,
    flip_flops: Option<u64>,
    dsp: Option<u64>,
    rams: Option<u64>,
    simulated: Vec<Simulated>,
    stages: Vec<StageSummary>,
    tools: BTreeMap<String, String>,
    warnings: Vec<String>,
    bitstream: Option<PathBuf>,
    bitstream_sha256: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct StageSummary {
    stage: &'static str,
    round: u32,
    cached: bool,
    seconds: f64,
}

impl BuildSummary {
    /// Of a build in a folder. `steps` are the relaxing steps of a training sample, if that is known.
    pub fn new(spec: &BuildSpec, built: &Built, folder: &Path, steps: Option<u32>) -> BuildSummary {
        let network = spec.design.network();
        let timing = built.timing.as_ref();
        let times = timing.and_then(|findings| findings.times);
        let worst = |kind| timing.and_then(|findings| findings.worst_ps(kind));
        let total = built.layout.as_ref().map(|layout| &layout.total);
        let stages = built.stages.iter().map(|run| StageSummary {
            stage: run.stage.name(),
            round: run.round,
            cached: run.cached,
            seconds: run.took.as_secs_f64(),
        });
        BuildSummary {
            board: spec.board.name(),
            name: spec.name.clone(),
            format: spec.design.format().to_string(),
            multiplier: spec.array.multiplier().name(),
            seed: built.seed,
            nodes: network.nodes().len(),
            edges: network.edges().len(),
            rounds: built.rounds,
            folder: folder.to_owned(),
            timing_checked: timing.is_some_and(|findings| findings.checked),
            worst_bundling_slack_ps: worst("bundling"),
            worst_hold_slack_ps: worst("hold"),
            min_pulse_ps: timing.and_then(|findings| findings.min_pulse_ps),
            step_ns: times.map(|times| nanoseconds(times.step_ps)),
            sample_ns: times.zip(steps).map(|(times, steps)| nanoseconds(times.sample_ps(steps.into()))),
            island_mhz: built.island_mhz,
            lut4: total.map(|total| total.lut4),
            lut4_sites: spec.board.lut4_sites(),
            flip_flops: total.map(|total| total.flip_flops),
            dsp: total.map(|total| total.multipliers),
            rams: total.map(|total| total.rams),
            simulated: built.simulated.clone(),
            stages: stages.collect(),
            tools: built.tools.iter().map(|tool| (tool.name.clone(), tool.version.clone())).collect(),
            warnings: built.warnings.clone(),
            bitstream: built.bitstream.as_ref().map(|product| product.path.clone()),
            bitstream_sha256: built.bitstream.as_ref().map(|product| product.sha256.clone()),
        }
    }

    /// The same for people.
    pub fn text(&self) -> String {
        let or = |value: Option<String>| value.unwrap_or_else(|| "not known".to_owned());
        let mut lines = vec![format!(
            "{} in format {} for {}, {} multipliers, placement seed {}, round {}",
            self.name, self.format, self.board, self.multiplier, self.seed, self.rounds
        )];
        for stage in &self.stages {
            let how =
                if stage.cached { "from the cache".to_owned() } else { format!("{:.1} s", stage.seconds) };
            lines.push(format!("  {:<7} {how}", stage.stage));
        }
        if let (Some(lut4), Some(sites)) = (self.lut4, self.lut4_sites) {
            let percent = (100 * lut4).div_ceil(sites);
            let dsp = self.dsp.unwrap_or_default();
            lines.push(format!("{lut4} of {sites} LUT4 sites ({percent} %), {dsp} multipliers"));
        }
        lines.push(if self.timing_checked {
            let slack = |ps: Option<i64>| or(ps.map(|ps| format!("{ps} ps")));
            format!(
                "worst slack: bundling {}, hold {}; narrowest fire {}; a step takes {}",
                slack(self.worst_bundling_slack_ps),
                slack(self.worst_hold_slack_ps),
                slack(self.min_pulse_ps),
                or(self.step_ns.map(|ns| format!("{ns:.1} ns")))
            )
        } else {
            "relative timing was not checked".to_owned()
        });
        lines.extend(self.simulated.iter().map(simulated_line));
        if let (Some(path), Some(digest)) = (&self.bitstream, &self.bitstream_sha256) {
            lines.push(format!("{}: sha256 {digest}", path.display()));
        }
        lines.join("\n")
    }
}

/// What a routed chip learnt in a corner, in words.
fn simulated_line(simulated: &Simulated) -> String {
    let Simulated { corner, samples, steps, violations, difference } = simulated;
    let equal = difference.as_deref().unwrap_or("every byte is the model's");
    let corner = corner.name();
    format!(
        "simulated, corner {corner}: {samples} training samples of {steps} steps, {equal}, {violations} violations"
    )
}

#[expect(clippy::cast_precision_loss, reason = "whole picoseconds of a step, far below 2^53")]
fn nanoseconds(ps: u64) -> f64 {
    ps as f64 / 1000.0
}
