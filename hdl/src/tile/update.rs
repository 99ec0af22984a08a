//! The update unit: nodes relax in a pipeline, one a fire.
//!
//! It holds what belongs to a node: accumulators `u` of both waves, the sum of its conductances and its gain, what the imposed columns
//! contribute, its target. Two streams go through it, and what they compute is section 5 and 6 of the contract:
//!
//! - *prepare*, ahead of the sums: `base = imposed - v D + nudge`;
//! - *update*: `u' = u + round((sum + base) 2^GV q / 2^(s+3))`, limited, then the diode; or the nudge of coupled learning.
//!
//! In a learn train the update stream brings `D` and the imposed sum instead, from which the gain follows. An imposed node
//! takes its voltage from the sample then.

mod verilog;

use super::columns::{SampleWrite, VoltageWrite};
use super::scan_port::{CellScan, ScanPort};
use super::sequencer::{Sequence, number};
use crate::bus::Bus;
use crate::leaf::{Clocked, Leaf};
use crate::technology::Technology;
use std::sync::Arc;
use wheatstone_link::protocol::sense_code;
use wheatstone_sim::network::DiodeClamp;
use wheatstone_sim::network::{NodeId, NodeKind};
use wheatstone_sim::{Design, Gain, Sense, Target, Wave, shift_rounded};

/// A node of the unit: what it is, and its registers.
#[derive(Clone, Debug)]
struct Node {
    kind: NodeKind,
    clamp: DiodeClamp,
    imposed_sum: i64,
    conductance: i64,
    gain: Gain,
    base: i64,
    /// Which of the unit's senses is its target's.
    sense: Option<usize>,
}

/// A node on its way through the update stream.
#[derive(Clone, Copy, Debug)]
struct Passing {
    node: usize,
    learn: bool,
    wave: usize,
    sum: i64,
    conductance: i64,
    /// What is added to `u`, in halves of its LSB.
    halves: i64,
    gain: Gain,
    result: i64,
}

#[derive(Clone, Debug)]
struct UpdateUnit {
    design: Arc<Design>,
    number: i64,
    nodes: Vec<Node>,
    u: [Vec<i64>; 2],
    /// By bank, by node: voltage of an imposed node's sample, or the target's voltage.
    samples: [Vec<i64>; 2],
    /// Bases on their way, by stage: of which node, and the value.
    preparing: [Option<(usize, i64)>; 4],
    /// Nodes on their way to their update, by stage.
    passing: [Option<Passing>; 7],
    /// Numbers and waves that go with them, of a node or of none, by stage.
    numbers: [(usize, usize); 7],
    /// The word that the scan port has put in place of the last stage's result.
    scanned_result: Option<i64>,
    /// The accumulator that the scan port asks for.
    scanned: i64,
    sent: Sent,
}

/// What the unit sends.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    valid: bool,
    node: usize,
    wave: usize,
    both: bool,
    voltage: i64,
}

/// The target that two bits and a voltage stand for.
fn target(code: i64, voltage: i64) -> Option<Target> {
    let voltage = i32::try_from(voltage).unwrap_or(0);
    let of = |sense| Some(Target { voltage, sense });
    Sense::ALL.iter().find(|&&sense| i64::from(sense_code(of(sense))) == code).and_then(|&sense| of(sense))
}

impl UpdateUnit {
    fn voltage(&self, node: usize, wave: usize) -> i64 {
        self.design.format().voltage(self.u[wave][node])
    }

    fn target(&self, node: usize, x: &Inputs<'_>) -> Option<Target> {
        self.nodes[node].sense.and_then(|sense| target(x.senses[sense], self.samples[x.bank][node]))
    }

    /// What a node's sum starts from: the imposed columns, its own voltage, its nudge.
    fn base(&self, node: usize, x: &Inputs<'_>) -> i64 {
        let wave = x.wave;
        let (rules, format) = (self.design.rules(), self.design.format());
        let v = self.voltage(node, wave);
        let nudge = self.target(node, x).map_or(0, |target| {
            let passed = target.sense.passes(i64::from(target.voltage) - v);
            i64::from(rules.nudge.direction(Wave::BOTH[wave])) * rules.nudge.conductance(format) * passed
        });
        self.nodes[node].imposed_sum - v * self.nodes[node].conductance + nudge
    }

