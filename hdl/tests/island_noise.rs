//! Noise into the island's receiver: millions of bytes, and after every chunk of them the board must answer `identify`.
//!
//! The island is compiled by Verilator and driven at its pins by `noise/pins.cpp`. Between random bytes, some of them with
//! many zeros, it is sent whole frames with any contents (most of them in order, so that they are executed), damaged,
//! cut and doubled frames, and levels that are no bytes at all. What it answers is checked whole: every reply must be a
//! frame, must follow from the one before, and there must be one for each frame that had room.
//!
//! By default as many random bytes are sent as take some seconds. Ten million take some minutes:
//!
//! ```sh
//! WHEATSTONE_NOISE_BYTES=10000000 cargo test -p wheatstone-hdl --test island_noise -- --nocapture
//! ```
//!
//! It needs Verilator and a C++ compiler. Without Verilator nothing is tried, unless `CI` is set.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]
mod designs;

use designs::{Random, tool};
use rust_hdl::prelude::Block;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;
use wheatstone_hdl::Board as BoardName;
use wheatstone_hdl::island::{Island, IslandOptions, verilog_of};
use wheatstone_link::protocol::frame::{self, Deframer};
use wheatstone_link::protocol::{
    Command, Identity, MOST_DATA, Reply, ResultCode, Run, Settings, Space, Status,
};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, LearningSchedule, Nudge, Omega, OutputCoding, Rules};
use wheatstone_tools::Program;

/// Random bytes that are sent unless the environment says otherwise. Frames, damaged or not, come on top.
const DEFAULT_BYTES: u64 = 300_000;

/// Random bytes between two checks.
const CHUNK_BYTES: u64 = 60_000;

const CLOCK_HZ: u32 = 12_000_000;

/// Clocks a bit: what the smallest board has.
const BIT_CLOCKS: u32 = 4;

/// Until `identify` is answered. A sample can take some millions of clocks, if settings that no host would choose ask for a learning
/// step after each of 65,535 steps; and some frames may wait, each until a sample has ended.
const MOST_CLOCKS: u64 = 60_000_000;

/// A count that stops there.
const FULL: u64 = u16::MAX as u64;

fn options(streaming: bool) -> IslandOptions {
    IslandOptions {
        clock_hz: CLOCK_HZ,
        baud: CLOCK_HZ / BIT_CLOCKS,
        credits: 4,
        sample_words: 512,
        order_words: 64,
        watchdog: 4000,
        streaming,
        ..BoardName::generic().island_options()
    }
}

