//! Tables as CSV text; those of data sets are readable by [`parse_csv`](super::csv::parse_csv).

use super::{Dataset, Targets};

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

/// A line for each record; all of them must have one length.
pub(crate) fn write_records(records: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        // Writing to memory cannot fail.
        drop(writer.write_record(record));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
