//! Where everything of a network lies in a folded array: rows on lanes, columns in the order of tokens.
//!
//! In a bipartite network the nodes of one colour are *rows*, those of the other *columns*. A row lives in a lane, with
//! all its edges; a column is a token that goes past all lanes. A lane may have several rows, one a *slot*. Eight lanes are
//! a *tile*.

use super::schedule;
use crate::check::{NotBuildable, require_plain};
use crate::delays::CellId;
use std::collections::BTreeMap;
use thiserror::Error;
use wheatstone_sim::network::{EdgeId, EdgeKind, Network, NodeId};
use wheatstone_sim::{Design, categorize};

/// Lanes of a tile.
pub const LANES: usize = 8;

/// Largest number of rows of a lane.
pub const MAX_SLOTS: usize = 16;

/// Largest number of tokens that go past a tile, one word of every lane's memory each.
pub const MAX_TOKENS: usize = 2048;

/// Widest signed operand of a multiplier of the device.
const MULTIPLIER_BITS: u32 = 18;

/// A design that cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotFoldable {
    /// It has a shape no array takes.
    #[error(transparent)]
    NotBuildable(#[from] NotBuildable),
    /// A lane sums products, and only a linear edge is one.
    #[error(
        "edge {edge} of node {node} is a {kind} edge, and lanes multiply linear ones; build the spatial array, or make the edge linear"
    )]
    Kind {
        /// The edge's number.
        edge: usize,
        /// One of its ends.
        node: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A width does not fit the device's multiplier.
    #[error(
        "{field} = {bits} is too wide for a lane's multiplier of {MULTIPLIER_BITS} signed bits; use {field} <= {most}"
    )]
    Multiplier {
        /// The format's field.
        field: &'static str,
        /// Its value.
        bits: u32,
        /// The largest that fits.
        most: u32,
    },
    /// A sum would need more bits than the simulation has.
    #[error(
        "a row's sum of currents times its gain needs {bits} bits, and 62 are supported; use a narrower format or fewer edges a node"
    )]
    Sum {
        /// Bits needed.
        bits: u32,
    },
    /// A change of conductance would need more bits than the simulation has.
    #[error(
        "a learning shift of {alpha} needs {bits} bits for a change of conductance, and 62 are supported; lower the group's alpha"
    )]
    Alpha {
        /// The largest learning shift, offset included.
        alpha: i32,
        /// Bits needed.
        bits: u32,
    },
    /// Its scan chain has words so short that memories are not read in time.
    #[error(
        "voltages of {v_bits} bits leave the scan chain faster than memories are read; use a wider format"
    )]
    Scan {
        /// Bits of a voltage.
        v_bits: u32,
    },
    /// More rows than the lanes hold.
    #[error("{rows} rows need more than {MAX_SLOTS} on each of {lanes} lanes; allow more tiles")]
    Rows {
        /// Number of rows.
        rows: usize,
        /// Number of lanes.
        lanes: usize,
    },
    /// More edges in a lane than its memories hold.
    #[error(
        "tile {tile} takes {tokens} tokens, and a lane's memories hold {MAX_TOKENS}; allow more tiles, or use fewer edges a node"
    )]
    Tokens {
        /// The tile.
        tile: usize,
        /// Its tokens.
        tokens: usize,
    },
}

categorize! {
    NotFoldable {
        inner: NotBuildable;
        BadInput: Kind, Multiplier, Sum, Alpha, Scan, Rows, Tokens;
    }
}

/// What a token goes past the lanes for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Number of its column, among the free or among the imposed ones.
    pub column: usize,
    /// Which row of each lane it meets.
    pub slot: usize,
    /// The learning shift of its edges, without the configuration's offset.
    pub alpha: i8,
    /// By lane: the edge between its row and the column.
    pub edges: [Option<EdgeId>; LANES],
    /// Whether it is the first of its column in this tile.
    pub first: bool,
    /// Whether it is the last of its column in this tile.
    pub last: bool,
}

