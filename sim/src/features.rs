//! What the cells of a design do besides relaxing and learning. A plain design does none of it.

use crate::{Format, categorize};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// What the cells of a design do besides relaxing and learning; by default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Nodes have generators, whose noise keeps the network at this temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Temperature>,
    /// When a colour has its turns in the two waves.
    #[serde(default, skip_serializing_if = "Waves::is_plain")]
    pub waves: Waves,
}

impl Features {
    /// Nothing besides relaxing and learning.
    pub const PLAIN: Features = Features { temperature: None, waves: Waves::Alternating };

    /// Whether the cells do nothing besides relaxing and learning.
    pub fn is_plain(&self) -> bool {
        *self == Features::PLAIN
    }

    /// Refuses all features, for what computes plain designs only.
    ///
    /// # Errors
    /// [`Unsupported`] names the first feature there is, and who lacks it.
    pub fn require_plain(&self, by: &'static str) -> Result<(), Unsupported> {
        let Features { temperature, waves } = self;
        if temperature.is_some() {
            return Err(Unsupported { feature: "noise (a temperature)", by });
        }
        match waves {
            Waves::Alternating => Ok(()),
            Waves::Together => Err(Unsupported { feature: "waves together", by }),
        }
    }
}

/// A feature of a design that something cannot compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{by} cannot compute {feature}; use the model (`sim:`), or leave the feature out")]
pub struct Unsupported {
    /// The feature.
    pub feature: &'static str,
    /// What lacks it.
    pub by: &'static str,
}

categorize!(Unsupported: BadInput);

/// When a colour has its turns in the two waves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waves {
    /// In wave C one step after wave F, so that every cell is busy at every step.
    #[default]
    Alternating,
    /// In both waves at the same step, so that learning while relaxing compares states of the same age.
    Together,
}

impl Waves {
    /// By how many steps a colour's turn in wave C comes after that in wave F.
    pub fn lag(self) -> u8 {
        match self {
            Waves::Alternating => 1,
            Waves::Together => 0,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_plain(&self) -> bool {
        *self == Waves::Alternating
    }
}

/// A temperature times Boltzmann's constant: a power, in LSB of conductance times LSB of voltage squared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Temperature(pub u64);

/// A temperature outside the bounds of a format.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error(
    "temperature = {value} is outside 0 to {high:.3}, in full conductances times (1 V)^2; give one inside these bounds"
)]
pub struct TemperatureError {
    /// What was asked for.
    pub value: f64,
    /// The largest of the format.
    pub high: f64,
}

categorize!(TemperatureError: BadInput);

impl Temperature {
    /// The largest temperature of a format: with it the noise at one full conductance is as large as all voltages.
    pub fn most(format: Format) -> Temperature {
        Temperature((1 << (2 * format.v_bits() + format.k_bits())) - 1)
    }

    /// A temperature given in full conductances `2^K` times (1 V)^2, rounded to nearest.
    ///
    /// # Errors
    /// [`TemperatureError`] if it is negative, no number or above [`Temperature::most`].
    pub fn from_full_scale(value: f64, format: Format) -> Result<Temperature, TemperatureError> {
        let most = Temperature::most(format);
        let raw = (value * full_scale(format)).round();
        #[expect(clippy::cast_precision_loss, reason = "a bound needs no last bit")]
        let fits = raw >= 0.0 && raw <= most.0 as f64;
        if !fits {
            return Err(TemperatureError { value, high: most.in_full_scale(format) });
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
        let raw = raw as u64;
        Ok(Temperature(raw.min(most.0)))
    }

    /// The temperature in full conductances `2^K` times (1 V)^2.
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    pub fn in_full_scale(self, format: Format) -> f64 {
        self.0 as f64 / full_scale(format)
    }
}

impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// LSB of conductance times LSB of voltage squared in one full conductance times (1 V)^2.
fn full_scale(format: Format) -> f64 {
    f64::from(1u32 << format.k_bits()) * f64::from(format.one_volt()).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_goes_to_lsb_and_back() {
        let one = Temperature::from_full_scale(1.0, Format::WIDE).unwrap();
        assert_eq!(one, Temperature((32_767 * 32_767) << 16));
        assert!((one.in_full_scale(Format::WIDE) - 1.0).abs() < 1e-12);
        for bad in [-1.0, f64::NAN, f64::INFINITY, 5.0] {
            assert!(Temperature::from_full_scale(bad, Format::WIDE).is_err(), "{bad}");
        }
        assert_eq!(Temperature::from_full_scale(0.0, Format::COMPACT), Ok(Temperature(0)));
    }

    #[test]
    fn what_is_plain_is_not_written() {
        let json = |features: Features| serde_json::to_string(&features).unwrap();
        assert_eq!(json(Features::PLAIN), "{}");
        let all = Features { temperature: Some(Temperature(7)), waves: Waves::Together };
        assert_eq!(json(all), r#"{"temperature":7,"waves":"together"}"#);
        assert_eq!(serde_json::from_str::<Features>(&json(all)).unwrap(), all);
        let refused = |features: Features| features.require_plain("the array").map_err(|error| error.feature);
        assert_eq!(refused(Features::PLAIN), Ok(()));
        assert_eq!(refused(all), Err("noise (a temperature)"));
        assert_eq!(refused(Features { temperature: None, ..all }), Err("waves together"));
    }
}
