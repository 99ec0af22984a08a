//! The architectural state: all that a network remembers.

use crate::network::{Edge, EdgeId};
use crate::{Design, EdgeGenerator, NoiseGenerator, Wave, categorize};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Voltages, conductances, generators and the step's phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Node accumulators `u`, by wave, then by node.
    pub u: [Vec<i64>; 2],
    /// Edge accumulators `k`, by edge.
    pub k: Vec<i64>,
    /// Local generators, by edge.
    pub generators: Vec<EdgeGenerator>,
    /// Generators of noise, of the nodes that are no inputs, by node; none without noise.
    pub noise: Vec<NoiseGenerator>,
    /// Number of the next step modulo the number of colours: the step parity of a bipartite network.
    pub phase: u8,
}

/// How the conductances of a group of edges are drawn. Fractions are of full scale, `2^K`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Initial {
    /// Evenly between two fractions.
    Uniform {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
    },
    /// The absolute value of a normal variable of that standard deviation, itself the sum of twelve even ones.
    HalfNormal {
        /// Standard deviation.
        scale: f64,
    },
}

/// A state that does not belong to a design.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StateError {
    /// A list is of the wrong length.
    #[error("the state has {found} {what} and the design {expected}; it belongs to another network")]
    Length {
        /// What is counted.
        what: &'static str,
        /// In the state.
        found: usize,
        /// In the design.
        expected: usize,
    },
    /// A value is out of the format's range.
    #[error("{what}[{index}] = {value} is outside {low}..={high}; the state is damaged or of another format")]
    Range {
        /// Which register.
        what: &'static str,
        /// Of which cell.
        index: usize,
        /// Its value.
        value: i64,
        /// Smallest value allowed.
        low: i64,
        /// Largest value allowed.
        high: i64,
    },
}

categorize! {
    StateError {
        BadInput: Length, Range;
    }
}

impl State {
    /// At rest at zero volts, with conductances and generators drawn from `seed` by ChaCha8: one `Initial` for each
    /// group of edges, the last one for all groups beyond the list.
    ///
    /// An edge whose network says from which conductance it begins takes that one; a number is drawn for it all the same,
    /// so that the others begin as they would.
    ///
    /// Fractions are rounded to the format's LSB before anything is drawn; all that follows is integer arithmetic.
    ///
    /// # Panics
    /// With an empty `initial`.
    pub fn initial(design: &Design, initial: &[Initial], seed: u64) -> State {
        let format = design.format();
        let mut conductances = ChaCha8Rng::seed_from_u64(seed);
        let mut generators = conductances.clone();
        generators.set_stream(1);
        let g_min = i64::from(design.rules().g_min);
        let network = design.network();
        let k = |(id, edge): (EdgeId, &Edge)| {
            let drawn =
                initial[edge.group.index().min(initial.len() - 1)].draw(&mut conductances, format.k_bits());
            let g = network.conductance(id).map_or(drawn, |fraction| lsb(fraction, format.k_bits()));
            g.clamp(g_min, format.g_max()) << format.k_guard()
        };
        State {
            u: [vec![0; network.nodes().len()], vec![0; network.nodes().len()]],
            k: network.edge_ids().zip(network.edges()).map(k).collect(),
            generators: network
                .edges()
                .iter()
                .map(|_| EdgeGenerator::new(u16::try_from(generators.next_u32() >> 16).unwrap_or(1)))
                .collect(),
            noise: noise_generators(design, seed),
            phase: 0,
        }
    }

    /// The same state for a design with other features, its generators of noise drawn from `seed` as at the beginning.
    #[must_use]
    pub fn with_noise(self, design: &Design, seed: u64) -> State {
        State { noise: noise_generators(design, seed), ..self }
    }

    /// A node's accumulators of one wave.
    pub fn u(&self, wave: Wave) -> &[i64] {
        &self.u[wave.index()]
    }

    /// Checks that this is a state of that design: lengths and ranges.
    ///
    /// # Errors
    /// [`StateError`] names the first register at fault.
    pub fn check(&self, design: &Design) -> Result<(), StateError> {
        let network = design.network();
        let (nodes, edges) = (network.nodes().len(), network.edges().len());
        for (what, found, expected) in [
            ("free voltages", self.u[0].len(), nodes),
            ("clamped voltages", self.u[1].len(), nodes),
            ("conductances", self.k.len(), edges),
            ("generators", self.generators.len(), edges),
            ("noise generators", self.noise.len(), design.noisy_nodes()),
        ] {
            if found != expected {
                return Err(StateError::Length { what, found, expected });
            }
        }
        for (what, values) in [("u_F", &self.u[0]), ("u_C", &self.u[1])] {
            for (index, (node, &value)) in network.nodes().iter().zip(values).enumerate() {
                let range = design.format().u_range();
                let [low, high] = if node.kind.relaxes() { node.clamp.limits(range) } else { range.into() };
                check_range(what, index, value, (low, high))?;
            }
        }
        let k_range = design.format().k_range(design.rules().g_min.into());
        for (index, &value) in self.k.iter().enumerate() {
            check_range("k", index, value, k_range)?;
        }
        check_range("phase", 0, self.phase.into(), (0, i64::from(network.colouring().count()) - 1))
    }

