//! A square, by one of the device's multipliers.

use rust_hdl::prelude::*;

/// Squares a number of 17 bits at every rising edge.
#[derive(Default, LogicBlock)]
pub struct Square {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The number, unsigned.
    pub number: Signal<In, Bits<17>>,
    /// The square of what `number` was at the last edge.
    pub square: Signal<Out, Bits<34>>,
}

impl Logic for Square {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let number = self.number.val().to_u64();
            self.square.next = (number * number).into();
        }
    }

    fn connect(&mut self) {
        self.square.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "initial square = 34'h0;\nalways @(posedge clock) square <= number * number;\n".to_owned(),
        )
    }
}
