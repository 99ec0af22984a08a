//! Buses: rust-hdl signals whose width is known only at run time.
//!
//! rust-hdl's own `Signal<D, Bits<N>>` fixes its width when the program is compiled; the array's widths follow from
//! a format chosen when it runs. A [`Bus`] is one electrical node of the flattened design. Every port or wire that
//! is connected to it shares it, so that wiring costs nothing in simulation. A [`Port`] is a bus seen from one block,
//! under that block's name for it, and is what rust-hdl calls an atom.

use rust_hdl::prelude::{
    Atom, AtomKind, Block, Logic, PinConstraint, Probe, TypeDescriptor, TypeKind, VCDValue, VerilogLiteral,
};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Width and signedness of a bus. At most 63 bits, so that every value is an `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape {
    /// Width in bits, 1 to 63.
    pub bits: u32,
    /// Two's complement if set.
    pub signed: bool,
}

impl Shape {
    /// One wire.
    pub const BIT: Shape = Shape { bits: 1, signed: false };

    /// An unsigned shape.
    pub fn unsigned(bits: u32) -> Shape {
        Shape { bits, signed: false }
    }

    /// A two's complement shape.
    pub fn signed(bits: u32) -> Shape {
        Shape { bits, signed: true }
    }

    /// What `value` becomes on such a bus: its low bits, read in this shape.
    pub fn wrap(self, value: i64) -> i64 {
        let spare = 64 - self.bits;
        let shifted = value << spare;
        if self.signed { shifted >> spare } else { (shifted.cast_unsigned() >> spare).cast_signed() }
    }

    /// Smallest and largest value.
    pub fn range(self) -> (i64, i64) {
        if self.signed {
            (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1)
        } else {
            (0, (1 << self.bits) - 1)
        }
    }

    /// A Verilog literal of that shape.
    pub(crate) fn literal(self, value: i64) -> String {
        let sign = if self.signed { "s" } else { "" };
        format!("{}'{sign}h{:x}", self.bits, Shape::unsigned(self.bits).wrap(value))
    }

    /// `signed [7:0] `, `[7:0] ` or nothing: a declaration's middle part in Verilog.
    pub(crate) fn verilog(self) -> String {
        let sign = if self.signed { "signed " } else { "" };
        if self.bits == 1 { sign.to_owned() } else { format!("{sign}[{}:0] ", self.bits - 1) }
    }
}

/// A signed net or constant of `from` bits in `to` bits, its sign spelled out: the language extends it in the same way, and linters
/// ask whether that was meant.
pub(crate) fn extended(name: &str, from: u32, to: u32) -> String {
    match to.saturating_sub(from) {
        0 => name.to_owned(),
        more => format!("$signed({{{{{more}{{{name}[{}]}}}}, {name}}})", from - 1),
    }
}

/// Index of a leaf in a simulation.
pub(crate) type LeafIndex = usize;

static NEXT_ID: AtomicUsize = AtomicUsize::new(1);

#[derive(Debug)]
struct Net {
    id: usize,
    shape: Shape,
    value: AtomicI64,
    driven: AtomicBool,
    listeners: Mutex<Vec<LeafIndex>>,
}

/// One electrical node. Clones are the same node.
#[derive(Clone, Debug)]
pub struct Bus(Arc<Net>);

impl Bus {
    /// A new node at 0 that nothing drives yet.
    ///
    /// # Panics
    /// With a width outside 1..=63.
    pub fn new(shape: Shape) -> Bus {
        assert!((1..=63).contains(&shape.bits), "a bus has 1 to 63 bits, not {}", shape.bits);
        Bus(Arc::new(Net {
            id: NEXT_ID.fetch_add(1, Relaxed),
            shape,
            value: AtomicI64::new(0),
            driven: AtomicBool::new(false),
            listeners: Mutex::new(Vec::new()),
        }))
    }

    /// Identity of the node.
    pub fn id(&self) -> usize {
        self.0.id
    }

    /// Its width and signedness.
    pub fn shape(&self) -> Shape {
        self.0.shape
    }

    /// Its present value.
    pub fn val(&self) -> i64 {
        self.0.value.load(Relaxed)
    }

    /// Sets the value, wrapped to the width, and says whether that changed it.
    pub(crate) fn set(&self, value: i64) -> bool {
        let value = self.0.shape.wrap(value);
        self.0.value.swap(value, Relaxed) != value
    }

    /// Marks the node as driven. False if it already was: two drivers are a mistake.
    pub(crate) fn claim(&self) -> bool {
        !self.0.driven.swap(true, Relaxed)
    }

    pub(crate) fn is_driven(&self) -> bool {
        self.0.driven.load(Relaxed)
    }

    pub(crate) fn listen(&self, leaf: LeafIndex) {
        let mut listeners = self.0.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !listeners.contains(&leaf) {
            listeners.push(leaf);
        }
    }

    pub(crate) fn for_each_listener(&self, visit: impl FnMut(LeafIndex)) {
        let listeners = self.0.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        listeners.iter().copied().for_each(visit);
    }
}

/// Which way a value goes through a block's boundary, or that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The block reads the value.
    Input,
    /// Out of the block.
    Output,
    /// Inside the block only.
    Local,
}

/// A bus under the name one block has for it.
#[derive(Clone, Debug)]
pub struct Port {
    /// Name of the port in Verilog.
    pub name: String,
    /// Whether the block reads or drives it.
    pub direction: Direction,
    /// The bus that is connected to the port.
    pub bus: Bus,
    /// Must stay off the chip's global buffers, whose delay the timing of a handshake does not see.
    pub noglobal: bool,
    id: usize,
}

impl Port {
    pub(crate) fn new(name: impl Into<String>, direction: Direction, bus: &Bus) -> Port {
        Port {
            name: name.into(),
            direction,
            bus: bus.clone(),
            noglobal: false,
            id: NEXT_ID.fetch_add(1, Relaxed),
        }
    }
}

impl Atom for Port {
    fn bits(&self) -> usize {
        self.bus.shape().bits as usize
    }

    fn connected(&self) -> bool {
        self.bus.is_driven()
    }

    fn changed(&self) -> bool {
        false
    }

    fn kind(&self) -> AtomKind {
        match self.direction {
            Direction::Input => AtomKind::InputParameter,
            Direction::Output => AtomKind::OutputParameter,
            Direction::Local => AtomKind::LocalSignal,
        }
    }

    fn descriptor(&self) -> TypeDescriptor {
        let Shape { bits, signed } = self.bus.shape();
        let bits = bits as usize;
        let kind = if signed { TypeKind::Signed(bits) } else { TypeKind::Bits(bits) };
        TypeDescriptor { name: format!("Bus::<{bits}>"), kind }
    }

    fn vcd(&self) -> VCDValue {
        let value = self.bus.val();
        let bit = |i: u32| if (value >> i) & 1 == 1 { vcd::Value::V1 } else { vcd::Value::V0 };
        VCDValue::Vector((0..self.bus.shape().bits).rev().map(bit).collect())
    }

    fn id(&self) -> usize {
        self.id
    }

    fn verilog(&self) -> VerilogLiteral {
        self.bus.val().cast_unsigned().into()
    }

    fn constraints(&self) -> Vec<PinConstraint> {
        Vec::new()
    }
}

impl Logic for Port {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.bus.claim();
    }
}

impl Block for Port {
    fn connect_all(&mut self) {}
    fn update_all(&mut self) {}
    fn has_changed(&self) -> bool {
        false
    }
    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_atom(name, self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_wrap_to_the_width() {
        assert_eq!(Shape::unsigned(4).wrap(-1), 15);
        assert_eq!(Shape::signed(4).wrap(8), -8);
        assert_eq!(Shape::signed(4).wrap(7), 7);
        assert_eq!(Shape::unsigned(63).wrap(-1), i64::MAX);
        assert_eq!(Shape::signed(5).range(), (-16, 15));
    }

    #[test]
    fn a_clone_is_the_same_node() {
        let bus = Bus::new(Shape::signed(8));
        assert!(bus.clone().set(300));
        assert_eq!(bus.val(), 44);
        assert!(!bus.set(44));
    }
}
