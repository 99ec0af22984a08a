//! Makes a program for the [controller](super::controller) out of named places.
//!
//! It keeps the distances that the controller's pipeline asks for by putting an empty instruction where they are too short:
//! a place of the scratch memory, the frame's next byte, and a memory's word at a new address can be read by the second
//! instruction after the one that changed them.

use super::instruction::{
    Condition, Operation, Port, Register, advancing, branch, on_port, operation, operation_of, read_place,
    reads_any, scratch_place,
};
use std::collections::BTreeMap;

/// Words of program memory.
pub(crate) const PROGRAM_WORDS: usize = 2048;
/// Words of scratch memory.
pub(crate) const SCRATCH_WORDS: usize = 256;

/// What both memories hold at power-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Words of the program memory, from address 0.
    pub program: Vec<u16>,
    /// The scratch memory: variables and constants.
    pub scratch: Vec<u16>,
    /// The program's named places, in order.
    pub labels: Vec<(u16, String)>,
    /// The variables' places in the scratch memory.
    pub variables: BTreeMap<&'static str, u16>,
}

impl Image {
    /// The last named place at or before an address: what the program does there.
    pub fn label(&self, address: u16) -> &str {
        let after = self.labels.partition_point(|(place, _)| *place <= address);
        after.checked_sub(1).map_or("", |last| &self.labels[last].1)
    }
}

/// Where an operand comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A variable.
    Variable(&'static str),
    /// A constant, which takes a place of the scratch memory.
    Constant(u16),
    /// A port.
    Port(Port),
}

impl From<&'static str> for Source {
    fn from(name: &'static str) -> Source {
        Source::Variable(name)
    }
}

impl From<u16> for Source {
    fn from(value: u16) -> Source {
        Source::Constant(value)
    }
}

impl From<i32> for Source {
    /// # Panics
    /// With a number that is no word.
    fn from(value: i32) -> Source {
        Source::Constant(u16::try_from(value).unwrap_or_else(|_| panic!("{value} is no word")))
    }
}

impl From<Port> for Source {
    fn from(port: Port) -> Source {
        Source::Port(port)
    }
}

/// A program in the making.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    words: Vec<u16>,
    scratch: Vec<u16>,
    variables: BTreeMap<&'static str, u16>,
    constants: BTreeMap<u16, u16>,
    labels: BTreeMap<String, u16>,
    branches: Vec<(usize, String)>,
    fresh: usize,
}

impl Assembler {
    /// An empty program. Its first word is executed before anything has been fetched.
    pub(crate) fn new() -> Assembler {
        Assembler { words: vec![0], ..Assembler::default() }
    }

