//! A board does what the protocol says, on the reference engine: what it trains is what the engine trains by itself, and
//! nothing but the next whole frame of the present session changes anything.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

mod common;

use common::{configuration, design, engine};
use proptest::prelude::*;
use wheatstone_link::protocol::{
    Command, Identity, Reply, ResultCode, Run, SampleLayout, SampleOrder, Settings, Space, Status, frame,
};
use wheatstone_link::{Board, Capacities};
use wheatstone_sim::{
    Engine, LearningSchedule, OutputCoding, Reference, Sample, Sense, State, Tally, Target, epoch_order, scan,
};

const SAMPLES: u16 = 7;
const SEED: u64 = 0x1234_5678_9ABC_DEF0;

/// Samples that make some answers right, with their classes.
fn samples() -> Vec<(Sample, Option<u16>)> {
    let sample = |i: i32| {
        let inputs = vec![(i * 397) % 2000, (i * 733) % 1500 - 700, -i * 100];
        let target = |voltage, sense| Some(Target { voltage, sense });
        let targets = vec![target(i * 90, Sense::AtLeast), target(-i * 50, Sense::Equal)];
        (Sample { inputs, targets }, Some(u16::try_from(i % 2).unwrap()))
    };
    (0..i32::from(SAMPLES)).map(sample).collect()
}

/// A host that loses nothing.
struct Host {
    board: Board<Reference>,
    session: u8,
    sequence: u16,
}

impl Host {
    fn new(learning: LearningSchedule) -> Host {
        Host { board: Board::new(engine(learning), Capacities::default()).unwrap(), session: 0, sequence: 0 }
    }

    fn ask(&mut self, command: &Command) -> Reply {
        let header =
            frame::Header { session: self.session, sequence: self.sequence, opcode: command.opcode() };
        let contents = [&header.to_bytes()[..], &command.payload()].concat();
        let mut replies = frame::encode(&contents).into_iter().filter_map(|byte| self.board.receive(byte));
        let reply = replies.next().unwrap();
        let reply = Reply::from_bytes(&frame::decode(&reply[..reply.len() - 1]).unwrap()).unwrap();
        assert_eq!((reply.sequence, reply.opcode), (self.sequence, command.opcode()));
        self.sequence = reply.expected;
        self.session = reply.session;
        reply
    }

    fn done(&mut self, command: &Command) -> Vec<u8> {
        let reply = self.ask(command);
        assert_eq!(reply.code, ResultCode::Done, "{command:?}");
        reply.result
    }

    fn upload(&mut self) {
        let layout = SampleLayout::of(design().network());
        let words: Vec<u16> =
            samples().iter().flat_map(|(sample, class)| layout.encode(sample, *class)).collect();
        for (number, words) in words.chunks(40).enumerate() {
            let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let address = u16::try_from(number * 40).unwrap();
            self.done(&Command::Write { space: Space::Samples, address, data });
        }
    }

    fn status(&mut self) -> Status {
        Status::from_bytes(&self.done(&Command::Status)).unwrap()
    }

    fn state(&mut self) -> State {
        let design = design();
        let bytes = scan::byte_length(&design);
        let mut chain = Vec::new();
        while chain.len() < bytes {
            let count = u8::try_from((bytes - chain.len()).min(240)).unwrap();
            let address = u16::try_from(chain.len()).unwrap();
            chain.extend(self.done(&Command::Read { space: Space::Scan, address, count }));
        }
        scan::from_bytes(&design, &chain, self.status().phase)
    }

    fn configure(&mut self, learning: LearningSchedule) {
        let settings = Settings::new(configuration(learning, 0), OutputCoding::default()).unwrap();
        self.done(&Command::Configure(settings));
    }

    fn work(&mut self) {
        while self.board.work() {}
    }
}

#[test]
fn a_board_trains_as_its_engine_does() {
    let every = LearningSchedule::Continuous { every: 4 };
    for learning in [LearningSchedule::Quasistatic, every, LearningSchedule::Desynchronous { rarity: 1 }] {
        let mut host = Host::new(learning);
        host.upload();
        host.configure(learning);
        // Two whole epochs after the rest of the first; the offset falls after the first and the third.
        let limit = 3 * u32::from(SAMPLES) - 2;
        let run = Run { first_fall: 1, fall_every: 2, ..Run::training(SAMPLES, SEED, 5, 2, limit, 2) };
        host.done(&Command::Run(run));
        assert!(host.status().running);
        host.work();

        let mut model = engine(learning);
        let samples = samples();
        let mut tally = Tally::default();
        for (epoch, offset) in [(5, 2), (6, 1), (7, 1)] {
            model.configure(configuration(learning, offset)).unwrap();
            tally = Tally::default();
            let skipped = if epoch == 5 { 2 } else { 0 };
            for index in epoch_order(SEED, epoch, samples.len()).into_iter().skip(skipped) {
                let (sample, class) = &samples[index as usize];
                let answer = model.train(sample).unwrap();
                tally.count(OutputCoding::default(), &sample.targets, *class, &answer);
            }
        }
        let status = host.status();
        assert_eq!((status.done, status.place, status.epochs), (limit, 0, 3), "{learning:?}");
        assert_eq!((status.tally, status.alpha_offset, status.running), (tally, 0, false), "{learning:?}");
        assert!(tally.error > 0 && tally.right > 0 && tally.right < tally.samples, "{tally:?}");
        assert_eq!(host.state(), model.state(), "{learning:?}");
    }
}

