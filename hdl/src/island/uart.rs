//! A serial line without a clock of its own: 8 data bits, lowest first, no parity, one stop bit; high while idle.
//!
//! Bits are timed by a phase accumulator, so that the clock need be no multiple of the baud. It works from 3 clocks a
//! bit upwards. With so few the receiver has one clock of room on either side of where it looks at a bit, which bears
//! bauds that differ by 2 %.
//!
//! A byte whose stop bit is low is an error and is not given out; then nothing is received until the line was high
//! once. So a line that is cut off, or connected in the middle of a byte, costs some bytes and no more. There is no filter
//! against glitches in the middle of bits: frames have a CRC.

use rust_hdl::prelude::*;

/// Bits of the phase; one bit on the line is one turn.
const PHASE_BITS: usize = 20;

/// How much faster than asked for a line may be, in parts of 1000: what rounding the phase's step may cost.
const TOLERANCE: u64 = 1;

/// The step of the phase at each clock. It is never too small, or three clocks would not always be a bit; and it ends
/// in as many zeros as the tolerance allows, because they cost no adder.
///
/// # Panics
/// If a bit takes less than 3 clocks or more than 4096.
fn step(clock_hz: u32, baud: u32) -> u64 {
    let (clock, baud) = (u64::from(clock_hz), u64::from(baud));
    assert!(
        3 * baud <= clock && clock <= 4096 * baud,
        "{baud} baud at {clock} Hz: a bit takes 3 to 4096 clocks"
    );
    let turn = baud << PHASE_BITS;
    let rounded = |zeros: u32| turn.div_ceil(clock << zeros) << zeros;
    let allowed = |zeros: &u32| (rounded(*zeros) * clock - turn) * 1000 <= turn * TOLERANCE;
    rounded((0..20).rev().find(allowed).unwrap_or(0))
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum ReceiverState {
    /// The line was high.
    Idle,
    /// It fell; is it still low in the middle of the bit?
    Start,
    /// Eight data bits and the stop bit.
    Data,
    /// The stop bit was low; the line must rise first.
    Low,
}

/// From the line to bytes.
#[derive(LogicBlock)]
pub struct UartReceiver {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The line; two flip-flops bring it to the clock.
    pub rx: Signal<In, Bit>,
    /// The byte, while `valid` is 1.
    pub data: Signal<Out, Bits<8>>,
    /// 1 for one clock when a byte has come.
    pub valid: Signal<Out, Bit>,
    /// 1 for one clock when a byte had no stop bit.
    pub error: Signal<Out, Bit>,
    // Lows are kept as 1, because flip-flops begin with 0.
    first: DFF<Bit>,
    low: DFF<Bit>,
    state: DFF<ReceiverState>,
    phase: DFF<Bits<20>>,
    /// Comes in at the top; the one it begins with arrives at the bottom with the stop bit.
    shift: DFF<Bits<9>>,
    is_valid: DFF<Bit>,
    is_error: DFF<Bit>,
    sum: Signal<Local, Bits<21>>,
    turn: Signal<Local, Bit>,
    full: Signal<Local, Bit>,
    step: Constant<Bits<21>>,
    start: Constant<Bits<20>>,
    empty: Constant<Bits<9>>,
}

impl UartReceiver {
    /// A receiver for a baud at a clock.
    ///
    /// # Panics
    /// If a bit takes less than 3 clocks or more than 4096.
    pub fn new(clock_hz: u32, baud: u32) -> UartReceiver {
        let step = step(clock_hz, baud);
        block! {
            UartReceiver {
                step: Constant::new(step.into()),
                // The middle of a bit, sooner by the clock that on average has passed until its edge was seen and the
                // turn was.
                start: Constant::new(((1 << (PHASE_BITS - 1)) + step).into()),
                empty: Constant::new(0x100.into()),
            }
            clock rx data valid error first low state phase shift is_valid is_error sum turn full
        }
    }
}

impl Logic for UartReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, low, state, phase, shift, is_valid, is_error);
        self.first.d.next = !self.rx.val();
        self.low.d.next = self.first.q.val();
        self.sum.next = bit_cast::<21, 20>(self.phase.q.val()) + self.step.val();
        self.turn.next = self.sum.val().get_bit(20);
        self.full.next = self.shift.q.val().get_bit(0);
        self.phase.d.next = self.sum.val().get_bits::<20>(0);
        self.is_valid.d.next = false;
        self.is_error.d.next = false;
        match self.state.q.val() {
            ReceiverState::Idle => {
                self.phase.d.next = self.start.val();
                self.shift.d.next = self.empty.val();
                if self.low.q.val() {
                    self.state.d.next = ReceiverState::Start;
                }
            }
            ReceiverState::Start => {
                if self.turn.val() {
                    if self.low.q.val() {
                        self.state.d.next = ReceiverState::Data;
                    } else {
                        self.state.d.next = ReceiverState::Idle;
                    }
                }
            }
            ReceiverState::Data => {
                if self.turn.val() {
                    if !self.full.val() {
                        self.shift.d.next = bit_cast::<9, 8>(self.shift.q.val().get_bits::<8>(1));
                        if !self.low.q.val() {
                            self.shift.d.next =
                                bit_cast::<9, 8>(self.shift.q.val().get_bits::<8>(1)) | self.empty.val();
                        }
                    } else if self.low.q.val() {
                        self.is_error.d.next = true;
                        self.state.d.next = ReceiverState::Low;
                    } else {
                        self.is_valid.d.next = true;
                        self.state.d.next = ReceiverState::Idle;
                    }
                }
            }
            ReceiverState::Low => {
                if !self.low.q.val() {
                    self.state.d.next = ReceiverState::Idle;
                }
            }
        }
        self.data.next = self.shift.q.val().get_bits::<8>(1);
        self.valid.next = self.is_valid.q.val();
        self.error.next = self.is_error.q.val();
    }
}

