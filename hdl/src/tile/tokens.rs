//! The tokens of a tile on their way: what each is for, and the controls it gives to lanes, columns and tree as it ages.
//!
//! The list of tokens is a memory with constant contents, one word a token. Its word goes through a chain of registers; a
//! stage of the lanes takes its controls from the register of the age at which it works, which depends on the kind of
//! train.

use super::folding::{LANES, TilePlan};
use super::lane::at;
use super::sequencer::{Sequence, index_bits, number};
use crate::bus::{Bus, Shape};
use crate::leaf::{Clocked, Leaf};
use crate::technology::Technology;
use std::fmt::Write;

/// Ages that tokens are kept for.
const AGES: usize = 14;

/// The controls of a tile's lanes, column memories and tree. A name says at which age: `learn` of a learn train, `relax` of a relax
/// train.
#[derive(Clone, Debug)]
pub(super) struct TokenControls {
    /// Number of the column, and whether it is free. Age 2.
    pub column: Bus,
    /// Whether it is a free column. Age 2.
    pub free: Bus,
    /// Address at the conductance memories. Age 6 learn, 1 relax.
    pub read_address: Bus,
    /// Address at the generator memories. Age 5.
    pub draw_address: Bus,
    /// Where generators are written. Age 8.
    pub draw_write_address: Bus,
    /// By lane: the generator is written. Age 8.
    pub draw_write: Vec<Bus>,
    /// The row whose voltages are read. Age 4 learn, 2 relax.
    pub row_slot: Bus,
    /// Number of the learning shift. Age 7.
    pub shift: Bus,
    /// By lane: the edge learns in a learn train. Age 7.
    pub learns: Vec<Bus>,
    /// Where conductances are written. Age 10.
    pub write_address: Bus,
    /// By lane: the conductance is written, and counts for the row's sum. Age 10 of a learn train.
    pub write: Vec<Bus>,
    /// The row whose conductances are summed. Age 10.
    pub sum_slot: Bus,
    /// By lane: something goes up the tree. Age 10 learn, 5 relax.
    pub rises: Vec<Bus>,
    /// By lane: the second product is accumulated. Age 12 learn, 5 relax.
    pub accumulates: Vec<Bus>,
    /// In which slot. Age 12 learn, 5 relax.
    pub slot: Bus,
    /// A sum comes out of the lanes' tree, of a free column. Age 13 learn, 8 relax.
    pub sum_valid: Bus,
    /// It is the first of its column.
    pub sum_first: Bus,
    /// It is the last of its column.
    pub sum_last: Bus,
    /// The column.
    pub sum_column: Bus,
}

/// What a token says; all zero between tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    valid: bool,
    address: i64,
    column: i64,
    slot: i64,
    shift: i64,
    mask: i64,
    free: bool,
    first: bool,
    last: bool,
}

/// Widths of a token's fields.
#[derive(Clone, Copy, Debug)]
struct Widths {
    address: u32,
    column: u32,
    slot: u32,
    shift: u32,
}

/// The learning shifts of a tile's edges without an offset, each once, rising.
pub(super) fn shifts(plan: &TilePlan) -> Vec<i8> {
    let mut shifts: Vec<i8> = plan.tokens.iter().map(|token| token.alpha).collect();
    shifts.sort_unstable();
    shifts.dedup();
    shifts
}

fn words(plan: &TilePlan) -> Vec<Word> {
    let shifts = shifts(plan);
    let word = |(address, token): (usize, &super::folding::Token)| Word {
        column: number(token.column),
        slot: number(token.slot),
        shift: number(shifts.iter().position(|&shift| shift == token.alpha).unwrap_or(0)),
        mask: token.mask(),
        free: address < plan.free,
        first: token.first,
        last: token.last,
        ..Word::default()
    };
    plan.tokens.iter().enumerate().map(word).collect()
}

/// The list of tokens and the chain of registers behind it.
#[derive(Clone, Debug)]
struct TokenPipeline {
    words: Vec<Word>,
    /// Number of the token at ages 0 and 1.
    next: Option<usize>,
    /// By age; ages 0 and 1 hold the address alone.
    ages: [Word; AGES],
    learn: bool,
}

