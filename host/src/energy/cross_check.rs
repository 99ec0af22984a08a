//! Sources that meter the same energy, held against each other: a GPU's counter against its sampled power, and everything in a machine
//! against the meter at the wall.

use super::measurement::{Measurement, Round};
use super::source::Scope;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use wheatstone_measure::statistics::{Interval, TooFew, median_interval};

/// Two sources that saw the same rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossCheck {
    /// The one that meters a part of the other's scope, or the same.
    pub inner: String,
    /// The other.
    pub outer: String,
    /// Whether both have the same scope.
    pub same_scope: bool,
    /// Rounds of all baselines.
    pub rounds: usize,
    /// In how many of them no energies within both bounds agree: a part is more than the whole, or what is the same differs.
    pub contradictions: usize,
    /// Mean power that the outer one tells beyond the inner one, in W: its median over the rounds.
    pub beyond: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// How one scope lies in another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Same,
    Part,
}

fn within(inner: &Scope, outer: &Scope) -> Option<Within> {
    match (inner, outer) {
        _ if inner == outer => Some(Within::Same),
        (_, Scope::Wall) => Some(Within::Part),
        _ => None,
    }
}

impl Measurement {
    /// Every pair of sources of which one meters what the other meters as well.
    ///
    /// # Errors
    /// [`TooFew`] rounds.
    pub fn cross_checks(&self) -> Result<Vec<CrossCheck>, TooFew> {
        let mut checks = Vec::new();
        for (inner, first) in self.sources.iter().enumerate() {
            for (outer, second) in self.sources.iter().enumerate() {
                match within(&first.scope, &second.scope) {
                    // Of two alike, the first is held against the second only.
                    Some(Within::Same) if inner < outer => {
                        checks.push(self.check(inner, outer, Within::Same)?)
                    }
                    Some(Within::Part) => checks.push(self.check(inner, outer, Within::Part)?),
                    _ => {}
                }
            }
        }
        Ok(checks)
    }

    fn check(&self, inner: usize, outer: usize, within: Within) -> Result<CrossCheck, TooFew> {
        let rounds: Vec<&Round> = self.rounds.iter().flatten().collect();
        let is_contradiction = |round: &&&Round| {
            let (part, whole) = (round.energy[inner], round.energy[outer]);
            part.low.0 > whole.high.0 || within == Within::Same && whole.low.0 > part.high.0
        };
        let beyond = |round: &&Round| {
            (round.energy[outer] - round.energy[inner]).map(|joule| joule.0 / round.time.as_secs_f64())
        };
        let Interval { median, low, high, .. } =
            median_interval(&rounds.iter().map(beyond).collect::<Vec<_>>())?;
        let name = |source: usize| self.sources[source].name.clone();
        Ok(CrossCheck {
            inner: name(inner),
            outer: name(outer),
            same_scope: within == Within::Same,
            rounds: rounds.len(),
            contradictions: rounds.iter().filter(is_contradiction).count(),
            beyond: median,
            low,
            high,
        })
    }
}

impl Display for CrossCheck {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let CrossCheck { inner, outer, same_scope, rounds, contradictions, beyond, low, high } = self;
        let relation = if *same_scope { "meters the same as" } else { "is in front of" };
        write!(f, "{outer} {relation} {inner} and tells {beyond:.1} W more ({low:.1} to {high:.1} W); ")?;
        match contradictions {
            0 => f.write_str("they agree"),
            _ => write!(f, "they contradict each other in {contradictions} of {rounds} rounds"),
        }
    }
}
