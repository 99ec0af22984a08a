//! The controller's own memories. Both are filled at power-up and read a clock late.

use super::assembler::{PROGRAM_WORDS, SCRATCH_WORDS};
use rust_hdl::prelude::*;

/// The program memory.
#[derive(Default, LogicBlock)]
pub(crate) struct Program {
    pub(crate) clock: Signal<In, Clock>,
    pub(crate) address: Signal<In, Bits<11>>,
    pub(crate) enable: Signal<In, Bit>,
    pub(crate) data: Signal<Out, Bits<16>>,
    _words: Vec<u16>,
}

impl Program {
    pub(crate) fn new(words: &[u16]) -> Program {
        Program { _words: words.to_vec(), ..Program::default() }
    }
}

/// `words[i] = ...;` for all.
fn contents(words: &[u16], most: usize) -> String {
    let word = |i: usize| words.get(i).copied().unwrap_or(0);
    (0..most).map(|i| format!("    words[{i}] = 16'h{:x};\n", word(i))).collect()
}

impl Logic for Program {
    fn update(&mut self) {
        if self.clock.pos_edge() && self.enable.val() {
            let word = self._words.get(self.address.val().index()).copied().unwrap_or(0);
            self.data.next = u64::from(word).into();
        }
    }

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        // Rounded up to whole blocks of RAM.
        let most = self._words.len().next_multiple_of(256).min(PROGRAM_WORDS);
        Verilog::Custom(format!(
            "reg [15:0] words [0:{}];\ninitial begin\n    data = 16'h0;\n{}end\n\
             always @(posedge clock) if (enable) data <= words[address];\n",
            most - 1,
            contents(&self._words, most)
        ))
    }
}

/// The scratch memory: one port to read, one to write. What is read where the same edge writes is undefined (the old word in
/// simulation); the [assembler](super::assembler) sees to it that nothing uses it.
#[derive(Default, LogicBlock)]
pub(crate) struct Scratch {
    pub(crate) clock: Signal<In, Clock>,
    pub(crate) read: Signal<In, Bit>,
    pub(crate) read_address: Signal<In, Bits<8>>,
    pub(crate) data_out: Signal<Out, Bits<16>>,
    pub(crate) write: Signal<In, Bit>,
    pub(crate) write_address: Signal<In, Bits<8>>,
    pub(crate) data_in: Signal<In, Bits<16>>,
    _words: Vec<u16>,
}

impl Scratch {
    pub(crate) fn new(words: &[u16]) -> Scratch {
        let mut words = words.to_vec();
        words.resize(SCRATCH_WORDS, 0);
        Scratch { _words: words, ..Scratch::default() }
    }
}

impl Logic for Scratch {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let (from, to) = (self.read_address.val().index(), self.write_address.val().index());
        if self.read.val() {
            self.data_out.next = u64::from(self._words[from]).into();
        }
        if self.write.val() {
            self._words[to] = self.data_in.val().to_u16();
        }
    }

    fn connect(&mut self) {
        self.data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        // Without the attribute yosys adds logic that keeps the old value where ports collide.
        Verilog::Custom(format!(
            "(* no_rw_check *) reg [15:0] words [0:{}];\ninitial begin\n    data_out = 16'h0;\n{}end\n\
             always @(posedge clock) begin\n    if (read) data_out <= words[read_address];\n    \
             if (write) words[write_address] <= data_in;\nend\n",
            SCRATCH_WORDS - 1,
            contents(&self._words, SCRATCH_WORDS)
        ))
    }
}
