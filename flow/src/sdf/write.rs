//! Delays as a file.

use super::lexer::escaped;
use super::{Delay, Edge, PinName, Port, Sdf, TimingCheck, Triple};
use std::fmt;

/// The text of a file, in picoseconds.
impl fmt::Display for Sdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "(DELAYFILE\n  (SDFVERSION \"3.0\")")?;
        writeln!(f, "  (DESIGN \"{}\")\n  (DIVIDER /)\n  (TIMESCALE 1ps)", self.design)?;
        for cell in &self.cells {
            writeln!(
                f,
                "  (CELL\n    (CELLTYPE \"{}\")\n    (INSTANCE {})",
                cell.kind,
                escaped(&cell.instance)
            )?;
            if !cell.paths.is_empty() || !cell.wires.is_empty() {
                writeln!(f, "    (DELAY (ABSOLUTE")?;
                for path in &cell.paths {
                    writeln!(f, "      (IOPATH {} {} {})", path.from, escaped(&path.to), path.delay)?;
                }
                for wire in &cell.wires {
                    writeln!(f, "      (INTERCONNECT {} {} {})", wire.from, wire.to, wire.delay)?;
                }
                writeln!(f, "    ))")?;
            }
            if !cell.checks.is_empty() {
                writeln!(f, "    (TIMINGCHECK")?;
                for check in &cell.checks {
                    writeln!(f, "      {check}")?;
                }
                writeln!(f, "    )")?;
            }
            writeln!(f, "  )")?;
        }
        writeln!(f, ")")
    }
}

impl fmt::Display for TimingCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimingCheck::Setup { data, clock, time } => write!(f, "(SETUP {data} {clock} {time})"),
            TimingCheck::Hold { data, clock, time } => write!(f, "(HOLD {data} {clock} {time})"),
            TimingCheck::Width { port, time } => write!(f, "(WIDTH {port} {time})"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = escaped(&self.name);
        match self.edge {
            None => f.write_str(&name),
            Some(Edge::Rising) => write!(f, "(posedge {name})"),
            Some(Edge::Falling) => write!(f, "(negedge {name})"),
        }
    }
}

impl fmt::Display for PinName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", escaped(&self.instance), escaped(&self.port))
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rise, self.fall)
    }
}

impl fmt::Display for Triple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}:{}:{})", self.min, self.typ, self.max)
    }
}
