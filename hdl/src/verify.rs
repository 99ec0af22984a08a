//! The array beside the model: the same moves, and every token and every bit of state compared.

use crate::cell::sends_twice;
use crate::simulation::ArraySimulation;
use crate::trace::Trace;
use serde::Serialize;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::network::{EdgeId, NodeId};
use wheatstone_sim::{
    Categorized, Configuration, ConfigurationError, Design, Engine, ErrorCategory, Reference, Sample,
    SampleError, State, StateDifference, Wave,
};

/// Where array and model first differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Error)]
#[error("{cell} at step {step}: {what} is {found} in the array and {expected} in the model ({time_ps} ps)")]
pub struct Difference {
    /// The cell, as it is called in the array.
    pub cell: String,
    /// Which step since the comparison began, from 0. A learning step counts.
    pub step: u64,
    /// The port that received it, or the register.
    pub what: String,
    /// The value in the model.
    pub expected: i64,
    /// The value in the array.
    pub found: i64,
    /// When, in picoseconds of the array's time.
    pub time_ps: u64,
}

impl Categorized for Difference {
    fn category(&self) -> ErrorCategory {
        ErrorCategory::Mismatch
    }
}

/// What the cells must receive in one step, nodes first.
struct Expected {
    step: u64,
    values: Vec<Vec<i64>>,
}

/// An array and the reference engine that do the same.
#[derive(Debug)]
pub struct SideBySide {
    array: ArraySimulation,
    model: Reference,
    steps: u64,
    difference: Option<Difference>,
}

impl SideBySide {
    /// Starts the comparison. Both must be in the same state.
    pub fn new(mut array: ArraySimulation, model: Reference) -> SideBySide {
        array.start_trace();
        let difference = first_difference(&array.state(), &model.state(), 0, array.circuit().now_ps());
        SideBySide { array, model, steps: 0, difference }
    }

    /// The array.
    pub fn array(&self) -> &ArraySimulation {
        &self.array
    }

    /// The array, to change its delays.
    pub fn array_mut(&mut self) -> &mut ArraySimulation {
        &mut self.array
    }

    /// The model.
    pub fn model(&self) -> &Reference {
        &self.model
    }

    /// Changes the configuration of both.
    ///
    /// # Errors
    /// [`ConfigurationError`] names the field out of bounds.
    pub fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        self.array.configure(configuration)?;
        self.model.configure(configuration)
    }

    /// Relaxing and learning steps compared so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The first difference, if there has been one.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Trains both on a sample and compares every token that went over a channel, the answers and the states.
    ///
    /// # Errors
    /// [`SampleError`] if the sample does not fit the network.
    pub fn train(&mut self, sample: &Sample) -> Result<(), SampleError> {
        self.model.present(sample)?;
        let configuration = self.model.configuration();
        let mut expected = Vec::new();
        for step in 1..=configuration.steps {
            expected.push(self.model_step());
            if step % configuration.learning.period(configuration.steps) == 0 {
                expected.push(self.model_learning_step());
            }
        }
        let answer = self.array.train(sample)?;
        let answer_expected = self.model.answer();
        self.compare(&expected);
        for (slot, (&found, &wanted)) in answer.iter().zip(&answer_expected).enumerate() {
            if found != wanted {
                self.note(&format!("answer_{slot}"), "answer", wanted.into(), found.into());
            }
        }
        Ok(())
    }

    /// Reads an answer from both and compares everything.
    ///
    /// # Errors
    /// [`SampleError`] if the inputs do not fit the network.
    pub fn read(&mut self, inputs: &[i32], steps: u32) -> Result<(), SampleError> {
        let targets = vec![None; self.model.design().network().outputs().len()];
        self.model.present(&Sample { inputs: inputs.to_vec(), targets })?;
        let expected: Vec<Expected> = (0..steps).map(|_| self.model_step()).collect();
        self.array.read(inputs, steps)?;
        self.compare(&expected);
        Ok(())
    }

    fn model_step(&mut self) -> Expected {
        let state = self.model.state();
        let values = tokens(self.model.design(), &state, None);
        self.model.step();
        self.expected(values)
    }

    fn model_learning_step(&mut self) -> Expected {
        let before = self.model.state();
        self.model.learn();
        let values = tokens(self.model.design(), &before, Some(&self.model.state()));
        self.expected(values)
    }

    fn expected(&mut self, values: Vec<Vec<i64>>) -> Expected {
        self.steps += 1;
        Expected { step: self.steps - 1, values }
    }

    fn note(&mut self, cell: &str, what: &str, expected: i64, found: i64) {
        let (step, time_ps) = (self.steps.saturating_sub(1), self.array.circuit().now_ps());
        self.difference.get_or_insert(Difference {
            cell: cell.to_owned(),
            step,
            what: what.to_owned(),
            expected,
            found,
            time_ps,
        });
    }

    fn compare(&mut self, expected: &[Expected]) {
        let trace = self.array.take_trace();
        if self.difference.is_some() {
            return;
        }
        self.difference = first_wrong_token(self.model.design(), expected, &trace);
        if self.array.is_stuck() {
            self.note("array", "rest", 1, 0);
        }
        if self.difference.is_none() {
            let (step, now) = (self.steps.saturating_sub(1), self.array.circuit().now_ps());
            self.difference = first_difference(&self.array.state(), &self.model.state(), step, now);
        }
    }
}

