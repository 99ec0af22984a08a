//! The report of a build: one HTML file that holds everything and fetches nothing.

use super::{BuildSummary, simulated_line};
use crate::plot::{self, grouped};
use crate::report::{Picture, ReportError};
use askama::Template;
use wheatstone_flow::BuildSpec;
use wheatstone_flow::build::Built;
use wheatstone_flow::layout::Taken;

/// All that is told of a build.
#[derive(Clone, Copy, Debug)]
pub struct BuildReport<'a> {
    /// What was to be built.
    pub spec: &'a BuildSpec,
    /// What was built.
    pub built: &'a Built,
    /// The same in short.
    pub summary: &'a BuildSummary,
    /// The command that repeats it.
    pub command: &'a str,
}

#[derive(Template)]
#[template(path = "build.html")]
struct Page<'a> {
    name: &'a str,
    board: &'a str,
    lead: String,
    notice: &'static str,
    headline: Vec<(String, String)>,
    pictures: Vec<Picture>,
    resources: Vec<[String; 6]>,
    slacks: Vec<[String; 5]>,
    violations: &'a [String],
    simulated: Vec<String>,
    chains: Vec<[String; 4]>,
    stages: Vec<[String; 3]>,
    facts: Vec<(String, String)>,
    command: &'a str,
}

