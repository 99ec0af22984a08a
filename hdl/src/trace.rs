//! What goes over the channels, token by token.
//!
//! A token is what its receiver sees when it fires. An edge receives, from each end, the voltage updated last and the one
//! before; a node receives, from each edge, a current, or in the last round of a burst a conductance. The Kahn
//! principle says that the sequence of tokens on every channel does not depend on any delay.

use crate::array::Array;

/// What one cell received at one fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Simulated time of the fire, in picoseconds.
    pub time_ps: u64,
    /// A node: currents by edge. An edge: current and previous voltage of end 0, then of end 1.
    pub values: Vec<i64>,
}

/// What every cell received, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// By cell: nodes, then edges.
    pub tokens: Vec<Vec<Token>>,
    /// By edge: its phase when its last token was recorded. Later fires of the same round receive nothing.
    phases: Vec<Option<i64>>,
}

impl Trace {
    pub(crate) fn new(array: &Array) -> Trace {
        Trace { tokens: vec![Vec::new(); array.fires.len()], phases: vec![None; array.edges.len()] }
    }

    /// Records what a cell receives as it fires.
    pub(crate) fn record(&mut self, array: &Array, cell: usize, time_ps: u64) {
        let values = if let Some(node) = array.nodes.get(cell) {
            // The fire that starts a burst receives nothing.
            if array.started[cell].val() == 0 {
                return;
            }
            node.currents.iter().map(crate::bus::Bus::val).collect()
        } else {
            let index = cell - array.nodes.len();
            let edge = &array.edges[index];
            let phase = edge.phase.val();
            if self.phases[index].replace(phase) == Some(phase) {
                return;
            }
            [0, 1].iter().flat_map(|&end| [edge.current[end].val(), edge.previous[end].val()]).collect()
        };
        self.tokens[cell].push(Token { time_ps, values });
    }
}
