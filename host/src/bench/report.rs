//! The report of a bench: pictures, and one HTML file that fetches nothing.

use super::energy_table;
use super::results::{Results, metric};
use crate::plot;
use crate::quantity::{Kind, Quantity};
use crate::report::{Picture, ReportError};
use askama::Template;
use wheatstone_measure::with_prefix;

/// Pictures: file, quantities shown in it, title, caption.
const PICTURES: [(&str, &[&str], &str, &str); 4] = [
    (
        "sample-time.svg",
        &[metric::SAMPLE_TIME],
        "time per training sample",
        "Relaxing, learning and all that is between two samples. Where many replicas or a batch are worked on at once, it is the time of \
         all by the number of their samples: how much is learned in a second, not how soon an answer comes.",
    ),
    (
        "time-to-goal.svg",
        &[metric::TIME_TO_GOAL],
        "time until the goal is met",
        "From the start to equal error: samples until the goal times the time of each. Judging between epochs is not counted, for nobody.",
    ),
    (
        "sample-energy.svg",
        &[metric::SAMPLE_ENERGY],
        "energy per training sample",
        "All that each source meters, the idle machine included. Sources have different scopes; a bar is compared only with bars of \
         the same one.",
    ),
    (
        "parameter-energy.svg",
        &[metric::PARAMETER_ENERGY, metric::OPERATION_ENERGY],
        "energy per conductance or weight and sample",
        "Beside what others have published about their learners, about brains, and the least energy physics asks for one bit.",
    ),
];

#[derive(Template)]
#[template(path = "bench.html")]
struct Page<'a> {
    results: &'a Results,
    command: &'a str,
    machine: String,
    surroundings: Vec<(&'static str, String)>,
    effort: String,
    headline: Vec<(String, String)>,
    pictures: Vec<Picture>,
    rows: Vec<[String; 7]>,
    energies: Vec<[String; 8]>,
}

impl Results {
    /// The pictures; what there is no quantity for is left out.
    pub fn pictures(&self) -> Vec<Picture> {
        let rows = |quantities: &'static [&str]| quantities.iter().flat_map(|metric| self.of(metric));
        // Published quantities alone would be no result.
        let ours = |quantities| rows(quantities).any(|row| row.quantity.kind != Kind::Published);
        let drawn = PICTURES.iter().filter(|(_, quantities, ..)| ours(quantities));
        drawn
            .map(|&(file, quantities, title, caption)| {
                let quantities: Vec<(String, &Quantity)> =
                    rows(quantities).map(|row| (self.line_name(row), &row.quantity)).collect();
                let borrowed: Vec<(&str, &Quantity)> =
                    quantities.iter().map(|(n, f)| (n.as_str(), *f)).collect();
                Picture {
                    file_name: file.to_owned(),
                    title: title.to_owned(),
                    caption: caption.to_owned(),
                    svg: plot::comparison(title, &borrowed),
                }
            })
            .collect()
    }

    /// A baseline's name, with its source where one baseline has several.
    fn line_name(&self, row: &super::Row) -> String {
        let several = self.of(&row.metric).filter(|other| other.baseline == row.baseline).count() > 1;
        match &row.source {
            Some(source) if several => format!("{}, {source}", row.baseline),
            _ => row.baseline.clone(),
        }
    }

    /// The report as one self-contained HTML document; `command` is what repeats the bench.
    ///
    /// # Errors
    /// [`ReportError::Template`] if the template fails.
    pub fn html(&self, command: &str) -> Result<String, ReportError> {
        let mut energies = [energy_table::published(), energy_table::own(self)].concat();
        energy_table::sort(&mut energies);
        let page = Page {
            results: self,
            command,
            machine: self.machine_text(),
            surroundings: self.surroundings(),
            effort: self.effort_text(),
            headline: self.headline(),
            pictures: self.pictures().into_iter().map(Picture::inline).collect(),
            rows: self.rows.iter().map(cells).collect(),
            energies: energy_table::cells(&energies),
        };
        Ok(page.render()?)
    }

    /// The machine in a phrase.
    pub fn machine_text(&self) -> String {
        self.machine.to_string()
    }

    /// What else is known of the machine, in words for what and in figures.
    fn surroundings(&self) -> Vec<(&'static str, String)> {
        let machine = &self.machine;
        let turbo = machine.turbo.map(|on| if on { "on" } else { "off" }.to_owned());
        let variables = machine.variables.iter().map(|(name, value)| format!("{name}={value}"));
        let known = [
            ("Kernel", machine.kernel.clone()),
            ("Processors", machine.pinning.clone()),
            ("Governor", machine.governor.clone()),
            ("Turbo", turbo),
            ("Hottest sensor", machine.celsius.map(|celsius| format!("{celsius} \u{b0}C"))),
            ("Load at the beginning", machine.load.clone()),
            ("GPUs", Some(machine.gpus.join("; "))),
            ("Variables", Some(variables.collect::<Vec<_>>().join(" "))),
            ("Build", Some(self.build.clone())),
        ];
        let told = known.into_iter().filter_map(|(name, text)| Some((name, text?)));
        told.filter(|(_, text)| !text.is_empty()).collect()
    }

    fn effort_text(&self) -> String {
        let effort = self.effort;
        format!(
            "each baseline at least {} s in {} blocks, taking turns; {} runs from the start for the samples to the goal",
            effort.seconds, effort.blocks, effort.runs
        )
    }

    /// Times in large letters: those of the network, and of the best of the others.
    fn headline(&self) -> Vec<(String, String)> {
        let is_ours = |row: &&super::Row| ["model", "device"].contains(&row.baseline.as_str());
        let named = |metric, what: &str| {
            let mut rows: Vec<_> = self.of(metric).filter(is_ours).collect();
            let others = self.of(metric).filter(|row| !is_ours(row));
            rows.extend(others.min_by(|a, b| a.quantity.value.total_cmp(&b.quantity.value)));
            let text = |row: &&super::Row| {
                let meaning = format!("{what}, {} ({})", row.baseline, row.quantity.kind.name());
                (row.quantity.to_string(), meaning)
            };
            rows.iter().map(text).collect::<Vec<_>>()
        };
        [named(metric::SAMPLE_TIME, "a training sample"), named(metric::TIME_TO_GOAL, "to the goal")].concat()
    }
}

fn cells(row: &super::Row) -> [String; 7] {
    let Quantity { value, low, high, unit, kind } = &row.quantity;
    let text = |value: f64| if unit == "1" { plain(value) } else { with_prefix(value, unit) };
    [
        row.baseline.clone(),
        row.metric.replace('_', " "),
        text(*value),
        text(*low),
        text(*high),
        match row.foreign_load {
            None => kind.name().to_owned(),
            Some(load) => format!("{kind}, while others took {load:.1} processors"),
        },
        row.source.clone().unwrap_or_default(),
    ]
}

/// A share or a count.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() > 1.0 { format!("{value:.0}") } else { format!("{value:.4}") }
}
