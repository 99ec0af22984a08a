//! A user's CSV file holds any bytes: reading it returns a data set or rows or an error, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone::data::csv::{parse_csv, parse_features};
use wheatstone::data::{CsvOptions, TargetKind};

fuzz_target!(|bytes: &[u8]| {
    for kind in [TargetKind::Auto, TargetKind::Classification, TargetKind::Regression] {
        for targets in [vec![], vec!["a".to_owned()], vec!["1".to_owned(), "2".to_owned()]] {
            let _ = parse_csv("fuzz.csv", bytes, &CsvOptions { targets, kind });
        }
    }
    let _ = parse_features("fuzz.csv", bytes, &["a".to_owned(), "b".to_owned()]);
});