    /// The accumulator that a node takes.
    fn relaxed(&self, passing: &Passing, x: &Inputs<'_>) -> i64 {
        let (rules, format) = (self.design.rules(), self.design.format());
        let node = &self.nodes[passing.node];
        let nudged = self.target(passing.node, x).zip(rules.nudge.imposed(Wave::BOTH[passing.wave]));
        let u = match nudged {
            Some((target, eta)) => {
                let (u, wanted) = (self.u[0][passing.node], i64::from(target.voltage));
                if target.sense.is_satisfied(format.voltage(u), wanted) {
                    u
                } else {
                    u + shift_rounded(format.accumulator(wanted) - u, eta.into())
                }
            }
            None => {
                let (low, high) = format.u_range();
                (self.u[passing.wave][passing.node] + ((passing.halves + 1) >> 1)).clamp(low, high)
            }
        };
        node.clamp.apply(u)
    }

    /// The gain of a node whose edges conduct so much.
    fn gain(&self, node: usize, conductance: i64) -> Gain {
        let (design, format) = (&self.design, self.design.format());
        let nudge =
            if self.nodes[node].kind.is_nudged() { design.rules().nudge.conductance(format) } else { 0 };
        design.gains().gain(conductance + nudge, format.k_bits())
    }

    /// A node's sum meets its base and its gain; in a learn train its gain follows from its conductance.
    fn with_gain(&self, mut passing: Passing) -> Passing {
        let node = &self.nodes[passing.node];
        if passing.learn {
            passing.gain = self.gain(passing.node, passing.conductance);
        } else {
            passing.sum += node.base;
            passing.gain = node.gain;
        }
        passing
    }

    /// Every register takes what was before it: memories are read before they are written.
    fn fire(&mut self, x: &Inputs<'_>) {
        let format = self.design.format();
        let prepared = x.prepare.map(|node| (node, self.base(node, x)));
        let summed = self.passing[0].map(|passing| self.with_gain(passing));
        let scaled = self.passing[1].map(|passing| {
            let Gain { q, s } = passing.gain;
            let halves = ((passing.sum << format.v_guard()) * i64::from(q)) >> (s + 2);
            Passing { halves, ..passing }
        });
        let relaxed = self.passing[4].map(|passing| {
            let result = if passing.learn {
                format.accumulator(self.samples[x.bank][passing.node])
            } else {
                self.relaxed(&passing, x)
            };
            Passing { result, ..passing }
        });
        self.scanned = if x.scan_node { self.u[x.wave][x.prepare_number] } else { 0 };
        self.sent = Sent::default();
        let (node, wave) = self.numbers[6];
        let imposed = !self.nodes[node].kind.relaxes();
        // Relaxed nodes take what a relax train brings, imposed ones what a learn train does, and any what the scan port writes.
        let due = self.passing[6].filter(|done| imposed == done.learn).map(|done| done.result);
        let result = match self.scanned_result {
            Some(word) if x.scan_write || due.is_some() => Some(word),
            _ => due,
        };
        if let Some(u) = result {
            for wave in (0..2).filter(|&other| imposed || other == wave) {
                self.u[wave][node] = u;
            }
            self.sent = Sent { valid: true, node, wave, both: imposed, voltage: format.voltage(u) };
        }
        let bits = 64 - format.v_bits() - format.v_guard();
        self.scanned_result = x.scan.then_some((x.scan_word << bits) >> bits);
        self.numbers.rotate_right(1);
        self.numbers[0] = (x.update_number, x.update_wave);
        if let Some(learnt) = relaxed.filter(|passing| passing.learn) {
            self.nodes[learnt.node].gain = learnt.gain;
        }
        if let Some(learnt) = summed.filter(|passing| passing.learn) {
            let node = &mut self.nodes[learnt.node];
            (node.imposed_sum, node.conductance) = (learnt.sum, learnt.conductance);
        }
        if let Some((node, base)) = self.preparing[3] {
            self.nodes[node].base = base;
        }
        let entering = x.update.map(|node| Passing {
            node,
            learn: x.update_learn,
            wave: x.update_wave,
            sum: x.sum,
            conductance: x.conductance,
            halves: 0,
            gain: Gain { q: 8, s: 0 },
            result: 0,
        });
        self.passing = [entering, summed, scaled, self.passing[2], self.passing[3], relaxed, self.passing[5]];
        self.preparing = [prepared, self.preparing[0], self.preparing[1], self.preparing[2]];
    }
}

