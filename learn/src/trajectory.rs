//! Networks on their way: what happens step by step after the inputs change, beside the exact spectrum, and the work that a
//! change of inputs does on a network at a temperature.
//!
//! The free wave is watched. Powers are excesses over the equilibrium's, so that they fall to 0 by the square of the spectral
//! radius a sweep, until rounding holds them up.

use crate::equilibrium::{Equilibrium, NotLinear};
use faer::{Mat, Side};
use std::ops::ControlFlow;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, Gain, LearningSchedule, Sample, SampleError, StartError, State,
    Wave, categorize, node_gains,
};

/// A trajectory that cannot be had.
#[derive(Debug, Error)]
pub enum TrajectoryError {
    /// The exact equilibrium is not known.
    #[error(transparent)]
    NotLinear(#[from] NotLinear),
    /// The engine does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A voltage is out of the format's range.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A matrix has no eigenvalues that could be found.
    #[error("the eigenvalues of the network did not converge; trace a smaller network")]
    Eigenvalues,
    /// It was stopped.
    #[error("stopped before its end")]
    Stopped,
}

categorize! {
    TrajectoryError {
        inner: NotLinear, Start, Sample;
        Failed: Eigenvalues;
        Interrupted: Stopped;
    }
}

/// How many modes are followed.
pub const MODES: usize = 4;

/// What a network did after its inputs changed. Powers in LSB of conductance times LSB of voltage squared.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// Power dissipated at the new equilibrium.
    pub rest: f64,
    /// Power above it after every relaxing step, beginning before the first.
    pub excess: Vec<f64>,
    /// The part of it in each of the slowest modes, by mode, then by step.
    pub modes: Vec<Vec<f64>>,
    /// Exact spectral radius of a sweep.
    pub exact_radius: f64,
    /// The same from how the excess power falls, between half of the way and where rounding begins; `None` if it does not fall
    /// long enough.
    pub measured_radius: Option<f64>,
    /// Steps at which the power rose by more than rounding.
    pub rises: usize,
}

/// Sweeps a network is given to settle before `sweeps` of it are followed: long enough wherever the trajectory is long enough.
pub const fn settling(sweeps: u32) -> u64 {
    4 * if sweeps > 256 { sweeps as u64 } else { 256 }
}

/// So many sweeps are made before somebody is told of them.
const TOLD_EVERY: u32 = 64;

/// Settles a network under the voltages `from`, changes them to `to`, and follows `sweeps` Gauss-Seidel sweeps. `on_sweeps` is told now
/// and then how many there were, those of [`settling`] among them, and may end it.
///
/// # Errors
/// [`TrajectoryError`] if the network is not linear or the voltages do not fit it, or if it was ended.
pub fn follow(
    design: &Arc<Design>,
    state: &State,
    [from, to]: [&[i32]; 2],
    sweeps: u32,
    on_sweeps: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Trajectory, TrajectoryError> {
    let mut tell = |made: u64| match on_sweeps(made) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TrajectoryError::Stopped),
    };
    let colours = usize::from(design.network().colouring().count());
    let mut engine = start(design, state.clone())?;
    engine.present(&unwatched(design, from))?;
    let settling = settling(sweeps);
    let mut settled = 0;
    while settled < settling {
        let some = u64::from(TOLD_EVERY).min(settling - settled);
        engine.steps(u32::try_from(some * colours as u64).unwrap_or(u32::MAX));
        settled += some;
        tell(settled)?;
    }
    let state = State { phase: 0, ..engine.state() };
    engine.set_state(state).map_err(StartError::from)?;
    engine.present(&unwatched(design, to))?;
    let presented = engine.state();
    let exact = Equilibrium::of(design, &presented, &[], Wave::Free)?;
    let modes = slowest_modes(design, &presented, &exact)?;
    let scale = 1.0 / f64::from(1u32 << design.format().v_guard());
    let steps = sweeps as usize * colours;
    let mut excess = Vec::with_capacity(steps + 1);
    let mut parts = vec![Vec::with_capacity(steps + 1); modes.len()];
    for step in 0..=steps {
        if step > 0 {
            engine.step();
        }
        if step % (TOLD_EVERY as usize * colours) == 0 {
            tell(settled + (step / colours) as u64)?;
        }
        let u = engine.state();
        let away = |(node, mean): (&NodeId, &f64)| scale * number(u.u(Wave::Free)[node.index()]) - mean;
        let away: Vec<f64> = exact.nodes.iter().zip(&exact.mean).map(away).collect();
        excess.push(quadratic(exact.laplacian(), &away));
        for (part, (value, covector)) in parts.iter_mut().zip(&modes) {
            part.push(value * covector.iter().zip(&away).map(|(a, b)| a * b).sum::<f64>().powi(2));
        }
    }
    let by_sweep: Vec<f64> = excess.iter().copied().step_by(colours).collect();
    let floor = by_sweep[by_sweep.len() - by_sweep.len() / 8..].iter().copied().fold(0.0, f64::max);
    let rose = |pair: &&[f64]| pair[1] > pair[0] * (1.0 + 1e-12) && pair[0] > 20.0 * floor;
    Ok(Trajectory {
        rest: dissipated(design, &presented, &exact),
        exact_radius: spectral_radius(design, &presented, &exact)?,
        measured_radius: measured_radius(&by_sweep, floor),
        rises: excess.windows(2).filter(rose).count(),
        excess,
        modes: parts,
    })
}

