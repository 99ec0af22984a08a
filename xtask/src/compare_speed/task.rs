//! What is trained: a square lattice with its ports, its first conductances and a stream of samples, all in raw integers.
//!
//! Three ways to drive a lattice are here, because the number of sweeps that a network needs grows with the distance
//! from a node to the nearest driven one, and a direct solver does not care:
//!
//! - `corners`: four inputs at the corners, two outputs inside. For the smallest lattice.
//! - `tiles`: an input and an output in every 4x4 tile, as pixels lie over a chip: well driven.
//! - `border`: an input at every fourth node of the border, as pads lie around a chip, and an output in every 8x8 tile:
//!   sparsely driven.
//!
//! An output's target is a weighted mean of two inputs near it, which resistors can learn, and noise, as measured data
//! have. Without the noise the network would come to a state in which nothing changes any more, and the relative
//! error of a vanishing change means nothing.

use anyhow::{Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wheatstone_measure::training_step::{Sample, Task, Widths};

/// How a lattice is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Drive {
    /// Four inputs, two outputs.
    Corners,
    /// One input and one output in every 4x4 tile.
    Tiles,
    /// Every fourth node of the border an input, one output in every 8x8 tile.
    Border,
}

impl Drive {
    /// As it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Drive::Corners => "corners",
            Drive::Tiles => "tiles",
            Drive::Border => "border",
        }
    }
}

const WIDE: Widths = Widths { v_bits: 16, v_guard: 8, k_bits: 16, k_guard: 16 };

/// The task of a lattice of that many nodes. The same seed gives the same task on every machine.
///
/// # Errors
/// The number of nodes is not the square of a multiple of 4 between 4 and 256.
pub fn draw(nodes: u32, drive: Drive, samples: usize, seed: u64) -> Result<Task> {
    let side = nodes.isqrt();
    ensure!(
        side * side == nodes && side.is_multiple_of(4) && (4..=256).contains(&side),
        "{nodes} nodes make no square lattice in whole 4x4 tiles; choose the square of a multiple of 4 up to 256"
    );
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let at = |row: u32, column: u32| row * side + column;
    let grid = move |pitch: usize, row: u32, column: u32| {
        (row..side).step_by(pitch).flat_map(move |r| (column..side).step_by(pitch).map(move |c| at(r, c)))
    };
    let (inputs, outputs): (Vec<u32>, Vec<u32>) = match drive {
        Drive::Corners => {
            (vec![0, side - 1, nodes - side, nodes - 1], vec![at(side / 4, side / 4), at(side / 2, side / 2)])
        }
        Drive::Tiles => (grid(4, 1, 1).collect(), grid(4, 3, 3).collect()),
        Drive::Border => (border(side).into_iter().step_by(4).collect(), grid(8, 4, 4).collect()),
    };
    ensure!(!outputs.is_empty(), "a lattice of {nodes} nodes is too small to be driven from its border");
    let edges = lattice(side);
    let k = edges
        .iter()
        .map(|_| i64::from(between(random, 1 << (WIDE.k_bits - 4), 6 << (WIDE.k_bits - 4))) << WIDE.k_guard)
        .collect();
    let teachers: Vec<Teacher> =
        outputs.iter().map(|&output| Teacher::draw(&inputs, output, side, random)).collect();
    let samples = (0..samples).map(|_| sample(inputs.len(), &teachers, random)).collect();
    Ok(Task {
        name: format!("{}-{nodes}", drive.name()),
        rows: side,
        columns: side,
        edges,
        inputs,
        outputs,
        format: WIDE,
        eta: 1,
        alpha: 0,
        g_min: 640, // a hundredth of full scale, and whole in conductances of 10 bits
        k,
        samples,
    })
}

/// Every pair of neighbours, once.
fn lattice(side: u32) -> Vec<[u32; 2]> {
    let mut edges = Vec::new();
    for node in 0..side * side {
        if (node + 1) % side != 0 {
            edges.push([node, node + 1]);
        }
        if node + side < side * side {
            edges.push([node, node + side]);
        }
    }
    edges
}

/// The nodes of the border, once around.
fn border(side: u32) -> Vec<u32> {
    let last = side - 1;
    let top = 0..last;
    let right = (0..last).map(|row| row * side + last);
    let bottom = (1..side).rev().map(|column| last * side + column);
    let left = (1..side).rev().map(|row| row * side);
    top.chain(right).chain(bottom).chain(left).collect()
}

/// What an output is to learn: `(w a + (16 - w) b) / 16` of two inputs.
struct Teacher {
    inputs: [usize; 2],
    weight: i32,
}

impl Teacher {
    /// Two of the four nearest inputs.
    fn draw(inputs: &[u32], output: u32, side: u32, random: &mut ChaCha8Rng) -> Teacher {
        let distance = |&port: &usize| {
            let node = inputs[port];
            (node / side).abs_diff(output / side) + (node % side).abs_diff(output % side)
        };
        let mut ports: Vec<usize> = (0..inputs.len()).collect();
        ports.sort_by_key(distance);
        let [first, further] = [4, 3].map(|count| between(random, 0, count).unsigned_abs() as usize);
        let second = (first + 1 + further) % 4;
        Teacher { inputs: [ports[first], ports[second]], weight: between(random, 4, 13) }
    }