    /// The state as bytes, little-endian: the phase (8 bytes), `u_F` and `u_C` of every node
    /// (8 bytes each), `k` of every edge (8 bytes), the generator of every edge (2 bytes), the generator of noise of every
    /// node that has one (4 bytes).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = u64::from(self.phase).to_le_bytes().to_vec();
        for (f, c) in self.u[0].iter().zip(&self.u[1]) {
            bytes.extend(f.to_le_bytes());
            bytes.extend(c.to_le_bytes());
        }
        self.k.iter().for_each(|k| bytes.extend(k.to_le_bytes()));
        self.generators.iter().for_each(|g| bytes.extend(g.state().to_le_bytes()));
        self.noise.iter().for_each(|g| bytes.extend(g.state().to_le_bytes()));
        bytes
    }

    /// Reads what [`State::to_bytes`] wrote, for a network of that many nodes, edges and nodes with noise. `None` if the
    /// length does not fit, or a generator is zero; ranges are [`State::check`]'s.
    pub fn from_bytes(bytes: &[u8], nodes: usize, edges: usize, noisy: usize) -> Option<State> {
        let cells = nodes.checked_mul(16)?.checked_add(edges.checked_mul(10)?)?.checked_add(8)?;
        let expected = cells.checked_add(noisy.checked_mul(4)?)?;
        if bytes.len() != expected {
            return None;
        }
        let (bytes, noise) = bytes.split_at(cells);
        let (words, generators) = bytes.split_at(cells - 2 * edges);
        let mut words = words.as_chunks::<8>().0.iter().map(|w| i64::from_le_bytes(*w));
        let phase = u8::try_from(words.next()?).ok()?;
        let mut u = [Vec::with_capacity(nodes), Vec::with_capacity(nodes)];
        for _ in 0..nodes {
            u[0].push(words.next()?);
            u[1].push(words.next()?);
        }
        let k = words.collect();
        let generators = generators
            .as_chunks::<2>()
            .0
            .iter()
            .map(|w| Some(u16::from_le_bytes(*w)).filter(|&x| x != 0).map(EdgeGenerator::new))
            .collect::<Option<_>>()?;
        let noise = noise
            .as_chunks::<4>()
            .0
            .iter()
            .map(|w| Some(u32::from_le_bytes(*w)).filter(|&x| x != 0).map(NoiseGenerator::new))
            .collect::<Option<_>>()?;
        Some(State { u, k, generators, noise, phase })
    }

    /// SHA-256 of [`State::to_bytes`]: equal digests mean equal bits in every cell.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }
}

/// The generators of noise a design has, from stream 2 of `seed`.
fn noise_generators(design: &Design, seed: u64) -> Vec<NoiseGenerator> {
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    numbers.set_stream(2);
    (0..design.noisy_nodes()).map(|_| NoiseGenerator::new(numbers.next_u32())).collect()
}

impl Initial {
    /// One conductance, in LSB of `g`, before it is limited to its range.
    fn draw(self, rng: &mut ChaCha8Rng, k_bits: u32) -> i64 {
        let lsb = |fraction: f64| lsb(fraction, k_bits);
        match self {
            Initial::Uniform { low, high } => {
                let (low, high) = (lsb(low), lsb(high));
                low + ((i64::from(rng.next_u32()) * (high - low).max(0)) >> 32)
            }
            Initial::HalfNormal { scale } => {
                let sum: i64 = (0..12).map(|_| i64::from(rng.next_u32() >> 16)).sum();
                ((sum - 6 * 65_535).abs() * lsb(scale)) >> 16
            }
        }
    }
}

/// A fraction of full scale in LSB of `g`, rounded to nearest.
fn lsb(fraction: f64, k_bits: u32) -> i64 {
    let full = f64::from(1u32 << k_bits);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to at most 21 bits just before")]
    let raw = (fraction * full).round().clamp(0.0, full) as i64;
    raw
}

fn check_range(
    what: &'static str,
    index: usize,
    value: i64,
    (low, high): (i64, i64),
) -> Result<(), StateError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(StateError::Range { what, index, value, low, high })
    }
}
