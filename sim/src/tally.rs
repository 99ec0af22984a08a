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
    /// Samples answered.
    pub samples: u32,
    /// Those whose class was answered.
    pub right: u32,
    /// Sum over samples and answers of the squared distance from what was wanted, in LSB^2 of the outputs; with differential outputs in (LSB/2)^2
    /// of half their difference. It stops at [`Tally::MOST_ERROR`].
    pub error: u64,
}

impl Tally {
    /// The largest error that is counted.
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
                let square = distance.unsigned_abs().saturating_pow(2);
                self.error = self.error.saturating_add(square).min(Tally::MOST_ERROR);
            }
        }
    }

    /// Adds what another tally counted.
    pub fn add(&mut self, other: Tally) {
        self.samples = self.samples.wrapping_add(other.samples);
        self.right = self.right.wrapping_add(other.right);
        self.error = self.error.saturating_add(other.error).min(Tally::MOST_ERROR);
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
        assert_eq!(tally, Tally { samples: 1, right: 1, error: 9 + 9 + 4 });
        tally.count(coding, &targets, Some(3), &[10, 5, 9, 8]);
        assert_eq!(tally, Tally { samples: 2, right: 1, error: 22 });
    }

    #[test]
    fn differential_outputs() {
        let coding = OutputCoding { differential: true, single: false };
        let up = [target(10, Sense::AtLeast), target(-10, Sense::AtMost)];
        let down = [target(0, Sense::AtMost), target(0, Sense::AtLeast)];
        let mut tally = Tally::default();
        tally.count(coding, &[up, down].concat(), Some(0), &[5, -5, 3, -1]);
        assert_eq!(tally, Tally { samples: 1, right: 1, error: 100 + 16 });
    }

    #[test]
    fn one_answer_for_two_classes() {
        let coding = OutputCoding { differential: false, single: true };
        for (answer, class) in [(-1, 0), (0, 0), (1, 1)] {
            assert_eq!(coding.class(&[answer]), class, "{answer}");
        }
    }

    #[test]
    fn the_error_stops_at_its_end() {
        let mut tally = Tally { error: Tally::MOST_ERROR - 1, ..Tally::default() };
        tally.count(OutputCoding::default(), &[target(0, Sense::Equal)], None, &[2]);
        assert_eq!(tally.error, Tally::MOST_ERROR);
    }
}
