//! Memories of the island: blocks of RAM of run-time depth, with one clock.
//!
//! [`Memory`] has one port for words of 16 bits, [`TwoPortMemory`] one port to write and one to read bytes. Reading
//! takes a clock: what stands at `address` at a rising edge is in `data_out` after it.
//!
//! What neither promises, because some device would pay for it with logic:
//! - what a memory contains at power-up (zeros in simulation);
//! - addresses at or above the depth (zeros in simulation, where nothing is written there);
//! - what is read at an edge that writes: at the same port at all, at the other port at the same address.

use super::options::MemoryKind;
use rust_hdl::prelude::*;

/// Words in one SPRAM of an iCE40 UltraPlus.
const SPRAM_WORDS: usize = 1 << 14;

/// What the simulation of an SPRAM shows after a write, when its real output is unknown.
const AFTER_WRITE: u64 = 0xDEAD;

/// A single-ported memory of words of 16 bits.
///
/// At a rising edge of `clock` it writes `data_in` to `address` if `write` is 1, else it reads. After a write
/// `data_out` must not be used until the next edge that reads. In simulation it then keeps its value, or with
/// [`MemoryKind::Spram`] is 0xDEAD, so that a reader who relies on it is found out.
#[derive(LogicBlock)]
pub struct Memory {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Whether this edge writes.
    pub write: Signal<In, Bit>,
    /// Where, below the depth.
    pub address: Signal<In, Bits<16>>,
    /// What is written.
    pub data_in: Signal<In, Bits<16>>,
    /// What was read at the last edge.
    pub data_out: Signal<Out, Bits<16>>,
    _kind: MemoryKind,
    _words: Vec<Bits<16>>,
}

impl Memory {
    /// A memory of `depth` words.
    ///
    /// # Panics
    /// If there are none or more than 65536.
    pub fn new(kind: MemoryKind, depth: usize) -> Memory {
        assert!((1..=1 << 16).contains(&depth), "a memory has 1 to 65536 words, not {depth}");
        block! {
            Memory {
                _kind: kind,
                _words: vec![Bits::default(); depth],
            }
            clock write address data_in data_out
        }
    }

    /// How many words it has.
    pub fn depth(&self) -> usize {
        self._words.len()
    }
}

impl Logic for Memory {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let word = self._words.get_mut(self.address.val().index());
        if !self.write.val() {
            self.data_out.next = word.copied().unwrap_or_default();
            return;
        }
        if let Some(word) = word {
            *word = self.data_in.val();
        }
        if self._kind == MemoryKind::Spram {
            self.data_out.next = AFTER_WRITE.into();
        }
    }

    fn connect(&mut self) {
        self.data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(match self._kind {
            MemoryKind::Block => block(self.depth()),
            MemoryKind::Spram => spram(self.depth()),
        })
    }
}

/// The bits of an address below `depth`, as a Verilog range.
fn range(depth: usize) -> String {
    format!("[{}:0]", clog2(depth).max(1) - 1)
}

/// The declaration of `depth` words of so many bits. Simulators begin with zeros; to yosys that would be contents to keep,
/// for what has been read even in logic.
fn words(bits: usize, depth: usize) -> String {
    let last = depth - 1;
    format!(
        "reg [{}:0] words [0:{last}];\n\
         `ifndef SYNTHESIS\n\
         integer i;\n\
         initial for (i = 0; i <= {last}; i = i + 1) words[i] = {bits}'h0;\n\
         initial data_out = {bits}'h0;\n\
         `endif\n",
        bits - 1
    )
}

fn block(depth: usize) -> String {
    let range = range(depth);
    format!(
        "{}always @(posedge clock)\n    if (write) words[address{range}] <= data_in;\n    else data_out <= words[address{range}];\n",
        words(16, depth)
    )
}

fn spram(depth: usize) -> String {
    let blocks = depth.div_ceil(SPRAM_WORDS);
    let mut text = String::from("reg [1:0] block;\ninitial block = 2'h0;\nalways @(posedge clock) block <= ");
    text += if blocks == 1 { "2'h0;\n" } else { "address[15:14];\n" };
    for i in 0..blocks {
        let selected = if blocks == 1 { "1'b1".to_owned() } else { format!("address[15:14] == 2'd{i}") };
        text += &format!(
            "wire [15:0] data_{i};\n\
             SB_SPRAM256KA spram_{i} (\n    .CLOCK(clock), .ADDRESS(address[13:0]), .DATAIN(data_in), .MASKWREN(4'hf), .WREN(write),\n    \
             .CHIPSELECT({selected}), .STANDBY(1'b0), .SLEEP(1'b0), .POWEROFF(1'b1), .DATAOUT(data_{i})\n);\n"
        );
    }
    text += "always @(*) case (block)\n";
    for i in 1..blocks {
        text += &format!("    2'd{i}: data_out = data_{i};\n");
    }
    text + "    default: data_out = data_0;\nendcase\n"
}

