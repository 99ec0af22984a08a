//! Timing closure: which chip to build next, by what came of those before.
//!
//! [`Closure`] is a state machine that runs no tool. It names an [`Attempt`], is told its [`Outcome`](AttemptOutcome), and says what is
//! [`Next`]:
//!
//! ```text
//!                 holds, and delays can be trimmed
//!  converging  ------------------------------------>  trimming
//!   | other lengths: violated delay lines grow         | the placed chip with LUTs taken out of its delay lines
//!   | other seed: no length mends it                   | or given back, ten times at most
//!   | shorter lengths: once, if it holds               |
//!   v                                                  v
//!  accept, or give up after 16 attempts               accept the fastest that held
//! ```

mod convergence;
mod trimming;

use crate::toolchain::Passes;
use convergence::Convergence;
use trimming::Trimming;
use wheatstone_hdl::delays::Delays;

/// From a seed of placement to the next one that is tried.
const OTHER_SEED: u64 = 1000;

/// One way to build the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub round: u32,
    /// Lengths of the delay lines.
    pub lengths: Delays,
    /// Seed of placement.
    pub seed: u64,
    /// In which passes it is placed and routed.
    pub passes: Passes,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The router did not converge.
    NotRouted,
    /// There is a routed chip.
    Routed {
        /// Whether its relative timing holds; absent if it was not examined.
        holds: Option<bool>,
        /// Predicted time of a relaxation step in the slow corner, in picoseconds; absent if it is not known.
        step_ps: Option<u64>,
        /// Lengths of its delay lines.
        lengths: Delays,
        /// Other lengths for a chip placed anew, if some would mend a violation or make it faster.
        advised: Option<Delays>,
        /// The same lengths trimmed otherwise, if that would mend a violation or make it faster.
        trimmed: Option<Delays>,
    },
}

/// What to do after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Take its chip.
    Accept,
    /// Make the next [`Closure::attempt`].
    TryAgain,
    /// Timing does not close.
    GiveUp,
}

/// What one of the phases decides.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    /// Build it with these lengths.
    Build(Delays),
    /// Place the same chip with another seed: what is violated is no delay's fault.
    OtherSeed,
    GiveUp,
}

/// The search for a chip whose timing holds.
#[derive(Clone, Debug)]
pub struct Closure {
    attempt: Attempt,
    convergence: Convergence,
    /// Whether a chip that holds is trimmed.
    trims: bool,
    /// Since one held.
    trimming: Option<Trimming>,
}

impl Closure {
    /// A search that begins with lengths somebody chose; `proven` ones are those of a chip that held, and are neither shortened nor
    /// trimmed. Only a chip that is routed in one pass is ever placed again to make it faster: other rounds take too long.
    pub fn new(lengths: Delays, proven: bool, seed: u64, passes: Passes) -> Closure {
        let shortens = passes == Passes::One && !proven;
        let convergence = if shortens { Convergence::default() } else { Convergence::without_shortening() };
        Closure {
            attempt: Attempt { round: 1, lengths, seed, passes },
            convergence,
            trims: passes == Passes::Trimmed && !proven,
            trimming: None,
        }
    }

    /// The attempt to make now.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Takes what came of the attempt and says what to do.
    pub fn after(&mut self, outcome: AttemptOutcome) -> Next {
        match self.decide(outcome) {
            Decision::Accept => return Next::Accept,
            Decision::GiveUp => return Next::GiveUp,
            Decision::Build(lengths) => self.attempt.lengths = lengths,
            Decision::OtherSeed => self.attempt.seed += OTHER_SEED,
        }
        self.attempt.round += 1;
        Next::TryAgain
    }

