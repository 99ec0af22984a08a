//! How outputs are nudged towards their targets.

use crate::{EdgeGenerator, Format, Target, Unsupported, Wave};
use serde::{Deserialize, Serialize};

/// How outputs are nudged, and with it what edges learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Nudge {
    /// Coupled learning (Stern et al., Phys. Rev. X 11, 021045, 2021): `u_C = u_F + (T - u_F) 2^-eta`.
    Clamped {
        /// Nudge shift; 0 imposes the target itself.
        eta: u8,
    },
    /// Equilibrium propagation (Scellier and Bengio, Front. Comput. Neurosci. 11:24, 2017): the output relaxes with
    /// the extra current `(T - v) 2^(K - beta)`.
    Current {
        /// Nudge shift, 0..=K; larger is weaker.
        beta: u8,
        /// Nudge the free wave the other way, by the opposite current (Laborieux et al., Front. Neurosci. 15:633674,
        /// 2021).
        #[serde(default)]
        centred: bool,
    },
    /// Frequency propagation (Anisetti, Kandala, Scellier and Schwarz, arXiv 2208.08862) on wave F alone: at a learning step
    /// outputs are pushed up and down in turn, each by the error it had, and edges learn from what of their drop follows.
    Modulated {
        /// Nudge shift, 0..=K; larger is weaker.
        beta: u8,
        /// Relaxing steps of half a cycle, 2..=255.
        half: u8,
        /// Doublings of the number of cycles, 0..=8.
        #[serde(default)]
        kappa: u8,
    },
    /// Gradient descent in materio (Boon et al., arXiv 2105.11233): nobody is nudged. Every edge is dithered at random, up in one
    /// wave and down in the other, and learns from the difference of both waves' losses, which all edges are told.
    Dithered {
        /// The dither is `2^delta` LSB of `g`, 0..K.
        delta: u8,
    },
}

/// How outputs are pushed at a learning step under a modulated nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulation {
    /// Twice the current for an error of 1 LSB of `v`.
    pub twice_strength: i64,
    /// Relaxing steps of half a cycle, at least 2.
    pub half: u32,
    /// Number of cycles.
    pub cycles: u32,
    /// By how many bits the product of an edge's two sums is divided.
    pub shift: u32,
}

impl Nudge {
    /// By how much the nudge moves an output's accumulator in a wave instead of letting it relax: the shift `eta` of
    /// `u_F + (T - u_F) 2^-eta`. `None` where the output relaxes.
    pub fn imposed(self, wave: Wave) -> Option<u8> {
        match (self, wave) {
            (Nudge::Clamped { eta }, Wave::Clamped) => Some(eta),
            (Nudge::Clamped { .. }, Wave::Free)
            | (Nudge::Current { .. } | Nudge::Modulated { .. } | Nudge::Dithered { .. }, _) => None,
        }
    }

    /// The conductance `2^(K - beta)` through which a current nudges an output, in LSB of `g`: part of the sum `D` of the
    /// output. 0 if no voltage drives the nudge: a modulated one is a current that its output's voltage does not change.
    pub fn conductance(self, format: Format) -> i64 {
        match self {
            Nudge::Clamped { .. } | Nudge::Modulated { .. } | Nudge::Dithered { .. } => 0,
            Nudge::Current { beta, .. } => 1 << (format.k_bits() - u32::from(beta)),
        }
    }

    /// The direction of the nudging current in a wave: 1 towards the target, -1 away from it, 0 if none flows.
    pub fn direction(self, wave: Wave) -> i32 {
        match (self, wave) {
            (Nudge::Clamped { .. } | Nudge::Modulated { .. } | Nudge::Dithered { .. }, _)
            | (Nudge::Current { centred: false, .. }, Wave::Free) => 0,
            (Nudge::Current { .. }, Wave::Clamped) => 1,
            (Nudge::Current { centred: true, .. }, Wave::Free) => -1,
        }
    }

    /// Whether nodes have turns in a wave: a modulated nudge needs one wave only, and the other stands still.
    pub fn has_turns(self, wave: Wave) -> bool {
        match (self, wave) {
            (Nudge::Modulated { .. }, Wave::Clamped) => false,
            (Nudge::Modulated { .. }, Wave::Free) => true,
            (Nudge::Clamped { .. } | Nudge::Current { .. } | Nudge::Dithered { .. }, _) => true,
        }
    }

    /// What a learning step does to the outputs, if the nudge is modulated.
    pub fn modulation(self, format: Format) -> Option<Modulation> {
        match self {
            Nudge::Clamped { .. } | Nudge::Current { .. } | Nudge::Dithered { .. } => None,
            Nudge::Modulated { beta, half, kappa } => Some(Modulation {
                twice_strength: 2 << (format.k_bits() - u32::from(beta)),
                half: half.into(),
                cycles: 1 << kappa,
                shift: 2 + 2 * u32::from(kappa),
            }),
        }
    }

    /// The dither in LSB of `g`, if conductances are dithered.
    pub fn dither(self) -> Option<i64> {
        match self {
            Nudge::Clamped { .. } | Nudge::Current { .. } | Nudge::Modulated { .. } => None,
            Nudge::Dithered { delta } => Some(1 << delta),
        }
    }

    /// Refuses the nudges whose edges learn from more than their drops in two waves.
    ///
    /// # Errors
    /// [`Unsupported`] names what the nudge needs, and who lacks it.
    pub fn require_drops(self, by: &'static str) -> Result<(), Unsupported> {
        let feature = match self {
            Nudge::Clamped { .. } | Nudge::Current { .. } => return Ok(()),
            Nudge::Modulated { .. } => "a modulated nudge, which needs two sums in every edge",
            Nudge::Dithered { .. } => "dithered conductances, which need a loss that reaches every edge",
        };
        Err(Unsupported { feature, by })
    }
}

/// The direction in which an edge is dithered in wave F, 1 or -1, until it draws again.
pub(crate) fn dither_sign(generator: EdgeGenerator) -> i64 {
    if generator.state() & 1 == 1 { 1 } else { -1 }
}

/// What a target loses at a voltage of its output: the square of the drop that its sense lets through, in LSB of `v` squared.
pub(crate) fn loss(target: Target, v: i64) -> i64 {
    target.sense.passes(i64::from(target.voltage) - v).pow(2)
}

/// By how much the loss of wave F exceeds that of wave C, all outputs together, as far as edges are told: `2V` bits and a sign.
pub(crate) fn told(difference: i64, format: Format) -> i64 {
    let most = 1 << (2 * format.v_bits());
    difference.clamp(-most, most)
}
