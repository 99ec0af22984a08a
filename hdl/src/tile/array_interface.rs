//! The array interface of a folded array: between the island's words and requests, and the array's memories and trains.
//!
//! To the island it looks as the interface and the cells of a [spatial array](crate::Array) do, so that one island serves both:
//!
//! | the island's | what becomes of it |
//! |---|---|
//! | words of a sample, one a clock | each is written where its node lies, into the bank that is not in use |
//! | a burst | a request: the array learns from the burst before, then relaxes |
//! | the end of a stretch of samples | a request of no steps, which takes the learning step that is pending; `rest` waits for it |
//! | a step of another phase than the one due | the waves of all nodes change places |
//! | the scan chain, bit after bit | memories, word after word: one is shifted while the one before is written and the one after read |
//!
//! The chain is as long as whole bytes are, its last bits 0. It rotates as a chain does: what enters at a position takes the place of
//! what leaves there.

mod places;
mod verilog;

use super::folded_array::FoldedArray;
use super::folding::NotFoldable;
use super::scan_port::word_bits;
use super::sequencer::number;
use crate::bus::{Bus, Shape};
use crate::cell::Controls;
use crate::island::array_interface::{Ranks, answer_side};
use crate::leaf::{Clocked, Leaf};
use crate::module::Module;
use crate::primitive::{clock_gate, delay_line};
use crate::technology::Technology;
use places::{RecordWord, Scanned, ScannedKind, record, scan_order};
use wheatstone_sim::Format;

/// Clocks after a request for which the array may still look idle.
const STILL_IDLE: i64 = 4;

/// When an access to the array's memories does what, in clocks from its first strobe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Access {
    /// Strobes until the index stands everywhere.
    fill: i64,
    writes: bool,
}

impl Access {
    /// The clock at which the word begins to be written, and the one at which that ends.
    fn write(self) -> [i64; 2] {
        [self.fill, self.fill + 2]
    }

    /// Its last clock. What was read is taken then, two clocks after the last strobe.
    fn end(self) -> i64 {
        self.fill + if self.writes { 4 } else { 2 }
    }

    /// Whether a strobe follows clock `c`. A node's voltage leaves the update unit with the one that writes it, and is copied with
    /// the one after.
    fn strobes(self, c: i64) -> bool {
        let [from, to] = self.write();
        c < self.fill || (self.writes && (c == from + 1 || c == to + 1))
    }
}

/// How long the index takes to the memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fill {
    edge: i64,
    node_read: i64,
    node_write: i64,
}

impl Fill {
    fn access(self, kind: ScannedKind, writes: bool) -> Access {
        let fill = match (kind, writes) {
            (ScannedKind::Edge, _) => self.edge,
            (ScannedKind::Node, false) => self.node_read,
            (ScannedKind::Node, true) => self.node_write,
            (ScannedKind::Input, _) => 0,
        };
        Access { fill, writes }
    }

    /// Clocks that an access takes in all, finding its place included.
    fn clocks(self, kind: ScannedKind, writes: bool) -> i64 {
        let end = self.access(kind, writes).end();
        3 + match kind {
            ScannedKind::Edge => end + 1,
            ScannedKind::Node => 2 * (end + 1),
            ScannedKind::Input => 0,
        }
    }
}

/// The array interface of one folded array.
#[derive(Clone, Debug)]
pub struct FoldedInterface {
    /// It as a module named `folded_border`.
    pub module: Module,
    /// In: the board's clock.
    pub clock: Bus,
    /// In: whether this clock brings a word.
    pub shift: Bus,
    /// In: the word.
    pub word: Bus,
    /// In: whether the outputs see their targets.
    pub impose: Bus,
    /// In: number of an output, 16 bits.
    pub index: Bus,
    /// Out: its free voltage, 16 bits, signed.
    pub answer: Bus,
    /// In: when answers are kept.
    pub ranks: Ranks,
    /// In: samples stream, and another one comes.
    pub streams: Bus,
    /// Out: the next sample may be brought.
    pub free: Bus,
    /// In: what the island asks of the array.
    pub controls: Controls,
    /// Out: the array has done what was asked for.
    pub idle: Bus,
    /// In and out: the scan chain.
    pub scan: [Bus; 2],
}

