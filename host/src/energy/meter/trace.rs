//! Power over time, and its integral.

use super::error::MeterError;
use crate::energy::units::{Bounded, Joule, Watt};
use std::time::Duration;

/// A power read at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When, in seconds. The zero is the meter's own.
    pub at: f64,
    /// Power at that time.
    pub power: Watt,
    /// The line it stood on, from 1.
    pub line: u64,
}

/// Readings in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    readings: Vec<Reading>,
}

/// What is demanded and assumed of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The longest time between two readings that is still bridged by a straight line.
    pub max_gap: Duration,
    /// How far the meter's scale may be off, as a fraction.
    pub accuracy: f64,
    /// How far the meter's times may be off: of its clock against the run's, and by averaging.
    pub lag: Duration,
}

impl Trace {
    /// Adds a reading. False, and nothing is added, if it is not later than the last.
    pub fn push(&mut self, reading: Reading) -> bool {
        let later = self.readings.last().is_none_or(|last| reading.at > last.at);
        if later {
            self.readings.push(reading);
        }
        later
    }

    /// All of them.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Time of the first and of the last reading.
    pub fn extent(&self) -> Option<(f64, f64)> {
        Some((self.readings.first()?.at, self.readings.last()?.at))
    }

    /// The longest time between two readings, but for the rarest hundredth of such times.
    pub fn period(&self) -> Duration {
        let mut periods: Vec<f64> = self.readings.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        periods.sort_by(f64::total_cmp);
        let usual = periods.get(periods.len() * 99 / 100).copied().unwrap_or(0.0);
        Duration::try_from_secs_f64(usual).unwrap_or(Duration::MAX)
    }

