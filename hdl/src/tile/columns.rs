//! The columns' voltages in a tile: those of the samples, and copies of the free ones.
//!
//! A learn train needs the sample before, for the drops from which edges learn, and the next one, for the sums. So there
//! are two banks, and the array interface fills one while the other is in use. Free columns are written by the root's
//! fire. Each tile has copies of all, so that nothing has to cross the chip while it works.

use super::sequencer::{Sequence, index_bits, resized};
use super::tokens::TokenControls;
use crate::bus::{Bus, Shape};
use crate::leaf::{Clocked, Leaf};
use crate::technology::Technology;

/// What the array interface writes: voltages of samples, and targets.
#[derive(Clone, Debug)]
pub(super) struct SampleWrite {
    /// Its clock.
    pub strobe: Bus,
    /// 0: an imposed column; 1: the target of a column; 2 and on: row sample or target of tile number `to - 2`.
    pub to: Bus,
    /// Which bank.
    pub bank: Bus,
    /// Number of the column or row.
    pub index: Bus,
    /// The voltage.
    pub voltage: Bus,
}

/// Number of [`SampleWrite::to`] for imposed columns.
pub(super) const TO_COLUMNS: i64 = 0;
/// Number of [`SampleWrite::to`] for the root.
pub(super) const TO_ROOT: i64 = 1;
/// Number of [`SampleWrite::to`] for tile 0.
pub(super) const TO_TILE: i64 = 2;

/// A node's voltage as an update unit sends it.
#[derive(Clone, Debug)]
pub(super) struct VoltageWrite {
    /// Something is sent.
    pub valid: Bus,
    /// Number of the node in its cell.
    pub index: Bus,
    /// 0: free; 1: clamped.
    pub wave: Bus,
    /// Both waves have it: the node is imposed.
    pub both: Bus,
    /// The voltage.
    pub voltage: Bus,
}

impl VoltageWrite {
    /// Buses for so many nodes.
    pub(super) fn new(nodes: usize, v_bits: u32) -> VoltageWrite {
        let bit = || Bus::new(Shape::BIT);
        VoltageWrite {
            valid: bit(),
            index: Bus::new(Shape::unsigned(index_bits(nodes))),
            wave: bit(),
            both: bit(),
            voltage: Bus::new(Shape::signed(v_bits)),
        }
    }

