//! A board in its plainest form: what the protocol says, on any engine.

use crate::protocol::frame::{self, Deframer, Header};
use crate::protocol::sample_layout::word;
use crate::protocol::{
    Command, Identity, LinkLimit, Reply, ResultCode, Run, SampleLayout, SampleOrder, Settings, Space, Status,
};
use wheatstone_sim::generator::{KEY_STEP, order_from};
use wheatstone_sim::{Configuration, Engine, Sample, Tally, scan};

/// What a board can keep, and its pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacities {
    /// Requests that may be on their way at once.
    pub credits: u8,
    /// Words of sample memory, a power of two up to 65,536.
    pub sample_words: u32,
    /// Words of order memory, a power of two up to 32,768.
    pub order_words: u16,
    /// Clock in Hz; 0 for none.
    pub clock_hz: u32,
    /// Speed of the line in baud; 0 if there is no line.
    pub baud: u32,
}

impl Default for Capacities {
    fn default() -> Self {
        Capacities { credits: 8, sample_words: 16_384, order_words: 2048, clock_hz: 0, baud: 0 }
    }
}

/// A board around an engine. Bytes go in by [`Board::receive`], samples are run by [`Board::work`].
#[derive(Debug)]
pub struct Board<E> {
    engine: E,
    identity: Identity,
    layout: SampleLayout,
    deframer: Deframer,
    session: u8,
    expected: u16,
    samples: Vec<u16>,
    order: Vec<u16>,
    /// What was written to the scan chain and not committed yet.
    written: Option<Vec<u8>>,
    settings: Settings,
    run: Run,
    done: u32,
    place: u16,
    epochs: u16,
    /// Epochs until the offset falls; 0 for never.
    until_fall: u16,
    /// The order of the epoch is yet to be made.
    order_due: bool,
    tally: Tally,
    damaged: u16,
}

impl<E: Engine> Board<E> {
    /// A board that was just switched on.
    ///
    /// # Errors
    /// [`LinkLimit`] if the engine's design does not fit the protocol.
    pub fn new(engine: E, capacities: Capacities) -> Result<Board<E>, LinkLimit> {
        let Capacities { credits, sample_words, order_words, clock_hz, baud } = capacities;
        let identity = Identity::of(engine.design())?;
        let Configuration { steps, learning, .. } = engine.configuration();
        Ok(Board {
            layout: SampleLayout::of(engine.design().network()),
            identity: Identity { credits, sample_words, order_words, clock_hz, baud, ..identity },
            deframer: Deframer::default(),
            session: 0,
            expected: 0,
            samples: vec![0; sample_words as usize],
            order: vec![0; order_words.into()],
            written: None,
            settings: Settings {
                steps: u16::try_from(steps).unwrap_or(u16::MAX),
                learning,
                coding: wheatstone_sim::OutputCoding::default(),
            },
            run: Run { limit: 0, ..Run::reading(1) },
            done: 0,
            place: 0,
            epochs: 0,
            until_fall: 0,
            order_due: false,
            tally: Tally::default(),
            damaged: 0,
            engine,
        })
    }

    /// The engine it is built around.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Takes one byte from the line; the bytes of the reply, if the byte completes a request.
    pub fn receive(&mut self, byte: u8) -> Option<Vec<u8>> {
        match self.deframer.push(byte)? {
            Ok(request) => Some(frame::encode(&self.answer(&request).to_bytes())),
            Err(_) => {
                self.damaged = self.damaged.saturating_add(1);
                None
            }
        }
    }

    /// Answers one request: the contents of a whole frame.
    pub fn answer(&mut self, request: &[u8]) -> Reply {
        let Header { session, sequence, opcode } = Header::from_bytes(request);
        let payload = request.get(frame::HEADER..).unwrap_or_default();
        let command = Command::parse(opcode, payload);
        let code = if command == Ok(Command::Identify) {
            Ok(self.identity.to_bytes())
        } else if session != self.session {
            Err(ResultCode::OtherSession)
        } else if sequence != self.expected {
            Err(ResultCode::OutOfOrder)
        } else {
            self.expected = self.expected.wrapping_add(1);
            command.and_then(|command| self.execute(&command))
        };
        let (code, result) = match code {
            Ok(result) => (ResultCode::Done, result),
            Err(code) => (code, Vec::new()),
        };
        let opcode = opcode & 0x7F;
        Reply { session: self.session, sequence, opcode, code, expected: self.expected, result }
    }

    /// Whether a run is in progress.
    pub fn is_running(&self) -> bool {
        self.done < self.run.limit
    }

    /// How far it is.
    pub fn status(&self) -> Status {
        Status {
            running: self.is_running(),
            stalled: false,
            phase: self.engine.state().phase,
            done: self.done,
            place: self.place,
            epochs: self.epochs,
            alpha_offset: self.run.alpha_offset,
            tally: self.tally,
            damaged: self.damaged,
            overruns: 0,
        }
    }

