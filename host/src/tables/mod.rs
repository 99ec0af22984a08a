//! Results as tables for other programs: named columns as CSV, as Parquet, and as arrays of NumPy.
//!
//! Numbers are written so that they are read back bit for bit, and the same table gives the same bytes.

mod checkpoint;
mod sweep;

pub use checkpoint::{edges, nodes};
pub use sweep::sweep;

use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use std::io;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_learn::npy::{Archive, floats, integers, texts};
use wheatstone_sim::categorize;

/// The cells of a column, one for each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Integers(Vec<u64>),
    /// Numbers, some of which may be missing.
    Numbers(Vec<Option<f64>>),
    /// Texts.
    Texts(Vec<String>),
}

/// A table that cannot be written in a format.
#[derive(Debug, Error)]
pub enum TableError {
    /// As CSV or as arrays.
    #[error("the table cannot be written: {0}; write fewer rows")]
    Io(#[from] io::Error),
    /// As Parquet.
    #[error("the table cannot be written as Parquet: {0}; write it as CSV")]
    Parquet(#[from] ParquetError),
}

categorize! {
    TableError {
        Failed: Io, Parquet;
    }
}

/// Columns of one length with their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// The same table with a column more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, column: Column) -> Table {
        self.columns.push((name.into(), column));
        self
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// As CSV: a line of names, then a line for each row. What is missing is empty.
    ///
    /// # Errors
    /// [`TableError::Io`].
    pub fn csv(&self) -> Result<Vec<u8>, TableError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = |error: csv::Error| TableError::Io(error.into());
        writer.write_record(self.columns.iter().map(|(name, _)| name)).map_err(written)?;
        for row in 0..self.rows() {
            writer.write_record(self.columns.iter().map(|(_, column)| column.text(row))).map_err(written)?;
        }
        writer.into_inner().map_err(|error| TableError::Io(error.into_error()))
    }

    /// Puts every column into an archive of arrays, under its name behind a prefix. A missing number is NaN.
    ///
    /// # Errors
    /// [`TableError::Io`].
    pub fn put_into(&self, archive: &mut Archive, prefix: &str) -> Result<(), TableError> {
        for (name, column) in &self.columns {
            let (element, bytes) = match column {
                Column::Integers(values) => ("'<u8'".to_owned(), integers(values.iter().copied()).collect()),
                Column::Numbers(values) => {
                    let numbers = values.iter().map(|value| value.unwrap_or(f64::NAN));
                    ("'<f8'".to_owned(), floats(numbers).collect())
                }
                Column::Texts(values) => texts(values),
            };
            archive.put(&format!("{prefix}{name}"), &element, &[column.len()], &bytes)?;
        }
        Ok(())
    }

    /// As a Parquet file of one group of rows. What is missing is null.
    ///
    /// # Errors
    /// [`TableError::Parquet`].
    pub fn parquet(&self) -> Result<Vec<u8>, TableError> {
        let fields = self.columns.iter().map(|(name, column)| column.field(name));
        let fields = fields.collect::<Result<Vec<TypePtr>, _>>()?;
        let schema = Arc::new(Type::group_type_builder("table").with_fields(fields).build()?);
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties)?;
        let mut group = writer.next_row_group()?;
        for (_, column) in &self.columns {
            if let Some(mut cells) = group.next_column()? {
                column.put_into(&mut cells)?;
                cells.close()?;
            }
        }
        group.close()?;
        Ok(writer.into_inner()?)
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Integers(values) => values.len(),
            Column::Numbers(values) => values.len(),
            Column::Texts(values) => values.len(),
        }
    }

    fn text(&self, row: usize) -> String {
        match self {
            Column::Integers(values) => values[row].to_string(),
            Column::Numbers(values) => values[row].map_or(String::new(), number),
            Column::Texts(values) => values[row].clone(),
        }
    }

    fn field(&self, name: &str) -> Result<TypePtr, ParquetError> {
        let (kind, logical, repetition) = match self {
            Column::Integers(_) => {
                (PhysicalType::INT64, Some(LogicalType::integer(64, false)), Repetition::REQUIRED)
            }
            Column::Numbers(_) => (PhysicalType::DOUBLE, None, Repetition::OPTIONAL),
            Column::Texts(_) => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        };
        let field =
            Type::primitive_type_builder(name, kind).with_logical_type(logical).with_repetition(repetition);
        field.build().map(Arc::new)
    }

    fn put_into(&self, cells: &mut SerializedColumnWriter) -> Result<(), ParquetError> {
        match self {
            Column::Integers(values) => {
                let values: Vec<i64> = values.iter().map(|value| value.cast_signed()).collect();
                cells.typed::<Int64Type>().write_batch(&values, None, None)?;
            }
            Column::Numbers(values) => {
                let there: Vec<i16> = values.iter().map(|value| value.is_some().into()).collect();
                let values: Vec<f64> = values.iter().copied().flatten().collect();
                cells.typed::<DoubleType>().write_batch(&values, Some(&there), None)?;
            }
            Column::Texts(values) => {
                let values: Vec<ByteArray> = values.iter().map(|text| text.as_str().into()).collect();
                cells.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
        }
        Ok(())
    }
}

/// A number as it is read back bit for bit; a whole one without a fraction.
fn number(value: f64) -> String {
    /// Whole numbers below are told apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.trunc() == value && value.abs() < EXACT { format!("{value:.0}") } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    fn table() -> Table {
        Table::default()
            .with("n", Column::Integers(vec![1, u64::MAX]))
            .with("a.b", Column::Numbers(vec![None, Some(0.1)]))
            .with("t", Column::Texts(vec!["x, y".into(), "\u{e9}".into()]))
    }

    #[test]
    fn a_table_as_csv() {
        let text = String::from_utf8(table().csv().unwrap()).unwrap();
        assert_eq!([-2.0, 0.0, 1e-7, 1e300, f64::NAN].map(number), ["-2", "0", "1e-7", "1e300", "NaN"]);
        assert_eq!(text, "n,a.b,t\n1,,\"x, y\"\n18446744073709551615,0.1,\u{e9}\n");
    }

    #[test]
    fn a_table_as_parquet() {
        let bytes = table().parquet().unwrap();
        assert_eq!(bytes, table().parquet().unwrap());
        let file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut &file, &bytes).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows[0].get_ulong(0).unwrap(), rows[1].get_ulong(0).unwrap()), (1, u64::MAX));
        assert!(rows[0].get_double(1).is_err(), "it is null");
        assert_eq!(rows[1].get_double(1).unwrap().to_bits(), 0.1f64.to_bits());
        assert_eq!(rows[0].get_string(2).unwrap(), "x, y");
    }
}
