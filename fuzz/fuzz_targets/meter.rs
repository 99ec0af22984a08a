//! A meter's log holds any bytes: reading it returns a trace or an error, integrating it an energy or an error, and
//! neither panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use wheatstone::energy::meter::{Tolerance, parse_log};

fuzz_target!(|bytes: &[u8]| {
    let Ok(trace) = parse_log("fuzz.csv", bytes) else { return };
    let tolerance =
        Tolerance { max_gap: Duration::from_secs(1), accuracy: 0.01, lag: Duration::from_millis(1) };
    let (first, last) = trace.extent().expect("a log without readings is an error");
    for (from, to) in [(first, last), (first, first + 1.0), (last - 0.5, last), (last, first)] {
        if let Ok(energy) = trace.integrate(from, to, &tolerance, "fuzz.csv") {
            assert!(energy.low <= energy.value && energy.value <= energy.high, "{energy:?}");
        }
    }
});
