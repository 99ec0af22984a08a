//! A float solver of resistor networks, independent of the model: it knows circuits, not cells.
//!
//! Currents into a node sum to zero. Resistors, transistors by the square law and nudging sources are solved together by
//! Newton's method with a sparse factorisation at every step; diodes to ground by an active-set iteration around it.
#![allow(dead_code, reason = "every test uses another part of it")]

use faer::Col;
use faer::linalg::solvers::Solve;
use faer::sparse::{SparseColMat, Triplet};

/// An ideal diode from a node to ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diode {
    KeepsNonNegative,
    KeepsNonPositive,
}

/// On which side of a source's voltage its current flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Both,
    /// Only into a node below the source's voltage.
    Up,
    /// Only out of a node above it.
    Down,
}

/// A circuit. Any consistent units.
#[derive(Clone, Debug, Default)]
pub struct Circuit {
    /// Imposed voltages, by node.
    pub imposed: Vec<Option<f64>>,
    /// Two ends and a conductance.
    pub resistors: Vec<(usize, usize, f64)>,
    /// Two ends and a gate voltage above threshold; conducts `((G - v_a)+^2 - (G - v_b)+^2) / 2` from b to a.
    pub transistors: Vec<(usize, usize, f64)>,
    /// A node, a conductance and the voltage it leads to.
    pub sources: Vec<(usize, f64, f64, Flow)>,
    /// Diodes, by node.
    pub diodes: Vec<Option<Diode>>,
}

/// The gate overdrive's square, halved, and its slope in `v`.
pub fn overdrive(gate: f64, v: f64) -> (f64, f64) {
    let over = (gate - v).max(0.0);
    (over * over / 2.0, -over)
}

/// `x` with `A x = b` for a matrix given by its entries, which are added up.
pub fn solve_sparse(n: usize, entries: &[(usize, usize, f64)], b: &[f64]) -> Vec<f64> {
    let triplets: Vec<_> = entries.iter().map(|&(row, col, val)| Triplet { row, col, val }).collect();
    let matrix =
        SparseColMat::<usize, f64>::try_new_from_triplets(n, n, &triplets).expect("indices in range");
    let lu = matrix.sp_lu().expect("a regular matrix");
    let rhs = Col::from_fn(n, |i| b[i]);
    let mut x = lu.solve(&rhs);
    // One step of iterative refinement.
    let mut residual = rhs;
    for &(row, col, val) in entries {
        residual[row] -= val * x[col];
    }
    let correction = lu.solve(&residual);
    for i in 0..n {
        x[i] += correction[i];
    }
    x.iter().copied().collect()
}

impl Circuit {
    /// The voltages at rest.
    pub fn solve(&self) -> Vec<f64> {
        let n = self.imposed.len();
        let mut held = vec![false; n];
        let mut v: Vec<f64> = self.imposed.iter().map(|x| x.unwrap_or(0.0)).collect();
        for round in 0..20 * n + 50 {
            v = self.newton(&held, &v);
            let currents = self.currents(&v);
            let conductances = self.resistors.iter().map(|r| r.2).chain(self.sources.iter().map(|s| s.1));
            // Below this it is rounding that decides, and either state is right.
            let (no_current, no_voltage) = (1e-7 * conductances.fold(1.0, f64::max), 1e-7);
            let wrong: Vec<usize> = (0..n)
                .filter(|&i| match self.diodes.get(i).copied().flatten() {
                    None => false,
                    Some(Diode::KeepsNonNegative) if held[i] => currents[i] > no_current,
                    Some(Diode::KeepsNonPositive) if held[i] => currents[i] < -no_current,
                    Some(Diode::KeepsNonNegative) => v[i] < -no_voltage,
                    Some(Diode::KeepsNonPositive) => v[i] > no_voltage,
                })
                .collect();
            // All of them at once first; if that should cycle, one at a time (Murty's rule ends for these matrices).
            let flipped = if round < 40 { &wrong[..] } else { &wrong[..wrong.len().min(1)] };
            flipped.iter().for_each(|&i| held[i] = !held[i]);
            if wrong.is_empty() {
                return v;
            }
        }
        panic!("the diodes' states do not settle");
    }

    /// Net current into every node.
    pub fn currents(&self, v: &[f64]) -> Vec<f64> {
        let mut into = vec![0.0; v.len()];
        for &(a, b, g) in &self.resistors {
            into[a] += g * (v[b] - v[a]);
            into[b] += g * (v[a] - v[b]);
        }
        for &(a, b, gate) in &self.transistors {
            let current = overdrive(gate, v[a]).0 - overdrive(gate, v[b]).0;
            into[a] += current;
            into[b] -= current;
        }
        for &(a, g, target, flow) in &self.sources {
            into[a] += g * through(target - v[a], flow);
        }
        into
    }

    /// Minus the Jacobian of `currents`, rows of `fixed` nodes replaced by ones on the diagonal.
    fn conductance_matrix(&self, v: &[f64], fixed: &dyn Fn(usize) -> bool) -> Vec<(usize, usize, f64)> {
        let mut entries: Vec<(usize, usize, f64)> = Vec::new();
        let mut put = |row: usize, col: usize, value: f64| {
            if !fixed(row) && value != 0.0 {
                entries.push((row, col, value));
            }
        };
        for &(a, b, g) in &self.resistors {
            for (here, there) in [(a, b), (b, a)] {
                put(here, here, g);
                put(here, there, -g);
            }
        }
        for &(a, b, gate) in &self.transistors {
            for (here, there) in [(a, b), (b, a)] {
                put(here, here, -overdrive(gate, v[here]).1);
                put(here, there, overdrive(gate, v[there]).1);
            }
        }
        for &(a, g, target, flow) in &self.sources {
            put(a, a, if flow == Flow::Both || through(target - v[a], flow) != 0.0 { g } else { 0.0 });
        }
        for i in 0..v.len() {
            if fixed(i) {
                entries.push((i, i, 1.0));
            }
        }
        entries
    }

    /// Voltages at rest with these diodes held at zero volts.
    fn newton(&self, held: &[bool], start: &[f64]) -> Vec<f64> {
        let mut v = start.to_vec();
        for i in 0..v.len() {
            if held[i] {
                v[i] = 0.0;
            }
        }
        let fixed = |i: usize| held[i] || self.imposed[i].is_some();
        let residual = |v: &[f64]| -> Vec<f64> {
            self.currents(v).into_iter().enumerate().map(|(i, x)| if fixed(i) { 0.0 } else { x }).collect()
        };
        let norm = |r: &[f64]| r.iter().map(|x| x.abs()).fold(0.0, f64::max);
        let mut r = residual(&v);
        for _ in 0..200 {
            let step = solve_sparse(v.len(), &self.conductance_matrix(&v, &fixed), &r);
            let longest = norm(&step);
            let mut length = 1.0;
            loop {
                let next: Vec<f64> = v.iter().zip(&step).map(|(v, s)| v + length * s).collect();
                let next_r = residual(&next);
                if norm(&next_r) <= norm(&r) || length < 1e-6 {
                    (v, r) = (next, next_r);
                    break;
                }
                length /= 2.0;
            }
            if length * longest < 1e-7 {
                return v;
            }
        }
        panic!("Newton's method does not converge");
    }
}

/// The part of a voltage drop a source lets through.
pub fn through(drop: f64, flow: Flow) -> f64 {
    match flow {
        Flow::Both => drop,
        Flow::Up => drop.max(0.0),
        Flow::Down => drop.min(0.0),
    }
}
