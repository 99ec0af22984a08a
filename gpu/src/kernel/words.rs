//! Samples, states and configurations as the words of the kernel's buffers, and back.

use super::plan::Plan;
use super::shader::halves;
use wheatstone_sim::{Configuration, Design, EdgeGenerator, LearningSchedule, Sample, Sense, State, Target};

pub(super) const NO_TARGET: i32 = 0;
const EQUAL: i32 = 1;
pub(super) const AT_LEAST: i32 = 2;
pub(super) const AT_MOST: i32 = 3;

const QUASISTATIC: u32 = 0;
pub(super) const CONTINUOUS: u32 = 1;
pub(super) const DESYNCHRONOUS: u32 = 2;

/// A sample: its inputs, then a voltage and a sense for each output.
pub(super) fn of_sample(sample: &Sample) -> impl Iterator<Item = u32> {
    let targets = sample.targets.iter().flat_map(|target| match *target {
        None => [0, NO_TARGET],
        Some(Target { voltage, sense }) => {
            let sense = match sense {
                Sense::Equal => EQUAL,
                Sense::AtLeast => AT_LEAST,
                Sense::AtMost => AT_MOST,
            };
            [voltage, sense]
        }
    });
    sample.inputs.iter().copied().chain(targets).map(i32::cast_unsigned)
}

/// The uniform `Run` of the kernel: `samples` samples from place `first` of orders of `order_length`.
pub(super) fn of_run(configuration: Configuration, first: u32, samples: u32, order_length: u32) -> [u32; 8] {
    let Configuration { steps, learning, alpha_offset } = configuration;
    let (mode, every, rarity) = match learning {
        LearningSchedule::Quasistatic => (QUASISTATIC, 1, 0),
        LearningSchedule::Continuous { every } => (CONTINUOUS, every, 0),
        LearningSchedule::Desynchronous { rarity } => (DESYNCHRONOUS, 1, rarity.into()),
    };
    [first, samples, order_length, steps, mode, every, rarity, alpha_offset.into()]
}

/// The words of all replicas' states, in four buffers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct States {
    pub(super) phases: Vec<u32>,
    pub(super) u: Vec<u32>,
    pub(super) k: Vec<u32>,
    pub(super) generators: Vec<u32>,
}

impl States {
    /// Appends a state. Voltages of inputs are left out: every sample imposes its own.
    pub(super) fn push(&mut self, plan: &Plan, state: &State) {
        self.phases.push(state.phase.into());
        for u in &state.u {
            self.u.extend(plan.relaxing.iter().map(|&node| halves(u[node])[0]));
        }
        for half in 0..plan.k_words as usize {
            self.k.extend(state.k.iter().map(|&k| halves(k)[half]));
        }
        self.generators.extend(state.generators.iter().map(|generator| u32::from(generator.state())));
    }

    /// The state of one replica whose inputs stand at these accumulators, by wave and port.
    pub(super) fn state(
        &self,
        design: &Design,
        plan: &Plan,
        replica: usize,
        inputs: &[Vec<i64>; 2],
    ) -> State {
        let [u_words, k_words, edges] = plan.replica_words();
        let nodes = design.network().nodes().len();
        let mut u = [vec![0; nodes], vec![0; nodes]];
        for (wave, u) in u.iter_mut().enumerate() {
            let from = replica * u_words + wave * plan.relaxing.len();
            for (&node, &word) in plan.relaxing.iter().zip(&self.u[from..]) {
                u[node] = word.cast_signed().into();
            }
            for (node, &value) in design.network().inputs().iter().zip(&inputs[wave]) {
                u[node.index()] = value;
            }
        }
        let k = &self.k[replica * k_words..][..k_words];
        let (low, high) = k.split_at(edges);
        let k = (0..edges).map(|e| i64::from(low[e]) | i64::from(high.get(e).copied().unwrap_or(0)) << 32);
        let generators = self.generators[replica * edges..][..edges].iter();
        State {
            k: k.collect(),
            u,
            generators: generators
                .map(|&x| EdgeGenerator::new(u16::try_from(x).unwrap_or(u16::MAX)))
                .collect(),
            noise: Vec::new(),
            phase: u8::try_from(self.phases[replica]).unwrap_or(u8::MAX),
        }
    }
}