impl Token {
    /// The lanes that have an edge for it, one bit a lane.
    pub fn mask(&self) -> i64 {
        self.edges.iter().enumerate().map(|(lane, edge)| i64::from(edge.is_some()) << lane).sum()
    }
}

/// Rows and tokens of a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TilePlan {
    /// Its rows; number `i` is on lane `i % 8` in slot `i / 8`.
    pub rows: Vec<NodeId>,
    /// Its tokens in order, free columns first. Their numbers are the addresses in the lanes' memories.
    pub tokens: Vec<Token>,
    /// How many of them are of free columns.
    pub free: usize,
}

impl TilePlan {
    /// Rows of the fullest lane.
    pub fn slots(&self) -> usize {
        self.rows.len().div_ceil(LANES)
    }
}

/// Where everything of a network lies in a folded array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// The colour of the rows.
    pub row_colour: u8,
    /// The tiles.
    pub tiles: Vec<TilePlan>,
    /// Columns whose voltage is imposed, in port order.
    pub imposed: Vec<NodeId>,
    /// Columns that relax, by id.
    pub free: Vec<NodeId>,
}

/// Where the registers of a node are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Row of that number in that tile.
    Row(usize, usize),
    /// Free column of that number.
    Free(usize),
    /// Imposed column of that number.
    Imposed(usize),
}

impl Folding {
    /// Folds a design onto at most `tiles` tiles, with rows of the colour that makes a sample shorter.
    ///
    /// # Errors
    /// [`NotFoldable`] says what cannot be folded and what to do.
    pub fn new(design: &Design, tiles: usize) -> Result<Folding, NotFoldable> {
        check(design)?;
        let sides = [0, 1].map(|colour| Folding::with_rows(design.network(), colour, tiles));
        // Of two that cannot be, the one with fewer rows is nearer to what can.
        let cost = |side: &Result<Folding, NotFoldable>| match side {
            Ok(folding) => (false, schedule::sample_fires(folding, TYPICAL_STEPS)),
            Err(NotFoldable::Rows { rows, .. }) => (true, *rows),
            Err(_) => (true, usize::MAX),
        };
        let [zero, one] = sides;
        if cost(&one) < cost(&zero) { one } else { zero }
    }

    fn with_rows(network: &Network, row_colour: u8, most_tiles: usize) -> Result<Folding, NotFoldable> {
        let colour = |&node: &NodeId| network.colouring().colour(node);
        let rows: Vec<NodeId> = network.node_ids().filter(|node| colour(node) == row_colour).collect();
        let relaxes = |node: &NodeId| network.nodes()[node.index()].kind.relaxes();
        let is_column = |node: &NodeId| colour(node) != row_colour;
        let imposed: Vec<NodeId> = network.inputs().iter().copied().filter(is_column).collect();
        let free: Vec<NodeId> = network.node_ids().filter(|node| is_column(node) && relaxes(node)).collect();
        let tiles = rows.len().div_ceil(LANES).clamp(1, most_tiles.max(1));
        let each = rows.len().div_ceil(tiles).max(1);
        if each > LANES * MAX_SLOTS {
            return Err(NotFoldable::Rows { rows: rows.len(), lanes: tiles * LANES });
        }
        let plans = rows.chunks(each).map(|rows| tile(network, rows, &free, &imposed));
        let folding = Folding { row_colour, tiles: plans.collect(), imposed, free };
        let fullest = folding.tiles.iter().map(|tile| tile.tokens.len()).enumerate().max_by_key(|&(_, n)| n);
        match fullest {
            Some((tile, tokens)) if tokens > MAX_TOKENS => Err(NotFoldable::Tokens { tile, tokens }),
            _ => Ok(folding),
        }
    }

