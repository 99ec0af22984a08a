//! A network at a temperature: what its voltages do, beside what physics says they must.
//!
//! Wave F samples the thermal state of the network under its inputs. An output with a target is pulled to it, in wave C, by the
//! current nudge, which is a Gaussian likelihood of precision `2^(K - beta) / T` about the target: wave C samples the
//! posterior at the same time. Both are compared with the exact mean and covariance where the network is linear.

use crate::equilibrium::{Equilibrium, MOST_NODES, NotLinear};
use faer::Mat;
use std::ops::ControlFlow;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{
    Configuration, Design, DesignError, Engine, Fast, Features, LearningSchedule, NetworkError, Nudge, Rules,
    Sample, SampleError, Sense, StartError, State, Target, Temperature, Wave, categorize,
};

/// How a network is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Of the noise.
    pub temperature: Temperature,
    /// Samples to take, one after every `every` Gauss-Seidel sweeps.
    pub samples: u64,
    /// Sweeps from one sample to the next, at least 1.
    pub every: u64,
    /// Sweeps before the first sample.
    pub burn_in: u64,
    /// Of the generators of noise.
    pub seed: u64,
}

/// A network that cannot be sampled.
#[derive(Debug, Error)]
pub enum SamplingError {
    /// A node is observed that is imposed.
    #[error("{node} is an input, whose voltage is imposed; observe another node, or impose the voltage")]
    Imposed {
        /// Its name.
        node: String,
    },
    /// More nodes than covariances are taken of.
    #[error(
        "the network has {nodes} nodes that relax, and covariances are taken of up to {MOST_NODES}; sample a smaller network"
    )]
    Nodes {
        /// How many it has.
        nodes: usize,
    },
    /// With the observed nodes as outputs the graph is no network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The temperature or the nudge is out of bounds.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The engine does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A voltage is out of the format's range.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

categorize! {
    SamplingError {
        inner: Network, Design, Start, Sample;
        BadInput: Imposed, Nodes;
    }
}

/// A network to be sampled: its design at a temperature, where it starts, and what it is shown.
#[derive(Clone, Debug)]
pub struct Thermal {
    /// The design, with noise.
    pub design: Arc<Design>,
    /// Where it starts.
    pub state: State,
    /// Voltages of the inputs, and targets of the observed nodes.
    pub shown: Sample,
}

impl Thermal {
    /// A design in a state at a temperature, nothing observed: both waves sample the same distribution.
    ///
    /// # Errors
    /// [`SamplingError::Design`] if the temperature is out of bounds.
    pub fn new(
        design: &Design,
        state: &State,
        inputs: Vec<i32>,
        plan: &Plan,
    ) -> Result<Thermal, SamplingError> {
        let features = Features { temperature: Some(plan.temperature), ..design.features() };
        // Where nothing is observed the nudge matters to the gains alone; but both waves are to have turns.
        let nudge = design.rules().nudge;
        let nudge = if nudge.has_turns(Wave::Clamped) { nudge } else { Nudge::Clamped { eta: 0 } };
        let rules = Rules { nudge, ..design.rules() };
        let design =
            Design::new(design.network().clone(), design.format(), rules)?.with_features(features)?;
        let state = state.clone().with_noise(&design, plan.seed);
        let targets = vec![None; design.network().outputs().len()];
        Ok(Thermal { design: Arc::new(design), state, shown: Sample { inputs, targets } })
    }

