//! The log of an instrument: a file of comma-separated lines with times of its own.

use super::columns::Columns;
use super::error::{ColumnError, LogError, LogProblem, MeterError};
use super::trace::{Reading, Tolerance, Trace};
use crate::energy::source::{Description, EnergySource, Mark, Resolution, Scope, SourceError};
use crate::energy::units::{Bounded, Joule};
use crate::quantity::Kind;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// How a log is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOptions {
    /// The file. It is read when energies are asked for, so that it may be written during the run.
    pub file: PathBuf,
    /// What the meter meters.
    pub scope: Scope,
    /// Time of the run's clock at the zero of the meter's, in seconds: what must be added to a time of the log.
    pub offset_s: f64,
    /// What is demanded and assumed of the readings.
    pub tolerance: Tolerance,
}

/// A meter that writes a file.
#[derive(Debug)]
pub struct LogMeter {
    options: LogOptions,
    description: Description,
    /// Of the readings there are by now.
    period: Duration,
}

impl LogMeter {
    /// A log that there is already; more may come.
    ///
    /// # Errors
    /// [`LogError`] if its header or one of the lines it has by now does not read.
    pub fn open(options: LogOptions) -> Result<LogMeter, LogError> {
        let trace = read(&options.file)?;
        let name = format!("log {}", options.file.display());
        let method = "readings of power, integrated by the trapezoid rule".to_owned();
        let description = Description {
            name,
            scope: options.scope.clone(),
            kind: Kind::Measured,
            method,
            accuracy_source: super::GIVEN.to_owned(),
        };
        Ok(LogMeter { options, description, period: trace.period() })
    }
}

impl EnergySource for LogMeter {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn resolution(&self) -> Resolution {
        let Tolerance { accuracy, lag, .. } = self.options.tolerance;
        Resolution { step: Joule(0.0), update: self.period.max(lag), accuracy }
    }

    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError> {
        Ok(Mark { at, counted: Joule(0.0) })
    }

    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        let (duration, least) = (to.at.saturating_sub(from.at), self.resolution().least_duration());
        if duration < least {
            let name = self.description.name.clone();
            return Err(SourceError::TooShort { name, duration, least });
        }
        let trace = read(&self.options.file).map_err(MeterError::from)?;
        let [from, to] = [from, to].map(|mark| mark.at.as_secs_f64() - self.options.offset_s);
        Ok(trace.integrate(from, to, &self.options.tolerance, &self.description.name)?)
    }
}

fn read(file: &PathBuf) -> Result<Trace, LogError> {
    let name = file.display().to_string();
    let bytes =
        fs::read(file).map_err(|error| LogError { file: name.clone(), line: None, problem: error.into() })?;
    parse_log(&name, &bytes)
}

/// Reads a log. Its first line names the [columns](super::columns); commas, semicolons or tabs separate them, and lines
/// that begin with `#` are comments. A last line without an end is still being written and is left out.
///
/// # Errors
/// [`LogError`] names `file`, the line, and what is wrong.
pub fn parse_log(file: &str, bytes: &[u8]) -> Result<Trace, LogError> {
    let at = |line, problem| LogError { file: file.to_owned(), line, problem };
    let complete = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let lines = bytes[..complete].split(|&byte| byte == b'\n').zip(1..);
    let mut columns: Option<(Columns, char)> = None;
    let mut trace = Trace::default();
    for (line, number) in lines {
        let text = str::from_utf8(line).map_err(|_| at(Some(number), LogProblem::NotText))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let wrong = |problem: ColumnError| at(Some(number), problem.into());
        let Some((columns, separator)) = &columns else {
            let separator = [';', '\t'].into_iter().find(|&s| text.contains(s)).unwrap_or(',');
            let fields: Vec<&str> = text.split(separator).collect();
            columns = Some((Columns::of_header(&fields).map_err(wrong)?, separator));
            continue;
        };
        let fields: Vec<&str> = text.split(*separator).collect();
        let reading = columns.reading(&fields, number).map_err(wrong)?;
        if !trace.push(reading) {
            let previous = trace.readings().last();
            let (before, previous) =
                previous.map_or((reading.at, number), |last: &Reading| (last.at, last.line));
            return Err(at(Some(number), LogProblem::Backwards { at: reading.at, before, previous }));
        }
    }
    match (columns, trace.readings().len()) {
        (None, _) => Err(at(None, LogProblem::Empty)),
        (_, few @ (0 | 1)) => Err(at(None, LogProblem::TooShort(few))),
        _ => Ok(trace),
    }
}

#[cfg(test)]
mod tests;
