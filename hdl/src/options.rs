//! How an array is built: device family and multipliers.

use crate::technology::Technology;

/// How edges multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Multiplier {
    /// A multiplier of the device in every edge: one product a fire.
    #[default]
    Parallel,
    /// A multiplier of LUTs in every edge: one product a fire.
    Lut,
    /// Two bit-serial multipliers in every edge, of LUTs alone: one bit a fire.
    Serial,
}

impl Multiplier {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Multiplier::Parallel => "parallel",
            Multiplier::Lut => "lut",
            Multiplier::Serial => "serial",
        }
    }
}

/// How an array is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArrayOptions {
    /// The primitives that the array is built of.
    pub technology: Technology,
    /// How its edges multiply.
    pub multiplier: Multiplier,
}

impl From<Technology> for ArrayOptions {
    /// Parallel multipliers.
    fn from(technology: Technology) -> Self {
        ArrayOptions { technology, multiplier: Multiplier::default() }
    }
}
