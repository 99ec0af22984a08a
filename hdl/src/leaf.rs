//! Leaves: the blocks that compute. Each carries its behaviour in Rust and its text in Verilog side by side, and a
//! delay; everything else in the design is wiring.
//!
//! There are four kinds. A *function* is combinational: some time after its inputs change, its outputs do. A
//! *register* takes its input at the rising edge of its cell's `fire`. A *clocked* leaf has registers and memories of its
//! own. A *matched delay* is a chain of LUTs that makes a request arrive after the data it stands for.
//!
//! Delays are inertial, as those of a continuous assignment in Verilog: an output that is about to change forgets it
//! when its inputs change their mind, and until the delay has passed it shows its old value. So data taken too early
//! are wrong data, in simulation as on a chip.

use crate::bus::{Bus, Direction, Port, Shape};
use crate::kernel::Kernel;
use rust_hdl::prelude::{Block, Logic, Probe, Verilog, Wrapper};
use std::fmt::{self, Debug, Formatter};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What a combinational leaf computes: all inputs in, all outputs out, in the order of its ports. Outputs are wrapped
/// to their widths afterwards.
pub type Evaluate = Arc<dyn Fn(&[i64], &mut [i64]) + Send + Sync>;

/// What a leaf with registers and memories of its own does: a tile's pipelines.
pub trait Clocked: Debug + Send {
    /// A rising edge at the clock of that number, with all inputs as they are before it, clocks first.
    fn edge(&mut self, clock: usize, inputs: &[i64]);

    /// The outputs, from what is stored and, if the leaf reads asynchronously, from the inputs.
    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]);

    /// The words of a memory, to be read and set directly. `None` if it has no memory of that name.
    fn memory(&mut self, _name: &str) -> Option<&mut [i64]> {
        None
    }
}

/// Makes a clocked leaf at power-up.
pub type PowerUp = Arc<dyn Fn() -> Box<dyn Clocked> + Send + Sync>;

/// How a leaf behaves in simulation.
#[derive(Clone)]
pub enum Behaviour {
    /// Combinational: outputs are a function of the inputs, after the leaf's delay.
    Function(Evaluate),
    /// Takes `d` at an edge of `fire` where `enable`, if there is one, is 1.
    Register {
        /// At the falling edge instead of the rising one.
        falling: bool,
        /// Value at power-up, and after `reset` if there is one.
        initial: i64,
        /// Whether there is an `enable` input, after `fire` and `d`.
        enable: bool,
        /// Whether there is an asynchronous `reset` input, the last one.
        reset: bool,
    },
    /// Has registers and memories of its own.
    Clocked {
        /// How many inputs are clocks, the first ones. They are independent of each other.
        clocks: usize,
        /// Whether outputs follow inputs without an edge, as those of a memory of LUTs follow its address.
        asynchronous: bool,
        /// What it is at power-up.
        power_up: PowerUp,
    },
    /// Rises late and falls soon: `delay_ps` after `i`, or one LUT after `strobe`, has risen; one LUT after both are low.
    MatchedDelay {
        /// Delay of one LUT in picoseconds.
        lut_ps: u64,
    },
}

impl Debug for Behaviour {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Behaviour::Function(_) => "Function",
            Behaviour::Register { .. } => "Register",
            Behaviour::Clocked { .. } => "Clocked",
            Behaviour::MatchedDelay { .. } => "MatchedDelay",
        })
    }
}

/// The Verilog of a leaf, without the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Declarations and statements of the module, without its head.
    pub body: String,
    /// Expressions of the outputs that are continuous assignments: `(output, expression)`.
    pub assigns: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct State {
    /// By output: number and value of the event that is on its way.
    pending: Vec<Option<(u64, i64)>>,
    inputs: Vec<i64>,
    outputs: Vec<i64>,
    clock: bool,
    clocks: Vec<bool>,
    clocked: Option<Box<dyn Clocked>>,
}

