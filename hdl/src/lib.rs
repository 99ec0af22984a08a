//! The self-timed learning array as hardware.
//!
//! The array itself is not described here yet. What is: which networks it will be able to hold, so that a network
//! that cannot be built is refused with a clear error before anyone trains it for a board.

use thiserror::Error;
use wheatstone_sim::{Network, NetworkError};

/// A network the array cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotBuildable {
    /// Cells take turns by colour, and there are two turns.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Whether the array can hold a network: it must be bipartite.
///
/// # Errors
/// [`NotBuildable`] names what stands in the way.
pub fn check_buildable(network: &Network) -> Result<(), NotBuildable> {
    Ok(network.require_bipartite()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, lattice};

    fn periodic(columns: usize) -> Network {
        let lattice = lattice(4, columns, Boundary::Periodic, EdgeKind::Linear);
        lattice.inputs([NodeId(0)]).outputs([NodeId(5)]).build().unwrap()
    }

    #[test]
    fn an_odd_cycle_is_refused_by_name() {
        assert_eq!(check_buildable(&periodic(4)), Ok(()));
        let message = check_buildable(&periodic(5)).unwrap_err().to_string();
        assert!(message.contains("odd length 5") && message.contains("n0"), "{message}");
    }
}
