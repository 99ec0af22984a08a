//! What one cell is: missing, a number, a truth value, or text.

/// A cell, looked at by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    Missing,
    Number(f64),
    /// A number with a decimal comma; `grouped` if its comma may as well part thousands (`1,234`).
    Comma {
        grouped: bool,
    },
    /// Digits in groups of three, by more than one mark: `1.234.567`, `1,234.5`.
    Grouped,
    /// An infinity, or a number beyond the range of a float.
    NotFinite,
    Boolean(Pair, bool),
    Text,
}

/// How truth values are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair {
    TrueFalse,
    YesNo,
    Letters,
}

/// What stands for a missing value, in any case: what pandas takes for one, `?` (UCI), dashes, and errors of worksheets.
const MISSING: [&str; 25] = [
    "", "NA", "N/A", "n.a.", "NaN", "-NaN", "null", "None", "?", "-", "--", "<NA>", "#N/A", "#N/A N/A",
    "#NA", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?",
    "#NULL!",
];

/// Whether a cell stands for a missing value.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.len() <= 9 && MISSING.iter().any(|mark| cell.eq_ignore_ascii_case(mark))
}

/// What a trimmed cell is.
pub(super) fn classify(cell: &str) -> Cell {
    let starts_number =
        cell.bytes().next().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b','));
    if starts_number {
        if let Ok(value) = cell.parse::<f64>() {
            // `-nan` and `-inf` begin like numbers.
            return match value {
                _ if value.is_nan() => Cell::Missing,
                _ if value.is_finite() => Cell::Number(value),
                _ => Cell::NotFinite,
            };
        }
        if is_missing(cell) {
            return Cell::Missing;
        }
        return comma(cell);
    }
    if is_missing(cell) {
        return Cell::Missing;
    }
    if let Some((pair, value)) = boolean(cell) {
        return Cell::Boolean(pair, value);
    }
    if cell.eq_ignore_ascii_case("inf") || cell.eq_ignore_ascii_case("infinity") {
        return Cell::NotFinite;
    }
    Cell::Text
}

/// The number a cell with a decimal comma stands for.
pub(super) fn with_comma(cell: &str) -> Option<f64> {
    // A number is at most some hundred bytes; a long text is none.
    if cell.len() > 400 || cell.contains('.') {
        return None;
    }
    cell.replacen(',', ".", 1).parse().ok().filter(|value: &f64| value.is_finite())
}

/// What parts thousands: marks, blanks, and the blanks that do not break a line.
const GROUP_MARKS: [char; 7] = [',', '.', '\'', ' ', '\u{a0}', '\u{2009}', '\u{202f}'];

/// Whether a cell is a number whose thousands are parted by blanks.
pub(super) fn parted_by_blanks(cell: &str) -> bool {
    cell.contains(' ') && classify(cell) == Cell::Grouped
}

fn comma(cell: &str) -> Cell {
    if with_comma(cell).is_some() {
        return Cell::Comma { grouped: in_groups(cell, &[',']) };
    }
    if in_groups(cell, &GROUP_MARKS) { Cell::Grouped } else { Cell::Text }
}

/// Whether digits stand in groups of three parted by one of the marks, perhaps with a fraction after another mark.
fn in_groups(cell: &str, marks: &[char]) -> bool {
    let digits = cell.trim_start_matches(['+', '-']);
    let mut parts = digits.split(marks);
    let first = parts.next().unwrap_or_default();
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut rest: Vec<&str> = parts.collect();
    if first.is_empty() || first.len() > 3 || first.starts_with('0') || !all_digits(first) || rest.is_empty()
    {
        return false;
    }
    // The last part may be a fraction, if a group stands before it.
    if rest.len() > 1 && rest.last().is_some_and(|part| part.len() != 3 && all_digits(part)) {
        rest.pop();
    }
    rest.iter().all(|part| part.len() == 3 && all_digits(part))
}

/// A truth value, in any case.
pub(super) fn boolean(cell: &str) -> Option<(Pair, bool)> {
    let is = |text: &str| cell.eq_ignore_ascii_case(text);
    Some(match cell.len() {
        1 if is("t") => (Pair::Letters, true),
        1 if is("f") => (Pair::Letters, false),
        2 if is("no") => (Pair::YesNo, false),
        3 if is("yes") => (Pair::YesNo, true),
        4 if is("true") => (Pair::TrueFalse, true),
        5 if is("false") => (Pair::TrueFalse, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart() {
        for cell in ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "<NA>", "-nan", "#N/A"]
            .into_iter()
            .chain([
                "none", "NONE", "nUll", "n.a.", "N.A.", "na", "--", "#DIV/0!", "#value!", "#REF!", "-1.#IND",
            ])
        {
            assert_eq!(classify(cell), Cell::Missing, "{cell:?}");
        }
        for (cell, value) in [("1", 1.0), ("-.5", -0.5), ("+3e2", 300.0), ("5.", 5.0), ("0x", f64::NAN)] {
            match classify(cell) {
                Cell::Number(found) => assert!(found == value, "{cell}"),
                other => assert_eq!(other, Cell::Text, "{cell}"),
            }
        }
        for cell in ["inf", "-Infinity", "1e999"] {
            assert_eq!(classify(cell), Cell::NotFinite, "{cell}");
        }
        for (cell, grouped) in
            [("1,5", false), ("-0,123", false), ("1,234", true), ("12,34e5", false), (",5", false)]
        {
            assert_eq!(classify(cell), Cell::Comma { grouped }, "{cell}");
        }
        for cell in ["1,234,567", "1.234,5", "1,234.50", "1.234.567", "12 345", "1'000"] {
            assert_eq!(classify(cell), Cell::Grouped, "{cell}");
        }
        for cell in ["1;5", "12-01-2020", "nones", "---", "0.2cm", "a", "1.2.3", "5 6"] {
            assert_eq!(classify(cell), Cell::Text, "{cell}");
        }
        assert_eq!(classify("TRUE"), Cell::Boolean(Pair::TrueFalse, true));
        assert_eq!(classify("No"), Cell::Boolean(Pair::YesNo, false));
        assert_eq!(classify("f"), Cell::Boolean(Pair::Letters, false));
        assert_eq!(
            (with_comma("-1,5e3"), with_comma("1.5"), with_comma("1,2,3")),
            (Some(-1500.0), None, None)
        );
    }
}
