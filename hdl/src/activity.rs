//! Switching activity: how often the bits of nets change, for estimates of energy.
//!
//! An [`Activity`] is an observer of a [`Circuit`]; a circuit nobody observes pays nothing for it. What is counted is
//! what is simulated: the outputs of leaves, with every change their delays let through. Nets inside a leaf, and pulses
//! that come and go inside one, are not simulated, so whoever turns counts into joules must allow for them.

use crate::bus::Bus;
use crate::circuit::{Circuit, Observer};
use crate::leaf::Behaviour;
use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, PoisonError};

/// Flip-flops that share a clock wire in a tile of the device: eight on iCE40 and ECP5.
const FLOPS_A_TILE: u64 = 8;

/// Counts of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switching {
    /// Changed bits of nets: outputs of registers, of functions that take time (others are wires), and the array interface's.
    pub nets: u64,
    /// Changed bits on channels between cells. They are among the nets, under this name or that of the register behind
    /// it.
    pub channels: u64,
    /// Changed bits at inputs of functions, each input on its own: what fans out counts as often as it does.
    pub pins: u64,
    /// Changes of `fire` nets.
    pub fires: u64,
    /// Changes of `fire` nets, each as often as there are tiles of flip-flops it clocks.
    pub clocked_tiles: u64,
    /// Changed outputs of LUTs within matched delays.
    pub delay_luts: u64,
    /// Work of multipliers, by the widths of their factors.
    pub products: BTreeMap<[u32; 2], Products>,
}

/// How often multipliers worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Products {
    /// Changes of the product.
    pub results: u64,
    /// Instants at which a factor changed.
    pub operands: u64,
}

impl AddAssign<&Switching> for Switching {
    fn add_assign(&mut self, other: &Switching) {
        self.nets += other.nets;
        self.channels += other.channels;
        self.pins += other.pins;
        self.fires += other.fires;
        self.clocked_tiles += other.clocked_tiles;
        self.delay_luts += other.delay_luts;
        for (&widths, products) in &other.products {
            let sum = self.products.entry(widths).or_default();
            sum.results += products.results;
            sum.operands += products.operands;
        }
    }
}

/// Counts what switches in a circuit.
///
/// ```
/// use wheatstone_hdl::activity::Activity;
/// use wheatstone_hdl::bus::{Bus, Shape};
/// use wheatstone_hdl::circuit::Circuit;
/// use wheatstone_hdl::module::Module;
/// use wheatstone_hdl::primitive::matched_delay;
/// use wheatstone_hdl::Technology;
///
/// let [enable, strobe, fire] = [(); 3].map(|()| Bus::new(Shape::BIT));
/// let mut module = Module::new("three_luts", "a matched delay by itself");
/// module.input("enable", &enable);
/// module.input("strobe", &strobe);
/// module.leaf("delay", matched_delay(Technology::Ecp5, 3, &enable, &strobe, &fire));
///
/// let mut circuit = Circuit::new(module);
/// let activity = Activity::new(&circuit);
/// circuit.observe(Some(activity.observer()));
/// for level in [1, 0] {
///     circuit.set(&enable, level);
///     circuit.quiesce(1000);
/// }
/// let switching = activity.take();
/// assert_eq!((switching.nets, switching.fires, switching.delay_luts), (2, 2, 6));
/// ```
#[derive(Clone, Debug)]
pub struct Activity(Arc<Mutex<Counter>>);

#[derive(Debug)]
struct Counter {
    /// By the bus's id.
    nets: HashMap<usize, Net>,
    multipliers: Vec<Multiplier>,
    switching: Switching,
}

/// What is known of a net, and its last value.
#[derive(Debug, Default)]
struct Net {
    last: i64,
    /// No output of a function without delay.
    is_net: bool,
    is_channel: bool,
    /// Inputs of functions that see it.
    pins: u64,
    /// Flip-flops it clocks.
    flops: u64,
    /// LUTs of the matched delay that drives it.
    delay_luts: u64,
    /// Multipliers of which it is a factor.
    factor_of: Vec<usize>,
    /// The multiplier of which it is the product.
    product_of: Option<usize>,
}