/// A block that computes.
#[derive(Debug)]
pub struct Leaf {
    module: String,
    summary: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    text: Text,
    behaviour: Behaviour,
    nominal_ps: u64,
    delay_ps: AtomicU64,
    internal_ps: u64,
    state: Mutex<State>,
}

impl Leaf {
    /// A combinational leaf of module name `module` without ports; `summary` is its comment in Verilog.
    pub fn function(module: impl Into<String>, summary: impl Into<String>, delay_ps: u64) -> Leaf {
        Leaf::new(module.into(), summary.into(), Behaviour::Function(Arc::new(|_, _| {})), delay_ps)
    }

    /// A leaf without ports that has registers and memories of its own. Its inputs begin with the clocks.
    pub fn clocked(
        module: impl Into<String>,
        summary: impl Into<String>,
        delay_ps: u64,
        clocks: usize,
        power_up: impl Fn() -> Box<dyn Clocked> + Send + Sync + 'static,
    ) -> Leaf {
        let behaviour = Behaviour::Clocked { clocks, asynchronous: false, power_up: Arc::new(power_up) };
        Leaf::new(module.into(), summary.into(), behaviour, delay_ps)
    }

    /// The same leaf, if it is clocked, with outputs that follow inputs without an edge.
    pub fn reads_asynchronously(mut self) -> Leaf {
        if let Behaviour::Clocked { asynchronous, .. } = &mut self.behaviour {
            *asynchronous = true;
        }
        self
    }

    pub(crate) fn new(module: String, summary: String, behaviour: Behaviour, delay_ps: u64) -> Leaf {
        Leaf {
            module,
            summary,
            inputs: Vec::new(),
            outputs: Vec::new(),
            text: Text::default(),
            behaviour,
            nominal_ps: delay_ps,
            delay_ps: AtomicU64::new(delay_ps),
            internal_ps: 0,
            state: Mutex::default(),
        }
    }

    /// Adds an input.
    pub fn input(mut self, name: impl Into<String>, bus: &Bus) -> Leaf {
        self.inputs.push(Port::new(name, Direction::Input, bus));
        self
    }

    /// Adds an output whose value the Verilog body assigns.
    pub(crate) fn output_of_body(mut self, name: impl Into<String>, bus: &Bus) -> Leaf {
        self.outputs.push(Port::new(name, Direction::Output, bus));
        self
    }

    /// Adds an output and the Verilog expression it is continuously assigned.
    pub fn output(mut self, name: impl Into<String>, bus: &Bus, expression: impl Into<String>) -> Leaf {
        let name = name.into();
        self.text.assigns.push((name.clone(), expression.into()));
        self.output_of_body(name, bus)
    }

    /// Adds Verilog declarations and statements, for the outputs' expressions to build on.
    pub fn verilog(mut self, body: impl AsRef<str>) -> Leaf {
        self.text.body.push_str(body.as_ref());
        if !self.text.body.ends_with('\n') {
            self.text.body.push('\n');
        }
        self
    }

    /// Sets what the leaf computes.
    pub fn evaluate(mut self, evaluate: impl Fn(&[i64], &mut [i64]) + Send + Sync + 'static) -> Leaf {
        self.behaviour = Behaviour::Function(Arc::new(evaluate));
        self
    }

    /// The same leaf on new buses: alone, with the delay it was built with.
    pub fn detached(&self) -> Leaf {
        let port = |port: &Port| Port::new(port.name.clone(), port.direction, &Bus::new(port.bus.shape()));
        Leaf {
            inputs: self.inputs.iter().map(port).collect(),
            outputs: self.outputs.iter().map(port).collect(),
            text: self.text.clone(),
            internal_ps: self.internal_ps,
            ..Leaf::new(self.module.clone(), self.summary.clone(), self.behaviour.clone(), self.nominal_ps)
        }
    }

