//! How the numbers of one column are scaled.

use super::EncodingError;
use super::config::{EncodingConfig, Scale};
use serde::{Deserialize, Serialize};

/// A column's map to -1..1: `(x - centre) / half_width`, of the normal scores of `x` where it has knots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub name: String,
    /// In the data's own units, or in scores.
    pub centre: f64,
    /// Likewise; 0 for a constant column.
    pub half_width: f64,
    /// What stands for a missing value, in the data's own units: the mean of the training rows that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<f64>,
    /// The quantiles at which the scores are the [`SCORES`], in the data's own units; empty for a column taken as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knots: Vec<f64>,
}

impl Column {
    /// The scaled number, not limited to -1..1; `None` for a constant column.
    pub fn scaled(&self, x: f64) -> Option<f64> {
        let x = if self.knots.is_empty() { x } else { score(&self.knots, x) };
        (self.half_width != 0.0).then(|| (x - self.centre) / self.half_width)
    }
}

/// The standard normal quantiles at `j / 32` for j = 16 to 32, the last at 1 - 1/128: those below the median are their negatives.
/// The ends stand for what lies beyond them.
const SCORES: [f64; 17] = [
    0.0, 0.0784, 0.1573, 0.2372, 0.3186, 0.4023, 0.4888, 0.5791, 0.6745, 0.7764, 0.8871, 1.0100, 1.1503,
    1.3180, 1.5341, 1.8627, 2.4176,
];

/// Knots of a column that goes through its scores.
const KNOTS: usize = 2 * SCORES.len() - 1;

/// A column needs so many different knots: with fewer it counts or flags something, and its numbers are few.
const DIFFERENT_KNOTS: usize = 17;

/// The share of the rows at either end that says nothing about the scale of a column.
const OUTER: f64 = 0.02;

/// From this skewness on a column goes through its scores: that of exponentials is 0.57, of log-normals 0.67, of half-normals
/// 0.36, of any symmetric column 0.
const SKEWED: f64 = 0.45;

/// The normal score of a number: linear between knots, the middle of the scores of knots that are equal.
fn score(knots: &[f64], x: f64) -> f64 {
    let middle = SCORES.len() - 1;
    let of_knot = |knot: usize| {
        if knot < middle { -SCORES[middle - knot] } else { SCORES[knot - middle] }
    };
    let below = knots.partition_point(|&knot| knot < x);
    let up_to = knots.partition_point(|&knot| knot <= x);
    if below < up_to {
        return (of_knot(below) + of_knot(up_to - 1)) / 2.0;
    }
    match below {
        0 => of_knot(0),
        after if after == knots.len() => of_knot(after - 1),
        after => {
            let share = (x - knots[after - 1]) / (knots[after] - knots[after - 1]);
            of_knot(after - 1) + share * (of_knot(after) - of_knot(after - 1))
        }
    }
}

/// Halves are taken before adding, so that no pair of finite ends overflows.
pub(super) fn middle_and_reach([low, high]: [f64; 2]) -> (f64, f64) {
    (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0)
}

fn extremes(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
}

pub(super) fn feature_column(
    config: &EncodingConfig,
    name: &str,
    values: impl Iterator<Item = f64> + Clone,
) -> Result<Column, EncodingError> {
    match (config.scale, config.low, config.high) {
        (Scale::Standard, ..) => standardised(name, config.gain, values),
        (Scale::Robust, ..) => robust(name, config.gain, values.collect()),
        (Scale::Fixed, Some(low), Some(high)) => column(name, middle_and_reach([low, high])),
        _ => ranged(name, values),
    }
}

pub(super) fn ranged(name: &str, values: impl Iterator<Item = f64>) -> Result<Column, EncodingError> {
    column(name, middle_and_reach(extremes(values)))
}

fn standardised(
    name: &str,
    gain: f64,
    values: impl Iterator<Item = f64> + Clone,
) -> Result<Column, EncodingError> {
    let [low, high] = extremes(values.clone());
    // Compared, not computed: the variance of equal numbers may round to a little more than 0.
    if low == high {
        return column(name, (low, 0.0));
    }
    let count = values.clone().map(|_| 1.0).sum::<f64>();
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    column(name, (mean, variance.sqrt() / gain))
}

/// As [`standardised`], after a skewed column has gone through its scores, and any other has been limited to what lies between
/// its outer shares.
fn robust(name: &str, gain: f64, values: Vec<f64>) -> Result<Column, EncodingError> {
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    if let Some(knots) = knots_if_skewed(&sorted) {
        let scores = values.iter().map(|&x| score(&knots, x));
        let scaled = standardised(name, gain, scores)?;
        return Ok(Column { knots, ..scaled });
    }
    let (low, high) = (quantile(&sorted, OUTER), quantile(&sorted, 1.0 - OUTER));
    // Hardly any row differs, as with a rare text: the few are all there is.
    if low == high {
        return standardised(name, gain, values.iter().copied());
    }
    standardised(name, gain, values.iter().map(|x| x.clamp(low, high)))
}