/// The inputs of the unit, after its clocks.
struct Inputs<'a> {
    to: i64,
    write_bank: usize,
    index: usize,
    voltage: i64,
    wave: usize,
    bank: usize,
    prepare: Option<usize>,
    prepare_number: usize,
    update: Option<usize>,
    update_number: usize,
    update_learn: bool,
    update_wave: usize,
    sum: i64,
    conductance: i64,
    scan: bool,
    scan_word: i64,
    scan_node: bool,
    scan_write: bool,
    /// The senses of the unit's outputs.
    senses: &'a [i64],
}

/// The inputs of the unit, before the senses of its outputs.
const INPUTS: usize = 20;

impl Inputs<'_> {
    fn new(values: &[i64]) -> Inputs<'_> {
        let (values, senses) = values.split_at(INPUTS);
        let mut values = values[2..].iter().copied();
        let mut next = || values.next().unwrap_or(0);
        let index = |value: i64| usize::try_from(value).unwrap_or(0);

        let (to, write_bank, write_index, voltage) = (next(), index(next()), index(next()), next());
        let (wave, bank) = (index(next()), index(next()));
        let [(prepare, prepare_number), (update, update_number)] = [(); 2].map(|()| {
            let (valid, number) = (next() == 1, index(next()));
            (valid.then_some(number), number)
        });
        Inputs {
            to,
            write_bank,
            index: write_index,
            voltage,
            wave,
            bank,
            prepare,
            prepare_number,
            update,
            update_number,
            update_learn: next() == 1,
            update_wave: index(next()),
            sum: next(),
            conductance: next(),
            scan: next() == 1,
            scan_word: next(),
            scan_node: next() == 1,
            scan_write: next() == 1,
            senses,
        }
    }
}

impl Clocked for UpdateUnit {
    fn edge(&mut self, clock: usize, inputs: &[i64]) {
        let x = Inputs::new(inputs);
        if clock == 0 {
            self.fire(&x);
        } else if x.to == self.number
            && let Some(sample) = self.samples[x.write_bank].get_mut(x.index)
        {
            *sample = x.voltage;
        }
    }

    fn outputs(&self, _inputs: &[i64], outputs: &mut [i64]) {
        let Sent { valid, node, wave, both, voltage } = self.sent;
        outputs.copy_from_slice(&[
            valid.into(),
            number(node),
            number(wave),
            both.into(),
            voltage,
            self.scanned,
        ]);
    }

    fn memory(&mut self, name: &str) -> Option<&mut [i64]> {
        match name {
            "u_0" => Some(&mut self.u[0]),
            "u_1" => Some(&mut self.u[1]),
            "samples_0" => Some(&mut self.samples[0]),
            "samples_1" => Some(&mut self.samples[1]),
            _ => None,
        }
    }
}

/// What goes through the update stream.
pub(super) struct UpdateStream<'a> {
    /// A node's sum is there.
    pub valid: &'a Bus,
    /// Its number.
    pub node: &'a Bus,
    /// Whether the sums are those of a learn train.
    pub learn: &'a Bus,
    /// The wave it relaxes.
    pub wave: &'a Bus,
    /// The sum of currents, or of what the imposed columns contribute.
    pub sum: &'a Bus,
    /// The sum of conductances.
    pub conductance: &'a Bus,
}

