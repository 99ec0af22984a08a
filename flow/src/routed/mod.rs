//! A routed chip: nextpnr's netlist joined with its delays.
//!
//! What `--write` says is connected, and what `--sdf` says how long it takes, become one graph: pins of cells are its
//! points, wires and paths through cells its arcs, each with its least, typical and greatest delay. A pin that is connected
//! in one file and unknown in the other is an error: no wire is taken for instant because nobody mentioned it.
//!
//! The graph knows nothing of handshakes. [`check`](crate::check) reads it for what must come before what,
//! [`annotated`](crate::annotated) makes a simulation of it.

mod join;

use crate::sdf::{Delay, Edge, SdfError, Triple};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
pub use wheatstone_hdl::netlist::Direction;
use wheatstone_sim::{Categorized, ErrorCategory};

/// Number of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub usize);

/// Number of a pin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinId(pub usize);

/// Number of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetId(pub usize);

/// Number of an arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcId(pub usize);

/// A cell of the device.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its path in the flattened design.
    pub name: String,
    /// Its type, `TRELLIS_COMB` or `ICESTORM_LC` for example.
    pub kind: String,
    /// Its parameters, without spaces around them.
    pub parameters: BTreeMap<String, String>,
    /// Where it was placed, as nextpnr names the place; empty if it does not say.
    pub place: String,
    /// Its pins by name.
    pub pins: BTreeMap<String, PinId>,
    /// What its flip-flops ask for.
    pub constraints: Vec<Constraint>,
}

impl Cell {
    /// A parameter; empty if it is not set.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// What a pin is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Nothing.
    None,
    /// A net.
    Net(NetId),
    /// A constant.
    Constant(bool),
}

/// A pin of a cell.
#[derive(Clone, Debug)]
pub struct Pin {
    /// The cell it belongs to.
    pub cell: CellId,
    /// Its name in that cell: `F`, `CLK`.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
    /// What it is connected to.
    pub connection: Connection,
}

/// A net.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// Its name; several, if the netlist has several for it, the shortest first.
    pub names: Vec<String>,
    /// The output that drives it; none drives what comes from a port.
    pub driver: Option<PinId>,
    /// The inputs it ends in.
    pub sinks: Vec<PinId>,
}

/// A wire from pin to pin, or a path through a cell.
#[derive(Clone, Debug)]
pub struct Arc {
    /// An output for a wire, an input for a path through a cell.
    pub from: PinId,
    /// An input for a wire, an output for a path through a cell.
    pub to: PinId,
    /// How long it takes.
    pub delay: Delay,
    /// Whether it is a wire, or of which kind of path.
    pub kind: ArcKind,
}

/// What an arc is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArcKind {
    /// A wire from an output to an input.
    Wire,
    /// Through a cell, from an input to an output that follows it.
    Through,
    /// From a clock to an output that changes with it.
    Clocked,
}

/// What a flip-flop or memory asks of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// The input that must not change.
    pub data: PinId,
    /// The clock pin of the same cell.
    pub clock: PinId,
    /// The clock's edge, as the pin sees it.
    pub edge: Option<Edge>,
    /// The data stand this long before.
    pub setup: Triple,
    /// And this long after.
    pub hold: Triple,
}

/// A port of the chip.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
    /// Its nets, lowest bit first.
    pub nets: Vec<NetId>,
}

/// A routed chip.
#[derive(Clone, Debug, Default)]
pub struct Routed {
    /// Its cells, in order of their names.
    pub cells: Vec<Cell>,
    /// Pins of all cells, by [`PinId`].
    pub pins: Vec<Pin>,
    /// Nets, by [`NetId`].
    pub nets: Vec<Net>,
    /// Wires and paths through cells, by [`ArcId`].
    pub arcs: Vec<Arc>,
    /// Ports, which are the pins of the device that it uses.
    pub ports: Vec<Port>,
    /// By pin: arcs that begin there.
    leaving: Vec<Vec<ArcId>>,
    /// By pin: arcs that end there.
    arriving: Vec<Vec<ArcId>>,
    by_name: HashMap<String, CellId>,
}

