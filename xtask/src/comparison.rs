//! Two accuracies of the same splits, side by side.

use std::fmt::Write;

/// Accuracies of both, split by split, as fractions.
pub struct Comparison {
    /// What the second column is called.
    pub baseline: &'static str,
    /// (Wheatstone, baseline) for every split.
    pub pairs: Vec<(f64, f64)>,
}

impl Comparison {
    /// In percent, one line a split, then mean and sample deviation.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, cells: [String; 3]| {
            let [ours, theirs, difference] = cells;
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<9} {ours:>10} {theirs:>20} {difference:>10}");
        };
        row("split", ["wheatstone".into(), self.baseline.into(), "difference".into()]);
        for (split, &(ours, theirs)) in self.pairs.iter().enumerate() {
            row(&split.to_string(), [percent(ours), percent(theirs), signed(ours - theirs)]);
        }
        let columns = self.columns();
        let [ours, theirs, difference] = columns.each_ref().map(|column| mean(column));
        row("mean", [percent(ours), percent(theirs), signed(difference)]);
        row("deviation", columns.each_ref().map(|column| percent(deviation(column))));
        text
    }

    /// Ours, theirs, and the differences: paired, since both saw the same splits.
    fn columns(&self) -> [Vec<f64>; 3] {
        let column = |value: fn(&(f64, f64)) -> f64| self.pairs.iter().map(value).collect();
        [column(|pair| pair.0), column(|pair| pair.1), column(|pair| pair.0 - pair.1)]
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

fn signed(fraction: f64) -> String {
    format!("{:+.2}", 100.0 * fraction)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// With n - 1 in the denominator; 0 for a single value, which has no spread to speak of.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_shows_every_split_and_their_mean() {
        let comparison =
            Comparison { baseline: "logistic regression", pairs: vec![(0.97, 0.96), (0.95, 0.96)] };
        let expected = "\
split     wheatstone  logistic regression difference
0            97.00 %              96.00 %      +1.00
1            95.00 %              96.00 %      -1.00
mean         96.00 %              96.00 %      +0.00
deviation     1.41 %               0.00 %     1.41 %
";
        assert_eq!(comparison.table(), expected);
    }

    #[test]
    fn one_split_has_no_deviation() {
        assert_eq!(deviation(&[0.5]), 0.0);
    }
}
