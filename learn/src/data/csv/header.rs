//! The first line of a table: names, or a row that came without any.

use super::cell::{Cell, classify};
use super::problem::{CsvError, CsvProblem};
use super::survey::{ColumnSurvey, Survey};
use crate::data::summary::listed;

/// The columns' names: `c1`, `c2`, ... without a header; an empty one for a column of row names.
pub(super) fn generated(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("c{number}")).collect()
}

/// Refuses a first line that is a row.
///
/// The cells above columns of numbers or truth values are compared with these: the line is a row if more of them are of
/// their column's kind than are not, unless they only number the columns (`0,1,2,target`, or at least three of nothing else). Without such columns it is a
/// row if more than half of its cells occur again below.
pub(super) fn check(file: &str, survey: &Survey) -> Result<(), CsvError> {
    if !is_row(survey) {
        return Ok(());
    }
    let remedy = if survey.names_in_comment {
        "take the # from the comment above it if that names the columns, or give --no-header to call them c1, c2, ..."
    } else {
        "give --no-header to call the columns c1, c2, ..."
    };
    let problem = CsvProblem::HeaderIsData { cells: listed(&survey.first), remedy };
    Err(CsvError::at(file, survey.first_line, problem))
}

fn is_row(survey: &Survey) -> bool {
    let Survey { first, columns, rows, .. } = survey;
    if *rows == 0 {
        // Nothing to compare with; a line of numbers is no header all the same.
        let numbers = first.iter().filter(|cell| matches!(classify(cell), Cell::Number(_))).count();
        return 2 * numbers > first.len();
    }
    let below = &columns[columns.len() - first.len()..];
    let (mut like, mut unlike, mut again, mut new) = (0, 0, 0, 0);
    for (cell, column) in first.iter().zip(below) {
        match (has_type(column, *rows), classify(cell)) {
            (_, Cell::Missing) => {}
            (true, Cell::Number(_) | Cell::Comma { .. } | Cell::Boolean(..)) => like += 1,
            (true, _) => unlike += 1,
            (false, _) if column.like_first > 0 => again += 1,
            (false, _) => new += 1,
        }
    }
    if like == 0 && unlike == 0 {
        return again > new;
    }
    like > unlike
        && !(numbers_columns(first) && (like == first.len() && like >= 3 || unlike > 0 || new > again))
}

fn has_type(column: &ColumnSurvey, rows: usize) -> bool {
    2 * (column.numeric() + column.booleans) > column.filled(rows)
}

/// Whether the numbers of a line are the places of their columns, counted from 0 or from 1.
fn numbers_columns(first: &[String]) -> bool {
    let numbers = || first.iter().enumerate().filter(|(_, cell)| matches!(classify(cell), Cell::Number(_)));
    let counted = |from: usize| numbers().all(|(place, cell)| *cell == (place + from).to_string());
    numbers().count() >= 2 && (counted(0) || counted(1))
}

/// Refuses names that are given twice; empty ones are looked at when it is known what the column holds.
pub(super) fn check_names(file: &str, line: u64, names: &[String]) -> Result<(), CsvError> {
    let mut order: Vec<usize> = (0..names.len()).filter(|&column| !names[column].is_empty()).collect();
    order.sort_by_key(|&column| (&names[column], column));
    let twice = order.windows(2).filter(|pair| names[pair[0]] == names[pair[1]]).min_by_key(|pair| pair[1]);
    if let Some(&[first, second]) = twice {
        let name = names[first].clone();
        let problem = CsvProblem::DuplicateColumn { name, first: first + 1, second: second + 1 };
        return Err(CsvError::at(file, line, problem));
    }
    Ok(())
}