impl FoldedInterface {
    /// The array interface of an array. It drives everything the array is controlled by.
    ///
    /// # Errors
    /// [`NotFoldable::Scan`] if the format is so narrow that words of the scan chain would come faster than memories are read.
    pub fn new(array: &FoldedArray) -> Result<FoldedInterface, NotFoldable> {
        let technology = array.options().technology;
        let design = array.design();
        let format = design.format();
        let mut module = Module::new(
            "folded_border",
            format!("between words and the memories of {}", design.network().name()),
        );
        let bit = || Bus::new(Shape::BIT);
        let interface = FoldedInterface {
            module: module.clone(),
            clock: bit(),
            shift: bit(),
            word: Bus::new(Shape::unsigned(16)),
            impose: bit(),
            index: Bus::new(Shape::unsigned(16)),
            answer: Bus::new(Shape::signed(16)),
            ranks: Ranks { take: bit(), hold: bit() },
            streams: bit(),
            free: bit(),
            controls: Controls::new(),
            idle: bit(),
            scan: [bit(), bit()],
        };
        for (name, bus) in interface.inputs() {
            module.input(name, bus);
        }
        let places = scan_order(array);
        let [edge, node_read, node_write] = array.scan_fill().map(number);
        let fill = Fill { edge, node_read, node_write };
        check(&places, fill, format)?;
        let record = record(array);
        let controls = &array.controls;
        let model = Border {
            format,
            places: places.clone(),
            record: record.clone(),
            fill,
            inputs: [vec![0; design.network().inputs().len()], vec![0; design.network().inputs().len()]],
            input_write: None,
            next_senses: vec![0; design.network().outputs().len()],
            senses: vec![0; design.network().outputs().len()],
            at: Registers::default(),
        };
        let mut leaf = Leaf::clocked(
            "folded_interface",
            "samples, requests and the scan chain of a folded array",
            technology.clock_to_q_ps(),
            1,
            move || Box::new(model.clone()),
        )
        .reads_asynchronously()
        .internal_delay(technology.memory_ps())
        .input("clock", &interface.clock);
        for (name, bus) in [
            ("shift", &interface.shift),
            ("word", &interface.word),
            ("impose", &interface.impose),
            ("streams", &interface.streams),
            ("scan_in", &interface.scan[0]),
            ("array_idle", &array.idle),
            ("learnt", &array.learnt),
            ("scanned", &array.scanned),
        ] {
            leaf = leaf.input(name, bus);
        }
        for (name, bus) in interface.controls.named() {
            leaf = leaf.input(format!("asked_{name}"), bus);
        }
        for (name, bus) in
            [("array_idle", &array.idle), ("learnt", &array.learnt), ("scanned", &array.scanned)]
        {
            module.input(name, bus);
        }
        for (name, bus, text) in [
            ("rest", &interface.idle, "rest_now"),
            ("scan_out", &interface.scan[1], "shifted[0]"),
            ("free", &interface.free, "free_now"),
        ] {
            leaf = leaf.output(name, bus, text);
            module.output(name, bus);
        }
        for (name, bus) in controls.named() {
            module.output(format!("to_{name}"), bus);
            let register = match name.as_str() {
                "strobe" => Some("write_now"),
                "scan_strobe" => Some("strobing"),
                _ => None,
            };
            if let Some(register) = register {
                let now = strobe(&mut module, technology, &interface.clock, (&name, bus));
                leaf = leaf.output(format!("{name}_now"), &now, register);
                continue;
            }
            let text = match name.as_str() {
                "reset" => "asked_reset".to_owned(),
                "steps" => format!("{{{}'d0, steps_q}}", bus.shape().bits - crate::cell::STEP_BITS),
                _ => match name.strip_prefix("sense_") {
                    Some(output) => format!("senses[{output}*2 +: 2] & {{2{{impose}}}}"),
                    None => format!("{name}_q"),
                },
            };
            leaf = leaf.output(format!("to_{name}"), bus, text);
        }
        let text = verilog::verilog(&verilog::Layout {
            format,
            places: &places,
            record: &record,
            fill,
            index_bits: controls.scan.index.shape().bits,
            write_index_bits: controls.write.index.shape().bits,
            cell_bits: controls.scan.cell.shape().bits,
            word_bits: word_bits(design),
            inputs: design.network().inputs().len(),
            outputs: design.network().outputs().len(),
        });
        module.leaf("words_and_requests", leaf.verilog(text));
        let answers: Vec<Bus> = array.answers.clone();
        let buses = [&interface.clock, &interface.index];
        answer_side(&mut module, technology, buses, Some(&interface.ranks), answers, &interface.answer);
        Ok(FoldedInterface { module, ..interface })
    }