/// Names of the cells, nodes first.
fn cell_name(design: &Design, cell: usize) -> String {
    let nodes = design.network().nodes().len();
    if cell < nodes { format!("node_{cell}") } else { format!("edge_{}", cell - nodes) }
}

fn first_wrong_token(design: &Design, expected: &[Expected], trace: &Trace) -> Option<Difference> {
    let nodes = design.network().nodes().len();
    for (round, Expected { step, values }) in expected.iter().enumerate() {
        for (cell, wanted) in values.iter().enumerate() {
            let difference = |what: String, expected, found, time_ps| {
                Some(Difference {
                    cell: cell_name(design, cell),
                    step: *step,
                    what,
                    expected,
                    found,
                    time_ps,
                })
            };
            let Some(token) = trace.tokens[cell].get(round) else {
                return difference("tokens received".to_owned(), count(expected.len()), count(round), 0);
            };
            for (port, (&wanted, &found)) in wanted.iter().zip(&token.values).enumerate() {
                if wanted != found {
                    let what = if cell < nodes {
                        format!("into_{port}")
                    } else {
                        format!("{}_{}", ["current", "previous"][port % 2], port / 2)
                    };
                    return difference(what, wanted, found, token.time_ps);
                }
            }
        }
    }
    for (cell, tokens) in trace.tokens.iter().enumerate() {
        if let Some(extra) = tokens.get(expected.len()) {
            return Some(Difference {
                cell: cell_name(design, cell),
                step: expected.last().map_or(0, |e| e.step),
                what: "tokens received".to_owned(),
                expected: count(expected.len()),
                found: count(tokens.len()),
                time_ps: extra.time_ps,
            });
        }
    }
    None
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// What every cell receives in one round that begins in `state`. In a learning round, whose end is `learnt`, nodes receive
/// the new conductances.
fn tokens(design: &Design, state: &State, learnt: Option<&State>) -> Vec<Vec<i64>> {
    let (network, format) = (design.network(), design.format());
    let voltage = |node: NodeId, wave: Wave| format.voltage(state.u(wave)[node.index()]);
    // A node at its turn in the free wave has the clamped one as its current voltage.
    let turn = |node: NodeId| {
        if (state.phase + network.colouring().colour(node)).is_multiple_of(2) {
            Wave::Free
        } else {
            Wave::Clamped
        }
    };
    let other = |wave: Wave| if wave == Wave::Free { Wave::Clamped } else { Wave::Free };
    let into = |node: NodeId, neighbour: NodeId, edge: EdgeId| {
        let kind = network.edges()[edge.index()].kind;
        let g = format.conductance(learnt.unwrap_or(state).k[edge.index()]);
        if learnt.is_some() {
            return kind.slope(g, design.rules().lowest_rail);
        }
        let wave = turn(node);
        let twice = kind.twice_current(g, voltage(node, wave), voltage(neighbour, wave));
        if sends_twice(kind) { twice } else { twice / 2 }
    };
    let nodes = network
        .node_ids()
        .map(|node| network.incidences(node).iter().map(|i| into(node, i.neighbour, i.edge)).collect());
    let edges = network.edges().iter().map(|edge| {
        edge.ends.iter().flat_map(|&end| [voltage(end, other(turn(end))), voltage(end, turn(end))]).collect()
    });
    nodes.chain(edges).collect()
}

/// The first register in which two states differ.
fn first_difference(found: &State, expected: &State, step: u64, time_ps: u64) -> Option<Difference> {
    let StateDifference { cell, register, expected, found } = found.first_difference(expected)?;
    Some(Difference { cell, step, what: register.to_owned(), expected, found, time_ps })
}

/// An array and a model of the same design in the same state, to be compared.
///
/// # Errors
/// [`crate::SimulationError`] if the design cannot be built or the state is not one of it.
pub fn side_by_side(
    array: crate::Array,
    configuration: Configuration,
    state: State,
) -> Result<SideBySide, crate::SimulationError> {
    let model = Reference::new(Arc::clone(array.design()), configuration, state.clone())?;
    Ok(SideBySide::new(ArraySimulation::of(array, configuration, state)?, model))
}
