//! Values with bounds.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// A value and the bounds its true value lies between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounded<Q> {
    /// The best guess.
    pub value: Q,
    /// Lower bound of the true value.
    pub low: Q,
    /// Upper bound of the true value.
    pub high: Q,
}

impl<Q: Copy> Bounded<Q> {
    /// A value without uncertainty.
    pub fn exact(value: Q) -> Bounded<Q> {
        Bounded { value, low: value, high: value }
    }

    /// The same for value and bounds. `change` must not fall.
    pub fn map<R>(self, change: impl Fn(Q) -> R) -> Bounded<R> {
        Bounded { value: change(self.value), low: change(self.low), high: change(self.high) }
    }
}

impl<Q: Copy + Add<Output = Q> + Sub<Output = Q>> Bounded<Q> {
    /// A value that may be off by `margin` in either direction.
    pub fn around(value: Q, margin: Q) -> Bounded<Q> {
        Bounded { value, low: value - margin, high: value + margin }
    }
}

impl<Q: Add<Output = Q>> Add for Bounded<Q> {
    type Output = Bounded<Q>;
    fn add(self, other: Bounded<Q>) -> Bounded<Q> {
        Bounded { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }
}

impl<Q: Sub<Output = Q> + Copy> Sub for Bounded<Q> {
    type Output = Bounded<Q>;
    fn sub(self, other: Bounded<Q>) -> Bounded<Q> {
        Bounded { value: self.value - other.value, low: self.low - other.high, high: self.high - other.low }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_bounded_values_is_as_uncertain_as_both() {
        let (a, b) = (Bounded::around(10.0, 1.0), Bounded::around(4.0, 0.5));
        assert_eq!(a - b, Bounded { value: 6.0, low: 4.5, high: 7.5 });
        assert_eq!(a + b, Bounded { value: 14.0, low: 12.5, high: 15.5 });
    }
}