/// From bytes to the line.
#[derive(LogicBlock)]
pub struct UartTransmitter {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The byte to send.
    pub data: Signal<In, Bits<8>>,
    /// Whether there is one; it is taken at an edge where `ready` is 1 too.
    pub push: Signal<In, Bit>,
    /// Whether a byte would be taken.
    pub ready: Signal<Out, Bit>,
    /// The line to the host; high while idle.
    pub tx: Signal<Out, Bit>,
    /// What is to be sent, lowest bit first. Lows are kept as 1, because flip-flops begin with 0 and the line with 1.
    lows: DFF<Bits<9>>,
    /// How many bits are to be sent, the stop bit among them.
    left: DFF<Bits<4>>,
    phase: DFF<Bits<20>>,
    sum: Signal<Local, Bits<21>>,
    empty: Signal<Local, Bit>,
    step: Constant<Bits<21>>,
    none: Constant<Bits<4>>,
    one: Constant<Bits<4>>,
    all: Constant<Bits<4>>,
    low: Constant<Bits<9>>,
    origin: Constant<Bits<20>>,
    inverted: Signal<Local, Bits<8>>,
}

impl UartTransmitter {
    /// A transmitter for a baud at a clock.
    ///
    /// # Panics
    /// If a bit takes less than 3 clocks or more than 4096.
    pub fn new(clock_hz: u32, baud: u32) -> UartTransmitter {
        block! {
            UartTransmitter {
                step: Constant::new(step(clock_hz, baud).into()),
                none: Constant::new(0.into()),
                one: Constant::new(1.into()),
                all: Constant::new(10.into()),
                low: Constant::new(1.into()),
                origin: Constant::new(0.into()),
            }
            clock data push ready tx lows left phase sum empty inverted
        }
    }
}

impl Logic for UartTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, lows, left, phase);
        self.sum.next = bit_cast::<21, 20>(self.phase.q.val()) + self.step.val();
        self.empty.next = self.left.q.val() == self.none.val();
        self.inverted.next = !self.data.val();
        if self.empty.val() {
            self.phase.d.next = self.origin.val();
            if self.push.val() {
                self.lows.d.next = (bit_cast::<9, 8>(self.inverted.val()) << 1) | self.low.val();
                self.left.d.next = self.all.val();
            }
        } else {
            self.phase.d.next = self.sum.val().get_bits::<20>(0);
            if self.sum.val().get_bit(20) {
                self.lows.d.next = bit_cast::<9, 8>(self.lows.q.val().get_bits::<8>(1));
                self.left.d.next = self.left.q.val() - self.one.val();
            }
        }
        self.ready.next = self.empty.val();
        self.tx.next = !self.lows.q.val().get_bit(0);
    }
}
