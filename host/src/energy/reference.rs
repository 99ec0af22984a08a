//! Published quantities to compare with. `docs/energy-method.md` has the same table.
//!
//! None of them was measured here: what one line counts, another leaves out. They are lines in a chart, not baselines.

use crate::quantity::Kind;
use serde::{Deserialize, Serialize};

/// A published quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// What it is of.
    pub name: &'static str,
    /// The published value, in its unit.
    pub value: f64,
    /// Lower bound; the quantity itself where none is given.
    pub low: f64,
    /// Upper bound; the quantity itself where none is given.
    pub high: f64,
    /// Unit, with what one of it is.
    pub unit: &'static str,
    /// Where its boundary is drawn.
    pub extent: Extent,
    /// What it counts and what not.
    pub scope: &'static str,
    /// Paper, and place in it.
    pub source: &'static str,
    /// Of the source.
    pub year: u16,
    /// How it came to stand here.
    pub evidence: Evidence,
    /// How the quantity came about: always published.
    pub kind: Kind,
}

/// How a published quantity came to stand here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It follows from constants of nature.
    Computed,
    /// Read in the source itself.
    Read,
    /// Read where others quote the source.
    Quoted,
}

/// Where the boundary of an energy is drawn. Energies of different extents are never divided by each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// One synapse, resistor or arithmetic unit, without what feeds it.
    Device,
    /// A whole chip.
    Chip,
    /// A chip with its memories and regulators.
    Board,
    /// A machine or an organ, with all that keeps it alive.
    System,
}

impl Extent {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Extent::Device => "device",
            Extent::Chip => "chip",
            Extent::Board => "board",
            Extent::System => "system",
        }
    }
}

impl Evidence {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Evidence::Computed => "computed",
            Evidence::Read => "read",
            Evidence::Quoted => "quoted by others",
        }
    }
}

/// Boltzmann's constant in J/K, exact since 2019.
pub const BOLTZMANN: f64 = 1.380_649e-23;

