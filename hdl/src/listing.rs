//! Listings: chosen signals as text, a line for every instant at which one of them changes.
//!
//! A [`Listing`] is the short form of a [waveform](crate::waves). It fits on a page and into a test, and can be compared
//! with a text. The pages of the [cells](crate::cell) print theirs with it.

use crate::bus::Bus;
use crate::circuit::Observer;
use crate::module::Module;
use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use wheatstone_sim::categorize;

/// A signal that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no signal `{signal}` in `{cell}`; ports and wires are called as in the emitted Verilog")]
pub struct UnknownSignal {
    /// The cell it was looked for in.
    pub cell: String,
    /// Name of the signal that was asked for.
    pub signal: String,
}

categorize!(UnknownSignal: BadInput);

/// One signal.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    bus: usize,
    initial: i64,
}

/// A change: time in picoseconds, column, new value.
type Change = (u64, usize, i64);

/// Chosen signals of a circuit and what became of them.
///
/// Its text has a column for every signal. The first line holds the names, the second the values before anything
/// changed, and each further line one instant: the time in nanoseconds since the first change, and the new
/// values. A dot stands for a signal that keeps its value.
///
/// ```
/// use wheatstone_hdl::bus::{Bus, Shape};
/// use wheatstone_hdl::circuit::Circuit;
/// use wheatstone_hdl::listing::Listing;
/// use wheatstone_hdl::module::Module;
/// use wheatstone_hdl::primitive::matched_delay;
/// use wheatstone_hdl::Technology;
///
/// let [enable, strobe, fire] = [(); 3].map(|()| Bus::new(Shape::BIT));
/// let mut module = Module::new("three_luts", "a matched delay by itself");
/// module.input("enable", &enable);
/// module.input("strobe", &strobe);
/// module.output("fire", &fire);
/// module.leaf("delay", matched_delay(Technology::Ecp5, 3, &enable, &strobe, &fire));
///
/// let listing = Listing::new(&module, "", &["enable", "fire"])?;
/// let mut circuit = Circuit::new(module);
/// circuit.observe(Some(listing.observer()));
/// for level in [1, 0] {
///     circuit.set(&enable, level);
///     circuit.quiesce(1000);
/// }
/// assert_eq!(format!("\n{listing}"), "
///    ns  enable  fire
/// start       0     0
/// 0.000       1     .
/// 1.890       .     1
/// 2.890       0     .
/// 3.520       .     0
/// ");
/// # Ok::<(), wheatstone_hdl::listing::UnknownSignal>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listing {
    columns: Vec<Column>,
    changes: Arc<Mutex<Vec<Change>>>,
}

impl Listing {
    /// Signals of `cell`, a part of `module`; of `module` itself if `cell` is empty. A signal is the name of a port or
    /// wire there; `part.name` is one of a part.
    ///
    /// # Errors
    /// [`UnknownSignal`] if there is no such cell or signal.
    pub fn new(module: &Module, cell: &str, signals: &[&str]) -> Result<Listing, UnknownSignal> {
        let find = |signal: &str| -> Option<Bus> {
            let (path, name) = signal.rsplit_once('.').unwrap_or(("", signal));
            let parts = cell.split('.').chain(path.split('.')).filter(|part| !part.is_empty());
            let module = parts.into_iter().try_fold(module, |module, part| module.submodule(part))?;
            Some(module.port(name)?.bus.clone())
        };
        let columns = signals.iter().map(|&signal| {
            let name = signal.to_owned();
            let bus =
                find(signal).ok_or_else(|| UnknownSignal { cell: cell.to_owned(), signal: name.clone() })?;
            Ok(Column { name, bus: bus.id(), initial: bus.val() })
        });
        Ok(Listing { columns: columns.collect::<Result<_, _>>()?, changes: Arc::default() })
    }

    /// What sees the changes, for [`Circuit::observe`](crate::circuit::Circuit::observe).
    pub fn observer(&self) -> Observer {
        let buses: Vec<usize> = self.columns.iter().map(|column| column.bus).collect();
        let changes = Arc::clone(&self.changes);
        Box::new(move |time_ps, bus| {
            for (column, _) in buses.iter().enumerate().filter(|&(_, &id)| id == bus.id()) {
                let change = (time_ps, column, bus.val());
                changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
            }
        })
    }

    /// All lines: the time, and every signal's value or a dot.
    fn rows(&self) -> Vec<Vec<String>> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values: Vec<i64> = self.columns.iter().map(|column| column.initial).collect();
        let names = self.columns.iter().map(|column| column.name.clone());
        let first = values.iter().map(i64::to_string);
        let mut rows: Vec<Vec<String>> = vec![
            std::iter::once("ns".to_owned()).chain(names).collect(),
            std::iter::once("start".to_owned()).chain(first).collect(),
        ];
        let start_ps = changes.first().map_or(0, |&(time_ps, ..)| time_ps);
        for instant in changes.chunk_by(|a, b| a.0 == b.0) {
            let before = values.clone();
            for &(_, column, value) in instant {
                values[column] = value;
            }
            if values == before {
                continue;
            }
            let time_ps = instant[0].0 - start_ps;
            let cells = values.iter().zip(&before);
            let cells =
                cells.map(|(now, before)| if now == before { ".".to_owned() } else { now.to_string() });
            let time = format!("{}.{:03}", time_ps / 1000, time_ps % 1000);
            rows.push(std::iter::once(time).chain(cells).collect());
        }
        rows
    }
}

impl Display for Listing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=self.columns.len()).map(width).collect();
        for row in &rows {
            for (column, (text, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                write!(f, "{gap}{text:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::bus::Shape;

    #[test]
    fn a_signal_that_is_not_there_is_named() {
        let error = Listing::new(&Module::new("empty", "nothing"), "edge_0", &["fire"]).unwrap_err();
        assert_eq!(error.signal, "fire");
        assert_eq!(error.cell, "edge_0");
    }

    #[test]
    fn an_instant_that_ends_as_it_began_has_no_line() {
        let bus = Bus::new(Shape::signed(8));
        let mut module = Module::new("wire", "a wire");
        module.input("a", &bus);
        let listing = Listing::new(&module, "", &["a"]).unwrap();
        let mut observer = listing.observer();
        for (time_ps, value) in [(5, -7), (1500, 3), (1500, -7), (2005, 4)] {
            bus.set(value);
            observer(time_ps, &bus);
        }
        assert_eq!(listing.to_string(), "   ns   a\nstart   0\n0.000  -7\n2.000   4\n");
    }
}
