//! What is promised of untuned learning, against the baselines and in absolute figures.

use serde::Deserialize;

/// What is to be learnt of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Scores are shares of rows answered rightly.
    Classes,
    /// Scores are R^2.
    Values,
}

/// Mean scores on one set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    pub ours: f64,
    pub linear: f64,
    pub perceptron: f64,
}

/// Of ten sets so many must come as close to the perceptron as [`Kind::near`] says.
const MOST: f64 = 0.8;

/// Scores that some sets must reach, whatever the baselines do.
const ABSOLUTE: [(&str, f64); 4] =
    [("circles", 0.95), ("features-100", 0.93), ("features-200", 0.90), ("digits", 0.955)];

impl Kind {
    /// Whether the score comes close to the perceptron: 2 points of accuracy, 0.05 of R^2.
    pub fn near(self, means: Means) -> bool {
        let below = match self {
            Kind::Classes => 0.02,
            Kind::Values => 0.05,
        };
        means.ours >= means.perceptron - below
    }

    /// Whether the score is above the floor: 5 points below the better baseline, or an R^2 0.05 below the linear model.
    pub fn above_floor(self, means: Means) -> bool {
        let better = match self {
            Kind::Classes => means.linear.max(means.perceptron),
            Kind::Values => means.linear,
        };
        means.ours >= better - 0.05
    }
}

/// A bound, the sets it is about, and whether it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub bound: String,
    pub found: String,
    pub kept: bool,
}

/// Every bound that the given sets say something about.
pub fn verdicts(sets: &[(&str, Kind, Means)]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (kind, near, floor) in [
        (
            Kind::Classes,
            "perceptron - 2 points on 80 % of the classifications",
            "better baseline - 5 points on all",
        ),
        (Kind::Values, "perceptron - 0.05 on 80 % of the regressions", "linear model - 0.05 on all"),
    ] {
        let of_kind: Vec<_> = sets.iter().filter(|set| set.1 == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let met = of_kind.iter().filter(|set| kind.near(set.2)).count();
        let kept = met as f64 >= MOST * of_kind.len() as f64;
        verdicts.push(Verdict { bound: near.into(), found: format!("{met} of {}", of_kind.len()), kept });
        let below: Vec<&str> =
            of_kind.iter().filter(|set| !kind.above_floor(set.2)).map(|set| set.0).collect();
        let found =
            if below.is_empty() { "none below".into() } else { format!("below: {}", below.join(", ")) };
        verdicts.push(Verdict { bound: floor.into(), found, kept: below.is_empty() });
    }
    for (name, bound) in ABSOLUTE {
        if let Some((_, _, means)) = sets.iter().find(|set| set.0 == name) {
            let bound_text = format!("{name} at least {bound}");
            verdicts.push(Verdict {
                bound: bound_text,
                found: format!("{:.3}", means.ours),
                kept: means.ours >= bound,
            });
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(ours: f64, linear: f64, perceptron: f64) -> Means {
        Means { ours, linear, perceptron }
    }

    #[test]
    fn nearness_and_floor_differ_by_kind() {
        assert!(Kind::Classes.near(means(0.881, 0.5, 0.9)) && !Kind::Classes.near(means(0.879, 0.5, 0.9)));
        assert!(Kind::Values.near(means(0.851, 0.5, 0.9)) && !Kind::Values.near(means(0.849, 0.5, 0.9)));
        assert!(!Kind::Classes.above_floor(means(0.84, 0.5, 0.9)));
        assert!(Kind::Values.above_floor(means(0.46, 0.5, 0.9)));
    }

    #[test]
    fn one_set_of_six_may_stay_far_and_none_below_the_floor() {
        let good = ("a", Kind::Classes, means(0.9, 0.9, 0.9));
        let far = ("b", Kind::Classes, means(0.86, 0.9, 0.9));
        let lost = ("c", Kind::Classes, means(0.5, 0.9, 0.9));
        let kept = |sets: &[_]| verdicts(sets).iter().map(|verdict| verdict.kept).collect::<Vec<_>>();
        assert_eq!(kept(&[good, good, good, good, good, far]), [true, true]);
        assert_eq!(kept(&[good, good, far]), [false, true]);
        assert_eq!(kept(&[good, good, good, good, lost]), [true, false]);
        assert_eq!(verdicts(&[lost])[1].found, "below: c");
    }

    #[test]
    fn some_sets_have_bounds_of_their_own() {
        let verdicts = verdicts(&[("circles", Kind::Classes, means(0.94, 0.5, 0.9))]);
        assert_eq!(
            verdicts[2],
            Verdict { bound: "circles at least 0.95".into(), found: "0.940".into(), kept: false }
        );
    }
}