impl Clocked for TokenPipeline {
    fn edge(&mut self, _clock: usize, inputs: &[i64]) {
        let &[_, learn, valid, token] = inputs else { return };
        self.learn = learn == 1;
        self.ages.copy_within(2..AGES - 1, 3);
        self.ages[2] = match self.next {
            Some(token) => Word { valid: true, address: number(token), ..at(&self.words, token) },
            None => self.ages[1],
        };
        self.ages[1] = Word { address: token, ..Word::default() };
        self.next = (valid == 1).then(|| usize::try_from(token).unwrap_or(0));
    }

    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]) {
        let learn = inputs[1] == 1;
        let age = |learn_age: usize, relax_age: usize| &self.ages[if learn { learn_age } else { relax_age }];
        let sum = age(13, 8);
        let scalars = [
            self.ages[2].column,
            self.ages[2].free.into(),
            age(6, 1).address,
            self.ages[5].address,
            self.ages[8].address,
            age(4, 2).slot,
            self.ages[7].shift,
            self.ages[10].address,
            self.ages[10].slot,
            age(12, 5).slot,
            i64::from(sum.valid && sum.free),
            sum.first.into(),
            sum.last.into(),
            sum.column,
        ];
        let in_learn = |mask: i64| if learn { mask } else { 0 };
        let masks = [
            in_learn(self.ages[8].mask),
            in_learn(self.ages[7].mask),
            in_learn(self.ages[10].mask),
            age(10, 5).mask,
            age(12, 5).mask,
        ];
        let lanes = masks.iter().flat_map(|mask| (0..LANES).map(move |lane| (mask >> lane) & 1));
        for (output, value) in outputs.iter_mut().zip(scalars.into_iter().chain(lanes)) {
            *output = value;
        }
    }
}

impl TokenControls {
    /// The outputs in order, with the Verilog of each.
    fn named(&self) -> Vec<(String, &Bus, String)> {
        let scalars = [
            ("column", &self.column, "column_2"),
            ("free", &self.free, "free_2"),
            ("read_address", &self.read_address, "learn ? address_6 : address_1"),
            ("draw_address", &self.draw_address, "address_5"),
            ("draw_write_address", &self.draw_write_address, "address_8"),
            ("row_slot", &self.row_slot, "learn ? slot_4 : slot_2"),
            ("shift", &self.shift, "shift_7"),
            ("write_address", &self.write_address, "address_10"),
            ("sum_slot", &self.sum_slot, "slot_10"),
            ("slot", &self.slot, "learn ? slot_12 : slot_5"),
            ("sum_valid", &self.sum_valid, "learn ? (valid_13 & free_13) : (valid_8 & free_8)"),
            ("sum_first", &self.sum_first, "learn ? first_13 : first_8"),
            ("sum_last", &self.sum_last, "learn ? last_13 : last_8"),
            ("sum_column", &self.sum_column, "learn ? column_13 : column_8"),
        ];
        let masks = [
            ("draw_write", &self.draw_write, "learn & mask_8"),
            ("learns", &self.learns, "learn & mask_7"),
            ("write", &self.write, "learn & mask_10"),
            ("rises", &self.rises, "learn ? mask_10[L] : mask_5"),
            ("accumulates", &self.accumulates, "learn ? mask_12[L] : mask_5"),
        ];
        let lanes = masks.into_iter().flat_map(|(name, buses, text)| {
            buses.iter().enumerate().map(move |(lane, bus)| {
                (
                    format!("{name}_{lane}"),
                    bus,
                    format!("{}[{lane}]", text.replace("[L]", &format!("[{lane}]"))),
                )
            })
        });
        scalars
            .map(|(name, bus, text)| (name.to_owned(), bus, text.to_owned()))
            .into_iter()
            .chain(lanes)
            .collect()
    }
}

