//! What was measured, and the quantities that follow from it.

use super::plan::Plan;
use super::source::{Description, Scope};
use super::units::{Bounded, Joule, Watt};
use crate::quantity::Kind;
use serde::Serialize;
use std::time::Duration;
use thiserror::Error;
use wheatstone_measure::statistics::{Interval, TooFew, median_interval};
use wheatstone_sim::categorize;

/// The outcome of a measurement, round by round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// How it went.
    pub plan: Plan,
    /// The sources, in the order in which quantities name them.
    pub sources: Vec<Description>,
    /// By source: how far its scale may be off, as a fraction of what it reads.
    pub accuracies: Vec<f64>,
    /// The baselines' names.
    #[serde(rename = "contenders")]
    pub baselines: Vec<String>,
    /// By baseline, then by round.
    pub rounds: Vec<Vec<Round>>,
    /// Power at rest, by idle block, then by source.
    pub idle: Vec<Vec<Bounded<Watt>>>,
}

/// One baseline in one round.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It does: the price of having the machine on.
    Total,
    /// It is subtracted: the price of the work on a machine that is on anyway.
    AboveIdle,
}

/// What is told of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "quantity", rename_all = "snake_case")]
pub enum Metric {
    /// Time a unit of work.
    Time,
    /// Energy a unit of work.
    Energy {
        /// What it was metered in.
        scopes: Vec<Scope>,
        /// With or without rest.
        basis: Basis,
    },
    /// Power at rest.
    IdlePower {
        /// What was metered.
        scopes: Vec<Scope>,
    },
    /// How often one baseline's quantity is another's.
    Ratio {
        /// Of which quantity.
        of: Box<Metric>,
        /// The baseline it is divided by.
        to: String,
    },
}

/// A quantity with its bounds, fit to be printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Whose; empty for what belongs to the machine.
    #[serde(rename = "contender")]
    pub baseline: String,
    /// What the value is of.
    #[serde(flatten)]
    pub metric: Metric,
    /// Median over the rounds.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Of all three.
    pub unit: String,
    /// How it came about.
    pub kind: Kind,
    /// Number of rounds.
    pub n: usize,
    /// The probability that such an interval holds the true median.
    pub coverage: f64,
}

/// A quantity that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// Some energy would count twice.
    #[error("{first} and {second} overlap: part of the energy would count twice; take one of them")]
    Overlap {
        /// The one of the two that was named first.
        first: Scope,
        /// The one that shares energy with it.
        second: Scope,
    },
    /// A sum of nothing.
    #[error("no source is named; name those whose energies are to be added")]
    NoSource,
    /// Too few rounds.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// A ratio to nothing.
    #[error(
        "{baseline} takes no more than the machine at rest, as far as {rounds} of the rounds can tell, so nothing can be divided by it; measure longer blocks, or compare totals"
    )]
    NotAboveIdle {
        /// The baseline that was to be divided by.
        baseline: String,
        /// In how many rounds.
        rounds: usize,
    },
}

categorize! {
    QuantityError {
        Usage: Overlap, NoSource, TooFew;
        Failed: NotAboveIdle;
    }
}

impl Round {
    pub(super) fn empty(sources: usize) -> Round {
        let zero = vec![Bounded::default(); sources];
        Round { work: 0, time: Duration::ZERO, energy: zero.clone(), idle_energy: zero }
    }
}

impl Measurement {
    /// Time a unit of work.
    ///
    /// # Errors
    /// [`QuantityError::TooFew`]
    pub fn time(&self, baseline: usize) -> Result<Measured, QuantityError> {
        let interval = median_interval(&self.times(baseline))?;
        let unit = format!("s per {}", self.plan.unit);
        Ok(quantity(self.baselines[baseline].clone(), Metric::Time, interval, unit, Kind::Measured))
    }

    /// Energy a unit of work, metered by one source or added over several whose scopes do not overlap.
    ///
    /// # Errors
    /// [`QuantityError`]
    pub fn energy(
        &self,
        baseline: usize,
        sources: &[usize],
        basis: Basis,
    ) -> Result<Measured, QuantityError> {
        let scopes = self.disjoint(sources)?;
        let interval = median_interval(&self.energies(baseline, sources, basis))?;
        let unit = format!("J per {}", self.plan.unit);
        let metric = Metric::Energy { scopes, basis };
        Ok(quantity(self.baselines[baseline].clone(), metric, interval, unit, self.kind(sources)))
    }

    /// Power at rest.
    ///
    /// # Errors
    /// [`QuantityError`]
    pub fn idle_power(&self, sources: &[usize]) -> Result<Measured, QuantityError> {
        let scopes = self.disjoint(sources)?;
        let sum = |block: &Vec<Bounded<Watt>>| {
            let zero = Bounded::exact(Watt(0.0));
            sources.iter().fold(zero, |sum, &source| sum + block[source]).map(|watt| watt.0)
        };
        let interval = median_interval(&self.idle.iter().map(sum).collect::<Vec<_>>())?;
        let metric = Metric::IdlePower { scopes };
        Ok(quantity(String::new(), metric, interval, "W".to_owned(), self.kind(sources)))
    }

