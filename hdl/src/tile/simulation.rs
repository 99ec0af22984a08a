//! The folded array in simulation, driven through its array interface: an [`Engine`] like the model's.

use super::columns::{TO_COLUMNS, TO_ROOT, TO_TILE};
use super::folded_array::{FoldedArray, FoldedOptions};
use super::folding::{LANES, NotFoldable, Place};
use super::sequencer::{STEP_BITS, number};
use crate::bus::Bus;
use crate::circuit::Circuit;
use crate::leaf::Leaf;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_link::protocol::sense_code;
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{
    Configuration, ConfigurationError, Design, EdgeGenerator, Engine, Sample, SampleError, StartError, State,
    StateError, Target, Wave, categorize,
};

/// Time between a change at the array interface and the request that follows it, in picoseconds.
const INTERFACE_PS: u64 = 200_000;

/// The largest number of steps of a request.
const MAX_STEPS: u32 = (1 << STEP_BITS) - 1;

/// A folded array that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FoldedSimulationError {
    /// The design cannot be folded.
    #[error(transparent)]
    NotFoldable(#[from] NotFoldable),
    /// The configuration or the state does not fit.
    #[error(transparent)]
    Start(#[from] StartError),
}

categorize! {
    FoldedSimulationError {
        inner: NotFoldable, Start;
    }
}

/// One request of the array interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request {
    steps: u32,
    /// Learn from the sample that has been relaxed.
    apply: bool,
}

/// The folded array, simulated leaf by leaf with delays.
///
/// Edges learn from a sample while the next one goes over them. So conductances lag behind by one learning step until
/// [`FoldedSimulation::finish`], which a stretch of samples ends with.
#[derive(Debug)]
pub struct FoldedSimulation {
    array: FoldedArray,
    circuit: Circuit,
    configuration: Configuration,
    places: BTreeMap<NodeId, Place>,
    /// By edge: tile, lane and address.
    words: Vec<(usize, usize, usize)>,
    /// Number of the next step modulo 2.
    phase: u8,
    /// The bank of the sample that is, or was last, relaxed.
    bank: i64,
    /// A sample lies in the other bank and has not been relaxed.
    presented: bool,
    /// A learning step has not been taken yet.
    pending: bool,
    fires: u64,
    busy_ps: u64,
    stuck: bool,
}

impl FoldedSimulation {
    /// An idle folded array in `state`.
    ///
    /// # Errors
    /// [`FoldedSimulationError`] if the design cannot be folded, or configuration or state do not fit.
    pub fn new(
        design: Arc<Design>,
        options: impl Into<FoldedOptions>,
        configuration: Configuration,
        state: &State,
    ) -> Result<Self, FoldedSimulationError> {
        Self::of(FoldedArray::new(design, options)?, configuration, state)
    }

    /// As [`FoldedSimulation::new`], of an array built before.
    ///
    /// # Errors
    /// [`FoldedSimulationError`] if configuration or state do not fit.
    pub fn of(
        array: FoldedArray,
        configuration: Configuration,
        state: &State,
    ) -> Result<Self, FoldedSimulationError> {
        configuration.check().map_err(StartError::from)?;
        state.check(array.design()).map_err(StartError::from)?;
        let mut circuit = Circuit::new(array.module.clone());
        for (number, fire) in array.fires.iter().enumerate() {
            circuit.watch(fire, number);
        }
        let mut words = vec![(0, 0, 0); array.design().network().edges().len()];
        for (tile, plan) in array.folding().tiles.iter().enumerate() {
            for (address, token) in plan.tokens.iter().enumerate() {
                for (lane, edge) in token.edges.iter().enumerate() {
                    if let Some(edge) = edge {
                        words[edge.index()] = (tile, lane, address);
                    }
                }
            }
        }
        let places = array.folding().places();
        let mut simulation = FoldedSimulation {
            array,
            circuit,
            configuration,
            places,
            words,
            phase: 0,
            bank: 0,
            presented: false,
            pending: false,
            fires: 0,
            busy_ps: 0,
            stuck: false,
        };
        simulation.circuit.quiesce(INTERFACE_PS);
        simulation.load(state);
        Ok(simulation)
    }

    /// The array.
    pub fn array(&self) -> &FoldedArray {
        &self.array
    }

    /// The running circuit, to be watched.
    pub fn circuit_mut(&mut self) -> &mut Circuit {
        &mut self.circuit
    }

    /// The running circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// How often a cell has fired.
    pub fn fires(&self) -> u64 {
        self.fires
    }

    /// Simulated time from the requests of the last sample or step to rest, in picoseconds.
    pub fn busy_ps(&self) -> u64 {
        self.busy_ps
    }

    /// Whether the array has stood still in the middle of a request. It never does, unless something is broken.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Presents a sample, relaxes it and learns from it as configured, as [`Engine::train`], but leaves its last learning step to
    /// the train that begins the next sample.
    ///
    /// # Errors
    /// [`SampleError`] if the sample does not fit the network; nothing is changed then.
    pub fn stream(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        let Configuration { steps, learning, .. } = self.configuration;
        let period = learning.period(steps);
        for _ in 0..steps / period {
            self.relax(period);
            self.pending = true;
        }
        if steps % period != 0 {
            self.relax(steps % period);
        }
        Ok(self.answer())
    }