    /// Name of its Verilog module, which stands for its function and parameters.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// One line on what it does.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Its inputs.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// Its outputs.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Its Verilog.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Its behaviour.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// The documented delay it was built with, in picoseconds.
    pub fn nominal_ps(&self) -> u64 {
        self.nominal_ps
    }

    /// Sets the slowest way from a register or memory of a clocked leaf to another of its own, in picoseconds, without the setup.
    pub fn internal_delay(mut self, internal_ps: u64) -> Leaf {
        self.internal_ps = internal_ps;
        self
    }

    /// The slowest way between registers of its own, in picoseconds.
    pub fn internal_ps(&self) -> u64 {
        self.internal_ps
    }

    /// Its present delay in picoseconds.
    pub fn delay_ps(&self) -> u64 {
        self.delay_ps.load(Relaxed)
    }

    /// Changes its delay, for what comes after.
    pub fn set_delay_ps(&self, delay_ps: u64) {
        self.delay_ps.store(delay_ps, Relaxed);
    }

    /// What a function leaf computes for these inputs, wrapped to the outputs' widths.
    ///
    /// # Panics
    /// If the leaf is no function or the number of inputs is not its own.
    pub fn compute(&self, inputs: &[i64]) -> Vec<i64> {
        let Behaviour::Function(evaluate) = &self.behaviour else { panic!("{} is no function", self.module) };
        assert_eq!(inputs.len(), self.inputs.len(), "inputs of {}", self.module);
        let mut outputs = vec![0; self.outputs.len()];
        evaluate(inputs, &mut outputs);
        self.outputs.iter().zip(outputs).map(|(port, value)| port.bus.shape().wrap(value)).collect()
    }

    /// Buses whose changes the leaf must see. A register looks at its data only when it fires.
    pub(crate) fn sensitivity(&self) -> Vec<Bus> {
        let wakes = |(index, _): &(usize, &Port)| match self.behaviour {
            Behaviour::Register { reset, .. } => *index == 0 || (reset && index + 1 == self.inputs.len()),
            Behaviour::Clocked { clocks, asynchronous, .. } => asynchronous || *index < clocks,
            Behaviour::Function(_) | Behaviour::MatchedDelay { .. } => true,
        };
        self.inputs.iter().enumerate().filter(wakes).map(|(_, port)| port.bus.clone()).collect()
    }

    /// Brings the outputs of a register to their initial values.
    pub(crate) fn power_up(&self) {
        if let Behaviour::Register { initial, .. } = self.behaviour {
            self.outputs[0].bus.set(initial);
        }
        let mut state = self.state();
        state.pending = vec![None; self.outputs.len()];
        state.clock = matches!(self.behaviour, Behaviour::Register { falling: true, .. });
        if let Behaviour::Clocked { clocks, power_up, .. } = &self.behaviour {
            state.clocks = vec![false; *clocks];
            state.clocked = Some(power_up());
        }
    }

    /// The words of a memory of a clocked leaf. `None` if it has none of that name.
    pub fn memory(&self, name: &str) -> Option<Vec<i64>> {
        Some(self.state().clocked.as_mut()?.memory(name)?.to_vec())
    }