    fn execute(&mut self, command: &Command) -> Result<Vec<u8>, ResultCode> {
        if command.needs_rest() && self.is_running() {
            return Err(ResultCode::Busy);
        }
        match command {
            Command::Identify => {}
            Command::Open { session } => self.session = *session,
            Command::Configure(settings) => self.settings = *settings,
            Command::Write { space, address, data } => self.write(*space, (*address).into(), data)?,
            Command::Read { space, address, count } => {
                return self.read(*space, (*address).into(), (*count).into());
            }
            Command::Run(run) => self.start(*run),
            Command::Extend { limit } => self.run.limit = *limit,
            Command::Stop => self.run.limit = self.done,
            Command::Status => return Ok(self.status().to_bytes()),
            Command::Commit { phase } => self.commit(phase & 1)?,
        }
        Ok(Vec::new())
    }

    fn chain(&self) -> Vec<u8> {
        let written = self.written.clone();
        written.unwrap_or_else(|| scan::to_bytes(self.engine.design(), &self.engine.state()))
    }

    fn write(&mut self, space: Space, address: usize, data: &[u8]) -> Result<(), ResultCode> {
        let place = address..address + data.len() / space.unit();
        let words = data.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes));
        match space {
            Space::Samples | Space::Order => {
                let memory = if space == Space::Samples { &mut self.samples } else { &mut self.order };
                let place = memory.get_mut(place).ok_or(ResultCode::Address)?;
                place.iter_mut().zip(words).for_each(|(place, word)| *place = word);
            }
            Space::Scan => {
                let mut chain = self.chain();
                chain.get_mut(place).ok_or(ResultCode::Address)?.copy_from_slice(data);
                self.written = Some(chain);
            }
        }
        Ok(())
    }

    fn read(&self, space: Space, address: usize, count: usize) -> Result<Vec<u8>, ResultCode> {
        let place = address..address + count;
        let memory = match space {
            Space::Samples => &self.samples,
            Space::Order => &self.order,
            Space::Scan => return self.chain().get(place).map(<[u8]>::to_vec).ok_or(ResultCode::Address),
        };
        let words = memory.get(place).ok_or(ResultCode::Address)?;
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    fn commit(&mut self, phase: u8) -> Result<(), ResultCode> {
        let state = scan::from_bytes(self.engine.design(), &self.chain(), phase);
        self.written = None;
        self.engine.set_state(state).map_err(|_| ResultCode::NotAState)
    }

    fn start(&mut self, run: Run) {
        self.run = run;
        self.written = None;
        self.done = 0;
        self.epochs = 0;
        self.place = run.place;
        self.until_fall = run.first_fall;
        self.tally = Tally::default();
        self.order_due = true;
    }

    /// Puts the order of the epoch into the order memory, if the run wants it.
    fn fill_order(&mut self) {
        if self.run.order != SampleOrder::Generated {
            return;
        }
        let order = order_from(self.run.seed, self.run.key, self.run.samples.into());
        for (place, index) in self.order.iter_mut().zip(order) {
            *place = u16::try_from((index as usize * self.layout.words()) & 0xFFFF).unwrap_or(0);
        }
    }

    /// Runs the next sample of the run, if there is one; whether there was.
    pub fn work(&mut self) -> bool {
        if !self.is_running() {
            return false;
        }
        if std::mem::take(&mut self.order_due) {
            self.fill_order();
        }
        self.show();
        self.done += 1;
        self.place = self.place.wrapping_add(1);
        if self.place == self.run.samples {
            self.end_epoch();
        }
        true
    }

    /// Shows the record whose turn it is. Addresses wrap at the end of the memories.
    fn show(&mut self) {
        if self.place == 0 && !self.run.one_tally {
            self.tally = Tally::default();
        }
        let place = usize::from(self.place);
        let address = match self.run.order {
            SampleOrder::Sequential => place * self.layout.words(),
            SampleOrder::Given | SampleOrder::Generated => self.order[place % self.order.len()].into(),
        };
        let words = self.samples.len();
        let record: Vec<u16> =
            (0..self.layout.words()).map(|i| self.samples[(address + i) % words]).collect();
        let (mut sample, class) = self.layout.decode(self.engine.design().format(), &record);
        let targets = sample.targets.clone();
        if !self.run.impose_targets {
            sample.targets.fill(None);
        }
        let Some(answer) = self.relax(&sample) else { return };
        self.tally.count(self.settings.coding, &targets, class, &answer);
        if self.run.store_answers {
            for (output, &voltage) in answer.iter().enumerate() {
                self.samples[(address + self.layout.targets_at() + output) % words] = word(voltage);
            }
        }
    }

    /// The free answer to a sample; `None` if the settings or the sample are none the engine takes.
    fn relax(&mut self, sample: &Sample) -> Option<Vec<i32>> {
        let Settings { steps, learning, .. } = self.settings;
        let alpha_offset = self.run.alpha_offset;
        self.engine.configure(Configuration { steps: steps.into(), learning, alpha_offset }).ok()?;
        let answer = if self.run.learn { self.engine.train(sample) } else { self.engine.relax(sample) };
        answer.ok()
    }

    fn end_epoch(&mut self) {
        self.place = 0;
        self.epochs = self.epochs.wrapping_add(1);
        self.run.key = self.run.key.wrapping_add(KEY_STEP);
        if self.until_fall > 0 {
            self.until_fall -= 1;
            if self.until_fall == 0 {
                self.run.alpha_offset = self.run.alpha_offset.saturating_sub(1);
                self.until_fall = self.run.fall_every;
            }
        }
        self.order_due = true;
    }
}