    /// Takes the learning step that is pending, if any.
    pub fn finish(&mut self) {
        if self.pending {
            self.run(Request { steps: 0, apply: true });
            self.pending = false;
        }
    }

    /// The state as it is in the registers, without a learning step that is pending.
    pub fn registers(&self) -> State {
        let design = self.array.design();
        let (network, format) = (design.network(), design.format());
        let mut u = [Vec::new(), Vec::new()];
        for node in network.node_ids() {
            for (wave, values) in u.iter_mut().enumerate() {
                values.push(match self.place(node) {
                    _ if self.presented && !network.nodes()[node.index()].kind.relaxes() => {
                        format.accumulator(self.presented_voltage(node))
                    }
                    Place::Imposed(column) => format.accumulator(self.word(
                        "tile_0.columns",
                        &format!("samples_{}", self.bank),
                        column,
                    )),
                    Place::Row(tile, row) => {
                        self.word(&format!("tile_{tile}.update_unit"), &format!("u_{wave}"), row)
                    }
                    Place::Free(column) => self.word("root.update_unit", &format!("u_{wave}"), column),
                });
            }
        }
        let word = |name: &str, &(tile, lane, address): &(usize, usize, usize)| {
            self.word(&format!("tile_{tile}.lane_{lane}"), name, address)
        };
        State {
            u,
            k: self.words.iter().map(|place| word("k", place)).collect(),
            generators: self
                .words
                .iter()
                .map(|place| EdgeGenerator::new(u16::try_from(word("generators", place)).unwrap_or(0)))
                .collect(),
            noise: Vec::new(),
            phase: self.phase,
        }
    }

    fn place(&self, node: NodeId) -> Place {
        self.places.get(&node).copied().unwrap_or(Place::Imposed(0))
    }

    fn leaf(&self, path: &str) -> Option<&Leaf> {
        self.circuit.leaves().find(|(name, _)| *name == path).map(|(_, leaf)| leaf)
    }

    fn word(&self, path: &str, memory: &str, index: usize) -> i64 {
        let words = self.leaf(path).and_then(|leaf| leaf.memory(memory));
        words.and_then(|words| words.get(index).copied()).unwrap_or(0)
    }

    fn set_word(&self, path: &str, memory: &str, index: usize, value: i64) {
        let found = self.leaf(path).is_some_and(|leaf| leaf.set_memory(memory, index, value));
        debug_assert!(found, "no word {index} of {memory} in {path}");
    }

    /// The voltage that waits for an input in the bank that is presented.
    fn presented_voltage(&self, node: NodeId) -> i64 {
        let bank = 1 - self.bank;
        match self.place(node) {
            Place::Imposed(column) => self.word("tile_0.columns", &format!("samples_{bank}"), column),
            Place::Row(tile, row) => {
                self.word(&format!("tile_{tile}.update_unit"), &format!("samples_{bank}"), row)
            }
            Place::Free(_) => 0,
        }
    }

    /// Sets all memories directly, then lets the array sum its conductances.
    fn load(&mut self, state: &State) {
        let design = Arc::clone(self.array.design());
        let (network, format) = (design.network(), design.format());
        self.phase = state.phase;
        (self.presented, self.pending) = (false, false);
        let tiles = self.array.folding().tiles.len();
        for node in network.node_ids() {
            for wave in Wave::BOTH {
                let (w, u) = (wave.index(), state.u(wave)[node.index()]);
                let v = format.voltage(u);
                match self.place(node) {
                    Place::Imposed(column) => {
                        for tile in 0..tiles {
                            self.set_word(
                                &format!("tile_{tile}.columns"),
                                &format!("samples_{}", self.bank),
                                column,
                                v,
                            );
                        }
                    }
                    Place::Row(tile, row) => {
                        let unit = format!("tile_{tile}.update_unit");
                        self.set_word(&unit, &format!("u_{w}"), row, u);
                        self.set_word(&unit, &format!("samples_{}", self.bank), row, v);
                        let lane = format!("tile_{tile}.lane_{}", row % LANES);
                        self.set_word(&lane, &format!("voltages_{w}"), row / LANES, v);
                    }
                    Place::Free(column) => {
                        self.set_word("root.update_unit", &format!("u_{w}"), column, u);
                        for tile in 0..tiles {
                            self.set_word(&format!("tile_{tile}.columns"), &format!("free_{w}"), column, v);
                        }
                    }
                }
            }
        }
        for (index, &(tile, lane, address)) in self.words.iter().enumerate() {
            let lane = format!("tile_{tile}.lane_{lane}");
            self.set_word(&lane, "k", address, state.k[index]);
            self.set_word(&lane, "generators", address, state.generators[index].state().into());
        }
        self.run(Request { steps: 0, apply: false });
    }