    /// The same with some nodes observed at these voltages, each with a Gaussian error of precision `2^(K - beta) / T`: they
    /// become the outputs of the network that is sampled.
    ///
    /// # Errors
    /// [`SamplingError`] names a node that is an input, or a `beta` out of bounds.
    pub fn observing(
        design: &Design,
        state: &State,
        inputs: Vec<i32>,
        plan: &Plan,
        (observed, beta): (&[(NodeId, i32)], u8),
    ) -> Result<Thermal, SamplingError> {
        let network = design.network().clone();
        let is_input = |(node, _): &&(NodeId, i32)| !network.nodes()[node.index()].kind.relaxes();
        if let Some((node, _)) = observed.iter().find(is_input) {
            return Err(SamplingError::Imposed { node: network.node_name(*node).into_owned() });
        }
        let ports = network.inputs().to_vec();
        let network = network.with_ports(ports, observed.iter().map(|(node, _)| *node).collect())?;
        let rules = Rules { nudge: Nudge::Current { beta, centred: false }, ..design.rules() };
        let design = Design::new(network, design.format(), rules)?.with_features(design.features())?;
        // Other ports may give other colours, of which there are as many or more or less.
        let state = State { phase: 0, ..state.clone() };
        let mut thermal = Thermal::new(&design, &state, inputs, plan)?;
        let target = |&(_, voltage): &(NodeId, i32)| Some(Target { voltage, sense: Sense::Equal });
        thermal.shown.targets = observed.iter().map(target).collect();
        Ok(thermal)
    }

    /// Samples both waves. `on_sample` is told now and then how many samples there are, and may end it early: the result is then
    /// that of a plan of so many samples, to the last bit.
    ///
    /// # Errors
    /// [`SamplingError`] if the voltages do not fit the design.
    pub fn sample(
        &self,
        plan: &Plan,
        on_sample: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Sampled, SamplingError> {
        let design = &self.design;
        let network = design.network();
        let configuration =
            Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let mut engine = Fast::new(Arc::clone(design), configuration, self.state.clone())?;
        engine.present(&self.shown)?;
        let nodes: Vec<NodeId> =
            network.node_ids().filter(|node| network.nodes()[node.index()].kind.relaxes()).collect();
        if nodes.len() > MOST_NODES {
            return Err(SamplingError::Nodes { nodes: nodes.len() });
        }
        let colours = u32::from(network.colouring().count());
        let sweeps = |engine: &mut Fast, count: u64| (0..count).for_each(|_| engine.steps(colours));
        let (mut burnt_in, mut stopped) = (0, false);
        while burnt_in < plan.burn_in && !stopped {
            let part = TOLD_EVERY.min(plan.burn_in - burnt_in);
            sweeps(&mut engine, part);
            burnt_in += part;
            stopped = on_sample(0).is_break();
        }
        let mut moments = Wave::BOTH.map(|_| Moments::new(nodes.len()));
        let mut row = vec![0.0; nodes.len()];
        let (low, high) = (-design.format().one_volt() - 1, design.format().one_volt());
        let mut saturated = [0; 2];
        let mut taken = 0;
        while taken < plan.samples && !stopped {
            sweeps(&mut engine, plan.every);
            for wave in Wave::BOTH {
                let v = engine.voltages(wave);
                row.iter_mut().zip(&nodes).for_each(|(x, node)| *x = f64::from(v[node.index()]));
                moments[wave.index()].add(&row);
                let ends = |&x: &f64| x <= f64::from(low) || x >= f64::from(high);
                saturated[wave.index()] += u64::from(row.iter().any(ends));
            }
            taken += 1;
            if taken.is_multiple_of(TOLD_EVERY) && on_sample(taken).is_break() {
                break;
            }
        }
        let presented = engine.state();
        let waves = Wave::BOTH.map(|wave| {
            let exact = Equilibrium::of(design, &presented, &self.shown.targets, wave);
            let sampled = moments[wave.index()].finish(exact, plan.temperature);
            WaveSampled { saturated: saturated[wave.index()], ..sampled }
        });
        Ok(Sampled { samples: taken, nodes, waves })
    }
}

/// Samples from one report of progress to the next.
const TOLD_EVERY: u64 = 256;

/// What was sampled.
#[derive(Debug)]
pub struct Sampled {
    /// How many samples were taken.
    pub samples: u64,
    /// The nodes that relax, by id.
    pub nodes: Vec<NodeId>,
    /// The free and the clamped wave: prior and posterior.
    pub waves: [WaveSampled; 2],
}

/// What was sampled of one wave, in LSB.
#[derive(Debug)]
pub struct WaveSampled {
    /// Samples in which some voltage stood at the end of its range: there the distribution is cut off.
    pub saturated: u64,
    /// Mean voltages, by node.
    pub mean: Vec<f64>,
    /// Their covariance.
    pub covariance: Mat<f64>,
    /// What physics says, where the network is linear.
    pub exact: Result<Comparison, NotLinear>,
}

/// Means and covariances beside the exact ones.
#[derive(Debug)]
pub struct Comparison {
    /// Exact mean voltages in LSB, by node.
    pub mean: Vec<f64>,
    /// Exact covariance: the temperature times the inverse of the Laplacian.
    pub covariance: Mat<f64>,
    /// Mean energy of a mode over half the temperature: 1 by equipartition.
    pub equipartition: f64,
    /// `||L^1/2 covariance L^1/2 / T - 1||_F / sqrt(nodes)`: how far all modes together are off.
    pub distance: f64,
    /// What this distance is on average for as many *independent* samples of the exact distribution: `sqrt((nodes + 1) / samples)`.
    pub floor: f64,
    /// The node's variance that is furthest off, over the exact one, less 1, with its sign.
    pub worst_variance: f64,
    /// Root mean square of the means' errors, in exact standard deviations.
    pub mean_error: f64,
}

/// Sums of voltages and of their products. Both are whole numbers below 2^53 for up to 10^6 samples of 17 bits, and exact then.
struct Moments {
    count: u64,
    sum: Vec<f64>,
    /// The upper triangle, row by row.
    products: Vec<f64>,
}

impl Moments {
    fn new(n: usize) -> Moments {
        Moments { count: 0, sum: vec![0.0; n], products: vec![0.0; n * n] }
    }

