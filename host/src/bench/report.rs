//! The report of a bench: pictures, and one HTML file that fetches nothing.

use super::results::{Results, quantity};
use crate::figure::{Figure, Kind, with_prefix};
use crate::plot;
use crate::report::{Picture, ReportError};
use askama::Template;

/// Pictures: file, quantities shown in it, title, caption.
const PICTURES: [(&str, &[&str], &str, &str); 4] = [
    (
        "sample-time.svg",
        &[quantity::SAMPLE_TIME],
        "time per training sample",
        "Relaxing, learning and all that is between two samples. Where many replicas or a batch are worked on at once, it is the time of \
         all by the number of their samples: how much is learned in a second, not how soon an answer comes.",
    ),
    (
        "time-to-goal.svg",
        &[quantity::TIME_TO_GOAL],
        "time until the goal is met",
        "From the start to equal error: samples until the goal times the time of each. Judging between epochs is not counted, for nobody.",
    ),
    (
        "sample-energy.svg",
        &[quantity::SAMPLE_ENERGY],
        "energy per training sample",
        "All that each source meters, the idle machine included. Sources have different scopes; a bar is compared only with bars of \
         the same one.",
    ),
    (
        "parameter-energy.svg",
        &[quantity::PARAMETER_ENERGY, quantity::OPERATION_ENERGY],
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
    effort: String,
    headline: Vec<(String, String)>,
    pictures: Vec<Picture>,
    rows: Vec<[String; 7]>,
}

impl Results {
    /// The pictures; what there is no figure for is left out.
    pub fn pictures(&self) -> Vec<Picture> {
        let rows = |quantities: &'static [&str]| quantities.iter().flat_map(|quantity| self.of(quantity));
        // Published figures alone would be no result.
        let ours = |quantities| rows(quantities).any(|row| row.figure.kind != Kind::Published);
        let drawn = PICTURES.iter().filter(|(_, quantities, ..)| ours(quantities));
        drawn
            .map(|&(file, quantities, title, caption)| {
                let figures: Vec<(String, &Figure)> =
                    rows(quantities).map(|row| (self.line_name(row), &row.figure)).collect();
                let borrowed: Vec<(&str, &Figure)> = figures.iter().map(|(n, f)| (n.as_str(), *f)).collect();
                Picture {
                    file_name: file.to_owned(),
                    title: title.to_owned(),
                    caption: caption.to_owned(),
                    svg: plot::comparison(title, &borrowed),
                }
            })
            .collect()
    }

    /// A contender's name, with its source where one contender has several.
    fn line_name(&self, row: &super::Row) -> String {
        let several = self.of(&row.quantity).filter(|other| other.contender == row.contender).count() > 1;
        match &row.source {
            Some(source) if several => format!("{}, {source}", row.contender),
            _ => row.contender.clone(),
        }
    }

    /// The report as one self-contained HTML document; `command` is what repeats the bench.
    ///
    /// # Errors
    /// [`ReportError::Template`] if the template fails.
    pub fn html(&self, command: &str) -> Result<String, ReportError> {
        let page = Page {
            results: self,
            command,
            machine: self.machine_text(),
            effort: self.effort_text(),
            headline: self.headline(),
            pictures: self.pictures().into_iter().map(Picture::inline).collect(),
            rows: self.rows.iter().map(cells).collect(),
        };
        Ok(page.render()?)
    }

    /// The machine in a phrase.
    pub fn machine_text(&self) -> String {
        let machine = &self.machine;
        let s = if machine.threads == 1 { "" } else { "s" };
        format!("{}, {} hardware thread{s}, {}", machine.processor, machine.threads, machine.system)
    }

    fn effort_text(&self) -> String {
        let effort = self.effort;
        format!(
            "each contender at least {} s in {} blocks, taking turns; {} runs from the start for the samples to the goal",
            effort.seconds, effort.blocks, effort.runs
        )
    }

    /// The contenders' times and energies in large letters.
    fn headline(&self) -> Vec<(String, String)> {
        let named = |quantity, what: &str| {
            let rows: Vec<_> = self.of(quantity).collect();
            let text = |row: &&super::Row| {
                let meaning = format!("{what}, {} ({})", row.contender, row.figure.kind.name());
                (row.figure.to_string(), meaning)
            };
            rows.iter().map(text).collect::<Vec<_>>()
        };
        [named(quantity::SAMPLE_TIME, "a training sample"), named(quantity::TIME_TO_GOAL, "to the goal")]
            .concat()
    }
}

fn cells(row: &super::Row) -> [String; 7] {
    let Figure { value, low, high, unit, kind } = &row.figure;
    let text = |value: f64| if unit == "1" { plain(value) } else { with_prefix(value, unit) };
    [
        row.contender.clone(),
        row.quantity.replace('_', " "),
        text(*value),
        text(*low),
        text(*high),
        kind.name().to_owned(),
        row.source.clone().unwrap_or_default(),
    ]
}

/// A share or a count.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() > 1.0 { format!("{value:.0}") } else { format!("{value:.4}") }
}
