//! Numbers of the [link protocol](wheatstone_link::protocol) that the program compares with, each with the name it has there.

use wheatstone_link::protocol::ResultCode;

/// Bytes of a frame before its payload.
pub(super) const HEAD_BYTES: u16 = 4;

/// Added to an opcode in the reply.
pub(super) const REPLY: u16 = 128;

/// The command that reads a memory.
pub(super) const OPCODE_READ: u16 = 5;

/// Bytes of the payload that writes, before the data: space and address.
pub(super) const WRITE_HEAD_BYTES: u16 = 3;

/// The scan chain among the memories.
pub(super) const SPACE_SCAN: u16 = 2;
/// How many memories there are.
pub(super) const SPACES: u16 = 3;

/// Learning schedules in the settings.
pub(super) const CONTINUOUS: u16 = 1;
pub(super) const DESYNCHRONOUS: u16 = 2;

/// What the settings say of the outputs.
pub(super) const CODING_DIFFERENTIAL: u16 = 1;
pub(super) const CODING_SINGLE: u16 = 2;

/// Flags of a run.
pub(super) const RUN_LEARN: u16 = 1;
pub(super) const RUN_IMPOSE: u16 = 2;
pub(super) const RUN_STORE: u16 = 4;
pub(super) const RUN_GIVEN: u16 = 8;
pub(super) const RUN_GENERATED: u16 = 16;
pub(super) const RUN_ONE_TALLY: u16 = 32;

/// A bit of the status: the array has not answered in time.
pub(super) const STALLED: u16 = 2;

/// The number of a result.
pub(super) fn number(result: ResultCode) -> u16 {
    ResultCode::ALL.iter().position(|&code| code == result).map_or(0, super::sixteen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_link::protocol::{Command, Run, SampleOrder, Settings, Space};
    use wheatstone_sim::{LearningSchedule, OutputCoding};

    fn first(command: &Command) -> u16 {
        command.payload()[0].into()
    }

    #[test]
    fn opcodes_and_memories_are_those_of_the_link() {
        let read = |space| Command::Read { space, address: 0, count: 1 };
        assert_eq!(u16::from(read(Space::Scan).opcode()), OPCODE_READ);
        assert_eq!(first(&read(Space::Scan)), SPACE_SCAN);
        assert!([Space::Samples, Space::Order].into_iter().all(|space| first(&read(space)) < SPACES - 1));
        let write = Command::Write { space: Space::Scan, address: 0, data: Vec::new() };
        assert_eq!(write.payload().len(), usize::from(WRITE_HEAD_BYTES));
    }

    #[test]
    fn settings_are_those_of_the_link() {
        let of = |learning, coding| {
            let payload = Command::Configure(Settings { steps: 1, learning, coding }).payload();
            (u16::from(payload[2]), u16::from(payload[6]))
        };
        for learning in [
            LearningSchedule::Quasistatic,
            LearningSchedule::Continuous { every: 1 },
            LearningSchedule::Desynchronous { rarity: 1 },
        ] {
            let number = match learning {
                LearningSchedule::Quasistatic => 0,
                LearningSchedule::Continuous { .. } => CONTINUOUS,
                LearningSchedule::Desynchronous { .. } => DESYNCHRONOUS,
            };
            assert_eq!(of(learning, OutputCoding::default()), (number, 0));
        }
        let coding =
            |differential, single| of(LearningSchedule::Quasistatic, OutputCoding { differential, single }).1;
        assert_eq!((coding(true, false), coding(false, true)), (CODING_DIFFERENTIAL, CODING_SINGLE));
    }

    #[test]
    fn flags_of_a_run_are_those_of_the_link() {
        let none = Run { store_answers: false, one_tally: false, ..Run::reading(1) };
        let flags = |run: Run| first(&Command::Run(run));
        assert_eq!(flags(none), 0);
        assert_eq!(flags(Run { learn: true, ..none }), RUN_LEARN);
        assert_eq!(flags(Run { impose_targets: true, ..none }), RUN_IMPOSE);
        assert_eq!(flags(Run { store_answers: true, ..none }), RUN_STORE);
        assert_eq!(flags(Run { order: SampleOrder::Given, ..none }), RUN_GIVEN);
        assert_eq!(flags(Run { order: SampleOrder::Generated, ..none }), RUN_GENERATED);
        assert_eq!(flags(Run { one_tally: true, ..none }), RUN_ONE_TALLY);
    }
}
