//! What may be changed while a network is at rest: when edges learn, and how long samples relax.

use crate::categorize;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

impl LearningSchedule {
    /// Relaxing steps from one learning step to the next, for samples of `steps` steps.
    pub fn period(self, steps: u32) -> u32 {
        match self {
            LearningSchedule::Quasistatic | LearningSchedule::Desynchronous { .. } => steps,
            LearningSchedule::Continuous { every } => every,
        }
    }

    /// Bits that each edge draws at a learning step: it learns only if all are 0. `None` if every edge learns.
    pub fn rarity(self) -> Option<u8> {
        match self {
            LearningSchedule::Quasistatic | LearningSchedule::Continuous { .. } => None,
            LearningSchedule::Desynchronous { rarity } => Some(rarity),
        }
    }
}

/// What may be changed while a network is at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Relaxing steps a sample, at least 1.
    pub steps: u32,
    /// When edges learn within a sample.
    pub learning: LearningSchedule,
    /// Added to every group's learning shift; 0..=3.
    pub alpha_offset: u8,
}

/// A configuration out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} = {value} is outside {low}..={high}; choose a value inside these bounds")]
pub struct ConfigurationError {
    /// Name of the field in files and on the command line.
    pub field: &'static str,
    /// What was asked for.
    pub value: u32,
    /// Smallest value that is allowed.
    pub low: u32,
    /// Largest value that is allowed.
    pub high: u32,
}

categorize!(ConfigurationError: BadInput);

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