    /// Declares variables, 0 at power-up.
    pub(crate) fn variables(&mut self, names: &[&'static str]) {
        for &name in names {
            let place = self.place(0);
            assert!(self.variables.insert(name, place).is_none(), "variable {name} is declared twice");
        }
    }

    /// What a variable is at power-up.
    pub(crate) fn initially(&mut self, name: &'static str, value: u16) {
        let place = self.variable(name);
        self.scratch[usize::from(place)] = value;
    }

    fn place(&mut self, value: u16) -> u16 {
        self.scratch.push(value);
        assert!(self.scratch.len() <= SCRATCH_WORDS, "the scratch memory is full");
        u16::try_from(self.scratch.len() - 1).unwrap_or(0)
    }

    fn variable(&self, name: &str) -> u16 {
        let place = self.variables.get(name);
        *place.unwrap_or_else(|| panic!("there is no variable {name}"))
    }

    /// A label of its own.
    pub(crate) fn unique(&mut self) -> String {
        self.fresh += 1;
        format!("{}", self.fresh)
    }

    /// Gives the next instruction a name.
    pub(crate) fn label(&mut self, name: impl Into<String>) {
        let (name, place) = (name.into(), u16::try_from(self.words.len()).unwrap_or(u16::MAX));
        assert!(self.labels.insert(name.clone(), place).is_none(), "label {name} stands twice");
    }

    fn push(&mut self, word: u16) {
        let last = self.words.last().copied().unwrap_or(0);
        let done = operation_of(last);
        let stored = (done == Some(Operation::Store)).then_some(scratch_place(last));
        let changes_address = last == operation(Operation::Out, Register::Address as u16);
        let writes = done == Some(Operation::StoreSample) || done == Some(Operation::StoreOrder);
        let frame = [Port::FrameWord, Port::FrameByte];
        let memories = [Port::Samples, Port::Order];
        let too_soon = (stored.is_some() && read_place(word) == stored)
            || (reads_any(last, frame) && reads_any(word, frame))
            || ((changes_address || writes) && reads_any(word, memories));
        if too_soon {
            self.words.push(0);
        }
        self.words.push(word);
    }

    /// An operation on something that is read.
    pub(crate) fn on(&mut self, what: Operation, source: impl Into<Source>) {
        let word = match source.into() {
            Source::Port(port) => on_port(what, port),
            Source::Variable(name) => operation(what, self.variable(name)),
            Source::Constant(value) => {
                let place = match self.constants.get(&value) {
                    Some(&place) => place,
                    None => self.place(value),
                };
                self.constants.insert(value, place);
                operation(what, place)
            }
        };
        self.push(word);
    }

    /// An operation without operand.
    pub(crate) fn plain(&mut self, what: Operation) {
        self.push(operation(what, 0));
    }

    /// The address of the memories goes on with the instruction before.
    pub(crate) fn and_advance(&mut self) {
        if let Some(last) = self.words.last_mut() {
            *last = advancing(*last);
        }
    }

    /// A = source.
    pub(crate) fn load(&mut self, source: impl Into<Source>) {
        self.on(Operation::Load, source);
    }

    /// A += source.
    pub(crate) fn add(&mut self, source: impl Into<Source>) {
        self.on(Operation::Add, source);
    }

    /// A += source + C.
    pub(crate) fn add_carry(&mut self, source: impl Into<Source>) {
        self.on(Operation::AddCarry, source);
    }

    /// A -= source.
    pub(crate) fn subtract(&mut self, source: impl Into<Source>) {
        self.on(Operation::Subtract, source);
    }

    /// A -= source + 1 - C.
    pub(crate) fn subtract_carry(&mut self, source: impl Into<Source>) {
        self.on(Operation::SubtractCarry, source);
    }

    /// A &= source.
    pub(crate) fn and(&mut self, source: impl Into<Source>) {
        self.on(Operation::And, source);
    }

    /// A |= source.
    pub(crate) fn or(&mut self, source: impl Into<Source>) {
        self.on(Operation::Or, source);
    }

    /// A ^= source.
    pub(crate) fn xor(&mut self, source: impl Into<Source>) {
        self.on(Operation::Xor, source);
    }

    /// variable = A.
    pub(crate) fn store(&mut self, name: &'static str) {
        let place = self.variable(name);
        self.push(operation(Operation::Store, place));
    }

    /// variable = source.
    pub(crate) fn set(&mut self, name: &'static str, source: impl Into<Source>) {
        self.load(source);
        self.store(name);
    }

    /// A and Q times 1/2, so often.
    pub(crate) fn shift_right(&mut self, times: u16) {
        if times > 1 {
            self.on(Operation::Repeat, times);
        }
        self.on(Operation::Multiply, 0);
    }

    /// A and Q = factor times Q, A being added to the product.
    pub(crate) fn multiply(&mut self, factor: impl Into<Source>) {
        self.on(Operation::Repeat, 16);
        self.on(Operation::Multiply, factor);
    }

    /// A register takes A.
    pub(crate) fn out(&mut self, register: Register) {
        self.push(operation(Operation::Out, register as u16));
    }

    /// Sends both bytes, the low one first.
    pub(crate) fn send_word(&mut self, source: impl Into<Source>) {
        let source = source.into();
        self.on(Operation::SendLow, source);
        self.on(Operation::SendHigh, source);
    }

    /// Goes to a label if the condition holds.
    pub(crate) fn jump(&mut self, condition: Condition, label: impl Into<String>) {
        self.branches.push((self.words.len(), label.into()));
        self.words.push(branch(condition));
    }

    /// Calls a subroutine, which must call none.
    pub(crate) fn call(&mut self, label: &str) {
        self.jump(Condition::Call, label);
    }

    /// The finished program.
    ///
    /// # Panics
    /// If a label is missing or the program is too long: a mistake in the program.
    pub(crate) fn finish(mut self) -> Image {
        for (at, label) in &self.branches {
            let target = self.labels.get(label);
            self.words[*at] |= target.unwrap_or_else(|| panic!("there is no label {label}"));
        }
        assert!(self.words.len() <= PROGRAM_WORDS, "the program has {} words", self.words.len());
        let mut labels: Vec<(u16, String)> =
            self.labels.into_iter().map(|(name, place)| (place, name)).collect();
        labels.sort();
        Image { program: self.words, scratch: self.scratch, labels, variables: self.variables }
    }
}
