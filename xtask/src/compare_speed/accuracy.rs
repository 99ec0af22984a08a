//! How far an answer is from the exact one, and what is held to be equally good.

use anyhow::{Result, ensure};
use serde::Serialize;

use wheatstone_measure::training_step::{Question, Solution};

/// Largest errors allowed, the same for everyone.
///
/// A thousandth of the voltage range is what a 10-bit measurement of the answers resolves. A training step multiplies
/// small differences of voltages, so its relative error is larger by nature; a twentieth is well below the spread that one
/// sample's change has among samples, so that learning does not suffer.
pub const BOUNDS: Accuracy = Accuracy { free: 1e-3, clamped: 1e-3, change: 5e-2 };

/// Root mean squares over nodes or edges and over samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// Free voltages: deviation as part of the range of imposed voltages.
    pub free: f64,
    /// Clamped voltages, likewise.
    pub clamped: f64,
    /// Changes of conductances: deviation as part of the exact changes' root mean square.
    pub change: f64,
}

impl Accuracy {
    /// One number for three: the largest part of its bound that an error takes. At most 1 is within bounds.
    pub fn share(&self) -> f64 {
        // Not a number is never within bounds.
        let parts = [self.free / BOUNDS.free, self.clamped / BOUNDS.clamped, self.change / BOUNDS.change];
        if parts.iter().any(|part| part.is_nan()) {
            f64::INFINITY
        } else {
            parts.into_iter().fold(0.0, f64::max)
        }
    }

    /// The larger of each error.
    #[must_use]
    pub fn worse(self, other: Accuracy) -> Accuracy {
        Accuracy {
            free: self.free.max(other.free),
            clamped: self.clamped.max(other.clamped),
            change: self.change.max(other.change),
        }
    }
}

/// Gathers errors sample by sample.
#[derive(Default)]
pub struct Measure {
    free: Sum,
    clamped: Sum,
    change: Sum,
    exact_change: Sum,
}

#[derive(Default)]
struct Sum {
    squares: f64,
    terms: usize,
}

impl Sum {
    fn add(&mut self, values: impl Iterator<Item = f64>) {
        for value in values {
            self.squares += value * value;
            self.terms += 1;
        }
    }

    /// 0 of nothing.
    fn root_mean_square(&self) -> f64 {
        if self.terms == 0 { 0.0 } else { (self.squares / self.terms as f64).sqrt() }
    }
}

impl Measure {
    /// Adds one sample's answer.
    ///
    /// # Errors
    /// The two are not of the same size.
    pub fn add(&mut self, question: Question, found: &Solution, exact: &Solution) -> Result<()> {
        self.free.add(deviations("free voltages", &found.free, &exact.free)?);
        if question == Question::TrainingStep {
            self.clamped.add(deviations("clamped voltages", &found.clamped, &exact.clamped)?);
            self.change.add(deviations("changes", &found.change, &exact.change)?);
            self.exact_change.add(exact.change.iter().copied());
        }
        Ok(())
    }

    /// The errors so far, voltages as part of `range`.
    pub fn accuracy(&self, range: f64) -> Accuracy {
        let change = match self.change.root_mean_square() {
            0.0 => 0.0,
            change => change / self.exact_change.root_mean_square(),
        };
        Accuracy {
            free: self.free.root_mean_square() / range,
            clamped: self.clamped.root_mean_square() / range,
            change,
        }
    }
}

fn deviations<'a>(what: &str, found: &'a [f64], exact: &'a [f64]) -> Result<impl Iterator<Item = f64> + 'a> {
    let (given, wanted) = (found.len(), exact.len());
    ensure!(given == wanted, "{given} {what} were computed and {wanted} are exact: not the same network");
    Ok(found.iter().zip(exact).map(|(found, exact)| found - exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solution(free: &[f64], clamped: &[f64], change: &[f64]) -> Solution {
        Solution { free: free.to_vec(), clamped: clamped.to_vec(), change: change.to_vec() }
    }

    #[test]
    fn errors_are_root_mean_squares_over_all_samples() {
        let mut measure = Measure::default();
        let exact = solution(&[0.0, 10.0], &[1.0, 1.0], &[30.0, 40.0]);
        measure.add(Question::TrainingStep, &exact, &exact).unwrap();
        let off = solution(&[2.0, 10.0], &[1.0, 3.0], &[30.0, 45.0]);
        measure.add(Question::TrainingStep, &off, &exact).unwrap();
        let accuracy = measure.accuracy(1000.0);
        assert_eq!((accuracy.free, accuracy.clamped), (1e-3, 1e-3));
        let exact_change = (2.0 * (30.0f64.powi(2) + 40.0f64.powi(2)) / 4.0).sqrt();
        assert!((accuracy.change - 2.5 / exact_change).abs() < 1e-15, "{accuracy:?}");
    }

    #[test]
    fn only_the_free_state_counts_where_only_it_is_asked_for() {
        let mut measure = Measure::default();
        let (found, exact) = (solution(&[3.0], &[], &[]), solution(&[1.0], &[7.0], &[7.0]));
        measure.add(Question::Equilibrium, &found, &exact).unwrap();
        assert_eq!(measure.accuracy(2000.0), Accuracy { free: 1e-3, clamped: 0.0, change: 0.0 });
    }

    #[test]
    fn the_share_is_that_of_the_worst_error() {
        assert_eq!(BOUNDS.share(), 1.0);
        assert_eq!(Accuracy { free: 1e-4, clamped: 1e-4, change: 2.5e-2 }.share(), 0.5);
        assert_eq!(Accuracy { free: f64::NAN, clamped: 0.0, change: 0.0 }.share(), f64::INFINITY);
        let worse = Accuracy { free: 1.0, clamped: 0.0, change: 3.0 }.worse(BOUNDS);
        assert_eq!(worse, Accuracy { free: 1.0, clamped: 1e-3, change: 3.0 });
    }

    #[test]
    fn another_network_is_noticed() {
        let (found, exact) = (solution(&[1.0], &[], &[]), solution(&[1.0, 2.0], &[], &[]));
        let error = Measure::default().add(Question::Equilibrium, &found, &exact).unwrap_err().to_string();
        assert!(error.starts_with("1 free voltages were computed and 2 are exact"), "{error}");
    }
}