fn design() -> Design {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Design::new(crossbar(3, 2, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap()
}

/// The compiled island.
struct Pins {
    simulation: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    clocks: u64,
    _folder: TempDir,
}

impl Pins {
    /// Compiles it; nothing if there is no Verilator.
    fn new(island: &Island, seed: u64) -> Option<Pins> {
        let verilator = tool(Program::Verilator)?;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("island.v"), verilog_of("island", island)).unwrap();
        let mut pins = include_str!("noise/pins.v").to_owned();
        if matches!(island, Island::Streaming(_)) {
            pins = pins.replace(".border_shift()", ".border_free(1'b1), .border_shift()");
        }
        fs::write(folder.path().join("pins.v"), pins).unwrap();
        fs::write(folder.path().join("pins.cpp"), include_str!("noise/pins.cpp")).unwrap();
        let arguments = "--cc --exe --build -O3 --x-assign fast --x-initial fast -Wno-lint -Wno-UNOPTFLAT -CFLAGS -O2 --Mdir built -o pins \
                         --top-module pins pins.v island.v pins.cpp";
        verilator.run(arguments.split_whitespace(), folder.path()).unwrap_or_else(|error| panic!("{error}"));
        let mut simulation = Process::new(folder.path().join("built/pins"))
            .args([BIT_CLOCKS.to_string(), seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (simulation.stdin.take().unwrap(), simulation.stdout.take().unwrap());
        Some(Pins { simulation, input, output: BufReader::new(output), clocks: 0, _folder: folder })
    }

    /// Drives the line as a script says; the bytes that came meanwhile.
    fn drive(&mut self, mut script: Vec<u8>) -> Vec<u8> {
        script.extend([b'F', 0, 0]);
        let mut came = Vec::new();
        let mut exchange = || {
            self.input.write_all(&script)?;
            let (mut clocks, mut count) = ([0; 8], [0; 4]);
            self.output.read_exact(&mut clocks)?;
            self.output.read_exact(&mut count)?;
            self.clocks = u64::from_le_bytes(clocks);
            came.resize(u32::from_le_bytes(count) as usize, 0);
            self.output.read_exact(&mut came)
        };
        exchange().unwrap_or_else(|error| panic!("the simulation ended: {error}"));
        came
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        let _ = self.simulation.kill();
        let _ = self.simulation.wait();
    }
}

/// What goes over the line, and what a receiver must make of it.
#[derive(Default)]
struct Line {
    script: Vec<u8>,
    deframer: Deframer,
    /// Since the last zero there were levels of which a receiver may make anything or nothing.
    unsure: bool,
    bytes: u64,
    /// Those that were random.
    random: u64,
    /// Frames that are whole.
    whole: u64,
    /// Frames that may be whole or not.
    unsure_whole: u64,
    damaged: u64,
    /// How many more, or fewer, may be damaged.
    unsure_damaged: u64,
}

impl Line {
    fn send_random(&mut self, bytes: &[u8]) {
        self.send(bytes);
        self.random += bytes.len() as u64;
    }

    fn instruct(&mut self, what: u8, number: u16) {
        self.script.push(what);
        self.script.extend(number.to_le_bytes());
    }

    fn send(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.instruct(b'B', byte.into());
            self.bytes += 1;
            match self.deframer.push(byte) {
                Some(Ok(_)) if self.unsure => self.unsure_whole += 1,
                Some(Err(_)) if self.unsure => self.unsure_damaged += 1,
                Some(Ok(_)) => self.whole += 1,
                Some(Err(_)) => self.damaged += 1,
                None => {}
            }
            self.unsure &= byte != 0;
        }
    }

    /// Levels of these lengths in clocks, low and high in turn, then a rest and a zero.
    fn levels(&mut self, lengths: &[u16]) {
        for (i, &clocks) in lengths.iter().enumerate() {
            self.instruct(if i % 2 == 0 { b'L' } else { b'H' }, clocks);
            self.unsure_damaged += 1;
        }
        self.unsure = true;
        self.instruct(b'H', 12 * u16::try_from(BIT_CLOCKS).unwrap());
        self.send(&[0]);
    }
}

/// What the host knows of the board.
#[derive(Default)]
struct Host {
    session: u8,
    expected: u16,
    deframer: Deframer,
    answered: u64,
    executed: BTreeMap<u8, u64>,
    codes: BTreeMap<String, u64>,
    /// How often the board said that the array had stalled.
    stalled: u64,
}

impl Host {
    /// Takes what came. Each reply must be one that can follow the one before.
    fn hear(&mut self, bytes: &[u8]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for &byte in bytes {
            let Some(contents) = self.deframer.push(byte) else { continue };
            let reply = Reply::from_bytes(&contents.unwrap()).unwrap();
            let identified = reply.opcode == 1 && reply.code == ResultCode::Done;
            let consumed = reply.code.is_consumed() && !identified;
            assert_eq!(reply.expected, self.expected.wrapping_add(consumed.into()), "{reply:?}");
            if consumed {
                assert_eq!(reply.sequence, self.expected, "{reply:?}");
            }
            if !(reply.opcode == 2 && reply.code == ResultCode::Done) {
                assert_eq!(reply.session, self.session, "{reply:?}");
            }
            (self.session, self.expected) = (reply.session, reply.expected);
            self.answered += 1;
            *self.codes.entry(format!("{:?}", reply.code)).or_default() += 1;
            if reply.code == ResultCode::Done {
                *self.executed.entry(reply.opcode).or_default() += 1;
                let status = (reply.opcode == 9).then(|| Status::from_bytes(&reply.result).unwrap());
                self.stalled += u64::from(status.is_some_and(|status| status.stalled));
            }
            replies.push(reply);
        }
        replies
    }
}

fn request(session: u8, sequence: u16, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let [low, high] = sequence.to_le_bytes();
    frame::encode(&[&[session, low, high, opcode], payload].concat())
}

/// Draws what is sent.
struct Noise {
    random: Random,
    /// Session and number of the next frame that is to be executed, as far as can be known.
    session: u8,
    sequence: u16,
}

impl Noise {
    fn below<T: TryFrom<u64>>(&mut self, bound: u64) -> T {
        T::try_from(self.random.below(bound)).ok().unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    /// A number below the bound; now and then below another.
    fn mostly<T: TryFrom<u64>>(&mut self, bound: u64, n: u64, other: u64) -> T {
        let bound = if self.one_in(n) { other } else { bound };
        self.below(bound)
    }

    /// A small number, now and then any.
    fn number(&mut self, bound: u64) -> u16 {
        self.mostly(bound, 400, 1 << 16)
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_: u64| self.below(256)).collect()
    }

    fn settings(&mut self) -> Settings {
        let learning = match self.below(3) {
            0u8 => LearningSchedule::Quasistatic,
            1 => LearningSchedule::Continuous { every: self.number(5).into() },
            _ => LearningSchedule::Desynchronous { rarity: self.below(256) },
        };
        let coding = OutputCoding { differential: self.one_in(2), single: self.one_in(2) };
        Settings { steps: self.number(6), learning, coding }
    }

    /// An opcode and a payload, most of them ones that a board executes.
    fn command(&mut self) -> (u8, Vec<u8>) {
        let opcode = [1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 8, 8, 9, 10, 10][self.below::<usize>(18)];
        if self.one_in(16) {
            let opcode = if self.one_in(4) { self.below(256) } else { opcode };
            // Lengths that the commands have, with any contents, and any length.
            let most = [0, 1, 4, 7, 22, 246][self.below::<usize>(6)];
            let mut payload = self.bytes(246);
            payload.resize(if self.one_in(2) { most } else { payload.len() }, 0);
            return (opcode, payload);
        }
        let space = [Space::Samples, Space::Order, Space::Scan][self.below::<usize>(3)];
        let address = {
            let bound = [520, 66, 40][space as usize];
            if self.one_in(4) { self.number(bound) } else { self.number(bound / 4) }
        };
        let payload = match opcode {
            2 => vec![self.below(256)],
            3 => Command::Configure(self.settings()).payload(),
            4 => {
                let most = self.mostly(21, 4, MOST_DATA as u64 + 1);
                let mut data = self.bytes(most);
                data.truncate(data.len() / 2 * 2);
                Command::Write { space, address, data }.payload()
            }
            5 => {
                let count = self.mostly(12, 4, 256);
                Command::Read { space, address, count }.payload()
            }
            6 => {
                let mut payload = vec![self.below(64)];
                payload.extend(self.number(12).to_le_bytes());
                payload.extend(self.number(12).to_le_bytes());
                let limit: u32 = self.mostly(12, 20, 1 << 32);
                payload.extend(limit.to_le_bytes());
                payload.extend(self.random.next().to_le_bytes());
                payload.extend([self.below(5), self.below(4), 0, self.below(4), 0]);
                payload
            }
            7 => {
                let limit = self.mostly(20, 10, 1 << 32);
                Command::Extend { limit }.payload()
            }
            10 => vec![self.below(256)],
            _ => Vec::new(),
        };
        (opcode, payload)
    }

    /// A whole frame, most often the next in order.
    fn frame(&mut self) -> Vec<u8> {
        let (opcode, payload) = self.command();
        let session = if self.one_in(10) { self.below(256) } else { self.session };
        let sequence = match self.below(20) {
            0u8 => self.below(1 << 16),
            1 => self.sequence.wrapping_sub(1),
            2 => self.sequence.wrapping_add(1),
            _ => self.sequence,
        };
        if (session, sequence) == (self.session, self.sequence) && !(opcode == 1 && payload.is_empty()) {
            self.sequence = self.sequence.wrapping_add(1);
            if let (2, [session]) = (opcode, &payload[..]) {
                self.session = *session;
            }
        }
        request(session, sequence, opcode, &payload)
    }

    /// A frame as it must not be.
    fn damaged_frame(&mut self) -> Vec<u8> {
        let (opcode, payload) = self.command();
        let (session, [low, high]) = (self.session, self.sequence.to_le_bytes());
        let mut frame = request(session, self.sequence, opcode, &payload);
        let place = self.below(frame.len() as u64);
        match self.below(8) {
            0u8 | 1 => {
                for _ in 0..=self.below::<u8>(3) {
                    let place: usize = self.below(frame.len() as u64);
                    frame[place] ^= 1 << self.below::<u8>(8);
                }
            }
            2 => frame.truncate(place),
            3 => {
                frame.drain(..place);
            }
            4 => {
                frame.remove(place);
            }
            5 => {
                let byte = self.below(256);
                frame.insert(place, byte);
            }
            // Too long, though its checksum is right.
            6 => {
                let most = self.mostly(300, 4, 3000);
                let contents = [vec![session, low, high, opcode], payload, vec![1; 247], self.bytes(most)];
                frame = frame::encode(&contents.concat());
            }
            // Twice; the first is whole, the second out of order.
            _ => {
                frame.extend_from_within(..);
                self.sequence = self.sequence.wrapping_add(1);
            }
        }
        frame
    }

    /// Levels of the line: shorter than a bit, about a bit, several bits, and breaks.
    fn levels(&mut self) -> Vec<u16> {
        let bit = u64::from(BIT_CLOCKS);
        let kind = self.below(4);
        (0..=self.below::<u8>(30))
            .map(|_| match if kind == 3 { self.below(3) } else { kind } {
                0u8 => 1 + self.below::<u16>(bit - 1),
                1 => 1 + self.below::<u16>(2 * bit),
                _ => 1 + self.mostly::<u16>(10 * bit, 8, 2000),
            })
            .collect()
    }

    /// Something for the line.
    fn add(&mut self, line: &mut Line) {
        match self.below(16) {
            0u8..=2 => line.send_random(&self.bytes(400)),
            3..=4 => {
                let zeros = 2 + self.below::<u64>(20);
                let mut bytes = self.bytes(200);
                bytes.iter_mut().filter(|_| self.random.below(zeros) == 0).for_each(|byte| *byte = 0);
                line.send_random(&bytes);
            }
            5..=12 => {
                // What came before is not always ended.
                if !self.one_in(10) {
                    line.send(&[0]);
                }
                line.send(&self.frame());
            }
            13..=14 => line.send(&self.damaged_frame()),
            _ => line.levels(&self.levels()),
        }
        match self.below(4) {
            0u8 => line.instruct(b'H', self.below(300)),
            1 | 2 => line.instruct(b'R', 1 + self.below::<u16>(3)),
            _ => {}
        }
    }
}

/// The board, and both ends of its line.
struct Bench {
    pins: Pins,
    line: Line,
    host: Host,
    noise: Noise,
    identity: Identity,
    longest_wait: u64,
}

impl Bench {
    fn drive(&mut self) -> Vec<Reply> {
        let script = std::mem::take(&mut self.line.script);
        let came = self.pins.drive(script);
        self.host.hear(&came)
    }

    /// Sends requests that are made anew each time, as a host does after a while, until one is answered as wanted.
    fn until(&mut self, request: impl Fn(&Host) -> Vec<u8>, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let (begun, mut patience) = (self.pins.clocks, 16);
        loop {
            self.line.send(&request(&self.host));
            let asked = self.pins.clocks;
            while self.pins.clocks < asked + 1024 * u64::from(patience) {
                self.line.instruct(b'R', patience);
                if let Some(reply) = self.drive().into_iter().find(|reply| wanted(reply)) {
                    self.longest_wait = self.longest_wait.max(self.pins.clocks - begun);
                    return reply;
                }
            }
            assert!(
                self.pins.clocks - begun < MOST_CLOCKS,
                "no answer for {} clocks, after {} bytes: the board is wedged",
                self.pins.clocks - begun,
                self.line.bytes
            );
            patience = (2 * patience).min(8192);
        }
    }

    /// Has a command executed.
    fn done(&mut self, command: &Command) -> Vec<u8> {
        let opcode = command.opcode();
        let request = |host: &Host| request(host.session, host.expected, opcode, &command.payload());
        self.until(request, |reply| reply.opcode == opcode && reply.code == ResultCode::Done).result
    }

    fn status(&mut self) -> Status {
        Status::from_bytes(&self.done(&Command::Status)).unwrap()
    }

    /// A board must answer, whatever it was sent.
    fn check(&mut self) {
        self.line.instruct(b'H', 12 * u16::try_from(BIT_CLOCKS).unwrap());
        self.line.send(&[0]);
        let (session, sequence) = (self.noise.below(256), self.noise.below(1 << 16));
        let asked = |_: &Host| request(session, sequence, 1, &[]);
        let reply = self.until(asked, |reply| reply.opcode == 1 && reply.sequence == sequence);
        let expected = Reply {
            session: self.host.session,
            sequence,
            opcode: 1,
            code: ResultCode::Done,
            expected: self.host.expected,
            result: self.identity.to_bytes(),
        };
        assert_eq!(reply.to_bytes(), expected.to_bytes());

        self.done(&Command::Stop);
        let status = self.status();
        assert!(!status.running, "{status:?}");
        let Line { whole, unsure_whole, damaged, unsure_damaged, .. } = self.line;
        // Every frame was answered or found no room.
        let overruns = u64::from(status.overruns);
        let accounted = self.host.answered + overruns;
        let most = if overruns < FULL { whole + unsure_whole } else { u64::MAX };
        assert!(
            (overruns == FULL || accounted >= whole) && accounted <= most,
            "{accounted} of {whole} and {unsure_whole} frames"
        );
        let counted = u64::from(status.damaged);
        assert!(
            counted >= damaged.min(FULL) && counted <= (damaged + unsure_whole + unsure_damaged).min(FULL),
            "{counted} damaged of {damaged} and {unsure_damaged}"
        );
        // Settings that make a sample long are not kept for ever.
        if !self.noise.one_in(4) {
            let settings = Settings { steps: 2, ..self.noise.settings() };
            self.done(&Command::Configure(settings));
        }
    }

    /// A new session finds a board that works.
    fn works(&mut self) -> Status {
        self.done(&Command::Open { session: self.host.session ^ 0x5A });
        self.done(&Command::Write { space: Space::Samples, address: 3, data: vec![1, 2, 3, 4] });
        let read = self.done(&Command::Read { space: Space::Samples, address: 3, count: 2 });
        assert_eq!(read, [1, 2, 3, 4]);
        let coding = OutputCoding::default();
        self.done(&Command::Configure(Settings {
            steps: 3,
            learning: LearningSchedule::Quasistatic,
            coding,
        }));
        self.done(&Command::Commit { phase: 1 });
        self.done(&Command::Run(Run::training(5, 1, 0, 0, 7, 0)));
        let mut status = self.status();
        for _ in 0..1000 {
            if !status.running {
                break;
            }
            status = self.status();
        }
        // What stands for the array stalls at random.
        if status.stalled {
            return self.works();
        }
        let Status { done, place, epochs, tally, .. } = status;
        assert_eq!((done, place, epochs, tally.samples), (7, 2, 1, 2), "{status:?}");
        status
    }

    fn chunk(&mut self, bytes: u64) {
        let end = self.line.random + bytes;
        while self.line.random < end {
            (self.noise.session, self.noise.sequence) = (self.host.session, self.host.expected);
            for _ in 0..=self.noise.below::<u8>(24) {
                self.noise.add(&mut self.line);
            }
            self.drive();
        }
        self.check();
    }
}

#[test]
fn noise_does_not_wedge_the_board() {
    does_not_wedge(options(false));
}

#[test]
fn noise_does_not_wedge_a_board_whose_samples_stream() {
    does_not_wedge(options(true));
}

fn does_not_wedge(options: IslandOptions) {
    let bytes = std::env::var("WHEATSTONE_NOISE_BYTES").map_or(DEFAULT_BYTES, |bytes| bytes.parse().unwrap());
    let design = Arc::new(design());
    let mut island = Island::new(&design, options).unwrap();
    island.connect_all();
    let Some(pins) = Pins::new(&island, 77) else { return };
    let mut bench = Bench {
        pins,
        line: Line::default(),
        host: Host::default(),
        noise: Noise { random: Random(5), session: 0, sequence: 0 },
        identity: options.facts(&design).unwrap().identity,
        longest_wait: 0,
    };
    let start = Instant::now();
    let mut checks = 0;
    while bench.line.random < bytes {
        bench.chunk(CHUNK_BYTES.min(bytes));
        checks += 1;
    }
    let seconds = start.elapsed().as_secs_f64();

    let status = bench.works();

    let Bench { pins, line, host, longest_wait, .. } = &bench;
    println!(
        "{} random bytes of {}, {checks} checks, {} clocks in {seconds:.1} s: {:.2} million clocks/s",
        line.random,
        line.bytes,
        pins.clocks,
        pins.clocks as f64 / 1e6 / seconds
    );
    println!(
        "{} frames whole, {} perhaps, {} damaged or more; counted {} damaged and {} overruns",
        line.whole, line.unsure_whole, line.damaged, status.damaged, status.overruns
    );
    println!("{} replies: {:?}; executed: {:?}", host.answered, host.codes, host.executed);
    println!("stalled in {} statuses; longest wait for an answer: {longest_wait} clocks", host.stalled);
    if bytes >= DEFAULT_BYTES {
        assert!((1..=10).all(|opcode| host.executed.get(&opcode).is_some_and(|&count| count > 50)));
    }
}
