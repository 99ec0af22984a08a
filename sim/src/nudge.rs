//! How outputs are nudged towards their targets.

use crate::{Format, Wave};
use serde::{Deserialize, Serialize};

/// How outputs are nudged in the clamped wave.
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
}

impl Nudge {
    /// By how much the nudge moves an output's accumulator in a wave instead of letting it relax: the shift `eta` of
    /// `u_F + (T - u_F) 2^-eta`. `None` where the output relaxes.
    pub fn imposed(self, wave: Wave) -> Option<u8> {
        match (self, wave) {
            (Nudge::Clamped { eta }, Wave::Clamped) => Some(eta),
            (Nudge::Clamped { .. }, Wave::Free) | (Nudge::Current { .. }, _) => None,
        }
    }

    /// The conductance `2^(K - beta)` through which a current nudges an output, in LSB of `g`: part of the sum `D` of the
    /// output. 0 if the nudge is no current.
    pub fn conductance(self, format: Format) -> i64 {
        match self {
            Nudge::Clamped { .. } => 0,
            Nudge::Current { beta, .. } => 1 << (format.k_bits() - u32::from(beta)),
        }
    }

    /// The direction of the nudging current in a wave: 1 towards the target, -1 away from it, 0 if none flows.
    pub fn direction(self, wave: Wave) -> i32 {
        match (self, wave) {
            (Nudge::Clamped { .. }, _) | (Nudge::Current { centred: false, .. }, Wave::Free) => 0,
            (Nudge::Current { .. }, Wave::Clamped) => 1,
            (Nudge::Current { centred: true, .. }, Wave::Free) => -1,
        }
    }
}
