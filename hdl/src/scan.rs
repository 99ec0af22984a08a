//! The scan chain: in which order the architectural state goes through the array.
//!
//! All nodes by id, then all edges by id. A node's bits alternate between its two accumulators, highest first: `current`,
//! `previous`, `current`, ... An input has its voltage alone. An edge has its generator, then its conductance
//! accumulator, highest bit first. The phase of the step is not in the chain: it is the border's to remember.

use crate::bus::Shape;
use wheatstone_sim::network::{NodeId, NodeKind};
use wheatstone_sim::{Design, EdgeGenerator, State, Wave};

/// Whether a node's accumulator updated last is the free wave's, if the next step is of that phase.
pub fn current_is_free(design: &Design, node: NodeId, phase: u8) -> bool {
    !(phase + design.network().colouring().colour(node)).is_multiple_of(2)
}

fn is_input(design: &Design, node: NodeId) -> bool {
    design.network().nodes()[node.index()].kind == NodeKind::Input
}

/// Number of flip-flops in the chain.
pub fn length(design: &Design) -> usize {
    let (network, format) = (design.network(), design.format());
    let u_bits = format.v_bits() + format.v_guard();
    let node = |id| if is_input(design, id) { format.v_bits() } else { 2 * u_bits };
    let edge = 16 + format.k_bits() + format.k_guard();
    network.node_ids().map(|id| node(id) as usize).sum::<usize>() + network.edges().len() * edge as usize
}

/// A state as the bits of the chain, from where it begins to where it ends.
pub fn encode(design: &Design, state: &State) -> Vec<bool> {
    let (network, format) = (design.network(), design.format());
    let u_bits = format.v_bits() + format.v_guard();
    let mut bits = Vec::with_capacity(length(design));
    let mut put = |value: i64, width: u32| bits.extend((0..width).rev().map(|i| (value >> i) & 1 == 1));
    for id in network.node_ids() {
        let u = Wave::BOTH.map(|wave| state.u(wave)[id.index()]);
        if is_input(design, id) {
            put(format.voltage(u[0]), format.v_bits());
            continue;
        }
        let current = usize::from(!current_is_free(design, id, state.phase));
        for i in (0..u_bits).rev() {
            put(u[current] >> i, 1);
            put(u[1 - current] >> i, 1);
        }
    }
    for id in network.edge_ids() {
        put(state.generators[id.index()].state().into(), 16);
        put(state.k[id.index()], format.k_bits() + format.k_guard());
    }
    bits
}

/// The state that bits of the chain stand for, the next step being of that phase. Bits that are missing count as 0.
pub fn decode(design: &Design, bits: &[bool], phase: u8) -> State {
    let (network, format) = (design.network(), design.format());
    let u_shape = Shape::signed(format.v_bits() + format.v_guard());
    let mut bits = bits.iter();
    let mut take =
        |width: u32| (0..width).fold(0, |value, _| (value << 1) | i64::from(bits.next() == Some(&true)));
    let mut u = [Vec::new(), Vec::new()];
    for id in network.node_ids() {
        if is_input(design, id) {
            let voltage = Shape::signed(format.v_bits()).wrap(take(format.v_bits()));
            u.iter_mut().for_each(|wave| wave.push(format.accumulator(voltage)));
            continue;
        }
        let mut both = [0, 0];
        for _ in 0..u_shape.bits {
            both.iter_mut().for_each(|u| *u = (*u << 1) | take(1));
        }
        let current = usize::from(!current_is_free(design, id, phase));
        u[current].push(u_shape.wrap(both[0]));
        u[1 - current].push(u_shape.wrap(both[1]));
    }
    let (mut k, mut generators) = (Vec::new(), Vec::new());
    for _ in network.edge_ids() {
        generators.push(EdgeGenerator::new(u16::try_from(take(16)).unwrap_or(0)));
        k.push(take(format.k_bits() + format.k_guard()));
    }
    State { u, k, generators, phase }
}
