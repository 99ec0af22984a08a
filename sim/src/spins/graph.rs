//! What couples spins to each other.

use crate::categorize;
use std::collections::VecDeque;
use thiserror::Error;

/// The largest magnitude of a coupling.
pub const MOST_COUPLING: i32 = (1 << 20) - 1;

/// The largest sum of the magnitudes of one spin's couplings.
pub const MOST_FIELD: i64 = (1 << 26) - 1;

/// Couplings that make no graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpinGraphError {
    /// There is no spin.
    #[error("there is no spin; give at least one")]
    Empty,
    /// A coupling names a spin that is not there, or one spin twice.
    #[error(
        "coupling {coupling} joins spins {a} and {b} of {spins}; spins count from 0, and a coupling joins two of them"
    )]
    Ends {
        /// Its number from 0.
        coupling: usize,
        /// One end.
        a: u32,
        /// The other.
        b: u32,
        /// Spins there are.
        spins: usize,
    },
    /// Two spins are coupled twice.
    #[error("spins {a} and {b} are coupled twice; add the two couplings up")]
    Twice {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
    },
    /// A coupling is out of range.
    #[error(
        "coupling {coupling} is {value}, and its magnitude may be up to {MOST_COUPLING}; scale the couplings down"
    )]
    Size {
        /// Its number from 0.
        coupling: usize,
        /// Its value.
        value: i32,
    },
    /// All couplings of a spin together are out of range.
    #[error(
        "the couplings of spin {spin} sum to {sum}, and may sum to {MOST_FIELD}; scale the couplings down"
    )]
    Field {
        /// The spin.
        spin: u32,
        /// The sum of their magnitudes.
        sum: i64,
    },
}

categorize! {
    SpinGraphError {
        BadInput: Empty, Ends, Twice, Size, Field;
    }
}

/// Spins with their couplings `J`. The energy is `-sum J s s`, so that a positive coupling wants its spins alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpinGraph {
    couplings: Vec<(u32, u32, i32)>,
    start: Vec<u32>,
    neighbours: Vec<(u32, i32)>,
    /// Spins by colour, then by number.
    order: Vec<u32>,
    colour_start: Vec<u32>,
    largest_field: i64,
}

/// Spins are counted in 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 spins and couplings fit into memory")]
fn count(value: usize) -> u32 {
    value as u32
}

impl SpinGraph {
    /// A graph of so many spins and these couplings. A coupling of 0 is none.
    ///
    /// # Errors
    /// [`SpinGraphError`] names the coupling at fault.
    pub fn new(spins: usize, mut couplings: Vec<(u32, u32, i32)>) -> Result<SpinGraph, SpinGraphError> {
        if spins == 0 {
            return Err(SpinGraphError::Empty);
        }
        for (coupling, &(a, b, value)) in couplings.iter().enumerate() {
            if a == b || a.max(b) as usize >= spins {
                return Err(SpinGraphError::Ends { coupling, a, b, spins });
            }
            if value.unsigned_abs() > MOST_COUPLING.unsigned_abs() {
                return Err(SpinGraphError::Size { coupling, value });
            }
        }
        couplings.retain(|coupling| coupling.2 != 0);
        let mut at: Vec<Vec<(u32, i32)>> = vec![Vec::new(); spins];
        for &(a, b, value) in &couplings {
            at[a as usize].push((b, value));
            at[b as usize].push((a, value));
        }
        let mut largest_field = 0;
        for (spin, neighbours) in (0..).zip(&mut at) {
            neighbours.sort_unstable();
            if let Some(pair) = neighbours.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(SpinGraphError::Twice { a: spin, b: pair[0].0 });
            }
            let sum = neighbours.iter().map(|&(_, value)| i64::from(value).abs()).sum();
            if sum > MOST_FIELD {
                return Err(SpinGraphError::Field { spin, sum });
            }
            largest_field = sum.max(largest_field);
        }
        let mut start = vec![0];
        for neighbours in &at {
            start.push(start[start.len() - 1] + count(neighbours.len()));
        }
        let colours = colours(&at);
        let most = colours.iter().copied().max().unwrap_or(0);
        let (mut order, mut colour_start) = (Vec::with_capacity(spins), vec![0]);
        for colour in 0..=most {
            order.extend((0..count(spins)).filter(|&spin| colours[spin as usize] == colour));
            colour_start.push(count(order.len()));
        }
        Ok(SpinGraph { couplings, start, neighbours: at.concat(), order, colour_start, largest_field })
    }

    /// How many spins there are.
    pub fn spins(&self) -> usize {
        self.order.len()
    }

    /// All couplings with their ends, as they were given.
    pub fn couplings(&self) -> &[(u32, u32, i32)] {
        &self.couplings
    }

    /// The spins coupled to one, with their couplings.
    pub fn neighbours(&self, spin: u32) -> &[(u32, i32)] {
        &self.neighbours[self.start[spin as usize] as usize..self.start[spin as usize + 1] as usize]
    }

    /// How many colours there are: 2 where no cycle is odd.
    pub fn colours(&self) -> u32 {
        count(self.colour_start.len() - 1)
    }

    /// The spins of a colour, which take their turns together.
    pub fn of_colour(&self, colour: u32) -> &[u32] {
        let [from, to] = [colour as usize, colour as usize + 1].map(|i| self.colour_start[i] as usize);
        &self.order[from..to]
    }

    /// The largest magnitude a field can have.
    pub fn largest_field(&self) -> i64 {
        self.largest_field
    }

    /// The energy of spins that are 1 or -1.
    pub fn energy(&self, spins: impl Fn(u32) -> i8) -> i64 {
        let energy =
            |&(a, b, value): &(u32, u32, i32)| i64::from(value) * i64::from(spins(a)) * i64::from(spins(b));
        -self.couplings.iter().map(energy).sum::<i64>()
    }
}

