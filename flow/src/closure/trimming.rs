//! Trimming the delay lines of a chip whose timing holds, for speed.

use super::Decision;
use crate::netlist::less_trimmed;
use wheatstone_hdl::delays::Delays;

/// How often delay lines are trimmed, or get LUTs back.
const TRIMS: u32 = 10;

/// What went on so far with a chip whose timing held, and of which nothing is placed anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Trimming {
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
    ) -> Decision {
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
            (Some(_), Some(other)) if self.done <= TRIMS => Decision::Build(other),
            (Some((_, fastest)), _) if *fastest != lengths => {
                self.done = TRIMS;
                Decision::Build(fastest.clone())
            }
            _ if holds == Some(false) => Decision::GiveUp,
            _ => Decision::Accept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{EDGE, NODE, again, lengths};
    use super::*;
    use wheatstone_hdl::delays::Length;

    #[test]
    fn delays_are_trimmed_and_what_was_fastest_is_taken() {
        let mut trimming = Trimming::default();
        let holds = Some(true);
        assert_eq!(trimming.after(holds, 90, lengths(9), Some(lengths(6))), again(6));
        assert_eq!(trimming.after(Some(false), 60, lengths(6), Some(lengths(7))), again(7));
        assert_eq!(trimming.after(holds, 70, lengths(7), Some(lengths(8))), again(8));
        assert_eq!(trimming.after(holds, 80, lengths(8), None), again(7));
        assert_eq!(trimming.after(holds, 70, lengths(7), Some(lengths(8))), Decision::Accept);
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
        assert_eq!(trimming.clone().after(Some(true), 90, lengths(9), Some(lengths(1))), Decision::Accept);
        assert_eq!(trimming.after(Some(false), 90, lengths(9), Some(lengths(1))), Decision::GiveUp);
        assert_eq!(
            Trimming::default().after(None, u64::MAX, lengths(9), None),
            Decision::Accept,
            "not examined"
        );
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
        assert_eq!(next, Decision::Build(trimmed(4, 5)));
        let next = trimming.after(Some(false), 61, trimmed(4, 5), Some(trimmed(0, 7)));
        assert_eq!(next, Decision::Build(trimmed(0, 5)));
        let next = trimming.after(Some(false), 61, trimmed(0, 5), Some(trimmed(0, 7)));
        assert_eq!(next, Decision::Build(trimmed(0, 0)), "no delay mends it");
    }
}
