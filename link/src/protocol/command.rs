//! What a host asks of a board.

use super::{LinkLimit, MOST_DATA, ResultCode, u8_at, u16_at, u32_at};
use wheatstone_sim::generator::{epoch_key, fold};
use wheatstone_sim::{Configuration, LearningSchedule, OutputCoding};

/// A memory of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Sample records, in words.
    Samples,
    /// Addresses of sample records, in words.
    Order,
    /// The scan chain, in bytes.
    Scan,
}

impl Space {
    /// Bytes of one unit of its addresses.
    pub fn unit(self) -> usize {
        match self {
            Space::Samples | Space::Order => 2,
            Space::Scan => 1,
        }
    }

    fn code(self) -> u8 {
        match self {
            Space::Samples => 0,
            Space::Order => 1,
            Space::Scan => 2,
        }
    }

    fn from_code(code: u8) -> Option<Space> {
        [Space::Samples, Space::Order, Space::Scan].into_iter().find(|space| space.code() == code)
    }
}

/// How samples are relaxed and learned, and what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Relaxing steps a sample, at least 1.
    pub steps: u16,
    /// When edges learn; `every` is at most 65,535.
    pub learning: LearningSchedule,
    /// How the outputs code an answer.
    pub coding: OutputCoding,
}

/// Which record is shown at which place of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleOrder {
    /// One after the other.
    Sequential,
    /// What stands in the order memory.
    Given,
    /// The order of the epoch, made on the board.
    Generated,
}

/// A run over sample records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// Whether edges learn.
    pub learn: bool,
    /// Whether outputs are nudged.
    pub impose_targets: bool,
    /// Whether the outputs' free voltages are written in place of the targets.
    pub store_answers: bool,
    /// In which order.
    pub order: SampleOrder,
    /// One tally for the whole run instead of one for each epoch.
    pub one_tally: bool,
    /// Samples in an epoch, at least 1.
    pub samples: u16,
    /// Place in the epoch to begin at, below `samples`.
    pub place: u16,
    /// Samples to run in all.
    pub limit: u32,
    /// The seed of the order, [folded](fold).
    pub seed: u32,
    /// The [key](epoch_key) of the epoch to begin in.
    pub key: u32,
    /// Added to every group's learning shift, 0..=3.
    pub alpha_offset: u8,
    /// Epochs until the offset falls by one for the first time; 0 for never.
    pub first_fall: u16,
    /// Epochs from one fall to the next.
    pub fall_every: u16,
}

impl Run {
    /// Shows `samples` records from the first one, once, and stores the answers.
    pub fn reading(samples: u16) -> Run {
        Run {
            learn: false,
            impose_targets: false,
            store_answers: true,
            order: SampleOrder::Sequential,
            one_tally: true,
            samples,
            place: 0,
            limit: samples.into(),
            seed: 0,
            key: 0,
            alpha_offset: 0,
            first_fall: 0,
            fall_every: 0,
        }
    }

    /// Trains on `limit` samples from `place` of an epoch on, in the order of each epoch under that seed, with that offset.
    pub fn training(samples: u16, seed: u64, epoch: u32, place: u16, limit: u32, alpha_offset: u8) -> Run {
        Run {
            learn: true,
            impose_targets: true,
            store_answers: false,
            order: SampleOrder::Generated,
            one_tally: false,
            place,
            limit,
            seed: fold(seed),
            key: epoch_key(epoch),
            alpha_offset,
            ..Run::reading(samples)
        }
    }
}

/// What a host asks of a board in one frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Who are you?
    Identify,
    /// From now on only frames of this session are executed.
    Open {
        /// Number of the session to open.
        session: u8,
    },
    /// How samples are relaxed and learned.
    Configure(Settings),
    /// Write to a memory.
    Write {
        /// The memory to write to.
        space: Space,
        /// Where, in units of the memory.
        address: u16,
        /// Whole units, at most [`MOST_DATA`] bytes.
        data: Vec<u8>,
    },
    /// Read from a memory.
    Read {
        /// The memory to read from.
        space: Space,
        /// Where, in units of the memory.
        address: u16,
        /// How many units; at most [`MOST_DATA`] bytes.
        count: u8,
    },
    /// Start a run.
    Run(Run),
    /// Set the limit of the run.
    Extend {
        /// Samples to run in all.
        limit: u32,
    },
    /// Stop after the present sample.
    Stop,
    /// How far are you?
    Status,
    /// Take the state written to the scan chain.
    Commit {
        /// Phase of the next step.
        phase: u8,
    },
}

