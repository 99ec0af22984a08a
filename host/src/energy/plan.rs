//! The plan of a measurement: how long, how often, in what order.

use serde::Serialize;
use std::time::Duration;
use thiserror::Error;
use wheatstone_measure::statistics::LEAST_VALUES;
use wheatstone_measure::{Turn, TurnOrder};
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
        }
    }
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
        self.order.turns(self.rounds, baselines)
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

#[cfg(test)]
mod tests {
    use super::*;

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
