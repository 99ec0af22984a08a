//! What a host says to a chip to have it learn, and what the model answers.

use std::sync::Arc;
use thiserror::Error;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_link::protocol::{
    Command, LinkLimit, MOST_DATA, ResultCode, Run, SampleLayout, Settings, Space, frame,
};
use wheatstone_link::{Board, Capacities};
use wheatstone_sim::{
    Configuration, Design, Engine, Initial, LearningSchedule, OutputCoding, Reference, Sample, Sense,
    StartError, State, Target, categorize, scan,
};

/// Records in the sample memory; a run goes round.
const RECORDS: u16 = 4;

/// A request, what must come back, and how long to wait before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Bytes on the line, in and with the frame's end.
    pub request: Vec<u8>,
    /// The reply, bytes on the line.
    pub reply: Vec<u8>,
    /// Microseconds before the request.
    pub wait_us: u16,
}

/// Requests in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// Requests with their replies, in order.
    pub exchanges: Vec<Exchange>,
    /// The state the model starts from.
    pub start: State,
    /// The state it ends in: what the last exchanges read from the scan chain.
    pub end: State,
}

/// A design with which one cannot speak.
#[derive(Debug, Error)]
pub enum TranscriptError {
    /// It does not fit the protocol.
    #[error(transparent)]
    Link(#[from] LinkLimit),
    /// The model refuses it.
    #[error("the model cannot start: {0}")]
    Start(#[from] StartError),
    /// The model's board refused a request.
    #[error("the model's board answers {code:?} to {command}; ask for fewer samples or a smaller network")]
    Refused {
        /// The request.
        command: String,
        /// Its answer.
        code: ResultCode,
    },
}

categorize! {
    TranscriptError {
        inner: Link, Start;
        Failed: Refused;
    }
}

struct Recorder {
    board: Board<Reference>,
    session: u8,
    sequence: u16,
    exchanges: Vec<Exchange>,
}

impl Recorder {
    fn ask(&mut self, command: &Command, wait_us: u16) -> Result<(), TranscriptError> {
        let [low, high] = self.sequence.to_le_bytes();
        let contents = [&[self.session, low, high, command.opcode()][..], &command.payload()].concat();
        let reply = self.board.answer(&contents);
        if reply.code != ResultCode::Done {
            let command = format!("{command:?}");
            return Err(TranscriptError::Refused { command, code: reply.code });
        }
        (self.session, self.sequence) = (reply.session, reply.expected);
        let (request, reply) = (frame::encode(&contents), frame::encode(&reply.to_bytes()));
        self.exchanges.push(Exchange { request, reply, wait_us });
        Ok(())
    }
}

impl Transcript {
    /// The chip's state is written, samples too, it is trained on `samples` of them with `steps` steps each, and its state is
    /// read back. `sample_us` is how long a sample may take, in microseconds.
    ///
    /// # Errors
    /// [`TranscriptError`] if the design or what is asked does not fit the protocol.
    pub fn training(
        design: &Arc<Design>,
        options: IslandOptions,
        steps: u16,
        samples: u16,
        sample_us: u16,
    ) -> Result<Transcript, TranscriptError> {
        let groups = design.network().groups().len();
        let start = State::initial(design, &vec![Initial::Uniform { low: 0.1, high: 0.9 }; groups], 5);
        let configuration =
            Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let engine = Reference::new(Arc::clone(design), configuration, start.clone())?;
        let IslandOptions { credits, sample_words, order_words, clock_hz, baud, .. } = options;
        let capacities = Capacities { credits, sample_words, order_words, clock_hz, baud };
        let board = Board::new(engine, capacities)?;
        let mut recorder = Recorder { board, session: 0, sequence: 0, exchanges: Vec::new() };
        recorder.ask(&Command::Identify, 0)?;
        recorder.ask(&Command::Open { session: 3 }, 0)?;
        let most = MOST_DATA & !1;
        let pieces = |bytes: &[u8]| -> Vec<(u16, Vec<u8>)> {
            let place = |index: usize| u16::try_from(index * most).unwrap_or(u16::MAX);
            bytes.chunks(most).enumerate().map(|(index, piece)| (place(index), piece.to_vec())).collect()
        };
        let state = scan::to_bytes(design, &start);
        for (address, data) in pieces(&state) {
            recorder.ask(&Command::Write { space: Space::Scan, address, data }, 0)?;
        }
        recorder.ask(&Command::Commit { phase: start.phase }, 0)?;
        let words: Vec<u8> = records(design).iter().flat_map(|word| word.to_le_bytes()).collect();
        for (at, data) in pieces(&words) {
            recorder.ask(&Command::Write { space: Space::Samples, address: at / 2, data }, 0)?;
        }
        let settings =
            Settings { steps, learning: LearningSchedule::Quasistatic, coding: OutputCoding::default() };
        recorder.ask(&Command::Configure(settings), 0)?;
        recorder.ask(&Command::Run(Run::training(RECORDS, 3, 0, 0, samples.into(), 0)), 0)?;
        while recorder.board.work() {}
        recorder.ask(&Command::Status, samples.saturating_mul(sample_us))?;
        for (address, piece) in pieces(&state) {
            let count = u8::try_from(piece.len()).unwrap_or(u8::MAX);
            recorder.ask(&Command::Read { space: Space::Scan, address, count }, 0)?;
        }
        let end = recorder.board.engine().state();
        Ok(Transcript { exchanges: recorder.exchanges, start, end })
    }
}

/// Samples all over the range of voltages, with targets of every sense.
fn records(design: &Design) -> Vec<u16> {
    let layout = SampleLayout::of(design.network());
    let (low, high) = design.format().v_range();
    let voltage = |number: usize| {
        let number = i64::try_from(number % 1009).unwrap_or(0);
        i32::try_from(low + (high - low) * (number * 7919 % 1009) / 1009).unwrap_or(0)
    };
    let record = |number: usize| {
        let inputs = (0..layout.inputs).map(|input| voltage(number * 31 + input * 7 + 1)).collect();
        let target = |output: usize| Target {
            voltage: voltage(number * 17 + output * 5 + 3),
            sense: Sense::ALL[(number + output) % Sense::ALL.len()],
        };
        let targets = (0..layout.outputs).map(|output| Some(target(output))).collect();
        layout.encode(&Sample { inputs, targets }, Some(0))
    };
    (0..usize::from(RECORDS)).flat_map(record).collect()
}
