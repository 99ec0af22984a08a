//! What was measured, and the quantities that follow from it.

use super::source::Description;
use super::units::{Bounded, Joule};
use crate::quantity::{Kind, Quantity};
use std::borrow::Cow;
use std::time::Duration;
use wheatstone_measure::statistics::{Interval, TooFew, median_interval};

/// The outcome of a measurement, round by round.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The sources, in the order in which rounds have their energies.
    pub sources: Vec<Description>,
    /// By source: how far its scale may be off, as a fraction of what it reads.
    pub accuracies: Vec<f64>,
    /// By baseline, then by round.
    pub rounds: Vec<Vec<Round>>,
}

/// One baseline in one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Units of work.
    pub work: u64,
    /// The time they took.
    pub time: Duration,
    /// By source: everything its scope took meanwhile.
    pub energy: Vec<Bounded<Joule>>,
    /// By source: what its scope would have taken at rest.
    pub idle_energy: Vec<Bounded<Joule>>,
}

/// Whether what the scope takes at rest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It does: the price of having the machine on.
    Total,
    /// It is subtracted: the price of the work on a machine that is on anyway.
    AboveIdle,
}

impl Round {
    pub(super) fn empty(sources: usize) -> Round {
        let zero = vec![Bounded::default(); sources];
        Round { work: 0, time: Duration::ZERO, energy: zero.clone(), idle_energy: zero }
    }
}

impl Measurement {
    /// Seconds of a unit of a baseline's work: the median over the rounds.
    ///
    /// # Errors
    /// [`TooFew`] rounds.
    pub fn time(&self, baseline: usize) -> Result<Quantity, TooFew> {
        let time = |round: &Round| Bounded::exact(round.time.as_secs_f64() / round.work as f64);
        self.median(baseline, time, "s", Kind::Measured)
    }

    /// Joules of a unit of a baseline's work, as one source meters it: likewise. Energies of several sources are not added: they may
    /// see the same.
    ///
    /// # Errors
    /// [`TooFew`] rounds.
    pub fn energy(&self, baseline: usize, source: usize, basis: Basis) -> Result<Quantity, TooFew> {
        let energy = |round: &Round| {
            let energy = match basis {
                Basis::Total => round.energy[source],
                Basis::AboveIdle => round.energy[source] - round.idle_energy[source],
            };
            energy.map(|joule| joule.0 / round.work as f64)
        };
        self.median(baseline, energy, "J", self.sources[source].kind)
    }

    fn median(
        &self,
        baseline: usize,
        value: impl Fn(&Round) -> Bounded<f64>,
        unit: &'static str,
        kind: Kind,
    ) -> Result<Quantity, TooFew> {
        let values: Vec<_> = self.rounds[baseline].iter().map(value).collect();
        let Interval { median, low, high, .. } = median_interval(&values)?;
        Ok(Quantity { value: median, unit: Cow::Borrowed(unit), kind, low, high })
    }
}
