//! The array in simulation, driven through its array interface as hardware is: an [`Engine`] like the model's.

use crate::array::Array;
use crate::bus::Bus;
use crate::check::NotBuildable;
use crate::circuit::Circuit;
use crate::options::ArrayOptions;
use crate::recording::Recording;
use crate::trace::Trace;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_link::protocol::sense_code;
use wheatstone_sim::{
    Configuration, ConfigurationError, Design, EdgeGenerator, Engine, Sample, SampleError, StartError, State,
    StateError, Wave, categorize, scan,
};

/// The largest number of steps the array relaxes for one request; longer runs are several.
const MAX_BURST: u32 = (1 << crate::cell::STEP_BITS) - 1;

/// Time between a change at the array interface and the request that follows it, in picoseconds.
const INTERFACE_PS: u64 = 200_000;

/// An array that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SimulationError {
    /// The design cannot be built.
    #[error(transparent)]
    NotBuildable(#[from] NotBuildable),
    /// The configuration or the state does not fit.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An input remembers what no sample can have put there.
    #[error(
        "input node {node} has u_F = {u_free} and u_C = {u_clamped}, and the array keeps one voltage without guard bits \
         for an input; present a sample to the model before moving its state here"
    )]
    InputState {
        /// The node's name.
        node: String,
        /// Its free accumulator.
        u_free: i64,
        /// Its clamped accumulator.
        u_clamped: i64,
    },
}

categorize! {
    SimulationError {
        inner: NotBuildable, Start;
        BadInput: InputState;
    }
}

/// One request of the array interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Burst {
    steps: u32,
    close: bool,
    present: bool,
    learn: bool,
}

/// The array, simulated leaf by leaf with delays.
#[derive(Debug)]
pub struct ArraySimulation {
    array: Array,
    circuit: Circuit,
    configuration: Configuration,
    /// Number of the next step modulo 2. It is the array interface's to remember.
    phase: u8,
    /// A sample waits at the array interface, to be taken when the next burst begins.
    presented: bool,
    trace: Option<Trace>,
    fires: u64,
    /// Simulated time the last sample took the array.
    busy_ps: u64,
    stuck: bool,
}

impl ArraySimulation {
    /// An idle array in `state`, loaded directly into its flip-flops.
    ///
    /// # Errors
    /// [`SimulationError`] if the design cannot be built or the state is not one of it.
    pub fn new(
        design: Arc<Design>,
        options: impl Into<ArrayOptions>,
        configuration: Configuration,
        state: State,
    ) -> Result<Self, SimulationError> {
        let array = Array::new(design, options)?;
        ArraySimulation::of(array, configuration, state)
    }

    /// As [`ArraySimulation::new`], of an array built before.
    ///
    /// # Errors
    /// [`SimulationError`] if the state is not one of the array's design.
    pub fn of(array: Array, configuration: Configuration, state: State) -> Result<Self, SimulationError> {
        configuration.check().map_err(StartError::from)?;
        state.check(array.design()).map_err(StartError::from)?;
        let mut circuit = Circuit::new(array.module.clone());
        for (number, fire) in array.fires.iter().enumerate() {
            circuit.watch(fire, number);
        }
        let mut simulation = ArraySimulation {
            array,
            circuit,
            configuration,
            phase: 0,
            presented: false,
            trace: None,
            fires: 0,
            busy_ps: 0,
            stuck: false,
        };
        simulation.circuit.quiesce(INTERFACE_PS);
        simulation.check_inputs(&state)?;
        simulation.load(&state);
        Ok(simulation)
    }

    /// The array.
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// The running circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The running circuit, to change delays or the way it is simulated.
    pub fn circuit_mut(&mut self) -> &mut Circuit {
        &mut self.circuit
    }

    /// How often a cell has fired.
    pub fn fires(&self) -> u64 {
        self.fires
    }

    /// Simulated time from the requests of the last sample, answer or step to rest, in picoseconds. What the array interface needs in between is
    /// not in it.
    pub fn busy_ps(&self) -> u64 {
        self.busy_ps
    }

    /// Whether the array has stood still in the middle of a burst. It never does, unless something is broken.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Records what goes over every channel from now on.
    pub fn start_trace(&mut self) {
        self.trace = Some(Trace::new(&self.array));
    }

    /// What went over every channel since the last call.
    pub fn take_trace(&mut self) -> Trace {
        let fresh = Trace::new(&self.array);
        self.trace.replace(fresh).unwrap_or_else(|| Trace::new(&self.array))
    }

    /// Records from now on what the array interface does, how the outputs respond, and what goes over every channel.
    pub fn start_recording(&mut self) {
        self.circuit.start_recording();
        self.start_trace();
    }

    /// What was recorded since [`ArraySimulation::start_recording`], for a [test bench](crate::testbench) to replay.
    pub fn take_recording(&mut self) -> Option<(Recording, Trace)> {
        let recording = self.circuit.take_recording()?;
        Some((recording, self.trace.take().unwrap_or_default()))
    }

