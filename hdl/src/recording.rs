//! A recording: what was imposed on a circuit, when, and how its outputs responded.
//!
//! It begins and ends with a circuit in which nothing is on its way, so that the values of all flip-flops and inputs
//! are its whole state. What is imposed afterwards is almost always an input of the module; a state that is loaded
//! directly into flip-flops is recorded as well.

use crate::bus::{Bus, Direction, Shape};
use crate::leaf::{Behaviour, Leaf};
use crate::module::Module;
use std::collections::HashMap;

/// Something a recording follows: an input, an output or a flip-flop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name; of a flip-flop, the path of its leaf and the name of the port.
    pub name: String,
    /// Width in bits, and whether the value is signed.
    pub shape: Shape,
    /// Its value when the recording began.
    pub start: i64,
}

/// A signal took a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Simulated time of the change, in picoseconds.
    pub time_ps: u64,
    /// Number of the signal.
    pub signal: usize,
    /// The value from then on.
    pub value: i64,
}

/// What was imposed and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// When it began, in picoseconds.
    pub start_ps: u64,
    /// When it ended, in picoseconds.
    pub end_ps: u64,
    /// Inputs of the recorded module, in port order.
    pub inputs: Vec<Signal>,
    /// All flip-flops, numbered on from the inputs.
    pub flops: Vec<Signal>,
    /// Outputs of the recorded module, in port order.
    pub outputs: Vec<Signal>,
    /// What was imposed on inputs and flip-flops, in order.
    pub imposed: Vec<Change>,
    /// How the outputs changed, as [`settled`] orders them.
    pub responses: Vec<Change>,
    /// How often something was imposed that is neither an input nor a flip-flop.
    pub elsewhere: usize,
}

/// The changes of some signals from given values, by time and then by signal: of several at the same time only the last,
/// and only if it changes something. Within one instant nothing has an order that two simulators must agree on.
pub fn settled(signals: &[Signal], mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| (change.time_ps, change.signal));
    let mut values: Vec<i64> = signals.iter().map(|signal| signal.start).collect();
    let mut kept = Vec::new();
    for (i, &change) in changes.iter().enumerate() {
        let next = changes.get(i + 1).map(|next| (next.time_ps, next.signal));
        if next != Some((change.time_ps, change.signal)) && values[change.signal] != change.value {
            values[change.signal] = change.value;
            kept.push(change);
        }
    }
    kept
}

/// Makes a recording.
#[derive(Debug)]
pub(crate) struct Recorder {
    recording: Recording,
    /// Numbers of inputs and flip-flops, by bus.
    sources: HashMap<usize, usize>,
    /// Numbers of outputs, by bus.
    sinks: HashMap<usize, usize>,
}

impl Recorder {
    /// A recorder of an idle module.
    pub(crate) fn new<'a>(
        start_ps: u64,
        module: &Module,
        leaves: impl Iterator<Item = (&'a str, &'a Leaf)>,
    ) -> Recorder {
        let signal =
            |name: &str, bus: &Bus| Signal { name: name.to_owned(), shape: bus.shape(), start: bus.val() };
        let (mut sources, mut sinks) = (HashMap::new(), HashMap::new());
        let (mut inputs, mut outputs, mut flops) = (Vec::new(), Vec::new(), Vec::new());
        for port in module.ports() {
            match port.direction {
                Direction::Input => {
                    sources.insert(port.bus.id(), inputs.len());
                    inputs.push(signal(&port.name, &port.bus));
                }
                Direction::Output => {
                    sinks.insert(port.bus.id(), outputs.len());
                    outputs.push(signal(&port.name, &port.bus));
                }
                Direction::Local => {}
            }
        }
        for (path, leaf) in leaves {
            if let (Behaviour::Register { .. }, [q]) = (leaf.behaviour(), leaf.outputs()) {
                sources.insert(q.bus.id(), inputs.len() + flops.len());
                flops.push(signal(&format!("{path}.{}", q.name), &q.bus));
            }
        }
        let (imposed, responses) = (Vec::new(), Vec::new());
        let recording = Recording {
            start_ps,
            end_ps: start_ps,
            inputs,
            flops,
            outputs,
            imposed,
            responses,
            elsewhere: 0,
        };
        Recorder { recording, sources, sinks }
    }

    /// Something was imposed on a bus.
    pub(crate) fn imposed(&mut self, time_ps: u64, bus: &Bus) {
        match self.sources.get(&bus.id()) {
            Some(&signal) => self.recording.imposed.push(Change { time_ps, signal, value: bus.val() }),
            None => self.recording.elsewhere += 1,
        }
    }

    /// A bus has changed.
    pub(crate) fn responded(&mut self, time_ps: u64, bus: &Bus) {
        if let Some(&signal) = self.sinks.get(&bus.id()) {
            self.recording.responses.push(Change { time_ps, signal, value: bus.val() });
        }
    }

    /// The recording, at an end.
    pub(crate) fn finish(self, end_ps: u64) -> Recording {
        let mut recording = self.recording;
        recording.end_ps = end_ps;
        recording.responses = settled(&recording.outputs, recording.responses);
        recording
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_an_instant_only_the_last_change_counts() {
        let signal = |name: &str, start| Signal { name: name.to_owned(), shape: Shape::signed(4), start };
        let signals = [signal("a", 0), signal("b", 3)];
        let change = |time_ps, signal, value| Change { time_ps, signal, value };
        let seen = vec![change(5, 1, 1), change(5, 0, 7), change(5, 0, 0), change(5, 1, 2), change(9, 1, 2)];
        assert_eq!(settled(&signals, seen), [change(5, 1, 2)]);
    }
}
