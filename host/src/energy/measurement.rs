//! What was measured, and the figures that follow from it.

use super::plan::Plan;
use super::quantity::{Bounded, Joule, Watt};
use super::source::{Description, Scope};
use super::statistics::{Interval, TooFew, median_interval};
use crate::figure::Kind;
use serde::Serialize;
use std::time::Duration;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};

/// The outcome of a measurement, round by round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// How it went.
    pub plan: Plan,
    /// The sources, in the order in which figures name them.
    pub sources: Vec<Description>,
    /// The contenders' names.
    pub contenders: Vec<String>,
    /// By contender, then by round.
    pub rounds: Vec<Vec<Round>>,
    /// Power at rest, by idle block, then by source.
    pub idle: Vec<Vec<Bounded<Watt>>>,
}

/// One contender in one round.
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

/// What is told of a contender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "quantity", rename_all = "snake_case")]
pub enum Quantity {
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
        /// Where.
        scopes: Vec<Scope>,
    },
    /// How often one contender's figure is another's.
    Ratio {
        /// Of which figure.
        of: Box<Quantity>,
        /// The contender it is divided by.
        to: String,
    },
}

/// A figure with its bounds, fit to be printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Whose; empty for what belongs to the machine.
    pub contender: String,
    /// Of what.
    #[serde(flatten)]
    pub quantity: Quantity,
    /// The median.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Of all three.
    pub unit: String,
    /// How it came about.
    pub kind: Kind,
    /// Rounds.
    pub n: usize,
    /// The probability that such an interval holds the true median.
    pub coverage: f64,
}

/// A figure that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FigureError {
    /// Some energy would count twice.
    #[error("{first} and {second} overlap: part of the energy would count twice; take one of them")]
    Overlap {
        /// A scope.
        first: Scope,
        /// Another.
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
        "{contender} takes no more than the machine at rest, as far as {rounds} of the rounds can tell, so nothing can be divided by it; measure longer blocks, or compare totals"
    )]
    NotAboveIdle {
        /// The contender.
        contender: String,
        /// In how many rounds.
        rounds: usize,
    },
}

