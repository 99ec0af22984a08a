//! The plan of a measurement: how long, how often, in what order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;
use std::time::Duration;
use thiserror::Error;
use wheatstone_measure::statistics::LEAST_VALUES;
use wheatstone_sim::categorize;

/// How a measurement goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// How long each baseline works before anything counts; clocks, caches and temperatures settle meanwhile.
    pub warm_up: Duration,
    /// The least time of a block, which is work of one baseline between two marks.
    pub block: Duration,
    /// How long the machine rests after work before an idle block begins.
    pub settle: Duration,
    /// The time of an idle block. There is one before each round and one behind the last.
    pub idle: Duration,
    /// In each round every baseline has its turn; statistics are over rounds.
    pub rounds: usize,
    /// Order within a round.
    pub order: TurnOrder,
    /// Seed of the order, where chance decides it.
    pub seed: u64,
    /// What one unit of work is, in words, as in "J per training sample".
    pub unit: String,
    /// The error every baseline must have reached at the end of each call, if work is "until the error is that".
    pub final_error: Option<f64>,
}

/// In which order baselines take turns within a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnOrder {
    /// There and back, as in ABBA: what drifts steadily within a round costs both the same.
    Mirrored,
    /// Once each, in an order drawn anew for each round.
    Shuffled,
    /// All rounds of the first baseline, then all of the second. What drifts is taken for a difference; here only to
    /// show that.
    Sequential,
}

/// A plan that cannot give what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Too few rounds.
    #[error(
        "{rounds} rounds bound no median with 95 % confidence; plan {LEAST_VALUES} or more (9, 12 and 15 are efficient)"
    )]
    Rounds {
        /// How many there are.
        rounds: usize,
    },
    /// A time that is 0.
    #[error("{what} must last some time; plan 60 s, or less for a trial")]
    Zero {
        /// Which part of the plan lasts no time.
        what: &'static str,
    },
    /// Nobody takes part.
    #[error("there is no baseline to measure")]
    Nobody,
}

categorize! {
    PlanError {
        Usage: Rounds, Zero, Nobody;
    }
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            warm_up: Duration::from_secs(30),
            block: Duration::from_secs(60),
            settle: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            rounds: 9,
            order: TurnOrder::Mirrored,
            seed: 0,
            unit: "training sample".to_owned(),
            final_error: None,
        }
    }
}

/// A turn: a block of work of one baseline, as part of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index of the baseline whose turn it is.
    pub baseline: usize,
    /// Which round it counts for.
    pub round: usize,
}

impl Plan {
    /// Whether such a plan can give a median with an interval.
    ///
    /// # Errors
    /// [`PlanError`]
    pub fn check(&self, baselines: usize) -> Result<(), PlanError> {
        if self.rounds < LEAST_VALUES {
            return Err(PlanError::Rounds { rounds: self.rounds });
        }
        if baselines == 0 {
            return Err(PlanError::Nobody);
        }
        for (what, time) in [("a block", self.block), ("an idle block", self.idle)] {
            if time.is_zero() {
                return Err(PlanError::Zero { what });
            }
        }
        Ok(())
    }

    /// All turns, group by group; an idle block comes before each group and behind the last.
    pub fn turns(&self, baselines: usize) -> Vec<Vec<Turn>> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let round = |round: usize, order: Vec<usize>| -> Vec<Turn> {
            order.into_iter().map(|baseline| Turn { baseline, round }).collect()
        };
        match self.order {
            TurnOrder::Mirrored => {
                let there_and_back = |_| (0..baselines).chain((0..baselines).rev()).collect();
                (0..self.rounds).map(|r| round(r, there_and_back(r))).collect()
            }
            TurnOrder::Shuffled => {
                let mut shuffled = |_| {
                    let mut order: Vec<usize> = (0..baselines).collect();
                    // Fisher and Yates, from behind.
                    for last in (1..baselines).rev() {
                        order.swap(last, below(&mut rng, last + 1));
                    }
                    order
                };
                (0..self.rounds).map(|r| round(r, shuffled(r))).collect()
            }
            TurnOrder::Sequential => {
                let all = (0..baselines).flat_map(|c| (0..self.rounds).map(move |r| (c, r)));
                all.map(|(baseline, r)| round(r, vec![baseline])).collect()
            }
        }
    }

    /// How long it takes, apart from the last call of each block, which may run over.
    pub fn expected_duration(&self, baselines: usize) -> Duration {
        let times = |duration: Duration, count: usize| duration * u32::try_from(count).unwrap_or(u32::MAX);
        let groups = self.turns(baselines);
        let blocks = groups.iter().map(Vec::len).sum();
        times(self.warm_up, baselines)
            + times(self.block, blocks)
            + times(self.settle + self.idle, groups.len() + 1)
    }
}

/// A number below `bound`, which is small beside 2^32.
fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    let scaled = (u64::from(rng.next_u32()) * bound as u64) >> 32;
    usize::try_from(scaled).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(plan: &Plan, baselines: usize) -> Vec<String> {
        let name = |turn: &Turn| char::from(b'A' + u8::try_from(turn.baseline).unwrap());
        plan.turns(baselines).iter().map(|group| group.iter().map(name).collect()).collect()
    }

    #[test]
    fn turns_are_mirrored_shuffled_or_sequential() {
        let plan = Plan { rounds: 6, ..Plan::default() };
        assert_eq!(names(&plan, 2), ["ABBA"; 6]);
        assert_eq!(names(&plan, 3), ["ABCCBA"; 6]);
        let shuffled = Plan { order: TurnOrder::Shuffled, rounds: 40, ..plan.clone() };
        let rounds = names(&shuffled, 3);
        for order in ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"] {
            assert!(rounds.iter().any(|round| round == order), "{order} in {rounds:?}");
        }
        assert_eq!(names(&shuffled, 3), rounds);
        assert_ne!(names(&Plan { seed: 1, ..shuffled }, 3), rounds);
        let sequential = Plan { order: TurnOrder::Sequential, ..plan };
        assert_eq!(names(&sequential, 2).concat(), "AAAAAABBBBBB");
        assert_eq!(sequential.turns(2)[7], [Turn { baseline: 1, round: 1 }]);
    }

    #[test]
    fn a_plan_without_an_interval_is_refused() {
        let plan = Plan { rounds: 5, ..Plan::default() };
        assert_eq!(plan.check(2), Err(PlanError::Rounds { rounds: 5 }));
        assert_eq!(Plan::default().check(0), Err(PlanError::Nobody));
        let plan = Plan { idle: Duration::ZERO, ..Plan::default() };
        assert_eq!(plan.check(1), Err(PlanError::Zero { what: "an idle block" }));
        assert_eq!(Plan::default().check(2), Ok(()));
    }

    #[test]
    fn the_expected_duration_counts_every_block() {
        let plan = Plan { rounds: 6, ..Plan::default() };
        // Warm-up 60 s, 24 blocks of 60 s, 7 times 35 s of rest.
        assert_eq!(plan.expected_duration(2), Duration::from_secs(60 + 24 * 60 + 7 * 35));
    }
}