/// A quantity without bounds of its own.
const fn exactly(
    name: &'static str,
    value: f64,
    unit: &'static str,
    (extent, scope): (Extent, &'static str),
    (source, year): (&'static str, u16),
    evidence: Evidence,
) -> Reference {
    let kind = Kind::Published;
    Reference { name, value, low: value, high: value, unit, extent, scope, source, year, evidence, kind }
}

/// All of them, from small to large within a unit.
pub const ALL: [Reference; 15] = [
    exactly(
        "Landauer limit at 300 K",
        BOLTZMANN * 300.0 * std::f64::consts::LN_2,
        "J per erased bit",
        (Extent::Device, "the least any machine must dissipate"),
        ("Landauer, IBM J. Res. Dev. 5, 183 (1961): k T ln 2", 1961),
        Evidence::Computed,
    ),
    Reference {
        low: 8e-15,
        high: 1e-13,
        ..exactly(
            "brain, a synaptic event",
            1.4e-14,
            "J per synaptic event",
            (
                Extent::Device,
                "one released vesicle and its effects; the upper bound is 20 W over 1e14 synapses at 2 events/s, everything included",
            ),
            (
                "Attwell and Laughlin, J. Cereb. Blood Flow Metab. 21, 1133 (2001): 1.64e5 ATP a vesicle, here at 5.0e-20 to 8.3e-20 J",
                2001,
            ),
            Evidence::Quoted,
        )
    },
    exactly(
        "arithmetic, 8-bit integer multiply-add",
        0.23e-12,
        "J per multiply-add",
        (Extent::Device, "the arithmetic alone in 45 nm at 0.9 V, no memory and no control"),
        ("Horowitz, ISSCC 2014, doi 10.1109/ISSCC.2014.6757323, fig. 1.1.9: 0.2 + 0.03 pJ", 2014),
        Evidence::Quoted,
    ),
    exactly(
        "arithmetic, 32-bit integer multiply-add",
        3.2e-12,
        "J per multiply-add",
        (Extent::Device, "the arithmetic alone in 45 nm at 0.9 V, no memory and no control"),
        ("Horowitz, ISSCC 2014, doi 10.1109/ISSCC.2014.6757323, fig. 1.1.9: 3.1 + 0.1 pJ", 2014),
        Evidence::Quoted,
    ),
    exactly(
        "arithmetic, 32-bit float multiply-add",
        4.6e-12,
        "J per multiply-add",
        (Extent::Device, "the arithmetic alone in 45 nm at 0.9 V, no memory and no control"),
        ("Horowitz, ISSCC 2014, doi 10.1109/ISSCC.2014.6757323, fig. 1.1.9: 3.7 + 0.9 pJ", 2014),
        Evidence::Quoted,
    ),
    Reference {
        low: 1e-12,
        high: 1e-11,
        ..exactly(
            "analog learning network, inference",
            3e-12,
            "J per transistor edge and inference",
            (
                Extent::Device,
                "dissipation in the edges' transistors, without amplifiers and supply; the paper says `picojoules`, the figure is the middle of that decade",
            ),
            ("Dillavou et al., PNAS 121, e2319718121 (2024), abstract; arXiv 2311.00537", 2024),
            Evidence::Read,
        )
    },
    exactly(
        "Loihi, synaptic operation",
        23.6e-12,
        "J per synaptic operation",
        (Extent::Device, "one synapse of one spike in 14 nm at 0.75 V, the least case"),
        ("Davies et al., IEEE Micro 38, 82 (2018), table 2", 2018),
        Evidence::Quoted,
    ),
    exactly(
        "Loihi, learning at a synapse",
        120e-12,
        "J per synaptic update",
        (Extent::Device, "one pairwise update of one weight in 14 nm at 0.75 V"),
        ("Davies et al., IEEE Micro 38, 82 (2018), table 2", 2018),
        Evidence::Quoted,
    ),
    exactly(
        "BrainScaleS-2, a classified image",
        2.4e-6,
        "J per inference",
        (
            Extent::Chip,
            "the whole analog chip with its links at 97.6 % of MNIST in 16 x 16; not the FPGA beside it, not the training",
        ),
        ("Cramer et al., PNAS 119, e2109194119 (2022)", 2022),
        Evidence::Read,
    ),
    Reference {
        low: 1e-6,
        high: 1e-5,
        ..exactly(
            "analog learning network, time of an inference",
            3e-6,
            "s per inference",
            (
                Extent::Device,
                "settling of the free state; the paper says `microseconds`, the figure is the middle of that decade",
            ),
            ("Dillavou et al., PNAS 121, e2319718121 (2024), abstract; arXiv 2311.00537", 2024),
            Evidence::Read,
        )
    },
    exactly(
        "BrainScaleS-2, time of an inference",
        8e-6,
        "s per inference",
        (Extent::Chip, "latency of one classified image"),
        ("Cramer et al., PNAS 119, e2109194119 (2022)", 2022),
        Evidence::Quoted,
    ),
    exactly(
        "H100 at its peak, a floating-point operation",
        700.0 / 989.4e12,
        "J per floating-point operation",
        (
            Extent::Board,
            "the module with its memory, every unit busy with dense matrices in bfloat16; no host",
        ),
        (
            "NVIDIA H100 SXM5, peak 989.4e12 per second at a limit of 700 W (glennklockwood.com/garden/processors/h100)",
            2022,
        ),
        Evidence::Quoted,
    ),
    exactly(
        "Spiker-LL, an inference",
        1e-4,
        "J per inference",
        (
            Extent::Chip,
            "an FPGA that learns digits with spikes; the paper says less than 0.1 mJ, so this is an upper bound",
        ),
        ("Caviglia et al., arXiv 2605.18003, abstract", 2026),
        Evidence::Read,
    ),
    exactly(
        "cortex, computing",
        0.1,
        "W per human cortex",
        (
            Extent::System,
            "ATP that neurons spend on integrating their inputs; communication is the next line",
        ),
        ("Levy and Calvert, PNAS 118, e2008173118 (2021), abstract", 2021),
        Evidence::Read,
    ),
    exactly(
        "cortex, communicating",
        3.5,
        "W per human cortex",
        (Extent::System, "ATP for action potentials and what they carry over long distances"),
        ("Levy and Calvert, PNAS 118, e2008173118 (2021), abstract", 2021),
        Evidence::Read,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::fpga::constants;

    const TEXT: &str = include_str!("../../../docs/energy-method.md");

    #[test]
    fn the_limit_is_kt_ln_2() {
        assert!((ALL[0].value - 2.87e-21).abs() < 0.005e-21, "{}", ALL[0].value);
    }

    #[test]
    fn every_figure_has_bounds_a_unit_and_a_source() {
        for reference in ALL {
            let Reference { name, value, low, high, unit, source, kind, year, .. } = reference;
            assert!((1900..2100).contains(&year), "{name}");
            assert!(0.0 < low && low <= value && value <= high, "{name}");
            assert!(unit.contains(" per ") && source.len() > 20, "{name}");
            assert_eq!(kind, Kind::Published);
        }
    }

    #[test]
    fn the_documentation_has_the_same_tables() {
        let range = |low: f64, high: f64| {
            if low == high { format!("{low:.2e}") } else { format!("{low:.2e} to {high:.2e}") }
        };
        for Reference { name, low, high, unit, extent, year, source, evidence, .. } in ALL {
            let range = range(low, high);
            let (extent, evidence) = (extent.name(), evidence.name());
            let row = format!("| {name} | {range} | {unit} | {extent} | {year} | {source} | {evidence} |");
            assert!(TEXT.contains(&row), "docs/energy-method.md lacks\n{row}");
        }
        for constants::Constant { name, low, high, unit, kind, source } in constants::all() {
            let row = format!("| {name} | {} | {unit} | {kind} | {source} |", range(low, high));
            assert!(TEXT.contains(&row), "docs/energy-method.md lacks\n{row}");
        }
    }
}