/// The quantiles that a column's scores begin from, if it is skewed: its 5 % and 95 % quantiles lie unevenly about its median.
fn knots_if_skewed(sorted: &[f64]) -> Option<Vec<f64>> {
    let [low, median, high] = [0.05, 0.5, 0.95].map(|share| quantile(sorted, share));
    let skewness = ((high - median) - (median - low)) / (high - low);
    // Not a number where all three are equal.
    if skewness.abs().partial_cmp(&SKEWED) != Some(std::cmp::Ordering::Greater) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few knots")]
    let knots: Vec<f64> = (0..KNOTS).map(|knot| quantile(sorted, knot as f64 / (KNOTS - 1) as f64)).collect();
    let different = 1 + knots.windows(2).filter(|pair| pair[0] < pair[1]).count();
    (different >= DIFFERENT_KNOTS).then_some(knots)
}

/// The number below which the given share of sorted numbers lies, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let place = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last row")]
    let before = place as usize;
    let (low, high) = (sorted[before], sorted[(before + 1).min(sorted.len() - 1)]);
    let part = place - place.floor();
    low * (1.0 - part) + high * part
}

/// Raw targets are volts already; only looked at.
pub(super) fn raw(name: &str, values: impl Iterator<Item = f64>) -> Result<Column, EncodingError> {
    for (row, value) in values.enumerate() {
        if !(-1.0..=1.0).contains(&value) {
            return Err(EncodingError::BeyondFullScale { column: name.to_owned(), row, value });
        }
    }
    column(name, (0.0, 1.0))
}

fn column(name: &str, (centre, half_width): (f64, f64)) -> Result<Column, EncodingError> {
    if centre.is_finite() && half_width.is_finite() {
        Ok(Column { name: name.to_owned(), centre, half_width, fill: None, knots: Vec::new() })
    } else {
        Err(EncodingError::NotScalable { column: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(value: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..=1000).map(|row| value(f64::from(row) / 1000.0)).collect()
    }

    #[test]
    fn a_few_wild_numbers_do_not_set_the_scale() {
        let tame = robust("x", 0.5, rows(|x| x - 0.5)).unwrap();
        let mut wild = rows(|x| x - 0.5);
        (wild[3], wild[500], wild[998]) = (-1e6, 1e9, 1e12);
        let wild = robust("x", 0.5, wild).unwrap();
        assert!(wild.knots.is_empty());
        assert!((wild.half_width / tame.half_width - 1.0).abs() < 0.05, "{wild:?} and {tame:?}");
    }

    #[test]
    fn a_skewed_column_goes_through_its_scores_and_a_rare_flag_does_not() {
        let exponential = robust("x", 0.5, rows(|x| -(1.0 - x / 1.001).ln())).unwrap();
        let at = |x: f64| exponential.scaled(x).unwrap();
        assert_eq!(exponential.knots.len(), KNOTS);
        // The median is the middle; 0.693 and 1.386 are as far apart in rank as the lower half of what is below.
        assert!(at(std::f64::consts::LN_2).abs() < 0.02);
        assert!((at(4f64.ln()) - 0.5 * 0.6745).abs() < 0.03, "{}", at(4f64.ln()));
        assert!(at(1e300) > at(5.0) && at(-1.0) == at(0.0));
        for flag in [0.01, 0.1, 0.4] {
            let column = robust("x", 0.5, rows(|x| f64::from(x < flag))).unwrap();
            assert!(column.knots.is_empty() && column.half_width > 0.0, "{column:?}");
        }
        assert_eq!(robust("x", 0.5, vec![3.0; 5]).unwrap().scaled(3.0), None);
    }

    #[test]
    fn scores_rise_and_equal_knots_share_one() {
        assert!(SCORES.windows(2).all(|pair| pair[0] < pair[1]));
        let mut knots: Vec<f64> = (0..KNOTS).map(|knot| knot as f64).collect();
        assert_eq!(
            [-1.0, 0.0, 16.0, 31.5, 99.0].map(|x| score(&knots, x)),
            [-2.4176, -2.4176, 0.0, (1.8627 + 2.4176) / 2.0, 2.4176]
        );
        knots[16..=17].fill(16.0);
        assert_eq!(score(&knots, 16.0), 0.0784 / 2.0);
    }
}
