//! The sequencer of a tile: counts the fires of its trains, and says what each is for.
//!
//! ```text
//!               ┌─────────────┐─▶ busy            in the middle of a train
//!  steps     ══▶│  sequencer  │─▶ phase *         changes with every train that has ended
//!  start_phase ▶│             │─▶ done *          changes with every request of the array interface that is done
//!  fire       ─▶│             │─▶ learn           the train goes over all tokens
//!               │             │─▶ wave            the wave that rows relax: 0 free, 1 clamped
//!               └─────────────┘─▶ learnt *        changes with every learn train that has ended
//!                               ═▶ token, prepare, take, row: what the pipelines do next
//! ```
//!
//! It holds no data and takes no decision: what it sends at which fire is a table of the [schedule](super::schedule). In scan mode
//! it stands still, and sends the index and the wave of the [scan port](super::scan_port) as numbers without a meaning.

use super::folding::TilePlan;
use super::scan_port::ScanPort;
use super::schedule::{DRAIN, Train, tile_train};
use crate::bus::{Bus, Shape};
use crate::leaf::{Clocked, Leaf};
use crate::technology::Technology;
use std::cmp::Ordering;

/// Width of the number of relaxing steps in a request.
pub(super) const STEP_BITS: u32 = 12;

/// Bits that hold the numbers below `count`, at least one.
pub(super) fn index_bits(count: usize) -> u32 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()).max(1)
}

/// The Verilog of `name`, of `from` bits, with `to` bits: without its highest, or with zeros above.
pub(super) fn resized(name: &str, from: u32, to: u32) -> String {
    match from.cmp(&to) {
        Ordering::Less => format!("{{{}'d0, {name}}}", to - from),
        Ordering::Equal => name.to_owned(),
        Ordering::Greater => format!("{name}[{}:0]", to - 1),
    }
}

/// A number that fits a bus.
pub(super) fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What a sequencer sends to the pipelines of its cell.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    /// 1 in the middle of a train.
    pub busy: Bus,
    /// Changes when a train ends.
    pub phase: Bus,
    /// Changes when a request is done.
    pub done: Bus,
    /// Changes when a learn train ends.
    pub learnt: Bus,
    /// 1 in a learn train.
    pub learn: Bus,
    /// The wave that this cell's nodes relax.
    pub wave: Bus,
    /// A token is sent: to the lanes in a tile, up the tree in the root.
    pub token_valid: Bus,
    /// Its number.
    pub token: Bus,
    /// A node is prepared.
    pub prepare_valid: Bus,
    /// Its number.
    pub prepare: Bus,
}

impl Sequence {
    /// Buses for so many tokens and nodes.
    pub(super) fn new(tokens: usize, nodes: usize) -> Sequence {
        let bit = || Bus::new(Shape::BIT);
        let number = |count| Bus::new(Shape::unsigned(index_bits(count)));
        Sequence {
            busy: bit(),
            phase: bit(),
            done: bit(),
            learnt: bit(),
            learn: bit(),
            wave: bit(),
            token_valid: bit(),
            token: number(tokens),
            prepare_valid: bit(),
            prepare: number(nodes),
        }
    }

    /// The buses under their names.
    pub(super) fn named(&self) -> [(&'static str, &Bus); 10] {
        [
            ("busy", &self.busy),
            ("phase", &self.phase),
            ("done", &self.done),
            ("learnt", &self.learnt),
            ("learn", &self.learn),
            ("wave", &self.wave),
            ("token_valid", &self.token_valid),
            ("token", &self.token),
            ("prepare_valid", &self.prepare_valid),
            ("prepare", &self.prepare),
        ]
    }
}

/// What a tile's sequencer sends besides.
#[derive(Clone, Debug)]
pub(super) struct RowSequence {
    /// The sums of a row are taken out of the accumulators.
    pub take_valid: Bus,
    /// Of which row.
    pub take: Bus,
    /// A row goes into the update unit, one fire later.
    pub row_valid: Bus,
    /// Its number.
    pub row: Bus,
}

/// When a window of a train begins, by kind of train, and how many fires it lasts.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: [usize; 2],
    count: [usize; 2],
}

impl Window {
    /// The place of fire `at` in the window, if it lies in it.
    fn place(&self, train: usize, at: usize) -> Option<usize> {
        at.checked_sub(self.start[train]).filter(|&place| place < self.count[train])
    }

    /// The Verilog of whether `c` lies in the window.
    fn condition(&self, bits: u32) -> String {
        let of = |train: usize| {
            let (from, to) = (self.start[train], self.start[train] + self.count[train]);
            match self.count[train] {
                0 => "1'b0".to_owned(),
                _ if from == 0 => format!("(c < {bits}'d{to})"),
                _ => format!("(c >= {bits}'d{from} & c < {bits}'d{to})"),
            }
        };
        format!("(n == 0 ? {} : {})", of(0), of(1))
    }
}

