//! The energy table: what an operation, an inference or a training step takes, here and elsewhere, each row with its kind, its extent,
//! its source and the year.

use super::{ChipCost, Results, metric};
use crate::energy::reference::{self, Extent, Reference};
use crate::quantity::{Kind, Quantity};
use serde::Serialize;
use std::borrow::Cow;
use thiserror::Error;
use wheatstone_measure::{significant, with_prefix};
use wheatstone_sim::categorize;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// Value, unit with what one of it is, kind and interval.
    #[serde(flatten)]
    pub quantity: Quantity,
    /// Where its boundary is drawn.
    pub extent: Extent,
    /// What it counts and what not.
    pub scope: String,
    /// Where it comes from.
    pub source: String,
    /// The year of the source, or of the measurement.
    pub year: Option<u16>,
}

/// Two energies that may not be divided.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{above} ({}, {above_unit}) and {below} ({}, {below_unit}) have no ratio: one counts what the other leaves out; compare lines of one extent and unit",
    above_extent.name(),
    below_extent.name()
)]
pub struct NoRatio {
    /// Name of the one.
    pub above: String,
    /// Its extent.
    pub above_extent: Extent,
    /// Its unit.
    pub above_unit: String,
    /// Name of the other.
    pub below: String,
    /// Its extent.
    pub below_extent: Extent,
    /// Its unit.
    pub below_unit: String,
}

categorize!(NoRatio: Usage);

/// What one of it is, by the metric of a bench's row.
const UNITS: [(&str, &str); 2] =
    [(metric::STEP_ENERGY, "J per training step"), (metric::PARAMETER_ENERGY, "J per synaptic update")];

impl Line {
    /// The metric that a row of a bench has for it.
    pub(super) fn metric(&self) -> &'static str {
        let found = UNITS.iter().find(|(_, unit)| *unit == self.quantity.unit);
        found.map_or(metric::OPERATION_ENERGY, |(metric, _)| metric)
    }

    /// How often the other one's energy this one takes.
    ///
    /// # Errors
    /// [`NoRatio`] of different extents or units: such a ratio means nothing.
    pub fn ratio(&self, below: &Line) -> Result<f64, NoRatio> {
        if (self.extent, &self.quantity.unit) == (below.extent, &below.quantity.unit) {
            return Ok(self.quantity.value / below.quantity.value);
        }
        Err(NoRatio {
            above: self.name.clone(),
            above_extent: self.extent,
            above_unit: self.quantity.unit.to_string(),
            below: below.name.clone(),
            below_extent: below.extent,
            below_unit: below.quantity.unit.to_string(),
        })
    }
}

/// Headings of [`cells`].
pub const HEADINGS: [&str; 8] =
    ["", "energy", "interval", "times the least", "kind", "extent", "year", "source"];

/// Brings lines into the order of a table: by unit, extent and value.
pub fn sort(lines: &mut [Line]) {
    lines.sort_by(|a, b| {
        let key = |line: &Line| (line.quantity.unit.clone(), line.extent);
        key(a).cmp(&key(b)).then(a.quantity.value.total_cmp(&b.quantity.value))
    });
}

/// The cells of lines that are in order. Only lines of one extent and unit are compared, with the least of them.
pub fn cells(lines: &[Line]) -> Vec<[String; 8]> {
    let row = |line: &Line| {
        let Quantity { value, low, high, ref unit, kind } = line.quantity;
        let (unit, what) = unit.split_once(' ').unwrap_or((unit, ""));
        let shown = |value| with_prefix(value, unit);
        let interval = if low == high { String::new() } else { format!("{} to {}", shown(low), shown(high)) };
        let times = lines.iter().find_map(|least| line.ratio(least).ok()).filter(|&times| times > 1.0);
        [
            line.name.clone(),
            format!("{} {what}", shown(value)),
            interval,
            times.map_or(String::new(), |times| {
                if times < 1e5 { significant(times) } else { format!("{times:.2e}") }
            }),
            kind.to_string(),
            line.extent.name().to_owned(),
            line.year.map_or(String::new(), |year| year.to_string()),
            line.source.clone(),
        ]
    };
    lines.iter().map(row).collect()
}

/// What others have published.
pub fn published() -> Vec<Line> {
    let line = |reference: &Reference| {
        let Reference { name, value, low, high, unit, extent, scope, source, year, evidence, kind } =
            *reference;
        let quantity = Quantity { value, unit: unit.into(), kind, low, high };
        let source = format!("{source} ({})", evidence.name());
        Line { name: name.to_owned(), quantity, extent, scope: scope.to_owned(), source, year: Some(year) }
    };
    reference::ALL.iter().filter(|reference| reference.unit.starts_with(['J', 'W'])).map(line).collect()
}

