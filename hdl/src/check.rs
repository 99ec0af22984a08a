//! Which designs the array can hold.

use thiserror::Error;
use wheatstone_sim::network::{EdgeKind, NodeId};
use wheatstone_sim::{Design, Network, NetworkError, Unsupported, categorize};

/// Widest operand of a device's multiplier, in signed bits.
const MULTIPLIER_BITS: u32 = 18;

/// Largest number of edges at a node.
const MAX_DEGREE: usize = 256;

/// A design the array cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotBuildable {
    /// Cells take turns by colour, and there are two turns.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Cells have neither generators of noise nor turns in both waves at once.
    #[error(transparent)]
    Features(#[from] Unsupported),
    /// A join of that many edges is not supported.
    #[error(
        "node {node} has {degree} edges, and a cell joins at most {MAX_DEGREE}; spread them over several nodes"
    )]
    Degree {
        /// The node's name.
        node: String,
        /// Its number of edges.
        degree: usize,
    },
    /// An edge's product does not fit the device's multiplier.
    #[error(
        "{field} = {bits} is too wide: the operands of a {kind} edge's multiplier have at most {MULTIPLIER_BITS} signed bits; use {field} <= {most}"
    )]
    Multiplier {
        /// The format's field.
        field: &'static str,
        /// Its value.
        bits: u32,
        /// The largest that fits.
        most: u32,
        /// The edge's kind.
        kind: &'static str,
    },
    /// A value in a node would need more bits than the simulation has.
    #[error(
        "node {node} needs {bits} bits for the sum of its currents times its gain, and 62 are supported; use a narrower format or fewer edges"
    )]
    Sum {
        /// The node's name.
        node: String,
        /// Bits needed.
        bits: u32,
    },
}

categorize! {
    NotBuildable {
        inner: Network, Features;
        BadInput: Degree, Multiplier, Sum;
    }
}

/// Whether the array can have that network's shape: it must be bipartite, and no node may join too many edges.
///
/// # Errors
/// [`NotBuildable`] names what stands in the way.
pub fn check_network(network: &Network) -> Result<(), NotBuildable> {
    network.require_bipartite()?;
    for node in network.node_ids() {
        let degree = network.incidences(node).len();
        if degree > MAX_DEGREE {
            return Err(NotBuildable::Degree { node: network.node_name(node).into_owned(), degree });
        }
    }
    Ok(())
}

/// Whether the array can hold a design.
///
/// # Errors
/// [`NotBuildable`] names node or field, and what to do.
pub fn check_buildable(design: &Design) -> Result<(), NotBuildable> {
    let (network, format) = (design.network(), design.format());
    check_network(network)?;
    for &kind in EdgeKind::ALL {
        if !network.edges().iter().any(|edge| edge.kind == kind) {
            continue;
        }
        // A sum of overdrives may have a bit more than a conductance, see the multiplier.
        let slack = match kind {
            EdgeKind::Linear => 1,
            EdgeKind::Transistor => 2,
        };
        for (field, bits, most) in [
            ("v_bits", format.v_bits(), MULTIPLIER_BITS - 1),
            ("k_bits", format.k_bits(), MULTIPLIER_BITS - slack),
        ] {
            if bits > most {
                return Err(NotBuildable::Multiplier { field, bits, most, kind: kind.name() });
            }
        }
    }
    check_sums(design)
}

/// Whether an array whose edges multiply in LUTs, at once or bit by bit, can hold a design.
///
/// # Errors
/// [`NotBuildable`] names the node and what to do.
pub fn check_buildable_in_luts(design: &Design) -> Result<(), NotBuildable> {
    check_network(design.network())?;
    check_sums(design)
}

/// Whether a design asks its cells for nothing but relaxing and learning.
///
/// # Errors
/// [`NotBuildable::Features`] names what an array's cells lack.
pub fn require_plain(design: &Design) -> Result<(), NotBuildable> {
    if design.network().has_frozen() {
        return Err(Unsupported { feature: "frozen groups", by: "the array, whose edges all learn," }.into());
    }
    design.rules().nudge.require_drops("the array, whose edges know their own drops in two waves,")?;
    Ok(design
        .features()
        .require_plain("the array, whose cells have no generators and one wave's turn at a time,")?)
}

