//! Arrays of NumPy: how they are read, and how lists become them without a copy.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Rows of numbers, copied so that Python may do with its array what it likes meanwhile.
pub struct Rows {
    values: Vec<f64>,
    columns: usize,
    rows: usize,
}

impl Rows {
    /// Of an array.
    ///
    /// # Errors
    /// An exception if it does not lie row by row in memory.
    pub fn of(array: &PyReadonlyArray2<'_, f64>) -> PyResult<Rows> {
        let [rows, columns] = [array.shape()[0], array.shape()[1]];
        let values = array.as_slice().map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Rows { values: values.to_vec(), columns, rows })
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows
    }

    /// How many numbers a row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// All of them.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }
}

/// A list as an array, without a copy.
pub fn vector<T: numpy::Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyArray1<T>> {
    values.into_pyarray(py)
}

/// A list row by row as an array of two axes, without a copy.
///
/// # Errors
/// An exception if the rows are not whole.
pub fn matrix<T: numpy::Element>(
    py: Python<'_>,
    values: Vec<T>,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<T>>> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    values.into_pyarray(py).reshape([rows, columns])
}
