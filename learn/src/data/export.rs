//! Tables as CSV text; those of data sets are readable by [`parse_csv`](super::csv::parse_csv).

use super::{Dataset, Targets};
use std::borrow::Cow;

/// A cell that no spreadsheet takes for a formula: text that begins as one gets an apostrophe in front, which
/// spreadsheets do not show. Numbers stay numbers, and a single sign stays what it is.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.chars().nth(1).is_some();
    if formula && text.trim().parse::<f64>().is_err() {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A header, then a line for each row: the features, then the class or the values.
pub fn to_csv(dataset: &Dataset) -> String {
    let target_names = match dataset.targets() {
        Targets::Classes { .. } => vec!["class".to_owned()],
        Targets::Values { names, .. } => names.clone(),
    };
    let mut records = vec![[dataset.features(), &target_names].concat()];
    for row in 0..dataset.rows() {
        let mut record: Vec<String> = dataset.row(row).iter().map(ToString::to_string).collect();
        match dataset.targets() {
            Targets::Classes { names, labels } => record.push(names[labels[row]].clone()),
            Targets::Values { .. } => {
                record.extend(dataset.target_values(row).unwrap_or_default().iter().map(ToString::to_string));
            }
        }
        records.push(record);
    }
    write_records(&records)
}

/// A line for each record; all of them must have one length. Every cell goes through [`cell`].
pub(crate) fn write_records(records: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        // Writing to memory cannot fail.
        drop(writer.write_record(record.iter().map(|text| cell(text).into_owned())));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_formula_and_numbers_stay() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
            ("+x", "'+x"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("-0.25", "-0.25"),
            ("+1e-3", "+1e-3"),
            ("-", "-"),
            ("+", "+"),
            ("setosa", "setosa"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