impl Command {
    /// Number of the command on the wire.
    pub fn opcode(&self) -> u8 {
        match self {
            Command::Identify => 1,
            Command::Open { .. } => 2,
            Command::Configure(_) => 3,
            Command::Write { .. } => 4,
            Command::Read { .. } => 5,
            Command::Run(_) => 6,
            Command::Extend { .. } => 7,
            Command::Stop => 8,
            Command::Status => 9,
            Command::Commit { .. } => 10,
        }
    }

    /// Whether a board refuses it while a run is in progress.
    pub fn needs_rest(&self) -> bool {
        match self {
            Command::Configure(_) | Command::Run(_) | Command::Commit { .. } => true,
            Command::Write { space, .. } | Command::Read { space, .. } => *space == Space::Scan,
            _ => false,
        }
    }

    /// The payload of its frame.
    ///
    /// # Panics
    /// If a continuous learning's `every` is above 65,535; [`Settings`] says so.
    pub fn payload(&self) -> Vec<u8> {
        match self {
            Command::Identify | Command::Stop | Command::Status => Vec::new(),
            Command::Open { session } => vec![*session],
            Command::Configure(settings) => settings.to_bytes(),
            Command::Write { space, address, data } => {
                [&[space.code()], &address.to_le_bytes()[..], data].concat()
            }
            Command::Read { space, address, count } => {
                [&[space.code()], &address.to_le_bytes()[..], &[*count]].concat()
            }
            Command::Run(run) => run.to_bytes(),
            Command::Extend { limit } => limit.to_le_bytes().to_vec(),
            Command::Commit { phase } => vec![*phase],
        }
    }

    /// What a frame asks.
    ///
    /// # Errors
    /// The [`ResultCode`] a board refuses it with.
    pub fn parse(opcode: u8, payload: &[u8]) -> Result<Command, ResultCode> {
        let exactly = |length| if payload.len() == length { Ok(()) } else { Err(ResultCode::Length) };
        let space = || Space::from_code(u8_at(payload, 0)).ok_or(ResultCode::Unknown);
        Ok(match opcode {
            1 => exactly(0).map(|()| Command::Identify)?,
            2 => exactly(1).map(|()| Command::Open { session: u8_at(payload, 0) })?,
            3 => exactly(Settings::BYTES).map(|()| Command::Configure(Settings::from_bytes(payload)))?,
            4 => {
                let data = payload.get(3..).ok_or(ResultCode::Length)?.to_vec();
                let space = space()?;
                if data.is_empty() || data.len() > MOST_DATA || data.len() % space.unit() != 0 {
                    return Err(ResultCode::Length);
                }
                Command::Write { space, address: u16_at(payload, 1), data }
            }
            5 => {
                exactly(4)?;
                let (space, count) = (space()?, u8_at(payload, 3));
                if count == 0 || usize::from(count) * space.unit() > MOST_DATA {
                    return Err(ResultCode::Length);
                }
                Command::Read { space, address: u16_at(payload, 1), count }
            }
            6 => exactly(Run::BYTES).map(|()| Command::Run(Run::from_bytes(payload)))?,
            7 => exactly(4).map(|()| Command::Extend { limit: u32_at(payload, 0) })?,
            8 => exactly(0).map(|()| Command::Stop)?,
            9 => exactly(0).map(|()| Command::Status)?,
            10 => exactly(1).map(|()| Command::Commit { phase: u8_at(payload, 0) })?,
            _ => return Err(ResultCode::Unknown),
        })
    }
}

impl Settings {
    const BYTES: usize = 7;

    /// The settings of a configuration; its learning shift offset belongs to a [`Run`].
    ///
    /// # Errors
    /// [`LinkLimit::Setting`] if a number does not fit its field.
    pub fn new(configuration: Configuration, coding: OutputCoding) -> Result<Settings, LinkLimit> {
        let sixteen =
            |field, value: u32| u16::try_from(value).map_err(|_| LinkLimit::Setting { field, value });
        let Configuration { steps, learning, .. } = configuration;
        if let LearningSchedule::Continuous { every } = learning {
            sixteen("learning.every", every)?;
        }
        Ok(Settings { steps: sixteen("steps", steps)?, learning, coding })
    }

