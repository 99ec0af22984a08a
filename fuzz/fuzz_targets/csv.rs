//! A user's table holds any bytes: reading it returns a data set or rows or an error, and never panics; what was found out
//! about a table reads it the same way again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_learn::data::csv::{Decimal, Separator, parse_csv, parse_features, parse_labelled};
use wheatstone_learn::data::dataset::TargetNames;
use wheatstone_learn::data::{CellKind, CsvOptions, KnownTable, Missing, TableColumn, TargetKind};

/// Everything but the first byte is the table; that one says how it is read.
fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let pick = |place: u8, of: u8| (choice >> place) % of;
    let mut options = CsvOptions {
        kind: [TargetKind::Auto, TargetKind::Classification, TargetKind::Regression][usize::from(pick(0, 3))],
        missing: [Missing::Error, Missing::Drop, Missing::Mean][usize::from(pick(2, 3))],
        header: [None, Some(true), Some(false)][usize::from(pick(4, 3))],
        ..CsvOptions::default()
    };
    match pick(6, 4) {
        0 => options.targets = vec!["a".to_owned()],
        1 => options.targets = vec!["1".to_owned(), "2".to_owned()],
        2 => (options.separator, options.decimal) = (Some(Separator::Blank), Some(Decimal::Comma)),
        _ => options.drop = vec!["1".to_owned()],
    }
    for options in [CsvOptions::default(), options.clone()] {
        if let Ok(set) = parse_csv("fuzz.csv", bytes, &options) {
            let again = set.resolved().map(|found| parse_csv("fuzz.csv", bytes, found));
            let again = again.and_then(Result::ok).expect("what was found out reads the table");
            assert_eq!((again.targets(), again.features()), (set.targets(), set.features()));
        }
    }
    let column = |name: &str, cells| TableColumn { name: name.to_owned(), cells };
    let texts = vec!["x".to_owned(), "y".to_owned(), "z".to_owned()];
    for targets in [TargetNames::Classes(texts.clone()), TargetNames::Values(vec!["y".to_owned()])] {
        let columns = vec![column("a", CellKind::Number), column("b", CellKind::Categories(texts.clone()))];
        let known = KnownTable { columns, targets, separator: Some(Separator::Semicolon), fills_gaps: false };
        let _ = parse_features("fuzz.csv", bytes, &known, &options);
        let _ = parse_labelled("fuzz.csv", bytes, &known, &options);
    }
});