/// The counters of a sequencer.
#[derive(Clone, Debug)]
struct Sequencer {
    lengths: [usize; 2],
    drain: usize,
    token: Window,
    prepare: Window,
    row: Option<Window>,
    /// Colour of the nodes that the cell relaxes.
    colour: i64,
    train: i64,
    c: usize,
    phase: i64,
    done: i64,
    busy: i64,
    learn: i64,
    wave: i64,
    learnt: i64,
    now: [Option<usize>; 4],
    /// The number that is sent where there is none to send: that of the scan port.
    scanned: i64,
}

impl Clocked for Sequencer {
    fn edge(&mut self, clock: usize, inputs: &[i64]) {
        let &[_, reset, steps, start_phase, scan, index, wave] = inputs else { return };
        if clock == 1 {
            (self.c, self.train) = (0, 0);
            (self.busy, self.phase, self.done, self.learnt) = (0, 0, 0, 0);
            (self.now, self.scanned) = ([None; 4], 0);
            return;
        }
        if reset == 1 {
            return;
        }
        if scan == 1 {
            (self.learn, self.wave, self.now, self.scanned) = (0, wave, [None; 4], index);
            return;
        }
        self.scanned = 0;
        let kind = usize::from(self.train != 0);
        let finishes = self.train == steps;
        let last = self.c + 1 == self.lengths[kind] + if finishes { self.drain } else { 0 };
        self.learn = i64::from(kind == 0);
        // Steps are counted from 1, and the first has the phase the request came with.
        self.wave = start_phase ^ ((self.train + 1) & 1) ^ self.colour;
        self.now = [
            self.token.place(kind, self.c),
            self.prepare.place(kind, self.c),
            self.row.and_then(|row| row.place(kind, self.c + 1)),
            self.row.and_then(|row| row.place(kind, self.c)),
        ];
        self.busy = i64::from(!last);
        self.c = if last { 0 } else { self.c + 1 };
        if last {
            self.phase ^= 1;
            self.learnt ^= i64::from(kind == 0);
            self.done ^= i64::from(finishes);
            self.train = if finishes { 0 } else { self.train + 1 };
        }
    }

    fn outputs(&self, _inputs: &[i64], outputs: &mut [i64]) {
        let (head, windows) = outputs.split_at_mut(6);
        head.copy_from_slice(&[self.busy, self.phase, self.done, self.learnt, self.learn, self.wave]);
        for (window, now) in windows.chunks_mut(2).zip(self.now) {
            window.copy_from_slice(&[i64::from(now.is_some()), now.map_or(self.scanned, number)]);
        }
    }
}

/// What every sequencer has: counters of trains and fires, and windows in which things happen.
struct Layout {
    name: &'static str,
    lengths: [usize; 2],
    /// Further fires of the last train of a request.
    drain: usize,
    token: Window,
    prepare: Window,
    row: Option<Window>,
    colour: u8,
}

/// What a sequencer hears: the fire of its cell, and what the array interface says of the request.
pub(super) struct SequencerInputs<'a> {
    pub fire: &'a Bus,
    /// Brings it to its start. Asynchronous.
    pub reset: &'a Bus,
    /// The relaxing steps of the request.
    pub steps: &'a Bus,
    /// The phase of the first.
    pub phase: &'a Bus,
    pub scan: &'a ScanPort,
}

