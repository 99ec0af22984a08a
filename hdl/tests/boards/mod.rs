//! A board of gateware beside the board's behaviour in its plainest form: the same frames to both, and their replies compared.
#![allow(clippy::print_stdout, reason = "tests tell what they saw")]
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;
use wheatstone_hdl::Board as BoardName;
use wheatstone_hdl::island::ports::FramePorts;
use wheatstone_hdl::island::program::{Facts, Image, program};
use wheatstone_hdl::island::replay::Bench;
use wheatstone_hdl::island::{Controller, Core, IslandOptions, MemoryKind, StreamingCore};
use wheatstone_hdl::top::{ArrayForm, ArraySide, Chip, TopSimulation};
use wheatstone_link::protocol::{Command, Reply, ResultCode, SampleLayout, Settings, Space, Status};
use wheatstone_link::{Board, Capacities};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, EdgeGenerator, Format, Initial, LearningSchedule, Nudge, Omega, OutputCoding,
    Reference, Rules, Sample, Sense, State, Target, scan,
};

/// Memories small enough to reach their ends.
pub fn options() -> IslandOptions {
    IslandOptions {
        sample_words: 512,
        order_words: 64,
        credits: 4,
        watchdog: 100_000,
        ..BoardName::generic().island_options()
    }
}

fn capacities(options: IslandOptions) -> Capacities {
    let IslandOptions { credits, sample_words, order_words, clock_hz, baud, .. } = options;
    Capacities { credits, sample_words, order_words, clock_hz, baud }
}

/// An island without its line.
pub trait Served: ArraySide {
    /// Whether samples stream.
    const STREAMING: bool;
    fn with_program(facts: &Facts, image: &Image) -> Self;
    fn line(&self) -> &FramePorts;
    fn line_mut(&mut self) -> &mut FramePorts;
    fn controller(&self) -> &Controller;
}

macro_rules! served {
    ($core:ident, $streaming:literal) => {
        impl Served for $core {
            const STREAMING: bool = $streaming;

            fn with_program(facts: &Facts, image: &Image) -> $core {
                $core::with_program(facts, MemoryKind::Block, image)
            }

            fn line(&self) -> &FramePorts {
                &self.line
            }

            fn line_mut(&mut self) -> &mut FramePorts {
                &mut self.line
            }

            fn controller(&self) -> &Controller {
                $core::controller(self)
            }
        }
    };
}

served!(Core, false);
served!(StreamingCore, true);

/// The island without its line, and an array beside it.
pub struct Gateware<C = StreamingCore> {
    pub top: TopSimulation<C>,
    /// The frame that is served, without its CRC.
    frame: Vec<u8>,
    pub replies: Vec<Vec<u8>>,
    reply: Vec<u8>,
    /// Samples that were begun.
    pub begun: u32,
    go: bool,
    /// The transmitter takes a byte only now and then.
    pub slow: bool,
    pub facts: Facts,
}

impl<C: Served> Gateware<C> {
    pub fn new(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        options: IslandOptions,
        recorded: bool,
    ) -> Gateware<C> {
        let options = IslandOptions { streaming: C::STREAMING, ..options };
        let chip = Chip::new(Arc::clone(&design), array, options).unwrap();
        let facts: Facts = chip.options.facts(&design).unwrap();
        Gateware::with_program(chip, &program(&facts), facts, recorded)
    }

    /// The same with another program.
    pub fn with_program(chip: impl Into<Chip>, image: &Image, facts: Facts, recorded: bool) -> Gateware<C> {
        let core = C::with_program(&facts, image);
        let bench = if recorded { Bench::new(core, C::clock) } else { Bench::unrecorded(core, C::clock) };
        let top = TopSimulation::around(bench, chip);
        Gateware {
            top,
            frame: Vec::new(),
            replies: Vec::new(),
            reply: Vec::new(),
            begun: 0,
            go: false,
            slow: false,
            facts,
        }
    }