    fn check_inputs(&self, state: &State) -> Result<(), SimulationError> {
        let (network, format) = (self.array.design().network(), self.array.design().format());
        for &node in network.inputs() {
            let [u_free, u_clamped] = Wave::BOTH.map(|wave| state.u(wave)[node.index()]);
            if u_free != u_clamped || format.accumulator(format.voltage(u_free)) != u_free {
                let node = network.node_name(node).into_owned();
                return Err(SimulationError::InputState { node, u_free, u_clamped });
            }
        }
        Ok(())
    }

    /// The register of that name in a cell: nodes, then edges.
    fn register(&self, cell: usize, name: &str) -> Option<&Bus> {
        Some(&self.array.cell(cell)?.port(name)?.bus)
    }

    /// Sets all flip-flops directly, then lets the array take its gains.
    fn load(&mut self, state: &State) {
        let design = Arc::clone(self.array.design());
        let (network, format) = (design.network(), design.format());
        self.phase = state.phase;
        let mut values: Vec<(Bus, i64)> = Vec::new();
        let mut put = |simulation: &Self, cell: usize, name: &str, value: i64| {
            values.extend(simulation.register(cell, name).map(|bus| (bus.clone(), value)));
        };
        for id in network.node_ids() {
            let cell = id.index();
            let u = Wave::BOTH.map(|wave| state.u(wave)[id.index()]);
            if !network.nodes()[id.index()].kind.relaxes() {
                put(self, cell, "current", format.voltage(u[0]));
                continue;
            }
            let free = scan::current_is_free(&design, id, self.phase);
            let [current, previous] = if free { u } else { [u[1], u[0]] };
            put(self, cell, "current_u", current);
            put(self, cell, "previous_u", previous);
            put(self, cell, "previous", format.voltage(previous));
        }
        for id in network.edge_ids() {
            let cell = self.array.nodes.len() + id.index();
            put(self, cell, "k", state.k[id.index()]);
            put(self, cell, "generator", state.generators[id.index()].state().into());
        }
        for (bus, value) in values {
            self.circuit.set(&bus, value);
        }
        self.circuit.quiesce(INTERFACE_PS);
        self.refresh_gains();
    }

    /// A burst without steps and learning: edges send their conductances, nodes take their gains.
    fn refresh_gains(&mut self) {
        self.run(Burst { steps: 0, close: true, present: false, learn: false });
    }

    /// Reads all flip-flops directly.
    fn peek(&self) -> State {
        let design = Arc::clone(self.array.design());
        let (network, format) = (design.network(), design.format());
        let read = |cell: usize, name: &str| self.register(cell, name).map_or(0, Bus::val);
        let mut u = [Vec::new(), Vec::new()];
        for id in network.node_ids() {
            let cell = id.index();
            if !network.nodes()[id.index()].kind.relaxes() {
                let voltage = self.waiting_voltage(id).unwrap_or_else(|| read(cell, "current"));
                u.iter_mut().for_each(|wave| wave.push(format.accumulator(voltage)));
                continue;
            }
            let both = [read(cell, "current_u"), read(cell, "previous_u")];
            let free = usize::from(!scan::current_is_free(&design, id, self.phase));
            u[0].push(both[free]);
            u[1].push(both[1 - free]);
        }
        let edges = || network.edge_ids().map(|id| self.array.nodes.len() + id.index());
        let generator = |cell: usize| EdgeGenerator::new(u16::try_from(read(cell, "generator")).unwrap_or(0));
        State {
            u,
            k: edges().map(|cell| read(cell, "k")).collect(),
            generators: edges().map(generator).collect(),
            noise: Vec::new(),
            phase: self.phase,
        }
    }

    /// The voltage at the array interface an input will take when the next burst begins.
    fn waiting_voltage(&self, node: wheatstone_sim::network::NodeId) -> Option<i64> {
        let slot = self.array.design().network().inputs().iter().position(|&n| n == node)?;
        self.presented.then(|| self.array.samples[slot].val())
    }

    /// Lets the array work through one burst.
    fn run(&mut self, burst: Burst) {
        let rarity = self.configuration.learning.rarity();
        let controls = self.array.controls.clone();
        for (bus, value) in [
            (&controls.steps, i64::from(burst.steps)),
            (&controls.close, burst.close.into()),
            (&controls.present, burst.present.into()),
            (&controls.phase, self.phase.into()),
            (&controls.learn, burst.learn.into()),
            (&controls.desynchronous, rarity.is_some().into()),
            (&controls.rarity, rarity.map_or(0, |rarity| i64::from(rarity) - 1)),
            (&controls.offset, self.configuration.alpha_offset.into()),
        ] {
            self.circuit.set(bus, value);
        }
        self.circuit.quiesce(INTERFACE_PS);
        let go = 1 - controls.go.val();
        self.circuit.set(&controls.go, go);
        let start_ps = self.circuit.now_ps();
        while self.circuit.advance(u64::MAX) {
            for &cell in self.circuit.rises() {
                self.fires += 1;
                if let Some(trace) = &mut self.trace {
                    trace.record(&self.array, cell, self.circuit.now_ps());
                }
            }
        }
        self.busy_ps += self.circuit.now_ps() - start_ps;
        self.stuck |= self.array.idle.val() != 1;
        self.phase = u8::from((u32::from(self.phase) + burst.steps) % 2 == 1);
        self.presented = false;
    }

