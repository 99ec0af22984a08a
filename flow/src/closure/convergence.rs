//! Placing and routing again until timing holds.
//!
//! Every other length moves everything a little, since placement begins anew. So a chip whose timing holds is not touched
//! for ever to make it faster, and what once held is kept to come back to.

use super::Decision;
use wheatstone_hdl::delays::{Delays, Length};

/// How often a design is placed and routed until its timing holds.
const ROUNDS: u32 = 16;

/// In how many rounds delay lines that were made shorter may become long enough again.
const MENDINGS: u32 = 2;

/// What went on so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Convergence {
    done: u32,
    /// It was built with shorter delays once, or is not to be.
    shortened: bool,
    /// Rounds since then that did not hold.
    mendings: u32,
    /// The lengths with which it held before it was shortened.
    held: Option<Delays>,
}

impl Convergence {
    /// What holds is taken as it is, since timing once held with these lengths or a round is too long.
    pub fn without_shortening() -> Convergence {
        Convergence { shortened: true, ..Convergence::default() }
    }

    /// After a round in which the router did not converge.
    pub fn after_failed_routing(&mut self) -> Decision {
        self.done += 1;
        if self.done < ROUNDS { Decision::OtherSeed } else { Decision::GiveUp }
    }

    /// Whether timing held (absent if it was not examined), with which lengths, and which other ones are advised.
    ///
    /// What held is tried once with shorter delays, and taken as it was if those cannot be mended soon. What does not hold gets no
    /// shorter delays anywhere, so that lengths grow until they suffice wherever placement puts the cells.
    pub fn after(&mut self, holds: Option<bool>, lengths: Delays, advised: Option<Delays>) -> Decision {
        self.done += 1;
        match (holds, advised) {
            (Some(true), Some(shorter)) if !self.shortened && self.done < ROUNDS => {
                self.shortened = true;
                self.mendings = 0;
                self.held = Some(lengths);
                Decision::Build(shorter)
            }
            (None | Some(true), _) => Decision::Accept,
            (Some(false), advised) => {
                self.mendings += 1;
                let mended = advised.map(|other| longer(&lengths, other)).filter(|other| *other != lengths);
                match (&self.held, mended) {
                    (None, _) if self.done >= ROUNDS => Decision::GiveUp,
                    (None, None) => Decision::OtherSeed,
                    (Some(_), Some(other)) if self.mendings <= MENDINGS => Decision::Build(other),
                    (Some(held), _) => Decision::Build(held.clone()),
                    (None, Some(other)) => Decision::Build(other),
                }
            }
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
    use super::super::tests::{EDGE, NODE, again, lengths};
    use super::*;
    use wheatstone_hdl::delays::{CellId, DelayLine};

    #[test]
    fn what_holds_is_made_faster_once() {
        let mut convergence = Convergence::default();
        assert_eq!(convergence.after(Some(true), lengths(9), Some(lengths(7))), again(7));
        assert_eq!(convergence.after(Some(true), lengths(7), Some(lengths(6))), Decision::Accept);
        assert_eq!(Convergence::default().after(Some(true), lengths(9), None), Decision::Accept);
        assert_eq!(Convergence::default().after(None, lengths(9), None), Decision::Accept);
    }

    #[test]
    fn what_does_not_hold_is_mended_until_it_does_or_given_up() {
        let mut convergence = Convergence::default();
        for luts in 1..ROUNDS {
            assert_eq!(
                convergence.after(Some(false), lengths(luts), Some(lengths(luts + 1))),
                again(luts + 1)
            );
        }
        assert_eq!(convergence.after(Some(false), lengths(99), Some(lengths(100))), Decision::GiveUp);
    }

    #[test]
    fn routing_that_fails_counts_as_a_round() {
        let mut convergence = Convergence::default();
        assert!((1..ROUNDS).all(|_| convergence.after_failed_routing() == Decision::OtherSeed));
        assert_eq!(convergence.clone().after_failed_routing(), Decision::GiveUp);
        assert_eq!(convergence.after(Some(false), lengths(9), Some(lengths(10))), Decision::GiveUp);
    }

    #[test]
    fn what_no_delay_mends_is_placed_elsewhere() {
        let mut convergence = Convergence::default();
        assert_eq!(convergence.after(Some(false), lengths(9), None), Decision::OtherSeed);
        assert_eq!(convergence.after(Some(false), lengths(9), Some(lengths(5))), Decision::OtherSeed);
    }

    #[test]
    fn nothing_becomes_shorter_while_something_is_violated() {
        let both = |edge: u32, node: u32| [(EDGE, edge), (NODE, node)].into_iter().collect::<Delays>();
        let next = Convergence::default().after(Some(false), both(9, 9), Some(both(5, 12)));
        assert_eq!(next, Decision::Build(both(9, 12)));
        let mut recovering = both(9, 9);
        recovering.set(CellId::Edge(0).line(DelayLine::Recovery), 2);
        let next = Convergence::default().after(Some(false), recovering.clone(), Some(both(9, 10)));
        recovering.set(NODE, 10);
        assert_eq!(next, Decision::Build(recovering));
    }

    #[test]
    fn known_lengths_are_taken_if_they_hold_and_made_longer_if_not() {
        let mut convergence = Convergence::without_shortening();
        assert_eq!(convergence.clone().after(Some(true), lengths(9), Some(lengths(5))), Decision::Accept);
        assert_eq!(convergence.after(Some(false), lengths(9), Some(lengths(12))), again(12));
        assert_eq!(convergence.after(Some(true), lengths(12), Some(lengths(5))), Decision::Accept);
    }

    #[test]
    fn what_once_held_is_come_back_to() {
        let mut convergence = Convergence::default();
        assert_eq!(convergence.after(Some(true), lengths(9), Some(lengths(5))), again(5));
        assert_eq!(convergence.after(Some(false), lengths(5), Some(lengths(6))), again(6));
        let mut mended = convergence.clone();
        assert_eq!(mended.after(Some(true), lengths(6), Some(lengths(4))), Decision::Accept);
        assert_eq!(convergence.after(Some(false), lengths(6), Some(lengths(7))), again(7));
        assert_eq!(convergence.after(Some(false), lengths(7), Some(lengths(8))), again(9));
        assert_eq!(convergence.after(Some(true), lengths(9), Some(lengths(5))), Decision::Accept);
        let mut convergence = Convergence::default();
        convergence.after(Some(true), lengths(9), Some(lengths(5)));
        assert_eq!(convergence.after(Some(false), lengths(5), None), again(9), "no delay mends it");
    }
}