    /// What the island drives, with names.
    pub fn inputs(&self) -> Vec<(&'static str, &Bus)> {
        let mut inputs = vec![
            ("clock", &self.clock),
            ("shift", &self.shift),
            ("word", &self.word),
            ("impose", &self.impose),
            ("index", &self.index),
            ("take", &self.ranks.take),
            ("hold", &self.ranks.hold),
            ("streams", &self.streams),
            ("scan_in", &self.scan[0]),
        ];
        inputs.extend(self.controls.named());
        inputs
    }
}

/// Makes a strobe of a register: the clock's low halves where the register is 1. Gives the register's bus.
fn strobe(module: &mut Module, technology: Technology, clock: &Bus, (name, strobe): (&str, &Bus)) -> Bus {
    let now = module.wire(format!("{name}_now"), Shape::BIT);
    let settled = module.wire(format!("{name}_settled"), Shape::BIT);
    module.leaf(format!("{name}_settles"), delay_line(technology, SETTLING_LUTS, &now, &settled));
    module.leaf(format!("{name}_gate"), clock_gate(technology, &settled, clock, strobe));
    now
}

/// LUTs by which the enable of a strobe follows the clock that ends the strobe before.
const SETTLING_LUTS: u32 = 6;

/// The controller takes four clocks for a bit of the chain.
const CLOCKS_A_BIT: i64 = 4;

/// While one word is shifted, the one after is read and the one before is written.
fn check(places: &[Scanned], fill: Fill, format: Format) -> Result<(), NotFoldable> {
    let words = places.len();
    let too_fast = (0..words).any(|i| {
        let (before, after) = (&places[(i + words - 1) % words], &places[(i + 1) % words]);
        let needed = fill.clocks(after.kind, false) + fill.clocks(before.kind, true);
        needed > CLOCKS_A_BIT * i64::from(places[i].bits)
    });
    if too_fast { Err(NotFoldable::Scan { v_bits: format.v_bits() }) } else { Ok(()) }
}

/// What the interface is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doing {
    #[default]
    Idle,
    /// The array sees a request a clock later.
    Settle,
    Working,
    /// The island has the scan chain.
    Scan,
    /// The waves change places.
    Swap,
}

impl Doing {
    /// Its number in Verilog.
    fn code(self) -> i64 {
        match self {
            Doing::Idle => 0,
            Doing::Settle => 1,
            Doing::Working => 2,
            Doing::Scan => 3,
            Doing::Swap => 4,
        }
    }
}

/// What the access to the memories is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    None,
    /// The place is being looked up.
    Find,
    /// The place is known.
    Begin,
    /// Strobes go out.
    Strobe,
}

