//! Whole folded arrays in Icarus: the emitted Verilog, delays included, trains on a stretch of samples and ends in the model's state.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;
mod designs;

use common::{Draw, Graph, Kinds, Spread};
use std::fmt::Write;
use std::sync::Arc;
use wheatstone_hdl::Technology;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions, Folding, LANES, Place};
use wheatstone_hdl::verilog::simulation_models;
use wheatstone_link::protocol::sense_code;
use wheatstone_sim::network::{EdgeId, EdgeKind, NodeId, crossbar, layered};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Network, Nudge, Omega, Reference, Sample, State,
    Target, Wave,
};

/// What a bench does: memories first, then writes and requests as the array interface makes them.
struct Bench<'a> {
    design: &'a Design,
    folding: &'a Folding,
    places: std::collections::BTreeMap<NodeId, Place>,
    text: String,
    bank: usize,
    phase: u8,
}

impl Bench<'_> {
    /// The registers of a node's two waves, by their paths.
    fn registers(&self, node: NodeId) -> Option<[String; 2]> {
        let of = |unit: &str, i: usize| [0, 1].map(|wave| format!("dut.{unit}.update_unit.u_{wave}[{i}]"));
        match self.places[&node] {
            Place::Row(tile, row) => Some(of(&format!("tile_{tile}"), row)),
            Place::Free(column) => Some(of("root", column)),
            Place::Imposed(_) => None,
        }
    }

    /// The words of every edge: conductance and generator.
    fn words(&self) -> Vec<(EdgeId, [String; 2])> {
        let mut words = Vec::new();
        for (tile, plan) in self.folding.tiles.iter().enumerate() {
            for (address, token) in plan.tokens.iter().enumerate() {
                for (lane, edge) in token.edges.iter().enumerate() {
                    let word = |name: &str| format!("dut.tile_{tile}.lane_{lane}.{name}[{address}]");
                    words.extend(edge.map(|edge| (edge, ["k", "generators"].map(word))));
                }
            }
        }
        words.sort_by_key(|(edge, _)| *edge);
        words
    }

    fn set(&mut self, path: &str, value: i64) {
        let _ = writeln!(self.text, "        {path} = {value};");
    }

    /// Sets all memories to a state.
    fn load(&mut self, state: &State) {
        let network = self.design.network();
        for node in network.node_ids() {
            for wave in Wave::BOTH {
                let (w, u) = (wave.index(), state.u(wave)[node.index()]);
                let v = self.design.format().voltage(u);
                if let Some(registers) = self.registers(node) {
                    self.set(&registers[w], u);
                }
                match self.places[&node] {
                    Place::Row(tile, row) => {
                        let slot = if self.folding.tiles[tile].slots() == 1 {
                            String::new()
                        } else {
                            format!("[{}]", row / LANES)
                        };
                        self.set(&format!("dut.tile_{tile}.lane_{}.voltages_{w}{slot}", row % LANES), v);
                        self.set(&format!("dut.tile_{tile}.update_unit.samples_{}[{row}]", self.bank), v);
                    }
                    Place::Free(column) => {
                        for tile in 0..self.folding.tiles.len() {
                            self.set(&format!("dut.tile_{tile}.columns.free_{w}[{column}]"), v);
                        }
                    }
                    Place::Imposed(column) => {
                        for tile in 0..self.folding.tiles.len() {
                            self.set(&format!("dut.tile_{tile}.columns.samples_{}[{column}]", self.bank), v);
                        }
                    }
                }
            }
        }
        for (edge, [k, generator]) in self.words() {
            self.set(&k, state.k[edge.index()]);
            self.set(&generator, state.generators[edge.index()].state().into());
        }
        self.phase = state.phase;
    }

    /// Writes a sample into the bank that is not in use.
    fn present(&mut self, sample: &Sample) {
        let network = self.design.network();
        let inputs = network.inputs().iter().zip(&sample.inputs).map(|(&node, &voltage)| (node, voltage));
        let voltage = |target: &Option<Target>| target.map_or(0, |target| target.voltage);
        let targets = network.outputs().iter().copied().zip(sample.targets.iter().map(voltage));
        for (output, &target) in sample.targets.iter().enumerate() {
            self.set(&format!("sense_{output}"), sense_code(target).into());
        }
        let bank = 1 - self.bank;
        for (node, voltage) in inputs.chain(targets) {
            let (to, index) = match self.places[&node] {
                Place::Imposed(column) => (0, column),
                Place::Free(column) => (1, column),
                Place::Row(tile, row) => (2 + tile, row),
            };
            let _ = writeln!(self.text, "        write({to}, {bank}, {index}, {voltage});");
        }
    }

    fn request(&mut self, steps: u32, fresh: bool, apply: bool) {
        let new = if fresh { 1 - self.bank } else { self.bank };
        let _ = writeln!(
            self.text,
            "        request({steps}, {}, {}, {new}, {});",
            self.phase,
            self.bank,
            u8::from(apply)
        );
        self.bank = new;
        self.phase = u8::from((u32::from(self.phase) + steps) % 2 == 1);
    }
}

