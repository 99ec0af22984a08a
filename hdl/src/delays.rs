//! Delay lines of the cells, and how many LUTs each has.
//!
//! | line | in | where | why | in files |
//! |---|---|---|---|---|
//! | matched delay | every cell | from join to fire | a request waits for its data (bundled data) | `edge_3`, `node_0`, `tile_1`, `root` |
//! | request delay | nodes | from the phase to the edges | data have a lead over the request that announces them | `node_0.lead` |
//! | recovery delay | edges, tiles, the root | from a pulse's end to the join | a long matched delay falls back before the next fire | `edge_3.pause` |
//! | pulse extension | nodes | from join to matched delay | a fire outlasts its own skew | `node_0.stretch` |
//!
//! A matched or request delay can be *trimmed*: LUTs taken out again after placement, so that the other wires stay as they are. In
//! files `edge_3.trim` says how many.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use thiserror::Error;
use wheatstone_sim::categorize;

/// A cell of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellId {
    /// That of a node, by the node's number in the network.
    Node(usize),
    /// That of an edge, by the edge's number in the network.
    Edge(usize),
    /// A tile of a folded array, by its number.
    Tile(usize),
    /// The root of a folded array.
    Root,
}

impl CellId {
    /// The delay line of that kind in this cell.
    pub fn line(self, line: DelayLine) -> DelayId {
        DelayId { cell: self, line }
    }

    /// Its matched delay.
    pub fn matched(self) -> DelayId {
        self.line(DelayLine::Matched)
    }
}

/// `node_3`, `edge_7`, `tile_0` or `root`, as the emitted Verilog calls the cell.
impl Display for CellId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            CellId::Node(number) => write!(f, "node_{number}"),
            CellId::Edge(number) => write!(f, "edge_{number}"),
            CellId::Tile(number) => write!(f, "tile_{number}"),
            CellId::Root => f.write_str("root"),
        }
    }
}

impl FromStr for CellId {
    type Err = DelayError;

    fn from_str(text: &str) -> Result<CellId, DelayError> {
        let number = |digits: &str| digits.parse().ok();
        let cell = match text.split_once('_') {
            Some(("node", digits)) => number(digits).map(CellId::Node),
            Some(("edge", digits)) => number(digits).map(CellId::Edge),
            Some(("tile", digits)) => number(digits).map(CellId::Tile),
            None if text == "root" => Some(CellId::Root),
            _ => None,
        };
        cell.ok_or_else(|| DelayError::Cell { name: text.to_owned() })
    }
}

/// A kind of delay line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DelayLine {
    /// Between the join and the fire; every cell has one.
    Matched,
    /// On a node's phase on its way to its edges: what the node sends has as much more time to an edge's first fire.
    Request,
    /// Between the end of a pulse and the join's next rise, where the cell itself ends its pulses: not in nodes.
    Recovery,
    /// Between a node's join and its matched delay: a fire comes and goes as much later, and lasts as much longer.
    PulseExtension,
}

impl DelayLine {
    /// All of them.
    pub const ALL: [DelayLine; 4] =
        [DelayLine::Matched, DelayLine::Request, DelayLine::Recovery, DelayLine::PulseExtension];

    /// What stands after the cell's name in files.
    fn suffix(self) -> &'static str {
        match self {
            DelayLine::Matched => "",
            DelayLine::Request => ".lead",
            DelayLine::Recovery => ".pause",
            DelayLine::PulseExtension => ".stretch",
        }
    }

    /// Its name in the emitted Verilog, within its cell.
    pub fn instance(self) -> &'static str {
        match self {
            DelayLine::Matched => "matched_delay",
            DelayLine::Request => "lead",
            DelayLine::Recovery => "pause",
            DelayLine::PulseExtension => "stretch",
        }
    }

    /// Whether such a cell can have it.
    fn is_in(self, cell: CellId) -> bool {
        match (self, cell) {
            (DelayLine::Matched, _) => true,
            (DelayLine::Request | DelayLine::PulseExtension, CellId::Node(_)) => true,
            (DelayLine::Recovery, CellId::Edge(_) | CellId::Tile(_) | CellId::Root) => true,
            (
                DelayLine::Request | DelayLine::PulseExtension,
                CellId::Edge(_) | CellId::Tile(_) | CellId::Root,
            )
            | (DelayLine::Recovery, CellId::Node(_)) => false,
        }
    }

    /// Whether LUTs can be taken out of it after placement.
    pub fn can_be_trimmed(self) -> bool {
        match self {
            DelayLine::Matched | DelayLine::Request => true,
            DelayLine::Recovery | DelayLine::PulseExtension => false,
        }
    }
}