    /// The buses under their names.
    pub(super) fn named(&self) -> [(&'static str, &Bus); 5] {
        [
            ("sent", &self.valid),
            ("sent_index", &self.index),
            ("sent_wave", &self.wave),
            ("sent_both", &self.both),
            ("sent_voltage", &self.voltage),
        ]
    }
}

/// What lanes see of the columns.
#[derive(Clone, Debug)]
pub(super) struct ColumnVoltages {
    /// Sum of both waves' voltages. Age 5 of a learn train.
    pub sum: Bus,
    /// Difference of the free and the clamped wave's. Age 5 of a learn train.
    pub difference: Bus,
    /// What conductances are multiplied by. Age 10 learn, 3 relax.
    pub forward: Bus,
}

#[derive(Clone, Debug)]
struct Columns {
    samples: [Vec<i64>; 2],
    free: [Vec<i64>; 2],
    /// Age 3: old and new sample, both waves of a free column, whether it is one.
    read: [i64; 5],
    /// Age 4.
    next: [i64; 5],
    relax: i64,
    sum: i64,
    difference: i64,
    /// The new sample's voltage at ages 5 to 10.
    forward: [i64; 6],
}

impl Clocked for Columns {
    fn edge(&mut self, clock: usize, inputs: &[i64]) {
        let &[
            _,
            _,
            _,
            to,
            bank,
            index,
            voltage,
            sent,
            sent_index,
            sent_wave,
            sent_voltage,
            wave,
            old,
            new,
            column,
            is_free,
            _,
        ] = inputs
        else {
            return;
        };
        // Addresses have as many bits as the memories need.
        let place = |index: i64, size: usize| usize::try_from(index).unwrap_or(0) % size;
        let [size, free_size] = [self.samples[0].len(), self.free[0].len()];
        let (index, sent_index) = (place(index, size), place(sent_index, free_size));
        let (column, free_column) = (place(column, size), place(column, free_size));
        match clock {
            0 => {
                self.forward.copy_within(0..5, 1);
                let [old_sample, new_sample, free, clamped, was_free] = self.next;
                self.sum = if was_free == 1 { free + clamped } else { 2 * old_sample };
                self.difference = if was_free == 1 { free - clamped } else { 0 };
                self.forward[0] = if was_free == 1 { 0 } else { new_sample };
                self.next = self.read;
                let bank = |bank: i64| &self.samples[usize::from(bank == 1)];
                let waves = [0, 1].map(|wave: usize| self.free[wave][free_column]);
                self.read = [bank(old)[column], bank(new)[column], waves[0], waves[1], is_free];
                self.relax = waves[usize::from(wave == 1)];
            }
            1 if to == TO_COLUMNS => self.samples[usize::from(bank == 1)][index] = voltage,
            2 if sent == 1 => self.free[usize::from(sent_wave == 1)][sent_index] = sent_voltage,
            _ => {}
        }
    }

    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]) {
        let learn = inputs[inputs.len() - 1] == 1;
        outputs.copy_from_slice(&[
            self.sum,
            self.difference,
            if learn { self.forward[5] } else { self.relax },
        ]);
    }

    fn memory(&mut self, name: &str) -> Option<&mut [i64]> {
        match name {
            "free_0" => Some(&mut self.free[0]),
            "free_1" => Some(&mut self.free[1]),
            "samples_0" => Some(&mut self.samples[0]),
            "samples_1" => Some(&mut self.samples[1]),
            _ => None,
        }
    }
}

/// What the column memories of a tile are connected to.
pub(super) struct ColumnInputs<'a> {
    /// The tile's fire.
    pub fire: &'a Bus,
    /// The root's fire, which writes free columns.
    pub root_fire: &'a Bus,
    /// What the array interface writes.
    pub write: &'a SampleWrite,
    /// What the root writes.
    pub sent: &'a VoltageWrite,
    /// Banks of the sample before and of the one that is relaxed.
    pub banks: [&'a Bus; 2],
    pub sequence: &'a Sequence,
    pub tokens: &'a TokenControls,
}

/// The column memories of a tile, for so many imposed and free columns.
pub(super) fn columns(
    technology: Technology,
    v_bits: u32,
    [imposed, free]: [usize; 2],
    inputs: &ColumnInputs<'_>,
) -> (Leaf, ColumnVoltages) {
    let ColumnInputs { fire, root_fire, write, sent, banks, sequence, tokens } = *inputs;
    let voltages = ColumnVoltages {
        sum: Bus::new(Shape::signed(v_bits + 1)),
        difference: Bus::new(Shape::signed(v_bits + 1)),
        forward: Bus::new(Shape::signed(v_bits)),
    };
    let column_bits = tokens.column.shape().bits;
    let free_bits = index_bits(free);
    let (size, free_size) = (1 << column_bits, 1 << free_bits);
    let model = Columns {
        samples: [vec![0; size], vec![0; size]],
        free: [vec![0; free_size], vec![0; free_size]],
        read: [0; 5],
        next: [0; 5],
        relax: 0,
        sum: 0,
        difference: 0,
        forward: [0; 6],
    };
    let leaf = Leaf::clocked(
        format!("columns_{imposed}_{free}"),
        "voltages of the columns: two samples, and copies of the free ones",
        technology.clock_to_q_ps() + technology.lut_ps(),
        3,
        move || Box::new(model.clone()),
    )
    .reads_asynchronously()
    .internal_delay(technology.memory_ps())
    .input("fire", fire)
    .input("strobe", &write.strobe)
    .input("root_fire", root_fire)
    .input("to", &write.to)
    .input("bank", &write.bank)
    .input("index", &write.index)
    .input("voltage", &write.voltage)
    .input("sent", &sent.valid)
    .input("sent_index", &sent.index)
    .input("sent_wave", &sent.wave)
    .input("sent_voltage", &sent.voltage)
    .input("wave", &sequence.wave)
    .input("old_bank", banks[0])
    .input("new_bank", banks[1])
    .input("column", &tokens.column)
    .input("is_free", &tokens.free)
    .input("learn", &sequence.learn)
    .output("column_sum", &voltages.sum, "sum_q")
    .output("column_difference", &voltages.difference, "difference_q")
    .output("forward", &voltages.forward, "learn ? forward_10 : relax_q")
    .verilog(verilog(v_bits, column_bits, free_bits, write.index.shape().bits));
    (leaf, voltages)
}

