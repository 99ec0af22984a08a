//! When to place and route again with other matched delays, and when to leave it at that.
//!
//! Every other length moves everything a little, since placement begins anew. So a chip whose timing holds is not touched
//! for ever to make it faster, and what once held is kept to come back to.

use crate::trim::less_trimmed;
use wheatstone_hdl::delays::{Delays, Length};

/// How often a design is placed and routed until its timing holds.
pub const ROUNDS: u32 = 16;

/// In how many rounds delays that were made shorter may become long enough again.
const MENDINGS: u32 = 2;

/// What to do after a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Take it as it is.
    Accept,
    /// Build it with these lengths.
    Again(Delays),
    /// Place the same chip with another seed: what is violated is no delay's fault.
    Elsewhere,
    /// It does not become better.
    GiveUp,
}

/// What went on so far.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    done: u32,
    /// It was built with shorter delays once, or is not to be.
    shortened: bool,
    /// Rounds since then that did not hold.
    mendings: u32,
    /// The lengths with which it held before it was shortened.
    held: Option<Delays>,
}

impl Rounds {
    /// What holds is taken as it is, since timing once held with these lengths or a round is too long.
    pub fn without_shortening() -> Rounds {
        Rounds { shortened: true, ..Rounds::default() }
    }

    /// A round in which the router came to no end, and whether to place the chip elsewhere.
    pub fn lost(&mut self) -> bool {
        self.done += 1;
        self.done < ROUNDS
    }

    /// Whether timing held (absent if it was not examined), with which lengths, and which other ones are advised.
    ///
    /// What held is tried once with shorter delays, and taken as it was if those cannot be mended soon. What does not hold gets no
    /// shorter delays anywhere, so that lengths grow until they suffice wherever placement puts the cells.
    pub fn after(&mut self, holds: Option<bool>, lengths: Delays, advised: Option<Delays>) -> Next {
        self.done += 1;
        match (holds, advised) {
            (Some(true), Some(shorter)) if !self.shortened && self.done < ROUNDS => {
                self.shortened = true;
                self.mendings = 0;
                self.held = Some(lengths);
                Next::Again(shorter)
            }
            (None | Some(true), _) => Next::Accept,
            (Some(false), advised) => {
                self.mendings += 1;
                let mended = advised.map(|other| longer(&lengths, other)).filter(|other| *other != lengths);
                match (&self.held, mended) {
                    (None, _) if self.done >= ROUNDS => Next::GiveUp,
                    (None, None) => Next::Elsewhere,
                    (Some(_), Some(other)) if self.mendings <= MENDINGS => Next::Again(other),
                    (Some(held), _) => Next::Again(held.clone()),
                    (None, Some(other)) => Next::Again(other),
                }
            }
        }
    }
}

/// How often delays are trimmed, or get LUTs back.
const TRIMS: u32 = 10;

/// What went on so far with a chip whose timing held, and of which nothing is placed anew: its delays are trimmed.
#[derive(Clone, Debug, Default)]
pub struct Trimming {
    done: u32,
    /// The lengths with which it held and took the least time for a step.
    fastest: Option<(u64, Delays)>,
}

impl Trimming {
    /// Whether timing held (absent if it was not examined), how long a step took, with which lengths, and which other ones are
    /// advised.
    ///
    /// The wires of a trimmed chip are laid anew, so that some advice turns out to be wrong. What does not hold gets LUTs back and is
    /// trimmed nowhere else, until it holds; what was fastest is kept to come back to.
    pub fn after(
        &mut self,
        holds: Option<bool>,
        step_ps: u64,
        lengths: Delays,
        advised: Option<Delays>,
    ) -> Next {
        self.done += 1;
        if holds == Some(true) && self.fastest.as_ref().is_none_or(|&(least, _)| step_ps < least) {
            self.fastest = Some((step_ps, lengths.clone()));
        }
        let advised = match holds {
            Some(false) => {
                advised.map(|other| less_trimmed(&lengths, &other)).filter(|other| *other != lengths)
            }
            _ => advised,
        };
        match (&self.fastest, advised) {
            (Some(_), Some(other)) if self.done <= TRIMS => Next::Again(other),
            (Some((_, fastest)), _) if *fastest != lengths => {
                self.done = TRIMS;
                Next::Again(fastest.clone())
            }
            _ if holds == Some(false) => Next::GiveUp,
            _ => Next::Accept,
        }
    }
}