    /// Sets a word of a memory of a clocked leaf directly. False if there is no such word.
    pub fn set_memory(&self, name: &str, index: usize, value: i64) -> bool {
        let mut state = self.state();
        let memory = state.clocked.as_mut().and_then(|clocked| clocked.memory(name));
        match memory.and_then(|words| words.get_mut(index)) {
            Some(word) => {
                *word = value;
                true
            }
            None => false,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the inputs and schedules what follows from them.
    pub(crate) fn respond(&self, index: usize, kernel: &Kernel) {
        let mut guard = self.state();
        let state = &mut *guard;
        let delay_ps = self.delay_ps();
        let input = |i: usize| self.inputs[i].bus.val();
        let mut schedule = |output: usize, value: i64, delay_ps: u64| {
            let bus = &self.outputs[output].bus;
            let value = bus.shape().wrap(value);
            let pending = &mut state.pending[output];
            if pending.is_some_and(|(_, coming)| coming == value) {
                return;
            }
            *pending = (bus.val() != value).then(|| (kernel.schedule(delay_ps, index, output), value));
        };
        match &self.behaviour {
            Behaviour::Function(evaluate) => {
                state.inputs.clear();
                state.inputs.extend(self.inputs.iter().map(|port| port.bus.val()));
                state.outputs.resize(self.outputs.len(), 0);
                evaluate(&state.inputs, &mut state.outputs);
                for (output, &value) in state.outputs.iter().enumerate() {
                    schedule(output, value, delay_ps);
                }
            }
            Behaviour::Register { falling, initial, enable, reset } => {
                let clock = (input(0) == 1) != *falling;
                let rose = clock && !state.clock;
                state.clock = clock;
                if *reset && input(self.inputs.len() - 1) == 1 {
                    schedule(0, *initial, delay_ps);
                } else if rose && (!enable || input(2) == 1) {
                    schedule(0, input(1), delay_ps);
                }
            }
            Behaviour::Clocked { clocks, .. } => {
                let Some(clocked) = &mut state.clocked else { return };
                state.inputs.clear();
                state.inputs.extend(self.inputs.iter().map(|port| port.bus.val()));
                for clock in 0..*clocks {
                    let level = state.inputs[clock] == 1;
                    if level && !state.clocks[clock] {
                        clocked.edge(clock, &state.inputs);
                    }
                    state.clocks[clock] = level;
                }
                state.outputs.resize(self.outputs.len(), 0);
                clocked.outputs(&state.inputs, &mut state.outputs);
                for (output, &value) in state.outputs.iter().enumerate() {
                    schedule(output, value, delay_ps);
                }
            }
            Behaviour::MatchedDelay { lut_ps } => match (input(0), input(1)) {
                (_, 1) => schedule(0, 1, *lut_ps),
                (1, _) => schedule(0, 1, delay_ps),
                _ => schedule(0, 0, *lut_ps),
            },
        }
    }

    /// Lets a scheduled event happen; says which bus changed, if it did.
    pub(crate) fn apply(&self, output: usize, serial: u64) -> Option<&Bus> {
        let pending = &mut self.state().pending[output];
        match *pending {
            Some((number, value)) if number == serial => {
                *pending = None;
                let bus = &self.outputs[output].bus;
                bus.set(value).then_some(bus)
            }
            _ => None,
        }
    }
}

/// A leaf seen as rust-hdl sees a block. What it computes is driven by the circuit it belongs to.
#[derive(Clone, Debug)]
pub struct LeafBlock(pub Arc<Leaf>);

impl Logic for LeafBlock {
    fn update(&mut self) {}

    fn connect(&mut self) {
        for port in self.0.outputs() {
            port.bus.claim();
        }
    }

    fn hdl(&self) -> Verilog {
        let Text { body, assigns } = self.0.text();
        let assigns: String = assigns.iter().map(|(name, e)| format!("assign {name} = {e};\n")).collect();
        Verilog::Wrapper(Wrapper { code: format!("{body}{assigns}"), cores: String::new() })
    }
}

impl Block for LeafBlock {
    fn connect_all(&mut self) {
        self.connect();
    }
    fn update_all(&mut self) {}
    fn has_changed(&self) -> bool {
        false
    }
    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        for port in self.0.inputs().iter().chain(self.0.outputs()) {
            port.accept(&port.name, probe);
        }
        probe.visit_end_scope(name, self);
    }
}

/// The shape of the bus of a port, by name. For leaves whose text depends on widths.
pub(crate) fn bits(bus: &Bus) -> u32 {
    let Shape { bits, .. } = bus.shape();
    bits
}