/// What the chip of a board is estimated to take: the array alone, and the chip's core with its static power for as long as a sample takes
/// island and array together.
pub fn chip(cost: &ChipCost) -> Vec<Line> {
    let line = |name: &str, quantity: Quantity, unit: &'static str, extent, scope: &str| Line {
        name: name.to_owned(),
        quantity: Quantity { unit: Cow::Borrowed(unit), ..quantity },
        extent,
        scope: scope.to_owned(),
        source: format!("{}; docs/energy-method.md", cost.description),
        year: None,
    };
    let alone =
        "the array's switching and the core's static power while it works; no island, pins, regulators, host";
    let edge = cost.energy.scaled(1.0 / cost.edges);
    let mut lines = vec![
        line("this array, a conductance and sample", edge, "J per synaptic update", Extent::Device, alone),
        line(
            "this array, a training step",
            cost.energy.clone(),
            "J per training step",
            Extent::Device,
            alone,
        ),
    ];
    if let Some((low, high)) = cost.static_watts {
        // What stands still meanwhile: the time of a sample in which the array does not work.
        let rest = |watts: f64, sample: f64, array: f64| watts * (sample - array).max(0.0);
        let quantity = Quantity {
            value: cost.energy.value + rest((low * high).sqrt(), cost.sample.value, cost.array.value),
            low: cost.energy.low + rest(low, cost.sample.low, cost.array.high),
            high: cost.energy.high + rest(high, cost.sample.high, cost.array.low),
            unit: "J".into(),
            kind: Kind::Estimated,
        };
        let scope = "the same and the core's static power while island and serial interface work; the island's switching is not known, and \
                     pins, regulators and host are not in it";
        lines.push(line("this chip, a training step", quantity, "J per training step", Extent::Chip, scope));
    }
    lines
}

/// What a bench has metered or estimated: a training step and a weight of every baseline, in so far as a row says its extent.
pub fn own(results: &Results) -> Vec<Line> {
    let year = results.date.get(..4).and_then(|year| year.parse().ok());
    let rows = results.rows.iter().filter_map(|row| {
        let (_, unit) = UNITS.iter().find(|(metric, _)| *metric == row.metric)?;
        Some(Line {
            name: format!("{}, {}", row.baseline, results.preset),
            quantity: Quantity { unit: Cow::Borrowed(*unit), ..row.quantity.clone() },
            extent: row.extent?,
            scope: row.source.clone().unwrap_or_default(),
            source: match row.quantity.kind {
                Kind::Measured => format!("measured on {}", results.machine_text()),
                _ => "docs/energy-method.md".to_owned(),
            },
            year,
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ratio_of_two_extents_is_ever_formed() {
        let lines = published();
        let mut formed = 0;
        for above in &lines {
            for below in &lines {
                let alike = above.extent == below.extent && above.quantity.unit == below.quantity.unit;
                match above.ratio(below) {
                    Ok(ratio) => {
                        assert!(alike, "{} by {}", above.name, below.name);
                        assert_eq!(ratio, above.quantity.value / below.quantity.value);
                        formed += 1;
                    }
                    Err(error) => {
                        assert!(!alike && error.to_string().contains(&above.name), "{error}");
                    }
                }
            }
        }
        assert!((lines.len() + 1..lines.len() * lines.len()).contains(&formed), "{formed}");
    }

    #[test]
    fn the_peak_of_a_gpu_is_as_its_maker_says() {
        let lines = published();
        let peak = lines.iter().find(|line| line.name.starts_with("H100")).unwrap();
        assert!((peak.quantity.value / 0.7075e-12 - 1.0).abs() < 1e-3, "{peak:?}");
    }

    #[test]
    fn the_chip_takes_more_than_the_array() {
        let quantity = |value, unit: &'static str, kind| Quantity {
            value,
            unit: unit.into(),
            kind,
            low: 0.5 * value,
            high: 2.0 * value,
        };
        let cost = ChipCost {
            description: "a chip".to_owned(),
            sample: quantity(10e-6, "s", Kind::Simulated),
            array: quantity(2e-6, "s", Kind::Simulated),
            relaxing_step: quantity(0.1e-6, "s", Kind::Simulated),
            energy: quantity(1e-6, "J", Kind::Estimated),
            static_watts: Some((0.1, 0.4)),
            edges: 10.0,
        };
        let lines = chip(&cost);
        assert_eq!(lines.iter().map(|line| line.extent).max(), Some(Extent::Chip));
        // 0.2 W for 8 us.
        assert!((lines[2].quantity.value - 2.6e-6).abs() < 1e-12, "{:?}", lines[2]);
        assert!(
            lines[2].quantity.low < lines[2].quantity.value
                && lines[2].quantity.value < lines[2].quantity.high
        );
        assert!(lines[2].ratio(&lines[1]).is_err(), "a chip is not an array");
        assert_eq!(chip(&ChipCost { static_watts: None, ..cost }).len(), 2);
    }
}
