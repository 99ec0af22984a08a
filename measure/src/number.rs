//! Numbers for people.

/// Prefixes of the International System of Units from 10^-24 on, in steps of 1000.
const PREFIXES: [&str; 13] = ["y", "z", "a", "f", "p", "n", "\u{b5}", "m", "", "k", "M", "G", "T"];

/// A value with three significant digits and the prefix of its unit that brings it between 1 and 1000.
pub fn with_prefix(value: f64, unit: &str) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value} {unit}");
    }
    // The digits are rounded before the prefix is chosen, so that 999.6 us reads 1.00 ms.
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let mut scaled = rounded / 1e-24;
    let mut prefix = 0;
    while scaled.abs() >= 1000.0 * (1.0 - 1e-12) && prefix + 1 < PREFIXES.len() {
        scaled /= 1000.0;
        prefix += 1;
    }
    format!("{} {}{unit}", significant(scaled), PREFIXES[prefix])
}

/// A number with three significant digits, and no more than the digits before its point if those are more.
pub fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 99.95 || x == 0.0 => 0,
        x if x >= 9.995 => 1,
        x if x >= 0.01 => 2,
        _ => return format!("{value:.2e}"),
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_well() {
        let text = |value| with_prefix(value, "s");
        assert_eq!(
            [1.0, 0.013_37, 999.6e-6, 9.996e-6, 42.0e3, 2.87e-21, 0.0].map(text),
            ["1.00 s", "13.4 ms", "1.00 ms", "10.0 \u{b5}s", "42.0 ks", "2.87 zs", "0 s"]
        );
        assert_eq!(with_prefix(-0.5, "V"), "-500 mV");
        let shown = [0.001_234, 0.123, 9.99, 9.996, 99.94, 99.96, 1234.5].map(significant);
        assert_eq!(shown, ["1.23e-3", "0.12", "9.99", "10.0", "99.9", "100", "1234"]);
    }
}