#[derive(Clone, Copy, Debug, Default)]
struct Registers {
    doing: Doing,
    // Requests.
    go_seen: i64,
    go: i64,
    steps: i64,
    start_phase: i64,
    old_bank: i64,
    bank: i64,
    apply: i64,
    offset: i64,
    desynchronous: i64,
    rarity: i64,
    pending: i64,
    pending_offset: i64,
    pending_desynchronous: i64,
    pending_rarity: i64,
    phase_now: i64,
    wait: i64,
    idle: [i64; 2],
    learnt: [i64; 2],
    // Writes of samples.
    count: usize,
    write_now: i64,
    to: i64,
    write_bank: i64,
    index: i64,
    voltage: i64,
    // The scan chain: the word that is shifted, and the one after.
    strobe_seen: i64,
    home: i64,
    ready: i64,
    loaded: i64,
    shifted: i64,
    shifted_place: usize,
    shifted_bits: i64,
    bit: i64,
    ahead: i64,
    ahead_bits: i64,
    ahead_place: usize,
    // The word before.
    behind: i64,
    behind_place: usize,
    must_write: i64,
    must_read: i64,
    // The access.
    stage: Stage,
    writes: i64,
    place: usize,
    found: Option<Scanned>,
    c: i64,
    both: [i64; 2],
    // The scan port.
    mode: i64,
    strobing: i64,
    cell: i64,
    edge: i64,
    lane: i64,
    scan_index: i64,
    wave: i64,
    write: i64,
    scan_word: i64,
}

#[derive(Clone, Debug)]
struct Border {
    format: Format,
    places: Vec<Scanned>,
    record: Vec<RecordWord>,
    fill: Fill,
    /// By bank: the voltages of the inputs.
    inputs: [Vec<i64>; 2],
    /// What this clock writes there: the bank, the input and its voltage.
    input_write: Option<(usize, usize, i64)>,
    /// By output: its sense in the sample that comes, and in the one that is relaxed.
    next_senses: Vec<i64>,
    senses: Vec<i64>,
    at: Registers,
}

/// The inputs, after the clock.
struct Inputs {
    shift: bool,
    word: i64,
    impose: i64,
    streams: bool,
    scan_in: i64,
    array_idle: i64,
    learnt: i64,
    scanned: i64,
    go: i64,
    reset: i64,
    scan: bool,
    strobe: i64,
    steps: i64,
    close: i64,
    present: bool,
    phase: i64,
    learn: i64,
    desynchronous: i64,
    rarity: i64,
    offset: i64,
}

impl Inputs {
    fn new(values: &[i64]) -> Inputs {
        let mut values = values[1..].iter().copied();
        let mut next = || values.next().unwrap_or(0);
        Inputs {
            shift: next() == 1,
            word: next(),
            impose: next(),
            streams: next() == 1,
            scan_in: next(),
            array_idle: next(),
            learnt: next(),
            scanned: next(),
            go: next(),
            reset: next(),
            scan: next() == 1,
            strobe: next(),
            steps: next(),
            close: next(),
            present: next() == 1,
            phase: next(),
            learn: next(),
            desynchronous: next(),
            rarity: next(),
            offset: next(),
        }
    }
}

impl Registers {
    fn request(&self, x: &Inputs) -> bool {
        x.go != self.go_seen
    }

    /// A learning step is due that no further burst takes.
    fn flush(&self, x: &Inputs) -> bool {
        self.pending == 1 && !x.streams
    }

    /// What the island takes for the array's rest.
    fn rest(&self, x: &Inputs) -> bool {
        let ready = self.doing == Doing::Scan && self.ready == 1 && x.scan && self.home == 0;
        !self.request(x) && (ready || (self.doing == Doing::Idle && !self.flush(x) && !x.scan))
    }

    /// The bank that is not in use may be overwritten.
    fn free(&self, x: &Inputs) -> bool {
        match self.doing {
            Doing::Idle => !self.request(x),
            Doing::Working => self.wait == 0 && self.learnt[1] == 1,
            Doing::Settle | Doing::Scan | Doing::Swap => false,
        }
    }

    fn begin_access(&mut self, place: usize, writes: i64) {
        (self.place, self.writes, self.stage) = (place, writes, Stage::Find);
    }
}

