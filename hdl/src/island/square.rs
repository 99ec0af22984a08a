//! A square, by one of the device's multipliers.

use rust_hdl::prelude::*;

/// Squares a number of 18 bits at every rising edge.
#[derive(Default, LogicBlock)]
pub struct Square {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The number, signed, in two's complement.
    pub number: Signal<In, Bits<18>>,
    /// The square of what `number` was at the last edge.
    pub square: Signal<Out, Bits<36>>,
}

impl Logic for Square {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let number = self.number.val().to_u64();
            let size = if self.number.val().get_bit(17) { (1 << 18) - number } else { number };
            self.square.next = (size * size).into();
        }
    }

    fn connect(&mut self) {
        self.square.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "initial square = 36'h0;\nalways @(posedge clock) square <= $signed(number) * $signed(number);\n"
                .to_owned(),
        )
    }
}