/// The tokens of a tile. `tile` is its number, `columns` how many there are of each sort.
pub(super) fn tokens(
    technology: Technology,
    tile: usize,
    plan: &TilePlan,
    columns: usize,
    fire: &Bus,
    sequence: &Sequence,
) -> (Leaf, TokenControls) {
    let widths = Widths {
        address: sequence.token.shape().bits,
        column: index_bits(columns),
        slot: index_bits(plan.slots()),
        shift: index_bits(shifts(plan).len()),
    };
    let wire = |bits| Bus::new(Shape::unsigned(bits));
    let bit = || Bus::new(Shape::BIT);
    let lanes = || (0..LANES).map(|_| bit()).collect::<Vec<_>>();
    let controls = TokenControls {
        column: wire(widths.column),
        free: bit(),
        read_address: wire(widths.address),
        draw_address: wire(widths.address),
        draw_write_address: wire(widths.address),
        draw_write: lanes(),
        row_slot: wire(widths.slot),
        shift: wire(widths.shift),
        learns: lanes(),
        write_address: wire(widths.address),
        write: lanes(),
        sum_slot: wire(widths.slot),
        rises: lanes(),
        accumulates: lanes(),
        slot: wire(widths.slot),
        sum_valid: bit(),
        sum_first: bit(),
        sum_last: bit(),
        sum_column: wire(widths.column),
    };
    let words = words(plan);
    let text = verilog(&words, widths);
    let model = TokenPipeline { words, next: None, ages: [Word::default(); AGES], learn: false };
    let mut leaf = Leaf::clocked(
        format!("tokens_{tile}"),
        "the tokens of a tile, and what each controls as it ages",
        technology.clock_to_q_ps() + technology.lut_ps(),
        1,
        move || Box::new(model.clone()),
    )
    .reads_asynchronously()
    .internal_delay(technology.memory_ps())
    .input("fire", fire)
    .input("learn", &sequence.learn)
    .input("token_valid", &sequence.token_valid)
    .input("token", &sequence.token);
    for (name, bus, text) in controls.named() {
        leaf = leaf.output(name, bus, text);
    }
    (leaf.verilog(text), controls)
}

fn verilog(words: &[Word], widths: Widths) -> String {
    // From the top: column, slot, shift, mask, free, first, last.
    let total = widths.column + widths.slot + widths.shift + 8 + 3;
    let mut text = format!(
        "reg [{top}:0] list [0:{end}];\ninitial begin\n",
        top = total - 1,
        end = (1usize << widths.address) - 1
    );
    for address in 0..1usize << widths.address {
        let word = words.get(address).copied().unwrap_or_default();
        let mut bits = word.column;
        for (width, value) in [
            (widths.slot, word.slot),
            (widths.shift, word.shift),
            (8, word.mask),
            (1, word.free.into()),
            (1, word.first.into()),
            (1, word.last.into()),
        ] {
            bits = (bits << width) | value;
        }
        let _ = writeln!(text, "    list[{address}] = {total}'h{bits:x};");
    }
    text += "end\n";
    let fields = [
        ("column", widths.column),
        ("slot", widths.slot),
        ("shift", widths.shift),
        ("mask", 8),
        ("free", 1),
        ("first", 1),
        ("last", 1),
    ];
    let _ = writeln!(
        text,
        "reg [{top}:0] word_1;\nreg valid_1;\nreg [{a}:0] address_1;\ninitial begin word_1 = 0; valid_1 = 0; address_1 = 0; end\n\
         always @(posedge fire) begin word_1 <= list[token]; valid_1 <= token_valid; address_1 <= token; end",
        top = total - 1,
        a = widths.address - 1,
    );
    for age in 2..AGES {
        let before = age - 1;
        let _ = writeln!(
            text,
            "reg valid_{age};\nreg [{}:0] address_{age};\ninitial begin valid_{age} = 0; address_{age} = 0; end\n\
             always @(posedge fire) begin valid_{age} <= valid_{before}; address_{age} <= address_{before}; end",
            widths.address - 1
        );
        let mut high = total;
        for (name, width) in fields {
            let low = high - width;
            let from = if age == 2 {
                format!("valid_1 ? word_1[{}:{low}] : {width}'d0", high - 1)
            } else {
                format!("{name}_{before}")
            };
            high = low;
            let _ = writeln!(
                text,
                "reg [{}:0] {name}_{age};\ninitial {name}_{age} = 0;\nalways @(posedge fire) {name}_{age} <= {from};",
                width - 1
            );
        }
    }
    text
}