/// The Verilog of an array with a bench that does what `body` says, then prints every register.
fn source(array: &FoldedArray, configuration: Configuration, bench: &Bench<'_>) -> String {
    let rarity = configuration.learning.rarity();
    let mut text = format!(
        "`timescale 1ps/1ps\n`define WHEATSTONE_TIMED\n{}{}\nmodule bench;\n",
        simulation_models(Technology::Ecp5),
        array.verilog()
    );
    let mut connections = vec![".idle(idle)".to_owned()];
    for port in
        array.module.ports().iter().filter(|port| port.direction == wheatstone_hdl::bus::Direction::Input)
    {
        let shape = port.bus.shape();
        let _ = writeln!(text, "    reg [{}:0] {} = 0;", shape.bits - 1, port.name);
        connections.push(format!(".{0}({0})", port.name));
    }
    let _ = write!(
        text,
        "    wire idle;\n    folded_array dut ({});\n\
         \x20   task write(input integer to_, bank_, index__, voltage_); begin\n\
         \x20       to = to_; write_bank = bank_; index = index__; voltage = voltage_;\n\
         \x20       #20000 strobe = 1; #20000 strobe = 0; #20000;\n    end endtask\n\
         \x20   task request(input integer steps_, phase_, old_, new_, apply_); begin\n\
         \x20       steps = steps_; start_phase = phase_; old_bank = old_; new_bank = new_; apply = apply_;\n\
         \x20       #200000 go = ~go; #20000 wait (idle); #200000;\n    end endtask\n\
         \x20   initial begin\n        offset = {}; desynchronous = {}; rarity = {};\n        #1000000;\n{}",
        connections.join(", "),
        configuration.alpha_offset,
        u8::from(rarity.is_some()),
        rarity.map_or(0, |rarity| rarity - 1),
        bench.text,
    );
    for node in bench.design.network().node_ids() {
        if let Some([free, clamped]) = bench.registers(node) {
            let _ = writeln!(text, "        $display(\"node {} %0d %0d\", {free}, {clamped});", node.index());
        }
    }
    for (edge, [k, generator]) in bench.words() {
        let _ = writeln!(text, "        $display(\"edge {} %0d %0d\", {k}, {generator});", edge.index());
    }
    text + "        $finish;\n    end\nendmodule\n"
}

fn trains_as_the_model(
    network: Network,
    format: Format,
    nudge: Nudge,
    configuration: Configuration,
    tiles: usize,
) {
    let omega = Omega::new(10).unwrap();
    let design = Arc::new(common::design_on(network, format, omega, nudge, (0, 2)));
    let options = FoldedOptions { technology: Technology::Ecp5, tiles };
    let array = FoldedArray::new(Arc::clone(&design), options).unwrap();
    let mut draw = Draw::new(23);
    let state = common::random_state(&mut draw, &design, Spread::Even);
    let mut model = Reference::new(Arc::clone(&design), configuration, state.clone()).unwrap();
    let mut bench = Bench {
        design: &design,
        folding: array.folding(),
        places: array.folding().places(),
        text: String::new(),
        bank: 0,
        phase: 0,
    };
    bench.load(&state);
    bench.request(0, false, false);
    let period = configuration.learning.period(configuration.steps);
    let mut pending = false;
    for _ in 0..4 {
        let sample = common::random_sample(&mut draw, &design, Spread::Even, true);
        model.train(&sample).unwrap();
        bench.present(&sample);
        let mut fresh = true;
        for _ in 0..configuration.steps / period {
            bench.request(period, fresh, pending);
            (fresh, pending) = (false, true);
        }
        if !configuration.steps.is_multiple_of(period) {
            bench.request(configuration.steps % period, fresh, pending);
            pending = false;
        }
    }
    if pending {
        bench.request(0, false, true);
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = designs::icarus(&source(&array, configuration, &bench), "bench", folder.path()) else {
        return;
    };
    let expected = model.state();
    let mut compared = 0;
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, index, first, second] = words[..] else { panic!("{line}") };
        let index: usize = index.parse().unwrap();
        let values = match what {
            "node" => [expected.u[0][index], expected.u[1][index]],
            _ => [expected.k[index], expected.generators[index].state().into()],
        };
        assert_eq!([first, second], values.map(|value| value.to_string()), "{what} {index}");
        compared += 1;
    }
    let network = design.network();
    let relaxing = network.nodes().iter().filter(|node| node.kind.relaxes()).count();
    assert!(compared >= relaxing + network.edges().len(), "{compared} lines:\n{said}");
}

const QUASISTATIC: Configuration =
    Configuration { steps: 5, learning: LearningSchedule::Quasistatic, alpha_offset: 1 };

#[test]
fn a_layered_network() {
    let network = layered(&[6, 12, 3], EdgeKind::Linear).unwrap();
    trains_as_the_model(network, Format::WIDE, Nudge::Current { beta: 2, centred: false }, QUASISTATIC, 2);
}

#[test]
fn three_hidden_layers_on_one_tile() {
    let network = layered(&[4, 9, 5, 11, 2], EdgeKind::Linear).unwrap();
    let learning = LearningSchedule::Continuous { every: 2 };
    let configuration = Configuration { learning, ..QUASISTATIC };
    trains_as_the_model(network, Format::COMPACT, Nudge::Clamped { eta: 1 }, configuration, 1);
}

#[test]
fn a_crossbar_without_free_columns() {
    let network = crossbar(7, 3, EdgeKind::Linear).unwrap();
    let learning = LearningSchedule::Desynchronous { rarity: 1 };
    let configuration = Configuration { learning, ..QUASISTATIC };
    trains_as_the_model(network, Format::WIDE, Nudge::Clamped { eta: 0 }, configuration, 1);
}

#[test]
fn a_random_graph_with_inputs_on_both_sides() {
    let graph = Graph {
        nodes: 40,
        extra_edges: 60,
        inputs: 6,
        outputs: 4,
        kinds: Kinds::Linear,
        diodes: true,
        bipartite: true,
        alpha: (-6, 3),
    };
    let network = common::random_network(&mut Draw::new(77), graph);
    let nudge = Nudge::Current { beta: 1, centred: true };
    trains_as_the_model(network, Format::COMPACT, nudge, QUASISTATIC, 3);
}