/// One delay line of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DelayId {
    /// The cell that the line belongs to.
    pub cell: CellId,
    /// Which of its lines.
    pub line: DelayLine,
}

/// As files spell it: `edge_3`, `node_0.lead`.
impl Display for DelayId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.cell, self.line.suffix())
    }
}

impl FromStr for DelayId {
    type Err = DelayError;

    fn from_str(text: &str) -> Result<DelayId, DelayError> {
        let (cell, suffix) = text.split_at(text.find('.').unwrap_or(text.len()));
        let cell = cell.parse()?;
        let line = DelayLine::ALL.into_iter().find(|line| line.suffix() == suffix && line.is_in(cell));
        let line = line.ok_or_else(|| DelayError::Line { name: text.to_owned(), cell })?;
        Ok(DelayId { cell, line })
    }
}

/// Length of a delay line, in LUTs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// LUTs it is placed with.
    pub placed: u32,
    /// LUTs taken out of it after placement; at most `placed`.
    pub trimmed: u32,
}

impl Length {
    /// LUTs on the routed chip.
    pub fn routed(self) -> u32 {
        self.placed.saturating_sub(self.trimmed)
    }

    /// The same delay with that many of its LUTs taken out after placement.
    #[must_use]
    pub fn with_trimmed(self, trimmed: u32) -> Length {
        Length { trimmed, ..self }
    }
}

impl From<u32> for Length {
    /// So many LUTs, none of them trimmed.
    fn from(placed: u32) -> Length {
        Length { placed, trimmed: 0 }
    }
}

/// The lengths of an array's delay lines. A line that is not in it is not built; a matched delay has at least one LUT.
///
/// ```
/// use wheatstone_hdl::delays::{CellId, DelayLine, Delays};
///
/// let delays: Delays = serde_json::from_str(r#"{ "edge_0": 20, "edge_0.trim": 5, "node_1": 9, "node_1.lead": 15 }"#)?;
/// let edge = delays.get(CellId::Edge(0).matched());
/// assert_eq!((edge.placed, edge.trimmed, edge.routed()), (20, 5, 15));
/// assert_eq!(delays.get(CellId::Node(1).line(DelayLine::Request)).placed, 15);
/// assert_eq!(delays.get(CellId::Edge(1).matched()).placed, 0);
///
/// let message = serde_json::from_str::<Delays>(r#"{ "edge_0.stretch": 4 }"#).unwrap_err().to_string();
/// assert!(message.starts_with("`edge_0.stretch` names no delay of edge_0"), "{message}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, u32>", into = "BTreeMap<String, u32>")]
pub struct Delays(BTreeMap<DelayId, Length>);

impl Delays {
    /// Nothing but the least matched delays.
    pub fn new() -> Delays {
        Delays::default()
    }

    /// The length of a line; 0 if it is not there.
    pub fn get(&self, id: DelayId) -> Length {
        self.0.get(&id).copied().unwrap_or_default()
    }

    /// Whether there is such a line.
    pub fn contains(&self, id: DelayId) -> bool {
        self.0.contains_key(&id)
    }

    /// Sets the length of a line.
    pub fn set(&mut self, id: DelayId, length: impl Into<Length>) {
        self.0.insert(id, length.into());
    }

    /// The lines that cells are built with: those there are, and a matched delay of one LUT at least in every cell.
    #[must_use]
    pub fn of_cells(&self, cells: impl IntoIterator<Item = CellId>) -> Delays {
        let lines = cells.into_iter().flat_map(|cell| DelayLine::ALL.map(|line| cell.line(line)));
        let least = |id: DelayId| u32::from(id.line == DelayLine::Matched);
        let length = |id| {
            let Length { placed, trimmed } = self.get(id);
            (id, Length { placed: placed.max(least(id)), trimmed })
        };
        lines.map(length).filter(|(_, length)| length.placed > 0).collect()
    }

    /// Every line with its length: nodes before edges, by number, a cell's matched delay first.
    pub fn iter(&self) -> impl Iterator<Item = (DelayId, Length)> {
        self.0.iter().map(|(&id, &length)| (id, length))
    }

    /// The same lines with other lengths.
    #[must_use]
    pub fn map(&self, mut length: impl FnMut(DelayId, Length) -> Length) -> Delays {
        self.iter().map(|(id, old)| (id, length(id, old))).collect()
    }
}

impl<L: Into<Length>> FromIterator<(DelayId, L)> for Delays {
    fn from_iter<I: IntoIterator<Item = (DelayId, L)>>(lines: I) -> Delays {
        Delays(lines.into_iter().map(|(id, length)| (id, length.into())).collect())
    }
}