    #[expect(clippy::expect_used, reason = "documented")]
    fn to_bytes(self) -> Vec<u8> {
        let (mode, every, rarity) = match self.learning {
            LearningSchedule::Quasistatic => (0, 1, 1),
            LearningSchedule::Continuous { every } => {
                (1, u16::try_from(every).expect("`every` of 16 bits"), 1)
            }
            LearningSchedule::Desynchronous { rarity } => (2, 1, rarity),
        };
        let coding = u8::from(self.coding.differential) | u8::from(self.coding.single) << 1;
        let [steps, every] = [self.steps, every].map(u16::to_le_bytes);
        [&steps[..], &[mode], &every, &[rarity, coding]].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Settings {
        let coding = u8_at(bytes, 6);
        Settings {
            steps: u16_at(bytes, 0),
            learning: match u8_at(bytes, 2) {
                1 => LearningSchedule::Continuous { every: u16_at(bytes, 3).into() },
                2 => LearningSchedule::Desynchronous { rarity: u8_at(bytes, 5) },
                _ => LearningSchedule::Quasistatic,
            },
            coding: OutputCoding { differential: coding & 1 != 0, single: coding & 2 != 0 },
        }
    }
}

impl Run {
    const BYTES: usize = 22;

    fn to_bytes(self) -> Vec<u8> {
        let order = match self.order {
            SampleOrder::Sequential => 0,
            SampleOrder::Given => 1,
            SampleOrder::Generated => 2,
        };
        let flags = u8::from(self.learn)
            | u8::from(self.impose_targets) << 1
            | u8::from(self.store_answers) << 2
            | order << 3
            | u8::from(self.one_tally) << 5;
        let mut bytes = vec![flags];
        bytes.extend(self.samples.to_le_bytes());
        bytes.extend(self.place.to_le_bytes());
        bytes.extend(self.limit.to_le_bytes());
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend(self.key.to_le_bytes());
        bytes.push(self.alpha_offset);
        bytes.extend(self.first_fall.to_le_bytes());
        bytes.extend(self.fall_every.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Run {
        let flags = u8_at(bytes, 0);
        Run {
            learn: flags & 1 != 0,
            impose_targets: flags & 2 != 0,
            store_answers: flags & 4 != 0,
            order: match (flags >> 3) & 3 {
                0 => SampleOrder::Sequential,
                1 => SampleOrder::Given,
                _ => SampleOrder::Generated,
            },
            one_tally: flags & 32 != 0,
            samples: u16_at(bytes, 1),
            place: u16_at(bytes, 3),
            limit: u32_at(bytes, 5),
            seed: u32_at(bytes, 9),
            key: u32_at(bytes, 13),
            alpha_offset: u8_at(bytes, 17),
            first_fall: u16_at(bytes, 18),
            fall_every: u16_at(bytes, 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What parses says the same when written again, and nothing makes parsing fail otherwise than by a result code.
        #[test]
        fn parsing_and_writing_agree(opcode in 0u8..=12, payload in prop::collection::vec(any::<u8>(), 0..=40)) {
            if let Ok(command) = Command::parse(opcode, &payload) {
                prop_assert_eq!(command.opcode(), opcode);
                let again = Command::parse(opcode, &command.payload());
                prop_assert_eq!(again, Ok(command));
            }
        }

        #[test]
        fn a_run_keeps_every_field(bytes in prop::collection::vec(any::<u8>(), 22)) {
            let mut bytes = bytes;
            bytes[0] &= 0b11_0111;
            prop_assert_eq!(Run::from_bytes(&bytes).to_bytes(), bytes);
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        for (opcode, payload, code) in [
            (0, &[][..], ResultCode::Unknown),
            (99, &[], ResultCode::Unknown),
            (1, &[0], ResultCode::Length),
            (4, &[3, 0, 0, 1, 2], ResultCode::Unknown),
            (4, &[0, 0, 0, 1], ResultCode::Length),
            (4, &[0, 0, 0], ResultCode::Length),
            (5, &[2, 0, 0, 0], ResultCode::Length),
            (5, &[0, 0, 0, 121], ResultCode::Length),
        ] {
            assert_eq!(Command::parse(opcode, payload), Err(code), "{opcode} {payload:?}");
        }
    }
}
