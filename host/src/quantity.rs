//! Quantities: a value with its unit, its interval and how it was come by.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use wheatstone_measure::{significant, with_prefix};

/// How a quantity was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read off a clock, a meter or a count of what was done.
    Measured,
    /// Computed by simulating the hardware with documented delays.
    Simulated,
    /// Derived from simulated counts and published constants; good to its interval only.
    Estimated,
    /// Taken from a source that is named beside it.
    Published,
}

impl Kind {
    /// All of them, from the hardest evidence on.
    pub const ALL: [Kind; 4] = [Kind::Measured, Kind::Simulated, Kind::Estimated, Kind::Published];

    /// Its name, as in files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Measured => "measured",
            Kind::Simulated => "simulated",
            Kind::Estimated => "estimated",
            Kind::Published => "published",
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that was looked for and is not there. It has no quantities: absent is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What is missing: a baseline, a meter, or one quantity of a baseline.
    pub name: String,
    /// Why it is missing.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

impl Display for Missing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: missing, {}; {}", self.name, self.why, self.remedy)
    }
}

/// A value with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The value: of what is measured, the median.
    pub value: f64,
    /// Its unit: `s`, `J`, or `1` for shares and counts.
    pub unit: Cow<'static, str>,
    /// How it was come by.
    pub kind: Kind,
    /// Lower end of its interval: of what is measured, 95 %.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

impl Quantity {
    /// The quantity multiplied by an exact number that is not negative.
    pub fn scaled(&self, factor: f64) -> Quantity {
        let Quantity { value, low, high, .. } = *self;
        Quantity { value: factor * value, low: factor * low, high: factor * high, ..self.clone() }
    }

    /// The quantity multiplied by another one that does not depend on it, in a unit of its own. The ends of the interval are the
    /// products of the ends, so it covers no less often than the worse of the two; the kind is that of the weaker evidence.
    ///
    /// Neither may be negative.
    pub fn times(&self, other: &Quantity, unit: &'static str) -> Quantity {
        Quantity {
            value: self.value * other.value,
            unit: Cow::Borrowed(unit),
            kind: self.kind.max(other.kind),
            low: self.low * other.low,
            high: self.high * other.high,
        }
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &*self.unit {
            "1" => f.write_str(&significant(self.value)),
            unit => f.write_str(&with_prefix(self.value, unit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(value: f64, low: f64, high: f64, kind: Kind) -> Quantity {
        Quantity { value, unit: "s".into(), kind, low, high }
    }

    #[test]
    fn shares_and_counts_have_no_unit() {
        let text = |value| {
            Quantity { unit: "1".into(), ..quantity(value, 0.0, 2.0 * value, Kind::Measured) }.to_string()
        };
        assert_eq!([0.975, 1437.0].map(text), ["0.97", "1437"]);
    }

    #[test]
    fn a_product_is_as_sure_as_its_weaker_factor() {
        let product =
            quantity(2.0, 1.0, 3.0, Kind::Measured).times(&quantity(5.0, 4.0, 6.0, Kind::Simulated), "J");
        assert_eq!((product.value, product.low, product.high), (10.0, 4.0, 18.0));
        assert_eq!((product.kind, &*product.unit), (Kind::Simulated, "J"));
    }

    #[test]
    fn kinds_are_named_as_in_files() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