    fn target(&self, inputs: &[i32]) -> i32 {
        let [a, b] = self.inputs.map(|port| inputs[port]);
        (self.weight * a + (16 - self.weight) * b) / 16
    }
}

/// Inputs within 7/8 of full scale, noise within 1/16, so that every target can be imposed.
fn sample(inputs: usize, teachers: &[Teacher], random: &mut ChaCha8Rng) -> Sample {
    let full = 1 << (WIDE.v_bits - 1);
    let (limit, noise) = (full / 8 * 7, full / 16);
    let inputs: Vec<i32> = (0..inputs).map(|_| between(random, -limit, limit + 1)).collect();
    let targets =
        teachers.iter().map(|teacher| teacher.target(&inputs) + between(random, -noise, noise + 1)).collect();
    Sample { inputs, targets }
}

/// Evenly drawn from `low..high`, up to a bias of the width by 2^32.
fn between(random: &mut ChaCha8Rng, low: i32, high: i32) -> i32 {
    let product = u64::from(high.abs_diff(low)) * u64::from(random.next_u32());
    low + (product >> 32) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks() -> Vec<Task> {
        [(16, Drive::Corners), (1024, Drive::Tiles), (1024, Drive::Border), (256, Drive::Tiles)]
            .map(|(nodes, drive)| draw(nodes, drive, 8, 1).unwrap())
            .into()
    }

    #[test]
    fn lattices_have_their_edges_once() {
        for task in tasks() {
            let side = task.rows;
            let mut edges = task.edges.clone();
            edges.sort_unstable();
            edges.dedup();
            assert_eq!(u32::try_from(edges.len()).unwrap(), 2 * side * (side - 1));
            for [a, b] in edges {
                let steps = (a / side).abs_diff(b / side) + (a % side).abs_diff(b % side);
                assert_eq!(steps, 1, "{a} and {b} are no neighbours");
            }
        }
    }

    #[test]
    fn ports_are_apart_and_as_many_as_documented() {
        let counts: Vec<_> = tasks().iter().map(|task| (task.inputs.len(), task.outputs.len())).collect();
        assert_eq!(counts, [(4, 2), (64, 64), (31, 16), (16, 16)]);
        for task in tasks() {
            let mut ports = [task.inputs.clone(), task.outputs.clone()].concat();
            ports.sort_unstable();
            ports.dedup();
            assert_eq!(ports.len(), task.inputs.len() + task.outputs.len(), "{}", task.name);
            assert!(ports.iter().all(|&port| port < task.nodes()));
        }
    }

    #[test]
    fn the_border_is_walked_once_around() {
        assert_eq!(border(4), [0, 1, 2, 3, 7, 11, 15, 14, 13, 12, 8, 4]);
    }

    #[test]
    fn everything_lies_in_the_format() {
        for task in tasks() {
            let lowest = i64::from(task.g_min) << task.format.k_guard;
            assert!(task.k.iter().all(|&k| (lowest..1 << 32).contains(&k)));
            for sample in &task.samples {
                assert_eq!(
                    (sample.inputs.len(), sample.targets.len()),
                    (task.inputs.len(), task.outputs.len())
                );
                let voltages = sample.inputs.iter().chain(&sample.targets);
                assert!(voltages.clone().all(|v| (-32768..=32767).contains(v)));
            }
            assert!((50_000.0..=57_344.0).contains(&task.voltage_range()), "{}", task.voltage_range());
        }
    }

    #[test]
    fn a_seed_names_a_task() {
        let task = |seed| draw(16, Drive::Corners, 4, seed).unwrap();
        assert_eq!(task(1), task(1));
        assert_ne!(task(1).k, task(2).k);
        assert_ne!(task(1).samples, task(2).samples);
    }

    #[test]
    fn targets_are_a_mean_of_two_inputs_with_noise() {
        let teacher = Teacher { inputs: [2, 0], weight: 12 };
        assert_eq!(teacher.target(&[160, 9999, 320, 9999]), 280);
        let task = draw(16, Drive::Corners, 64, 3).unwrap();
        for Sample { inputs, targets } in &task.samples {
            let (low, high) = (inputs.iter().min().unwrap(), inputs.iter().max().unwrap());
            assert!(targets.iter().all(|t| (low - 2048..=high + 2048).contains(t)));
        }
    }

    #[test]
    fn numbers_that_make_no_lattice_are_refused() {
        for nodes in [0, 15, 36, 1000, 1 << 20] {
            let error = draw(nodes, Drive::Tiles, 1, 1).unwrap_err().to_string();
            assert!(error.contains("choose the square of a multiple of 4"), "{error}");
        }
        assert!(draw(16, Drive::Border, 1, 1).is_err());
    }
}
