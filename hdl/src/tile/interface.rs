//! What tiles and the root share: the array interface, and the channels between them.

use super::columns::{SampleWrite, VoltageWrite};
use super::folding::Folding;
use super::lane::LearningControls;
use super::sequencer::{STEP_BITS, index_bits};
use super::tree::PartialSum;
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::{falling_flop, matched_delay, register};
use crate::technology::Technology;
use wheatstone_sim::Design;

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
    pub(super) learning: LearningControls,
    pub(super) write: SampleWrite,
}

impl FoldedControls {
    /// The array interface of a design, its buses inputs of `top`.
    pub(super) fn new(top: &mut Module, design: &Design, folding: &Folding) -> FoldedControls {
        let bit = || Bus::new(Shape::BIT);
        let most = folding.tiles.iter().map(|tile| tile.rows.len()).max().unwrap_or(0);
        let most = most.max(folding.imposed.len()).max(folding.free.len());
        let controls = FoldedControls {
            go: bit(),
            steps: Bus::new(Shape::unsigned(STEP_BITS)),
            phase: bit(),
            old_bank: bit(),
            new_bank: bit(),
            learning: LearningControls::new(),
            write: SampleWrite {
                strobe: bit(),
                to: Bus::new(Shape::unsigned(index_bits(folding.tiles.len() + 2))),
                bank: bit(),
                index: Bus::new(Shape::unsigned(index_bits(most))),
                voltage: Bus::new(Shape::signed(design.format().v_bits())),
                sense: Bus::new(Shape::unsigned(2)),
            },
        };
        for (name, bus) in controls.named() {
            top.input(name, bus);
        }
        controls
    }

    /// The buses under their names.
    pub(super) fn named(&self) -> Vec<(&'static str, &Bus)> {
        let mut named = vec![
            ("go", &self.go),
            ("steps", &self.steps),
            ("start_phase", &self.phase),
            ("old_bank", &self.old_bank),
            ("new_bank", &self.new_bank),
            ("strobe", &self.write.strobe),
            ("to", &self.write.to),
            ("write_bank", &self.write.bank),
            ("index", &self.write.index),
            ("voltage", &self.write.voltage),
            ("sense", &self.write.sense),
        ];
        named.extend(self.learning.named());
        named
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

/// The loop of a cell whose matched delay has so many LUTs; the cell's join drives `enable`.
pub(super) fn pulse_loop(cell: &mut Module, technology: Technology, luts: u32, fire: &Bus) -> Loop {
    let pulse = Loop {
        tick: cell.wire("tick", Shape::BIT),
        back: cell.wire("back", Shape::BIT),
        enable: cell.wire("enable", Shape::BIT),
    };
    let next = cell.wire("next_tick", Shape::BIT);
    let low = cell.wire("no_strobe", Shape::BIT);
    let toggle = Leaf::function("toggle", "changes with every fire", technology.lut_ps())
        .input("tick", &pulse.tick)
        .output("next", &next, "~tick")
        .output("low", &low, "1'b0")
        .evaluate(|x, y| (y[0], y[1]) = (1 - x[0], 0));
    cell.leaf("toggle", toggle);
    cell.leaf("tick_register", register(technology, fire, &next, &pulse.tick, None, None, 0));
    cell.leaf("back_register", falling_flop(technology, fire, &pulse.tick, &pulse.back, None));
    cell.leaf("matched_delay", matched_delay(technology, luts, &pulse.enable, &low, fire));
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
pub(super) fn owned(named: &[(&str, &Bus)]) -> Vec<(String, Bus)> {
    named.iter().map(|&(name, bus)| (name.to_owned(), bus.clone())).collect()
}