    /// One clock.
    pub fn tick(&mut self) {
        let wanted = usize::try_from(self.top.bench.block.line().frame_address.val().to_u64()).unwrap();
        let accepts = !self.slow || self.top.clocks() % 11 == 3;
        self.top.bench.block.line_mut().reply_accept.next = accepts;
        self.top.bench.settle();
        let line = self.top.bench.block.line();
        if line.reply_push.val() && accepts {
            self.reply.push(line.reply_byte.val().to_u8());
        }
        if line.reply_finish.val() {
            self.replies.push(std::mem::take(&mut self.reply));
        }
        let released = line.frame_release.val();
        self.top.tick();
        if released {
            self.frame.clear();
        }
        let line = self.top.bench.block.line_mut();
        line.frame_ready.next = !self.frame.is_empty();
        line.frame_length.next = u64::try_from(self.frame.len()).unwrap().into();
        line.frame_data.next = u64::from(self.frame.get(wanted).copied().unwrap_or(0xEE)).into();
        let ports = self.top.ports();
        if ports.go.val() != self.go {
            self.go = ports.go.val();
            self.begun += u32::from(ports.present.val());
        }
    }

    /// Has a frame executed.
    pub fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        assert!(self.frame.is_empty());
        self.frame = request.to_vec();
        for _ in 0..3_000_000 {
            self.tick();
            if self.frame.is_empty() && !self.replies.is_empty() {
                return self.replies.remove(0);
            }
        }
        let image = program(&self.facts);
        for _ in 0..200 {
            self.tick();
            let place = self.top.bench.block.controller().place();
            println!("{place} {} {:?}", image.label(place), self.top.ports());
        }
        panic!("no reply to {request:?}");
    }
}

/// Both.
pub struct Pair<C = StreamingCore> {
    pub gateware: Gateware<C>,
    pub board: Board<Reference>,
    pub design: Arc<Design>,
    /// Samples the board has run since it was switched on.
    worked: u32,
    pub session: u8,
    pub sequence: u16,
}

impl<C: Served> Pair<C> {
    pub fn new(design: Arc<Design>, array: impl Into<ArrayForm>, options: IslandOptions) -> Pair<C> {
        Pair::with(design, array, options, false)
    }

    pub fn recorded(design: Arc<Design>, array: impl Into<ArrayForm>, options: IslandOptions) -> Pair<C> {
        Pair::with(design, array, options, true)
    }

    /// With a model that begins as an array does that has just been switched on.
    pub fn at_power_up(design: Arc<Design>, array: impl Into<ArrayForm>, options: IslandOptions) -> Pair<C> {
        let groups = vec![Initial::Uniform { low: 0.1, high: 0.9 }; design.network().groups().len()];
        let mut state = State::initial(&design, &groups, 1);
        let (low, _) = design.format().k_range(design.rules().g_min.into());
        state.u.iter_mut().for_each(|wave| wave.fill(0));
        state.k.fill(low);
        state.generators.fill(EdgeGenerator::new(1));
        Pair::of(design, array, options, false, state)
    }

    fn with(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        options: IslandOptions,
        recorded: bool,
    ) -> Pair<C> {
        let groups = vec![Initial::Uniform { low: 0.1, high: 0.9 }; design.network().groups().len()];
        let state = State::initial(&design, &groups, 1);
        Pair::of(design, array, options, recorded, state)
    }

    fn of(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        options: IslandOptions,
        recorded: bool,
        state: State,
    ) -> Pair<C> {
        let configuration =
            Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let engine = Reference::new(Arc::clone(&design), configuration, state).unwrap();
        let board = Board::new(engine, capacities(options)).unwrap();
        let gateware = Gateware::new(Arc::clone(&design), array, options, recorded);
        Pair { gateware, board, design, worked: 0, session: 0, sequence: 0 }
    }

    /// Gives the same frame to both, and compares the replies.
    pub fn answer(&mut self, request: &[u8]) -> Reply {
        let begun = self.gateware.answer(request);
        // The gateware is between two samples; so is the board, after as many.
        while self.worked < self.gateware.begun {
            assert!(self.board.work(), "the gateware ran a sample more than the board");
            self.worked += 1;
        }
        let reply = self.board.answer(request);
        if begun != reply.to_bytes() && request[3] == 9 {
            println!("{:?}\n{:?}", Status::from_bytes(&begun[7..]), self.board.status());
        }
        assert_eq!(begun, reply.to_bytes(), "{request:?}: {reply:?}");
        reply
    }

    /// The same for a frame in order.
    pub fn ask(&mut self, command: &Command) -> Reply {
        let [low, high] = self.sequence.to_le_bytes();
        let frame = [&[self.session, low, high, command.opcode()][..], &command.payload()].concat();
        let reply = self.answer(&frame);
        self.sequence = reply.expected;
        self.session = reply.session;
        reply
    }