impl<L: Into<Length>> Extend<(DelayId, L)> for Delays {
    fn extend<I: IntoIterator<Item = (DelayId, L)>>(&mut self, lines: I) {
        self.0.extend(lines.into_iter().map(|(id, length)| (id, length.into())));
    }
}

/// What follows the name of a line where the LUTs taken out of it are meant.
const TRIM: &str = ".trim";

impl TryFrom<BTreeMap<String, u32>> for Delays {
    type Error = DelayError;

    /// Reads lengths by their names in files.
    fn try_from(named: BTreeMap<String, u32>) -> Result<Delays, DelayError> {
        let mut delays = Delays::new();
        // `edge_0` stands before `edge_0.trim`.
        for (name, luts) in named {
            let Some(line) = name.strip_suffix(TRIM) else {
                delays.set(name.parse()?, luts);
                continue;
            };
            let id: DelayId = line.parse()?;
            let length = delays.get(id);
            if !id.line.can_be_trimmed() || luts > length.placed {
                return Err(DelayError::Trim { name, luts, placed: length.placed });
            }
            delays.set(id, length.with_trimmed(luts));
        }
        Ok(delays)
    }
}

impl From<Delays> for BTreeMap<String, u32> {
    fn from(delays: Delays) -> BTreeMap<String, u32> {
        let entries = delays.iter().flat_map(|(id, Length { placed, trimmed })| {
            let trim = (trimmed > 0).then(|| (format!("{id}{TRIM}"), trimmed));
            [Some((id.to_string(), placed)), trim].into_iter().flatten()
        });
        entries.collect()
    }
}

/// A name or length that is no delay line's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DelayError {
    /// No cell is called so.
    #[error("`{name}` is no cell of an array; cells are called node_0, edge_12, tile_0, root")]
    Cell {
        /// The name.
        name: String,
    },
    /// The cell has no such line.
    #[error(
        "`{name}` names no delay of {cell}; nodes have .lead and .stretch, the others .pause, beside the matched delay"
    )]
    Line {
        /// The name.
        name: String,
        /// The cell.
        cell: CellId,
    },
    /// More LUTs are taken out than there are, or of a line that is not trimmed.
    #[error(
        "`{name}` takes {luts} LUTs out of a delay of {placed}; take fewer, and only from matched and request delays"
    )]
    Trim {
        /// The name.
        name: String,
        /// LUTs to be taken out.
        luts: u32,
        /// LUTs there are.
        placed: u32,
    },
}

categorize! {
    DelayError {
        BadInput: Cell, Line, Trim;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, u32)]) -> Result<Delays, DelayError> {
        let named: BTreeMap<String, u32> =
            entries.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect();
        named.try_into()
    }

    #[test]
    fn files_keep_their_names() {
        let entries = [
            ("edge_0", 20),
            ("edge_0.pause", 3),
            ("edge_0.trim", 5),
            ("edge_10", 7),
            ("node_2", 9),
            ("node_2.lead", 15),
            ("node_2.lead.trim", 4),
            ("node_2.stretch", 4),
        ];
        let delays = read(&entries).unwrap();
        let written: BTreeMap<String, u32> = delays.clone().into();
        assert_eq!(written, entries.map(|(name, luts)| (name.to_owned(), luts)).into());
        assert_eq!(delays.get(CellId::Edge(0).matched()), Length { placed: 20, trimmed: 5 });
        let request = delays.get(CellId::Node(2).line(DelayLine::Request));
        assert_eq!((request.routed(), delays.get(CellId::Edge(10).matched()).routed()), (11, 7));
    }

    #[test]
    fn what_is_no_delay_is_refused() {
        for name in ["cell_0", "node", "node_x", "node_", "edge_-1", ""] {
            assert_eq!(read(&[(name, 1)]), Err(DelayError::Cell { name: name.to_owned() }));
        }
        for (name, cell) in [
            ("edge_1.lead", CellId::Edge(1)),
            ("edge_1.stretch", CellId::Edge(1)),
            ("node_1.pause", CellId::Node(1)),
            ("node_1.tail", CellId::Node(1)),
        ] {
            assert_eq!(read(&[(name, 1)]), Err(DelayError::Line { name: name.to_owned(), cell }));
        }
        for (line, trim, luts) in [
            ("edge_0", "edge_0.trim", 6),
            ("edge_0.pause", "edge_0.pause.trim", 1),
            ("node_0", "edge_0.trim", 1),
        ] {
            let error = read(&[(line, 5), (trim, luts)]).unwrap_err();
            assert!(matches!(&error, DelayError::Trim { name, .. } if name == trim), "{error}");
        }
    }
}
