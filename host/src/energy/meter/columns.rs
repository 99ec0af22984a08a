//! Lines of numbers: which column is what, in which unit.
//!
//! A header names each column by quantity and unit, as in `time_s,power_mW` or `t_ms,bus_mV,current_uA` or `Time [s];
//! Power (W)`. Quantities are taken in any case, units only as written, because `mW` and `MW` differ. Needed are a time
//! and either a power or a voltage and a current; other columns are left alone.

use super::error::ColumnError;
use super::trace::Reading;
use crate::energy::units::Watt;

/// Which columns a line has.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    time: Column,
    power: Power,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    /// Place of the column in a line, from 0.
    index: usize,
    name: String,
    /// What one unit is in s, W, V or A.
    factor: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Power {
    Itself(Column),
    Product { voltage: Column, current: Column },
}

/// More than this is a mistake in units.
const MOST_WATTS: f64 = 1e9;

const TIME: (&str, &[&str], &[(&str, f64)]) =
    ("time", &["time", "t", "timestamp"], &[("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)]);
const POWER: (&str, &[&str], &[(&str, f64)]) =
    ("power", &["power", "p"], &[("W", 1.0), ("mW", 1e-3), ("uW", 1e-6), ("kW", 1e3)]);
const VOLTAGE: (&str, &[&str], &[(&str, f64)]) =
    ("voltage", &["voltage", "v", "u", "bus"], &[("V", 1.0), ("mV", 1e-3), ("uV", 1e-6)]);
const CURRENT: (&str, &[&str], &[(&str, f64)]) =
    ("current", &["current", "i"], &[("A", 1.0), ("mA", 1e-3), ("uA", 1e-6), ("nA", 1e-9)]);

impl Columns {
    /// What the sketch of `docs/energy-method.md` prints: `t_ms,bus_mV,current_uA`.
    pub fn of_ina() -> Columns {
        let column = |index, name: &str, factor| Column { index, name: name.to_owned(), factor };
        let power =
            Power::Product { voltage: column(1, "bus_mV", 1e-3), current: column(2, "current_uA", 1e-6) };
        Columns { time: column(0, "t_ms", 1e-3), power }
    }

    /// Reads a header. A power is taken where there is one, voltage and current otherwise.
    ///
    /// # Errors
    /// [`ColumnError`]
    pub fn of_header(fields: &[&str]) -> Result<Columns, ColumnError> {
        let missing = |what| ColumnError::Missing { what, header: fields.join(",") };
        let time = find(fields, TIME)?.ok_or_else(|| missing("time"))?;
        let power = match find(fields, POWER)? {
            Some(power) => Power::Itself(power),
            None => match (find(fields, VOLTAGE)?, find(fields, CURRENT)?) {
                (Some(voltage), Some(current)) => Power::Product { voltage, current },
                (None, None) => return Err(missing("power")),
                (None, _) => return Err(missing("voltage")),
                (_, None) => return Err(missing("current")),
            },
        };
        Ok(Columns { time, power })
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`ColumnError`]
    pub fn reading(&self, fields: &[&str], line: u64) -> Result<Reading, ColumnError> {
        let power = match &self.power {
            Power::Itself(power) => power.value(fields)?,
            Power::Product { voltage, current } => voltage.value(fields)? * current.value(fields)?,
        };
        if power.abs() > MOST_WATTS {
            return Err(ColumnError::Power { watts: power });
        }
        Ok(Reading { at: self.time.value(fields)?, power: Watt(power), line })
    }
}

impl Column {
    fn value(&self, fields: &[&str]) -> Result<f64, ColumnError> {
        let (name, number) = (&self.name, self.index + 1);
        let short = || ColumnError::Short { found: fields.len(), name: name.clone(), number };
        let text = fields.get(self.index).ok_or_else(short)?.trim();
        let value = text.parse().ok().map(|value: f64| value * self.factor).filter(|value| value.is_finite());
        value.ok_or_else(|| ColumnError::Number { name: name.clone(), text: text.chars().take(40).collect() })
    }
}

/// The column of a quantity.
fn find(
    fields: &[&str],
    (what, names, units): (&'static str, &[&str], &[(&str, f64)]),
) -> Result<Option<Column>, ColumnError> {
    let mut found: Option<Column> = None;
    for (index, field) in fields.iter().enumerate() {
        let (quantity, unit) = split(field);
        if !names.contains(&quantity.to_lowercase().as_str()) {
            continue;
        }
        let name = field.trim().to_owned();
        if let Some(first) = found {
            return Err(ColumnError::Twice { what, first: first.name, second: name });
        }
        let Some(&(_, factor)) = units.iter().find(|(known, _)| *known == unit.replace('µ', "u")) else {
            let known = units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>().join(" ");
            return Err(ColumnError::Unit { name, what, known });
        };
        found = Some(Column { index, name, factor });
    }
    Ok(found)
}

/// Quantity and unit of a column's name.
fn split(field: &str) -> (&str, &str) {
    let field = field.trim();
    let end = field.find(['[', '(']).or_else(|| field.rfind('_')).unwrap_or(field.len());
    let (quantity, unit) = field.split_at(end);
    (quantity.trim(), unit.trim_matches(['_', '[', ']', '(', ')', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &str) -> Result<(f64, f64), ColumnError> {
        let columns = Columns::of_header(&header.split(',').collect::<Vec<_>>())?;
        let reading = columns.reading(&line.split(',').collect::<Vec<_>>(), 7)?;
        assert_eq!(reading.line, 7);
        Ok((reading.at, reading.power.0))
    }

    #[test]
    fn headers_name_quantities_and_units_in_several_ways() {
        let near = |found: (f64, f64), expected: (f64, f64)| {
            assert!(
                (found.0 - expected.0).abs() < 1e-12 && (found.1 - expected.1).abs() < 1e-12,
                "{found:?}"
            );
        };
        near(read("time_s,power_W", "1.5,2").unwrap(), (1.5, 2.0));
        near(read("t_ms,bus_mV,current_uA", "1500,5000,120000").unwrap(), (1.5, 0.6));
        near(read("Time [s],Label,Power (mW)", "1e1, abc ,250").unwrap(), (10.0, 0.25));
        near(read("TIMESTAMP_us,V,current_mA,P_kW", "2000000,x,x,0.001").unwrap(), (2.0, 1.0));
        near(read("i_µA,t_ns,U_V", "3000000,5,2").unwrap(), (5e-9, 6.0));
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said() {
        let message = |header| read(header, "1,2,3").unwrap_err().to_string();
        assert!(message("power_W").contains("no column for time"));
        assert!(message("time_s,volts").contains("no column for power"));
        assert!(message("time_s,bus_mV").contains("no column for current"));
        assert!(message("time_s,i_A").contains("no column for voltage"));
        assert!(message("time_s,p_W,power_W").contains("`p_W` and `power_W` are both a power"));
        assert!(message("time,power_W").contains("the column `time` has no unit of time"));
        assert!(message("time_s,power_MW").contains("write one of W mW uW kW"));
    }

    #[test]
    fn fields_that_are_no_numbers_are_named() {
        let message = |line| read("time_s,power_W", line).unwrap_err().to_string();
        for (line, text) in [("1,NaN", "`NaN`"), ("1,inf", "`inf`"), ("1,", "``"), ("1,1e999", "`1e999`")] {
            let message = message(line);
            assert!(message.contains(text) && message.contains("`power_W`"), "{message}");
        }
        assert!(message("x,1").contains("`x` in the column `time_s`"));
        assert!(message("1").contains("1 fields, and `power_W` is number 2"));
        assert!(read("t_s,v_V,i_A", "1,1e200,1e200").is_err());
    }
}