impl BuildReport<'_> {
    /// The report as one self-contained HTML document.
    ///
    /// # Errors
    /// [`ReportError::Template`] if the template fails.
    pub fn html(&self) -> Result<String, ReportError> {
        let BuildReport { spec, built, summary, command } = *self;
        let notice = match built.timing.as_ref().and_then(|findings| findings.holds()) {
            Some(true) => {
                "Relative timing was checked on the routed chip: every slack is positive under the policy."
            }
            Some(false) => "Relative timing does NOT hold on the routed chip: see the violations.",
            None => "Relative timing was not checked: nothing is claimed about whether this chip works.",
        };
        let page = Page {
            name: &spec.name,
            board: spec.board.name(),
            lead: format!(
                "{} nodes and {} edges in format {}, {} multipliers, placement seed {}",
                summary.nodes, summary.edges, summary.format, summary.multiplier, summary.seed
            ),
            notice,
            headline: self.headline(),
            pictures: self.pictures(),
            resources: self.resources(),
            slacks: self.slacks(),
            violations: built.timing.as_ref().map_or(&[][..], |findings| findings.violations.as_slice()),
            simulated: summary.simulated.iter().map(simulated_line).collect(),
            chains: self.chains(),
            stages: self.stages(),
            facts: self.facts(),
            command,
        };
        Ok(page.render()?)
    }

    fn headline(&self) -> Vec<(String, String)> {
        let summary = self.summary;
        let mut figures = Vec::new();
        let mut put = |value: Option<String>, meaning: &str| {
            figures.extend(value.map(|value| (value, meaning.to_owned())));
        };
        if let (Some(lut4), Some(sites)) = (summary.lut4, summary.lut4_sites) {
            let share = format!("{} %", (100 * lut4).div_ceil(sites));
            put(Some(share), &format!("{} of {} LUT4 sites", grouped(lut4), grouped(sites)));
        }
        put(summary.dsp.filter(|&dsp| dsp > 0).map(grouped), "multipliers");
        let ps = |value: Option<i64>| value.map(|ps| format!("{ps} ps"));
        put(ps(summary.worst_bundling_slack_ps), "worst slack of a request against its data");
        put(ps(summary.worst_hold_slack_ps), "worst slack of a hold");
        let ns = |value: Option<f64>| value.map(|ns| format!("{ns:.1} ns"));
        put(
            ns(summary.step_ns),
            "a relaxation step, predicted for the slow corner from the delays after routing",
        );
        put(ns(summary.sample_ns), "a training sample in the array alone, predicted likewise");
        put(summary.island_mhz.map(|mhz| format!("{mhz:.1} MHz")), "the island's clock could have");
        figures
    }

    /// The pictures; what there are no figures for is left out.
    fn pictures(&self) -> Vec<Picture> {
        let picture = |file: &str, title: &str, caption: &str, svg| {
            let [file_name, title, caption] = [file, title, caption].map(str::to_owned);
            Picture { file_name, title, caption, svg }.inline()
        };
        let placement = self.built.layout.as_ref().map(|layout| {
            picture(
                "placement.svg",
                "Placement",
                "The device's grid, each tile in the colour of the cell that most of it belongs to; the pointer tells which. What \
                 belongs together lies together, and wires are short, if placement went well.",
                plot::placement(layout),
            )
        });
        let slack = self.built.timing.as_ref().and_then(plot::slack_histogram).map(|svg| {
            picture(
                "slack.svg",
                "Slack",
                "How much later something comes than what must come before it, by kind, after what the policy asks for has been \
                 taken off; left of zero the chip may err.",
                svg,
            )
        });
        placement.into_iter().chain(slack).collect()
    }

    fn resources(&self) -> Vec<[String; 6]> {
        let Some(layout) = &self.built.layout else { return Vec::new() };
        let row = |name: &str, count: String, taken: &Taken| {
            let [a, b, c, d] = [taken.lut4, taken.flip_flops, taken.multipliers, taken.rams].map(grouped);
            [name.to_owned(), count, a, b, c, d]
        };
        let mut rows: Vec<_> =
            layout.kinds.iter().map(|(name, kind)| row(name, grouped(kind.count), &kind.taken)).collect();
        rows.push(row("in total", String::new(), &layout.total));
        rows
    }

    fn slacks(&self) -> Vec<[String; 5]> {
        let kinds = self.built.timing.iter().flat_map(|findings| &findings.kinds);
        kinds
            .map(|(name, kind)| {
                [
                    name.replace('_', " "),
                    grouped(kind.examined as u64),
                    grouped(kind.violated as u64),
                    kind.worst_ps.map(|ps| format!("{ps} ps")).unwrap_or_default(),
                    kind.worst_cell.clone().unwrap_or_default(),
                ]
            })
            .collect()
    }

    /// Lengths of the matched delays by kind of cell: the kind, how many there are, the shortest and the longest.
    fn chains(&self) -> Vec<[String; 4]> {
        let array = &self.built.chip.array;
        let mut kinds = std::collections::BTreeMap::<String, Vec<u32>>::new();
        for (cell, kind) in array.cell_modules() {
            kinds.entry(kind).or_default().push(array.delays().get(cell.matched()).routed());
        }
        let row = |(kind, luts): (String, Vec<u32>)| {
            let [least, most] = [luts.iter().min(), luts.iter().max()].map(|l| l.copied().unwrap_or(0));
            [kind, grouped(luts.len() as u64), least.to_string(), most.to_string()]
        };
        kinds.into_iter().map(row).collect()
    }

    fn stages(&self) -> Vec<[String; 3]> {
        let row = |run: &wheatstone_flow::build::StageRun| {
            let took = if run.cached {
                "from the cache".to_owned()
            } else {
                format!("{:.1} s", run.took.as_secs_f64())
            };
            [run.stage.name().to_owned(), run.round.to_string(), took]
        };
        self.built.stages.iter().map(row).collect()
    }

    fn facts(&self) -> Vec<(String, String)> {
        let hex = |bytes: [u8; 32]| wheatstone_sim::hex::encode(&bytes);
        let design = &self.spec.design;
        let mut facts: Vec<(String, String)> =
            self.built.tools.iter().map(|tool| (tool.name.clone(), tool.version.clone())).collect();
        facts.extend([
            ("wheatstone".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("Digest of the design".to_owned(), hex(design.digest())),
            ("Digest of the Verilog".to_owned(), self.built.verilog_sha256.clone()),
        ]);
        facts.extend(
            self.summary.bitstream_sha256.iter().map(|d| ("Digest of the bitstream".to_owned(), d.clone())),
        );
        facts
    }
}