impl Categorized for FigureError {
    fn category(&self) -> ErrorCategory {
        match self {
            FigureError::Overlap { .. } | FigureError::NoSource => ErrorCategory::Usage,
            FigureError::TooFew(error) => error.category(),
            FigureError::NotAboveIdle { .. } => ErrorCategory::Failed,
        }
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
    /// [`FigureError::TooFew`]
    pub fn time(&self, contender: usize) -> Result<Measured, FigureError> {
        let interval = median_interval(&self.times(contender))?;
        let unit = format!("s per {}", self.plan.unit);
        Ok(figure(self.contenders[contender].clone(), Quantity::Time, interval, unit, Kind::Measured))
    }

    /// Energy a unit of work, metered by one source or added over several whose scopes do not overlap.
    ///
    /// # Errors
    /// [`FigureError`]
    pub fn energy(&self, contender: usize, sources: &[usize], basis: Basis) -> Result<Measured, FigureError> {
        let scopes = self.disjoint(sources)?;
        let interval = median_interval(&self.energies(contender, sources, basis))?;
        let unit = format!("J per {}", self.plan.unit);
        let quantity = Quantity::Energy { scopes, basis };
        Ok(figure(self.contenders[contender].clone(), quantity, interval, unit, self.kind(sources)))
    }

    /// Power at rest.
    ///
    /// # Errors
    /// [`FigureError`]
    pub fn idle_power(&self, sources: &[usize]) -> Result<Measured, FigureError> {
        let scopes = self.disjoint(sources)?;
        let sum = |block: &Vec<Bounded<Watt>>| {
            let zero = Bounded::exact(Watt(0.0));
            sources.iter().fold(zero, |sum, &source| sum + block[source]).map(|watt| watt.0)
        };
        let interval = median_interval(&self.idle.iter().map(sum).collect::<Vec<_>>())?;
        let quantity = Quantity::IdlePower { scopes };
        Ok(figure(String::new(), quantity, interval, "W".to_owned(), self.kind(sources)))
    }

    /// How often the time of `contender` is that of `to`: the median over rounds of the ratio within a round, so that
    /// what drifts from round to round drops out.
    ///
    /// # Errors
    /// [`FigureError::TooFew`]
    pub fn time_ratio(&self, contender: usize, to: usize) -> Result<Measured, FigureError> {
        self.ratio([contender, to], [self.times(contender), self.times(to)], Quantity::Time, Kind::Measured)
    }

    /// As [`Measurement::time_ratio`], of energies.
    ///
    /// # Errors
    /// [`FigureError`]
    pub fn energy_ratio(
        &self,
        contender: usize,
        to: usize,
        sources: &[usize],
        basis: Basis,
    ) -> Result<Measured, FigureError> {
        let scopes = self.disjoint(sources)?;
        let energies = [contender, to].map(|contender| self.energies(contender, sources, basis));
        self.ratio([contender, to], energies, Quantity::Energy { scopes, basis }, self.kind(sources))
    }

    /// Every figure that needs no choice: times, energies of each source with and without rest, power at rest.
    ///
    /// # Errors
    /// [`FigureError::TooFew`]
    pub fn figures(&self) -> Result<Vec<Measured>, FigureError> {
        let mut figures = Vec::new();
        for contender in 0..self.contenders.len() {
            figures.push(self.time(contender)?);
            for source in 0..self.sources.len() {
                for basis in [Basis::Total, Basis::AboveIdle] {
                    figures.push(self.energy(contender, &[source], basis)?);
                }
            }
        }
        for source in 0..self.sources.len() {
            figures.push(self.idle_power(&[source])?);
        }
        Ok(figures)
    }

    fn times(&self, contender: usize) -> Vec<Bounded<f64>> {
        let time = |round: &Round| Bounded::exact(round.time.as_secs_f64() / round.work as f64);
        self.rounds[contender].iter().map(time).collect()
    }

    fn energies(&self, contender: usize, sources: &[usize], basis: Basis) -> Vec<Bounded<f64>> {
        let energy = |round: &Round| {
            let one = |&source: &usize| match basis {
                Basis::Total => round.energy[source],
                Basis::AboveIdle => round.energy[source] - round.idle_energy[source],
            };
            let zero = Bounded::exact(Joule(0.0));
            let sum = sources.iter().map(one).fold(zero, |sum, energy| sum + energy);
            sum.map(|joule| joule.0 / round.work as f64)
        };
        self.rounds[contender].iter().map(energy).collect()
    }

    fn ratio(
        &self,
        [contender, to]: [usize; 2],
        [above, below]: [Vec<Bounded<f64>>; 2],
        of: Quantity,
        kind: Kind,
    ) -> Result<Measured, FigureError> {
        let rounds = below.iter().filter(|value| value.low <= 0.0).count();
        if rounds > 0 {
            return Err(FigureError::NotAboveIdle { contender: self.contenders[to].clone(), rounds });
        }
        let divide = |(a, b): (&Bounded<f64>, &Bounded<f64>)| {
            // A negative bound is furthest from 0 when divided by the least.
            let low = if a.low < 0.0 { a.low / b.low } else { a.low / b.high };
            let high = if a.high < 0.0 { a.high / b.high } else { a.high / b.low };
            Bounded { value: a.value / b.value, low, high }
        };
        let interval = median_interval(&above.iter().zip(&below).map(divide).collect::<Vec<_>>())?;
        let quantity = Quantity::Ratio { of: Box::new(of), to: self.contenders[to].clone() };
        Ok(figure(self.contenders[contender].clone(), quantity, interval, "1".to_owned(), kind))
    }

    /// The scopes of sources that may be added.
    fn disjoint(&self, sources: &[usize]) -> Result<Vec<Scope>, FigureError> {
        let scopes: Vec<Scope> = sources.iter().map(|&source| self.sources[source].scope.clone()).collect();
        for (i, first) in scopes.iter().enumerate() {
            if let Some(second) = scopes[i + 1..].iter().find(|second| first.overlaps(second)) {
                return Err(FigureError::Overlap { first: first.clone(), second: second.clone() });
            }
        }
        if scopes.is_empty() { Err(FigureError::NoSource) } else { Ok(scopes) }
    }

    /// A sum is as good as the weakest of its parts.
    fn kind(&self, sources: &[usize]) -> Kind {
        let kinds = sources.iter().map(|&source| self.sources[source].kind);
        kinds.max().unwrap_or(Kind::Measured)
    }
}

fn figure(contender: String, quantity: Quantity, interval: Interval, unit: String, kind: Kind) -> Measured {
    let Interval { median, low, high, coverage, n } = interval;
    Measured { contender, quantity, value: median, low, high, unit, kind, n, coverage }
}