    /// Writes one voltage of a sample.
    fn write(&mut self, to: i64, index: usize, voltage: i64) {
        let write = self.array.controls.write.clone();
        for (bus, value) in [
            (&write.to, to),
            (&write.bank, 1 - self.bank),
            (&write.index, number(index)),
            (&write.voltage, voltage),
        ] {
            self.circuit.set(bus, value);
        }
        self.circuit.quiesce(INTERFACE_PS);
        for level in [1, 0] {
            self.circuit.set(&write.strobe, level);
            self.circuit.quiesce(INTERFACE_PS);
        }
    }

    /// Lets the array work through one request.
    fn run(&mut self, request: Request) {
        let Configuration { learning, alpha_offset, .. } = self.configuration;
        let rarity = learning.rarity();
        let controls = self.array.controls.clone();
        let new_bank = if self.presented { 1 - self.bank } else { self.bank };
        for (bus, value) in [
            (&controls.steps, i64::from(request.steps)),
            (&controls.phase, self.phase.into()),
            (&controls.old_bank, self.bank),
            (&controls.new_bank, new_bank),
            (&controls.learning.apply, request.apply.into()),
            (&controls.learning.offset, alpha_offset.into()),
            (&controls.learning.desynchronous, rarity.is_some().into()),
            (&controls.learning.rarity, rarity.map_or(0, |rarity| i64::from(rarity) - 1)),
        ] {
            self.circuit.set(bus, value);
        }
        self.circuit.quiesce(INTERFACE_PS);
        let go: Bus = controls.go.clone();
        self.circuit.set(&go, 1 - go.val());
        let start_ps = self.circuit.now_ps();
        while self.circuit.advance(u64::MAX) {
            self.fires += number(self.circuit.rises().len()).cast_unsigned();
        }
        self.busy_ps += self.circuit.now_ps() - start_ps;
        self.stuck |= self.array.idle.val() != 1;
        self.bank = new_bank;
        self.presented = false;
        self.phase = u8::from((u32::from(self.phase) + request.steps) % 2 == 1);
    }

    /// Relaxes so many steps, in as many requests as it takes; the first takes a pending learning step.
    fn relax(&mut self, steps: u32) {
        let mut left = steps;
        loop {
            let steps = left.min(MAX_STEPS);
            left -= steps;
            self.run(Request { steps, apply: self.pending });
            self.pending = false;
            if left == 0 {
                break;
            }
        }
    }

    /// Where the target of an output goes.
    fn target_place(&self, node: NodeId) -> (i64, usize) {
        match self.place(node) {
            Place::Row(tile, row) => (TO_TILE + number(tile), row),
            Place::Free(column) | Place::Imposed(column) => (TO_ROOT, column),
        }
    }
}

impl Engine for FoldedSimulation {
    fn design(&self) -> &Design {
        self.array.design()
    }

    fn configuration(&self) -> Configuration {
        self.configuration
    }

    fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        self.finish();
        self.configuration = configuration;
        Ok(())
    }

    /// Read directly from the memories.
    fn state(&self) -> State {
        self.registers()
    }

    fn set_state(&mut self, state: State) -> Result<(), StateError> {
        state.check(self.array.design())?;
        self.load(&state);
        Ok(())
    }

    fn present(&mut self, sample: &Sample) -> Result<(), SampleError> {
        wheatstone_sim::engine::check_sample(self.array.design(), sample)?;
        let design = Arc::clone(self.array.design());
        let network = design.network();
        for (&node, &voltage) in network.inputs().iter().zip(&sample.inputs) {
            let (to, index) = match self.place(node) {
                Place::Imposed(column) => (TO_COLUMNS, column),
                Place::Row(..) | Place::Free(_) => self.target_place(node),
            };
            self.write(to, index, voltage.into());
        }
        let senses = self.array.controls.senses.clone();
        for ((&node, &target), sense) in network.outputs().iter().zip(&sample.targets).zip(&senses) {
            let (to, index) = self.target_place(node);
            let voltage = target.map_or(0, |Target { voltage, .. }| voltage.into());
            self.write(to, index, voltage);
            self.circuit.set(sense, sense_code(target).into());
        }
        self.presented = true;
        self.busy_ps = 0;
        Ok(())
    }

    fn step(&mut self) {
        self.relax(1);
    }

    fn learn(&mut self) {
        self.finish();
        self.pending = true;
        self.finish();
    }

    fn answer(&self) -> Vec<i32> {
        let design = self.array.design();
        let state = self.registers();
        let outputs = design.network().outputs().iter();
        let voltage = |node: &NodeId| design.format().voltage(state.u(Wave::Free)[node.index()]);
        outputs.map(|node| i32::try_from(voltage(node)).unwrap_or_default()).collect()
    }

    fn train(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        let answer = self.stream(sample)?;
        self.finish();
        Ok(answer)
    }

    fn read(&mut self, inputs: &[i32], steps: u32) -> Result<Vec<i32>, SampleError> {
        let targets = vec![None; self.array.design().network().outputs().len()];
        self.present(&Sample { inputs: inputs.to_vec(), targets })?;
        self.relax(steps);
        Ok(self.answer())
    }
}