impl Routed {
    /// Reads what nextpnr wrote with `--write` and `--sdf`.
    ///
    /// # Errors
    /// [`RoutedError`] if a file cannot be read or the two do not belong together.
    pub fn read(netlist: &Path, delays: &Path) -> Result<Routed, RoutedError> {
        let read = |path: &Path| {
            fs::read_to_string(path).map_err(|source| RoutedError::Read { path: path.to_owned(), source })
        };
        let (netlist_text, sdf_text) = (read(netlist)?, read(delays)?);
        Routed::parse(&netlist_text, &sdf_text).map_err(|error| match error {
            RoutedError::Delays { source, .. } => RoutedError::Delays { path: delays.to_owned(), source },
            RoutedError::Netlist { source, .. } => RoutedError::Netlist { path: netlist.to_owned(), source },
            other => other,
        })
    }

    /// The same from texts.
    ///
    /// # Errors
    /// [`RoutedError`] if a text does not read or the two do not belong together.
    pub fn parse(netlist: &str, delays: &str) -> Result<Routed, RoutedError> {
        join::join(netlist, delays)
    }

    /// The cell of a number.
    pub fn cell(&self, id: CellId) -> &Cell {
        &self.cells[id.0]
    }

    /// The pin of a number.
    pub fn pin(&self, id: PinId) -> &Pin {
        &self.pins[id.0]
    }

    /// The net of a number.
    pub fn net(&self, id: NetId) -> &Net {
        &self.nets[id.0]
    }

    /// The arc of a number.
    pub fn arc(&self, id: ArcId) -> &Arc {
        &self.arcs[id.0]
    }

    /// The cell of that name.
    pub fn find(&self, name: &str) -> Option<CellId> {
        self.by_name.get(name).copied()
    }

    /// The cells with their numbers.
    pub fn cell_ids(&self) -> impl Iterator<Item = (CellId, &Cell)> {
        self.cells.iter().enumerate().map(|(index, cell)| (CellId(index), cell))
    }

    /// Arcs that begin at a pin.
    pub fn leaving(&self, pin: PinId) -> &[ArcId] {
        &self.leaving[pin.0]
    }

    /// Arcs that end at a pin.
    pub fn arriving(&self, pin: PinId) -> &[ArcId] {
        &self.arriving[pin.0]
    }

    /// The net a pin is connected to.
    pub fn net_of(&self, pin: PinId) -> Option<NetId> {
        match self.pins[pin.0].connection {
            Connection::Net(net) => Some(net),
            Connection::None | Connection::Constant(_) => None,
        }
    }

    /// The output that drives an input.
    pub fn driver_of(&self, pin: PinId) -> Option<PinId> {
        self.nets[self.net_of(pin)?.0].driver
    }

    /// A pin as `cell/pin`.
    pub fn pin_name(&self, id: PinId) -> String {
        let pin = self.pin(id);
        format!("{}/{}", self.cell(pin.cell).name, pin.name)
    }
}

/// Files of which no routed chip can be made.
#[derive(Debug, Error)]
pub enum RoutedError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}; it is what nextpnr writes with --write or --sdf", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The netlist does not read as one.
    #[error("{}: is not the netlist that nextpnr writes with --write: {source}", path.display())]
    Netlist {
        /// The file; empty for a text.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The netlist has no module, or several.
    #[error("the netlist has {count} modules with cells; nextpnr writes one")]
    Modules {
        /// How many it has.
        count: usize,
    },
    /// The delays do not read.
    #[error("{}:{source}", path.display())]
    Delays {
        /// The file; empty for a text.
        path: PathBuf,
        /// Where and what.
        source: SdfError,
    },
    /// The delays speak of something the netlist does not have.
    #[error(
        "the delays speak of {what} `{name}`, which the netlist does not have; take both files from one run"
    )]
    Stranger {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The netlist has a wire the delays say nothing about.
    #[error("there is no delay of the wire from `{from}` to `{to}`; take both files from one run")]
    NoWireDelay {
        /// The output that drives it.
        from: String,
        /// The input it ends in.
        to: String,
    },
    /// A net has two drivers.
    #[error("`{first}` and `{second}` drive one net")]
    TwoDrivers {
        /// One output.
        first: String,
        /// The other.
        second: String,
    },
}

impl Categorized for RoutedError {
    fn category(&self) -> ErrorCategory {
        match self {
            RoutedError::Read { source, .. } => ErrorCategory::Failed.unless_denied(source),
            RoutedError::Netlist { .. }
            | RoutedError::Modules { .. }
            | RoutedError::Delays { .. }
            | RoutedError::Stranger { .. }
            | RoutedError::NoWireDelay { .. }
            | RoutedError::TwoDrivers { .. } => ErrorCategory::Failed,
        }
    }
}