    /// Runs `steps` steps in as many bursts as it takes; the last one closes if asked.
    fn relax(&mut self, steps: u32, learn: bool) {
        let mut left = steps;
        loop {
            let steps = left.min(MAX_BURST);
            left -= steps;
            let close = learn && left == 0;
            self.run(Burst { steps, close, present: self.presented, learn: close });
            if left == 0 {
                break;
            }
        }
    }

    /// Shifts the whole scan chain once round and returns what came out: bit by bit, the end of the chain first. With `bits`,
    /// those go in instead of what came out.
    fn rotate_scan_chain(&mut self, bits: Option<&[bool]>) -> Vec<bool> {
        let controls = self.array.controls.clone();
        let [scan_in, scan_out] = self.array.scan.clone();
        let length = scan::length(self.array.design());
        self.circuit.set(&controls.scan, 1);
        self.circuit.quiesce(INTERFACE_PS);
        let mut out = Vec::with_capacity(length);
        for i in 0..length {
            let bit = scan_out.val();
            out.push(bit == 1);
            self.circuit.set(&scan_in, bits.map_or(bit, |bits| bits[i].into()));
            self.circuit.quiesce(INTERFACE_PS);
            for level in [1, 0] {
                self.circuit.set(&controls.strobe, level);
                self.circuit.quiesce(INTERFACE_PS);
            }
        }
        self.circuit.set(&controls.scan, 0);
        self.circuit.quiesce(INTERFACE_PS);
        out
    }

    /// Reads the architectural state through the scan chain, which ends as it began.
    pub fn scan_read(&mut self) -> State {
        let mut bits = self.rotate_scan_chain(None);
        bits.reverse();
        scan::decode(self.array.design(), &bits, self.phase)
    }

    /// Writes the architectural state through the scan chain.
    ///
    /// # Errors
    /// [`SimulationError`] if it is not a state of this design; nothing is changed then.
    pub fn scan_write(&mut self, state: &State) -> Result<(), SimulationError> {
        state.check(self.array.design()).map_err(StartError::from)?;
        self.check_inputs(state)?;
        self.phase = state.phase;
        let mut bits = scan::encode(self.array.design(), state);
        bits.reverse();
        self.rotate_scan_chain(Some(&bits));
        self.presented = false;
        self.refresh_gains();
        Ok(())
    }
}

impl Engine for ArraySimulation {
    fn design(&self) -> &Design {
        self.array.design()
    }

    fn configuration(&self) -> Configuration {
        self.configuration
    }

    fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        self.configuration = configuration;
        Ok(())
    }

    /// Read directly from the flip-flops; [`ArraySimulation::scan_read`] goes through the scan chain.
    fn state(&self) -> State {
        self.peek()
    }

    /// # Panics
    /// If an input's state is none that a sample can leave; see [`SimulationError::InputState`].
    fn set_state(&mut self, state: State) -> Result<(), StateError> {
        state.check(self.array.design())?;
        if let Err(error) = self.check_inputs(&state) {
            panic!("{error}");
        }
        self.load(&state);
        Ok(())
    }

    fn present(&mut self, sample: &Sample) -> Result<(), SampleError> {
        wheatstone_sim::engine::check_sample(self.array.design(), sample)?;
        for (bus, &voltage) in self.array.samples.iter().zip(&sample.inputs) {
            self.circuit.set(bus, voltage.into());
        }
        for (ports, &target) in self.array.outputs.iter().zip(&sample.targets) {
            self.circuit.set(&ports.target, target.map_or(0, |target| target.voltage.into()));
            self.circuit.set(&ports.sense, sense_code(target).into());
        }
        self.presented = true;
        self.busy_ps = 0;
        Ok(())
    }

    fn step(&mut self) {
        self.relax(1, false);
    }

    fn learn(&mut self) {
        self.relax(0, true);
    }

    fn answer(&self) -> Vec<i32> {
        let answers = self.array.outputs.iter().map(|ports| ports.answer.val());
        answers.map(|answer| i32::try_from(answer).unwrap_or_default()).collect()
    }

    fn train(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        let Configuration { steps, learning, .. } = self.configuration;
        let period = learning.period(steps);
        for _ in 0..steps / period {
            self.relax(period, true);
        }
        if steps % period != 0 {
            self.relax(steps % period, false);
        }
        Ok(self.answer())
    }

    fn read(&mut self, inputs: &[i32], steps: u32) -> Result<Vec<i32>, SampleError> {
        let targets = vec![None; self.array.outputs.len()];
        self.present(&Sample { inputs: inputs.to_vec(), targets })?;
        self.relax(steps, false);
        Ok(self.answer())
    }
}