fn check_sums(design: &Design) -> Result<(), NotBuildable> {
    require_plain(design)?;
    let network = design.network();
    for node in network.node_ids() {
        let bits = sum_bits(design, node);
        if bits > 62 {
            return Err(NotBuildable::Sum { node: network.node_name(node).into_owned(), bits });
        }
    }
    Ok(())
}

/// Bits of a node's sum of twice its currents and twice its nudging current, times its gain.
fn sum_bits(design: &Design, node: NodeId) -> u32 {
    let format = design.format();
    let widest = format.v_bits().max(format.k_bits()) + 1;
    let degree = design.network().incidences(node).len() + 2;
    2 * widest + 2 + (usize::BITS - degree.leading_zeros()) + 4 + format.v_guard()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_sim::network::{Boundary, crossbar, lattice};
    use wheatstone_sim::{Features, Format, Nudge, Omega, Rules, Temperature, Waves};

    fn design(network: Network, format: Format) -> Design {
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        Design::new(network, format, rules).unwrap()
    }

    fn message(network: Network, format: Format) -> String {
        check_buildable(&design(network, format)).unwrap_err().to_string()
    }

    #[test]
    fn nudges_that_need_more_than_drops_are_refused() {
        let plain = design(crossbar(2, 1, EdgeKind::Linear).unwrap(), Format::WIDE);
        for (nudge, what) in [
            (Nudge::Modulated { beta: 2, half: 2, kappa: 0 }, "two sums in every edge"),
            (Nudge::Dithered { delta: 9 }, "a loss that reaches every edge"),
        ] {
            let rules = Rules { nudge, ..plain.rules() };
            let design = Design::new(plain.network().clone(), Format::WIDE, rules).unwrap();
            for error in
                [check_buildable(&design).unwrap_err(), check_buildable_in_luts(&design).unwrap_err()]
            {
                let text = error.to_string();
                assert!(text.contains(what) && text.contains("use the model"), "{text}");
            }
        }
    }

    #[test]
    fn features_are_refused() {
        let plain = design(crossbar(2, 1, EdgeKind::Linear).unwrap(), Format::WIDE);
        let noisy = Features { temperature: Some(Temperature(0)), ..Features::PLAIN };
        let together = Features { waves: Waves::Together, ..Features::PLAIN };
        for (features, what) in [(noisy, "noise"), (together, "waves together")] {
            let design = plain.clone().with_features(features).unwrap();
            for error in
                [check_buildable(&design).unwrap_err(), check_buildable_in_luts(&design).unwrap_err()]
            {
                assert!(
                    matches!(error, NotBuildable::Features(_)) && error.to_string().contains(what),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn an_odd_cycle_is_refused_by_name() {
        let periodic = |columns| {
            let lattice = lattice(4, columns, Boundary::Periodic, EdgeKind::Linear);
            lattice.inputs([NodeId(0)]).outputs([NodeId(5)]).build().unwrap()
        };
        assert_eq!(check_buildable(&design(periodic(4), Format::WIDE)), Ok(()));
        let message = message(periodic(5), Format::WIDE);
        assert!(message.contains("odd length 5") && message.contains("n0"), "{message}");
    }

    #[test]
    fn too_many_edges_are_refused_by_node() {
        let message = message(crossbar(257, 1, EdgeKind::Linear).unwrap(), Format::WIDE);
        assert!(message.contains("257 edges") && message.contains("at most 256"), "{message}");
    }

    #[test]
    fn operands_wider_than_the_multiplier_are_refused_by_field() {
        let format = |v, k| Format::new(v, 8, k, 16).unwrap();
        let two = |kind| crossbar(2, 1, kind).unwrap();
        assert_eq!(check_buildable(&design(two(EdgeKind::Linear), format(17, 17))), Ok(()));
        assert!(message(two(EdgeKind::Linear), format(18, 16)).contains("v_bits = 18"));
        assert!(message(two(EdgeKind::Linear), format(16, 18)).contains("use k_bits <= 17"));
        assert_eq!(check_buildable(&design(two(EdgeKind::Transistor), format(17, 16))), Ok(()));
        assert!(message(two(EdgeKind::Transistor), format(16, 17)).contains("use k_bits <= 16"));
    }
}
