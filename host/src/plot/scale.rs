//! Ranges, ticks and numbers of axes; the only conversions from floats to the integers a picture is made of.

/// The nearest whole number of canvas units.
pub(super) fn unit(x: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates; no canvas is that large")]
    let unit = x.round() as i32;
    unit
}

/// The whole part of `x`, limited to `0..=last`; NaN reads as 0.
pub(super) fn index(x: f64, last: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends, and the upper one is limited here"
    )]
    let index = x as usize;
    index.min(last)
}

/// The nearest byte.
pub(super) fn byte(x: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends"
    )]
    let byte = x.round() as u8;
    byte
}

/// What an axis shows and where it is ticked.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What is drawn along it, with its unit.
    pub label: String,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Labelled places.
    pub ticks: Vec<f64>,
    /// Places of faint grid lines between them.
    pub faint: Vec<f64>,
    /// How a tick is written.
    pub numbers: Numbers,
}

/// How the numbers beside an axis are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Numbers {
    /// With so many decimals.
    Decimal(usize),
    /// In powers of ten, for values outside of what reads well in decimals.
    Scientific,
    /// The axis holds decimal logarithms; the value at `zero` or below stands for 0.
    Log {
        /// Where zeros are drawn, if there are any.
        zero: Option<f64>,
    },
}

impl Axis {
    /// A linear axis over all finite `values`, widened to round numbers; at least `least` wide between ticks.
    pub(super) fn linear(label: &str, values: impl IntoIterator<Item = f64>, least: f64) -> Axis {
        let (mut low, mut high) = extent(values).unwrap_or((0.0, 1.0));
        if high - low < 1e-9 * (1.0 + low.abs().max(high.abs())) {
            let margin = if low == 0.0 { 0.5 } else { 0.1 * low.abs() };
            (low, high) = (low - margin, high + margin);
        }
        let step = nice(((high - low) / 5.0).max(least));
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        Axis::stepped(label, first * step, last * step, step)
    }

    /// A linear axis between given ends, ticked at round numbers.
    pub(super) fn between(label: &str, low: f64, high: f64, least: f64) -> Axis {
        Axis::stepped(label, low, high, nice(((high - low) / 6.0).max(least)))
    }

    fn stepped(label: &str, low: f64, high: f64, step: f64) -> Axis {
        let first = (low / step - 1e-9).ceil();
        let ticks: Vec<f64> =
            (0..32).map(|i| (first + f64::from(i)) * step).take_while(|t| *t <= high + 1e-9 * step).collect();
        let largest = low.abs().max(high.abs());
        let numbers = if step < 1e-4 || largest >= 1e6 {
            Numbers::Scientific
        } else {
            Numbers::Decimal(index((-step.log10() - 1e-9).ceil().max(0.0), 5))
        };
        Axis { label: label.to_owned(), low, high, ticks, faint: Vec::new(), numbers }
    }

    /// An axis of decimal logarithms over all finite `values`, widened to 1, 2 or 5 times a power of ten. Zeros are
    /// drawn at its lower end, which is then labelled 0; see [`Axis::log_place`].
    pub(super) fn log(label: &str, values: impl IntoIterator<Item = f64>) -> Axis {
        let (mut zeros, mut positive) = (false, Vec::new());
        for value in values {
            if value > 0.0 && value.is_finite() {
                positive.push(value.log10());
            } else if value == 0.0 {
                zeros = true;
            }
        }
        let (low, high) = extent(positive).unwrap_or((-12.0, -11.0));
        let (mut low, mut high) = (round_log(low, false), round_log(high, true));
        if high - low < 0.35 {
            (low, high) = (round_log(low - 0.1, false), round_log(high + 0.1, true));
        }
        let zero = zeros.then(|| low.floor() - 1.0);
        low = zero.unwrap_or(low);
        let places = |mantissas: &[f64], every: usize| -> Vec<f64> {
            let decades = index(high.floor() - low.floor(), 60);
            (0..=decades)
                .step_by(every)
                .flat_map(|d| mantissas.iter().map(move |m| low.floor() + d as f64 + m.log10()))
                .filter(|p| *p >= low - 1e-9 && *p <= high + 1e-9)
                .collect()
        };
        let every = index(((high - low) / 7.0).ceil(), 60).max(1);
        let mut ticks = if high - low <= 2.4 { places(&[1.0, 2.0, 5.0], 1) } else { places(&[1.0], every) };
        if let Some(zero) = zero {
            ticks.retain(|t| *t >= zero + 1.0 - 1e-9);
            ticks.insert(0, zero);
        }
        let mut faint =
            if every == 1 { places(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1) } else { places(&[1.0], 1) };
        faint.retain(|f| zero.is_none_or(|z| *f >= z + 1.0 - 1e-9));
        Axis { label: label.to_owned(), low, high, ticks, faint, numbers: Numbers::Log { zero } }
    }

    /// Where a value lies on a logarithmic axis.
    pub(super) fn log_place(&self, value: f64) -> f64 {
        if value > 0.0 { value.log10().clamp(self.low, self.high) } else { self.low }
    }