#[derive(Debug)]
struct Multiplier {
    widths: [u32; 2],
    /// When a factor changed last.
    changed_ps: Option<u64>,
}

impl Activity {
    /// Counts nothing yet; [`Activity::observer`] is what must be attached to the circuit.
    pub fn new(circuit: &Circuit) -> Activity {
        let mut counter =
            Counter { nets: HashMap::new(), multipliers: Vec::new(), switching: Switching::default() };
        // The cell that drives a net, for the channels.
        let mut drivers: HashMap<usize, String> = HashMap::new();
        let cell = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
        for (path, leaf) in circuit.leaves() {
            for port in leaf.outputs() {
                drivers.insert(port.bus.id(), cell(path));
            }
        }
        for (path, leaf) in circuit.leaves() {
            let multiplier = leaf.module().starts_with("multiplier").then(|| {
                let width = |index: usize| leaf.inputs().get(index).map_or(1, |p| p.bus.shape().bits);
                counter.multipliers.push(Multiplier { widths: [width(0), width(1)], changed_ps: None });
                counter.multipliers.len() - 1
            });
            let is_function = matches!(leaf.behaviour(), Behaviour::Function(_));
            for (index, port) in leaf.inputs().iter().enumerate() {
                let outside = drivers.get(&port.bus.id()).is_some_and(|driver| *driver != cell(path));
                let net = counter.net(&port.bus);
                net.is_channel |= outside;
                net.pins += u64::from(is_function);
                net.factor_of.extend(multiplier);
                if index == 0 && matches!(leaf.behaviour(), Behaviour::Register { .. }) {
                    net.flops += u64::from(leaf.outputs()[0].bus.shape().bits);
                }
            }
            for port in leaf.outputs() {
                let net = counter.net(&port.bus);
                net.is_net = !is_function || leaf.nominal_ps() > 0;
                net.product_of = multiplier;
                if let Behaviour::MatchedDelay { lut_ps } = leaf.behaviour() {
                    net.delay_luts = leaf.nominal_ps().checked_div(*lut_ps).unwrap_or(0);
                }
            }
        }
        Activity(Arc::new(Mutex::new(counter)))
    }

    /// What sees the changes, for [`Circuit::observe`].
    pub fn observer(&self) -> Observer {
        let counter = Arc::clone(&self.0);
        Box::new(move |now_ps, bus| {
            counter.lock().unwrap_or_else(PoisonError::into_inner).count(now_ps, bus);
        })
    }

    /// What has been counted since the last call.
    pub fn take(&self) -> Switching {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).switching)
    }
}

impl Counter {
    fn net(&mut self, bus: &Bus) -> &mut Net {
        // A net without a driver is the array interface's.
        self.nets.entry(bus.id()).or_insert_with(|| Net { last: bus.val(), is_net: true, ..Net::default() })
    }