#[test]
fn answers_take_the_place_of_targets() {
    let mut host = Host::new(LearningSchedule::Quasistatic);
    host.upload();
    host.configure(LearningSchedule::Quasistatic);
    host.done(&Command::Run(Run::reading(SAMPLES)));
    host.work();
    let layout = SampleLayout::of(design().network());
    let mut model = engine(LearningSchedule::Quasistatic);
    for (number, (sample, _)) in samples().into_iter().enumerate() {
        let address = u16::try_from(number * layout.words() + layout.targets_at()).unwrap();
        let words = host.done(&Command::Read { space: Space::Samples, address, count: 2 });
        let answer = model.read(&sample.inputs, 6).unwrap();
        let words: Vec<i32> =
            words.as_chunks::<2>().0.iter().map(|w| i16::from_le_bytes(*w).into()).collect();
        assert_eq!(words, answer);
    }
}

#[test]
fn a_given_order_and_a_limit_that_moves() {
    let mut host = Host::new(LearningSchedule::Quasistatic);
    host.upload();
    host.configure(LearningSchedule::Quasistatic);
    let layout = SampleLayout::of(design().network());
    let order = [3, 3, 0, 6];
    let data = order.iter().flat_map(|i| u16::try_from(i * layout.words()).unwrap().to_le_bytes()).collect();
    host.done(&Command::Write { space: Space::Order, address: 0, data });
    let run = Run { order: SampleOrder::Given, one_tally: true, ..Run::training(4, 0, 0, 0, 1, 0) };
    host.done(&Command::Run(run));
    host.work();
    host.done(&Command::Extend { limit: 6 });
    assert_eq!(host.ask(&Command::Run(run)).code, ResultCode::Busy);
    host.work();
    host.done(&Command::Stop);
    let mut model = engine(LearningSchedule::Quasistatic);
    for i in [3, 3, 0, 6, 3, 3] {
        model.train(&samples()[i].0).unwrap();
    }
    let status = host.status();
    assert_eq!((status.done, status.tally.samples, status.place), (6, 6, 2));
    assert_eq!(host.state(), model.state());
}

#[test]
fn a_state_moves_in_by_scan() {
    let mut host = Host::new(LearningSchedule::Quasistatic);
    let mut model = engine(LearningSchedule::Quasistatic);
    model.train(&samples()[4].0).unwrap();
    model.step();
    let chain = scan::to_bytes(&design(), &model.state());
    for (number, data) in chain.chunks(50).enumerate().collect::<Vec<_>>().into_iter().rev() {
        let address = u16::try_from(number * 50).unwrap();
        host.done(&Command::Write { space: Space::Scan, address, data: data.to_vec() });
    }
    host.done(&Command::Commit { phase: model.state().phase });
    assert_eq!(host.state(), model.state());
    host.done(&Command::Write { space: Space::Scan, address: 0, data: vec![0; 20] });
    assert_eq!(host.ask(&Command::Commit { phase: 0 }).code, ResultCode::NotAState);
    assert_eq!(host.state(), model.state());
}

#[test]
fn what_is_refused_says_why() {
    let mut host = Host::new(LearningSchedule::Quasistatic);
    let identity = Identity::from_bytes(&host.done(&Command::Identify)).unwrap();
    assert_eq!((identity.inputs, identity.digest), (3, design().digest()));
    let words = u16::try_from(identity.sample_words).unwrap();
    for (command, code) in [
        (Command::Read { space: Space::Samples, address: words - 1, count: 2 }, ResultCode::Address),
        (Command::Write { space: Space::Order, address: 2047, data: vec![0; 4] }, ResultCode::Address),
        (Command::Read { space: Space::Scan, address: u16::MAX, count: 1 }, ResultCode::Address),
    ] {
        assert_eq!(host.ask(&command).code, code, "{command:?}");
    }
    host.session = 9;
    assert_eq!(host.ask(&Command::Stop).code, ResultCode::OtherSession);
    host.sequence = 77;
    assert_eq!(host.ask(&Command::Stop).code, ResultCode::OutOfOrder);
    assert_eq!(host.ask(&Command::Stop).code, ResultCode::Done);
}

#[test]
fn a_frame_that_was_executed_is_not_executed_again() {
    let mut host = Host::new(LearningSchedule::Quasistatic);
    host.done(&Command::Open { session: 5 });
    assert_eq!(host.session, 5);
    host.upload();
    host.configure(LearningSchedule::Quasistatic);
    let again = host.sequence;
    host.done(&Command::Run(Run::training(SAMPLES, SEED, 0, 0, 1, 0)));
    host.work();
    let before = host.state();
    host.sequence = again;
    let reply = host.ask(&Command::Run(Run::training(SAMPLES, SEED, 0, 0, 1, 0)));
    assert_eq!(reply.code, ResultCode::OutOfOrder);
    host.work();
    assert_eq!(host.state(), before);
}

proptest! {
    /// Random bytes change nothing but the count of damaged frames, and the board answers afterwards.
    #[test]
    fn noise_changes_nothing(noise in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut host = Host::new(LearningSchedule::Quasistatic);
        let before = host.state();
        for byte in noise.into_iter().chain([0]) {
            prop_assert!(host.board.receive(byte).is_none());
        }
        prop_assert!(host.ask(&Command::Identify).code == ResultCode::Done);
        prop_assert_eq!(host.state(), before);
    }
}