/// The longer ones of both, trimmed as the other ones are.
fn longer(lengths: &Delays, mut other: Delays) -> Delays {
    for (id, Length { placed, .. }) in lengths.iter() {
        let length = other.get(id);
        other.set(id, Length { placed: placed.max(length.placed), ..length });
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_hdl::delays::{CellId, DelayId, DelayLine};

    const EDGE: DelayId = DelayId { cell: CellId::Edge(0), line: DelayLine::Matched };
    const NODE: DelayId = DelayId { cell: CellId::Node(0), line: DelayLine::Matched };

    fn lengths(luts: u32) -> Delays {
        [(EDGE, luts)].into_iter().collect()
    }

    fn again(luts: u32) -> Next {
        Next::Again(lengths(luts))
    }

    #[test]
    fn what_holds_is_made_faster_once() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(7))), again(7));
        assert_eq!(rounds.after(Some(true), lengths(7), Some(lengths(6))), Next::Accept);
        assert_eq!(Rounds::default().after(Some(true), lengths(9), None), Next::Accept);
        assert_eq!(Rounds::default().after(None, lengths(9), None), Next::Accept);
    }

    #[test]
    fn what_does_not_hold_is_mended_until_it_does_or_given_up() {
        let mut rounds = Rounds::default();
        for luts in 1..ROUNDS {
            assert_eq!(rounds.after(Some(false), lengths(luts), Some(lengths(luts + 1))), again(luts + 1));
        }
        assert_eq!(rounds.after(Some(false), lengths(99), Some(lengths(100))), Next::GiveUp);
    }

    #[test]
    fn a_lost_router_counts_as_a_round() {
        let mut rounds = Rounds::default();
        assert!((1..ROUNDS).all(|_| rounds.lost()));
        assert!(!rounds.clone().lost());
        assert_eq!(rounds.after(Some(false), lengths(9), Some(lengths(10))), Next::GiveUp);
    }

    #[test]
    fn what_no_delay_mends_is_placed_elsewhere() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.after(Some(false), lengths(9), None), Next::Elsewhere);
        assert_eq!(rounds.after(Some(false), lengths(9), Some(lengths(5))), Next::Elsewhere);
    }

    #[test]
    fn nothing_becomes_shorter_while_something_is_violated() {
        let both = |edge: u32, node: u32| [(EDGE, edge), (NODE, node)].into_iter().collect::<Delays>();
        let next = Rounds::default().after(Some(false), both(9, 9), Some(both(5, 12)));
        assert_eq!(next, Next::Again(both(9, 12)));
        let mut recovering = both(9, 9);
        recovering.set(CellId::Edge(0).line(DelayLine::Recovery), 2);
        let next = Rounds::default().after(Some(false), recovering.clone(), Some(both(9, 10)));
        recovering.set(NODE, 10);
        assert_eq!(next, Next::Again(recovering));
    }

    #[test]
    fn known_lengths_are_taken_if_they_hold_and_made_longer_if_not() {
        let mut rounds = Rounds::without_shortening();
        assert_eq!(rounds.clone().after(Some(true), lengths(9), Some(lengths(5))), Next::Accept);
        assert_eq!(rounds.after(Some(false), lengths(9), Some(lengths(12))), again(12));
        assert_eq!(rounds.after(Some(true), lengths(12), Some(lengths(5))), Next::Accept);
    }

    #[test]
    fn what_once_held_is_come_back_to() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(5))), again(5));
        assert_eq!(rounds.after(Some(false), lengths(5), Some(lengths(6))), again(6));
        let mut mended = rounds.clone();
        assert_eq!(mended.after(Some(true), lengths(6), Some(lengths(4))), Next::Accept);
        assert_eq!(rounds.after(Some(false), lengths(6), Some(lengths(7))), again(7));
        assert_eq!(rounds.after(Some(false), lengths(7), Some(lengths(8))), again(9));
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(5))), Next::Accept);
        let mut rounds = Rounds::default();
        rounds.after(Some(true), lengths(9), Some(lengths(5)));
        assert_eq!(rounds.after(Some(false), lengths(5), None), again(9), "no delay mends it");
    }

    #[test]
    fn delays_are_trimmed_and_what_was_fastest_is_taken() {
        let mut trimming = Trimming::default();
        let holds = Some(true);
        assert_eq!(trimming.after(holds, 90, lengths(9), Some(lengths(6))), again(6));
        assert_eq!(trimming.after(Some(false), 60, lengths(6), Some(lengths(7))), again(7));
        assert_eq!(trimming.after(holds, 70, lengths(7), Some(lengths(8))), again(8));
        assert_eq!(trimming.after(holds, 80, lengths(8), None), again(7));
        assert_eq!(trimming.after(holds, 70, lengths(7), Some(lengths(8))), Next::Accept);
    }

    #[test]
    fn trimming_comes_to_an_end_with_a_chip_that_holds() {
        let mut trimming = Trimming::default();
        assert_eq!(trimming.after(Some(true), 90, lengths(9), Some(lengths(1))), again(1));
        for luts in 1..TRIMS {
            assert_eq!(
                trimming.after(Some(false), 10, lengths(luts), Some(lengths(luts + 1))),
                again(luts + 1)
            );
        }
        assert_eq!(trimming.after(Some(false), 10, lengths(TRIMS), Some(lengths(TRIMS + 1))), again(9));
        assert_eq!(trimming.clone().after(Some(true), 90, lengths(9), Some(lengths(1))), Next::Accept);
        assert_eq!(trimming.after(Some(false), 90, lengths(9), Some(lengths(1))), Next::GiveUp);
        assert_eq!(Trimming::default().after(None, u64::MAX, lengths(9), None), Next::Accept, "not examined");
    }

    #[test]
    fn what_is_trimmed_too_much_gets_luts_back_and_loses_none() {
        let trimmed = |edge, node| {
            let length = |trimmed| Length { placed: 20, trimmed };
            [(EDGE, length(edge)), (NODE, length(node))].into_iter().collect::<Delays>()
        };
        let mut trimming = Trimming::default();
        trimming.after(Some(true), 90, trimmed(0, 0), Some(trimmed(5, 5)));
        let next = trimming.after(Some(false), 60, trimmed(5, 5), Some(trimmed(4, 7)));
        assert_eq!(next, Next::Again(trimmed(4, 5)));
        let next = trimming.after(Some(false), 61, trimmed(4, 5), Some(trimmed(0, 7)));
        assert_eq!(next, Next::Again(trimmed(0, 5)));
        let next = trimming.after(Some(false), 61, trimmed(0, 5), Some(trimmed(0, 7)));
        assert_eq!(next, Next::Again(trimmed(0, 0)), "no delay mends it");
    }
}