impl Border {
    /// The lowest bits of a word as a voltage.
    fn voltage(&self, word: i64) -> i64 {
        wheatstone_sim::scan::sign_extend(word, self.format.v_bits())
    }

    /// Which wave a node has updated last.
    fn current(phase: i64, colour: i64) -> usize {
        if (phase + colour) % 2 == 1 { 0 } else { 1 }
    }

    /// Bits `first`, `first + 2`, ... of a word.
    fn every_second(&self, word: i64, first: u32) -> i64 {
        let bits = self.format.v_bits() + self.format.v_guard();
        (0..bits).fold(0, |value, i| value | (((word >> (2 * i + first)) & 1) << i))
    }

    /// What is written of a word: all of an edge's, one wave of a node's.
    fn written(&self, found: &Scanned, word: i64, wave: usize, phase: i64) -> i64 {
        match found.kind {
            ScannedKind::Edge | ScannedKind::Input => word,
            ScannedKind::Node => {
                self.every_second(word, u32::from(Border::current(phase, found.colour) == wave))
            }
        }
    }

    /// A node's word of both its accumulators.
    fn interleaved(&self, both: [i64; 2], phase: i64, colour: i64) -> i64 {
        let current = Border::current(phase, colour);
        let bits = self.format.v_bits() + self.format.v_guard();
        let bit = |u: i64, i: u32| (u >> i) & 1;
        (0..bits).fold(0, |word, i| {
            word | (bit(both[1 - current], i) << (2 * i)) | (bit(both[current], i) << (2 * i + 1))
        })
    }

    fn next_place(&self, place: usize) -> usize {
        if place + 1 == self.places.len() { 0 } else { place + 1 }
    }

    /// A word of a sample comes.
    fn take_word(&mut self, d: &mut Registers, x: &Inputs) {
        let q = self.at;
        let place = q.count;
        d.count = if place + 1 == self.record.len() { 0 } else { place + 1 };
        d.voltage = self.voltage(x.word);
        d.write_bank = 1 - q.bank;
        match self.record[place] {
            RecordWord::Input(target) | RecordWord::Target(target) => {
                (d.to, d.index, d.write_now) = (target.to, target.index, 1);
                if place < self.inputs[0].len() {
                    self.input_write = Some((usize::from(q.bank == 0), place, d.voltage));
                }
            }
            RecordWord::Senses => {
                let before = self.record[..place].iter().filter(|word| **word == RecordWord::Senses).count();
                for (output, sense) in self.next_senses.iter_mut().enumerate().skip(8 * before).take(8) {
                    *sense = (x.word >> (2 * (output % 8))) & 3;
                }
            }
        }
    }

    /// A request begins.
    fn begin(&mut self, d: &mut Registers, x: &Inputs) {
        let q = self.at;
        (d.go_seen, d.steps, d.start_phase) = (x.go, x.steps, x.phase);
        d.old_bank = q.bank;
        if x.present {
            d.bank = 1 - q.bank;
            self.senses.clone_from(&self.next_senses);
        }
        d.apply = q.pending;
        (d.offset, d.desynchronous, d.rarity) = (q.pending_offset, q.pending_desynchronous, q.pending_rarity);
        d.pending = x.close & x.learn;
        (d.pending_offset, d.pending_desynchronous, d.pending_rarity) = (x.offset, x.desynchronous, x.rarity);
        d.phase_now = x.phase ^ (x.steps & 1);
        d.doing = Doing::Settle;
    }