fn leaf(technology: Technology, layout: Layout, inputs: &SequencerInputs<'_>, sequence: &Sequence) -> Leaf {
    let Layout { name, lengths, drain, token, prepare, row, colour } = layout;
    let longest = lengths[0].max(lengths[1]) + drain;
    let bits = index_bits(longest + 1);
    let [learn_last, relax_last] = lengths.map(|length| length - 1);
    let mut body = format!(
        "reg [{top}:0] c;\nreg [{steps}:0] n;\nreg busy_q, phase_q, done_q, learnt_q, learn_q, wave_q;\n\
         initial begin c = 0; n = 0; busy_q = 0; phase_q = 0; done_q = 0; learnt_q = 0; learn_q = 0; wave_q = 0; end\n\
         wire last = c == (n == 0 ? {bits}'d{learn_last} : {bits}'d{relax_last}) + (n == steps ? {bits}'d{drain} : {bits}'d0);\n\
         always @(posedge fire) begin learn_q <= ~scan & n == 0; wave_q <= scan ? scan_wave : start_phase ^ ~n[0] ^ 1'b{colour}; end\n\
         always @(posedge fire or posedge reset)\n\
         \x20   if (reset) begin c <= 0; n <= 0; busy_q <= 0; phase_q <= 0; done_q <= 0; learnt_q <= 0; end\n\
         \x20   else if (~scan) begin\n        busy_q <= ~last;\n        c <= last ? {bits}'d0 : c + {bits}'d1;\n\
         \x20       if (last) begin\n            phase_q <= ~phase_q;\n            if (n == 0) learnt_q <= ~learnt_q;\n\
         \x20           if (n == steps) begin n <= 0; done_q <= ~done_q; end else n <= n + 1;\n        end\n    end\n",
        top = bits - 1,
        steps = STEP_BITS - 1,
    );
    let mut window = |name: &str, window: Window, width: u32, ahead: usize| {
        let start = window.start.map(|start| start - ahead);
        let condition = Window { start, ..window }.condition(bits);
        let value = if width < bits {
            format!("{name}_place[{}:0]", width - 1)
        } else {
            format!("{{{}'d0, {name}_place}}", width + 1 - bits)
        };
        let scanned = resized("scan_index", inputs.scan.index.shape().bits, width);
        body += &format!(
            "wire [{top}:0] {name}_place = c - (n == 0 ? {bits}'d{} : {bits}'d{});\nwire {name}_now = {condition};\n\
             reg {name}_valid_q;\nreg [{}:0] {name}_q;\ninitial begin {name}_valid_q = 0; {name}_q = 0; end\n\
             always @(posedge fire or posedge reset)\n    if (reset) begin {name}_valid_q <= 0; {name}_q <= 0; end\n\
             \x20   else begin {name}_valid_q <= ~scan & {name}_now; {name}_q <= scan ? {scanned} : {name}_now ? {value} : {width}'d0; end\n",
            start[0],
            start[1],
            width - 1,
            top = bits - 1
        );
    };
    window("token", token, sequence.token.shape().bits, 0);
    window("prepare", prepare, sequence.prepare.shape().bits, 0);
    if let Some(row) = row {
        window("take", row, sequence.prepare.shape().bits, 1);
        window("row", row, sequence.prepare.shape().bits, 0);
    }
    let model = Sequencer {
        lengths,
        drain,
        token,
        prepare,
        row,
        colour: colour.into(),
        train: 0,
        c: 0,
        phase: 0,
        done: 0,
        busy: 0,
        learn: 0,
        wave: 0,
        learnt: 0,
        now: [None; 4],
        scanned: 0,
    };
    let mut leaf =
        Leaf::clocked(name, "counts the fires of its trains", technology.clock_to_q_ps(), 2, move || {
            Box::new(model.clone())
        });
    let SequencerInputs { fire, reset, steps, phase, scan } = inputs;
    for (name, bus) in [
        ("fire", *fire),
        ("reset", reset),
        ("steps", steps),
        ("start_phase", phase),
        ("scan", &scan.mode),
        ("scan_index", &scan.index),
        ("scan_wave", &scan.wave),
    ] {
        leaf = leaf.input(name, bus);
    }
    for (name, bus) in sequence.named() {
        leaf = leaf.output(name, bus, format!("{name}_q"));
    }
    leaf.verilog(body)
}

/// The sequencer of a tile whose rows have that colour.
pub(super) fn tile_sequencer(
    technology: Technology,
    plan: &TilePlan,
    colour: u8,
    inputs: &SequencerInputs<'_>,
    sequence: &Sequence,
) -> (Leaf, RowSequence) {
    let trains = [Train::Learn, Train::Relax].map(|train| tile_train(plan, train));
    let rows = RowSequence {
        take_valid: Bus::new(Shape::BIT),
        take: Bus::new(sequence.prepare.shape()),
        row_valid: Bus::new(Shape::BIT),
        row: Bus::new(sequence.prepare.shape()),
    };
    let layout = Layout {
        name: "tile_sequencer",
        lengths: trains.map(|train| train.length),
        drain: DRAIN,
        token: Window { start: [0, 0], count: trains.map(|train| train.tokens) },
        prepare: Window { start: [0, 0], count: [0, plan.rows.len()] },
        row: Some(Window {
            start: trains.map(|train| train.take + 1),
            count: trains.map(|train| train.rows),
        }),
        colour,
    };
    let leaf = leaf(technology, layout, inputs, sequence)
        .output("take_valid", &rows.take_valid, "take_valid_q")
        .output("take", &rows.take, "take_q")
        .output("row_valid", &rows.row_valid, "row_valid_q")
        .output("row", &rows.row, "row_q");
    (leaf, rows)
}

/// The sequencer of the root: it reads the sums of `columns` columns from fire `read` on, in trains of `length` fires.
pub(super) fn root_sequencer(
    technology: Technology,
    (read, columns, length): (usize, usize, usize),
    colour: u8,
    inputs: &SequencerInputs<'_>,
    sequence: &Sequence,
) -> Leaf {
    let layout = Layout {
        name: "root_sequencer",
        lengths: [length; 2],
        drain: 0,
        token: Window { start: [read; 2], count: [columns; 2] },
        prepare: Window { start: [0, 0], count: [0, columns] },
        row: None,
        colour,
    };
    leaf(technology, layout, inputs, sequence)
}
