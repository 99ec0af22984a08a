//! The words of the [controller](super::controller)'s program.
//!
//! ```text
//! 15 14..12    11     10..0
//!  1 condition invert target
//!
//! 15 14..10    9     8        7..0
//!  0 operation port  advance  place in the scratch memory, port or register
//! ```
//!
//! *A* is the accumulator, *C* its carry, *Q* the register below it: a product or a shift to the right goes through both.
//! `advance` adds 1 to the address of the sample and order memories when the instruction is through.

/// An enum with numbers, and the names by which rust-hdl's blocks refer to them.
macro_rules! numbered {
    ($(#[$about:meta])* $kind:ident { $($(#[$note:meta])* $name:ident = $value:expr,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum $kind {
            $($(#[$note])* $name = $value,)+
        }

        impl $kind {
            const ALL: &[($kind, &str)] =
                &[$(($kind::$name, concat!(stringify!($kind), "$", stringify!($name)))),+];

            /// Its number, for comparisons in blocks.
            pub(crate) fn to_bits(self) -> u64 {
                self as u64
            }
        }
    };
}

/// Numbers by module and name, for blocks.
macro_rules! numbers {
    ($($(#[$about:meta])* $module:ident: $type:ty { $($(#[$note:meta])* $name:ident = $value:expr,)+ })+) => {
        $(
            $(#[$about])*
            pub(crate) mod $module {
                $($(#[$note])* pub(crate) const $name: $type = $value;)+
            }
        )+

        const NUMBERS: &[(&str, u64)] =
            &[$($((concat!(stringify!($module), "$", stringify!($name)), $module::$name as u64),)+)+];
    };
}

/// What stands in Verilog for the names that blocks use: rust-hdl writes the name, since it does not know the number.
pub(super) fn named() -> impl Iterator<Item = (&'static str, u64)> {
    let operations = Operation::ALL.iter().map(|&(operation, name)| (name, operation.to_bits()));
    let registers = Register::ALL.iter().map(|&(register, name)| (name, register.to_bits()));
    operations.chain(registers).chain(NUMBERS.iter().copied())
}

numbers! {
    /// Where the parts of an instruction's word lie.
    word: usize {
        /// 1: the word is a branch.
        BRANCH = 15,
        /// The three bits of a branch's condition.
        CONDITION_HIGH = 14,
        CONDITION_MIDDLE = 13,
        CONDITION_LOW = 12,
        /// 1: the branch is taken where its condition does not hold.
        INVERT = 11,
        /// The address a branch goes to, 11 bits.
        TARGET = 0,
        /// The operation, 5 bits.
        OPERATION = 10,
        /// The operation without its lowest bit, and the branch bit above it: 4 bits, [`kind::SEND`].
        PAIR = 11,
        /// 1: the operand is a port.
        PORT = 9,
        /// 1: the address of the memories goes on.
        ADVANCE = 8,
        /// A port or a register, 4 bits.
        PLACE = 0,
        /// A port without its lowest bit, 3 bits: [`kind::FRAME`].
        PORT_PAIR = 1,
        /// A place of the scratch memory, 8 bits.
        SCRATCH = 0,
    }
    /// Bits of an operation's number: what the arithmetic does.
    step: usize {
        /// The accumulator takes the result.
        ACCUMULATES = 4,
        /// The result is bitwise, and the two lowest bits choose which.
        BITWISE = 3,
        /// The operand is subtracted.
        SUBTRACTS = 2,
        /// The carry of before enters.
        CARRIES = 1,
        /// A step of a product; of a byte to send, the high one.
        MULTIPLIES = 0,
        CHOICE_HIGH = 1,
        CHOICE_LOW = 0,
        HIGH_BYTE = 0,
    }
    /// What parts of a word are compared with.
    kind: u64 {
        /// Sends a byte of its operand.
        SEND = (super::Operation::SendLow as u64) >> 1,
        /// Reads the frame's next byte.
        FRAME = (super::Port::FrameWord as u64) >> 1,
        /// A branch that is a call: the five highest bits.
        CALL = (super::branch(super::Condition::Call) as u64) >> super::word::INVERT,
    }
    /// What [`Register::Burst`] holds.
    burst: usize {
        /// Steps to relax, 8 bits.
        STEPS = 0,
        CLOSE = 8,
        LEARN = 9,
        PRESENT = 10,
        PHASE = 11,
    }
    /// What [`Register::Mode`] holds.
    mode: usize {
        /// Rarity minus 1, 3 bits.
        RARITY = 0,
        DESYNCHRONOUS = 3,
        /// Alpha offset, 2 bits.
        OFFSET = 4,
        IMPOSE = 6,
    }
    /// What [`Register::Pins`] holds.
    pins: usize {
        SCAN = 0,
        FEEDBACK = 1,
        RESET = 2,
    }
    /// Registers of the [streamer](super::streamer) and the [shuffler](super::shuffler) that a program writes, counted from [`STREAM_REGISTERS`].
    stream: u64 {
        /// What all samples have in common, see [`stream_flag`].
        FLAGS = 0,
        /// The first sample: its place in the order memory if records are found by that, else its record.
        SAMPLE = 1,
        /// Begins with that many samples.
        START = 2,
        /// Begins no further sample.
        PAUSE = 3,
        /// Which bank of the order memory the controller and the shuffler see (bit 0), and which the streamer (bit 1).
        BANKS = 4,
        /// The seed of the shuffler's generator: its low half goes up, and what is written takes its place.
        SEED = 5,
        /// Fills the order memory with the order of that many records.
        SHUFFLE = 6,
    }
    /// Registers of the streamer that a program reads.
    streamed: u64 {
        /// Samples done since it began.
        DONE = 0,
        /// How many of them were answered with their class.
        RIGHT = 1,
        /// Their squared error, 48 bits.
        ERROR_LOW = 2,
        ERROR_MIDDLE = 3,
        ERROR_HIGH = 4,
        /// Bit 0: samples are left to do. Bit 1: an odd number of steps was done. Bit 2: an order is being made.
        STATUS = 5,
    }
    /// Bits of [`stream::FLAGS`].
    stream_flag: usize {
        /// Records are found by the order memory.
        ORDERED = 0,
        /// Answers are stored where the targets were.
        STORE = 1,
        /// Two outputs are an answer.
        DIFFERENTIAL = 2,
        /// One answer tells two classes apart.
        SINGLE = 3,
        /// A sample has an odd number of steps.
        ODD = 4,
    }
    /// Clocks of one shift of the scan chain.
    shift: u64 {
        FIRST = 0,
        LAST = 3,
    }
    /// Shifts of the order's generator (Marsaglia's xorshift32), as in `wheatstone_sim::generator`.
    xorshift: u64 {
        LEFT = 13,
        RIGHT = 17,
        LEFT_AGAIN = 5,
    }
}

numbered! {
    /// What an instruction does.
    Operation {
        /// Nothing.
        Nothing = 0,
        /// Q takes the operand.
        LoadQ = 1,
        /// The scratch memory takes A.
        Store = 2,
        /// The next instruction is executed as often as the operand's low byte says.
        Repeat = 3,
        /// Sends the operand's low byte.
        SendLow = 4,
        /// Sends the operand's high byte.
        SendHigh = 5,
        /// Shifts the scan chain by one: what leaves it, or the lowest bit of Q, goes in, and into the top of Q.
        Shift = 6,
        /// Shifts what was read of the sample memory into the array's interface.
        Show = 7,
        /// The sample memory takes A.
        StoreSample = 8,
        /// The order memory takes A.
        StoreOrder = 9,
        /// A register outside takes A, or something happens there.
        Out = 10,
        /// Goes on where the subroutine was called.
        Return = 11,
        /// A += operand.
        Add = 16,
        /// If Q is odd, A += operand; then A and Q move to the right by one, as one number with the carry.
        Multiply = 17,
        /// A += operand + C.
        AddCarry = 18,
        /// A -= operand; C is 1 if A was not below.
        Subtract = 20,
        /// The same, with 1 less if C is 0.
        SubtractCarry = 22,
        /// A takes the operand.
        Load = 24,
        /// A &= operand.
        And = 25,
        /// A ^= operand.
        Xor = 26,
        /// A |= operand.
        Or = 27,
    }
}

/// What can be read beside the scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Port {
    /// The frame's next byte above A's high byte: two reads make a word.
    FrameWord = 0,
    /// The frame's next byte.
    FrameByte = 1,
    /// The frame's length.
    Length = 2,
    /// What the sample memory held at the address of the clock before.
    Samples = 3,
    /// What the order memory held there.
    Order = 4,
    /// The chosen output's free voltage.
    Answer = 5,
    /// Q.
    Q = 6,
    /// Damaged frames.
    Damaged = 8,
    /// Overruns.
    Overruns = 9,
    /// High half of the order's generator.
    GeneratorHigh = 10,
    /// Low half.
    GeneratorLow = 11,
}

numbered! {
    /// What `Out` sets or does.
    Register {
        /// Address of the sample and order memories.
        Address = 0,
        /// The output whose answer is read.
        Index = 1,
        /// What the array is to do next: steps, see [`burst`].
        Burst = 2,
        /// How edges learn and whether outputs are nudged, see [`mode`].
        Mode = 3,
        /// The scan chain and the reset, see [`pins`].
        Pins = 4,
        /// Asks the array.
        Go = 5,
        /// Done with the frame.
        Release = 6,
        /// The reply is complete.
        Finish = 7,
        /// The generator's low half goes up, and A takes its place.
        Seed = 8,
        /// The generator's next number.
        Draw = 9,
    }
}

/// Where the streamer's registers stand among the addresses of the order memory: behind the largest one.
pub(crate) const STREAM_REGISTERS: u16 = 1 << 15;

pub(crate) const CLOSE: u16 = 1 << burst::CLOSE;
pub(crate) const LEARN: u16 = 1 << burst::LEARN;
pub(crate) const PRESENT: u16 = 1 << burst::PRESENT;
pub(crate) const PHASE: u16 = 1 << burst::PHASE;
pub(crate) const DESYNCHRONOUS: u16 = 1 << mode::DESYNCHRONOUS;
pub(crate) const OFFSET: u16 = 1 << mode::OFFSET;
pub(crate) const IMPOSE: u16 = 1 << mode::IMPOSE;
pub(crate) const SCAN: u16 = 1 << pins::SCAN;
pub(crate) const FEEDBACK: u16 = 1 << pins::FEEDBACK;
pub(crate) const RESET: u16 = 1 << pins::RESET;

/// When a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Condition {
    /// Always.
    Always = 0,
    /// Always, and the subroutine's `Return` comes back here.
    Call = INVERT,
    /// A is 0.
    Zero = 1 << word::CONDITION_LOW,
    /// C is 1.
    Carry = 2 << word::CONDITION_LOW,
    /// A's highest bit is 1.
    Negative = 3 << word::CONDITION_LOW,
    /// A frame waits.
    Ready = 4 << word::CONDITION_LOW,
    /// The array is idle.
    Idle = 5 << word::CONDITION_LOW,
    /// Q is odd.
    Odd = 6 << word::CONDITION_LOW,
    /// A is not 0.
    NotZero = 1 << word::CONDITION_LOW | INVERT,
    /// C is 0.
    NoCarry = 2 << word::CONDITION_LOW | INVERT,
    /// A's highest bit is 0.
    NotNegative = 3 << word::CONDITION_LOW | INVERT,
    /// No frame waits.
    NotReady = 4 << word::CONDITION_LOW | INVERT,
    /// Q is even.
    Even = 6 << word::CONDITION_LOW | INVERT,
}

const INVERT: u16 = 1 << word::INVERT;
const BRANCH: u16 = 1 << word::BRANCH;
const PORT: u16 = 1 << word::PORT;
const ADVANCE: u16 = 1 << word::ADVANCE;

/// The word of an operation on a place of the scratch memory or a register.
pub(crate) fn operation(operation: Operation, place: u16) -> u16 {
    (operation as u16) << word::OPERATION | place
}

/// The word of an operation on a port.
pub(crate) fn on_port(what: Operation, port: Port) -> u16 {
    operation(what, PORT | port as u16)
}

/// The word of a branch, its target yet to be put in.
pub(crate) const fn branch(condition: Condition) -> u16 {
    BRANCH | condition as u16
}

/// The same instruction, and the address of the memories goes on.
pub(crate) fn advancing(word: u16) -> u16 {
    word | ADVANCE
}

/// The operation of a word, if it is none of the branches.
pub(crate) fn operation_of(word: u16) -> Option<Operation> {
    let bare = word & !(ADVANCE | PORT | SCRATCH);
    Operation::ALL.iter().map(|&(known, _)| known).find(|&known| operation(known, 0) == bare)
}

/// The place of the scratch memory in a word.
pub(crate) fn scratch_place(word: u16) -> u16 {
    word & SCRATCH
}

const SCRATCH: u16 = 0xFF << word::SCRATCH;

impl Operation {
    /// Whether it reads its operand.
    fn reads(self) -> bool {
        match self {
            Operation::Nothing
            | Operation::Store
            | Operation::Shift
            | Operation::Show
            | Operation::StoreSample
            | Operation::StoreOrder
            | Operation::Out
            | Operation::Return => false,
            Operation::LoadQ
            | Operation::Repeat
            | Operation::SendLow
            | Operation::SendHigh
            | Operation::Add
            | Operation::Multiply
            | Operation::AddCarry
            | Operation::Subtract
            | Operation::SubtractCarry
            | Operation::Load
            | Operation::And
            | Operation::Xor
            | Operation::Or => true,
        }
    }
}

/// The operand of a word that reads one: whether it is a port.
fn reads_port(word: u16) -> Option<bool> {
    operation_of(word).filter(|operation| operation.reads()).map(|_| word & PORT != 0)
}

/// Whether it reads one of these ports.
pub(crate) fn reads_any(word: u16, ports: [Port; 2]) -> bool {
    reads_port(word) == Some(true) && ports.into_iter().any(|port| scratch_place(word) == port as u16)
}

/// The place of the scratch memory it reads, if it reads one.
pub(crate) fn read_place(word: u16) -> Option<u16> {
    reads_port(word).filter(|is_port| !is_port).map(|_| scratch_place(word))
}
