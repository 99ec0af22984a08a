//! When to place and route again with other matched delays, and when to leave it at that.
//!
//! Every other length moves everything a little, since placement begins anew. So a chip whose timing holds is not touched
//! for ever to make it faster, and what once held is kept to come back to.

use wheatstone_hdl::array::DelayLengths;

/// How often a design is placed and routed until its timing holds.
pub const ROUNDS: u32 = 8;

/// How often a chip whose timing holds is tried with shorter delays.
const SHORTENINGS: u32 = 2;

/// What to do after a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Take it as it is.
    Accept,
    /// Build it with these lengths.
    Again(DelayLengths),
    /// It does not become better.
    GiveUp,
}

/// What went on so far.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    done: u32,
    shortenings: u32,
    /// The last lengths with which it held.
    held: Option<DelayLengths>,
    /// It is being built once more with lengths that held.
    returning: bool,
}

impl Rounds {
    /// Whether timing held (absent if it was not examined), with which lengths, and which other ones are advised.
    pub fn after(
        &mut self,
        holds: Option<bool>,
        lengths: DelayLengths,
        advised: Option<DelayLengths>,
    ) -> Next {
        self.done += 1;
        match (holds, advised) {
            (None, _) => Next::Accept,
            (Some(true), Some(shorter))
                if !self.returning && self.shortenings < SHORTENINGS && self.done < ROUNDS =>
            {
                self.shortenings += 1;
                self.held = Some(lengths);
                Next::Again(shorter)
            }
            (Some(true), _) => Next::Accept,
            (Some(false), Some(other)) if self.done < ROUNDS => Next::Again(other),
            (Some(false), _) => match self.held.take() {
                Some(held) => {
                    self.returning = true;
                    Next::Again(held)
                }
                None => Next::GiveUp,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(luts: u32) -> DelayLengths {
        DelayLengths::from([("edge_0".to_owned(), luts)])
    }

    fn again(luts: u32) -> Next {
        Next::Again(lengths(luts))
    }

    #[test]
    fn what_holds_is_made_faster_twice_at_most() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(7))), again(7));
        assert_eq!(rounds.after(Some(true), lengths(7), Some(lengths(6))), again(6));
        assert_eq!(rounds.after(Some(true), lengths(6), Some(lengths(5))), Next::Accept);
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
        assert_eq!(Rounds::default().after(Some(false), lengths(1), None), Next::GiveUp);
    }

    #[test]
    fn what_once_held_is_come_back_to() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(5))), again(5));
        assert_eq!(rounds.after(Some(false), lengths(5), None), again(9));
        assert_eq!(rounds.after(Some(true), lengths(9), Some(lengths(5))), Next::Accept);
    }
}