fn verilog(v_bits: u32, column_bits: u32, free_bits: u32, index_bits: u32) -> String {
    let v = v_bits - 1;
    let index = resized("index", index_bits, column_bits);
    let free_column = resized("column", column_bits, free_bits);
    let voltages = "sample_0, sample_1, free_3, clamped_3, old_4, new_4, free_4, clamped_4, relax_q, \
                    forward_5, forward_6, forward_7, forward_8, forward_9, forward_10";
    let zero = |names: &str| names.split(", ").map(|name| format!("{name} = 0; ")).collect::<String>();
    format!(
        "reg signed [{v}:0] samples_0 [0:{end}];\nreg signed [{v}:0] samples_1 [0:{end}];\n\
         reg signed [{v}:0] free_0 [0:{free_end}];\nreg signed [{v}:0] free_1 [0:{free_end}];\n\
         reg signed [{v}:0] {voltages};\nreg is_3, is_4, old_3, new_3;\nreg signed [{v_bits}:0] sum_q, difference_q;\ninteger i;\n\
         initial begin\n    for (i = 0; i <= {end}; i = i + 1) begin samples_0[i] = 0; samples_1[i] = 0; end\n\
         \x20   for (i = 0; i <= {free_end}; i = i + 1) begin free_0[i] = 0; free_1[i] = 0; end\n    {}\nend\n\
         wire signed [{v}:0] free_now = free_0[{free_column}];\nwire signed [{v}:0] clamped_now = free_1[{free_column}];\n\
         always @(posedge strobe) if (to == 0) begin\n    if (bank) samples_1[{index}] <= voltage; else samples_0[{index}] <= voltage;\nend\n\
         always @(posedge root_fire) if (sent) begin\n    if (sent_wave) free_1[sent_index] <= sent_voltage; else free_0[sent_index] <= sent_voltage;\nend\n\
         always @(posedge fire) begin\n\
         \x20   sample_0 <= samples_0[column]; sample_1 <= samples_1[column]; old_3 <= old_bank; new_3 <= new_bank;\n\
         \x20   free_3 <= free_now; clamped_3 <= clamped_now; is_3 <= is_free; relax_q <= wave ? clamped_now : free_now;\n\
         \x20   old_4 <= old_3 ? sample_1 : sample_0; new_4 <= new_3 ? sample_1 : sample_0; free_4 <= free_3; clamped_4 <= clamped_3; is_4 <= is_3;\n\
         \x20   sum_q <= is_4 ? free_4 + clamped_4 : old_4 + old_4;\n    difference_q <= is_4 ? free_4 - clamped_4 : 0;\n\
         \x20   forward_5 <= is_4 ? 0 : new_4; forward_6 <= forward_5; forward_7 <= forward_6;\n\
         \x20   forward_8 <= forward_7; forward_9 <= forward_8; forward_10 <= forward_9;\nend\n",
        zero(&format!("{voltages}, is_3, is_4, old_3, new_3, sum_q, difference_q")),
        end = (1u64 << column_bits) - 1,
        free_end = (1u64 << free_bits) - 1,
    )
}
