//! What tiles and the root share: the array interface, and the channels between them.

use super::columns::{SampleWrite, VoltageWrite};
use super::folding::Folding;
use super::lane::LearningControls;
use super::scan_port::ScanPort;
use super::sequencer::{STEP_BITS, index_bits, number};
use super::tree::PartialSum;
use crate::bus::{Bus, Shape};
use crate::delays::{CellId, DelayLine, Delays};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::{delay_line, falling_flop, matched_delay, register};
use crate::technology::Technology;
use wheatstone_sim::Design;
use wheatstone_sim::network::NodeId;

/// What the array interface imposes on all cells.
#[derive(Clone, Debug)]
pub struct FoldedControls {
    /// Changes with every request.
    pub go: Bus,
    /// Relaxing steps of the request.
    pub steps: Bus,
    /// Number of its first step modulo 2.
    pub phase: Bus,
    /// Bank of the sample before, which is learnt from.
    pub old_bank: Bus,
    /// Bank of the sample that is relaxed.
    pub new_bank: Bus,
    /// Brings every handshake to its start. Asynchronous; voltages and conductances stay.
    pub reset: Bus,
    /// By output: the sense of its target, as the link writes it; 0 is no target.
    pub senses: Vec<Bus>,
    pub(super) learning: LearningControls,
    pub(super) write: SampleWrite,
    pub(super) scan: ScanPort,
}

impl FoldedControls {
    /// The array interface of a design, its buses inputs of `top`.
    pub(super) fn new(top: &mut Module, design: &Design, folding: &Folding) -> FoldedControls {
        let bit = || Bus::new(Shape::BIT);
        let most = folding.tiles.iter().map(|tile| tile.rows.len()).max().unwrap_or(0);
        let most = most.max(folding.imposed.len()).max(folding.free.len());
        let longest = folding.tiles.iter().map(|tile| tile.tokens.len()).max().unwrap_or(0);
        let to_bits = index_bits(folding.tiles.len() + 2);
        let controls = FoldedControls {
            go: bit(),
            steps: Bus::new(Shape::unsigned(STEP_BITS)),
            phase: bit(),
            old_bank: bit(),
            new_bank: bit(),
            reset: bit(),
            senses: design.network().outputs().iter().map(|_| Bus::new(Shape::unsigned(2))).collect(),
            learning: LearningControls::new(),
            write: SampleWrite {
                strobe: bit(),
                to: Bus::new(Shape::unsigned(to_bits)),
                bank: bit(),
                index: Bus::new(Shape::unsigned(index_bits(most))),
                voltage: Bus::new(Shape::signed(design.format().v_bits())),
            },
            scan: ScanPort::new(design, to_bits, index_bits(most.max(longest))),
        };
        for (name, bus) in controls.named() {
            top.input(name, bus);
        }
        controls
    }

    /// The buses under their names.
    pub(super) fn named(&self) -> Vec<(String, &Bus)> {
        let mut named = vec![
            ("go", &self.go),
            ("steps", &self.steps),
            ("start_phase", &self.phase),
            ("old_bank", &self.old_bank),
            ("new_bank", &self.new_bank),
            ("reset", &self.reset),
            ("strobe", &self.write.strobe),
            ("to", &self.write.to),
            ("write_bank", &self.write.bank),
            ("index", &self.write.index),
            ("voltage", &self.write.voltage),
        ];
        named.extend(self.learning.named());
        named.extend(self.scan.named());
        let named = named.into_iter().map(|(name, bus)| (name.to_owned(), bus));
        let senses = self.senses.iter().enumerate().map(|(output, bus)| (format!("sense_{output}"), bus));
        named.chain(senses).collect()
    }
}

/// Buses between the cells.
pub(super) struct Channels {
    /// The tiles' fires.
    pub fires: Vec<Bus>,
    /// The root's fire.
    pub root_fire: Bus,
    /// Changes when the root has ended a train.
    pub answer: Bus,
    /// Change when a cell has done a request.
    pub done: Vec<Bus>,
    /// Change when a tile has ended a learn train.
    pub learnt: Vec<Bus>,
    /// By output: its free voltage.
    pub answers: Vec<Bus>,
    /// By cell: the word that the scan port asks for.
    pub scanned: Vec<Bus>,
    /// Sums of the columns, by tile.
    pub partials: Vec<Option<PartialSum>>,
    /// The column whose sum the root reads.
    pub read: Bus,
    /// Voltages of the free columns.
    pub sent: VoltageWrite,
}

