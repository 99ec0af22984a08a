//! The tally: how well samples are answered, counted in integers at the outputs as they come.

use crate::Target;

/// How the voltages of the outputs code an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutputCoding {
    /// An answer is the difference of two consecutive outputs instead of one output.
    pub differential: bool,
    /// One answer tells two classes apart by its sign; otherwise the highest answer names the class.
    pub single: bool,
}

impl OutputCoding {
    /// The answers the outputs give, in LSB.
    pub fn answers(self, outputs: &[i32]) -> Vec<i64> {
        self.groups(outputs).map(|group| difference(group, |&v| v)).collect()
    }

    /// The class the outputs answer: the first highest answer, or whether the only one is above zero.
    pub fn class(self, outputs: &[i32]) -> usize {
        let answers = self.answers(outputs);
        if self.single {
            return usize::from(answers.first().is_some_and(|&a| a > 0));
        }
        let mut best = 0;
        for (place, answer) in answers.iter().enumerate() {
            if *answer > answers[best] {
                best = place;
            }
        }
        best
    }

    /// Number of answers that many outputs give.
    pub fn count(self, outputs: usize) -> usize {
        outputs / self.width()
    }

    fn width(self) -> usize {
        if self.differential { 2 } else { 1 }
    }

    fn groups<T>(self, outputs: &[T]) -> impl Iterator<Item = &[T]> {
        outputs.chunks_exact(self.width())
    }
}

/// The value of a group: its first member's, less the second's if there is one.
fn difference<T>(group: &[T], value: impl Fn(&T) -> i32) -> i64 {
    match group {
        [plus, minus] => i64::from(value(plus)) - i64::from(value(minus)),
        _ => group.first().map_or(0, |only| value(only).into()),
    }
}

/// How well a number of samples was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Samples that were answered since the tally was cleared.
    pub samples: u32,
    /// Those whose class was answered.
    pub right: u32,
    /// Sum over samples and answers of the squared distance from what was wanted, in LSB^2 of the outputs; with differential outputs in (LSB/2)^2
    /// of half their difference. Exact: 2^32 samples of 2^32 answers of the widest voltages fit.
    pub error: u128,
    /// Whether the error is at least that: it was counted by a board, whose counter stops at [`Tally::MOST_ERROR`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_least: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Tally {
    /// The largest error that a board counts.
    pub const MOST_ERROR: u64 = (1 << 48) - 1;

    /// Counts one answered sample. An answer whose target is satisfied, or that has none, has no error; of a pair of
    /// differential outputs the first one's target has the say.
    pub fn count(
        &mut self,
        coding: OutputCoding,
        targets: &[Option<Target>],
        class: Option<u16>,
        outputs: &[i32],
    ) {
        self.samples = self.samples.wrapping_add(1);
        let right = class.is_some_and(|class| usize::from(class) == coding.class(outputs));
        self.right = self.right.wrapping_add(right.into());
        let wanted = coding.groups(targets);
        for (answer, wanted) in coding.answers(outputs).into_iter().zip(wanted) {
            let Some(Some(Target { sense, .. })) = wanted.first() else { continue };
            let distance = answer - difference(wanted, |target| target.map_or(0, |t| t.voltage));
            if !sense.is_satisfied(distance, 0) {
                self.error += u128::from(distance.unsigned_abs()).pow(2);
            }
        }
    }

    /// Adds what another tally counted.
    pub fn add(&mut self, other: Tally) {
        self.samples = self.samples.wrapping_add(other.samples);
        self.right = self.right.wrapping_add(other.right);
        self.error += other.error;
        self.at_least |= other.at_least;
    }

    /// What a board's counter of the error shows.
    pub fn board_error(self) -> u64 {
        u64::try_from(self.error).unwrap_or(u64::MAX).min(Tally::MOST_ERROR)
    }

    /// What a board's counters show. One that has stopped says "at least".
    pub fn of_board(samples: u32, right: u32, error: u64) -> Tally {
        Tally { samples, right, error: error.into(), at_least: error >= Tally::MOST_ERROR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sense;

    fn target(voltage: i32, sense: Sense) -> Option<Target> {
        Some(Target { voltage, sense })
    }

    #[test]
    fn plain_outputs() {
        let coding = OutputCoding::default();
        let targets = [target(10, Sense::Equal), target(5, Sense::AtMost), target(3, Sense::AtLeast), None];
        let mut tally = Tally::default();
        tally.count(coding, &targets, Some(1), &[7, 8, 1, 8]);
        assert_eq!(tally, Tally { samples: 1, right: 1, error: 9 + 9 + 4, ..Tally::default() });
        tally.count(coding, &targets, Some(3), &[10, 5, 9, 8]);
        assert_eq!(tally, Tally { samples: 2, right: 1, error: 22, ..Tally::default() });
    }

    #[test]
    fn differential_outputs() {
        let coding = OutputCoding { differential: true, single: false };
        let up = [target(10, Sense::AtLeast), target(-10, Sense::AtMost)];
        let down = [target(0, Sense::AtMost), target(0, Sense::AtLeast)];
        let mut tally = Tally::default();
        tally.count(coding, &[up, down].concat(), Some(0), &[5, -5, 3, -1]);
        assert_eq!(tally, Tally { samples: 1, right: 1, error: 100 + 16, ..Tally::default() });
    }

    #[test]
    fn one_answer_for_two_classes() {
        let coding = OutputCoding { differential: false, single: true };
        for (answer, class) in [(-1, 0), (0, 0), (1, 1)] {
            assert_eq!(coding.class(&[answer]), class, "{answer}");
        }
    }

    #[test]
    fn the_error_is_exact_and_a_board_s_stops_at_its_end() {
        let wide = [i32::MAX, 1 << 23, 1 << 20, 3];
        for distance in wide {
            let mut tally = Tally::default();
            for _ in 0..100 {
                tally.count(OutputCoding::default(), &[target(0, Sense::Equal)], None, &[distance]);
            }
            let exact = 100 * u128::from(distance.unsigned_abs()).pow(2);
            assert_eq!((tally.error, tally.at_least), (exact, false));
            let stopped = exact >= Tally::MOST_ERROR.into();
            let shown = Tally::of_board(tally.samples, tally.right, tally.board_error());
            assert_eq!(shown.at_least, stopped, "{distance}");
            assert_eq!(shown.error, exact.min(Tally::MOST_ERROR.into()));
            let mut sum = tally;
            sum.add(shown);
            assert_eq!((sum.error, sum.at_least), (exact + shown.error, stopped));
        }
    }
}