/// What comes to an update unit from outside its cell.
pub(super) struct UnitInputs<'a> {
    /// What the array interface writes.
    pub write: &'a SampleWrite,
    /// The bank of the sample that is relaxed.
    pub bank: &'a Bus,
    /// The senses of all outputs, in port order.
    pub senses: &'a [Bus],
    pub port: &'a ScanPort,
    pub scan: &'a CellScan,
}

/// What leaves an update unit.
pub(super) struct UnitOutputs<'a> {
    /// New voltages.
    pub sent: &'a VoltageWrite,
    /// The accumulator that the scan port asks for, 0 otherwise.
    pub scanned: &'a Bus,
}

/// The update unit of the cell with that number among those that [`SampleWrite::to`] names. `nodes` are its nodes by number.
#[expect(clippy::too_many_arguments, reason = "a private step of a cell, which has all of them at hand")]
pub(super) fn update_unit(
    technology: Technology,
    design: &Arc<Design>,
    cell: i64,
    nodes: &[NodeId],
    fire: &Bus,
    inputs: &UnitInputs<'_>,
    (sequence, stream): (&Sequence, &UpdateStream<'_>),
    outputs: &UnitOutputs<'_>,
) -> Leaf {
    let UnitInputs { write, bank, senses, port, scan } = *inputs;
    let UnitOutputs { sent, scanned } = *outputs;
    let network = design.network();
    let mut own_senses = Vec::new();
    let mut node = |id: &NodeId| Node {
        kind: network.nodes()[id.index()].kind,
        clamp: network.nodes()[id.index()].clamp,
        imposed_sum: 0,
        conductance: 0,
        gain: design.gains().gain(0, design.format().k_bits()),
        base: 0,
        sense: network.outputs().iter().position(|output| output == id).map(|output| {
            own_senses.push(&senses[output]);
            own_senses.len() - 1
        }),
    };
    // As many as a number can name, so that none is without meaning.
    let size = 1usize << sent.index.shape().bits;
    let mut nodes: Vec<Node> = nodes.iter().map(&mut node).collect();
    let filler = Node { kind: NodeKind::Hidden, clamp: DiodeClamp::None, sense: None, ..nodes[0].clone() };
    nodes.resize(size, filler);
    let model = UpdateUnit {
        design: Arc::clone(design),
        number: cell,
        nodes,
        u: [vec![0; size], vec![0; size]],
        samples: [vec![0; size], vec![0; size]],
        preparing: [None; 4],
        passing: [None; 7],
        numbers: [(0, 0); 7],
        scanned_result: None,
        scanned: 0,
        sent: Sent::default(),
    };
    let text = verilog::verilog(technology, design, cell, &model.nodes, sent.index.shape().bits);
    let mut leaf = Leaf::clocked(
        format!("update_unit_{cell}"),
        "nodes relax in a pipeline, one a fire",
        technology.clock_to_q_ps(),
        2,
        move || Box::new(model.clone()),
    )
    // The shift by the gain, six levels of it.
    .internal_delay(technology.clock_to_q_ps() + 7 * technology.lut_ps())
    .input("fire", fire)
    .input("strobe", &write.strobe)
    .input("to", &write.to)
    .input("write_bank", &write.bank)
    .input("index_", &write.index)
    .input("voltage", &write.voltage)
    .input("wave", &sequence.wave)
    .input("bank", bank)
    .input("prepare_valid", &sequence.prepare_valid)
    .input("prepare", &sequence.prepare)
    .input("update_valid", stream.valid)
    .input("update", stream.node)
    .input("update_learn", stream.learn)
    .input("update_wave", stream.wave)
    .input("sum", stream.sum)
    .input("conductance", stream.conductance)
    .input("scan", &port.mode)
    .input("scan_word", &port.word)
    .input("scan_node", &scan.node)
    .input("scan_write", &scan.write_node);
    for (number, sense) in own_senses.into_iter().enumerate() {
        leaf = leaf.input(format!("sense_of_{number}"), sense);
    }
    for (name, bus) in sent.named() {
        leaf = leaf.output(name, bus, format!("{name}_q"));
    }
    leaf.output("scanned", scanned, "scanned_q").verilog(text)
}