/// The self-timed loop of a cell: `tick` follows every fire, `back` its end.
pub(super) struct Loop {
    pub tick: Bus,
    pub back: Bus,
    pub enable: Bus,
}

/// The loop of a cell with its delay lines; the cell's join drives `enable`.
pub(super) fn pulse_loop(
    cell: &mut Module,
    technology: Technology,
    (id, delays): (CellId, &Delays),
    fire: &Bus,
    controls: &FoldedControls,
) -> Loop {
    let reset = Some(&controls.reset);
    let pulse = Loop {
        tick: cell.wire("tick", Shape::BIT),
        back: cell.wire("back", Shape::BIT),
        enable: cell.wire("enable", Shape::BIT),
    };
    let next = cell.wire("next_tick", Shape::BIT);
    let toggle = Leaf::function("toggle", "changes with every fire", technology.lut_ps())
        .input("tick", &pulse.tick)
        .output("next", &next, "~tick")
        .evaluate(|x, y| y[0] = 1 - x[0]);
    cell.leaf("toggle", toggle);
    cell.leaf("tick_register", register(technology, fire, &next, &pulse.tick, None, reset, 0));
    let luts = |line| delays.get(id.line(line)).placed;
    let recovery = luts(DelayLine::Recovery);
    if recovery == 0 {
        cell.leaf("back_register", falling_flop(technology, fire, &pulse.tick, &pulse.back, reset));
    } else {
        let over = cell.wire("over", Shape::BIT);
        cell.leaf("back_register", falling_flop(technology, fire, &pulse.tick, &over, reset));
        let line = delay_line(technology, recovery, &over, &pulse.back);
        cell.leaf(DelayLine::Recovery.instance(), line);
    }
    let matched = luts(DelayLine::Matched).max(1);
    let line = matched_delay(technology, matched, &pulse.enable, &controls.scan.strobe, fire);
    cell.leaf(DelayLine::Matched.instance(), line);
    pulse
}

/// Names all buses of a cell that its parts share: inputs from outside, outputs, and the rest as wires.
pub(super) fn name_ports(cell: &mut Module, inputs: &[(String, Bus)], outputs: &[(String, Bus)]) {
    for (name, bus) in inputs {
        cell.input(name.clone(), bus);
    }
    for (name, bus) in outputs {
        cell.output(name.clone(), bus);
    }
}

/// Names with buses of their own.
pub(super) fn owned<'a, N: Into<String>>(
    named: impl IntoIterator<Item = (N, &'a Bus)>,
) -> Vec<(String, Bus)> {
    named.into_iter().map(|(name, bus)| (name.into(), bus.clone())).collect()
}

/// The registers that keep the free voltages of a cell's outputs, which its update unit sends. `nodes` are the unit's by number.
pub(super) fn answers(
    cell: &mut Module,
    technology: Technology,
    design: &Design,
    nodes: &[NodeId],
    fire: &Bus,
    sent: &VoltageWrite,
    channels: &Channels,
) -> Vec<(String, Bus)> {
    let place = |(output, id): (usize, &NodeId)| Some((output, nodes.iter().position(|node| node == id)?));
    let own: Vec<(usize, usize)> = design.network().outputs().iter().enumerate().filter_map(place).collect();
    let mut ports = Vec::new();
    for (output, node) in own {
        let enable = cell.wire(format!("answers_{output}"), Shape::BIT);
        let leaf = Leaf::function(
            format!("answers_{node}"),
            "the free voltage of a node is sent",
            technology.lut_ps(),
        )
        .input("valid", &sent.valid)
        .input("index", &sent.index)
        .input("wave", &sent.wave)
        .output("enable", &enable, format!("valid & ~wave & index == {node}"))
        .evaluate(move |x, y| y[0] = x[0] & (1 - x[2]) & i64::from(x[1] == number(node)));
        cell.leaf(format!("answer_place_{output}"), leaf);
        let answer = &channels.answers[output];
        let leaf = register(technology, fire, &sent.voltage, answer, Some(&enable), None, 0);
        cell.leaf(format!("answer_register_{output}"), leaf);
        ports.push((format!("answer_{output}"), answer.clone()));
    }
    ports
}