    fn count(&mut self, now_ps: u64, bus: &Bus) {
        let Some(net) = self.nets.get_mut(&bus.id()) else { return };
        let changed = (net.last ^ bus.val()).cast_unsigned() << (64 - bus.shape().bits);
        net.last = bus.val();
        let bits = u64::from(changed.count_ones());
        let switching = &mut self.switching;
        switching.pins += bits * net.pins;
        if net.flops > 0 || net.delay_luts > 0 {
            switching.fires += bits;
            switching.clocked_tiles += bits * net.flops.div_ceil(FLOPS_A_TILE);
            switching.delay_luts += bits * net.delay_luts;
        }
        if net.is_net && net.delay_luts == 0 {
            switching.nets += bits;
        }
        if net.is_channel {
            switching.channels += bits;
        }
        if let Some(index) = net.product_of {
            switching.products.entry(self.multipliers[index].widths).or_default().results += 1;
        }
        for &index in &net.factor_of {
            let multiplier = &mut self.multipliers[index];
            if multiplier.changed_ps.replace(now_ps) != Some(now_ps) {
                switching.products.entry(multiplier.widths).or_default().operands += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Shape;
    use crate::leaf::Leaf;
    use crate::module::Module;
    use crate::primitive::register;
    use crate::technology::Technology;

    /// A counter of four bits, clocked by hand, whose value also goes over a wire into another cell.
    fn counter() -> (Circuit, Bus) {
        let [fire, value, next, wire, last] =
            [Shape::BIT, Shape::unsigned(4), Shape::unsigned(4), Shape::unsigned(4), Shape::BIT]
                .map(Bus::new);
        let mut cell = Module::new("counter", "counts");
        let plus_one = Leaf::function("plus_one", "one more", 100)
            .input("value", &value)
            .output("next", &next, "value + 1")
            .evaluate(|inputs, outputs| outputs[0] = inputs[0] + 1);
        cell.leaf("plus_one", plus_one);
        cell.leaf("register", register(Technology::Ecp5, &fire, &next, &value, None, None, 0));
        let mut other = Module::new("other", "looks at it");
        let copy = Leaf::function("copy", "a wire", 0)
            .input("value", &value)
            .output("wire", &wire, "value")
            .evaluate(|inputs, outputs| outputs[0] = inputs[0]);
        other.leaf("copy", copy);
        let top_bit = Leaf::function("top_bit", "the highest bit", 100)
            .input("wire", &wire)
            .output("last", &last, "wire[3]")
            .evaluate(|inputs, outputs| outputs[0] = inputs[0] >> 3);
        other.leaf("top_bit", top_bit);
        let mut top = Module::new("top", "both");
        top.input("fire", &fire);
        top.module("counter", cell);
        top.module("other", other);
        (Circuit::new(top), fire)
    }

    #[test]
    fn bits_are_counted_net_by_net() {
        let (mut circuit, fire) = counter();
        circuit.quiesce(1000);
        let activity = Activity::new(&circuit);
        circuit.observe(Some(activity.observer()));
        for _ in 0..16 {
            for level in [1, 0] {
                circuit.set(&fire, level);
                circuit.quiesce(1000);
            }
        }
        let switching = activity.take();
        // A counter of four bits that goes round once changes 16 + 8 + 4 + 2 bits, and so does its next value.
        let expected = Switching {
            nets: 30 + 30 + 2 + 32,
            channels: 30,
            pins: 30 * 2 + 30,
            fires: 32,
            clocked_tiles: 32,
            ..Switching::default()
        };
        assert_eq!(switching, expected);
        assert_eq!(activity.take(), Switching::default());
        let mut twice = expected.clone();
        twice += &expected;
        assert_eq!((twice.nets, twice.pins), (2 * expected.nets, 2 * expected.pins));
    }

    #[test]
    fn a_multiplier_works_when_a_factor_changes() {
        let [x, y, product] = [Shape::signed(6), Shape::signed(5), Shape::signed(11)].map(Bus::new);
        let mut module = Module::new("top", "a product");
        module.input("x", &x);
        module.input("y", &y);
        let multiplier = Leaf::function("multiplier", "x y", 1000)
            .input("x", &x)
            .input("y", &y)
            .output("product", &product, "x * y")
            .evaluate(|inputs, outputs| outputs[0] = inputs[0] * inputs[1]);
        module.leaf("multiplier", multiplier);
        let mut circuit = Circuit::new(module);
        let activity = Activity::new(&circuit);
        circuit.observe(Some(activity.observer()));
        let mut impose = |x_value, y_value| {
            circuit.set(&x, x_value);
            circuit.set(&y, y_value);
            circuit.quiesce(5000);
            activity.take()
        };
        let once = |results, operands| BTreeMap::from([([6, 5], Products { results, operands })]);
        let first = impose(-3, 5);
        assert_eq!(first.products, once(1, 1));
        // 111101, 00101 and 11111110001: a sign has as many bits as its bus has left.
        assert_eq!(first.nets, 5 + 2 + 8);
        assert_eq!(impose(5, -3).products, once(0, 1));
        assert_eq!(impose(5, 4).products, once(1, 1));
        assert_eq!(impose(5, 4), Switching::default());
    }
}
