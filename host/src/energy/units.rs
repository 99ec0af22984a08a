//! Quantities of a measurement: energies, powers, values with bounds, and how a quantity came about.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::time::Duration;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                self.0 += other.0;
            }
        }

        impl Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                $name(self.0 - other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = $name;
            fn mul(self, factor: f64) -> $name {
                $name(self.0 * factor)
            }
        }

        impl Div<f64> for $name {
            type Output = $name;
            fn div(self, divisor: f64) -> $name {
                $name(self.0 / divisor)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = $name>>(items: I) -> $name {
                items.fold($name::default(), |sum, item| sum + item)
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                write!(f, "{:.4e} {}", self.0, $unit)
            }
        }
    };
}

quantity! {
    /// An energy in joules.
    Joule, "J"
}

quantity! {
    /// A power in watts.
    Watt, "W"
}

impl Mul<Duration> for Watt {
    type Output = Joule;
    fn mul(self, time: Duration) -> Joule {
        Joule(self.0 * time.as_secs_f64())
    }
}

impl Div<Duration> for Joule {
    type Output = Watt;
    fn div(self, time: Duration) -> Watt {
        Watt(self.0 / time.as_secs_f64())
    }
}

pub use wheatstone_measure::Bounded;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_times_time_is_energy_and_back() {
        let time = Duration::from_millis(2500);
        assert_eq!(Watt(4.0) * time, Joule(10.0));
        assert_eq!(Joule(10.0) / time, Watt(4.0));
        assert_eq!(Joule(2.5e-12).to_string(), "2.5000e-12 J");
    }
}
