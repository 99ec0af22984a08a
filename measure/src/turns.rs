//! Who has a turn when: those that are compared take turns within rounds, so that what drifts costs all of them the same.

use serde::Serialize;

/// In which order baselines take turns within a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnOrder {
    /// There and back, as in ABBA: what drifts steadily within a round costs both the same.
    Mirrored,
    /// Once each, every round beginning with the next one: what comes first pays for being first in one round only.
    Rotated,
    /// All rounds of the first baseline, then all of the second. What drifts is taken for a difference; here only to
    /// show that.
    Sequential,
}

/// A turn: a block of work of one baseline, as part of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index of the baseline whose turn it is.
    pub baseline: usize,
    /// Which round it counts for.
    pub round: usize,
}

impl TurnOrder {
    /// All turns of so many rounds and baselines, group by group: what is between rounds belongs between groups.
    pub fn turns(self, rounds: usize, baselines: usize) -> Vec<Vec<Turn>> {
        let round = |round: usize, order: Vec<usize>| -> Vec<Turn> {
            order.into_iter().map(|baseline| Turn { baseline, round }).collect()
        };
        match self {
            TurnOrder::Mirrored => {
                let there_and_back = || (0..baselines).chain((0..baselines).rev()).collect();
                (0..rounds).map(|number| round(number, there_and_back())).collect()
            }
            TurnOrder::Rotated => {
                let from = |first: usize| (0..baselines).map(|turn| (first + turn) % baselines).collect();
                (0..rounds).map(|number| round(number, from(number))).collect()
            }
            TurnOrder::Sequential => {
                let all =
                    (0..baselines).flat_map(|baseline| (0..rounds).map(move |number| (baseline, number)));
                all.map(|(baseline, number)| round(number, vec![baseline])).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(order: TurnOrder, baselines: usize) -> Vec<String> {
        let name = |turn: &Turn| char::from(b'A' + u8::try_from(turn.baseline).unwrap());
        order.turns(6, baselines).iter().map(|group| group.iter().map(name).collect()).collect()
    }

    #[test]
    fn turns_are_mirrored_rotated_or_sequential() {
        assert_eq!(names(TurnOrder::Mirrored, 2), ["ABBA"; 6]);
        assert_eq!(names(TurnOrder::Mirrored, 3), ["ABCCBA"; 6]);
        assert_eq!(names(TurnOrder::Rotated, 3), ["ABC", "BCA", "CAB", "ABC", "BCA", "CAB"]);
        assert_eq!(names(TurnOrder::Sequential, 2).concat(), "AAAAAABBBBBB");
        assert_eq!(TurnOrder::Sequential.turns(6, 2)[7], [Turn { baseline: 1, round: 1 }]);
        assert!(TurnOrder::Rotated.turns(2, 0).concat().is_empty());
    }
}
