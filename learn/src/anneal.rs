//! Low energies of spin glasses and large cuts of graphs, by arrays of spins that cool down or exchange their temperatures.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ops::ControlFlow;
use std::sync::Arc;
use wheatstone_sim::spins::{InverseTemperature, SpinGraph, SpinReplicas};

/// How low energies are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// All replicas cool from the high temperature to the low one, evenly in temperature.
    Anneal,
    /// Replicas stay at temperatures between the two, evenly spaced; neighbours exchange theirs (Hukushima and Nemoto, J. Phys. Soc.
    /// Japan 65, 1604, 1996). The array's two waves are two replicas of each temperature, and clusters in which they differ are exchanged between them
    /// (Houdayer, Eur. Phys. J. B 22, 479, 2001).
    Temper {
        /// Whether clusters are exchanged; it helps where they do not span the system, as in two dimensions.
        clusters: bool,
    },
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How.
    pub method: Method,
    /// Replicas that cool, or temperatures.
    pub replicas: usize,
    /// The lowest and the highest temperature, in units of a coupling of 1.
    pub temperatures: [f64; 2],
    /// Sweeps of all replicas.
    pub sweeps: u64,
    /// Sweeps from one exchange, and one look at the energies, to the next.
    pub every: u64,
    /// Of spins, generators and exchanges.
    pub seed: u64,
    /// It ends early where an energy is at or below this.
    pub goal: Option<i64>,
}

/// The lowest energy that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The energy, `-sum J s s`.
    pub energy: i64,
    /// Spins that have it.
    pub spins: Vec<i8>,
    /// Sweeps after which it was found.
    pub at: u64,
    /// Sweeps that were made in all.
    pub sweeps: u64,
    /// Spins of all replicas updated in all.
    pub updates: u64,
    /// The lowest energy so far, with the sweeps after which it was: every time it fell.
    pub descent: Vec<(u64, i64)>,
}

/// Looks for low energies. `on_sweeps` is told now and then how many sweeps were made, and may end it. Where replicas exchange
/// temperatures, what is found then is what a plan of so many sweeps finds; a plan that cools would have cooled faster.
pub fn search(
    graph: &Arc<SpinGraph>,
    plan: &Plan,
    on_sweeps: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Found {
    let Plan { method, replicas, sweeps, every, .. } = *plan;
    let mut draws = ChaCha8Rng::seed_from_u64(plan.seed);
    let ladder: Vec<f64> =
        (0..replicas).map(|rung| temperature(plan, share(rung as u64, replicas as u64 - 1))).collect();
    let lanes: Vec<f64> = match method {
        Method::Anneal => vec![plan.temperatures[1]; replicas],
        Method::Temper { .. } => ladder.iter().flat_map(|&t| [t, t]).collect(),
    };
    let betas = lanes.iter().map(|&t| InverseTemperature::of_temperature(t)).collect();
    let mut array = SpinReplicas::new(Arc::clone(graph), betas, || draws.next_u32());
    // By wave, then by rung: the replica that is there.
    let mut places = [0, 1].map(|wave| (0..replicas).map(|rung| 2 * rung + wave).collect::<Vec<usize>>());
    let mut marked = vec![0; graph.spins()];
    let mut found =
        Found { energy: i64::MAX, spins: Vec::new(), at: 0, sweeps: 0, updates: 0, descent: Vec::new() };
    look(&array, &mut found);
    while found.sweeps < sweeps && plan.goal.is_none_or(|goal| found.energy > goal) {
        for _ in 0..every.min(sweeps - found.sweeps) {
            if method == Method::Anneal {
                let now = temperature(plan, 1.0 - share(found.sweeps, sweeps - 1));
                let beta = InverseTemperature::of_temperature(now);
                (0..replicas).for_each(|replica| array.set_beta(replica, beta));
            }
            array.sweep();
            found.sweeps += 1;
        }
        if let Method::Temper { clusters } = method {
            if clusters {
                for (rung, (&one, &other)) in places[0].iter().zip(&places[1]).enumerate() {
                    let pair = [one, other];
                    let mark = found.sweeps * replicas as u64 + rung as u64 + 1;
                    exchange_cluster(&mut array, pair, &mut draws, &mut marked, mark);
                }
            }
            for place in &mut places {
                exchange_temperatures(&mut array, place, &ladder, &mut draws);
            }
        }
        look(&array, &mut found);
        if on_sweeps(found.sweeps).is_break() {
            break;
        }
    }
    found.updates = found.sweeps * (lanes.len() * graph.spins()) as u64;
    found
}

/// A part of a whole, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "numbers of sweeps")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The temperature at a share of the way from the lowest to the highest.
fn temperature(plan: &Plan, share: f64) -> f64 {
    let [low, high] = plan.temperatures;
    low + share * (high - low)
}

/// Keeps the lowest energy there is, if it is lower than before.
fn look(array: &SpinReplicas, found: &mut Found) {
    for replica in 0..array.replicas() {
        let energy = array.energy(replica);
        if energy < found.energy {
            (found.energy, found.at, found.spins) = (energy, found.sweeps, array.spins(replica));
            found.descent.push((found.sweeps, energy));
        }
    }
}

/// Exchanges one cluster of spins in which two replicas differ: neither's energy need stay, their sum does.
fn exchange_cluster(
    array: &mut SpinReplicas,
    [one, other]: [usize; 2],
    draws: &mut ChaCha8Rng,
    marked: &mut [u64],
    mark: u64,
) {
    let spins = marked.len() as u64;
    let differs = |array: &SpinReplicas, spin: u32| array.spin(one, spin) != array.spin(other, spin);
    let mut drawn = (0..50).map(|_| ((u64::from(draws.next_u32()) * spins) >> 32) as u32);
    let Some(first) = drawn.find(|&spin| differs(array, spin)) else { return };
    let mut stack = vec![first];
    marked[first as usize] = mark;
    let mut cluster = Vec::new();
    while let Some(spin) = stack.pop() {
        cluster.push(spin);
        for &(neighbour, _) in array.graph().neighbours(spin) {
            if marked[neighbour as usize] != mark && differs(array, neighbour) {
                marked[neighbour as usize] = mark;
                stack.push(neighbour);
            }
        }
    }
    for spin in cluster {
        array.flip(one, spin);
        array.flip(other, spin);
    }
}

/// Neighbouring rungs exchange their replicas, from the hottest down, by Metropolis's rule.
fn exchange_temperatures(
    array: &mut SpinReplicas,
    place: &mut [usize],
    ladder: &[f64],
    draws: &mut ChaCha8Rng,
) {
    for rung in (0..ladder.len().saturating_sub(1)).rev() {
        let [cold, hot] = [place[rung], place[rung + 1]];
        #[expect(clippy::cast_precision_loss, reason = "a difference of energies")]
        let gain =
            (array.energy(cold) - array.energy(hot)) as f64 * (1.0 / ladder[rung] - 1.0 / ladder[rung + 1]);
        let drawn = f64::from(draws.next_u32()) / (f64::from(u32::MAX) + 1.0);
        if gain >= 0.0 || drawn < gain.exp() {
            array.exchange(cold, hot);
            place.swap(rung, rung + 1);
        }
    }
}