/// The spectral radius by which the power, its square, falls in the second half of its way down.
fn measured_radius(by_sweep: &[f64], floor: f64) -> Option<f64> {
    let least = (50.0 * floor).max(1e-7 * by_sweep[0]);
    let end = by_sweep.iter().rposition(|&power| power > least)?;
    let half = (end / 2).max(2);
    if end < half + 2 || end + 1 == by_sweep.len() {
        return None;
    }
    Some((0.5 * (by_sweep[end] / by_sweep[half]).ln() / number(i64::try_from(end - half).ok()?)).exp())
}

/// An engine with nothing else to do.
fn start(design: &Arc<Design>, state: State) -> Result<Fast, StartError> {
    let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    Fast::new(Arc::clone(design), configuration, state)
}

/// Inputs with nobody nudged.
fn unwatched(design: &Design, inputs: &[i32]) -> Sample {
    Sample { inputs: inputs.to_vec(), targets: vec![None; design.network().outputs().len()] }
}

/// `x^T matrix x`.
fn quadratic(matrix: &Mat<f64>, x: &[f64]) -> f64 {
    let n = x.len();
    (0..n).map(|j| x[j] * (0..n).map(|i| matrix[(i, j)] * x[i]).sum::<f64>()).sum()
}

/// Power at rest: what the edges dissipate at the exact voltages.
fn dissipated(design: &Design, state: &State, exact: &Equilibrium) -> f64 {
    let (network, format) = (design.network(), design.format());
    let mut v: Vec<f64> = state.u(Wave::Free).iter().map(|&u| number(format.voltage(u))).collect();
    exact.nodes.iter().zip(&exact.mean).for_each(|(node, &mean)| v[node.index()] = mean);
    let edges = network.edges().iter().zip(&state.k);
    edges
        .map(|(edge, &k)| {
            let [a, b] = edge.ends.map(|node| v[node.index()]);
            number(format.conductance(k)) * (a - b).powi(2)
        })
        .sum()
}

/// The modes that relax most slowly: eigenvalues of `D^-1/2 L D^-1/2`, and what makes amplitudes of voltages.
fn slowest_modes(
    design: &Design,
    state: &State,
    exact: &Equilibrium,
) -> Result<Vec<(f64, Vec<f64>)>, TrajectoryError> {
    let n = exact.nodes.len();
    let root: Vec<f64> = (0..n).map(|i| exact.laplacian()[(i, i)].sqrt()).collect();
    let scaled = Mat::from_fn(n, n, |i, j| exact.laplacian()[(i, j)] / (root[i] * root[j]));
    let eigen = scaled.self_adjoint_eigen(Side::Lower).map_err(|_| TrajectoryError::Eigenvalues)?;
    debug_assert_eq!(state.u(Wave::Free).len(), design.network().nodes().len());
    let mode = |k: usize| {
        let covector = (0..n).map(|i| eigen.U()[(i, k)] * root[i]).collect();
        (eigen.S()[k], covector)
    };
    Ok((0..n.min(MODES)).map(mode).collect())
}

/// The largest magnitude of an eigenvalue of a sweep: the product of what the colours' turns do to a deviation.
fn spectral_radius(design: &Design, state: &State, exact: &Equilibrium) -> Result<f64, TrajectoryError> {
    let n = exact.nodes.len();
    let colouring = design.network().colouring();
    let gains = node_gains(design, state);
    let mut sweep = Mat::<f64>::identity(n, n);
    for colour in 0..colouring.count() {
        let turn = Mat::from_fn(n, n, |i, j| {
            let node = exact.nodes[i];
            let one = if i == j { 1.0 } else { 0.0 };
            if colouring.colour(node) != colour {
                return one;
            }
            let Gain { q, s } = gains[node.index()];
            one - f64::from(q) / 8.0 / 2f64.powi(s.cast_signed()) * exact.laplacian()[(i, j)]
        });
        sweep = turn * sweep;
    }
    let values = sweep.eigenvalues().map_err(|_| TrajectoryError::Eigenvalues)?;
    Ok(values.iter().map(|value| value.norm()).fold(0.0, f64::max))
}