/// A model of `SB_SPRAM256KA` for simulators, as far as a [`Memory`] uses it. Yosys has its own.
pub const SPRAM_MODEL: &str = "\
module SB_SPRAM256KA (
    input [13:0] ADDRESS, input [15:0] DATAIN, input [3:0] MASKWREN, input WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF,
    output reg [15:0] DATAOUT
);
    reg [15:0] words [0:16383];
    integer i;
    initial begin
        for (i = 0; i < 16384; i = i + 1) words[i] = 16'h0;
        DATAOUT = 16'h0;
    end
    always @(posedge CLOCK) if (CHIPSELECT) begin
        if (WREN) words[ADDRESS] <= DATAIN;
        DATAOUT <= WREN ? 16'hdead : words[ADDRESS];
    end
endmodule
";

/// A memory of words of 16 bits with a port to read or write and a port to read only. A word that is written and read at the same
/// edge is read with an undefined value (the old one in simulation).
#[derive(LogicBlock)]
pub struct WatchedMemory {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Whether this edge writes.
    pub write: Signal<In, Bit>,
    /// Where it writes or reads, below the depth.
    pub address: Signal<In, Bits<16>>,
    /// What is written.
    pub data_in: Signal<In, Bits<16>>,
    /// What was read at the last edge that did not write.
    pub data_out: Signal<Out, Bits<16>>,
    /// Where the other port reads, below the depth.
    pub watched: Signal<In, Bits<16>>,
    /// What it read at the last edge.
    pub watched_data: Signal<Out, Bits<16>>,
    _words: Vec<Bits<16>>,
}

impl WatchedMemory {
    /// A memory of `depth` words.
    ///
    /// # Panics
    /// If there are none or more than 65536.
    pub fn new(depth: usize) -> WatchedMemory {
        assert!((1..=1 << 16).contains(&depth), "a memory has 1 to 65536 words, not {depth}");
        block! {
            WatchedMemory {
                _words: vec![Bits::default(); depth],
            }
            clock write address data_in data_out watched watched_data
        }
    }
}

impl Logic for WatchedMemory {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let word = |address: Bits<16>| self._words.get(address.index()).copied().unwrap_or_default();
        self.watched_data.next = word(self.watched.val());
        if self.write.val() {
            let at = self.address.val().index();
            if let Some(word) = self._words.get_mut(at) {
                *word = self.data_in.val();
            }
        } else {
            self.data_out.next = word(self.address.val());
        }
    }

    fn connect(&mut self) {
        self.data_out.connect();
        self.watched_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let depth = self._words.len();
        let range = range(depth);
        // Without the attribute yosys adds logic that keeps the old value where ports collide.
        Verilog::Custom(format!(
            "(* no_rw_check *) {}`ifndef SYNTHESIS\ninitial watched_data = 16'h0;\n`endif\n\
             always @(posedge clock)\n    if (write) words[address{range}] <= data_in;\n    else data_out <= words[address{range}];\n\
             always @(posedge clock) watched_data <= words[watched{range}];\n",
            words(16, depth)
        ))
    }
}

/// A memory of bytes with a port to write and a port to read. A byte that is written and read at the same edge is read
/// with an undefined value (the old one in simulation).
#[derive(LogicBlock)]
pub struct TwoPortMemory {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Whether this edge writes.
    pub write: Signal<In, Bit>,
    /// Where it writes, below the depth.
    pub write_address: Signal<In, Bits<16>>,
    /// What is written.
    pub data_in: Signal<In, Bits<8>>,
    /// Where it reads, below the depth.
    pub read_address: Signal<In, Bits<16>>,
    /// What was read at the last edge.
    pub data_out: Signal<Out, Bits<8>>,
    _bytes: Vec<Bits<8>>,
}

impl TwoPortMemory {
    /// A memory of `depth` bytes.
    ///
    /// # Panics
    /// If there are none or more than 65536.
    pub fn new(depth: usize) -> TwoPortMemory {
        assert!((1..=1 << 16).contains(&depth), "a memory has 1 to 65536 bytes, not {depth}");
        block! {
            TwoPortMemory {
                _bytes: vec![Bits::default(); depth],
            }
            clock write write_address data_in read_address data_out
        }
    }

    /// How many bytes it has.
    pub fn depth(&self) -> usize {
        self._bytes.len()
    }
}

impl Logic for TwoPortMemory {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        self.data_out.next = self._bytes.get(self.read_address.val().index()).copied().unwrap_or_default();
        let written = self._bytes.get_mut(self.write_address.val().index());
        if let (true, Some(byte)) = (self.write.val(), written) {
            *byte = self.data_in.val();
        }
    }

    fn connect(&mut self) {
        self.data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let range = range(self.depth());
        // Without the attribute yosys adds logic that keeps the old value where ports collide.
        Verilog::Custom(format!(
            "(* no_rw_check *) {}always @(posedge clock) begin\n    if (write) words[write_address{range}] <= data_in;\n    \
             data_out <= words[read_address{range}];\nend\n",
            words(8, self.depth())
        ))
    }
}