    /// How often the time of `baseline` is that of `to`: the median over rounds of the ratio within a round, so that
    /// what drifts from round to round drops out.
    ///
    /// # Errors
    /// [`QuantityError::TooFew`]
    pub fn time_ratio(&self, baseline: usize, to: usize) -> Result<Measured, QuantityError> {
        self.ratio([baseline, to], [self.times(baseline), self.times(to)], Metric::Time, Kind::Measured)
    }

    /// As [`Measurement::time_ratio`], of energies.
    ///
    /// # Errors
    /// [`QuantityError`]
    pub fn energy_ratio(
        &self,
        baseline: usize,
        to: usize,
        sources: &[usize],
        basis: Basis,
    ) -> Result<Measured, QuantityError> {
        let scopes = self.disjoint(sources)?;
        let energies = [baseline, to].map(|baseline| self.energies(baseline, sources, basis));
        self.ratio([baseline, to], energies, Metric::Energy { scopes, basis }, self.kind(sources))
    }

    /// Every quantity that needs no choice: times, energies of each source with and without rest, power at rest.
    ///
    /// # Errors
    /// [`QuantityError::TooFew`]
    pub fn quantities(&self) -> Result<Vec<Measured>, QuantityError> {
        let mut quantities = Vec::new();
        for baseline in 0..self.baselines.len() {
            quantities.push(self.time(baseline)?);
            for source in 0..self.sources.len() {
                for basis in [Basis::Total, Basis::AboveIdle] {
                    quantities.push(self.energy(baseline, &[source], basis)?);
                }
            }
        }
        for source in 0..self.sources.len() {
            quantities.push(self.idle_power(&[source])?);
        }
        Ok(quantities)
    }

    fn times(&self, baseline: usize) -> Vec<Bounded<f64>> {
        let time = |round: &Round| Bounded::exact(round.time.as_secs_f64() / round.work as f64);
        self.rounds[baseline].iter().map(time).collect()
    }

    fn energies(&self, baseline: usize, sources: &[usize], basis: Basis) -> Vec<Bounded<f64>> {
        let energy = |round: &Round| {
            let one = |&source: &usize| match basis {
                Basis::Total => round.energy[source],
                Basis::AboveIdle => round.energy[source] - round.idle_energy[source],
            };
            let zero = Bounded::exact(Joule(0.0));
            let sum = sources.iter().map(one).fold(zero, |sum, energy| sum + energy);
            sum.map(|joule| joule.0 / round.work as f64)
        };
        self.rounds[baseline].iter().map(energy).collect()
    }

    fn ratio(
        &self,
        [baseline, to]: [usize; 2],
        [above, below]: [Vec<Bounded<f64>>; 2],
        of: Metric,
        kind: Kind,
    ) -> Result<Measured, QuantityError> {
        let rounds = below.iter().filter(|value| value.low <= 0.0).count();
        if rounds > 0 {
            return Err(QuantityError::NotAboveIdle { baseline: self.baselines[to].clone(), rounds });
        }
        let divide = |(a, b): (&Bounded<f64>, &Bounded<f64>)| {
            // A negative bound is furthest from 0 when divided by the least.
            let low = if a.low < 0.0 { a.low / b.low } else { a.low / b.high };
            let high = if a.high < 0.0 { a.high / b.high } else { a.high / b.low };
            Bounded { value: a.value / b.value, low, high }
        };
        let interval = median_interval(&above.iter().zip(&below).map(divide).collect::<Vec<_>>())?;
        let metric = Metric::Ratio { of: Box::new(of), to: self.baselines[to].clone() };
        Ok(quantity(self.baselines[baseline].clone(), metric, interval, "1".to_owned(), kind))
    }

    /// The scopes of sources that may be added.
    fn disjoint(&self, sources: &[usize]) -> Result<Vec<Scope>, QuantityError> {
        let scopes: Vec<Scope> = sources.iter().map(|&source| self.sources[source].scope.clone()).collect();
        for (i, first) in scopes.iter().enumerate() {
            if let Some(second) = scopes[i + 1..].iter().find(|second| first.overlaps(second)) {
                return Err(QuantityError::Overlap { first: first.clone(), second: second.clone() });
            }
        }
        if scopes.is_empty() { Err(QuantityError::NoSource) } else { Ok(scopes) }
    }

    /// A sum is as good as the weakest of its parts.
    fn kind(&self, sources: &[usize]) -> Kind {
        let kinds = sources.iter().map(|&source| self.sources[source].kind);
        kinds.max().unwrap_or(Kind::Measured)
    }
}

fn quantity(baseline: String, metric: Metric, interval: Interval, unit: String, kind: Kind) -> Measured {
    let Interval { median, low, high, coverage, n } = interval;
    Measured { baseline, metric, value: median, low, high, unit, kind, n, coverage }
}
