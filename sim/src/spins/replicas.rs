//! Many replicas of an array of spins, side by side.
//!
//! A draw decides almost always by itself: the logarithms are near the true ones, so that for each field there is a number from which
//! every draw is up, and one below which every draw is down. Both are looked up; only between them are the logarithms taken.

use super::{InverseTemperature, SpinGraph, is_up, logarithm};
use crate::NoiseGenerator;
use std::sync::Arc;

/// Fields up to this have a table.
const LARGEST_TABLE: i64 = 512;

/// Twice as far as the difference of two logarithms is ever off, in 1024ths.
const MARGIN: i64 = 72;

/// Draws from `up` are up, draws below `down` are down.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    down: u32,
    up: u32,
}

impl Bounds {
    /// Those of a field worth these odds.
    ///
    /// With `f` the difference of the logarithms and `g` the true one, which rises and from which `f` differs by less than `MARGIN / 2`:
    /// where `f(x)` is at least `MARGIN - odds`, `g` is above `MARGIN/2 - odds` from `x` on, and `f` above `-odds`. So below, likewise.
    fn of(odds: i64) -> Bounds {
        let f = |x: u32| logarithm(x.max(1)) - logarithm((!x).max(1));
        let first = |least: i64| {
            let (mut low, mut high) = (0u32, u32::MAX);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                *(if f(middle) >= least { &mut high } else { &mut low }) = middle;
            }
            (low, high)
        };
        Bounds { up: first(MARGIN - odds).1, down: first(-MARGIN - odds).0 }
    }
}

/// Replicas of one array, each at an inverse temperature of its own. They compute the bits of a [`SpinArray`](super::SpinArray) each.
#[derive(Clone, Debug)]
pub struct SpinReplicas {
    graph: Arc<SpinGraph>,
    replicas: usize,
    /// By spin, then by replica.
    spins: Vec<i8>,
    generators: Vec<NoiseGenerator>,
    betas: Vec<InverseTemperature>,
    /// By replica, then by field from the smallest; empty if fields are too many.
    bounds: Vec<Vec<Bounds>>,
    fields: Vec<i32>,
}

impl SpinReplicas {
    /// Replicas whose spins and generators are drawn: `draw` gives 32 random bits at a time, first for every replica's spins, then for its
    /// generators.
    pub fn new(
        graph: Arc<SpinGraph>,
        betas: Vec<InverseTemperature>,
        mut draw: impl FnMut() -> u32,
    ) -> SpinReplicas {
        let (n, replicas) = (graph.spins(), betas.len());
        let mut spins = vec![1; n * replicas];
        let mut generators = vec![NoiseGenerator::new(1); n * replicas];
        for replica in 0..replicas {
            (0..n).for_each(|spin| spins[spin * replicas + replica] = if draw() >> 31 == 1 { 1 } else { -1 });
            (0..n).for_each(|spin| generators[spin * replicas + replica] = NoiseGenerator::new(draw()));
        }
        let fields = vec![0; replicas];
        let bounds = vec![Vec::new(); replicas];
        let mut made = SpinReplicas { graph, replicas, spins, generators, betas, bounds, fields };
        (0..replicas).for_each(|replica| made.update_bounds(replica));
        made
    }

    /// How many there are.
    pub fn replicas(&self) -> usize {
        self.replicas
    }

    /// The graph all of them have.
    pub fn graph(&self) -> &SpinGraph {
        &self.graph
    }

    /// A spin of a replica, 1 or -1.
    pub fn spin(&self, replica: usize, spin: u32) -> i8 {
        self.spins[spin as usize * self.replicas + replica]
    }

    /// Turns a spin of a replica over.
    pub fn flip(&mut self, replica: usize, spin: u32) {
        let spin = &mut self.spins[spin as usize * self.replicas + replica];
        *spin = -*spin;
    }

    /// All spins of a replica.
    pub fn spins(&self, replica: usize) -> Vec<i8> {
        self.spins.iter().skip(replica).step_by(self.replicas).copied().collect()
    }

    /// All generators of a replica.
    pub fn generators(&self, replica: usize) -> Vec<NoiseGenerator> {
        self.generators.iter().skip(replica).step_by(self.replicas).copied().collect()
    }

    /// The energy of a replica.
    pub fn energy(&self, replica: usize) -> i64 {
        self.graph.energy(|spin| self.spin(replica, spin))
    }

    /// The inverse temperature of a replica.
    pub fn beta(&self, replica: usize) -> InverseTemperature {
        self.betas[replica]
    }

    /// Gives a replica another inverse temperature.
    pub fn set_beta(&mut self, replica: usize, beta: InverseTemperature) {
        if self.betas[replica] != beta {
            self.betas[replica] = beta;
            self.update_bounds(replica);
        }
    }

    /// Exchanges the inverse temperatures of two replicas.
    pub fn exchange(&mut self, one: usize, other: usize) {
        self.betas.swap(one, other);
        self.bounds.swap(one, other);
    }

    fn update_bounds(&mut self, replica: usize) {
        let most = self.graph.largest_field();
        if most <= LARGEST_TABLE {
            let beta = self.betas[replica];
            self.bounds[replica] = (-most..=most).map(|field| Bounds::of(beta.odds(field))).collect();
        }
    }

    /// Every spin of every replica takes its turn, colour by colour.
    pub fn sweep(&mut self) {
        let graph = Arc::clone(&self.graph);
        let most = graph.largest_field();
        let has_tables = most <= LARGEST_TABLE;
        for colour in 0..graph.colours() {
            for &spin in graph.of_colour(colour) {
                self.fields.fill(0);
                for &(other, coupling) in graph.neighbours(spin) {
                    let others = &self.spins[other as usize * self.replicas..][..self.replicas];
                    for (field, &other) in self.fields.iter_mut().zip(others) {
                        *field += coupling * i32::from(other);
                    }
                }
                let at = spin as usize * self.replicas;
                let generators = &mut self.generators[at..at + self.replicas];
                let spins = &mut self.spins[at..at + self.replicas];
                for (replica, (generator, spin)) in generators.iter_mut().zip(spins).enumerate() {
                    let (x, field) = (generator.word(), i64::from(self.fields[replica]));
                    let exact = || is_up(self.betas[replica].odds(field), x);
                    let up = if has_tables {
                        let index = usize::try_from(field + most).unwrap_or(0);
                        let Bounds { down, up } = self.bounds[replica][index];
                        x >= up || x >= down && exact()
                    } else {
                        exact()
                    };
                    *spin = if up { 1 } else { -1 };
                }
            }
        }
    }
}
