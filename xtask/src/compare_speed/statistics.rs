//! Medians, and how sure a ratio of medians is.

use serde::Serialize;

use super::random::Random;

/// Resamples drawn for an interval.
const RESAMPLES: usize = 4000;

/// A ratio of two medians with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The middle value, the mean of the two in the middle where there is none; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// `median(above) / median(below)` of times taken block by block, with a percentile bootstrap interval (Efron, Ann.
/// Statist. 7, 1, 1979). A resample draws whole blocks, both times of it together, because what slows one down in a
/// block slows the other down as well. Blocks that only one of them has are left out. The draws are the same every time.
pub fn ratio(above: &[f64], below: &[f64]) -> Ratio {
    let blocks = above.len().min(below.len());
    let (above, below) = (&above[..blocks], &below[..blocks]);
    let random = &mut Random::new(1);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<usize> = (0..blocks).map(|_| random.below(blocks)).collect();
            let of = |values: &[f64]| median(&drawn.iter().map(|&block| values[block]).collect::<Vec<_>>());
            of(above) / of(below)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    // 2.5 % lie outside on either side.
    let outside = RESAMPLES / 40;
    Ratio {
        value: median(above) / median(below),
        low: ratios[outside],
        high: ratios[RESAMPLES - 1 - outside],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_nothing() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn equal_times_have_no_spread() {
        assert_eq!(ratio(&[6.0; 9], &[2.0; 9]), Ratio { value: 3.0, low: 3.0, high: 3.0 });
    }

    #[test]
    fn what_slows_both_down_cancels() {
        let below = [1.0, 2.0, 5.0, 1.0, 9.0, 3.0, 1.0];
        let above = below.map(|time| 10.0 * time);
        assert_eq!(ratio(&above, &below), Ratio { value: 10.0, low: 10.0, high: 10.0 });
    }

    #[test]
    fn blocks_of_one_alone_are_left_out() {
        assert_eq!(ratio(&[4.0, 4.0], &[2.0, 2.0, 100.0, 100.0, 100.0]).value, 2.0);
    }

    /// Of 200 repetitions with noise the interval must hold the true ratio in about 95 %, and be neither point nor ocean.
    #[test]
    fn intervals_hold_the_true_ratio_as_often_as_they_say() {
        let random = &mut Random::new(7);
        let mut draw = |centre: f64| -> Vec<f64> {
            (0..15).map(|_| centre * (1.0 + f64::from(random.between(-300, 301)) / 1000.0)).collect()
        };
        let mut held = 0;
        for _ in 0..200 {
            let Ratio { value, low, high } = ratio(&draw(50.0), &draw(10.0));
            assert!(low <= value && value <= high && high - low < 5.0, "{low} {value} {high}");
            held += usize::from((low..=high).contains(&5.0));
        }
        assert!((176..=200).contains(&held), "{held} of 200");
    }
}
