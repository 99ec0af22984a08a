//! The scan chain: in which order the architectural state goes through the array.
//!
//! All nodes by id, then all edges by id. A node's bits alternate between its two accumulators, highest first: `current`,
//! `previous`, `current`, ... An input has its voltage alone. An edge has its generator, then its conductance
//! accumulator, highest bit first. The phase of the step is not in the chain: it is the border's to remember. Arrays have
//! no noise, and so the chain has no generators of it.

use crate::network::NodeId;
use crate::{Design, EdgeGenerator, State, Wave};

/// Whether a node's accumulator updated last is the free wave's, if the next step is of that phase.
pub fn current_is_free(design: &Design, node: NodeId, phase: u8) -> bool {
    !(phase + design.network().colouring().colour(node)).is_multiple_of(2)
}

fn is_input(design: &Design, node: NodeId) -> bool {
    !design.network().nodes()[node.index()].kind.relaxes()
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
    let u_bits = format.v_bits() + format.v_guard();
    let mut bits = bits.iter();
    let mut take =
        |width: u32| (0..width).fold(0, |value, _| (value << 1) | i64::from(bits.next() == Some(&true)));
    let mut u = [Vec::new(), Vec::new()];
    for id in network.node_ids() {
        if is_input(design, id) {
            let voltage = sign_extend(take(format.v_bits()), format.v_bits());
            u.iter_mut().for_each(|wave| wave.push(format.accumulator(voltage)));
            continue;
        }
        let mut both = [0, 0];
        for _ in 0..u_bits {
            both.iter_mut().for_each(|u| *u = (*u << 1) | take(1));
        }
        let current = usize::from(!current_is_free(design, id, phase));
        u[current].push(sign_extend(both[0], u_bits));
        u[1 - current].push(sign_extend(both[1], u_bits));
    }
    let (mut k, mut generators) = (Vec::new(), Vec::new());
    for _ in network.edge_ids() {
        generators.push(EdgeGenerator::new(u16::try_from(take(16)).unwrap_or(0)));
        k.push(take(format.k_bits() + format.k_guard()));
    }
    State { u, k, generators, noise: Vec::new(), phase }
}

/// The number whose lowest `bits` bits these are, in two's complement.
pub fn sign_extend(value: i64, bits: u32) -> i64 {
    (value << (64 - bits)) >> (64 - bits)
}

/// Bytes that hold the whole chain.
pub fn byte_length(design: &Design) -> usize {
    length(design).div_ceil(8)
}

/// A state as the bytes of the chain: in the order in which its bits leave it, the end first, the lowest bit of a byte first.
/// The last byte is filled up with zeros.
pub fn to_bytes(design: &Design, state: &State) -> Vec<u8> {
    let mut bits = encode(design, state);
    bits.reverse();
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |value, &bit| (value << 1) | u8::from(bit))).collect()
}

/// The state that bytes of the chain stand for, the next step being of that phase. Bytes that are missing count as 0.
pub fn from_bytes(design: &Design, bytes: &[u8], phase: u8) -> State {
    let bit = |i: usize| bytes.get(i / 8).is_some_and(|byte| (byte >> (i % 8)) & 1 == 1);
    let bits: Vec<bool> = (0..length(design)).rev().map(bit).collect();
    decode(design, &bits, phase)
}