/// Two colours by the distance from the first spin of each part, where that is a colouring; else each spin in order of number the
/// smallest one not yet taken by a neighbour.
fn colours(at: &[Vec<(u32, i32)>]) -> Vec<u32> {
    let mut colours: Vec<Option<u32>> = vec![None; at.len()];
    let mut queue = VecDeque::new();
    let mut bipartite = true;
    for first in 0..at.len() {
        if colours[first].is_some() {
            continue;
        }
        colours[first] = Some(0);
        queue.push_back(first);
        while let Some(spin) = queue.pop_front() {
            let other = colours[spin].map(|colour| 1 - colour);
            for &(neighbour, _) in &at[spin] {
                let neighbour = neighbour as usize;
                if colours[neighbour].is_none() {
                    colours[neighbour] = other;
                    queue.push_back(neighbour);
                }
                bipartite &= colours[neighbour] == other;
            }
        }
    }
    if bipartite {
        return colours.into_iter().flatten().collect();
    }
    let mut greedy: Vec<u32> = Vec::with_capacity(at.len());
    for neighbours in at {
        let mut taken: Vec<u32> =
            neighbours.iter().filter_map(|&(n, _)| greedy.get(n as usize).copied()).collect();
        taken.sort_unstable();
        taken.dedup();
        let free = (0..).zip(&taken).find(|(colour, taken)| colour != *taken);
        greedy.push(free.map_or(count(taken.len()), |(colour, _)| colour));
    }
    greedy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_coupled_spins_have_one_colour() {
        let ring =
            |n: u32| SpinGraph::new(n as usize, (0..n).map(|i| (i, (i + 1) % n, 1)).collect()).unwrap();
        assert_eq!([ring(8), ring(7)].map(|ring| ring.colours()), [2, 3]);
        for graph in [ring(8), ring(7)] {
            let mut colour = vec![0; graph.spins()];
            for c in 0..graph.colours() {
                graph.of_colour(c).iter().for_each(|&spin| colour[spin as usize] = c);
            }
            assert!(graph.couplings().iter().all(|&(a, b, _)| colour[a as usize] != colour[b as usize]));
        }
    }

    #[test]
    fn couplings_that_make_no_graph_are_named() {
        let error = |spins, couplings| SpinGraph::new(spins, couplings).unwrap_err();
        assert_eq!(error(0, vec![]), SpinGraphError::Empty);
        assert!(matches!(error(2, vec![(0, 2, 1)]), SpinGraphError::Ends { b: 2, .. }));
        assert!(matches!(error(2, vec![(1, 1, 1)]), SpinGraphError::Ends { .. }));
        assert!(matches!(error(3, vec![(0, 1, 1), (1, 0, 2)]), SpinGraphError::Twice { .. }));
        assert!(matches!(error(2, vec![(0, 1, 1 << 20)]), SpinGraphError::Size { .. }));
        let star: Vec<_> = (1..100).map(|i| (0, i, MOST_COUPLING)).collect();
        assert!(matches!(error(100, star), SpinGraphError::Field { spin: 0, .. }));
    }

    #[test]
    fn an_energy_is_what_couplings_say() {
        let graph = SpinGraph::new(3, vec![(0, 1, 2), (1, 2, -5), (0, 2, 0)]).unwrap();
        assert_eq!(graph.energy(|_| 1), 3);
        assert_eq!(graph.energy(|spin| if spin == 2 { -1 } else { 1 }), -7);
        assert_eq!(graph.couplings().len(), 2);
    }
}