    /// What is due when nothing is being done.
    fn choose(&mut self, d: &mut Registers, x: &Inputs) {
        let q = self.at;
        if q.request(x) {
            if x.phase == q.phase_now {
                self.begin(d, x);
            } else {
                (d.doing, d.mode) = (Doing::Swap, 1);
                let nodes = self.places.iter().position(|word| word.kind != ScannedKind::Edge);
                d.begin_access(nodes.unwrap_or(0), 0);
            }
        } else if q.flush(x) {
            (d.steps, d.old_bank, d.apply, d.pending) = (0, q.bank, 1, 0);
            (d.offset, d.desynchronous, d.rarity) =
                (q.pending_offset, q.pending_desynchronous, q.pending_rarity);
            d.doing = Doing::Settle;
        } else if x.scan {
            (d.doing, d.mode, d.loaded, d.ready, d.home) = (Doing::Scan, 1, 0, 0, 0);
            (d.shifted_place, d.ahead_place, d.bit, d.must_read, d.must_write) = (0, 0, 0, 1, 0);
        }
    }

    /// The island has the scan chain.
    fn scan(&self, d: &mut Registers, x: &Inputs) {
        let q = self.at;
        if !x.scan {
            d.home = 1;
        }
        if q.stage == Stage::None {
            if q.must_read == 1 {
                d.begin_access(q.ahead_place, 0);
            } else if q.must_write == 1 {
                d.begin_access(q.behind_place, 1);
            } else if q.home == 1 {
                (d.doing, d.mode) = (Doing::Idle, 0);
            }
        }
        if x.strobe == 1 && q.strobe_seen == 0 && q.ready == 1 {
            let word = (q.shifted >> 1) | (x.scan_in << (q.shifted_bits - 1));
            if q.bit + 1 == q.shifted_bits {
                (d.behind, d.behind_place, d.must_write) = (word, q.shifted_place, 1);
                (d.shifted, d.shifted_bits, d.shifted_place) = (q.ahead, q.ahead_bits, q.ahead_place);
                (d.ahead_place, d.must_read, d.bit) = (self.next_place(q.ahead_place), 1, 0);
            } else {
                (d.shifted, d.bit) = (word, q.bit + 1);
            }
        }
    }

    /// The access goes on by a clock.
    fn access(&mut self, d: &mut Registers, x: &Inputs) {
        let q = self.at;
        match (q.stage, q.found) {
            (Stage::None, _) => {}
            (Stage::Find, _) => {
                d.found = self.places.get(q.place).copied();
                d.stage = Stage::Begin;
            }
            (_, None) => d.stage = Stage::None,
            (Stage::Begin, Some(found)) if found.kind == ScannedKind::Input => {
                let slot = usize::try_from(found.slot).unwrap_or(0);
                let bank = usize::from(q.bank == 1);
                if q.writes == 1 {
                    d.voltage = self.voltage(q.behind);
                    (d.to, d.index, d.write_bank, d.write_now) =
                        (found.target.to, found.target.index, q.bank, 1);
                    self.input_write.get_or_insert((bank, slot, d.voltage));
                }
                let word = self.inputs[bank][slot] & ((1 << self.format.v_bits()) - 1);
                self.finish(d, x, &found, word);
            }
            (Stage::Begin, Some(found)) => {
                let Scanned { kind, target, slot, .. } = found;
                (d.cell, d.edge, d.lane) = (target.to, i64::from(kind == ScannedKind::Edge), slot);
                (d.scan_index, d.wave, d.c) = (target.index, 0, 0);
                d.scan_word = self.written(&found, q.behind, 0, self.write_phase(x));
                d.stage = Stage::Strobe;
            }
            (Stage::Strobe, Some(found)) => self.strobe(d, x, &found),
        }
    }

    /// The phase by which a word that is written tells its waves apart.
    fn write_phase(&self, x: &Inputs) -> i64 {
        if self.at.doing == Doing::Swap { x.phase } else { self.at.phase_now }
    }

