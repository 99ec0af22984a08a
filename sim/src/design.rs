//! What is fixed when a network is built, and what may be changed while it is at rest.

use crate::{Categorized, ErrorCategory, Format, FormatError, GainTable, Network, Omega};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

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

/// The parameters of a design besides its network and format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Over-relaxation factor.
    pub omega: Omega,
    /// How outputs are nudged.
    pub nudge: Nudge,
    /// Smallest conductance an edge may learn, in LSB of `g`; at least 1.
    pub g_min: u32,
    /// Lowest voltage ever imposed, in LSB of `v`: it bounds the conductance of transistor edges.
    pub lowest_rail: i32,
}

/// A network in a format under rules: everything fixed when it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    network: Network,
    format: Format,
    rules: Rules,
    gains: GainTable,
}

/// A network, format and rules that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DesignError {
    /// The format and the network's degree.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A rule is out of bounds.
    #[error(
        "{field} = {value} is outside {low}..={high} for the format {format}; choose a value inside these bounds"
    )]
    Rule {
        /// Which rule.
        field: &'static str,
        /// What was asked for.
        value: i64,
        /// Smallest value allowed.
        low: i64,
        /// Largest value allowed.
        high: i64,
        /// The format that sets the bounds.
        format: Format,
    },
}

impl Categorized for DesignError {
    fn category(&self) -> ErrorCategory {
        match self {
            DesignError::Format(error) => error.category(),
            DesignError::Rule { .. } => ErrorCategory::BadInput,
        }
    }
}

impl Design {
    /// Checks that the three fit together.
    ///
    /// # Errors
    /// [`DesignError`] names the degree or the rule out of bounds.
    pub fn new(network: Network, format: Format, rules: Rules) -> Result<Self, DesignError> {
        format.check_degree(network.max_degree())?;
        let (nudge_field, nudge_shift, nudge_high) = match rules.nudge {
            Nudge::Clamped { eta } => ("nudge.eta", eta, format.v_bits() + format.v_guard()),
            Nudge::Current { beta, .. } => ("nudge.beta", beta, format.k_bits()),
        };
        let (v_low, v_high) = format.v_range();
        for (field, value, low, high) in [
            ("g_min", i64::from(rules.g_min), 1, format.g_max()),
            ("lowest_rail", i64::from(rules.lowest_rail), v_low, v_high),
            (nudge_field, i64::from(nudge_shift), 0, i64::from(nudge_high)),
        ] {
            if !(low..=high).contains(&value) {
                return Err(DesignError::Rule { field, value, low, high, format });
            }
        }
        Ok(Design { network, format, rules, gains: GainTable::new(rules.omega) })
    }

    /// The graph.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The fixed-point format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// The gains the rules' omega gives.
    pub fn gains(&self) -> &GainTable {
        &self.gains
    }

    /// SHA-256 over everything that decides a bit: the network's digest, the format and the rules.
    pub fn digest(&self) -> [u8; 32] {
        let Rules { omega, nudge, g_min, lowest_rail } = self.rules;
        let nudge = match nudge {
            Nudge::Clamped { eta } => [0, eta, 0],
            Nudge::Current { beta, centred } => [1, beta, u8::from(centred)],
        };
        Sha256::new()
            .chain_update(self.network.digest())
            .chain_update(self.format.to_string())
            .chain_update([0, omega.eighths()])
            .chain_update(nudge)
            .chain_update(g_min.to_le_bytes())
            .chain_update(lowest_rail.to_le_bytes())
            .finalize()
            .into()
    }
}

/// When edges learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum LearningSchedule {
    /// Once a sample, after its relaxing steps.
    Quasistatic,
    /// After every `every`-th relaxing step of a sample: learning beyond the quasistatic limit (Stern, Dillavou,
    /// Miskin, Durian and Liu, Phys. Rev. Research 4, L022037, 2022).
    Continuous {
        /// Relaxing steps between learning steps, at least 1.
        every: u32,
    },
    /// Once a sample, each edge with probability `2^-rarity` by its own local generator (Wycoff, Dillavou, Stern,
    /// Liu and Durian, J. Chem. Phys. 156, 144903, 2022).
    Desynchronous {
        /// 1..=8: an edge learns at one learning step in `2^rarity`.
        rarity: u8,
    },
}

/// What may be changed while a network is at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Relaxing steps a sample, at least 1.
    pub steps: u32,
    /// When edges learn.
    pub learning: LearningSchedule,
    /// Added to every group's learning shift; 0..=3.
    pub alpha_offset: u8,
}

/// A configuration out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} = {value} is outside {low}..={high}; choose a value inside these bounds")]
pub struct ConfigurationError {
    /// Which field.
    pub field: &'static str,
    /// What was asked for.
    pub value: u32,
    /// Smallest value allowed.
    pub low: u32,
    /// Largest value allowed.
    pub high: u32,
}

impl Categorized for ConfigurationError {
    fn category(&self) -> ErrorCategory {
        ErrorCategory::BadInput
    }
}

impl Configuration {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ConfigurationError`] names the first field out of bounds.
    pub fn check(&self) -> Result<(), ConfigurationError> {
        let (field, value, low, high) = match self.learning {
            LearningSchedule::Quasistatic => ("steps", self.steps, 1, u32::MAX),
            LearningSchedule::Continuous { every } => ("every", every, 1, u32::MAX),
            LearningSchedule::Desynchronous { rarity } => ("rarity", rarity.into(), 1, 8),
        };
        for (field, value, low, high) in [
            (field, value, low, high),
            ("steps", self.steps, 1, u32::MAX),
            ("alpha_offset", self.alpha_offset.into(), 0, 3),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ConfigurationError { field, value, low, high });
            }
        }
        Ok(())
    }
}