    fn add(&mut self, row: &[f64]) {
        let n = row.len();
        self.count += 1;
        for (i, &x) in row.iter().enumerate() {
            self.sum[i] += x;
            let products = &mut self.products[i * n + i..(i + 1) * n];
            products.iter_mut().zip(&row[i..]).for_each(|(sum, &y)| *sum += x * y);
        }
    }

    fn finish(&self, exact: Result<Equilibrium, NotLinear>, temperature: Temperature) -> WaveSampled {
        let n = self.sum.len();
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples are taken")]
        let (count, t) = (self.count.max(1) as f64, temperature.0 as f64);
        let mean: Vec<f64> = self.sum.iter().map(|sum| sum / count).collect();
        let covariance =
            Mat::from_fn(n, n, |i, j| self.products[i.min(j) * n + i.max(j)] / count - mean[i] * mean[j]);
        let exact = exact.map(|exact| {
            let expected = exact.inverse() * faer::Scale(t);
            let whitened = exact.whitened(&covariance);
            let size = float(n);
            let off = |i: usize, j: usize| whitened[(i, j)] / t - if i == j { 1.0 } else { 0.0 };
            let square: f64 =
                (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| off(i, j).powi(2)).sum();
            let variances = (0..n).map(|i| covariance[(i, i)] / expected[(i, i)] - 1.0);
            let errors = (0..n).map(|i| (mean[i] - exact.mean[i]).powi(2) / expected[(i, i)]);
            Comparison {
                equipartition: 1.0 + (0..n).map(|i| off(i, i)).sum::<f64>() / size,
                distance: (square / size).sqrt(),
                floor: ((size + 1.0) / count).sqrt(),
                worst_variance: variances
                    .fold(0.0, |worst: f64, x| if x.abs() > worst.abs() { x } else { worst }),
                mean_error: (errors.sum::<f64>() / size).sqrt(),
                mean: exact.mean,
                covariance: expected,
            }
        });
        WaveSampled { saturated: 0, mean, covariance, exact }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
fn float(n: usize) -> f64 {
    n as f64
}