    /// The cells of its array: the tiles, then the root, if there are free columns.
    pub fn cells(&self) -> impl Iterator<Item = CellId> + use<> {
        let root = (!self.free.is_empty()).then_some(CellId::Root);
        (0..self.tiles.len()).map(CellId::Tile).chain(root)
    }

    /// Where every node lies, by id.
    pub fn places(&self) -> BTreeMap<NodeId, Place> {
        let rows = self.tiles.iter().enumerate().flat_map(|(tile, plan)| {
            plan.rows.iter().enumerate().map(move |(row, &node)| (node, Place::Row(tile, row)))
        });
        let free = self.free.iter().enumerate().map(|(column, &node)| (node, Place::Free(column)));
        let imposed = self.imposed.iter().enumerate().map(|(column, &node)| (node, Place::Imposed(column)));
        rows.chain(free).chain(imposed).collect()
    }
}

/// Relaxing steps of the sample by which the two ways to fold a network are compared.
const TYPICAL_STEPS: usize = 8;

/// The tokens of a tile with these rows.
fn tile(network: &Network, rows: &[NodeId], free: &[NodeId], imposed: &[NodeId]) -> TilePlan {
    let row_of: BTreeMap<NodeId, usize> = rows.iter().enumerate().map(|(row, &node)| (node, row)).collect();
    let tokens_of = |(column, &node): (usize, &NodeId)| {
        // One token for every slot and learning shift among the column's edges.
        let mut tokens: BTreeMap<(usize, i8), [Option<EdgeId>; LANES]> = BTreeMap::new();
        for incidence in network.incidences(node) {
            if let Some(&row) = row_of.get(&incidence.neighbour) {
                let edge = network.edges()[incidence.edge.index()];
                let alpha = network.groups()[edge.group.index()].alpha;
                tokens.entry((row / LANES, alpha)).or_default()[row % LANES] = Some(incidence.edge);
            }
        }
        let count = tokens.len();
        let token = move |(i, ((slot, alpha), edges))| Token {
            column,
            slot,
            alpha,
            edges,
            first: i == 0,
            last: i + 1 == count,
        };
        tokens.into_iter().enumerate().map(token).collect::<Vec<_>>()
    };
    let mut tokens: Vec<Token> = free.iter().enumerate().flat_map(tokens_of).collect();
    let free = tokens.len();
    tokens.extend(imposed.iter().enumerate().flat_map(tokens_of));
    TilePlan { rows: rows.to_vec(), tokens, free }
}

/// Whether lanes can hold the design's edges and widths.
fn check(design: &Design) -> Result<(), NotFoldable> {
    let (network, format) = (design.network(), design.format());
    network.require_bipartite().map_err(NotBuildable::from)?;
    require_plain(design)?;
    for id in network.edge_ids() {
        let edge = network.edges()[id.index()];
        match edge.kind {
            EdgeKind::Linear => {}
            EdgeKind::Transistor => {
                let node = network.node_name(edge.ends[0]).into_owned();
                return Err(NotFoldable::Kind { edge: id.index(), node, kind: edge.kind.name() });
            }
        }
    }
    // A difference of drops has two bits more than a voltage, a conductance a sign.
    for (field, bits, most) in
        [("v_bits", format.v_bits(), MULTIPLIER_BITS - 2), ("k_bits", format.k_bits(), MULTIPLIER_BITS - 1)]
    {
        if bits > most {
            return Err(NotFoldable::Multiplier { field, bits, most });
        }
    }
    let bits = schedule::sum_bits(design) + 4 + format.v_guard();
    if bits > 62 {
        return Err(NotFoldable::Sum { bits });
    }
    let highest = network.groups().iter().map(|group| i32::from(group.alpha) + 3).max().unwrap_or(0);
    let bits = 2 * format.v_bits() + 2 + highest.max(0).unsigned_abs();
    if bits > 62 {
        return Err(NotFoldable::Alpha { alpha: highest, bits });
    }
    Ok(())
}
