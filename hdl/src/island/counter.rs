//! A counter that stops at its top.

use rust_hdl::prelude::*;

/// Counts to 65535 and stays there.
#[derive(LogicBlock)]
pub struct SaturatingCounter {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Whether this edge counts.
    pub increment: Signal<In, Bit>,
    /// How many have been counted.
    pub count: Signal<Out, Bits<16>>,
    value: DFF<Bits<16>>,
    sum: Signal<Local, Bits<17>>,
    one: Constant<Bits<17>>,
}

impl Default for SaturatingCounter {
    fn default() -> SaturatingCounter {
        block! {
            SaturatingCounter {
                one: Constant::new(1.into()),
            }
            clock increment count value sum
        }
    }
}

impl Logic for SaturatingCounter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, value);
        self.sum.next = bit_cast::<17, 16>(self.value.q.val()) + self.one.val();
        if self.increment.val() & !self.sum.val().get_bit(16) {
            self.value.d.next = self.sum.val().get_bits::<16>(0);
        }
        self.count.next = self.value.q.val();
    }
}