    /// How a tick is written.
    pub(super) fn number(&self, place: f64) -> String {
        match self.numbers {
            Numbers::Decimal(decimals) => {
                if decimals == 0 && place.abs() >= 10_000.0 {
                    let sign = if place < 0.0 { "\u{2212}" } else { "" };
                    return format!("{sign}{}", grouped(unit(place.abs()).unsigned_abs().into()));
                }
                let text = format!("{place:.decimals$}").replace('-', "\u{2212}");
                if place.abs() < 1e-12 { text.replace('\u{2212}', "") } else { text }
            }
            Numbers::Scientific if place == 0.0 => "0".to_owned(),
            Numbers::Scientific => {
                let exponent = (place.abs().log10() + 1e-9).floor();
                let mantissa = place / 10f64.powf(exponent);
                let sign = if place < 0.0 { "\u{2212}" } else { "" };
                let mantissa = (mantissa.abs() * 100.0).round() / 100.0;
                format!("{sign}{}", power_of_ten(mantissa, unit(exponent)))
            }
            Numbers::Log { zero } if zero.is_some_and(|z| place <= z + 1e-9) => "0".to_owned(),
            Numbers::Log { .. } => {
                let exponent = (place + 1e-9).floor();
                power_of_ten(10f64.powf(place - exponent).round(), unit(exponent))
            }
        }
    }
}

/// Smallest and largest of the finite values.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|v| v.is_finite()).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((low.min(v), high.max(v))),
    })
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `x`.
pub(super) fn nice(x: f64) -> f64 {
    if !(x > 0.0 && x.is_finite()) {
        return 1.0;
    }
    let decade = 10f64.powf(x.log10().floor());
    let mantissa = [1.0, 2.0, 2.5, 5.0].into_iter().find(|m| *m * decade >= x * (1.0 - 1e-9));
    let step = mantissa.unwrap_or(10.0) * decade;
    // Whole steps stay whole: 2.5 is no step for a count.
    if x >= 1.0 && step.fract() != 0.0 { step.ceil() } else { step }
}

/// At most `limit` of the items, evenly spread, with the first and the last one.
pub(super) fn thin<T>(items: &[T], limit: usize) -> Vec<&T> {
    if items.len() <= limit || limit < 2 {
        return items.iter().collect();
    }
    (0..limit).map(|i| &items[i * (items.len() - 1) / (limit - 1)]).collect()
}

/// A whole number with its digits in groups of three.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn round_log(place: f64, up: bool) -> f64 {
    let decade = place.floor();
    let steps = [0.0, 2f64.log10(), 5f64.log10(), 1.0];
    let rest = place - decade;
    let found = if up {
        steps.into_iter().find(|s| *s >= rest - 1e-9)
    } else {
        steps.into_iter().rev().find(|s| *s <= rest + 1e-9)
    };
    decade + found.unwrap_or(0.0)
}

fn power_of_ten(mantissa: f64, exponent: i32) -> String {
    let raised: String = exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '\u{207b}',
            '1' => '\u{b9}',
            '2' => '\u{b2}',
            '3' => '\u{b3}',
            c => char::from_u32(0x2070 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
        })
        .collect();
    if mantissa == 1.0 { format!("10{raised}") } else { format!("{mantissa}\u{b7}10{raised}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|t| axis.number(*t)).collect()
    }

    #[test]
    fn linear_axes_are_ticked_at_round_numbers() {
        assert_eq!(numbers(&Axis::linear("", [0.03, 0.97], 0.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(numbers(&Axis::between("", 0.0, 60.0, 1.0)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(numbers(&Axis::between("", 0.0, 1.0, 1.0)), ["0", "1"]);
        let one = Axis::linear("", [3.0], 0.0);
        assert!(one.low < 3.0 && one.high > 3.0);
        assert_eq!(numbers(&Axis::linear("", [-1e-7, 1e-7], 0.0))[0], "\u{2212}10\u{207b}\u{2077}");
    }

    #[test]
    fn zeros_lie_at_the_foot_of_a_logarithmic_axis() {
        let axis = Axis::log("", [0.0, 1e-4, 0.3, f64::NAN]);
        assert_eq!(axis.low, -5.0);
        assert_eq!(axis.log_place(0.0), -5.0);
        assert_eq!(numbers(&axis), ["0", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
        assert_eq!(numbers(&Axis::log("", [0.021, 0.09])), ["2·10⁻²", "5·10⁻²", "10⁻¹"]);
    }

    #[test]
    fn thinning_keeps_both_ends() {
        let all: Vec<usize> = (0..5000).collect();
        let some = thin(&all, 1000);
        assert_eq!((some.len(), *some[0], *some[999]), (1000, 0, 4999));
        assert_eq!(thin(&all[..3], 1000).len(), 3);
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!([7, 1234, 1_234_567].map(grouped), ["7", "1,234", "1,234,567"]);
    }
}
