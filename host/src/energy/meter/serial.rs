//! An INA219 or INA226 behind a microcontroller: a line of text a reading over a serial port.
//!
//! The lines are those of a [log](super::columns), by default `t_ms,bus_mV,current_uA`; a header that the sketch prints
//! when it starts changes the columns. Lines that do not read are skipped and counted: the first is often cut in two,
//! and a loose cable garbles some. What is missing then shows as a gap.
//!
//! The microcontroller's clock tells when a reading was taken, the run's clock when it came. The difference between the
//! two is smallest for the line that was delayed least, so that difference is the offset; it may creep up by what a
//! poor quartz drifts.

use super::columns::Columns;
use super::sampled::{Readings, Sampled};
use super::trace::{Reading, Tolerance};
use crate::energy::clock::Clock;
use crate::energy::source::{Description, Scope, SourceError};
use crate::quantity::Kind;
use std::time::Duration;
use wheatstone_link::{Transport, TransportError};

/// The drift of a ceramic resonator beside which any quartz is good: 0.5 %.
const DRIFT: f64 = 5e-3;

/// No reading needs a longer line.
const LONGEST_LINE: usize = 200;

/// How long one wait for bytes lasts.
const WAIT: Duration = Duration::from_millis(100);

/// A clock that went back further than this wrapped or began anew.
const RESTART_S: f64 = 1.0;

/// How a meter on a serial line is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct SerialOptions {
    /// What the meter meters.
    pub scope: Scope,
    /// What is demanded and assumed of the readings.
    pub tolerance: Tolerance,
    /// How long to wait for the first readings.
    pub patience: Duration,
}

/// A meter on a serial line.
pub struct SerialMeter<T, C> {
    transport: T,
    clock: C,
    columns: Columns,
    partial: Vec<u8>,
    /// The line is too long, and left out up to its end.
    overlong: bool,
    lines: u64,
    garbled: u64,
    /// Time of the run's clock at the zero of the meter's, and the last time on the meter's.
    offset: Option<(f64, f64)>,
}

impl<T: Transport + Send + 'static, C: Clock + Send + 'static> SerialMeter<T, C> {
    /// Listens until the first readings have come, and goes on in a thread.
    ///
    /// # Errors
    /// [`SourceError`] if the line fails, or nothing that reads comes in time.
    pub fn start(transport: T, clock: C, options: SerialOptions) -> Result<Sampled, SourceError> {
        let name = format!("meter at {}", transport.describe());
        let begun = transport.now();
        let mut meter = SerialMeter::new(transport, clock);
        let mut first: Vec<Reading> = Vec::new();
        // Three readings have two periods between them, of which the longer counts.
        while first.len() < 3 {
            first.extend(meter.next()?);
            if meter.transport.now().saturating_sub(begun) > options.patience {
                let reason = match (meter.lines, meter.garbled) {
                    (0, _) => "nothing comes; check the cable, the baud and that the sketch runs".to_owned(),
                    (lines, garbled) => format!(
                        "{garbled} of {lines} lines do not read; check the baud, and that the sketch prints `t_ms,bus_mV,current_uA` or a header with units"
                    ),
                };
                return Err(SourceError::Ended { name, reason });
            }
        }
        let update = first.windows(2).map(|pair| pair[1].at - pair[0].at).fold(0.0, f64::max);
        let update = Duration::try_from_secs_f64(update).unwrap_or_default();
        let method = "readings of voltage and current, integrated by the trapezoid rule".to_owned();
        let description = Description {
            name,
            scope: options.scope,
            kind: Kind::Measured,
            method,
            accuracy_source: super::GIVEN.to_owned(),
        };
        Ok(Sampled::start(description, options.tolerance, update, first, meter))
    }

    fn new(transport: T, clock: C) -> SerialMeter<T, C> {
        SerialMeter {
            transport,
            clock,
            columns: Columns::of_ina(),
            partial: Vec::new(),
            overlong: false,
            lines: 0,
            garbled: 0,
            offset: None,
        }
    }

    /// A whole line.
    fn line(&mut self, line: &[u8], now_s: f64) -> Option<Reading> {
        let text = str::from_utf8(line).ok().map(str::trim);
        if text.is_some_and(|text| text.is_empty() || text.starts_with('#')) {
            return None;
        }
        self.lines += 1;
        let fields: Vec<&str> = text.unwrap_or_default().split([',', ';', '\t']).collect();
        if let Ok(reading) = self.columns.reading(&fields, self.lines) {
            return Some(Reading { at: self.on_the_runs_clock(reading.at, now_s), ..reading });
        }
        match Columns::of_header(&fields) {
            Ok(columns) => self.columns = columns,
            Err(_) => self.garbled += 1,
        }
        None
    }

    fn on_the_runs_clock(&mut self, at: f64, now_s: f64) -> f64 {
        let delayed = now_s - at;
        let offset = match self.offset {
            Some((offset, last)) if at > last - RESTART_S => {
                delayed.min(offset + (at - last).max(0.0) * DRIFT)
            }
            _ => delayed,
        };
        self.offset = Some((offset, at));
        at + offset
    }
}

impl<T: Transport + Send + 'static, C: Clock + Send + 'static> Readings for SerialMeter<T, C> {
    fn next(&mut self) -> Result<Vec<Reading>, SourceError> {
        let mut buffer = [0; 1024];
        let count = match self.transport.receive(&mut buffer, self.transport.now() + WAIT) {
            Ok(count) => count,
            Err(error @ TransportError::Gone { .. }) => {
                let name = "the line".to_owned();
                let reason = format!("{error}; after {} lines, {} of them garbled", self.lines, self.garbled);
                return Err(SourceError::Ended { name, reason });
            }
            Err(error) => return Err(error.into()),
        };
        let now_s = self.clock.now().as_secs_f64();
        let mut readings = Vec::new();
        for &byte in &buffer[..count] {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.partial);
                    if !std::mem::take(&mut self.overlong) {
                        readings.extend(self.line(&line, now_s));
                    }
                }
                _ if self.partial.len() < LONGEST_LINE => self.partial.push(byte),
                _ => self.overlong = true,
            }
        }
        Ok(readings)
    }
}

#[cfg(test)]
mod tests;
