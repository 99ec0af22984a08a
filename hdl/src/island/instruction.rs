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

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Operation {
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
    /// Shifts what was read of the sample memory into the border.
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

/// What `Out` sets or does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Register {
    /// Address of the sample and order memories.
    Address = 0,
    /// The output whose answer is read.
    Index = 1,
    /// What the array is to do next: steps, [`CLOSE`], [`LEARN`], [`PRESENT`], [`PHASE`].
    Chunk = 2,
    /// Rarity less 1, [`DESYNCHRONOUS`], alpha offset times [`OFFSET`], [`IMPOSE`].
    Mode = 3,
    /// [`SCAN`], [`FEEDBACK`], [`RESET`].
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

pub(crate) const CLOSE: u16 = 1 << 8;
pub(crate) const LEARN: u16 = 1 << 9;
pub(crate) const PRESENT: u16 = 1 << 10;
pub(crate) const PHASE: u16 = 1 << 11;
pub(crate) const DESYNCHRONOUS: u16 = 1 << 3;
pub(crate) const OFFSET: u16 = 1 << 4;
pub(crate) const IMPOSE: u16 = 1 << 6;
pub(crate) const SCAN: u16 = 1;
pub(crate) const FEEDBACK: u16 = 2;
pub(crate) const RESET: u16 = 4;

/// When a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Condition {
    /// Always.
    Always = 0,
    /// Always, and the subroutine's `Return` comes back here.
    Call = INVERT,
    /// A is 0.
    Zero = 1 << 12,
    /// C is 1.
    Carry = 2 << 12,
    /// A's highest bit is 1.
    Negative = 3 << 12,
    /// A frame waits.
    Ready = 4 << 12,
    /// The array is at rest.
    Rest = 5 << 12,
    /// Q is odd.
    Odd = 6 << 12,
    /// A is not 0.
    NotZero = 1 << 12 | INVERT,
    /// C is 0.
    NoCarry = 2 << 12 | INVERT,
    /// A's highest bit is 0.
    NotNegative = 3 << 12 | INVERT,
    /// Q is even.
    Even = 6 << 12 | INVERT,
}

const INVERT: u16 = 1 << 11;
const BRANCH: u16 = 1 << 15;
const PORT: u16 = 1 << 9;
const ADVANCE: u16 = 1 << 8;

/// The word of an operation on a place of the scratch memory or a register.
pub(crate) fn operation(operation: Operation, place: u16) -> u16 {
    (operation as u16) << 10 | place
}

/// The word of an operation on a port.
pub(crate) fn on_port(operation: Operation, port: Port) -> u16 {
    (operation as u16) << 10 | PORT | port as u16
}

/// The word of a branch, its target yet to be put in.
pub(crate) fn branch(condition: Condition) -> u16 {
    BRANCH | condition as u16
}

/// The same instruction, and the address of the memories goes on.
pub(crate) fn advancing(word: u16) -> u16 {
    word | ADVANCE
}

/// The operation of a word, if it is none of the branches.
pub(crate) fn code(word: u16) -> Option<u16> {
    (word & BRANCH == 0).then_some((word >> 10) & 31)
}

/// Whether an operation reads its operand.
pub(crate) fn reads(word: u16) -> bool {
    code(word).is_some_and(|code| matches!(code, 1 | 3 | 4 | 5 | 16..))
}

/// The port it reads, if it reads one.
pub(crate) fn port(word: u16) -> Option<u16> {
    (reads(word) && word & PORT != 0).then_some(word & 15)
}

/// The place of the scratch memory it reads, if it reads one.
pub(crate) fn read_place(word: u16) -> Option<u16> {
    (reads(word) && word & PORT == 0).then_some(word & 255)
}
