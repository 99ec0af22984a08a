//! Small designs, samples for them, and boards that run them.

#![allow(dead_code, reason = "each test binary uses its own share")]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use wheatstone::device::{BoardError, Linked};
use wheatstone_learn::device::{Device, DeviceError, Model, Stretch, Trained};
use wheatstone_link::{Board, BoardTransport, Capacities, LineModel, SessionOptions, Transport};
use wheatstone_sim::network::{EdgeKind, crossbar, layered};
use wheatstone_sim::{
    Configuration, Design, Format, Initial, LearningSchedule, Nudge, Omega, OutputCoding, Reference, Rules,
    Sample, Sense, State, Target,
};

pub type Samples = Vec<(Sample, Option<u16>)>;

/// Numbers below a bound from a seed.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32).unwrap()
    }

    pub fn voltage(&mut self) -> i32 {
        i32::try_from(self.below(3000)).unwrap() - 1500
    }
}

/// A small design; its shape, format and rules follow from the seed.
pub fn design(seed: u64) -> Arc<Design> {
    let mut dice = Dice::new(seed);
    let network = match dice.below(3) {
        0 => crossbar(2 + dice.below(3) as usize, 2 + 2 * dice.below(2) as usize, EdgeKind::Linear),
        1 => layered(&[3, 4, 2], EdgeKind::Linear),
        _ => layered(&[2, 3, 1 + dice.below(10) as usize], EdgeKind::Linear),
    };
    let nudge = match dice.below(3) {
        0 => Nudge::Clamped { eta: 1 },
        1 => Nudge::Current { beta: 1, centred: false },
        _ => Nudge::Current { beta: 2, centred: true },
    };
    let format = if dice.below(2) == 0 { Format::COMPACT } else { Format::WIDE };
    let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min: 1, lowest_rail: -2048 };
    Arc::new(Design::new(network.unwrap(), format, rules).unwrap())
}

pub fn initial_state(design: &Design) -> State {
    State::initial(design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 3)
}

pub fn samples(design: &Design, count: u32, seed: u64) -> Samples {
    let mut dice = Dice::new(seed);
    let network = design.network();
    let senses = [Sense::Equal, Sense::AtLeast, Sense::AtMost];
    let one = |_| {
        let inputs = network.inputs().iter().map(|_| dice.voltage()).collect();
        let mut target = || {
            let sense = *senses.get(dice.below(4) as usize)?;
            Some(Target { voltage: dice.voltage(), sense })
        };
        let targets = network.outputs().iter().map(|_| target()).collect();
        (Sample { inputs, targets }, u16::try_from(dice.below(3)).ok().filter(|&class| class < 2))
    };
    (0..count).map(one).collect()
}

/// A board that runs the design and was just switched on, in another state than any test begins with.
pub fn board(design: &Arc<Design>, capacities: Capacities) -> Board<Reference> {
    let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let state = State::initial(design, &[Initial::Uniform { low: 0.3, high: 0.4 }], 77);
    Board::new(Reference::new(design.clone(), configuration, state).unwrap(), capacities).unwrap()
}

pub fn transport(design: &Arc<Design>, capacities: Capacities) -> BoardTransport<Reference> {
    BoardTransport::new(board(design, capacities), LineModel::default())
}

/// Short waits: virtual time has no hiccups.
pub fn options() -> SessionOptions {
    SessionOptions { allowance: Duration::from_millis(5), ..SessionOptions::default() }
}

pub fn connect<T: Transport>(transport: T, design: &Arc<Design>) -> Result<Linked<T>, BoardError> {
    Linked::connect(transport, design.clone(), options())
}

pub fn model(design: &Arc<Design>) -> Model {
    Model::new(design.clone(), initial_state(design)).unwrap()
}

pub fn stretch(learning: LearningSchedule, epoch: u32, place: u32, count: u64) -> Stretch {
    Stretch {
        configuration: Configuration { steps: 5, learning, alpha_offset: 2 },
        first_fall: Some(1),
        fall_every: 2,
        seed: 0x1234_5678_9ABC_DEF0,
        epoch,
        place,
        count,
    }
}

/// Trains to the end.
pub fn train(device: &mut dyn Device, stretch: &Stretch) -> Result<Trained, DeviceError> {
    device.train(stretch, &mut |_| ControlFlow::Continue(()))
}

/// What a device did, for comparison with another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub trained: Vec<Trained>,
    pub answers: Vec<Vec<i32>>,
    pub state: State,
}

/// A bit of everything: training, reading, training from the middle of an epoch.
pub fn exercise(
    device: &mut dyn Device,
    samples: &Samples,
    learning: LearningSchedule,
) -> Result<Done, DeviceError> {
    let count = u32::try_from(samples.len()).unwrap();
    device.set_state(&initial_state(device.design()))?;
    device.set_samples(&mut samples.iter().cloned(), OutputCoding::default())?;
    let mut trained = vec![train(device, &stretch(learning, 0, 0, 2 * u64::from(count) + 3))?];
    let plain: Vec<Sample> = samples.iter().map(|(sample, _)| sample.clone()).collect();
    let mut answers = device.relax(&plain, 3, false)?;
    trained.push(train(device, &stretch(learning, 2, 3, u64::from(count)))?);
    answers.extend(device.relax(&plain[..1], 7, true)?);
    Ok(Done { trained, answers, state: device.state()? })
}