/// How inputs are changed to measure the work that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Equal jumps from the first voltages to the last.
    pub jumps: u32,
    /// Sweeps between two of them.
    pub between: u32,
    /// Sweeps at the first voltages before the first jump.
    pub before: u32,
    /// Times it is done; both waves count.
    pub trials: u32,
}

/// The work that changing the inputs did, in temperatures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Times it was measured.
    pub trials: u64,
    /// Mean work; never below the free energy's difference but for chance.
    pub mean: f64,
    /// Exact difference of the free energies.
    pub free_energy: f64,
    /// The same from the work, by Jarzynski's equality (Phys. Rev. Lett. 78, 2690, 1997): `-ln <exp(-W/T)>`.
    pub estimate: f64,
    /// Standard error of the estimate.
    pub error: f64,
}

/// Changes the inputs of a network with noise from one set of voltages to another, again and again, and adds up the work.
///
/// # Errors
/// [`TrajectoryError`] if the network is not linear or the voltages do not fit it.
///
/// # Panics
/// If the design has no temperature.
pub fn work(
    design: &Arc<Design>,
    state: &State,
    [from, to]: [&[i32]; 2],
    protocol: Protocol,
    on_trial: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Work, TrajectoryError> {
    #[expect(clippy::expect_used, reason = "documented")]
    let temperature = design.features().temperature.expect("a temperature");
    #[expect(clippy::cast_precision_loss, reason = "a temperature needs no last bit")]
    let temperature = temperature.0 as f64;
    let Protocol { jumps, between, before, trials } = protocol;
    let (network, format) = (design.network(), design.format());
    let colours = u32::from(network.colouring().count());
    let mut engine = start(design, state.clone())?;
    let conductances: Vec<f64> = state.k.iter().map(|&k| number(format.conductance(k))).collect();
    // Energies are half of what is dissipated.
    let edges: Vec<[usize; 2]> = network.edges().iter().map(|edge| edge.ends.map(NodeId::index)).collect();
    let energy = |v: &[i32]| -> f64 {
        let edge = |(&[a, b], g): (&[usize; 2], &f64)| g * f64::from(v[a] - v[b]).powi(2);
        0.5 * edges.iter().zip(&conductances).map(edge).sum::<f64>()
    };
    let rest = |engine: &Fast| -> Result<f64, NotLinear> {
        let state = engine.state();
        Ok(0.5 * dissipated(design, &state, &Equilibrium::of(design, &state, &[], Wave::Free)?))
    };
    let inputs = |jump: u32| -> Vec<i32> {
        let share = f64::from(jump) / f64::from(jumps);
        let between = |(&a, &b): (&i32, &i32)| {
            #[expect(clippy::cast_possible_truncation, reason = "between two voltages")]
            let voltage = (f64::from(a) + share * f64::from(b - a)).round() as i32;
            voltage
        };
        from.iter().zip(to).map(between).collect()
    };
    let samples: Vec<Sample> = (0..=jumps).map(|jump| unwatched(design, &inputs(jump))).collect();
    engine.present(&samples[jumps as usize])?;
    let last = rest(&engine)?;
    engine.present(&samples[0])?;
    let free_energy = (last - rest(&engine)?) / temperature;
    let mut works = Vec::with_capacity(2 * trials as usize);
    for trial in 1..=trials {
        engine.present(&samples[0])?;
        engine.steps(before * colours);
        let mut done = [0.0; 2];
        for (jump, sample) in samples.iter().enumerate().skip(1) {
            let energies = |engine: &Fast| Wave::BOTH.map(|wave| energy(&engine.voltages(wave)));
            let then = energies(&engine);
            engine.present(sample)?;
            let now = energies(&engine);
            done.iter_mut().zip(now.iter().zip(then)).for_each(|(done, (now, then))| *done += now - then);
            if jump < samples.len() - 1 {
                engine.steps(between * colours);
            }
        }
        works.extend(done.map(|work| work / temperature));
        if trial.is_multiple_of(64) && on_trial(trial.into()).is_break() {
            break;
        }
    }
    let count = number(i64::try_from(works.len()).unwrap_or(i64::MAX));
    let mean = works.iter().sum::<f64>() / count;
    let weights: Vec<f64> = works.iter().map(|work| (mean - work).exp()).collect();
    let weight = weights.iter().sum::<f64>() / count;
    let spread = weights.iter().map(|x| (x - weight).powi(2)).sum::<f64>() / count;
    Ok(Work {
        trials: works.len() as u64,
        mean,
        free_energy,
        estimate: mean - weight.ln(),
        error: spread.sqrt() / weight / count.sqrt(),
    })
}

/// A register or count of at most 53 bits.
#[expect(clippy::cast_precision_loss, reason = "registers and counts have at most 53 bits")]
fn number(value: i64) -> f64 {
    value as f64
}
