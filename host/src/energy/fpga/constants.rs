//! Constants of the estimate, each with its bounds and where they come from. `docs/energy-method.md` has the same
//! table.
//!
//! The only public quantities of an iCE40's dynamic power are those of `tinyvision-ai-inc/ice40_power` (GitHub, README,
//! table "Results"): core currents of a UP5K at 1.219 V and 12 MHz, read with a Joulescope JS110. Of the ECP5's there
//! are none.

use crate::energy::units::{Bounded, Watt};
use crate::quantity::Kind;
use serde::Serialize;
use wheatstone_hdl::Board;
use wheatstone_hdl::device::{Device, DynamicEnergy, Family, StaticPower, devices};

/// A constant between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// What it is.
    pub name: &'static str,
    /// Lower bound of the value.
    pub low: f64,
    /// Upper bound of the value.
    pub high: f64,
    /// Unit of value and bounds.
    pub unit: &'static str,
    /// Whether somebody published it or it is assumed here.
    pub kind: Kind,
    /// Where it comes from, or why it is assumed.
    pub source: &'static str,
}

/// One change of a short net of an iCE40.
///
/// Seven more counters of 28 bits cost 641.3 - 613.5 uA, 2.82 pJ a cycle. A counter changes two bits a cycle and as
/// many of its next value: 0.10 pJ a net; 0.20 pJ if only the flip-flops' outputs are taken for nets. The flip-flops'
/// clock pins are in it.
pub const NET: Constant = Constant {
    name: "change of a net next door, iCE40",
    low: 0.1e-12,
    high: 0.2e-12,
    unit: "J",
    kind: Kind::Published,
    source: "ice40_power, rows `External 12 MHz + 28*n bit counter`",
};

/// How much more a routed net costs than one next door.
pub const ROUTING: Constant = Constant {
    name: "routed net / net next door",
    low: 1.0,
    high: 5.0,
    unit: "1",
    kind: Kind::Estimated,
    source: "assumed: counters are placed side by side, cells reach across the chip",
};

/// Changes inside a function for each changed bit at one of its inputs: nets between its LUTs, and glitches on them.
pub const INTERNAL: Constant = Constant {
    name: "hidden changes for a changed input bit",
    low: 0.0,
    high: 4.0,
    unit: "1",
    kind: Kind::Estimated,
    source: "assumed: leaves are simulated whole, a few LUTs deep, and glitches inside are not seen",
};

/// A product made of LUTs, for each pair of factor bits: 8 x 8 bits cost 996 - 645 uA, 35.7 pJ a cycle.
pub const PRODUCT_OF_LUTS: Constant = Constant {
    name: "product of LUTs, a pair of bits, iCE40",
    low: 0.56e-12,
    high: 0.56e-12,
    unit: "J",
    kind: Kind::Published,
    source: "ice40_power, row `Math (no DSP)` less `HFOSC (12 MHz) + 24 bit counter`",
};

/// A product of a DSP block, for each pair of factor bits: 8 x 8 bits cost 882 - 645 uA, 24.1 pJ a cycle.
pub const PRODUCT_OF_DSP: Constant = Constant {
    name: "product of a DSP block, a pair of bits, iCE40",
    low: 0.38e-12,
    high: 0.38e-12,
    unit: "J",
    kind: Kind::Published,
    source: "ice40_power, row `Math (1 DSP)` less `HFOSC (12 MHz) + 24 bit counter`",
};

/// How much more a product of random factors costs than one of two counters, at 8 bits a side; glitches grow with the
/// width.
pub const PRODUCT_ACTIVITY: Constant = Constant {
    name: "product of data / product of counters",
    low: 1.0,
    high: 2.0,
    unit: "1",
    kind: Kind::Estimated,
    source: "assumed: of a counter's eight bits two change, of random ones four; times (a + b) / 16 for a x b bits",
};

/// What the dynamic quantities of the iCE40 are multiplied by for a board's family; `None` for the family they were measured of, and
/// without an FPGA. For an ECP5: 0.84 for 1.1 V instead of 1.2 V, and a factor of 3 to 5 either way.
pub fn dynamic_energy(board: Board) -> Option<Constant> {
    of_family(&board.device()?.family)
}

fn of_family(family: &'static Family) -> Option<Constant> {
    let DynamicEnergy { name, low, high, source } = family.dynamic_energy.as_ref()?;
    Some(Constant { name, low: *low, high: *high, unit: "1", kind: Kind::Estimated, source })
}

/// Static power of a board's FPGA core; `None` without an FPGA, or for one of which no quantity is known. Its bounds are assumed about a published value.
pub fn static_power(board: Board) -> Option<Constant> {
    of_device(board.device()?)
}

fn of_device(device: &'static Device) -> Option<Constant> {
    let StaticPower { name, low_w, high_w, source } = device.static_power.as_ref()?;
    Some(Constant { name, low: *low_w, high: *high_w, unit: "W", kind: Kind::Estimated, source })
}

/// All constants that the table in the documentation has: those of the method, then what the files of devices say.
pub fn all() -> Vec<Constant> {
    let mut all = vec![NET, ROUTING, INTERNAL, PRODUCT_OF_LUTS, PRODUCT_OF_DSP, PRODUCT_ACTIVITY];
    let of_files = devices().iter().flat_map(|device| [of_family(&device.family), of_device(device)]);
    for constant in of_files.flatten() {
        // Devices of a family, and some of one die, share their quantities.
        if !all.contains(&constant) {
            all.push(constant);
        }
    }
    all
}

impl Constant {
    /// As a power with its bounds; the value is their geometric mean.
    pub(super) fn watts(&self) -> Bounded<Watt> {
        Bounded { value: (self.low * self.high).sqrt(), low: self.low, high: self.high }.map(Watt)
    }
}