    /// The energy from one time to another on the meter's clock: trapezoids between readings, interpolated at both
    /// ends.
    ///
    /// The bounds hold what the scale may be off, what a shift of the times by the lag may move in or out, and at each
    /// end the difference that a step of the power between two readings would make.
    ///
    /// # Errors
    /// [`MeterError`] if the trace does not reach from `from` to `to`, or has a gap in between. `meter` is its name in
    /// messages.
    pub fn integrate(
        &self,
        from: f64,
        to: f64,
        tolerance: &Tolerance,
        meter: &str,
    ) -> Result<Bounded<Joule>, MeterError> {
        let not_covered =
            || MeterError::NotCovered { meter: meter.to_owned(), from, to, extent: self.extent() };
        let first = self.readings.partition_point(|r| r.at <= from).checked_sub(1).ok_or_else(not_covered)?;
        let last = self.readings.partition_point(|r| r.at < to);
        if last >= self.readings.len() || to <= from {
            return Err(not_covered());
        }
        let within = &self.readings[first..=last];
        let (mut energy, mut ends) = (0.0, 0.0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for pair in within.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            let length = b.at - a.at;
            if length > tolerance.max_gap.as_secs_f64() {
                let max_gap = tolerance.max_gap.as_secs_f64();
                let (before, after) = (a.line, b.line);
                let meter = meter.to_owned();
                return Err(MeterError::Gap { meter, before, after, seconds: length, most: max_gap });
            }
            let (start, end) = (from.max(a.at), to.min(b.at));
            let power = |at: f64| a.power.0 + (b.power.0 - a.power.0) * ((at - a.at) / length);
            energy += f64::midpoint(power(start), power(end)) * (end - start);
            if start > a.at || end < b.at {
                ends += (b.power.0 - a.power.0).abs() * length;
            }
            least = least.min(a.power.0).min(b.power.0);
            most = most.max(a.power.0).max(b.power.0);
        }
        let shift = (most - least) * tolerance.lag.as_secs_f64();
        let margin = energy.abs() * tolerance.accuracy + shift + ends;
        Ok(Bounded::around(Joule(energy), Joule(margin)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trace(points: &[(f64, f64)]) -> Trace {
        let mut trace = Trace::default();
        for (line, &(at, watts)) in (2..).zip(points) {
            assert!(trace.push(Reading { at, power: Watt(watts), line }));
        }
        trace
    }

    const TIGHT: Tolerance =
        Tolerance { max_gap: Duration::from_secs(1), accuracy: 0.0, lag: Duration::ZERO };

    fn joules(trace: &Trace, from: f64, to: f64) -> f64 {
        trace.integrate(from, to, &TIGHT, "m").unwrap().value.0
    }

    #[test]
    fn a_ramp_is_integrated_exactly_and_interpolated_at_the_marks() {
        let ramp = trace(&[(0.0, 0.0), (0.5, 1.0), (1.0, 2.0), (2.0, 4.0)]);
        // The power is 2 t.
        for (from, to) in [(0.0, 2.0), (0.25, 1.75), (0.5, 1.0), (1.1, 1.2)] {
            assert!((joules(&ramp, from, to) - (to * to - from * from)).abs() < 1e-12, "{from} to {to}");
        }
    }

    #[test]
    fn bounds_hold_scale_lag_and_ends() {
        let trace = trace(&[(0.0, 2.0), (1.0, 4.0), (2.0, 4.0), (3.0, 4.0)]);
        let loose = Tolerance { accuracy: 0.01, lag: Duration::from_millis(100), ..TIGHT };
        let energy = trace.integrate(0.5, 2.5, &loose, "m").unwrap();
        assert!((energy.value.0 - 7.75).abs() < 1e-12);
        // 1 % of 7.75 J, 0.1 s times 2 W, and 2 W over the whole first second.
        assert!((energy.high.0 - 7.75 - (0.0775 + 0.2 + 2.0)).abs() < 1e-12, "{energy:?}");
        assert!((7.75 - energy.low.0 - (0.0775 + 0.2 + 2.0)).abs() < 1e-12, "{energy:?}");
        assert_eq!(trace.integrate(1.0, 3.0, &TIGHT, "m").unwrap(), Bounded::exact(Joule(8.0)));
    }

    #[test]
    fn gaps_within_the_run_are_errors_and_others_are_not() {
        let trace = trace(&[(0.0, 1.0), (1.0, 1.0), (5.0, 1.0), (6.0, 1.0), (7.0, 1.0)]);
        let message = trace.integrate(0.5, 6.0, &TIGHT, "shunt").unwrap_err().to_string();
        assert!(message.contains("shunt: no reading for 4.000 s between lines 3 and 4"), "{message}");
        assert!((joules(&trace, 5.5, 6.5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_run_beyond_the_readings_is_an_error() {
        let trace = trace(&[(1.0, 1.0), (2.0, 1.0)]);
        for (from, to) in [(0.5, 1.5), (1.5, 2.5), (1.5, 1.5), (1.8, 1.2)] {
            let error = trace.integrate(from, to, &TIGHT, "m").unwrap_err();
            assert!(error.to_string().contains("1.000 s to 2.000 s"), "{error}");
        }
        let error = Trace::default().integrate(0.0, 1.0, &TIGHT, "m").unwrap_err();
        assert!(error.to_string().contains("of which there are none"), "{error}");
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            steps in prop::collection::vec((0.01f64..1.0, 0.0f64..10.0), 4..40),
            cut in 0.0f64..1.0,
        ) {
            let mut at = 0.0;
            let points: Vec<(f64, f64)> =
                steps.iter().map(|&(step, watts)| { at += step; (at, watts) }).collect();
            let trace = trace(&points);
            let (first, last) = trace.extent().unwrap();
            let middle = first + cut * (last - first);
            prop_assume!(first < middle && middle < last);
            let whole = joules(&trace, first, last);
            let parts = joules(&trace, first, middle) + joules(&trace, middle, last);
            prop_assert!((whole - parts).abs() < 1e-9);
            let most = points.iter().map(|p| p.1).fold(0.0, f64::max);
            prop_assert!(whole >= 0.0 && whole <= most * (last - first) + 1e-9);
        }
    }
}