    fn decide(&mut self, outcome: AttemptOutcome) -> Decision {
        let AttemptOutcome::Routed { holds, step_ps, lengths, advised, trimmed } = outcome else {
            let routed_before = self.trimming.is_some();
            return if routed_before { Decision::GiveUp } else { self.convergence.after_failed_routing() };
        };
        if self.trimming.is_none() {
            let decision = self.convergence.after(holds, lengths.clone(), advised);
            if decision != Decision::Accept || !self.trims {
                return decision;
            }
        }
        let trimming = self.trimming.get_or_insert_default();
        trimming.after(holds, step_ps.unwrap_or(u64::MAX), lengths, trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_hdl::delays::{CellId, DelayId, DelayLine};

    pub(super) const EDGE: DelayId = DelayId { cell: CellId::Edge(0), line: DelayLine::Matched };
    pub(super) const NODE: DelayId = DelayId { cell: CellId::Node(0), line: DelayLine::Matched };

    pub(super) fn lengths(luts: u32) -> Delays {
        [(EDGE, luts)].into_iter().collect()
    }

    pub(super) fn again(luts: u32) -> Decision {
        Decision::Build(lengths(luts))
    }

    /// A routed chip whose edge has so many LUTs.
    fn routed(
        holds: bool,
        luts: u32,
        step_ps: u64,
        advised: Option<u32>,
        trimmed: Option<u32>,
    ) -> AttemptOutcome {
        AttemptOutcome::Routed {
            holds: Some(holds),
            step_ps: Some(step_ps),
            lengths: lengths(luts),
            advised: advised.map(lengths),
            trimmed: trimmed.map(lengths),
        }
    }

    /// Round, LUTs and seed of the present attempt.
    fn attempted(closure: &Closure) -> (u32, u32, u64) {
        let Attempt { round, lengths, seed, .. } = closure.attempt();
        (*round, lengths.get(EDGE).placed, *seed)
    }

    #[test]
    fn a_chip_is_lengthened_placed_elsewhere_and_shortened_once() {
        let mut closure = Closure::new(lengths(5), false, 7, Passes::One);
        assert_eq!(attempted(&closure), (1, 5, 7));
        assert_eq!(closure.after(routed(false, 5, 90, Some(8), None)), Next::TryAgain);
        assert_eq!(attempted(&closure), (2, 8, 7));
        assert_eq!(closure.after(AttemptOutcome::NotRouted), Next::TryAgain);
        assert_eq!(attempted(&closure), (3, 8, 1007), "the same chip with another seed");
        assert_eq!(closure.after(routed(false, 8, 90, None, None)), Next::TryAgain);
        assert_eq!(attempted(&closure), (4, 8, 2007));
        assert_eq!(closure.after(routed(true, 8, 90, Some(6), None)), Next::TryAgain);
        assert_eq!(attempted(&closure), (5, 6, 2007));
        assert_eq!(closure.after(routed(true, 6, 80, Some(5), Some(4))), Next::Accept, "it is not trimmed");
        assert_eq!(closure.attempt().passes, Passes::One);
    }

    #[test]
    fn a_chip_that_holds_is_trimmed_and_the_fastest_is_taken() {
        let mut closure = Closure::new(lengths(9), false, 1, Passes::Trimmed);
        assert_eq!(closure.after(routed(true, 9, 90, Some(5), Some(6))), Next::TryAgain);
        assert_eq!(attempted(&closure), (2, 6, 1), "what is advised for a chip placed anew is of no use");
        assert_eq!(closure.after(routed(true, 6, 70, None, Some(4))), Next::TryAgain);
        assert_eq!(closure.after(routed(true, 4, 75, None, None)), Next::TryAgain);
        assert_eq!(attempted(&closure), (4, 6, 1));
        assert_eq!(closure.clone().after(AttemptOutcome::NotRouted), Next::GiveUp, "it was routed before");
        assert_eq!(closure.after(routed(true, 6, 70, None, Some(4))), Next::Accept);
    }

    #[test]
    fn proven_lengths_are_neither_shortened_nor_trimmed() {
        for passes in [Passes::One, Passes::Trimmed, Passes::FiresFirst] {
            let mut closure = Closure::new(lengths(9), true, 1, passes);
            assert_eq!(closure.clone().after(routed(true, 9, 90, Some(5), Some(6))), Next::Accept);
            assert_eq!(closure.after(routed(false, 9, 90, Some(12), Some(6))), Next::TryAgain);
            assert_eq!(attempted(&closure), (2, 12, 1));
        }
        let mut fires_first = Closure::new(lengths(9), false, 1, Passes::FiresFirst);
        assert_eq!(fires_first.after(routed(true, 9, 90, Some(5), Some(6))), Next::Accept);
    }

    #[test]
    fn it_comes_to_an_end_and_needs_no_check() {
        let mut closure = Closure::new(lengths(9), false, 1, Passes::One);
        let attempts = (1..).find(|_| closure.after(AttemptOutcome::NotRouted) == Next::GiveUp);
        assert_eq!((attempts, closure.attempt().round), (Some(16), 16));
        let mut closure = Closure::new(lengths(1), false, 1, Passes::Trimmed);
        let attempts =
            (1..).find(|&luts| closure.after(routed(false, luts, 90, Some(luts + 1), None)) == Next::GiveUp);
        assert_eq!((attempts, attempted(&closure)), (Some(16), (16, 16, 1)));
        let unexamined = AttemptOutcome::Routed {
            holds: None,
            step_ps: None,
            lengths: lengths(9),
            advised: None,
            trimmed: None,
        };
        for passes in [Passes::One, Passes::Trimmed, Passes::FiresFirst] {
            assert_eq!(Closure::new(lengths(9), false, 1, passes).after(unexamined.clone()), Next::Accept);
        }
    }
}