    /// The same for one that must be executed.
    pub fn done(&mut self, command: &Command) -> Vec<u8> {
        let reply = self.ask(command);
        assert_eq!(reply.code, ResultCode::Done, "{command:?}");
        reply.result
    }

    pub fn status(&mut self) -> Status {
        Status::from_bytes(&self.done(&Command::Status)).unwrap()
    }

    /// From here on both are compared again, though the gateware began samples that the board knows nothing of.
    pub fn begin_anew(&mut self) {
        self.worked = self.gateware.begun;
    }

    /// Waits until the run has ended on both.
    pub fn finish(&mut self) -> Status {
        for _ in 0..10_000 {
            let status = self.status();
            if !status.running {
                assert!(!self.board.is_running());
                return status;
            }
            for _ in 0..2000 {
                self.gateware.tick();
            }
        }
        panic!("the run does not end");
    }

    pub fn write_words(&mut self, space: Space, address: u16, words: &[u16]) {
        for (i, words) in words.chunks(120).enumerate() {
            let address = address + 120 * u16::try_from(i).unwrap();
            let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            self.done(&Command::Write { space, address, data });
        }
    }

    pub fn write_state(&mut self, state: &State) {
        let bytes = scan::to_bytes(&self.design, state);
        for (i, bytes) in bytes.chunks(240).enumerate() {
            let address = 240 * u16::try_from(i).unwrap();
            self.done(&Command::Write { space: Space::Scan, address, data: bytes.to_vec() });
        }
        self.done(&Command::Commit { phase: state.phase });
    }

    pub fn read_state(&mut self) -> Vec<u8> {
        let length = scan::byte_length(&self.design);
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let address = u16::try_from(bytes.len()).unwrap();
            let count = u8::try_from((length - bytes.len()).min(240)).unwrap();
            bytes.extend(self.done(&Command::Read { space: Space::Scan, address, count }));
        }
        bytes
    }
}

pub fn small() -> Arc<Design> {
    crossbar_of(3, 2, Format::COMPACT)
}

pub fn samples<C: Served>(pair: &mut Pair<C>, count: u16) {
    let layout = SampleLayout::of(pair.design.network());
    let mut words = Vec::new();
    for i in 0..i32::from(count) {
        let inputs =
            (0..layout.inputs).map(|k| (i * 397 + 91 * i32::try_from(k).unwrap()) % 2000 - 900).collect();
        let senses = [Sense::AtLeast, Sense::Equal, Sense::AtMost];
        let targets = (0..layout.outputs)
            .map(|k| {
                Some(Target {
                    voltage: (i * 90 - 300 * i32::try_from(k).unwrap()) % 1000,
                    sense: senses[(usize::try_from(i).unwrap() + k) % 3],
                })
            })
            .collect();
        words.extend(layout.encode(&Sample { inputs, targets }, Some(u16::try_from(i % 2).unwrap())));
    }
    pair.write_words(Space::Samples, 0, &words);
}

/// A board in a session, with a state, ten samples and settings.
pub fn ready<C: Served>(mut pair: Pair<C>, settings: Settings) -> Pair<C> {
    pair.done(&Command::Open { session: 7 });
    let groups = vec![Initial::Uniform { low: 0.1, high: 0.9 }; pair.design.network().groups().len()];
    let state = State::initial(&pair.design, &groups, 5);
    pair.write_state(&state);
    samples(&mut pair, 10);
    pair.done(&Command::Configure(settings));
    pair
}

pub fn quasistatic(steps: u16) -> Settings {
    Settings { steps, learning: LearningSchedule::Quasistatic, coding: OutputCoding::default() }
}

pub fn crossbar_of(inputs: usize, outputs: usize, format: Format) -> Arc<Design> {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(inputs, outputs, EdgeKind::Linear).unwrap(), format, rules).unwrap())
}

/// Draws numbers: splitmix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below<T: TryFrom<u64>>(&mut self, bound: u64) -> T {
        T::try_from(self.next() % bound).ok().unwrap()
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below::<u64>(n) == 0
    }

    /// Bytes, many of them at the ends of their range.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| match self.below(4) {
                0u8 => 0,
                1 => 0xFF,
                _ => self.below(256),
            })
            .collect()
    }
}
