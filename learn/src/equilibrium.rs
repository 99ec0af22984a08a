//! What a linear network does exactly, in floats: its equilibrium and its thermal fluctuations, to compare the model with.
//!
//! Nothing here feeds back into a network; conductances and voltages are read, in LSB.

use faer::linalg::solvers::{DenseSolveCore, Llt, Solve};
use faer::{Col, Mat, Side};
use thiserror::Error;
use wheatstone_sim::network::{DiodeClamp, NodeId};
use wheatstone_sim::{Design, Nudge, Sense, State, Target, Wave, categorize};

/// A network whose equilibrium is not that of a linear circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotLinear {
    /// An edge, a diode or a target's sense makes the circuit nonlinear.
    #[error("the network has {what}, so what it does exactly is not known")]
    Part {
        /// What it has.
        what: &'static str,
    },
    /// More nodes than matrices are made for.
    #[error("the network has {nodes} nodes that relax, and matrices are made for up to {MOST_NODES}")]
    Nodes {
        /// How many it has.
        nodes: usize,
    },
    /// A free wave with a centred nudge that is too strong.
    #[error("the nudging conductances make the circuit unstable; take a larger beta")]
    Unstable,
}

categorize! {
    NotLinear {
        BadInput: Part, Nodes, Unstable;
    }
}

/// The most nodes a matrix is made for: 4096^2 numbers are 128 MiB.
pub const MOST_NODES: usize = 4096;

/// The exact equilibrium of one wave of a linear network.
#[derive(Debug)]
pub struct Equilibrium {
    /// The nodes that relax, by id.
    pub nodes: Vec<NodeId>,
    /// Their voltages at rest, in LSB.
    pub mean: Vec<f64>,
    laplacian: Mat<f64>,
    factor: Llt<f64>,
}

impl Equilibrium {
    /// That of a wave under the state's conductances and input voltages, the outputs having these targets.
    ///
    /// # Errors
    /// [`NotLinear`] says what has no such equilibrium.
    pub fn of(
        design: &Design,
        state: &State,
        targets: &[Option<Target>],
        wave: Wave,
    ) -> Result<Equilibrium, NotLinear> {
        let (network, format) = (design.network(), design.format());
        let nodes: Vec<NodeId> =
            network.node_ids().filter(|node| network.nodes()[node.index()].kind.relaxes()).collect();
        if nodes.len() > MOST_NODES {
            return Err(NotLinear::Nodes { nodes: nodes.len() });
        }
        let direction = design.rules().nudge.direction(wave);
        check_linear(design, targets, wave)?;
        let mut row_of = vec![None; network.nodes().len()];
        nodes.iter().enumerate().for_each(|(row, node)| row_of[node.index()] = Some(row));
        let n = nodes.len();
        let (mut laplacian, mut current) = (Mat::<f64>::zeros(n, n), Col::<f64>::zeros(n));
        for (edge, &k) in network.edges().iter().zip(&state.k) {
            let g = number(format.conductance(k));
            let [a, b] = edge.ends;
            for (here, there) in [(a, b), (b, a)] {
                let Some(row) = row_of[here.index()] else { continue };
                laplacian[(row, row)] += g;
                match row_of[there.index()] {
                    Some(column) => laplacian[(row, column)] -= g,
                    None => current[row] += g * number(format.voltage(state.u(wave)[there.index()])),
                }
            }
        }
        let conductance = f64::from(direction) * number(design.rules().nudge.conductance(format));
        for (output, target) in network.outputs().iter().zip(targets) {
            if let (Some(row), Some(target)) = (row_of[output.index()], target) {
                laplacian[(row, row)] += conductance;
                current[row] += conductance * f64::from(target.voltage);
            }
        }
        let factor = laplacian.llt(Side::Lower).map_err(|_| NotLinear::Unstable)?;
        let mean = factor.solve(&current).iter().copied().collect();
        Ok(Equilibrium { nodes, mean, laplacian, factor })
    }

    /// The Laplacian between the nodes that relax, in LSB of conductance: what leads to inputs and targets is on its diagonal.
    pub fn laplacian(&self) -> &Mat<f64> {
        &self.laplacian
    }

    /// Its inverse: times a temperature, the covariance of the voltages, in LSB squared.
    pub fn inverse(&self) -> Mat<f64> {
        self.factor.inverse()
    }

    /// The natural logarithm of its determinant.
    pub fn log_determinant(&self) -> f64 {
        let lower = self.factor.L();
        2.0 * (0..self.nodes.len()).map(|i| lower[(i, i)].ln()).sum::<f64>()
    }

    /// A covariance seen from the Laplacian: `C^T covariance C`, where `C C^T` is the Laplacian. Of a thermal state this is the
    /// temperature times the unit matrix, whatever the conductances.
    pub fn whitened(&self, covariance: &Mat<f64>) -> Mat<f64> {
        let lower = self.factor.L();
        lower.transpose() * covariance * lower
    }
}

fn check_linear(design: &Design, targets: &[Option<Target>], wave: Wave) -> Result<(), NotLinear> {
    let network = design.network();
    let nonlinear = |what| Err(NotLinear::Part { what });
    if network.edges().iter().any(|edge| !edge.kind.is_linear()) {
        return nonlinear("transistor edges");
    }
    if network.nodes().iter().any(|node| node.clamp != DiodeClamp::None) {
        return nonlinear("diodes");
    }
    match design.rules().nudge {
        Nudge::Clamped { .. } if wave == Wave::Clamped && targets.iter().any(Option::is_some) => {
            nonlinear("imposed outputs")
        }
        Nudge::Clamped { .. } | Nudge::Modulated { .. } => Ok(()),
        Nudge::Dithered { .. } if targets.iter().any(Option::is_some) => nonlinear("dithered conductances"),
        Nudge::Dithered { .. } => Ok(()),
        Nudge::Current { .. } if targets.iter().flatten().any(|target| target.sense != Sense::Equal) => {
            nonlinear("targets with a sense")
        }
        Nudge::Current { .. } => Ok(()),
    }
}

/// A register of at most 53 bits.
#[expect(clippy::cast_precision_loss, reason = "conductances and voltages have at most 20 bits")]
fn number(value: i64) -> f64 {
    value as f64
}
