//! The first register in which two states differ.

use crate::{Categorized, ErrorCategory, State, Wave};
use serde::Serialize;
use thiserror::Error;

/// A register that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Error)]
#[error("{cell}: {register} is {found} and should be {expected}")]
pub struct StateDifference {
    /// The cell as it is called in hardware: `node_3`, `edge_7`; `array` for the phase of the step, `noise_2` for the third generator of
    /// noise.
    pub cell: String,
    /// Its register: `u_F`, `u_C`, `k`, `generator` or `phase`.
    pub register: &'static str,
    /// What it should hold.
    pub expected: i64,
    /// What the register holds in the other state.
    pub found: i64,
}

impl Categorized for StateDifference {
    fn category(&self) -> ErrorCategory {
        ErrorCategory::Mismatch
    }
}

impl State {
    /// The first register in which this state of a design is not the expected one: the phase, then free and clamped voltages
    /// by node, then conductances and generators by edge, then generators of noise.
    pub fn first_difference(&self, expected: &State) -> Option<StateDifference> {
        let registers = |state: &State| {
            let generators: Vec<i64> = state.generators.iter().map(|g| g.state().into()).collect();
            [
                ("array", "phase", vec![state.phase.into()]),
                ("node", "u_F", state.u(Wave::Free).to_vec()),
                ("node", "u_C", state.u(Wave::Clamped).to_vec()),
                ("edge", "k", state.k.clone()),
                ("edge", "generator", generators),
                ("noise", "generator", state.noise.iter().map(|g| g.state().into()).collect()),
            ]
        };
        let (found, expected) = (registers(self), registers(expected));
        found.into_iter().zip(expected).find_map(|((kind, register, found), (.., expected))| {
            let index = found.iter().zip(&expected).position(|(found, expected)| found != expected)?;
            let cell = if kind == "array" { kind.to_owned() } else { format!("{kind}_{index}") };
            Some(StateDifference { cell, register, expected: expected[index], found: found[index] })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EdgeGenerator, NoiseGenerator};

    #[test]
    fn every_register_is_looked_at() {
        let state = State {
            u: [vec![1, 2], vec![3, 4]],
            k: vec![5],
            generators: vec![EdgeGenerator::new(6)],
            noise: vec![NoiseGenerator::new(7)],
            phase: 0,
        };
        assert_eq!(state.first_difference(&state), None);
        let name = |change: fn(&mut State)| {
            let mut other = state.clone();
            change(&mut other);
            let difference = other.first_difference(&state).unwrap();
            assert_ne!(difference.expected, difference.found);
            format!("{} {}", difference.cell, difference.register)
        };
        assert_eq!(name(|s| s.phase = 1), "array phase");
        assert_eq!(name(|s| s.u[0][1] = 0), "node_1 u_F");
        assert_eq!(name(|s| s.u[1][0] = 0), "node_0 u_C");
        assert_eq!(name(|s| s.k[0] = 0), "edge_0 k");
        assert_eq!(name(|s| s.generators[0] = EdgeGenerator::new(1)), "edge_0 generator");
        assert_eq!(name(|s| s.noise[0] = NoiseGenerator::new(1)), "noise_0 generator");
    }
}
