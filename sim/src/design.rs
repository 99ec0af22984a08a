//! What is fixed when a network is built.

use crate::{Features, Format, FormatError, GainTable, Network, Nudge, Omega, Temperature, categorize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The parameters of a design besides its network and format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Over-relaxation factor, in eighths: 8 is Gauss-Seidel.
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
    features: Features,
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

categorize! {
    DesignError {
        inner: Format;
        BadInput: Rule;
    }
}

impl Design {
    /// Checks that the three fit together.
    ///
    /// # Errors
    /// [`DesignError`] names the degree or the rule out of bounds.
    pub fn new(network: Network, format: Format, rules: Rules) -> Result<Self, DesignError> {
        format.check_degree(network.max_degree())?;
        let (v_low, v_high) = format.v_range();
        let mut bounds = vec![
            ("g_min", i64::from(rules.g_min), 1, format.g_max()),
            ("lowest_rail", i64::from(rules.lowest_rail), v_low, v_high),
        ];
        let mut nudge =
            |field, value: u8, low, high: u32| bounds.push((field, value.into(), low, high.into()));
        match rules.nudge {
            Nudge::Clamped { eta } => nudge("nudge.eta", eta, 0, format.v_bits() + format.v_guard()),
            Nudge::Current { beta, .. } => nudge("nudge.beta", beta, 0, format.k_bits()),
            Nudge::Modulated { beta, half, kappa } => {
                nudge("nudge.beta", beta, 0, format.k_bits());
                nudge("nudge.half", half, 2, u8::MAX.into());
                nudge("nudge.kappa", kappa, 0, 8);
            }
            Nudge::Dithered { delta } => nudge("nudge.delta", delta, 0, format.k_bits() - 1),
        }
        for (field, value, low, high) in bounds {
            if !(low..=high).contains(&value) {
                return Err(DesignError::Rule { field, value, low, high, format });
            }
        }
        Ok(Design { network, format, rules, features: Features::PLAIN, gains: GainTable::new(rules.omega) })
    }

    /// The same design with these features.
    ///
    /// # Errors
    /// [`DesignError::Rule`] if the temperature is above [`Temperature::most`].
    pub fn with_features(self, features: Features) -> Result<Self, DesignError> {
        let format = self.format;
        let most = Temperature::most(format);
        if let Some(temperature) = features.temperature.filter(|&temperature| temperature > most) {
            let [value, high] = [temperature, most].map(|t| i64::try_from(t.0).unwrap_or(i64::MAX));
            return Err(DesignError::Rule { field: "features.temperature", value, low: 0, high, format });
        }
        Ok(Design { features, ..self })
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

    /// What its cells do besides relaxing and learning.
    pub fn features(&self) -> Features {
        self.features
    }

    /// How many nodes have a generator of noise: all that relax, or none.
    pub fn noisy_nodes(&self) -> usize {
        let relaxing = self.network.nodes().len() - self.network.inputs().len();
        if self.features.temperature.is_some() { relaxing } else { 0 }
    }

    /// The gains the rules' omega gives.
    pub fn gains(&self) -> &GainTable {
        &self.gains
    }

    /// SHA-256 over everything that decides a bit: the network's digest, the format, the rules and, if there are any, the
    /// features.
    pub fn digest(&self) -> [u8; 32] {
        let Rules { omega, nudge, g_min, lowest_rail } = self.rules;
        let nudge = match nudge {
            Nudge::Clamped { eta } => [0, eta, 0, 0],
            Nudge::Current { beta, centred } => [1, beta, u8::from(centred), 0],
            Nudge::Modulated { beta, half, kappa } => [2, beta, half, kappa],
            Nudge::Dithered { delta } => [3, delta, 0, 0],
        };
        // The first two are written as before the others were.
        let nudge = if nudge[0] < 2 { &nudge[..3] } else { &nudge[..] };
        let mut digest = Sha256::new()
            .chain_update(self.network.digest())
            .chain_update(self.format.to_string())
            .chain_update([0, omega.eighths()])
            .chain_update(nudge)
            .chain_update(g_min.to_le_bytes())
            .chain_update(lowest_rail.to_le_bytes());
        if !self.features.is_plain() {
            let Features { temperature, waves } = self.features;
            digest.update([u8::from(temperature.is_some()), waves.lag()]);
            digest.update(temperature.map_or(0, |temperature| temperature.0).to_le_bytes());
        }
        digest.finalize().into()
    }
}
