//! How a table is written: its separator and its decimal mark, told or found out.
//!
//! The rule, on up to [`SAMPLE`] records from the beginning of the file: a separator is possible if it parts all of them
//! into the same number of cells, at least two; the first may have one cell less, as R writes row names. Of the possible
//! ones that is taken by which the largest share of cells below the first line are numbers, truth values or missing; of equal ones
//! the one that needs no row names, then the one with more cells, then the first of tab, semicolon, bar, comma, blanks.

use std::cmp::Ordering;

use super::cell::{Cell, classify, parted_by_blanks};
use super::options::Separator;
use super::records::Records;

/// How many records are looked at to tell the separator.
const SAMPLE: usize = 200;

/// How one separator parts the sample.
#[derive(Debug)]
struct Parted {
    separator: Separator,
    /// Cells of each record.
    widths: Vec<usize>,
    /// Cells below the first record, and those of them that have a type.
    cells: usize,
    typed: usize,
    /// Whether one of these cells is a number whose thousands are parted by blanks.
    grouped: bool,
    broken: bool,
}

impl Parted {
    fn by(separator: Separator, sample: &[u8], whole: bool) -> Parted {
        let mut parted =
            Parted { separator, widths: Vec::new(), cells: 0, typed: 0, grouped: false, broken: false };
        let mut records = Records::new("", sample, separator);
        let mut last = (0, 0);
        while parted.widths.len() < SAMPLE {
            match records.next() {
                Ok(Some(record)) => {
                    last = (parted.cells, parted.typed);
                    if !parted.widths.is_empty() {
                        parted.cells += record.len();
                        parted.grouped |= record.cells().any(parted_by_blanks);
                        parted.typed += record.cells().filter(|cell| has_type(separator, cell)).count();
                    }
                    parted.widths.push(record.len());
                }
                Ok(None) => break,
                // The end of a sample may cut quotes or a letter in two.
                Err(_) => {
                    parted.broken = whole;
                    return parted;
                }
            }
        }
        if !whole && parted.widths.len() > 1 && parted.widths.len() < SAMPLE {
            parted.widths.pop();
            (parted.cells, parted.typed) = last;
        }
        parted
    }

    /// Cells of a row, if it is possible.
    fn width(&self) -> Option<usize> {
        let (&first, rest) = self.widths.split_first()?;
        let width = rest.first().copied().unwrap_or(first);
        let same = rest.iter().all(|&other| other == width);
        (!self.broken && same && first >= 2 && (width == first || width == first + 1)).then_some(width)
    }

    fn compare(&self, other: &Parted) -> Ordering {
        let share = |a: &Parted, b: &Parted| a.typed as u128 * b.cells.max(1) as u128;
        let needs_names = |p: &Parted| p.width() != p.widths.first().copied();
        share(self, other)
            .cmp(&share(other, self))
            .then_with(|| needs_names(other).cmp(&needs_names(self)))
            .then_with(|| self.width().cmp(&other.width()))
    }

    /// Records of the most frequent width of at least 2: what most speaks for a separator that parts no two records alike.
    fn alike(&self) -> usize {
        let count = |width: &usize| self.widths.iter().filter(|other| *other == width).count();
        self.widths.iter().filter(|&&width| width >= 2).map(count).max().unwrap_or(0)
    }
}

fn has_type(separator: Separator, cell: &str) -> bool {
    match classify(cell) {
        Cell::Text | Cell::Grouped => false,
        Cell::Comma { .. } => separator != Separator::Comma,
        _ => true,
    }
}

/// The separator of a table that begins with `sample`, `whole` if there is no more of it. `hint` is taken if it is possible, or
/// if the table has one column and no other is possible.
pub(super) fn sniff(sample: &[u8], whole: bool, hint: Option<Separator>) -> Separator {
    let parted = Separator::ALL.map(|separator| Parted::by(separator, sample, whole));
    if let Some(hinted) = parted.iter().find(|p| Some(p.separator) == hint && p.width().is_some()) {
        return hinted.separator;
    }
    let mut best: Option<&Parted> = None;
    // Blanks inside numbers part thousands, not cells, where something else parts the cells.
    let grouped = |p: &Parted| p.grouped && p.width().is_some() && p.separator != Separator::Blank;
    let blanks_group = parted.iter().any(grouped);
    let possible = |p: &&Parted| p.width().is_some() && !(blanks_group && p.separator == Separator::Blank);
    for candidate in parted.iter().filter(possible) {
        if best.is_none_or(|best| candidate.compare(best) == Ordering::Greater) {
            best = Some(candidate);
        }
    }
    if let Some(best) = best {
        return best.separator;
    }
    let one_column = |p: &Parted| !p.broken && p.widths.iter().all(|&width| width == 1);
    if let Some(hint) = hint
        && parted.iter().any(|p| p.separator == hint && one_column(p))
    {
        return hint;
    }
    // None parts all records alike: by the one that does so most often, the reader says which line is wrong.
    let alike = parted.iter().map(Parted::alike).max().unwrap_or(0);
    let likely = [Separator::Comma, Separator::Semicolon, Separator::Tab, Separator::Pipe, Separator::Blank];
    let found = likely.into_iter().find(|separator| {
        alike > 0 && parted.iter().any(|p| p.separator == *separator && p.alike() == alike)
    });
    found.unwrap_or(Separator::Comma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> Separator {
        sniff(text.as_bytes(), true, None)
    }

    #[test]
    fn separators_are_found() {
        for (text, wanted) in [
            ("a,b,kind\n1,2,x\n3,4,y\n", Separator::Comma),
            ("a;b;kind\n1,5;2,5;x\n3,5;4,5;y\n", Separator::Semicolon),
            ("a\tb\tkind\n1\t\tred one\n3\t4\ty\n", Separator::Tab),
            ("a|b|kind\n1|2|x, y\n3|4|y, z\n", Separator::Pipe),
            ("a b kind\n1 2 x\n3  4\ty\n", Separator::Blank),
            ("sepal length,petal width\n1, 2\n3, 4\n", Separator::Comma),
            ("1, 2, 3\n4, 5, 6\n", Separator::Comma),
            ("\"a;b\",c\n1,2\n3,4\n", Separator::Comma),
            ("a b kind\n1 1 2 x\n2 3 4 y\n", Separator::Blank),
            ("x\n1,5\n2,5\n", Separator::Comma),
            ("time,value\n2020-01-01 12:00,5\n2020-01-01 13:00,6\n", Separator::Comma),
        ] {
            assert_eq!(sniffed(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_hint_serves_where_nothing_else_tells() {
        let one = b"x\n1,5\n2,5\n";
        assert_eq!(sniff(one, true, Some(Separator::Semicolon)), Separator::Semicolon);
        assert_eq!(sniff(b"a,b\n1,2\n", true, Some(Separator::Semicolon)), Separator::Comma);
    }
}