    fn strobe(&mut self, d: &mut Registers, x: &Inputs, found: &Scanned) {
        let q = self.at;
        let access = self.fill.access(found.kind, q.writes == 1);
        d.strobing = i64::from(access.strobes(q.c));
        let [from, to] = access.write();
        d.write = i64::from(access.writes && (from..to).contains(&q.c));
        d.c = q.c + 1;
        if q.c < access.end() {
            return;
        }
        d.both = [x.scanned, q.both[0]];
        if found.kind == ScannedKind::Node && q.wave == 0 {
            (d.wave, d.c) = (1, 0);
            d.scan_word = self.written(found, q.behind, 1, self.write_phase(x));
            return;
        }
        let word = match found.kind {
            ScannedKind::Edge | ScannedKind::Input => x.scanned,
            ScannedKind::Node => self.interleaved([q.both[0], x.scanned], q.phase_now, found.colour),
        };
        self.finish(d, x, found, word);
    }

    /// The access has ended, with that word if it has read one.
    fn finish(&self, d: &mut Registers, x: &Inputs, found: &Scanned, word: i64) {
        let q = self.at;
        d.stage = Stage::None;
        if q.doing == Doing::Swap {
            if q.writes == 0 {
                (d.behind, d.writes, d.stage) = (word, 1, Stage::Begin);
            } else if q.place + 1 == self.places.len() {
                (d.phase_now, d.doing, d.mode) = (x.phase, Doing::Idle, 0);
            } else {
                d.begin_access(q.place + 1, 0);
            }
        } else if q.writes == 1 {
            d.must_write = 0;
        } else if q.loaded == 0 {
            (d.shifted, d.shifted_bits, d.loaded) = (word, found.bits.into(), 1);
            d.ahead_place = self.next_place(q.ahead_place);
        } else {
            (d.ahead, d.ahead_bits, d.must_read, d.ready) = (word, found.bits.into(), 0, 1);
        }
    }
}

impl Clocked for Border {
    fn edge(&mut self, _clock: usize, inputs: &[i64]) {
        let x = Inputs::new(inputs);
        let q = self.at;
        let mut d = q;
        d.idle = [x.array_idle, q.idle[0]];
        d.learnt = [x.learnt, q.learnt[0]];
        d.strobe_seen = x.strobe;
        d.write_now = 0;
        match q.doing {
            Doing::Idle => self.choose(&mut d, &x),
            Doing::Settle => {
                (d.go, d.wait) = (1 - q.go, STILL_IDLE);
                d.doing = Doing::Working;
            }
            Doing::Working => {
                if q.wait > 0 {
                    d.wait = q.wait - 1;
                } else if q.idle[1] == 1 {
                    d.doing = Doing::Idle;
                }
            }
            Doing::Scan => self.scan(&mut d, &x),
            Doing::Swap => {}
        }
        // A request takes the senses that were there before.
        if x.shift {
            self.take_word(&mut d, &x);
        }
        self.access(&mut d, &x);
        if let Some((bank, input, voltage)) = self.input_write.take() {
            self.inputs[bank][input] = voltage;
        }
        if x.reset == 1 {
            (d.doing, d.stage) = (Doing::Idle, Stage::None);
            (d.go_seen, d.go, d.pending, d.count) = (x.go, 0, 0, 0);
            (d.write_now, d.mode, d.strobing, d.write) = (0, 0, 0, 0);
        }
        self.at = d;
    }

    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]) {
        let x = Inputs::new(inputs);
        let q = &self.at;
        let fixed = [
            q.rest(&x).into(),
            q.shifted & 1,
            q.free(&x).into(),
            q.go,
            q.steps,
            q.start_phase,
            q.old_bank,
            q.bank,
            x.reset,
            q.write_now,
            q.to,
            q.write_bank,
            q.index,
            q.voltage,
            q.apply,
            q.offset,
            q.desynchronous,
            q.rarity,
            q.mode,
            q.strobing,
            q.cell,
            q.edge,
            q.lane,
            q.scan_index,
            q.wave,
            q.write,
            q.scan_word,
        ];
        let senses = self.senses.iter().map(|&sense| if x.impose == 1 { sense } else { 0 });
        for (output, value) in outputs.iter_mut().zip(fixed.into_iter().chain(senses)) {
            *output = value;
        }
    }
}
